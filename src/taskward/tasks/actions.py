"""What can be done with tasks. Every rule is here, and no HTTP.

Each action is one call to the database. A statement is compiled once, below, next to its use; `owned`
adds the owner, and the policy says it again.
"""

import dataclasses
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Delete,
    FromClause,
    Integer,
    Update,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql import ColumnElement, Select
from sqlmodel import SQLModel

from taskward.core.clock import NOW
from taskward.core.database import Owner, Row
from taskward.core.errors import CursorInvalid, IdempotencyKeyReused, TaskNotFound, VersionMismatch
from taskward.core.idempotency import Retry, known_key, once
from taskward.core.paging import cursor_for, place_of
from taskward.core.statements import OWNER, Statement, compiled, json_list, json_of, owned
from taskward.tasks.model import TaskCreate, TaskPatch, TaskRead, TaskReplace

TASKS = SQLModel.metadata.tables["tasks"]

SHAPE = [TASKS.c[name] for name in TaskRead.model_fields]
STORED = [*SHAPE, TASKS.c.version]
WRITABLE = [TASKS.c[name] for name in TaskCreate.model_fields]

Writing = TypeVar("Writing", Update, Delete)

THE_TASK = TASKS.c.id == bindparam("task_id", type_=BigInteger())

# What the client expects the version to be: null for anything, an empty array for what can never be.
EXPECTED = bindparam("expected", type_=ARRAY(BigInteger()))
AS_EXPECTED = EXPECTED.is_(None) | (TASKS.c.version == func.any(EXPECTED))


@dataclass(frozen=True, slots=True)
class Versioned:
    """A task as PostgreSQL rendered it (TaskRead), and the version that is its ETag."""

    id: int
    json: bytes
    version: int
    is_replay: bool = False
    """As it was answered to an earlier request with the same idempotency key, whatever has become of the task since."""


@dataclass(frozen=True, slots=True)
class Page:
    """An array of TaskRead, and the cursor of the next page, None on the last."""

    json: bytes
    next_cursor: str | None


async def create(owner: Owner, new: TaskCreate, *, retry: Retry | None = None) -> Versioned:
    """With `retry`, one task however often the request comes."""
    if retry is None:
        [[row]] = await owner.write(CREATE(**new.model_dump()))
        return versioned(row)
    call = CREATE_ONCE(key=retry.key, fingerprint=retry.fingerprint, **new.model_dump())
    [[(is_replay, is_same, *row_once)]] = await owner.write(call, is_repeatable=True)
    if is_same != b"t":
        raise IdempotencyKeyReused
    return dataclasses.replace(versioned(tuple(row_once)), is_replay=is_replay == b"t")


async def find(owner: Owner, task_id: int) -> Versioned:
    found = await owner.read(FIND(task_id=task_id))
    if not found:
        raise TaskNotFound
    return versioned(found[0])


async def list_tasks(owner: Owner, *, skip: int, limit: int, cursor: str | None) -> Page:
    """In order of creation. A cursor takes the place of `skip`."""
    after = 0 if cursor is None else last_id_of(cursor, owner)
    [(json, last_id, has_more)] = await owner.read(LIST(after=after, skip=skip, limit=limit))
    next_cursor = None
    if has_more == b"t" and last_id is not None:
        next_cursor = cursor_for(last_id.decode(), owner_id=owner.id, of=LIST_NAME)
    return Page(json or b"[]", next_cursor)


def last_id_of(cursor: str, owner: Owner) -> int:
    place = place_of(cursor, owner_id=owner.id, of=LIST_NAME)
    if not re.fullmatch(r"[1-9][0-9]{0,15}", place):  # whoever knows how can invent a cursor for any place
        raise CursorInvalid
    return int(place)


async def replace(owner: Owner, task_id: int, new: TaskReplace, *, expected: Collection[int] | None) -> Versioned:
    """`expected` are the versions that may be replaced; None is any."""
    call = REPLACE(task_id=task_id, expected=as_array(expected), **new.model_dump())
    [[row]] = await owner.write(call)
    return changed(row)


