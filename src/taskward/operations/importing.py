"""A file becomes lists, tasks, trash and completions of an owner, in portions.

Each portion is looked up in one round trip and written in another, under the owner's clock, as requests are. What a
row is called here (`uid`) comes from the file alone: so what was made before is found again, a run that broke off goes
on, and a file that was imported twice has been imported once. No row that is there is ever changed.
"""

import asyncio
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path
from typing import Any
from uuid import UUID

from taskward.errors import Problem
from taskward.lists.actions import LISTS, MAX_LISTS, TOO_MANY, list_lists
from taskward.migrations import REVISIONS
from taskward.operations.files.checking import Unfit, checked, sentence, values_in
from taskward.operations.files.formats import FORMATS, Format
from taskward.operations.files.records import (
    CompletionLine,
    Entries,
    Flawed,
    LeftOut,
    ListLine,
    Record,
    TaskLine,
    microseconds,
    uid_of_row,
)
from taskward.operations.files.report import Report
from taskward.operations.files.rows import (
    CLOCK_HERE,
    COMPLETIONS_HERE,
    CREATE_COMPLETION,
    CREATE_LIST,
    CREATE_LIVE,
    CREATE_TRASHED,
    TASKS_HERE,
    Here,
    Outcome,
    pairs_in,
)
from taskward.operations.files.shadow import Shadow, shadow
from taskward.operations.files.source import Source, opened
from taskward.operations.files.temporary import temporary_tables
from taskward.operations.numbers import number_of
from taskward.postgres.connecting import named as named_database
from taskward.postgres.failures import DatabaseRefused, DatabaseUnavailable, StatementFailed
from taskward.postgres.pool import Pool
from taskward.postgres.statements import Bound
from taskward.resources.clock import NEWS_TICK, owned_tables
from taskward.resources.errors import LimitReached, UidTaken
from taskward.resources.news import News
from taskward.resources.references import Reference, named
from taskward.resources.session import Session
from taskward.strict_json import NotStrict
from taskward.tasks.references import MAX_SUBTASKS, TOO_DEEP, problem_of
from taskward.tasks.references import TOO_MANY as TOO_MANY_SUBTASKS

ROWS_AT_ONCE = 500
CHARACTERS_AT_ONCE = 1_000_000
"""Rows with long descriptions come in smaller portions."""

DEADLINE_SECONDS = 60
"""Of a portion."""

LIFTED = "a subtask of a subtask: it has become one of the task above both"
ORPHANED = "a parent that is not there: it has become a task of its own"
NO_SUCH_TASK, NO_SUCH_PARENT = "task_uid: There is no such task.", "parent_uid: There is no such task."
NO_ROOM = "There is no room for temporary files: set TMPDIR to a folder with more."
NO_LIST = "list_uid: The list of this task was not made."


@dataclass(slots=True)
class Task:
    """A record that may become a row."""

    number: int
    record: Record
    line: TaskLine
    values: dict[str, Any]
    parent: Reference | None = None


@dataclass(slots=True)
class Done:
    number: int
    record: Record
    line: CompletionLine
    task_id: int = 0


