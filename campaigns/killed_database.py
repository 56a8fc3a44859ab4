"""PostgreSQL is killed under load, stays away for a while and comes back."""

import asyncio
import random
import time

from campaigns.clients import Load, clients_of, recovery_seconds
from campaigns.outcome import Outcome, Size, p99, slowest
from campaigns.processes import PostgreSQL, Service, postgresql, service

KILLS = {"short": 1, "long": 30}
WORKERS = {"short": 1, "long": 2}
OWNERS = 8


async def killed_database(size: Size) -> list[Outcome]:
    """SIGKILL for all of PostgreSQL's processes while eight owners lead tasks through their whole life.

    A kill counts when requests got 503 for it. Recovery lasts from when PostgreSQL takes connections again to the
    last 503. Lost is what was acknowledged and is not in the table as acknowledged, doubled what is there twice.
    """
    async with postgresql() as database, service(database.url, workers=WORKERS[size]) as api:
        return [await kill_and_start_again(database, api, size, KILLS[size], "PostgreSQL killed under load")]


async def kill_and_start_again(
    database: PostgreSQL, api: Service, size: Size, kills: int, injected: str, *, p99_503_seconds: float = 2
) -> Outcome:
    pauses = random.Random(1)  # noqa: S311 - the same pauses every time
    times = []
    async with clients_of(api) as clients:
        async with Load(clients, size).of(OWNERS) as load:
            for _ in range(kills):
                await load.until_steady(since=time.monotonic())
                await asyncio.sleep(pauses.uniform(0, 0.5))
                killed_at = time.monotonic()
                database.kill()
                await asyncio.sleep(pauses.uniform(0.2, 2.5))
                database.start()
                returned_at = await database.comes_back()
                await load.until_steady(since=returned_at)
                times.append((killed_at, returned_at, time.monotonic()))
        hits = sum(any(begin < answer.ended_at < end for answer in clients.unavailable()) for begin, _, end in times)
        recoveries = [recovery_seconds(clients.answers, since=back, until=end) for _, back, end in times]
        rows = [
            *load.ledger.rows(database),
            *clients.rows(),
            p99("503, p99", [answer.seconds for answer in clients.unavailable()], below=p99_503_seconds),
            slowest("slowest recovery", recoveries, below=5),
        ]
    return Outcome(injected, hits, kills, rows)