async def change(owner: Owner, task_id: int, patch: TaskPatch, *, expected: Collection[int] | None) -> Versioned:
    sent = patch.model_dump(exclude_unset=True)
    if not sent:
        task = await find(owner, task_id)
        if expected is not None and task.version not in expected:
            raise VersionMismatch
        return task
    values: dict[str, Any] = {column.name: sent.get(column.name) for column in WRITABLE}
    flags = {f"sets_{column.name}": column.name in sent for column in WRITABLE}
    [[row]] = await owner.write(CHANGE(task_id=task_id, expected=as_array(expected), **values, **flags))
    return changed(row)


async def delete(owner: Owner, task_id: int, *, expected: Collection[int] | None) -> None:
    [[row]] = await owner.write(REMOVE(task_id=task_id, expected=as_array(expected)))
    changed(row)


def versioned(row: Row) -> Versioned:
    task_id, json, version = row
    assert task_id is not None  # noqa: S101 - the keys of tables that forbid null
    assert json is not None  # noqa: S101
    assert version is not None  # noqa: S101
    return Versioned(int(task_id), json, int(version))


def changed(row: Row) -> Versioned:
    """What a guarded statement tells: whether the task was there, and the task when it was as expected."""
    was_there, task_id, json, version = row
    if was_there != b"t":
        raise TaskNotFound
    if task_id is None:
        raise VersionMismatch
    return versioned((task_id, json, version))


def as_array(expected: Collection[int] | None) -> list[int] | None:
    return None if expected is None else list(expected)


def parameter_of(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return bindparam(column.key, type_=column.type)


def rendered(tasks: FromClause) -> list[ColumnElement[Any]]:
    """What `versioned` reads, of the table or of what a write returned."""
    shape = [tasks.c[name] for name in TaskRead.model_fields]
    return [tasks.c.id, json_of(shape, tasks).label("json"), tasks.c.version]


def guarded(write: Writing) -> Statement:
    """One statement that tells three outcomes apart: not there, not as expected, done (with the task).

    The clock was moved before, so no other write of this owner comes between the look and the change.
    """
    done = owned(write.where(THE_TASK, AS_EXPECTED), TASKS).returning(*STORED).cte("done")
    was_there = exists(owned(select(TASKS.c.id).where(THE_TASK), TASKS))
    one = select(literal_column("1")).subquery("one")
    return compiled(select(was_there, *rendered(done)).select_from(one.outerjoin(done, true())))


NEW_ROW = {"owner_id": OWNER, "version": NOW, **{column.name: parameter_of(column) for column in WRITABLE}}

created = insert(TASKS).values(NEW_ROW).returning(*STORED).cte("created")

CREATE = compiled(select(*rendered(created)))

known = known_key()

created_once = (
    insert(TASKS)
    .from_select(list(NEW_ROW), select(*NEW_ROW.values()).where(~exists(select(known.c.key))))
    .returning(*STORED)
    .cte("created")
)

CREATE_ONCE = once(known, select(*rendered(created_once)).cte("made"))

FIND = compiled(owned(select(*rendered(TASKS)).where(THE_TASK), TASKS))

REPLACE = guarded(
    update(TASKS).values(
        version=NOW, updated_at=func.now(), **{column.name: parameter_of(column) for column in WRITABLE}
    )
)

CHANGE = guarded(
    update(TASKS).values(
        version=NOW,
        updated_at=func.now(),
        **{
            column.name: case((bindparam(f"sets_{column.name}", type_=Boolean()), parameter_of(column)), else_=column)
            for column in WRITABLE
        },
    )
)

REMOVE = guarded(delete_from(TASKS))


def list_statement() -> Statement:
    """A page of at most `limit` tasks after an id, the last id on it, and whether there are more behind it."""
    after: Select[Any] = owned(select(*SHAPE).where(TASKS.c.id > bindparam("after", type_=BigInteger())), TASKS)
    limit = bindparam("limit", type_=Integer())
    skip = bindparam("skip", type_=Integer())
    ahead = after.order_by(TASKS.c.id).offset(skip).limit(limit + literal_column("1")).cte("ahead")
    page = select(ahead).order_by(ahead.c.id).limit(limit).subquery("page")
    has_more = select(func.count() > limit).select_from(ahead).scalar_subquery()
    return compiled(select(json_list(page, page.c.id), func.max(page.c.id), has_more))


LIST_NAME = "tasks by id"
LIST = list_statement()
