"""The application is told by `taskward serve`: whichever worker is killed, renewed or stopped, and by two of them."""

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from support.databases import asked
from support.observed import Observed, observed
from support.programs import eventually
from support.receiver import SECRET, Receiver, in_order, receiving, state_of
from support.signing import SECRET as TOKEN_SECRET
from support.signing import signed

QUERIES = """
select pid, query_start from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
LEFT = """
select (select count(*) from owner where news_since is not null) + (select count(*) from delivery)
"""

Serve = Callable[..., AbstractContextManager[Observed]]


@pytest.fixture
def url(new_database: Callable[..., str]) -> str:
    return new_database(is_migrated=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def serve(url: str, receiver: Receiver) -> Serve:
    settings = {"DATABASE_URL": url, "JWT_HS256_SECRET": TOKEN_SECRET, "RATE_LIMIT_PER_MINUTE": "0"}
    told = {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": SECRET, "REQUEST_DEADLINE_SECONDS": "15"}
    return lambda *arguments: observed(*arguments, **settings, **told)


def someone() -> str:
    return f"ann-{secrets.token_hex(8)}"


def adds(api: Observed, owner: str, title: str) -> None:
    answer = api.ask("POST", "/tasks", signed(owner), json={"title": title})
    assert answer.status_code == 201, answer.text


def tasks(api: Observed, owner: str) -> list[object]:
    found: list[object] = api.ask("GET", "/tasks", signed(owner)).json()
    return found


def is_all_told(url: str) -> bool:
    return asked(url, LEFT) == [(0,)]


def is_quiet(url: str) -> bool:
    """Nobody asks the database anything for two seconds."""
    before = sorted(asked(url, QUERIES))
    time.sleep(2)
    return sorted(asked(url, QUERIES)) == before


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(serve: Serve, receiver: Receiver, url: str) -> None:
    ann = someone()
    with serve() as api:
        receiver.fault = "hang"
        adds(api, ann, "Milk")
        eventually(lambda: receiver.attempts)
        [worker] = api.workers()
        receiver.fault = None

        os.kill(worker, signal.SIGKILL)
        # The end of the claim, which another worker looks for when it starts, and then waits for.
        asked(url, "update delivery set due_at = now()")
        receiver.hears(ann)
        eventually(lambda: is_all_told(url))

        first, again = receiver.attempts_of(ann)
        assert (first.id, first.body) == (again.id, again.body)
        assert list(state_of(receiver.of(ann)).values()) == tasks(api, ann)


def test_a_worker_that_is_renewed_leaves_what_it_has_to_the_next(serve: Serve, receiver: Receiver, url: str) -> None:
    ann, bob = someone(), someone()
    with serve() as api:
        receiver.fault = lambda told: "hang" if told.owner == ann else None
        adds(api, ann, "Milk")
        eventually(lambda: receiver.attempts_of(ann))
        receiver.fault = None

        api.program.send(signal.SIGHUP)
        eventually(lambda: api.ended())

        # Long before the claim would have ended: it was given back, and the other was told so.
        receiver.hears(ann)
        adds(api, bob, "Bread")
        receiver.hears(bob)
        eventually(lambda: is_all_told(url))

    first, again = receiver.attempts_of(ann)
    assert (first.id, first.body) == (again.id, again.body)


def test_a_stop_ends_in_time_and_what_is_left_is_told_after_the_next_start(
    serve: Serve, receiver: Receiver, url: str
) -> None:
    ann = someone()
    with serve() as api:
        receiver.fault = "hang"
        adds(api, ann, "Milk")
        eventually(lambda: receiver.attempts_of(ann))
        began = time.monotonic()
        assert api.program.end() == 0
        assert time.monotonic() - began < 60
    assert asked(url, "select claim, attempts, due_at <= now() from delivery") == [(None, 0, True)]
    receiver.fault = None

    with serve():
        assert in_order(receiver.hears(ann)) == ["task.changed Milk"]
        eventually(lambda: is_all_told(url))


def test_two_servers_tell_in_order_and_nothing_is_asked_when_all_is_told(
    serve: Serve, receiver: Receiver, url: str
) -> None:
    owners = [someone() for _ in range(5)]
    with serve("--workers", "2") as one, serve("--workers", "2") as other:
        for number in range(6):
            for owner in owners:
                adds((one, other)[number % 2], owner, f"{number}")
        eventually(lambda: is_all_told(url))
        for owner in owners:
            assert list(state_of(receiver.of(owner)).values()) == tasks(one, owner)
            seen: dict[str, bytes] = {}
            versions = [told.what["version"] for told in receiver.of(owner) if seen.setdefault(told.id, told.body)]
            assert [versions.count(version) for version in versions] == [1] * 6
            assert versions == sorted(versions)
        assert receiver.refused == []
        both = (one, other)
        eventually(lambda: sum(api.value("taskward_webhook_attempts_total", outcome="delivered") for api in both) == 30)
        eventually(lambda: sum(api.value("taskward_webhook_pending_owners") for api in both) == 0)

        eventually(lambda: is_quiet(url))


def test_what_is_pending_and_why_is_in_the_metrics_and_in_the_log(serve: Serve, receiver: Receiver, url: str) -> None:
    ann = someone()
    with serve() as api:
        receiver.fault = "500"
        adds(api, ann, "Milk")
        eventually(lambda: api.value("taskward_webhook_attempts_total", outcome="rejected") > 0)
        eventually(lambda: api.value("taskward_webhook_pending_owners") == 1)
        assert api.value("taskward_webhook_oldest_seconds") > 0
        lines = [line for line in api.lines() if line["logger"] == "taskward.webhook"]

        assert [lines[0][name] for name in ("event", "answer", "attempt")] == ["task.changed", "500", 1]
        assert ann not in str(lines)
        for outcome in ("delivered", "timeout", "unreachable", "given_up"):
            assert api.value("taskward_webhook_attempts_total", outcome=outcome) == 0
