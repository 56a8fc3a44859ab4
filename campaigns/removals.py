"""Removals leave a trace, whatever is killed: what was erased or purged can be told to whoever keeps a copy."""

import asyncio
import math
import random
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Row, Size, none
from campaigns.processes import PostgreSQL, postgresql, service, start, temporary_folder
from support.programs import TASKWARD, environment

OWNER = "ann"
WRITERS = 8
WORKERS = {"short": 1, "long": 2}
KILLS = {"short": 2, "long": 15}
SECONDS_BETWEEN = {"short": (0.5, 1.5), "long": (2.0, 4.5)}
PURGE_PAUSE_SECONDS = {"short": 0.5, "long": 0}
"""Between two pairs of purges: each of them has to start Python."""
MOST_SECONDS = 120
"""For purges to remove rows, and for the copy to catch up: both may take long on a crowded machine."""
MOST_LIVE = 12
"""Tasks of one writer."""

REMOVED = re.compile(rb"tasks: removed (\d+) expired rows?")

LIVE, TRASH, GONE = "live", "trash", "gone"

# Times are moved back, in place of waiting: a fifth of the trash expires, and of that some long ago; of what was erased
# a fifth is so old that nobody asks for it.
AGE = """
with of_owner as materialized (select from owner where owner_id = %(owner)s for update)
update tasks set
    deleted_at = case when erased_at is null then now() - (30 + random() * 3) * interval '1 day' else deleted_at end,
    erased_at = case when erased_at is not null then now() - interval '40 days' end
from of_owner
where owner_id = %(owner)s and random() < 0.2
    and (deleted_at > now() - interval '1 day' or erased_at > now() - interval '1 day')
"""


@dataclass
class Task:
    """What its writer was told of it."""

    id: int
    version: int
    may_be: set[str] = field(default_factory=lambda: {LIVE})
    is_sure: bool = True
    """Of the version: no change is in doubt."""
    answered_at: float = 0
    """The latest request about it; infinite while there is one."""


