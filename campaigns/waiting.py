"""Calls that wait for changes, at several workers."""

import asyncio
import random

from campaigns.clients import Answer, Clients, clients_of
from campaigns.memory import resident_megabytes
from campaigns.outcome import Outcome, Row, Size, exactly, none, p99
from campaigns.processes import PostgreSQL, Service, postgresql, service
from taskward.doors.changes import MAX_WAIT_SECONDS

WORKERS = 4
OWNERS = {"short": 30, "long": 100}
CALLS = 4
"""Of each owner: as many as may wait at one worker."""
QUIET_SECONDS = {"short": 4, "long": 21}
SETTLING_SECONDS = 2
"""In which all of them have looked, and found nothing."""
MOST_KILOBYTES = 100
ROUNDS = {"short": 1, "long": 4}

CONNECTIONS = "select pid, query_start from pg_stat_activity where application_name = 'taskward' order by pid"


async def waiting(size: Size) -> list[Outcome]:
    """Four calls of each of many owners wait, on connections that come to any of four workers. First nobody writes,
    until the calls end by themselves. Then they wait again, each owner writes once, at any worker, and all four are
    answered.

    A hit is a call that was answered with the change for which it waited. Its time is counted from the answer to the
    write.
    """
    count, wanted = OWNERS[size] * CALLS, ROUNDS[size] * OWNERS[size] * CALLS
    async with (
        postgresql() as database,
        service(database.url, workers=WORKERS) as api,
        clients_of(api) as clients,
    ):
        clients.patience_seconds = 2 * MAX_WAIT_SECONDS
        owners = [Owner(clients, f"owner-{number}") for number in range(OWNERS[size])]
        await asyncio.gather(*(owner.begin() for owner in owners))
        before = resident(api)
        calls = [call for owner in owners for call in owner.wait(SETTLING_SECONDS + QUIET_SECONDS[size])]
        await asyncio.sleep(SETTLING_SECONDS)
        for _ in range(60):  # a crowded machine takes longer to let all of them begin
            if not await asked_in(database, 0.5):
                break
        kilobytes = (resident(api) - before) * 1024 / count
        asked = await asked_in(database, QUIET_SECONDS[size] - 1)
        quiet = await asyncio.gather(*calls)
        for _ in range(ROUNDS[size]):
            waits = [owner.wait(MAX_WAIT_SECONDS) for owner in owners]
            await asyncio.sleep(SETTLING_SECONDS)
            for owner, of_owner in zip(owners, waits, strict=True):
                await owner.write(of_owner)
        woken = sum(owner.woken for owner in owners)
        seconds = [each for owner in owners for each in owner.seconds]
        rows = [
            exactly("calls answered with the change", woken, wanted),
            p99("from the answer to the write to that of the call, p99", seconds, below=0.1),
            none(f"connections opened or asked in {QUIET_SECONDS[size] - 1} s without a write", asked),
            exactly("calls that ended without a change then", sum(answer.status == 200 for answer in quiet), count),
            Row(
                f"resident memory of the workers for each of {count} calls",
                f"{kilobytes:.0f} KiB",
                f"< {MOST_KILOBYTES} KiB",
                is_met=kilobytes < MOST_KILOBYTES,
            ),
            *clients.rows(),
        ]
    return [Outcome(f"{count} calls that wait at {WORKERS} workers", woken, wanted, rows)]


class Owner:
    def __init__(self, clients: Clients, name: str) -> None:
        self.clients = clients
        self.name = name
        self.next = ""
        self.woken = 0
        self.seconds: list[float] = []

    async def begin(self) -> None:
        self.next = (await self.clients.send(self.name, "GET", "/changes")).json()["next"]

    def wait(self, seconds: int) -> list[asyncio.Task[Answer]]:
        path = f"/changes?since={self.next}&wait={seconds}"
        return [asyncio.create_task(self.ask(path)) for _ in range(CALLS)]

    async def ask(self, path: str) -> Answer:
        """When all ask at the same time, some may be told to come again."""
        while (answer := await self.clients.send(self.name, "GET", path)).status == 503:  # noqa: ASYNC110 - an answer
            await asyncio.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - not all of them at once
        return answer

    async def write(self, calls: list[asyncio.Task[Answer]]) -> None:
        written = await self.clients.send(self.name, "POST", "/tasks", {"title": "Milk"})
        for answer in await asyncio.gather(*calls):
            if answer.is_success and answer.json()["changes"]:
                self.woken += 1
                self.seconds.append(answer.ended_at - written.ended_at)
                self.next = answer.json()["next"]


def resident(api: Service) -> float:
    return sum(map(resident_megabytes, api.workers()))


async def asked_in(database: PostgreSQL, seconds: float) -> int:
    """How many connections of the service were opened or asked something meanwhile."""
    before = database.rows(CONNECTIONS)
    await asyncio.sleep(seconds)
    return len(set(database.rows(CONNECTIONS)) - set(before))
