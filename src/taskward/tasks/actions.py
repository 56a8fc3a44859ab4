"""What can be done with one task. Every rule is here, and no HTTP.

Each action is one call to the database. A statement is compiled once, below, next to its use; the owner is added by
`Resource`, and the policy says it again.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import DateTime, Text, bindparam, case, collate, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSVECTOR, aggregate_order_by
from sqlalchemy.sql import ColumnElement, Select

from taskward.postgres.statements import Statement, compiled, owned
from taskward.resources.idempotency import Idempotency
from taskward.resources.references import Reference, RowStatement
from taskward.resources.resource import Resource, Values, Versioned
from taskward.resources.session import Session
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.model import TABLE, TaskCreate, TaskPatch, TaskRead, TaskReplace
from taskward.tasks.words import words_of

TASKS = Resource(TABLE, read=TaskRead, replace=TaskReplace, patch=TaskPatch, missing=TaskNotFound)


async def create(session: Session, new: TaskCreate, *, idempotency: Idempotency | None = None) -> Versioned:
    """With `idempotency` one task, however often the request comes.

    Raises:
        IdempotencyKeyReused: its key came with another request before.
        UidTaken: another task of the owner has its uid.
    """
    return await TASKS.created(session, CREATE, idempotency, values_of(new))


async def find(session: Session, task_id: Reference) -> Versioned:
    """
    Raises:
        TaskNotFound
    """
    return await TASKS.found(session, FIND(id=task_id))


async def replace(
    session: Session,
    task_id: Reference,
    new: TaskReplace,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """`expected` are the versions that may be replaced; None is any.

    Raises:
        TaskNotFound, VersionMismatch
        IdempotencyKeyReused: the key came with another request before.
    """
    call = REPLACE.bound(idempotency, id=task_id, expected=expected, **values_of(new))
    return await TASKS.changed(session, call, idempotency)


async def change(
    session: Session,
    task_id: Reference,
    patch: TaskPatch,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """
    Raises:
        As `replace`.
    """
    if not patch.model_fields_set:
        return await TASKS.unchanged(session, KEEP.bound(idempotency, id=task_id, expected=expected), idempotency)
    changes = changes_in(patch)
    if idempotency is None:
        call = change_of(changes)(id=task_id, expected=expected, **values_in(changes))
    else:
        values = with_words(TASKS.changes_in(changes))
        call = CHANGE.bound(idempotency, id=task_id, expected=expected, **values)
    return await TASKS.changed(session, call, idempotency)


async def delete(
    session: Session, task_id: Reference, *, expected: list[int] | None, idempotency: Idempotency | None = None
) -> Versioned:
    """Into the trash.

    Raises:
        As `replace`.
    """
    return await TASKS.changed(session, REMOVE.bound(idempotency, id=task_id, expected=expected), idempotency)


async def list_tags(session: Session) -> bytes:
    """An array of the tags on tasks that are not in the trash, by code point."""
    [[(json,)]] = await session.read(TAGS())
    return json or b"[]"


def values_of(new: TaskReplace) -> dict[str, Any]:
    return with_words(new.model_dump())


def changes_in(patch: TaskPatch) -> dict[str, Any]:
    """A day takes the place of an instant, and the other way round."""
    sent = patch.model_dump(exclude_unset=True)
    if sent.get("due_on") is not None:
        sent["due_at"] = None
    if sent.get("due_at") is not None:
        sent["due_on"] = None
    return sent


def values_in(changes: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the statement that makes these changes."""
    return with_words(changes if has_own_statement(changes) else TASKS.changes_in(changes))


def with_words(values: dict[str, Any]) -> dict[str, Any]:
    """What a search looks at, beside the texts that it is made of."""
    made = values.copy()
    for text, (spaced, unspaced) in WORD_COLUMNS.items():
        if text in values:
            words, made[unspaced] = words_of(values[text])
            # As PostgreSQL writes them (§8.11.1): nothing in a word has to be escaped.
            made[spaced] = "'" + "' '".join(words) + "'" if words else ""
    return made


WORD_COLUMNS = {text: (f"{text}_words", f"{text}_unspaced") for text in ("title", "description")}
WORDS: dict[str, Values] = {
    text: {
        spaced: bindparam(spaced, type_=TSVECTOR()),
        unspaced: bindparam(unspaced, type_=Text()),
    }
    for text, (spaced, unspaced) in WORD_COLUMNS.items()
}


def when_done(status: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((status == literal_column("'Done'"), since))


def still_done(status: ColumnElement[Any]) -> ColumnElement[Any]:
    """`marked_done_at` of a row that changes: since when it is done. Null stands for the time of this change."""
    return when_done(status, TABLE.c.completed_at)


# What is said to be later is now; null leaves now.
DONE_SINCE = func.least(bindparam("completed_at", type_=DateTime(timezone=True)), func.now())

SENT = {**TASKS.sent, **WORDS["title"], **WORDS["description"]}
NEW_ROW = {"marked_done_at": when_done(TASKS.sent["status"], DONE_SINCE), **SENT}
REPLACED = {**SENT, "marked_done_at": still_done(TASKS.sent["status"])}
PATCHED = {
    **TASKS.changes,
    **{
        column: TASKS.if_sent(text, made, column=column)
        for text, columns in WORDS.items()
        for column, made in columns.items()
    },
    "marked_done_at": still_done(TASKS.changes["status"]),
}

CREATE = TASKS.create(NEW_ROW)
FIND = TASKS.find()
KEEP = TASKS.keep()
REPLACE = TASKS.replace(REPLACED)
CHANGE = TASKS.change(PATCHED)
REMOVE = TASKS.remove()

# Most patches send one field or two. A statement that sets these alone costs PostgreSQL a sixth less than the one that
# looks at each field whether it was sent. Of the many sets of more fields none has its own: each connection keeps what
# it has prepared.
OWN_STATEMENT_FIELDS = 2


def has_own_statement(changes: Iterable[str]) -> bool:
    return len(frozenset(changes)) <= OWN_STATEMENT_FIELDS


def change_of(changes: Iterable[str]) -> Statement | RowStatement:
    fields = frozenset(changes)
    return change_of_few(fields) if has_own_statement(fields) else CHANGE.plain


@cache
def change_of_few(fields: frozenset[str]) -> RowStatement:
    return TASKS.held_to_row(TASKS.changing(patched(fields)))


def patched(fields: frozenset[str]) -> Values:
    """What a patch that sends exactly these fields writes."""
    values = {name: TASKS.sent[name] for name in TASKS.changes if name in fields}
    words = {column: made for text, columns in WORDS.items() if text in fields for column, made in columns.items()}
    done = still_done(values["status"]) if "status" in values else TABLE.c.completed_at
    return {**values, **words, "marked_done_at": done}


def tags_statement() -> Statement:
    each: Select[Any] = select(func.unnest(TABLE.c.tags).label("tag")).where(TASKS.is_live).distinct()
    found = owned(each, TABLE).subquery("found")
    return compiled(select(func.json_agg(aggregate_order_by(found.c.tag, collate(found.c.tag, "C")))))


TAGS = tags_statement()
