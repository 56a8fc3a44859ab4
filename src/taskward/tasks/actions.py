"""What can be done with tasks. Every rule is here, and no HTTP.

Each action is one call to the database. A statement is compiled once, below, next to its use; `owned`
adds the owner, and the policy says it again.
"""

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    FromClause,
    Text,
    Update,
    bindparam,
    case,
    collate,
    exists,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert
from sqlalchemy.sql import ColumnElement, Select

from taskward.errors import IdempotencyKeyReused, TaskNotFound, VersionMismatch
from taskward.postgres.encoding import Row
from taskward.postgres.statements import OWNER, Statement, base_of, compiled, json_of, owned
from taskward.resources.clock import NOW
from taskward.resources.idempotency import Idempotency, known_key, once
from taskward.resources.session import Session
from taskward.tasks.model import TASKS, TaskCreate, TaskPatch, TaskRead, TaskReplace
from taskward.tasks.words import words_of

SHAPE = [TASKS.c[name] for name in TaskRead.model_fields]
WRITABLE = [TASKS.c[name] for name in TaskCreate.model_fields]

THE_TASK = TASKS.c.id == bindparam("task_id", type_=BigInteger())

# What the client expects the version to be: null for anything, an empty array for what can never be.
EXPECTED = bindparam("expected", type_=ARRAY(BigInteger()))
IS_LIVE = TASKS.c.deleted_at.is_(None)
AS_EXPECTED = EXPECTED.is_(None) | (TASKS.c.version == func.any(EXPECTED))


@dataclass(frozen=True, slots=True)
class Versioned:
    """A task as PostgreSQL rendered it (TaskRead), and the version that is its ETag."""

    id: int
    json: bytes
    version: int
    is_replay: bool = False
    """As it was answered to an earlier request with the same idempotency key, whatever has become of the task since."""


async def create(session: Session, new: TaskCreate, *, idempotency: Idempotency | None = None) -> Versioned:
    """With `idempotency`, one task however often the request comes."""
    if idempotency is None:
        [[row]] = await session.write(CREATE(**values_of(new)))
        return versioned(row)
    call = CREATE_ONCE(key=idempotency.key, fingerprint=idempotency.fingerprint, **values_of(new))
    [[row_once]] = await session.write(call, is_repeatable=True)
    return done_once(row_once)


async def find(session: Session, task_id: int) -> Versioned:
    found = await session.read(FIND(task_id=task_id))
    if not found:
        raise TaskNotFound
    return versioned(found[0])


async def replace(session: Session, task_id: int, new: TaskReplace, *, expected: Collection[int] | None) -> Versioned:
    """`expected` are the versions that may be replaced; None is any."""
    call = REPLACE(task_id=task_id, expected=as_array(expected), **values_of(new))
    [[row]] = await session.write(call)
    return changed(row)


async def change(session: Session, task_id: int, patch: TaskPatch, *, expected: Collection[int] | None) -> Versioned:
    if not patch.model_fields_set:
        task = await find(session, task_id)
        if expected is not None and task.version not in expected:
            raise VersionMismatch
        return task
    [[row]] = await session.write(CHANGE(task_id=task_id, expected=as_array(expected), **changes_of(patch)))
    return changed(row)


async def delete(session: Session, task_id: int, *, expected: Collection[int] | None) -> None:
    """Into the trash, where `tasks/trash.py` finds it."""
    [[row]] = await session.write(REMOVE(task_id=task_id, expected=as_array(expected)))
    changed(row)


async def list_tags(session: Session) -> bytes:
    """An array of the tags on tasks that are not in the trash, by code point."""
    [(json,)] = await session.read(TAGS())
    return json or b"[]"


def values_of(new: TaskCreate) -> dict[str, Any]:
    return new.model_dump() | words_of_fields(new)


def changes_of(patch: TaskPatch) -> dict[str, Any]:
    """What is set and to what. A day takes the place of an instant, and the other way round."""
    sent = patch.model_dump(exclude_unset=True)
    if sent.get("due_on") is not None:
        sent["due_at"] = None
    if sent.get("due_at") is not None:
        sent["due_on"] = None
    values = {column.name: sent.get(column.name) for column in WRITABLE}
    flags = {f"sets_{column.name}": column.name in sent for column in WRITABLE}
    return values | flags | words_of_fields(patch)