class Import:
    """One file on its way to one owner.

    `mark` are the digits by which positions of this file are told from those of another.
    """

    def __init__(
        self,
        pool: Pool,
        owner_id: str,
        *,
        report: Report,
        mark: str,
        trash_days: int,
        news: News,
        shadow: Shadow | None = None,
    ) -> None:
        self.pool, self.owner_id, self.report, self.shadow, self.news = pool, owner_id, report, shadow, news
        self.mark = f"{zlib.crc32(mark.encode(errors='replace')) % 10_000:04}"
        self.trash_days = trash_days
        self.lists: dict[UUID, int] = {}
        self.newest = ""
        self.since: str | None = None
        """The version, in 16 digits, behind which the rows of this file have their place."""
        self.later: sqlite3.Connection | None = None
        """Numbers of records that refer to one further on in the file."""
        self.deferred = 0
        self.has_expired = False
        """Whether a task was left out whose completions may follow."""

    def session(self) -> Session:
        return Session(self.owner_id, self.pool, self.pool.new_deadline(), self.news)

    async def run(self, read: Callable[[], Entries], advance: Callable[[], None]) -> None:
        """`read` gives the entries of the file from its beginning, the same each time.

        Raises:
            DatabaseUnavailable: what was written until then stays.
        """
        await self.look_around()
        with temporary_tables() as self.later:
            self.later.execute("create table later (number int)")
            await self.take(enumerate(read()), advance)
            if self.deferred:
                numbers = (number for (number,) in self.later.execute("select number from later order by rowid"))
                self.later = None
                await self.take(chosen(read(), numbers), advance)

    async def look_around(self) -> None:
        for row in loads(await list_lists(self.session())):
            created_us = microseconds(datetime.fromisoformat(row["created_at"]))
            uid = UUID(row["uid"]) if row["uid"] else uid_of_row("list", row["id"], created_us)
            self.lists[uid] = row["id"]
        [clock] = await self.session().read(CLOCK_HERE())
        version = max(int(self.pool.clock() * 1000), int(clock[0][0] or 0) + 1 if clock else 0)
        self.newest = f"{version:016}"

    async def take(self, entries: Iterator[tuple[int, Record | Flawed | LeftOut]], advance: Callable[[], None]) -> None:
        """Portions hold tasks alone, or completions alone."""
        portion: list[Task] | list[Done] = []
        size = 0
        for number, entry in entries:
            ready = await self.ready(number, entry)
            if ready is None:
                continue
            if portion and (
                type(portion[0]) is not type(ready) or len(portion) >= ROWS_AT_ONCE or size >= CHARACTERS_AT_ONCE
            ):
                await self.write(portion)
                advance()
                portion, size = [], 0
            portion.append(ready)  # type: ignore[arg-type]
            size += length_of(ready)
        if portion:
            await self.write(portion)
        advance()

    async def ready(self, number: int, entry: Record | Flawed | LeftOut) -> Task | Done | None:
        """What is written with others; the rest is dealt with here."""
        if isinstance(entry, Flawed):
            self.report.fail(entry.line, entry.reason)
            return None
        if isinstance(entry, LeftOut):
            self.report.leave_out_row(entry.line, entry.name)
            return None
        try:
            line = checked(entry)
            if isinstance(line, ListLine):
                await self.write_list(entry, line)
                return None
            if isinstance(line, CompletionLine):
                return Done(number, entry, line)
            if line.uid is None:
                raise Unfit("uid: This field is required.")
            if line.deleted_at is not None and self.is_past_retention(line.deleted_at):
                self.has_expired = True
                self.report.leave_out_row(
                    entry.line, f"in the trash for longer than {number_of(self.trash_days, 'day')}"
                )
                return None
            return Task(number, entry, line, values_in(line))
        except Unfit as unfit:
            self.report.fail(entry.line, str(unfit))
            return None

    def is_past_retention(self, deleted_at: datetime) -> bool:
        return deleted_at <= datetime.fromtimestamp(self.pool.clock(), UTC) - timedelta(days=self.trash_days)

    async def write(self, portion: list[Task] | list[Done]) -> None:
        if isinstance(portion[0], Task):
            await self.write_tasks(portion)
        else:
            await self.write_completions(portion)

    # Lists

    async def write_list(self, record: Record, line: ListLine) -> None:
        if line.uid is None:
            raise Unfit("uid: This field is required.")
        if line.uid in self.lists:
            self.report.there["list"] += 1
            return
        if self.shadow is not None:
            if len(self.lists) >= MAX_LISTS:
                raise Unfit(TOO_MANY)
            self.lists[line.uid] = -1 - len(self.lists)
        else:
            values = line.model_dump()
            try:
                made = await LISTS.created(
                    self.session(), CREATE_LIST, None, values, refusal=lambda: LimitReached(TOO_MANY)
                )
            except UidTaken as taken:  # by another import of the same file, just now
                self.lists[line.uid] = taken.holder or 0
                self.report.there["list"] += 1
                return
            except Problem as problem:
                if problem.status >= 500:
                    raise
                raise Unfit(sentence(problem)) from None
            self.lists[line.uid] = made.id
        self.made("list", record)

    # Tasks

    async def write_tasks(self, portion: Sequence[Task]) -> None:
        here = await self.tasks_here(portion)
        chosen: list[Task] = []
        for task in portion:
            assert task.line.uid is not None  # noqa: S101
            found = here.get(task.line.uid)
            if found is not None:
                self.report.there[kind_of(task.line)] += 1
                self.recognize(found, task.line)
                continue
            try:
                if not self.find_place(task, here):
                    continue
            except Unfit as unfit:
                self.report.fail(task.record.line, str(unfit))
                continue
            here[task.line.uid] = Here(
                0,
                task.line.uid,
                task.parent,
                task.line.deleted_at is not None,
                0,
                task.values["last_occurrence"],
                "",
            )
            chosen.append(task)
        if self.shadow is not None:
            for task in chosen:
                assert task.line.uid is not None  # noqa: S101
                self.shadow.add_task(
                    task.line.uid,
                    task.parent if isinstance(task.parent, UUID) else task.line.parent_uid,
                    is_trashed=task.line.deleted_at is not None,
                    last_occurrence=task.values["last_occurrence"],
                )
                self.made(kind_of(task.line), task.record)
            return
        self.since = self.since or self.newest
        await self.write_chosen(chosen)

    async def tasks_here(self, portion: Sequence[Task | Done]) -> dict[UUID, Here]:
        """Those that the portion makes and refers to, by what the file calls them."""
        uids: set[UUID] = set()
        ids: set[int] = set()
        for row in portion:
            line = row.line
            if isinstance(line, CompletionLine):
                uids.add(line.task_uid)
                ids |= {line.task_id} if line.task_id else set()
                continue
            uids |= {uid for uid in (line.uid, line.parent_uid) if uid is not None}
            ids |= {number for number in (line.id, line.parent_id) if isinstance(number, int)}
        [rows] = await self.session().read(TASKS_HERE(uids=[str(uid) for uid in uids], ids=[*ids]))
        # A row without a uid whose id the file names is the same only if it was created at the same moment.
        here = {found.uid: found for found in map(Here.read, rows) if found.uid in uids}
        if self.shadow is not None:
            for found in self.shadow.tasks(uids):
                here[found.uid] = found
            for uid, found in here.items():
                if found.id:
                    here[uid] = found._replace(subtasks=found.subtasks + self.shadow.subtasks(uid))
        return here

    def recognize(self, found: Here, line: TaskLine) -> None:
        """Of a run that broke off: where it had its place the rest has it too."""
        if self.since is None:
            place = re.fullmatch(rf"5([0-9]{{16}}){self.mark}{line.place:020}1", found.position)
            self.since = place and place[1]

    def find_place(self, task: Task, here: dict[UUID, Here]) -> bool:
        """Whether its turn has come: of two where the other comes later in the file, it comes then.

        Raises:
            Unfit: it cannot be where the file has it.
        """
        line = task.line
        if line.list_uid is not None and line.list_uid not in self.lists:
            raise Unfit(NO_LIST)
        if line.parent_uid is None:
            return True
        parent = here.get(line.parent_uid)
        if parent is None and self.later is not None:
            return self.defer(task)
        if parent is None or (parent.is_trashed and line.deleted_at is None):
            if not task.record.rises:
                raise Unfit(NO_SUCH_PARENT)
            task.record.left_out.append(ORPHANED)
            line.parent_uid = None
            return True
        task.parent = parent.id or parent.uid
        if line.deleted_at is not None:
            return True
        if parent.parent is not None:
            if not task.record.rises:
                raise Unfit(sentence(problem_of(TOO_DEEP)))
            task.record.left_out.append(LIFTED)
            task.parent = parent.parent
            return True
        if parent.subtasks >= MAX_SUBTASKS:
            raise Unfit(sentence(problem_of(TOO_MANY_SUBTASKS)))
        here[line.parent_uid] = parent._replace(subtasks=parent.subtasks + 1)
        return True

    def defer(self, row: Task | Done) -> bool:
        if self.later is None:
            raise Unfit(NO_SUCH_TASK)
        self.later.execute("insert into later values (?)", (row.number,))
        self.deferred += 1
        return False

    async def write_chosen(self, chosen: list[Task]) -> None:
        while chosen:
            calls = [self.creation_of(task) for task in chosen]
            try:
                found = await self.session().write(*calls)
            except StatementFailed as failure:
                # A rule that only the database knows. It has undone them all, and the others are made without this one.
                self.report.fail(chosen.pop(self.index_in(failure, calls)).record.line, refused_by(failure))
                continue
            for task, [row] in zip(chosen, found_or_none(found), strict=True):
                outcome = Outcome._make(row)
                if outcome.id is not None:
                    self.made(kind_of(task.line), task.record)
                elif outcome.refusal is not None:
                    self.report.fail(task.record.line, sentence(problem_of(outcome.refusal.decode())))
                else:
                    self.report.there[kind_of(task.line)] += 1
            return

    def creation_of(self, task: Task) -> Bound:
        line = task.line
        own_list = None if line.list_uid is None else self.lists[line.list_uid]
        values = {
            **task.values,
            "created_at": line.created_at,
            "position": f"5{self.since}{self.mark}{line.place:020}1",
            **named("parent", task.parent),
        }
        if line.deleted_at is not None:
            return CREATE_TRASHED(**values, list_id=own_list, deleted_at=line.deleted_at)
        # A subtask is in its parent's list, wherever that is by now.
        return CREATE_LIVE(**values, **named("list", own_list if task.parent is None else None))

    def index_in(self, failure: StatementFailed, calls: Sequence[Bound]) -> int:
        """In front stand the context and the clock."""
        index = failure.statement_index - 1
        if not 0 <= index < len(calls):
            raise failure
        return index

    def made(self, kind: str, record: Record) -> None:
        self.report.made[kind] += 1
        self.report.leave_out_fields(record.line, record.left_out)

    # Completions

    async def write_completions(self, portion: Sequence[Done]) -> None:
        here = await self.tasks_here(portion)
        chosen: list[Done] = []
        for done in portion:
            task = here.get(done.line.task_uid)
            try:
                if task is None and self.later is None and self.has_expired:
                    self.report.leave_out_row(done.record.line, "a completion of a task that was left out")
                    continue
                if task is None:
                    self.defer(done)
                    continue
                if done.line.occurrence >= (task.last_occurrence or 0):
                    raise Unfit("occurrence: Its task has not come to this occurrence.")
            except Unfit as unfit:
                self.report.fail(done.record.line, str(unfit))
                continue
            done.task_id = task.id
            chosen.append(done)
        there = await self.completions_here(chosen)
        new: list[Done] = []
        for done in chosen:
            key = (done.line.task_uid, done.line.occurrence)
            if key in there:
                self.report.there["completion"] += 1
                continue
            there.add(key)
            new.append(done)
        if self.shadow is not None:
            for done in new:
                self.shadow.add_completion(done.line.task_uid, done.line.occurrence)
                self.made("completion", done.record)
            return
        await self.write_new(new)

    async def completions_here(self, chosen: Sequence[Done]) -> set[tuple[UUID, int]]:
        ids = {done.task_id: done.line.task_uid for done in chosen if done.task_id}
        asked = [done for done in chosen if done.task_id]
        [rows] = await self.session().read(
            COMPLETIONS_HERE(ids=[done.task_id for done in asked], occurrences=[done.line.occurrence for done in asked])
        )
        there = {(ids[task_id], occurrence) for task_id, occurrence in pairs_in(rows)}
        if self.shadow is not None:
            for done in chosen:
                if self.shadow.has_completion(done.line.task_uid, done.line.occurrence):
                    there.add((done.line.task_uid, done.line.occurrence))
        return there

    async def write_new(self, new: list[Done]) -> None:
        while new:
            calls = [
                CREATE_COMPLETION(**{**done.line.model_dump(exclude={"task_uid"}), "task_id": done.task_id})
                for done in new
            ]
            try:
                found = await self.session().write(*calls)
            except StatementFailed as failure:
                self.report.fail(new.pop(self.index_in(failure, calls)).record.line, refused_by(failure))
                continue
            for done, rows in zip(new, found, strict=True):
                if rows:
                    self.made("completion", done.record)
                else:
                    self.report.there["completion"] += 1
            return


