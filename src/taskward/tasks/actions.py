"""What can be done with one task. Every rule is here, and no HTTP.

Each action is one call to the database. A statement is compiled once, below, next to its use; the owner is added by
`Resource`, and the policy says it again.
"""

from typing import Any

from sqlalchemy import DateTime, Text, bindparam, case, collate, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.sql import ColumnElement, Select

from taskward.postgres.statements import Statement, compiled, owned
from taskward.resources.idempotency import Idempotency
from taskward.resources.resource import Resource, Versioned
from taskward.resources.session import Session
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.model import TABLE, TaskCreate, TaskPatch, TaskRead, TaskReplace
from taskward.tasks.words import words_of

TASKS = Resource(TABLE, read=TaskRead, replace=TaskReplace, patch=TaskPatch, missing=TaskNotFound)


async def create(session: Session, new: TaskCreate, *, idempotency: Idempotency | None = None) -> Versioned:
    """With `idempotency` one task, however often the request comes.

    Raises:
        IdempotencyKeyReused: its key came with another request before.
    """
    return await TASKS.created(session, CREATE, idempotency, values_of(new))


async def find(session: Session, task_id: int) -> Versioned:
    """
    Raises:
        TaskNotFound
    """
    return await TASKS.found(session, FIND(id=task_id))


async def replace(session: Session, task_id: int, new: TaskReplace, *, expected: list[int] | None) -> Versioned:
    """`expected` are the versions that may be replaced; None is any.

    Raises:
        TaskNotFound, VersionMismatch
    """
    return await TASKS.changed(session, REPLACE(id=task_id, expected=expected, **values_of(new)))


async def change(session: Session, task_id: int, patch: TaskPatch, *, expected: list[int] | None) -> Versioned:
    """
    Raises:
        TaskNotFound, VersionMismatch
    """
    if not patch.model_fields_set:
        return await TASKS.unchanged(session, FIND(id=task_id), expected=expected)
    return await TASKS.changed(session, CHANGE(id=task_id, expected=expected, **changes_in(patch)))


async def delete(session: Session, task_id: int, *, expected: list[int] | None) -> None:
    """Into the trash.

    Raises:
        TaskNotFound, VersionMismatch
    """
    await TASKS.changed(session, REMOVE(id=task_id, expected=expected))


async def list_tags(session: Session) -> bytes:
    """An array of the tags on tasks that are not in the trash, by code point."""
    [[(json,)]] = await session.read(TAGS())
    return json or b"[]"


def values_of(new: TaskReplace) -> dict[str, Any]:
    return new.model_dump() | words_of_fields(new)


def changes_in(patch: TaskPatch) -> dict[str, Any]:
    """A day takes the place of an instant, and the other way round."""
    sent = patch.model_dump(exclude_unset=True)
    if sent.get("due_on") is not None:
        sent["due_at"] = None
    if sent.get("due_at") is not None:
        sent["due_on"] = None
    return TASKS.changes_in(sent) | words_of_fields(patch)


def words_of_fields(task: TaskReplace | TaskPatch) -> dict[str, list[str]]:
    return {"title_words": words_of(task.title), "description_words": words_of(task.description)}


def when_done(status: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((status == literal_column("'Done'"), since))


WORDS = {
    name: func.array_to_tsvector(bindparam(name, type_=ARRAY(Text()))) for name in ("title_words", "description_words")
}
CHANGED_WORDS = {name: TASKS.if_sent(name.removesuffix("_words"), sent, column=name) for name, sent in WORDS.items()}
# What is said to be later is now; null leaves now.
DONE_SINCE = func.least(bindparam("completed_at", type_=DateTime(timezone=True)), func.now())
STILL_DONE_SINCE = func.coalesce(TABLE.c.completed_at, func.now())

NEW_ROW = {"marked_done_at": when_done(TASKS.sent["status"], DONE_SINCE), **TASKS.sent, **WORDS}
REPLACED = {**TASKS.sent, **WORDS, "marked_done_at": when_done(TASKS.sent["status"], STILL_DONE_SINCE)}
PATCHED = {
    **TASKS.changes,
    **CHANGED_WORDS,
    "marked_done_at": when_done(TASKS.changes["status"], STILL_DONE_SINCE),
}

CREATE = TASKS.create(NEW_ROW)
FIND = TASKS.find()
REPLACE = TASKS.replace(REPLACED)
CHANGE = TASKS.change(PATCHED)
REMOVE = TASKS.remove()


def tags_statement() -> Statement:
    each: Select[Any] = select(func.unnest(TABLE.c.tags).label("tag")).where(TASKS.is_live).distinct()
    found = owned(each, TABLE).subquery("found")
    return compiled(select(func.json_agg(aggregate_order_by(found.c.tag, collate(found.c.tag, "C")))))


TAGS = tags_statement()
