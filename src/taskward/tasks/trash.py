"""The trash: where a deleted task waits, to be restored or to end after `trash_days`.

What is older counts as gone, and every look into an owner's trash removes it, in the same round trip.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Select,
    bindparam,
    cast,
    delete,
    exists,
    extract,
    func,
    literal_column,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from taskward.errors import CursorInvalid, TaskNotFound
from taskward.postgres.statements import Statement, compiled, owned
from taskward.resources.clock import NOW
from taskward.resources.idempotency import Idempotency, known_key, once
from taskward.resources.paging import cursor_for, place_of
from taskward.resources.session import Session
from taskward.tasks.actions import SHAPE, THE_TASK, Versioned, done_once, rendered, versioned
from taskward.tasks.finding import EPOCH, MICROSECOND, Page
from taskward.tasks.model import TASKS, TrashedTask

LIST_NAME = "trash by deleted_at"

PLACE = re.compile(r"([0-9]{1,16})\.([1-9][0-9]{0,15})")
"""Of a task in the list: the microsecond since 1970 in which it was deleted, and its id."""

BEGINNING = (datetime.max.replace(tzinfo=UTC), 2**63 - 1)


async def list_trash(session: Session, *, trash_days: int, limit: int, cursor: str | None) -> Page:
    """What was deleted last comes first."""
    before_at, before_id = BEGINNING if cursor is None else place_in(cursor, session)
    call = LIST(trash_days=trash_days, before_at=before_at, before_id=before_id, limit=limit)
    [(json, last_at, last_id, has_more)] = await session.read(call)
    next_cursor = None
    if has_more == b"t" and last_at is not None and last_id is not None:
        next_cursor = cursor_for(f"{last_at.decode()}.{last_id.decode()}", owner_id=session.owner_id, of=LIST_NAME)
    return Page(json or b"[]", next_cursor)


def place_in(cursor: str, session: Session) -> tuple[datetime, int]:
    place = PLACE.fullmatch(place_of(cursor, owner_id=session.owner_id, of=LIST_NAME))
    if place is None:  # whoever knows how can invent a cursor for any place
        raise CursorInvalid
    return EPOCH + int(place[1]) * MICROSECOND, int(place[2])


async def restore(
    session: Session, task_id: int, *, trash_days: int, idempotency: Idempotency | None = None
) -> Versioned:
    expire = EXPIRE(trash_days=trash_days)
    if idempotency is None:
        _, restored = await session.write(expire, RESTORE(task_id=task_id))
    else:
        call = RESTORE_ONCE(task_id=task_id, key=idempotency.key, fingerprint=idempotency.fingerprint)
        _, restored = await session.write(expire, call, is_repeatable=True)
    if not restored:
        raise TaskNotFound
    return versioned(restored[0]) if idempotency is None else done_once(restored[0])


async def erase(session: Session, task_id: int, *, trash_days: int) -> None:
    """For good."""
    _, erased = await session.write(EXPIRE(trash_days=trash_days), ERASE(task_id=task_id))
    if not erased:
        raise TaskNotFound


async def empty(session: Session) -> None:
    await session.write(EMPTY())


IS_TRASHED = TASKS.c.deleted_at.is_not(None)

ZERO: ColumnElement[Any] = literal_column("0")
EXPIRED_UNTIL = func.now() - func.make_interval(ZERO, ZERO, ZERO, bindparam("trash_days", type_=Integer()))

EXPIRE = compiled(owned(delete(TASKS).where(TASKS.c.deleted_at <= EXPIRED_UNTIL), TASKS))

restoring = (
    owned(update(TASKS).where(THE_TASK, IS_TRASHED), TASKS)
    # An older release may have left `completed_at` to follow `updated_at`.
    .values(version=NOW, updated_at=func.now(), deleted_at=null(), marked_done_at=TASKS.c.completed_at)
    .returning(*SHAPE)
)
restored = restoring.cte("restored")
RESTORE = compiled(select(*rendered(restored)))

known = known_key()
restored_once = restoring.where(~exists(select(known.c.key))).cte("restored")
RESTORE_ONCE = once(known, select(*rendered(restored_once)).cte("made"))

ERASE = compiled(owned(delete(TASKS).where(THE_TASK, IS_TRASHED), TASKS).returning(TASKS.c.id))

EMPTY = compiled(owned(delete(TASKS).where(IS_TRASHED), TASKS))


def latest_first(tasks: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return tasks.c.deleted_at.desc(), tasks.c.id.desc()


def list_statement() -> Statement:
    """A page of at most `limit`, the place of the last task on it, and whether there are more behind it."""
    limit = bindparam("limit", type_=Integer())
    place = tuple_(bindparam("before_at", type_=DateTime(timezone=True)), bindparam("before_id", type_=BigInteger()))
    kept: Select[Any] = select(*(TASKS.c[name] for name in TrashedTask.model_fields)).where(
        TASKS.c.deleted_at > EXPIRED_UNTIL, tuple_(TASKS.c.deleted_at, TASKS.c.id) < place
    )
    ahead = owned(kept, TASKS).order_by(*latest_first(TASKS)).limit(limit + literal_column("1")).cte("ahead")
    page = select(ahead).order_by(*latest_first(ahead)).limit(limit).cte("page")
    last = select(page.c.deleted_at, page.c.id).order_by(page.c.deleted_at, page.c.id)
    last_one = last.limit(literal_column("1")).subquery("last")
    microseconds = cast(extract("epoch", last_one.c.deleted_at) * literal_column("1000000"), BigInteger)
    return compiled(
        select(
            select(func.json_agg(aggregate_order_by(func.row_to_json(page.table_valued()), *latest_first(page))))
            .select_from(page)
            .scalar_subquery(),
            select(microseconds).scalar_subquery(),
            select(last_one.c.id).scalar_subquery(),
            select(func.count() > limit).select_from(ahead).scalar_subquery(),
        ).add_cte(expiring())
    )


def expiring() -> CTE:
    """Looking takes no clock, so it leaves alone what somebody is at work on."""
    expired: Select[Any] = select(TASKS.c.id).where(TASKS.c.deleted_at <= EXPIRED_UNTIL)
    ids = owned(expired, TASKS).with_for_update(skip_locked=True)
    return owned(delete(TASKS).where(TASKS.c.id.in_(ids)), TASKS).returning(TASKS.c.id).cte("expired")


LIST = list_statement()