def words_of_fields(task: TaskCreate | TaskPatch) -> dict[str, list[str]]:
    return {"title_words": words_of(task.title), "description_words": words_of(task.description)}


def versioned(row: Row) -> Versioned:
    task_id, json, version = row
    assert task_id is not None  # noqa: S101 - the keys of tables that forbid null
    assert json is not None  # noqa: S101
    assert version is not None  # noqa: S101
    return Versioned(int(task_id), json, int(version))


def done_once(row: Row) -> Versioned:
    """What a statement of `once` tells."""
    is_replay, is_same, *task = row
    if is_same != b"t":
        raise IdempotencyKeyReused
    return dataclasses.replace(versioned(tuple(task)), is_replay=is_replay == b"t")


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
    return bindparam(column.key, type_=base_of(column.type))


def rendered(tasks: FromClause) -> list[ColumnElement[Any]]:
    """What `versioned` reads, of the table or of what a write returned."""
    shape = [tasks.c[name] for name in TaskRead.model_fields]
    return [tasks.c.id, json_of(shape, tasks).label("json"), tasks.c.version]


def attempted(write: Update) -> CTE:
    """The task that was changed because it was there and as expected.

    The clock was moved before, so no other write of this owner comes between the look and the change.
    """
    return owned(write.where(THE_TASK, IS_LIVE, AS_EXPECTED), TASKS).returning(*SHAPE).cte("done")


def guarded(write: Update) -> Statement:
    """One statement that tells three outcomes apart: not there, not as expected, done (with the task)."""
    done = attempted(write)
    return compiled(select(WAS_THERE, *rendered(done)).select_from(ONE_ROW.outerjoin(done, true())))


def when_done(status: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((status == literal_column("'Done'"), since))


WAS_THERE = exists(owned(select(TASKS.c.id).where(THE_TASK, IS_LIVE), TASKS))
ONE_ROW = select(literal_column("1")).subquery("one")

SENT = {column.name: parameter_of(column) for column in WRITABLE}
SENT_WORDS = {
    name: func.array_to_tsvector(bindparam(name, type_=ARRAY(Text()))) for name in ("title_words", "description_words")
}

NEW_ROW = {
    "owner_id": OWNER,
    "version": NOW,
    "marked_done_at": when_done(SENT["status"], func.now()),
    **SENT,
    **SENT_WORDS,
}

STILL_DONE_SINCE = func.coalesce(TASKS.c.completed_at, func.now())


def is_set(field: str) -> ColumnElement[bool]:
    return bindparam(f"sets_{field}", type_=Boolean())


creating = insert(TASKS).values(NEW_ROW).returning(*SHAPE)
created = creating.cte("created")

CREATE = compiled(select(*rendered(created)))

known = known_key()

created_once = (
    insert(TASKS)
    .from_select(list(NEW_ROW), select(*NEW_ROW.values()).where(~exists(select(known.c.key))))
    .returning(*SHAPE)
    .cte("created")
)

CREATE_ONCE = once(known, select(*rendered(created_once)).cte("made"))

FIND = compiled(owned(select(*rendered(TASKS)).where(THE_TASK, IS_LIVE), TASKS))

CHANGED = {"version": NOW, "updated_at": func.now()}

REPLACE = guarded(
    update(TASKS).values(**CHANGED, **SENT, **SENT_WORDS, marked_done_at=when_done(SENT["status"], STILL_DONE_SINCE))
)

CHANGES = {name: case((is_set(name), sent), else_=TASKS.c[name]) for name, sent in SENT.items()}
CHANGES_OF_WORDS = {
    name: case((is_set(name.removesuffix("_words")), sent), else_=TASKS.c[name]) for name, sent in SENT_WORDS.items()
}

CHANGING = update(TASKS).values(
    **CHANGED, **CHANGES, **CHANGES_OF_WORDS, marked_done_at=when_done(CHANGES["status"], STILL_DONE_SINCE)
)
CHANGE = guarded(CHANGING)

REMOVING = update(TASKS).values(version=NOW, deleted_at=func.now())
REMOVE = guarded(REMOVING)


def tags_statement() -> Statement:
    each: Select[Any] = select(func.unnest(TASKS.c.tags).label("tag")).where(IS_LIVE).distinct()
    found = owned(each, TASKS).subquery("found")
    return compiled(select(func.json_agg(aggregate_order_by(found.c.tag, collate(found.c.tag, "C")))))


TAGS = tags_statement()
