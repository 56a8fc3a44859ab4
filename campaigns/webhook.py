"""The application is told of every change, whatever happens to it, to those who tell it, and to the database."""

import asyncio
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from signal import SIGKILL

import psycopg

from campaigns.clients import Load, clients_of
from campaigns.outcome import Outcome, Row, Size, exactly, in_words, none, p99
from campaigns.processes import PostgreSQL, Service, postgresql, service, until
from support.receiver import SECRET, Receiver, Told, receiving, state_of

HOSTS = 2
WORKERS = {"short": 1, "long": 2}
"""Of each host."""
OWNERS = 8
KILLS = {"short": 2, "long": 24}
"""Of a worker and of the database, by turns."""
PAUSE_SECONDS = 0.3
"""Between two times at which what has failed is due again, as if all the time until then had passed."""
TOLD_SECONDS = {"short": 120, "long": 300}

MANY = {"short": 120, "long": 10_000}
QUIET_SECONDS = {"short": 2, "long": 60}
SETTLING_SECONDS = 65
"""In which whoever has written looks once more for what another host has left."""

FAULTS = {"500": 0.15, "reset": 0.05, "redirect": 0.03, "garbage": 0.02, "hang": 0.003}
"""How often the receiver fails in each way."""
UNHEARD = 0.1
"""How often it takes an event and its answer is lost."""

LEFT = "select (select count(*) from owner where news_since is not null) + (select count(*) from delivery)"
PASSES = "update delivery set due_at = now() where due_at > now() and claim is null"
ENDS = "update delivery set due_at = now() where due_at > now()"
ALIVE = "select owner_id, id, version from tasks where deleted_at is null"
ASKED = "select pid, query_start from pg_stat_activity where application_name = 'taskward' order by pid"

MANY_OWNERS = """
with numbers as (select number, 'one-of-many-' || number as owner_id from generate_series(1, %s) number),
    clocks as (
        insert into owner (owner_id, version, news_since)
        select owner_id, (extract(epoch from now()) * 1000)::bigint, (extract(epoch from now()) * 1000)::bigint
        from numbers
    )
insert into tasks (owner_id, title, status, version)
select owner_id, 'Milk', 'Todo', (extract(epoch from now()) * 1000)::bigint from numbers returning 1
"""


async def webhook(size: Size) -> list[Outcome]:
    """A receiver that answers 500, resets, redirects, speaks no HTTP, hangs, or takes an event and does not say so is
    told by two hosts with two workers each, while the same eight owners write at both, and workers and the database are
    killed by turns. Then both hosts end, and a third tells what is left.

    A hit is a kill; the receiver's faults are counted beside it. Of what is told for the first time each must be newer
    than all before it of the same owner.
    """
    with receiving() as receiver:
        async with postgresql() as database:
            return [await everything_fails(database, receiver, size), await many_at_once(database, receiver, size)]


