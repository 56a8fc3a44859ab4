"""The database says nothing any more, and refuses nothing: PostgreSQL stands still, or the network swallows all."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

from campaigns.clients import Answer, Clients, Load, clients_of, recovery_seconds
from campaigns.outcome import Outcome, Size, none, p99, slowest
from campaigns.processes import PostgreSQL, Service, postgresql, service
from campaigns.proxy import Proxy, proxy

SILENCES = {"short": 1, "long": 3}
SILENT_SECONDS = {"short": 2.5, "long": 8}
OWNERS = 8
QUICK_PAUSE_SECONDS = 0.02

# What needs no database: method, path, owner, the answer's status.
QUICK = [
    ("GET", "/health", None, 200),
    ("GET", "/tasks", None, 401),
    ("POST", "/tasks", None, 401),
    ("GET", "/nowhere", "owner-0", 404),
    ("PATCH", "/tasks", "owner-0", 405),
]


async def silent_database(size: Size) -> list[Outcome]:
    """First SIGSTOP for all of PostgreSQL's processes, then a proxy that takes connections and bytes and passes nothing
    on, while eight owners lead tasks through their whole life.

    A hit is a request that was told 503 during the silence. Recovery lasts from the end of the silence to the last 503;
    connections that the proxy had during its silence stay dead, as behind a firewall that has forgotten them.
    """
    async with (
        postgresql() as database,
        proxy(database.port) as between,
        service(database.url_at(between.port)) as api,
    ):
        return [
            await silence(api, database, size, database.frozen, "PostgreSQL frozen"),
            await silence(api, database, size, lambda: swallowing(between), "Network swallows everything"),
        ]


async def silence(
    api: Service, database: PostgreSQL, size: Size, silent: Callable[[], AbstractContextManager[None]], injected: str
) -> Outcome:
    times: list[tuple[float, float, float]] = []
    async with (
        clients_of(api) as clients,
        clients_of(api) as quick,
        Load(clients, size).of(OWNERS) as load,
        quick_requests(quick) as unexpected,
    ):
        for _ in range(SILENCES[size]):
            await load.until_steady(since=time.monotonic())
            with silent():
                began_at = time.monotonic()
                await asyncio.sleep(SILENT_SECONDS[size])
                ended_at = time.monotonic()
            await load.until_steady(since=ended_at)
            times.append((began_at, ended_at, time.monotonic()))
    hits = sum(any(begin < answer.ended_at < end for begin, end, _ in times) for answer in clients.unavailable())
    served = sum(answer.status != 503 for answer in clients.answers if is_within(answer, times))
    recoveries = [recovery_seconds(clients.answers, since=end, until=steady) for _, end, steady in times]
    quick_during = [answer.seconds for answer in quick.answers if is_within(answer, times)]
    return Outcome(
        injected,
        hits,
        OWNERS * SILENCES[size],
        [
            none("requests meanwhile that were told anything else", served),
            slowest("slowest 503", [answer.seconds for answer in clients.unavailable()], below=3),
            p99(f"/health, 401, 404, 405 meanwhile ({len(quick_during)}), p99", quick_during, below=0.1),
            none("wrong answers among them", len(unexpected)),
            slowest("slowest recovery", recoveries, below=5),
            *load.ledger.rows(database),
            *clients.rows(),
        ],
    )


def is_within(answer: Answer, times: Iterable[tuple[float, float, float]]) -> bool:
    return any(begin < answer.began_at and answer.ended_at < end for begin, end, _ in times)


@contextmanager
def swallowing(between: Proxy) -> Iterator[None]:
    between.swallow()
    try:
        yield
    finally:
        between.deliver()


@asynccontextmanager
async def quick_requests(clients: Clients) -> AsyncIterator[list[Answer]]:
    """Asks, one after the other, for what needs no database; gives the answers that were not as expected."""
    unexpected: list[Answer] = []

    async def ask() -> None:
        while True:
            for method, path, owner, status in QUICK:
                answer = await clients.send(owner, method, path)
                if answer.status != status:
                    unexpected.append(answer)
                await asyncio.sleep(QUICK_PAUSE_SECONDS)

    task = asyncio.create_task(ask())
    try:
        yield unexpected
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
