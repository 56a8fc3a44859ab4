"""Clients that hang up in the middle of their request, while others go on."""

import asyncio
import math
import random
import time
from urllib.parse import urlsplit

import psycopg

from campaigns.clients import PAUSE_SECONDS, Clients, clients_of
from campaigns.outcome import Outcome, Size, exactly, none, slowest
from campaigns.processes import SERVICE_CONNECTIONS, PostgreSQL, Service, postgresql, service
from campaigns.proxy import proxy

HITS = {"short": 50, "long": 1000}
AT_ONCE = 8
OWNERS = 4
POOL_SIZE = 5
DEADLINE_SECONDS = 2
DELAY_SECONDS = 0.003
"""Between service and database, each way, so that there is a middle to hang up in."""

LONGEST_PATIENCE_SECONDS = 0.02


async def cancelled_clients(size: Size) -> list[Outcome]:
    """Clients close their connection at a random moment of their request, while others read and write.

    A hit is a connection that was closed before anything of the answer had come. Every task has its owner as its
    title, so that a row in another's answer is seen. Then as many clients as the pool has connections hang up while
    their statements wait for a lock. Afterwards the pool must be whole: as many requests at once in the database.
    """
    async with (
        postgresql() as database,
        proxy(database.port) as between,
        service(database.url_at(between.port), DATABASE_POOL_SIZE=str(POOL_SIZE)) as api,
        clients_of(api) as clients,
    ):
        between.delay_seconds = DELAY_SECONDS
        hits, foreign = await hang_up_among_others(api, clients, size)
        freed = await abandon_statements(database, api, clients)
        at_once = await fill_pool(database, clients)
        connections = database.count(SERVICE_CONNECTIONS)
        return [
            Outcome(
                "Clients hang up",
                hits,
                HITS[size],
                [
                    none("tasks of somebody else in an answer", foreign),
                    slowest(
                        f"abandoned statements gone (deadline {DEADLINE_SECONDS} s)",
                        [freed],
                        below=DEADLINE_SECONDS + 0.5,
                    ),
                    exactly("requests in the database at once afterwards", at_once, POOL_SIZE),
                    exactly("connections of the pool", connections, POOL_SIZE),
                    *clients.rows(),
                ],
            )
        ]


async def hang_up_among_others(api: Service, clients: Clients, size: Size) -> tuple[int, int]:
    """How many hung up in time, and how many foreign tasks the others saw."""
    chance, hits_wanted = random.Random(1), HITS[size]  # noqa: S311 - the same every time
    hits = foreign = tries = 0

    async def hang_up() -> None:
        nonlocal hits, tries
        while hits < hits_wanted and tries < 5 * hits_wanted:
            tries += 1
            owner, method = f"gone-{tries % OWNERS}", chance.choice(["POST", "GET"])
            request = clients.request(owner, method, "/tasks", {"title": owner} if method == "POST" else None)
            if chance.random() < 0.1:
                request = request[: chance.randrange(1, len(request))]
            was_in_time = await has_hung_up(api, request, patience_seconds=chance.uniform(0, LONGEST_PATIENCE_SECONDS))
            hits += was_in_time

    async def read_and_write(owner: str) -> None:
        nonlocal foreign
        while not everybody_hung_up.done():
            await clients.send(owner, "POST", "/tasks", {"title": owner})
            seen = await foreign_tasks(clients, owner)
            foreign += seen
            await asyncio.sleep(PAUSE_SECONDS[size])

    everybody_hung_up = asyncio.gather(*(hang_up() for _ in range(AT_ONCE)))
    await asyncio.gather(everybody_hung_up, *(read_and_write(f"stays-{number}") for number in range(OWNERS)))
    for number in range(OWNERS):
        foreign += await foreign_tasks(clients, f"gone-{number}")
    return hits, foreign


async def foreign_tasks(clients: Clients, owner: str) -> int:
    answer = await clients.send(owner, "GET", "/tasks?limit=20")
    return sum(title != owner for title in answer.titles())


async def has_hung_up(api: Service, request: bytes, *, patience_seconds: float) -> bool:
    """False when the answer was faster."""
    address = urlsplit(api.address)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(request)
        async with asyncio.timeout(patience_seconds):
            await reader.read(1)
        return False
    except TimeoutError:
        return True
    finally:
        writer.transport.abort()


async def abandon_statements(database: PostgreSQL, api: Service, clients: Clients) -> float:
    """Seconds until the statements of clients that have gone, and that wait for a lock, have gone from the server."""
    await clients.send("locked", "POST", "/tasks", {"title": "locked"})
    with psycopg.connect(database.url) as locker:
        locker.execute("select 1 from owner where owner_id = 'locked' for update")
        began_at = time.monotonic()
        request = clients.request("locked", "POST", "/tasks", {"title": "locked"})
        gone = await asyncio.gather(*(has_hung_up(api, request, patience_seconds=1) for _ in range(POOL_SIZE)))
        if not all(gone) or database.waiting() != POOL_SIZE:
            return math.inf
        while database.busy():
            await asyncio.sleep(0.02)
            if time.monotonic() - began_at > 5 * DEADLINE_SECONDS:
                return math.inf
        return time.monotonic() - began_at


async def fill_pool(database: PostgreSQL, clients: Clients) -> int:
    """How many requests wait in the database at the same time, each for a lock of its own."""
    owners = [f"full-{number}" for number in range(POOL_SIZE + 2)]
    for owner in owners:
        await clients.send(owner, "POST", "/tasks", {"title": owner})
    with psycopg.connect(database.url) as locker:
        locker.execute("select 1 from owner where owner_id like 'full-%' for update")
        posts = [asyncio.create_task(clients.send(owner, "POST", "/tasks", {"title": owner})) for owner in owners]
        waiting = await database.most_waiting(wanted=POOL_SIZE, within_seconds=1)
    await asyncio.gather(*posts)
    return waiting
