"""Waiting for changes at a `serve` with several workers: whichever of them writes, all of them answer."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest

from support.databases import asked, database_of
from support.observed import Observed, observed
from support.people import NO_CERTIFICATES
from support.programs import eventually, is_running
from support.signing import SECRET, signed
from taskward.migrations import migrate
from taskward.resources.news import End

LONG = 25
WORKERS = 3
OWNERS = 10
CALLS = 4
"""Of each owner: as many as may wait, should all of them come to one worker."""

ASKED = "select pid, query_start from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def url(cluster: str) -> Iterator[str]:
    """A database that nobody else asks anything."""
    [[login]] = asked(cluster, "select current_user")
    with database_of(cluster, login) as (_, url):
        migrate(url)
        yield url


@contextmanager
def service_with(url: str, workers: int) -> Iterator[Observed]:
    settings = {"DATABASE_URL": url, "JWT_HS256_SECRET": SECRET, "RATE_LIMIT_PER_MINUTE": "0"}
    with observed("--workers", str(workers), **settings) as api:
        eventually(lambda: len(api.workers()) == workers)
        yield api


@pytest.fixture(scope="module")
def service(url: str) -> Iterator[Observed]:
    """The same for all that leave as many workers as there were."""
    with service_with(url, WORKERS) as api:
        yield api


def working(service: Observed) -> list[int]:
    """Those that are ready, and neither have ended nor been killed."""
    return [worker for worker in service.workers() if is_running(worker)]


class Owner:
    """Each call is on a connection of its own, and so comes to any worker."""

    def __init__(self, service: Observed) -> None:
        self.service = service
        self.token = signed(f"ann-{secrets.token_hex(8)}")
        self.next = service.ask("GET", "/changes", self.token).json()["next"]

    def adds(self, title: str) -> None:
        assert self.service.ask("POST", "/tasks", self.token, json={"title": title}).status_code == 201

    async def waits(self, http: httpx.AsyncClient) -> list[str]:
        """The titles of tasks that have changed."""
        params: dict[str, Any] = {"since": self.next, "wait": LONG}
        headers = {"Authorization": f"Bearer {self.token}", "Connection": "close"}
        # A machine that is busy with other things may be overloaded by all of them at once.
        while (answer := await http.get("/changes", params=params, headers=headers)).status_code == 503:  # noqa: ASYNC110 - an answer
            await asyncio.sleep(0.2)
        assert answer.status_code == 200, answer.text
        return [change["task"]["title"] for change in answer.json()["changes"]]


async def while_all_wait(service: Observed, owners: list[Owner], do: Callable[[], None]) -> list[list[str]]:
    """What each call is answered when something is done while all of them wait."""
    async with client(service) as http:
        calls = [asyncio.create_task(owner.waits(http)) for owner in owners for _ in range(CALLS)]
        await all_wait(service, calls, len(calls))
        await asyncio.to_thread(do)
        return await asyncio.gather(*calls)


def ends(service: Observed) -> dict[str, float]:
    """How many waits have come to which end."""
    return {end: service.value("taskward_waits_total", end=end) for end in End}


async def all_wait(service: Observed, calls: Sequence[asyncio.Task[list[str]]], count: int) -> None:
    while service.value("taskward_waiting_calls") < count:
        assert not any(call.done() for call in calls)
        await asyncio.sleep(0.05)


def client(service: Observed) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=service.url, trust_env=False, verify=NO_CERTIFICATES, timeout=60, limits=httpx.Limits()
    )


def test_a_change_at_any_worker_wakes_the_calls_at_all_which_ask_nothing_before(service: Observed, url: str) -> None:
    owners = [Owner(service) for _ in range(OWNERS)]
    before, after = [], []
    ended = ends(service)
    requests = {"name": "taskward_request_duration_seconds_sum", "method": "GET", "route": "/changes", "status": "200"}
    taken = service.value(**requests)
    waited = 0.0

    def write() -> None:
        nonlocal waited
        began = time.monotonic()
        before.extend(sorted(asked(url, ASKED)))
        time.sleep(2)
        after.extend(sorted(asked(url, ASKED)))
        waited = time.monotonic() - began
        for owner in owners:
            owner.adds("Milk")

    found = asyncio.run(while_all_wait(service, owners, write))

    assert found == [["Milk"]] * (OWNERS * CALLS)
    assert before == after
    eventually(lambda: ends(service) == ended | {End.CHANGED: ended[End.CHANGED] + OWNERS * CALLS})
    eventually(lambda: service.value("taskward_waiting_calls") == 0)
    # What was waited for is no part of how long a request takes.
    assert service.value(**requests) - taken < OWNERS * CALLS * waited


def test_workers_that_are_renewed_answer_at_once_and_those_in_their_place_hear_of_changes(service: Observed) -> None:
    owners = [Owner(service) for _ in range(3)]
    old, ended = working(service), ends(service)

    found = asyncio.run(while_all_wait(service, owners, lambda: service.program.send(signal.SIGHUP)))

    assert found == [[]] * (3 * CALLS)
    eventually(lambda: set(old) <= set(service.ended()))
    assert ends(service) == ended | {End.STOPPED: ended[End.STOPPED] + 3 * CALLS}
    found = asyncio.run(while_all_wait(service, owners, lambda: [owner.adds("Milk") for owner in owners] and None))
    assert found == [["Milk"]] * (3 * CALLS)


def test_a_service_that_stops_answers_at_once(url: str) -> None:
    """What has no answer some seconds after the signal has none: its connection is closed."""
    with service_with(url, workers=1) as service:
        owners = [Owner(service) for _ in range(3)]

        found = asyncio.run(while_all_wait(service, owners, lambda: service.program.send(signal.SIGTERM)))

        assert found == [[]] * (3 * CALLS)
        assert service.program.wait() == 0


def test_a_worker_that_is_killed_takes_its_calls_along_and_no_others(service: Observed) -> None:
    owners = [Owner(service) for _ in range(3)]

    def added() -> None:
        for owner in owners:
            while True:
                with suppress(httpx.TransportError):  # the killed worker may take this connection along too
                    owner.adds("Milk")
                    break

    async def main() -> None:
        async with client(service) as http:
            calls = [asyncio.create_task(owner.waits(http)) for owner in owners for _ in range(CALLS)]
            await all_wait(service, calls, len(calls))
            count = len(service.workers())
            os.kill(working(service)[0], signal.SIGKILL)
            await asyncio.to_thread(added)
            for found in await asyncio.gather(*calls, return_exceptions=True):
                assert isinstance(found, httpx.TransportError) or found == ["Milk"]
        eventually(lambda: len(service.workers()) > count)

    asyncio.run(main())
