"""Reminders: in a database that sleeps, very many at one moment, and while everything is killed."""

import asyncio
import math
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from signal import SIGKILL
from typing import Any, NamedTuple

from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Row, Size, exactly, none, slowest
from campaigns.processes import PostgreSQL, Service, postgresql, service
from campaigns.receiver import TAKEN, Receiver, Told, receiver

WORKERS = 2
PATIENCE_SECONDS = 120

AHEAD_SECONDS = {"short": 5, "long": 30}
CALM_SECONDS = 1
"""In which a process has looked once more at what is left."""
AFTERWARDS_SECONDS = {"short": 0.5, "long": 10}
"""With what is ahead of it less than a minute, in which a process that has written looks once for others."""
LEFT = "select (select count(*) from owner where news_since is not null) + (select count(*) from delivery)"
NEWEST = "select pid, query_start from pg_stat_activity where application_name = 'taskward'"

OWNERS = {"short": 30, "long": 10_000}
WRITERS, OWNERS_A_SECOND = 16, 80
READERS, PAUSE_SECONDS = 4, 0.02
QUIET_SECONDS = {"short": 0.5, "long": 20}
"""In which those who read are measured while nobody is reminded."""

KILLS = {"short": 1, "long": 16}
KILL_SECONDS = {"short": 1, "long": 4}
KILLED_OWNERS, TASKS = 8, {"short": 2, "long": 100}
FAILING = 0.1
"""Of the requests to the application those that it refuses, and as many that it cuts off."""
BREAKS = 120
"""At most, for those that have failed more than once: their time is moved on."""


async def reminders(size: Size) -> list[Outcome]:
    """First one reminder is ahead, and nobody asks for anything. Nothing is asked of the database until its time has
    come, and nothing after it was told.

    Then everybody has one for the same moment, and four owners read meanwhile, as they did before it.

    At last reminders come due one after the other while workers and the database are killed, the application refuses
    some and cuts off others, and the tasks get other titles. Attempts that are due in minutes are moved to now.

    A hit is a reminder that was told.
    """
    async with (
        postgresql() as database,
        receiver() as application,
        service(database.url, workers=WORKERS, **application.settings) as api,
        clients_of(api) as clients,
    ):
        world = World(database, application, api, clients)
        return [await world.sleeps(size), await world.is_reminded_at_once(size), await world.is_killed(size)]