class Writers:
    """Of one owner, who each know their own tasks, and empty the trash of all."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.tasks: dict[int, Task] = {}
        self.contradictions: list[Answer] = []
        self.acknowledged = 0
        self.is_over = False

    async def write(self, number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - the same mixture every time
        mine: list[Task] = []
        while not self.is_over:
            live, trashed = ([task for task in mine if task.may_be == state] for state in ({LIVE}, {TRASH, GONE}))
            step = chance.random()
            if step < 0.02:
                await self.empty()
            elif not live or (step < 0.4 and len(live) < MOST_LIVE):
                mine += await self.create()
            elif step < 0.55:
                await self.change(chance.choice(live))
            elif step < 0.8 or not trashed:
                await self.remove(chance.choice(live))
            elif step < 0.9:
                await self.restore(task := chance.choice(trashed))
                if task.may_be == {TRASH, GONE}:  # it was not there any more
                    mine.remove(task)
            else:
                await self.erase(task := chance.choice(trashed))
                mine.remove(task)
            mine = [task for task in mine if task.is_sure and task.may_be in ({LIVE}, {TRASH, GONE})]
            await asyncio.sleep(0.01)

    async def create(self) -> list[Task]:
        answer = await self.clients.send(OWNER, "POST", "/tasks", {"title": "Something"})
        if not self.is_told(answer, 201):
            return []
        body = answer.json()
        task = self.tasks[body["id"]] = Task(body["id"], body["version"])
        return [task]

    async def change(self, task: Task) -> None:
        answer = await self.ask(task, "PATCH", "/tasks/{}", {"title": "Something else"}, then={LIVE})
        if self.is_told(answer, 200):
            task.version, task.is_sure = answer.json()["version"], True

    async def remove(self, task: Task) -> None:
        answer = await self.ask(task, "DELETE", "/tasks/{}", then={TRASH, GONE})
        if self.is_told(answer, 204):
            task.may_be, task.is_sure = {TRASH, GONE}, True

    async def restore(self, task: Task) -> None:
        was_gone = task.may_be == {GONE}
        answer = await self.ask(task, "POST", "/tasks/{}/restore", then={LIVE})
        if answer.status == 404:
            task.may_be, task.is_sure = task.may_be - {LIVE}, True
        elif self.is_told(answer, 200):
            if was_gone:
                self.contradictions.append(answer)
            task.version, task.may_be, task.is_sure = answer.json()["version"], {LIVE}, True

    async def erase(self, task: Task) -> None:
        answer = await self.ask(task, "DELETE", "/trash/{}", then={GONE})
        if answer.status != 404 and self.is_told(answer, 204):
            task.may_be, task.is_sure = {GONE}, True
            await self.restore(task)

    async def empty(self) -> None:
        began_at = time.monotonic()
        if self.is_told(await self.clients.send(OWNER, "DELETE", "/trash"), 204):
            for task in self.tasks.values():
                if task.may_be == {TRASH, GONE} and task.answered_at < began_at:
                    task.may_be = {GONE}

    async def ask(self, task: Task, method: str, path: str, body: Any = None, *, then: set[str]) -> Answer:
        """Until the answer tells more, both may be: it was done, or not."""
        task.answered_at = math.inf
        task.may_be, task.is_sure = task.may_be | then, False
        answer = await self.clients.send(OWNER, method, path.format(task.id), body)
        task.answered_at = time.monotonic()
        return answer

    def is_told(self, answer: Answer, wanted: int) -> bool:
        if answer.status == wanted:
            self.acknowledged += 1
        elif answer.status not in (0, 503):
            self.contradictions.append(answer)
        return answer.status == wanted

    def rows(self, database: PostgreSQL) -> list[Row]:
        """What was told against the table."""
        [(floor,)] = database.rows("select feed_floor from owner where owner_id = %s", OWNER)
        found = {
            row_id: (str(state), version)
            for row_id, state, version in database.rows(
                "select id, case when erased_at is not null then 'gone' when deleted_at is not null then 'trash' "
                "else 'live' end, version from tasks where owner_id = %s",
                OWNER,
            )
        }
        undone = lost = 0
        for task in self.tasks.values():
            state, version = found.get(task.id, (GONE, None))
            undone += state not in task.may_be
            undone += task.may_be == {LIVE} and task.is_sure and version != task.version
            lost += version is None and task.version > int(str(floor))
        with_content = "select count(*) from tasks where erased_at is not null and (title <> 'erased' or %s)"
        content = "description is not null or tags <> '{}' or deleted_at <> '-infinity' or title_words <> ''"
        removals = sum(LIVE not in task.may_be for task in self.tasks.values())
        return [
            none(f"acknowledged writes undone, of {self.acknowledged:,}", undone),
            none("answers that contradict an acknowledged write", len(self.contradictions)),
            none(f"removals without a trace, of {removals:,}", lost),
            none("erased rows with content", database.count(with_content.replace("%s", content))),
        ]


class Copy:
    """Follows along, and begins anew when it is told to."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.rows: dict[int, int] = {}
        self.since: str | None = None
        self.resets = 0
        self.has_caught_up = False

    async def follow(self) -> None:
        while True:
            await self.step()
            await asyncio.sleep(0.05)

    async def step(self) -> None:
        query = "" if self.since is None else f"&since={self.since}"
        answer = await self.clients.send(OWNER, "GET", f"/changes?limit=100{query}")
        self.has_caught_up = False
        if answer.status == 410:
            self.resets += 1
            self.rows, self.since = {}, None
        elif answer.status == 200:
            body = answer.json()
            for change in body["changes"]:
                if change["op"] == "put":
                    self.rows[change["task"]["id"]] = change["task"]["version"]
                else:
                    self.rows.pop(change["id"], None)
            self.since, self.has_caught_up = body["next"], not body["more"]

    async def differences(self, database: PostgreSQL) -> int:
        ends_at = time.monotonic() + MOST_SECONDS
        self.has_caught_up = False
        while not self.has_caught_up and time.monotonic() < ends_at:
            await self.step()
        live = database.rows("select id, version from tasks where owner_id = %s and deleted_at is null", OWNER)
        return len(set(self.rows.items()) ^ set(live))


