"""Copies that follow the changes of an owner, while everything happens that may happen."""

import asyncio
import itertools
import random
import shutil
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from signal import SIGHUP
from typing import Any
from urllib.parse import urlencode

from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Row, Size, exactly, none
from campaigns.processes import PostgreSQL, Service, pgbouncer, postgresql, service
from taskward.operations.retention import purge

OWNER = "ann"
WRITERS = 8
CHANGES = {"short": 240, "long": 10_000}
KILLS = {"short": 1, "long": 12}
WORKERS = 2
WORKERS_BEHIND_PGBOUNCER = {"short": 1, "long": 2}
LIMIT = 7
MOST_SECONDS = {"short": 200, "long": 400}

TASK_FIELDS = ("version", "title", "status", "list_id", "parent_id", "position")
LIST_FIELDS = ("version", "name", "position")
KEPT = f"select id, {', '.join(TASK_FIELDS)} from tasks where deleted_at is null"  # noqa: S608
LISTS_KEPT = f"select id, {', '.join(LIST_FIELDS)} from lists where deleted_at is null"  # noqa: S608
AGE = "; ".join(
    [
        "select from owner for update",
        *(
            f"update tasks set {column} = now() - interval '90 days' where id in (select id from tasks "  # noqa: S608
            f"where deleted_at is not null and erased_at is {is_null} order by version desc limit 20)"
            for column, is_null in (("deleted_at", "null"), ("erased_at", "not null"))
        ),
    ]
)
"""The latest in the trash, and of those that were erased. It begins as every write does: a task that is restored
meanwhile would go back to the trash without a version that tells the copies.
"""


async def ledger(size: Size) -> list[Outcome]:
    """Eight writers of one owner create in batches, change, move, trash, restore and erase tasks, change lists and
    delete them with all that is in them, and send 5 % that is refused. Two copies of seven changes a call follow from
    the beginning, two more join in the middle, and half of them wait for changes; a fifth rests in between. Meanwhile
    PostgreSQL is killed again and again, the workers are renewed, and once what was removed is made old and purged,
    without a trace. Then the same through PgBouncer, where it is on PATH.

    A hit is a change that was acknowledged. In the end each copy must be, row for row, what the database holds. The one
    that rested is told 410 and begins anew; the others may be, and only by the purge.
    """
    program = shutil.which("pgbouncer")
    outcomes = []
    async with postgresql() as database, service(database.url, workers=WORKERS) as api:
        outcomes.append(await in_step(database, api, size, "Changes under fire"))
    if program is not None:
        async with (
            postgresql() as database,
            pgbouncer(program, database) as port,
            service(database.url_at(port), workers=WORKERS_BEHIND_PGBOUNCER[size]) as api,
        ):
            outcomes.append(await in_step(database, api, size, "Changes under fire, through PgBouncer"))
    elif size == "long":
        raise FileNotFoundError("pgbouncer is not on PATH.")
    return outcomes