async def everything_fails(database: PostgreSQL, receiver: Receiver, size: Size) -> Outcome:
    receiver.fault = at_random(random.Random(1))  # noqa: S311 - the same order of faults every time
    kills, pauses = 0, random.Random(2)  # noqa: S311 - the same every time
    async with AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(telling(database, receiver, size)) for _ in range(HOSTS)]
        clients = [await stack.enter_async_context(clients_of(host)) for host in hosts]
        loads = [Load(each, size) for each in clients]
        passing = asyncio.create_task(passes_for_ever(database))
        async with AsyncExitStack() as running:
            for load in loads:
                await running.enter_async_context(load.of(OWNERS))
            for number in range(KILLS[size]):
                await loads[0].until_steady(since=time.monotonic())
                await asyncio.sleep(pauses.uniform(0, 2))
                if number % 2:
                    database.kill()
                    await asyncio.sleep(0.3)
                    database.start()
                    await database.comes_back()
                else:
                    os.kill(min(hosts[number // 2 % HOSTS].workers()), SIGKILL)
                kills += 1
            for load in loads:
                await load.until_steady(since=time.monotonic())
        passing.cancel()
        tracebacks = sum(host.tracebacks() for host in hosts)
    failed = len(receiver.attempts) - len(receiver.taken)
    receiver.fault = None
    receiver.go_on.set()
    database.rows(ENDS + " returning 1")  # who had a claim is gone
    async with telling(database, receiver, size):
        seconds = await until(lambda: database.count(LEFT) == 0, within_seconds=TOLD_SECONDS[size])
    receiver.go_on.clear()
    rows = [
        *(row for load in loads for row in load.ledger.rows(database)),
        *what_was_told(database, receiver),
        none("owners of whom something is left to be told", database.count(LEFT)),
        Row(
            "events taken, and attempts that failed",
            f"{len(receiver.taken):,} and {failed:,}",
            "more than 0",
            is_met=bool(receiver.taken) and failed > 0,
        ),
        Row(
            "until the last was told when all was well again",
            in_words(seconds),
            "told",
            is_met=seconds < TOLD_SECONDS[size],
        ),
        none("tracebacks in the logs of the services", tracebacks),
    ]
    return Outcome(f"Receiver failing, {HOSTS} hosts and the database killed", kills, KILLS[size], rows)


def telling(database: PostgreSQL, receiver: Receiver, size: Size) -> AbstractAsyncContextManager[Service]:
    return service(database.url, workers=WORKERS[size], WEBHOOK_URL=receiver.url, WEBHOOK_SECRET=SECRET)


def at_random(chance: random.Random) -> Callable[[Told], str | None]:
    def fault(_: Told) -> str | None:
        found = chance.random()
        for name, share in FAULTS.items():
            found -= share
            if found < 0:
                return name
        return "unheard" if found < UNHEARD else None

    return fault


async def passes_for_ever(database: PostgreSQL) -> None:
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        with suppress(psycopg.OperationalError):  # while it is away
            await asyncio.to_thread(database.rows, PASSES + " returning 1")


def what_was_told(database: PostgreSQL, receiver: Receiver) -> list[Row]:
    """The ledger of the receiver against the table."""
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for told in receiver.attempts:
        bodies[told.id].add(told.body)
    by_owner: dict[str, list[Told]] = defaultdict(list)
    for told in receiver.taken:
        by_owner[told.owner].append(told)
    alive: dict[str, dict[int, int]] = defaultdict(dict)
    for owner, task, version in database.rows(ALIVE):
        alive[str(owner)][int(str(task))] = int(str(version))
    wrong = disordered = 0
    for owner, taken in by_owner.items():
        held = {number: task["version"] for (_, number), task in state_of(taken).items()}
        wrong += held != alive[owner]
        newest, seen = 0, set()
        for told in taken:
            if told.id not in seen:
                disordered += told.what["version"] < newest
                newest = told.what["version"]
            seen.add(told.id)
    return [
        none(
            f"owners of {len(by_owner)} whose tasks are others than the receiver has",
            wrong + len(alive.keys() - by_owner.keys()),
        ),
        none("events out of order", disordered),
        none("ids with two bodies", sum(len(each) > 1 for each in bodies.values())),
        none("requests that were not genuine", len(receiver.refused)),
    ]


async def many_at_once(database: PostgreSQL, receiver: Receiver, size: Size) -> Outcome:
    """Of many owners something is to be told at the same moment, while others read and write."""
    count, before = MANY[size], len(receiver.taken)
    database.rows(MANY_OWNERS, count)
    async with telling(database, receiver, size) as host, clients_of(host) as clients:
        began = time.monotonic()
        async with Load(clients, size).of(OWNERS):
            seconds = await told_in(receiver, before, count, within_seconds=TOLD_SECONDS[size])
        last = began + seconds
        during = [answer.seconds for answer in clients.answers if answer.ended_at <= last]
        await until(lambda: database.count(LEFT) == 0)
        if size == "long":
            await asyncio.sleep(SETTLING_SECONDS)
        asked = await asked_in(database, QUIET_SECONDS[size])
        told = len({each.owner for each in receiver.taken[before:] if each.owner.startswith("one-of-many-")})
        rows = [
            exactly("owners told of", told, count),
            Row(f"until {count:,} were told of", in_words(seconds), "told", is_met=seconds < TOLD_SECONDS[size]),
            p99(f"{len(during):,} requests meanwhile, p99", during, below=0.5),
            Row(
                f"connections that asked something in {QUIET_SECONDS[size]} s without a write",
                str(asked),
                "0" if size == "long" else "-",
                is_met=size == "short" or asked == 0,
            ),
            *clients.rows(),
        ]
    return Outcome(f"{count:,} owners with news at the same moment", told, count, rows)


async def told_in(receiver: Receiver, before: int, count: int, *, within_seconds: float) -> float:
    return await until(
        lambda: sum(each.owner.startswith("one-of-many-") for each in receiver.taken[before:]) >= count,
        within_seconds=within_seconds,
    )


async def asked_in(database: PostgreSQL, seconds: float) -> int:
    """How many connections of the service were opened or asked something meanwhile."""
    before = database.rows(ASKED)
    await asyncio.sleep(seconds)
    return len(set(database.rows(ASKED)) - set(before))
