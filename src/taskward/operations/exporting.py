"""An owner's lists, tasks, trash and completions as lines of JSON.

The rows are those of one moment: one transaction reads them all, and nobody waits for it. It ends before anything is
passed on, so a slow reader of the file keeps no old rows alive in the database.
"""

import json
import os
import shutil
import stat
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    func,
    or_,
    select,
)

from taskward.lists.actions import EVERY
from taskward.operations.files.records import microseconds, naming, uid_of_row
from taskward.operations.files.temporary import temporary_file
from taskward.operations.retention import connected
from taskward.postgres.administration import AdminConnection
from taskward.postgres.context import APP_ROLE
from taskward.postgres.statements import Bound, compiled, json_of_columns, owned
from taskward.resources.resource import columns_of
from taskward.resources.trash import EXPIRED_UNTIL
from taskward.tasks.actions import TASKS
from taskward.tasks.completions import TABLE as COMPLETIONS
from taskward.tasks.completions import CompletionRead
from taskward.tasks.model import TABLE

FORMAT = "taskward/1"

ROWS_AT_ONCE = 500
IDLE_SECONDS = 60
"""After which the server ends the transaction, when this process stands still in the middle."""


class ExportRefused(Exception):
    """There is no file to be had: one sentence for the operator."""


@contextmanager
def exported(url: str, owner_id: str, *, trash_days: int, now: datetime) -> Iterator[tuple[BinaryIO, Counter[str]]]:
    """A temporary file with all of the owner, and how many rows of each kind are in it.

    Raises:
        ExportRefused: the owner has never had anything, or there is no room for the file.
        RetentionRefused: no connection, or no schema of this release.
    """
    with temporary_file(ExportRefused) as file:
        try:
            written = write(file, url, owner_id, trash_days=trash_days, now=now)
            file.flush()
        except OSError as error:
            raise ExportRefused(f"What is read cannot be kept in {tempfile.gettempdir()}: {error.strerror}.") from None
        file.seek(0)
        yield file, written


def write(file: BinaryIO, url: str, owner_id: str, *, trash_days: int, now: datetime) -> "Counter[str]":
    counts: Counter[str] = Counter()
    with connected(url) as connection, at_one_moment(connection, owner_id) as is_there:
        if not is_there:
            raise ExportRefused(f"There is nothing of {owner_id}.")
        file.write(b'{"format": "%b", "exported_at": "%b"}\n' % (FORMAT.encode(), now.isoformat().encode()))
        for kind, line in lines(connection, owner_id, trash_days=trash_days):
            file.write(line)
            counts[kind] += 1
    file.write(b'{"lines": %d}\n' % counts.total())
    return counts


@contextmanager
def at_one_moment(connection: AdminConnection, owner_id: str) -> Iterator[bool]:
    """Tells whether the owner has, or has had, anything."""
    connection.execute("begin isolation level repeatable read, read only")
    settings = {
        "role": APP_ROLE,
        "app.user_id": owner_id,
        "timezone": "UTC",
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    }
    setting = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    connection.execute(f"select {setting}".encode(), [part for pair in settings.items() for part in pair])
    yield connection.execute("select from owner where owner_id = %s", (owner_id,)).rowcount == 1
    connection.execute("commit")


def lines(connection: AdminConnection, owner_id: str, *, trash_days: int) -> Iterator[tuple[str, bytes]]:
    """Each with its kind; of tasks a parent before its subtasks."""
    uids: dict[int, str] = {}
    for row in next(rows(connection, owner_id, EVERY()))[0]:
        created_us = microseconds(datetime.fromisoformat(row["created_at"]))
        row["uid"] = uids[row["id"]] = row["uid"] or str(uid_of_row("list", row["id"], created_us))
        yield "list", line_of("list", json.dumps(row, ensure_ascii=False))
    for text, place, list_id, is_trashed, *named in rows(connection, owner_id, EVERY_TASK(trash_days=trash_days)):
        more = {"uid": uid_in(*named[:3]), "list_uid": uids.get(list_id), "parent_uid": uid_in(*named[3:])}
        yield "trashed" if is_trashed else "task", with_more("task", text, {**more, "place": place})
    for text, *named in rows(connection, owner_id, EVERY_COMPLETION(trash_days=trash_days)):
        yield "completion", with_more("completion", text, {"task_uid": uid_in(*named)})


