"""Every connection waits for a lock that somebody else holds."""

import asyncio

import psycopg

from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Size, exactly, none, slowest
from campaigns.processes import PostgreSQL, postgresql, service

ROUNDS = {"short": 1, "long": 5}
POOL_SIZE = 2
REQUESTS = 10
DEADLINE_SECONDS = 2
FREED_SECONDS = 1.0
"""How long after the deadline the statements of those who were told 503 must have gone from the server."""


async def exhausted_pool(size: Size) -> list[Outcome]:
    """Another session holds the lock on one owner's clock, and this owner's writes take both connections of the pool.

    A hit is a connection that the server reported as waiting for the lock. Then others ask: they are served or told 503
    in time; once the deadline of the first is over they are all served, although the lock is still held.
    """
    async with (
        postgresql() as database,
        service(database.url, DATABASE_POOL_SIZE=str(POOL_SIZE)) as api,
        clients_of(api) as clients,
    ):
        return [await exhaust(database, clients, rounds=ROUNDS[size])]


async def exhaust(database: PostgreSQL, clients: Clients, *, rounds: int) -> Outcome:
    hits, leftovers = 0, 0
    during: list[Answer] = []
    afterwards: list[Answer] = []
    released: list[Answer] = []
    for number in range(rounds):
        blocked, other = f"blocked-{number}", f"other-{number}"
        for owner in (blocked, other):
            await clients.send(owner, "POST", "/tasks", {"title": "first"})
        with psycopg.connect(database.url) as locker:
            locker.execute("select 1 from owner where owner_id = %s for update", [blocked])
            post = {"title": "written in vain"}
            writes = [asyncio.create_task(clients.send(blocked, "POST", "/tasks", post)) for _ in range(REQUESTS)]
            hits += await database.most_waiting(wanted=POOL_SIZE, within_seconds=1.5)
            reads = [asyncio.create_task(clients.send(other, "GET", "/tasks")) for _ in range(REQUESTS)]
            during += await asyncio.gather(*writes, *reads)
            await asyncio.sleep(FREED_SECONDS)
            leftovers += database.busy()
            afterwards += await asyncio.gather(*(clients.send(other, "GET", "/tasks") for _ in range(REQUESTS)))
        released.append(await clients.send(blocked, "POST", "/tasks", {"title": "last"}))

    told_503 = [answer.seconds for answer in during if answer.status == 503]
    served = sum(answer.status == 200 for answer in afterwards)
    in_vain = database.count("select count(*) from tasks where title = 'written in vain'")
    return Outcome(
        "Pool exhausted by a held lock",
        hits,
        rounds * POOL_SIZE,
        [
            slowest(f"slowest 503 (deadline {DEADLINE_SECONDS} s)", told_503, below=DEADLINE_SECONDS + 0.5),
            none(f"statements on the server {FREED_SECONDS:g} s after the deadline", leftovers),
            exactly("others served while the lock is still held", served, rounds * REQUESTS),
            slowest("slowest of them", [answer.seconds for answer in afterwards], below=1),
            none("writes told 503 that took effect", in_vain),
            exactly("writes after the lock was released", sum(answer.status == 201 for answer in released), rounds),
            *clients.rows(),
        ],
    )
