"""`python -m campaigns`: every campaign in its long form, a table, and `docs/reliability.md`."""

import argparse
import asyncio
import inspect
import os
import platform
import signal
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from campaigns.backup import backup
from campaigns.behind_pgbouncer import behind_pgbouncer
from campaigns.cancelled_clients import cancelled_clients
from campaigns.exhausted_pool import exhausted_pool
from campaigns.files import files
from campaigns.first_copy import first_copy
from campaigns.idempotency_keys import idempotency_keys
from campaigns.killed_database import killed_database
from campaigns.killed_worker import killed_worker
from campaigns.ledger import ledger
from campaigns.lost_updates import lost_updates
from campaigns.memory import memory
from campaigns.migration import migration
from campaigns.outcome import Campaign, Outcome
from campaigns.overload import overload
from campaigns.reminders import reminders
from campaigns.removals import removals
from campaigns.rolling_restart import rolling_restart
from campaigns.shared_connections import shared_connections
from campaigns.silent_database import silent_database
from campaigns.sleeping_database import sleeping_database
from campaigns.slow_senders import slow_senders
from campaigns.waiting import waiting
from campaigns.webhook import webhook
from taskward.operations.embedded.programs import installations

CAMPAIGNS: list[Campaign] = [
    killed_database,
    idempotency_keys,
    silent_database,
    exhausted_pool,
    sleeping_database,
    cancelled_clients,
    shared_connections,
    lost_updates,
    ledger,
    waiting,
    first_copy,
    webhook,
    removals,
    reminders,
    behind_pgbouncer,
    rolling_restart,
    killed_worker,
    slow_senders,
    overload,
    migration,
    backup,
    files,
    memory,
]

DOCUMENT = Path(__file__).parent.parent / "docs" / "reliability.md"

INTRODUCTION = """# Reliability

What clients see while the database is killed, frozen, cut off or asleep, while workers are renewed or killed and the
schema is migrated, and while clients themselves misbehave or are too many. `make campaign` does all that to a real
PostgreSQL, the network in front of it, a real `taskward serve` and its clients, and writes this page. It takes a
quarter of an hour, needs Linux, touches nothing but loopback, and needs `pgbouncer` on PATH. The tests run a short form
of every campaign.

A *hit* is a fault that was seen to have had an effect. In every campaign a 5xx other than a 503 with `Retry-After`
would be a failure, and so would a request that gets no answer at all.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every target was met."""
    parser = argparse.ArgumentParser(prog="python -m campaigns", description=__doc__)
    names = [campaign.__name__ for campaign in CAMPAIGNS]
    parser.add_argument("--short", action="store_true", help="few rounds, and no document")
    parser.add_argument("campaign", nargs="*", help=f"only these, and no document: {', '.join(names)}")
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.campaign) - set(names)
    if unknown:
        parser.error(f"there is no campaign {', '.join(sorted(unknown))}")
    # Both cancel the campaign, which then ends what it has started; a shell lets its background jobs ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))

    pages = [INTRODUCTION, circumstances()]
    is_met = True
    for campaign in CAMPAIGNS:
        if chosen.campaign and campaign.__name__ not in chosen.campaign:
            continue
        began_at = time.monotonic()
        outcomes = asyncio.run(campaign("short" if chosen.short else "long"))
        is_met = is_met and all(outcome.is_met() for outcome in outcomes)
        print("\n".join(lines_of(outcomes)), f"\n({time.monotonic() - began_at:.0f} s)\n", flush=True)  # noqa: T201
        pages.append(page_of(campaign, outcomes, datetime.now(UTC).date()))
    if not chosen.short and not chosen.campaign:
        DOCUMENT.write_text("\n".join(pages))
    return 0 if is_met else 1


def circumstances() -> str:
    _, version = next(iter(installations()))
    return (
        textwrap.fill(
            f"Measured with PostgreSQL {version} and Python {platform.python_version()} on {platform.system()}, "
            f"{os.cpu_count()} cores for everything: database, service and clients.",
            width=120,
        )
        + "\n"
    )


def lines_of(outcomes: Iterable[Outcome]) -> Iterable[str]:
    for outcome in outcomes:
        yield f"{mark(outcome.is_met())} {outcome.injected}: {outcome.hits:,} hits, {outcome.hits_wanted:,} wanted"
        for row in outcome.rows:
            yield f"    {mark(row.is_met)} {row.name:<60} {row.figure:>12}   {row.target}"


def page_of(campaign: Campaign, outcomes: Iterable[Outcome], day: date) -> str:
    lines = [f"## {campaign.__name__.replace('_', ' ').capitalize()}", inspect.getdoc(campaign) or "", ""]
    lines += ["| injected | hits | measured | figure | target | date |", "|---|---|---|---|---|---|"]
    for outcome in outcomes:
        for row in outcome.rows:
            figure = row.figure if row.is_met else f"**{row.figure}, missed**"
            hits = f"{outcome.hits:,}" if outcome.hits >= outcome.hits_wanted else f"**{outcome.hits:,}, too few**"
            lines.append(f"| {outcome.injected} | {hits} | {row.name} | {figure} | {row.target} | {day} |")
    return "\n".join([*lines, ""])


def mark(is_met: bool) -> str:
    return "ok  " if is_met else "MISS"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted")
