"""Calls that wait for changes, at several workers."""

import asyncio
import random
import time
from bisect import bisect
from collections.abc import Sequence

from campaigns.clients import Answer, Clients, clients_of
from campaigns.memory import resident_megabytes
from campaigns.outcome import Outcome, Row, Size, exactly, none, p99
from campaigns.processes import PostgreSQL, Service, postgresql, service, until
from campaigns.proxy import Link, proxy
from taskward.doors.changes import MAX_WAIT_SECONDS

WORKERS, QUIET_WORKERS = {"short": 2, "long": 4}, {"short": 1, "long": 2}
OWNERS = {"short": 30, "long": 100}
CALLS = 4
"""Of each owner: as many as may wait at one worker."""
SETTLING_SECONDS = 2
"""In which all of them have looked, and found nothing."""
MOST_KILOBYTES = 100
ROUNDS = {"short": 1, "long": 4}

QUIET_SECONDS = {"short": 4, "long": 60}
QUIET_CALL_SECONDS = {"short": 8, "long": MAX_WAIT_SECONDS}
TOKEN_SECONDS = {"short": (2, 5), "long": (10, 40)}
"""So short-lived are the tokens of the calls of the quiet."""
LOOK_SECONDS = 5
"""Within which a call that was sent has looked, on a crowded machine too: its deadline is 2 s."""


async def waiting(size: Size) -> list[Outcome]:
    """Four calls of each of many owners wait, on connections that come to any of four workers. Each owner writes once,
    at any worker, and all four are answered; then they wait again. A hit is a call that was answered with the change
    for which it waited. Its time is counted from the answer to the write.

    Then nobody writes. Calls that have waited 25 s begin again, where their token has expired with a new one. A hit is
    a call that was told so. Whatever passes to the database through a proxy is counted, unless a call has begun in the
    5 s before, because each looks once when it begins.
    """
    async with postgresql() as database:
        return [await woken(database, size), await left_in_peace(database, size)]


async def woken(database: PostgreSQL, size: Size) -> Outcome:
    count, wanted = OWNERS[size] * CALLS, ROUNDS[size] * OWNERS[size] * CALLS
    async with service(database.url, workers=WORKERS[size]) as api, clients_of(api) as clients:
        clients.patience_seconds = 2 * MAX_WAIT_SECONDS
        owners = [Owner(clients, f"owner-{number}") for number in range(OWNERS[size])]
        await asyncio.gather(*(owner.begin() for owner in owners))
        before = resident(api)
        kilobytes = 0.0
        for _ in range(ROUNDS[size]):
            waits = [owner.wait(MAX_WAIT_SECONDS) for owner in owners]
            await asyncio.sleep(SETTLING_SECONDS)
            kilobytes = kilobytes or (resident(api) - before) * 1024 / count
            for owner, of_owner in zip(owners, waits, strict=True):
                await owner.write(of_owner)
        answered = sum(owner.woken for owner in owners)
        seconds = [each for owner in owners for each in owner.seconds]
        rows = [
            exactly("calls answered with the change", answered, wanted),
            p99("from the answer to the write to that of the call, p99", seconds, below=0.1),
            Row(
                f"resident memory of the workers for each of {count} calls",
                f"{kilobytes:.0f} KiB",
                f"< {MOST_KILOBYTES} KiB",
                is_met=kilobytes < MOST_KILOBYTES,
            ),
            *clients.rows(),
        ]
    return Outcome(f"{count} calls that wait at {WORKERS[size]} workers", answered, wanted, rows)