def chosen(entries: Entries, numbers: Iterator[int]) -> Iterator[tuple[int, Record | Flawed | LeftOut]]:
    """Of the entries those with these numbers, which ascend."""
    wanted = next(numbers, None)
    for number, entry in enumerate(entries):
        if wanted is None:
            return
        if number == wanted:
            yield number, entry
            wanted = next(numbers, None)


def found_or_none(found: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """A row of each: of what was not made because of its uid there is none."""
    for rows in found:
        yield rows or [(None, None)]


def kind_of(line: TaskLine) -> str:
    return "task" if line.deleted_at is None else "trashed"


def length_of(row: Task | Done) -> int:
    return len(row.line.title) + len(row.line.description or "") if isinstance(row, Task) else 0


def refused_by(failure: StatementFailed) -> str:
    return f"The database does not take this row (SQLSTATE {failure.sqlstate})."


# From the file to the report


def imported(
    path: Path,
    *,
    rows: Report,
    name: str,
    url: str,
    owner_id: str,
    trash_days: int,
    is_told: bool,
    is_dry_run: bool,
    show: Callable[[Source], AbstractContextManager[Callable[[], None]]],
) -> str | None:
    """Why the file was not read to its end, if it was not; `rows` tells what became of it. `show` is how far it is.

    `is_told`: what is written is left for the application to be told (`doors/webhook.py`).

    Raises:
        FileRefused: nothing of it can be taken, and nothing was written.
        DatabaseRefused: the database does not answer, or cannot be used.
    """
    chosen, news = FORMATS[name], News()
    if is_told:
        news.tick = NEWS_TICK
    with opened(path) as source, shadow() if is_dry_run else nullcontext() as made:
        source.check()
        chosen.check(source)
        work = work_of(
            source, chosen, rows, url=url, owner_id=owner_id, trash_days=trash_days, news=news, shadow=made, show=show
        )
        try:
            asyncio.run(work)
        except KeyboardInterrupt:
            return "Stopped."
        except DatabaseUnavailable as failure:
            return failure.detail
        except NotStrict:  # and it was JSON when it was checked
            return "The file has changed while it was read."
        except sqlite3.OperationalError:
            return NO_ROOM
    return None


async def work_of(
    source: Source,
    chosen: Format,
    rows: Report,
    *,
    url: str,
    owner_id: str,
    trash_days: int,
    news: News,
    shadow: Shadow | None,
    show: Callable[[Source], AbstractContextManager[Callable[[], None]]],
) -> None:
    now = datetime.now(UTC)
    pool = Pool(url, pool_size=1, deadline_seconds=DEADLINE_SECONDS, owned_tables=owned_tables(), revisions=REVISIONS)
    try:
        for fault in await pool.readiness():
            raise DatabaseRefused(fault if pool.attempt is None else pool.attempt.sentence(named_database(url)))
        mark = chosen.mark(source)
        work = Import(pool, owner_id, report=rows, mark=mark, trash_days=trash_days, news=news, shadow=shadow)
        with show(source) as advance:
            await work.run(lambda: chosen.read(source, now), advance)
    finally:
        await pool.close()