def uid_in(row_id: int | None, uid: Any, created_us: int) -> str | None:
    """By what `naming` selects."""
    if row_id is None:
        return None
    return str(uid or uid_of_row("task", row_id, created_us))


def with_more(kind: str, text: str, members: dict[str, Any]) -> bytes:
    """The line of an object that PostgreSQL rendered, with more members."""
    return line_of(kind, f"{text[:-1]},{json.dumps(members)[1:]}")


LINE_BREAKS = {ord(character): f"\\u{ord(character):04x}" for character in "\u0085\u2028\u2029"}
"""Which JSON lets stand, and at which some programs break a line."""


def line_of(kind: str, text: str) -> bytes:
    return f'{{"{kind}": {text if text.isascii() else text.translate(LINE_BREAKS)}}}\n'.encode()


def rows(connection: AdminConnection, owner_id: str, call: Bound) -> Iterator[tuple[Any, ...]]:
    values = {"owner": owner_id, **call.values}
    with psycopg.RawServerCursor(connection, "export") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(call.statement.sql, [values[name] for name in call.statement.order])
        yield from cursor


# Statements


def is_kept(table: FromClause) -> ColumnElement[bool]:
    """Live, or in the trash and not past its retention."""
    return or_(table.c.deleted_at.is_(None), table.c.deleted_at > EXPIRED_UNTIL)


def rendered(columns: Sequence[ColumnElement[Any]], table: FromClause) -> ColumnElement[str]:
    return cast(json_of_columns(columns, table), Text)


def every_task() -> Select[Any]:
    parent = TABLE.alias("parent")
    of_parent = and_(parent.c.owner_id == TABLE.c.owner_id, parent.c.id == TABLE.c.parent_id, is_kept(parent))
    history = ("deleted_at", "last_occurrence", "series_start", "series_first")
    shape = [column for column in TASKS.shape if column.name != "uid"] + [TABLE.c[name] for name in history]
    place = func.row_number().over(order_by=[TABLE.c.position, TABLE.c.id])
    columns = [rendered(shape, TABLE), place, TABLE.c.list_id, TABLE.c.deleted_at.is_not(None)]
    found: Select[Any] = select(*columns, *naming(TABLE), *naming(parent))
    found = owned(found.select_from(TABLE.outerjoin(parent, of_parent)).where(is_kept(TABLE)), TABLE)
    return found.order_by(func.greatest(TABLE.c.id, parent.c.id), parent.c.id.nulls_first(), TABLE.c.id)


def every_completion() -> Select[Any]:
    shape = [*columns_of(COMPLETIONS, CompletionRead), COMPLETIONS.c.due_on, COMPLETIONS.c.due_at]
    of_task = and_(TABLE.c.owner_id == COMPLETIONS.c.owner_id, TABLE.c.id == COMPLETIONS.c.task_id, is_kept(TABLE))
    found: Select[Any] = select(*[rendered(shape, COMPLETIONS), *naming(TABLE)])
    found = found.select_from(COMPLETIONS.join(TABLE, of_task)).where(COMPLETIONS.c.taken_back_at.is_(None))
    found = owned(found, COMPLETIONS)
    return found.order_by(COMPLETIONS.c.task_id, COMPLETIONS.c.occurrence)


EVERY_TASK = compiled(every_task())
EVERY_COMPLETION = compiled(every_completion())


# Where the file goes


def save(file: BinaryIO, output: Path) -> None:
    """Whole or not at all, readable for its owner alone; into what is no file as it comes.

    Raises:
        ExportRefused: it cannot be written there.
    """
    try:
        if output.exists() and not stat.S_ISREG(output.stat().st_mode):
            with output.open("wb") as target:
                shutil.copyfileobj(file, target)
            return
        target_path = output.resolve()
        with tempfile.NamedTemporaryFile(dir=target_path.parent, prefix=f".{output.name}.", delete=False) as target:
            try:
                shutil.copyfileobj(file, target)
                target.flush()
                os.fsync(target.fileno())
                Path(target.name).replace(target_path)
            except BaseException:
                Path(target.name).unlink()
                raise
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "no such name"
        raise ExportRefused(f"{output} cannot be written: {reason}.") from None


def print_out(file: BinaryIO) -> None:
    shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