async def left_in_peace(database: PostgreSQL, size: Size) -> Outcome:
    count, wanted = OWNERS[size] * CALLS, OWNERS[size]
    async with (
        proxy(database.port) as between,
        service(database.url_at(between.port), workers=QUIET_WORKERS[size], BETTER_AUTH_LEEWAY_SECONDS="0") as api,
        clients_of(api) as clients,
    ):
        clients.patience_seconds = 2 * MAX_WAIT_SECONDS
        owners = [Owner(clients, f"quiet-{number}") for number in range(OWNERS[size])]
        await asyncio.gather(*(owner.begin() for owner in owners))
        for owner in owners:
            seconds = random.randint(*TOKEN_SECONDS[size])  # noqa: S311 - not all of them at once
            clients.tokens[owner.name] = api.token(owner.name, expires_in_seconds=seconds)
        asked: list[float] = []
        used: set[Link] = set()

        def expired() -> int:
            return sum(answer.status == 401 and b'"token_expired"' in answer.body for answer in clients.answers)

        def note(link: Link, _: bytes) -> None:
            asked.append(time.monotonic())
            used.add(link)

        async with asyncio.TaskGroup() as group:
            calls = [
                group.create_task(owner.keep_waiting(QUIET_CALL_SECONDS[size]))
                for owner in owners
                for _ in range(CALLS)
            ]
            between.on_request = note
            await asyncio.sleep(SETTLING_SECONDS)
            await until(
                lambda: not asked or time.monotonic() > asked[-1] + 0.5
            )  # all have begun, on a crowded machine too
            links = set(between.links)
            asked.clear()
            used.clear()
            await asyncio.sleep(QUIET_SECONDS[size])
            await until(lambda: expired() >= wanted)
            between.on_request = None
            for call in calls:
                call.cancel()
        begun = sorted(at for owner in owners for at in owner.begun)
        alone = [at for at in asked if not began_before(begun, at)]
        answers = [answer for answer in clients.answers if "wait=" in answer.path and answer.is_success]
        rows = [
            none(f"connections opened in {QUIET_SECONDS[size]} s without a write", len(used - links)),
            none("times that the database was asked, but for calls that began", len(alone)),
            none(
                f"answers with something new, of {len(answers):,}",
                sum(bool(answer.json()["changes"]) for answer in answers),
            ),
            *clients.rows(),
        ]
    return Outcome(f"{count} calls that wait while nobody writes", expired(), wanted, rows)


def began_before(begun: Sequence[float], at: float) -> bool:
    """Whether a call has begun just before."""
    index = bisect(begun, at)
    return index > 0 and at - begun[index - 1] < LOOK_SECONDS


class Owner:
    def __init__(self, clients: Clients, name: str) -> None:
        self.clients = clients
        self.name = name
        self.next = ""
        self.begun: list[float] = []
        """When each call that waits was sent."""
        self.woken = 0
        self.seconds: list[float] = []

    async def begin(self) -> None:
        self.next = (await self.clients.send(self.name, "GET", "/changes")).json()["next"]

    def wait(self, seconds: int) -> list[asyncio.Task[Answer]]:
        path = f"/changes?since={self.next}&wait={seconds}"
        return [asyncio.create_task(self.ask(path)) for _ in range(CALLS)]

    async def ask(self, path: str) -> Answer:
        """When all ask at the same time, some may be told to come again."""
        while True:
            self.begun.append(time.monotonic())
            answer = await self.clients.send(self.name, "GET", path)
            if answer.status != 503:
                return answer
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - not all of them at once

    async def keep_waiting(self, seconds: int) -> None:
        """Until it is cancelled. Whose token has expired goes on with a new one."""
        while True:
            answer = await self.ask(f"/changes?since={self.next}&wait={seconds}")
            if answer.status == 401:
                self.clients.tokens[self.name] = self.clients.service.token(self.name)

    async def write(self, calls: list[asyncio.Task[Answer]]) -> None:
        written = await self.clients.send(self.name, "POST", "/tasks", {"title": "Milk"})
        for answer in await asyncio.gather(*calls):
            if answer.is_success and answer.json()["changes"]:
                self.woken += 1
                self.seconds.append(answer.ended_at - written.ended_at)
                self.next = answer.json()["next"]


def resident(api: Service) -> float:
    return sum(map(resident_megabytes, api.workers()))