class Purges:
    """`taskward purge`, two at once, over and over; of every third pair one is killed."""

    def __init__(self, database: PostgreSQL, log: Path, size: Size) -> None:
        self.database = database
        self.log = log
        self.pause_seconds = PURGE_PAUSE_SECONDS[size]
        self.ended = 0
        self.odd = 0
        self.killed = 0

    async def run(self) -> None:
        chance = random.Random(1)  # noqa: S311 - the same pauses every time
        command, env = [TASKWARD, "purge"], environment(DATABASE_URL=self.database.url)
        for number in range(10**6):
            both = [start(command, env=env, log=self.log, account=None) for _ in range(2)]
            try:
                if number % 3 == 2:
                    await asyncio.sleep(chance.uniform(0.3, 1.5))
                    self.killed += both[0].poll() is None
                    both[0].kill()
                found = [await asyncio.to_thread(process.wait) for process in both]
            finally:
                for process in both:
                    process.kill()
                    process.wait()
            self.ended += found.count(0)
            # A refusal, because the database was away, is a sentence and status 1.
            self.odd += sum(status not in (0, 1, -9) for status in found)
            await asyncio.sleep(self.pause_seconds)

    def removed(self) -> int:
        return sum(int(count) for count in REMOVED.findall(self.log.read_bytes()))

    def tracebacks(self) -> int:
        return self.log.read_bytes().count(b"Traceback")


async def removals(size: Size) -> list[Outcome]:
    """Eight writers of one owner create, change, delete, restore, erase and empty the trash, while SIGKILL meets all of
    PostgreSQL's processes every few seconds and `taskward purge` runs twice at once, now and then killed as well. Times
    are moved back, so that the trash expires and what was erased grows old. A copy follows along by `GET /changes`.

    Undone is what was acknowledged and is not in the table as acknowledged. A removal has a trace when the row is
    there, or when the owner's `feed_floor` has passed the last version that was told of it. A kill counts when requests
    got 503 for it; a hit of the purges is a row that they removed.
    """
    async with (
        postgresql() as database,
        service(database.url, workers=WORKERS[size]) as api,
        clients_of(api) as clients,
    ):
        with temporary_folder(None) as folder:
            return await remove_all_the_time(database, clients, Purges(database, folder / "purge.log", size), size)


async def remove_all_the_time(database: PostgreSQL, clients: Clients, purges: Purges, size: Size) -> list[Outcome]:
    kills, seconds_between = KILLS[size], SECONDS_BETWEEN[size]
    writers, copy, pauses = Writers(clients), Copy(clients), random.Random(2)  # noqa: S311 - the same every time
    times = []
    async with running(age(database), copy.follow(), purges.run()):
        writing = [asyncio.create_task(writers.write(number)) for number in range(WRITERS)]
        try:
            for _ in range(kills):
                await asyncio.sleep(pauses.uniform(*seconds_between))
                killed_at = time.monotonic()
                database.kill()
                await asyncio.sleep(pauses.uniform(0.1, 0.5))
                database.start()
                await database.comes_back()
                times.append((killed_at, time.monotonic() + 1))
            await asyncio.sleep(seconds_between[1])
            ends_at = time.monotonic() + MOST_SECONDS
            while purges.removed() < kills and time.monotonic() < ends_at:  # noqa: ASYNC110 - another process removes
                await asyncio.sleep(0.1)
            writers.is_over = True
            await asyncio.gather(*writing)
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
    hits = sum(any(begin < answer.ended_at < end for answer in clients.unavailable()) for begin, end in times)
    removed = purges.removed()
    return [
        Outcome(
            "PostgreSQL killed while one owner removes",
            hits,
            kills,
            [
                *writers.rows(database),
                none(
                    f"differences of a copy, told to begin anew {copy.resets} times", await copy.differences(database)
                ),
                *clients.rows(),
            ],
        ),
        Outcome(
            "`taskward purge` twice at once",
            removed,
            kills,
            [
                none(f"ends without a sentence, of {purges.ended} that ran through", purges.odd),
                none(f"tracebacks of purges, of which {purges.killed} were killed", purges.tracebacks()),
            ],
        ),
    ]


async def age(database: PostgreSQL) -> None:
    while True:
        with suppress(psycopg.Error):
            await asyncio.to_thread(aged, database.url)
        await asyncio.sleep(0.3)


def aged(url: str) -> None:
    with psycopg.connect(url, autocommit=True, connect_timeout=2) as connection:
        connection.execute(AGE.encode(), {"owner": OWNER})


@asynccontextmanager
async def running(*coroutines: Any) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