@dataclass
class World:
    database: PostgreSQL
    application: Receiver
    api: Service
    clients: Clients

    async def sleeps(self, size: Size) -> Outcome:
        moment = from_now(AHEAD_SECONDS[size])
        await self.add("sleeper", moment)
        await until(lambda: self.application.of("task.changed") and not self.database.count(LEFT))
        await asyncio.sleep(CALM_SECONDS)
        before = await self.seen()
        await asyncio.sleep(max(0, until_then(moment) - CALM_SECONDS / 2))
        asked_before = len(await self.seen() - before)
        await until(lambda: self.told() and not self.database.count(LEFT))
        await asyncio.sleep(CALM_SECONDS)
        after = await self.seen()
        await asyncio.sleep(AFTERWARDS_SECONDS[size])
        asked_after = len(await self.seen() - after)
        rows = [
            none("connections opened or asked before its time", asked_before),
            slowest("from its time to the telling", lateness(self.told(), moment), below=2),
            none("connections opened or asked afterwards", asked_after),
        ]
        return Outcome(
            f"A reminder {AHEAD_SECONDS[size]} s ahead, and a database that sleeps", len(self.told()), 1, rows
        )

    async def is_reminded_at_once(self, size: Size) -> Outcome:
        count, before = OWNERS[size], len(self.told())
        moment = from_now(3 + count / OWNERS_A_SECOND)
        names = [f"owner-{number}" for number in range(count)]
        owners = iter(names)

        expected = set[str]()

        async def write() -> None:
            for owner in owners:
                if (await self.add(owner, moment)).is_in_time:
                    expected.add(owner)

        await asyncio.gather(*(write() for _ in range(WRITERS)))
        await until(lambda: expected <= {one.data["owner"] for one in self.application.of("task.changed")})
        spare = until_then(moment)
        quiet = await self.reading(seconds=max(0, min(QUIET_SECONDS[size], spare - 1)))
        await asyncio.sleep(max(0, until_then(moment)))
        busy = await self.reading(seconds=PATIENCE_SECONDS, stops=lambda: len(self.told()) >= before + len(expected))
        told = self.told()[before:]
        late = lateness(told, moment)
        rows = [
            exactly("owners who were reminded", len({one.data["owner"] for one in told} & expected), len(expected)),
            none("told twice", len(told) - len({one.id for one in told})),
            none("told before the moment", sum(seconds < 0 for seconds in late)),
            none("others", len({one.data["owner"] for one in told} - expected)),
            slowest("from the moment to the first", late[:1], below=2),
            slowest("from the moment to the last", late, below=2 + count / OWNERS_A_SECOND),
            Row("requests before, p50, p99", spread(quiet), "-", is_met=True),
            Row(f"requests meanwhile ({len(busy):,}), p50, p99", spread(busy), "-", is_met=True),
            *self.clients.rows(),
        ]
        return Outcome(f"{len(expected):,} owners reminded at one moment", len(told), len(expected), rows)

    async def is_killed(self, size: Size) -> Outcome:
        chance = random.Random(1)  # noqa: S311 - the same every time
        kills, seconds = KILLS[size], KILLS[size] * KILL_SECONDS[size]
        expected = dict[Key, datetime]()
        begins, before = from_now(2 + TASKS[size] / 20), len(self.application.told)
        for number in range(KILLED_OWNERS * TASKS[size]):
            owner = f"killed-{number % KILLED_OWNERS}"
            moment = begins + timedelta(seconds=chance.uniform(0, seconds))
            added = await self.add(owner, moment)
            if added.is_in_time:
                expected[owner, added.id] = moment
        ways = [TAKEN, 500, None]
        self.application.chooses = lambda: chance.choices(ways, [1 - 2 * FAILING, FAILING, FAILING])[0]
        renaming = asyncio.create_task(self.renames(list(expected), chance))
        await asyncio.sleep(max(0, until_then(begins)))
        for number in range(kills):
            await asyncio.sleep(KILL_SECONDS[size])
            await self.kills(chance, is_database=number % 4 == 1)
        renaming.cancel()
        self.application.chooses = lambda: TAKEN
        mine = self.application.told[before:]

        def told() -> list[Told]:
            return [one for one in self.application.told[before:] if one.type == "reminder.due"]

        for _ in range(BREAKS):
            if expected.keys() <= {key_of(one) for one in told() if one.status == TAKEN}:
                break
            with suppress(Exception):  # it may just come back
                self.database.rows("update delivery set due_at = now() where claim is null returning owner_id")
            await self.add("killed-0", None)  # a process looks again
            await asyncio.sleep(0.5)
        ids, bodies = defaultdict[Key, set[str]](set), defaultdict[str, set[bytes]](set)
        for one in told():
            ids[key_of(one)].add(one.id)
        for one in self.application.told[before:]:
            bodies[one.id].add(one.body)
        taken = {key_of(one) for one in told() if one.status == TAKEN}
        wrong = sum(one.data["reminder"]["remind_at"] != expected[key_of(one)].isoformat() for one in told())
        early = sum(one.at < expected[key_of(one)].timestamp() for one in told())
        rows = [
            exactly("reminders that were taken", len(taken), len(expected)),
            none("under more than one id", sum(len(each) > 1 for each in ids.values())),
            none("told with another time, or before it", wrong + early),
            none(
                f"ids with two bodies, of {len(mine):,} requests and more",
                sum(len(each) > 1 for each in bodies.values()),
            ),
            none("requests that are not signed as they should be", self.application.forged),
            none("tracebacks in the log of the service", self.api.tracebacks()),
        ]
        return Outcome(
            f"{kills} kills of workers and the database while reminders come due", len(taken), len(expected), rows
        )

    # What it is done with

    async def add(self, owner: str, moment: datetime | None) -> "Added":
        kept = [] if moment is None else [{"at": moment.isoformat()}]
        body = {"title": "Milk", "reminders": kept}
        while not (answer := await self.clients.send(owner, "POST", "/tasks", body)).is_success:  # noqa: ASYNC110 - an answer
            await asyncio.sleep(0.1)
        task = answer.json()
        return Added(task["id"], moment is not None and datetime.fromisoformat(task["created_at"]) < moment)

    async def renames(self, tasks: Sequence["Key"], chance: random.Random) -> None:
        while True:
            owner, task_id = chance.choice(tasks)
            await self.clients.send(owner, "PATCH", f"/tasks/{task_id}", {"title": f"Milk {chance.random()}"})
            await asyncio.sleep(PAUSE_SECONDS)

    async def kills(self, chance: random.Random, *, is_database: bool) -> None:
        if is_database:
            self.database.kill()
            self.database.start()
            await self.database.comes_back()
        elif workers := sorted(self.api.workers()):
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers), SIGKILL)

    async def reading(self, *, seconds: float, stops: Callable[[], bool] = lambda: False) -> list[float]:
        """How long requests took of some who read, each one after the other."""
        ends_at, answers = time.monotonic() + seconds, list[Answer]()

        async def read(number: int) -> None:
            while time.monotonic() < ends_at and not stops():
                answers.append(await self.clients.send(f"owner-{number}", "GET", "/tasks"))
                await asyncio.sleep(PAUSE_SECONDS)

        await asyncio.gather(*(read(number) for number in range(READERS)))
        return [answer.seconds for answer in answers]

    def told(self) -> list[Told]:
        return self.application.of("reminder.due")

    async def seen(self) -> set[Any]:
        return set(await asyncio.to_thread(self.database.rows, NEWEST))


class Added(NamedTuple):
    id: int
    is_in_time: bool
    """Whether it was written before its reminder is due, as on a busy machine it may not be."""


Key = tuple[str, int]


def key_of(told: Told) -> Key:
    return told.data["owner"], told.data["reminder"]["task_id"]


def from_now(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def until_then(moment: datetime) -> float:
    return (moment - datetime.now(UTC)).total_seconds()


def lateness(told: Sequence[Told], moment: datetime) -> list[float]:
    return [one.at - moment.timestamp() for one in told]


def spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    at = [ordered[math.ceil(len(ordered) * part) - 1] for part in (0.5, 0.99)] if ordered else []
    return ", ".join(f"{each * 1000:.1f} ms" for each in at) or "none"


async def until(is_so: Callable[[], object]) -> None:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < ends_at:  # noqa: ASYNC110 - what is waited for is not of this process
        await asyncio.sleep(0.05)