async def in_step(database: PostgreSQL, api: Service, size: Size, injected: str) -> Outcome:
    async with clients_of(api) as clients:
        writers = Writers(clients)
        copies = [Copy(clients, waits=number % 2 == 1) for number in range(4)]
        late = Copy(clients, waits=False)
        async with following(copies[:2]), writers.at_work():
            ends_at = time.monotonic() + MOST_SECONDS[size]
            await reach(writers, CHANGES[size] // 3, ends_at)
            async with following([late]):
                pass
            async with following(copies[2:]):
                await asyncio.gather(trouble(database, api, size), reach(writers, CHANGES[size] // 2, ends_at))
                await asyncio.to_thread(remove_without_a_trace, database)
                await reach(writers, CHANGES[size], ends_at)
                await writers.stop()
        async with following([late]):
            pass
        held = held_by(database)
        rows = [
            *(
                copy.equals(held, f"copy {number}: rows other than the {len(held):,} of the database")
                for number, copy in enumerate(copies, start=1)
            ),
            late.equals(held, "copy that rested over the purge: rows other than those"),
            exactly("times that it was told 410", late.resets, 1),
            Row(
                "other copies told 410",
                str(sum(copy.resets > 0 for copy in copies)),
                "once each at most",
                is_met=all(copy.resets <= 1 for copy in copies),
            ),
            none("pages that were empty while there was more", sum(copy.empty_pages for copy in copies)),
            none("answers to a copy other than 200, 410 and 503", sum(len(copy.wrong) for copy in copies)),
            none("answers to a writer that were not expected", len(writers.wrong)),
            Row(
                "changes that the copies took in",
                f"{(taken := sum(copy.taken for copy in copies)):,}",
                "> 0",
                taken > 0,
            ),
            *clients.rows(),
        ]
    return Outcome(injected, writers.acknowledged, CHANGES[size], rows)


async def reach(writers: "Writers", count: int, ends_at: float) -> None:
    while writers.acknowledged < count and time.monotonic() < ends_at:  # noqa: ASYNC110 - a count, not an event
        await asyncio.sleep(0.05)


async def trouble(database: PostgreSQL, api: Service, size: Size) -> None:
    pauses = random.Random(2)  # noqa: S311 - the same pauses every time
    for kill in range(KILLS[size]):
        await asyncio.sleep(pauses.uniform(0.5, 2))
        if kill % 3 == 0:
            api.process.send_signal(SIGHUP)
        database.kill()
        await asyncio.sleep(pauses.uniform(0.1, 0.5))
        database.start()
        await database.comes_back()


def remove_without_a_trace(database: PostgreSQL) -> None:
    database.rows(AGE)
    purge(database.url, trash_days=30)


def held_by(database: PostgreSQL) -> dict[tuple[str, int], tuple[Any, ...]]:
    tasks = {("task", int(str(row[0]))): row[1:] for row in database.rows(KEPT)}
    return tasks | {("list", int(str(row[0]))): row[1:] for row in database.rows(LISTS_KEPT)}


class Writers:
    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.acknowledged = 0
        self.wrong: list[Answer] = []
        self.live: list[int] = []
        self.trashed: list[int] = []
        self.lists: list[int] = []
        self.is_over = False
        self.tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        self.tasks = [asyncio.create_task(self.write(seed)) for seed in range(WRITERS)]
        try:
            yield
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def stop(self) -> None:
        self.is_over = True
        await asyncio.gather(*self.tasks)

    async def write(self, seed: int) -> None:
        choose = random.Random(seed)  # noqa: S311 - the same every time
        for number in itertools.count():
            if self.is_over:
                return
            await self.write_once(choose, f"{seed}-{number}")

    async def write_once(self, choose: random.Random, title: str) -> None:
        what = choose.choices(
            ("batch", "change", "move", "trash", "restore", "erase", "list", "refused"), (15, 25, 12, 18, 8, 8, 9, 5)
        )[0]
        if what == "batch" or not self.live:
            await self.batch(choose, title)
        elif what == "change":
            await self.send("PATCH", f"/tasks/{choose.choice(self.live)}", {"title": title})
        elif what == "move":
            await self.move(choose)
        elif what == "refused":
            headers = {"if_match": '"1"'}
            await self.send("PATCH", f"/tasks/{choose.choice(self.live)}", {"title": title}, **headers)
        elif what == "trash":
            task = self.live.pop(choose.randrange(len(self.live)))
            if await self.send("DELETE", f"/tasks/{task}"):
                self.trashed.append(task)
        elif what == "list":
            await self.change_list(choose, title)
        elif self.trashed:
            task = self.trashed.pop(choose.randrange(len(self.trashed)))
            if what == "erase":
                await self.send("DELETE", f"/trash/{task}")
            elif await self.send("POST", f"/tasks/{task}/restore"):
                self.live.append(task)

    async def batch(self, choose: random.Random, title: str) -> None:
        where = {"list_id": choose.choice(self.lists)} if self.lists and choose.random() < 0.5 else {}
        operations: list[dict[str, Any]] = [
            {"op": "create", "task": {"title": f"{title}-{number}", **where}} for number in range(choose.randint(1, 12))
        ]
        changed = set(choose.sample(self.live, min(3, len(self.live))))
        operations += [{"op": "patch", "id": task, "patch": {"status": "Done"}} for task in changed]
        answer = await self.send("POST", "/tasks/batch", {"operations": operations}, changes=len(operations))
        if answer is not None:
            self.live += [result["task"]["id"] for result in answer.json()["results"] if result["op"] == "create"]

    async def move(self, choose: random.Random) -> None:
        move: dict[str, Any] = choose.choice(
            [
                {"to": "first"},
                {"to": "last"},
                {"after": choose.choice(self.live)},
                {"parent_id": choose.choice(self.live)},
            ]
        )
        if self.lists and choose.random() < 0.3:
            move = {"list_id": choose.choice(self.lists)}
        await self.send("POST", f"/tasks/{choose.choice(self.live)}/move", move)

    async def change_list(self, choose: random.Random, title: str) -> None:
        """There are twenty at most, so that now and then one is deleted, with all that is in it."""
        if len(self.lists) == 20 and choose.random() < 0.3:
            gone = self.lists.pop(choose.randrange(20))
            await self.send("DELETE", f"/lists/{gone}?tasks={choose.choice(['inbox', 'trash'])}")
        elif len(self.lists) < 20:
            answer = await self.send("POST", "/lists", {"name": title})
            if answer is not None:
                self.lists.append(answer.json()["id"])
        else:
            await self.send("PATCH", f"/lists/{choose.choice(self.lists)}", {"name": title})

    async def send(
        self, method: str, path: str, body: Any = None, *, changes: int = 1, **headers: str
    ) -> Answer | None:
        """The answer to what was done. Another writer may have trashed or moved the task, and a 503 tells nothing."""
        answer = await self.clients.send(OWNER, method, path, body, **headers)
        if answer.is_success:
            self.acknowledged += changes
            return answer
        if answer.status not in (0, 404, 409, 412, 422, 503):
            self.wrong.append(answer)
        await asyncio.sleep(0.01)
        return None


@dataclass(eq=False)
class Copy:
    """As docs/sync.md says. It follows until it is whole, and `is_over` tells when that is soon enough."""

    clients: Clients
    waits: bool
    rows: dict[tuple[str, int], tuple[Any, ...]] = field(default_factory=dict)
    since: str | None = None
    resets: int = 0
    taken: int = 0
    empty_pages: int = 0
    is_whole: bool = False
    """As of the last answer."""
    is_over: bool = False
    wrong: list[Answer] = field(default_factory=list)

    async def follow(self) -> None:
        """Until it is whole, and nobody writes any more."""
        while True:
            is_last = self.is_over
            await self.step(wait=2 if self.waits and not is_last else 0)
            if is_last and self.is_whole:
                return
            if self.is_whole and not self.waits:
                await asyncio.sleep(0.05)

    async def step(self, *, wait: int = 0) -> None:
        query = {"limit": LIMIT} | ({"since": self.since, "wait": wait} if self.since is not None else {})
        answer = await self.clients.send(OWNER, "GET", f"/changes?{urlencode(query)}")
        self.is_whole = False
        if answer.status == 200:
            self.take(answer.json())
        elif answer.status == 410:
            self.resets += 1
            self.rows, self.since = {}, None
        else:
            if answer.status not in (0, 503):
                self.wrong.append(answer)
            await asyncio.sleep(0.05)

    def take(self, body: dict[str, Any]) -> None:
        self.empty_pages += body["more"] and not body["changes"]
        for change in body["changes"]:
            kind = change["kind"]
            if change["op"] == "remove":
                self.rows.pop((kind, change["id"]), None)
            elif kind == "task":
                row = change["task"]
                self.rows[kind, row["id"]] = tuple(row[name] for name in TASK_FIELDS)
            else:
                row = change["list"]
                self.rows[kind, row["id"]] = tuple(row[name] for name in LIST_FIELDS)
        self.taken += len(body["changes"])
        self.since, self.is_whole = body["next"], not body["more"]

    def equals(self, held: dict[tuple[str, int], tuple[Any, ...]], name: str) -> Row:
        """With the first row that differs, as each of both has it."""
        row = none(name, len(different := {key for key, _ in self.rows.items() ^ held.items()}))
        if not different:
            return row
        key = min(different)
        return replace(row, figure=f"{row.figure}: {key}, copy {self.rows.get(key)}, database {held.get(key)}")


@asynccontextmanager
async def following(copies: Sequence[Copy]) -> AsyncIterator[None]:
    """From when nobody writes any more they have two minutes to catch up."""
    tasks = [asyncio.create_task(copy.follow()) for copy in copies]
    try:
        yield
        for copy in copies:
            copy.is_over = True
        await asyncio.wait(tasks, timeout=120)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
