"""What a dry run would have made, kept on disk: a later row may refer to an earlier one, however far behind it is."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from taskward.operations.files.rows import Here
from taskward.operations.files.temporary import temporary_tables


class Shadow:
    def __init__(self, tables: sqlite3.Connection) -> None:
        self.tables = tables
        tables.execute("create table task (uid blob primary key, parent blob, is_trashed int, last int) without rowid")
        tables.execute("create index by_parent on task (parent) where not is_trashed")
        tables.execute("create table done (uid blob, occurrence int, primary key (uid, occurrence)) without rowid")

    def add_task(self, uid: UUID, parent: UUID | None, *, is_trashed: bool, last_occurrence: int | None) -> None:
        row = (uid.bytes, parent and parent.bytes, is_trashed, last_occurrence)
        self.tables.execute("insert into task values (?, ?, ?, ?)", row)

    def tasks(self, uids: Iterable[UUID]) -> Iterator[Here]:
        for uid in uids:
            for parent, is_trashed, last in self.tables.execute(
                "select parent, is_trashed, last from task where uid = ?", (uid.bytes,)
            ):
                subtasks = self.subtasks(uid)
                yield Here(0, uid, parent and UUID(bytes=parent), bool(is_trashed), subtasks, last, "")

    def subtasks(self, uid: UUID) -> int:
        counting = "select count(*) from task where parent = ? and not is_trashed"
        [count] = self.tables.execute(counting, (uid.bytes,)).fetchone()
        return int(count)

    def add_completion(self, uid: UUID, occurrence: int) -> None:
        self.tables.execute("insert into done values (?, ?)", (uid.bytes, occurrence))

    def has_completion(self, uid: UUID, occurrence: int) -> bool:
        finding = "select 1 from done where uid = ? and occurrence = ?"
        return self.tables.execute(finding, (uid.bytes, occurrence)).fetchone() is not None


@contextmanager
def shadow() -> Iterator[Shadow]:
    with temporary_tables() as tables:
        yield Shadow(tables)
