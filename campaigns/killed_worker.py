"""A worker is killed under load; another takes its place."""

import os
import random
import time
from signal import SIGKILL

from campaigns.clients import Load, clients_of
from campaigns.outcome import Outcome, Size, none, slowest
from campaigns.processes import postgresql, service

KILLS = {"short": 1, "long": 20}
WORKERS = 2
OWNERS = 8
BROKEN_SECONDS = 0.5
"""After a kill: what was in work there breaks, and its clients may see it this much later on a busy machine."""


async def killed_worker(size: Size) -> list[Outcome]:
    """SIGKILL for one of two workers while eight owners lead tasks through their whole life.

    A hit is a worker that ended. What it had in flight breaks off; nothing else does, and no connection is refused,
    because the listening socket belongs to the supervisor.
    """
    order = random.Random(1)  # noqa: S311 - the same every time
    killed, replaced = [], []
    async with postgresql() as database, service(database.url, workers=WORKERS) as api, clients_of(api) as clients:
        async with Load(clients, size).of(OWNERS) as load:
            for number in range(KILLS[size]):
                await load.until_steady(since=time.monotonic())
                victim = order.choice(sorted(api.workers()))
                killed.append(time.monotonic())
                os.kill(victim, SIGKILL)
                replaced.append(await api.readies(WORKERS + number + 1))
        broken = [answer for answer in clients.answers if answer.status == 0]
        later = [answer for answer in broken if not any(at <= answer.ended_at < at + BROKEN_SECONDS for at in killed)]
        rows = [
            *load.ledger.rows(database),
            none(f"5xx, of {len(clients.answers):,} requests", sum(answer.status >= 500 for answer in clients.answers)),
            none(f"requests that broke off later than {BROKEN_SECONDS:g} s after a kill", len(later)),
            none("broken off beyond one request of each owner a kill", max(0, len(broken) - OWNERS * len(killed))),
            none("tracebacks in the log of the service", api.tracebacks()),
            slowest("slowest replacement", replaced, below=5),
        ]
        hits = api.log.read_text().count("died (status -9)")
    return [Outcome("Worker killed under load", hits, KILLS[size], rows)]
