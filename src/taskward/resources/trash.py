"""The trash of a resource: where a deleted row waits, to be restored or to end after `trash_days`.

What is older counts as gone, and every look into an owner's trash removes it, in the same round trip.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import BaseModel
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
    extract,
    func,
    literal_column,
    null,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from taskward.postgres.statements import Statement, compiled, owned
from taskward.resources.clock import NOW
from taskward.resources.errors import CursorInvalid
from taskward.resources.idempotency import Idempotency, is_unknown, known_key, once
from taskward.resources.paging import LIMIT, Page, PageRequest, cursor_for, looking_ahead, position_in
from taskward.resources.references import Reference, RowStatement
from taskward.resources.resource import NO_BODY, Resource, Values, Versioned, Write, columns_of, remembered
from taskward.resources.session import Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

POSITION = re.compile(r"([0-9]{1,16})\.([1-9][0-9]{0,15})")
"""Of a row in the list: the microsecond since 1970 in which it was deleted, and its id."""

BEGINNING = (datetime.max.replace(tzinfo=UTC), 2**63 - 1)

ZERO: ColumnElement[Any] = literal_column("0")
EXPIRED_UNTIL = func.now() - func.make_interval(ZERO, ZERO, ZERO, bindparam("trash_days", type_=Integer()))


class TrashPageRow(NamedTuple):
    json: bytes | None
    deleted_at: bytes | None
    """Of the last row on the page, in microseconds since 1970."""
    id: bytes | None
    has_more: bytes


class Trash:
    """`read` is what a row in it is answered as, `restored` what restoring writes beside the usual."""

    def __init__(self, resource: Resource, *, read: type[BaseModel], restored: Values | None = None) -> None:
        table = resource.table
        self.resource = resource
        self.list_name = "trash by deleted_at"
        self.shape = columns_of(table, read)
        self.is_trashed = table.c.deleted_at.is_not(None)
        self.is_expired = table.c.deleted_at <= EXPIRED_UNTIL
        self.EXPIRE = compiled(owned(delete(table).where(self.is_expired), table))
        self.ERASE = resource.without_body(owned(delete(table).where(resource.is_the_one, self.is_trashed), table))
        self.EMPTY = self.emptying()
        self.RESTORE = self.restoring(restored or {})
        self.LIST = self.listing()

    def emptying(self) -> Write:
        """Answers a row, whatever was in it."""
        table, known = self.resource.table, known_key()
        emptying = owned(delete(table).where(self.is_trashed), table).returning(table.c.id)
        nothing = cast(null(), BigInteger)
        made = select(nothing.label("id"), NO_BODY, nothing.label("version")).where(is_unknown(known)).cte("made")
        return Write(
            plain=compiled(select(literal_column("1")).add_cte(emptying.cte("emptied"))),
            once=compiled(once(known, made, emptying.where(is_unknown(known)).cte("emptied"))),
        )

    def restoring(self, values: Values) -> Write:
        resource, table = self.resource, self.resource.table
        restoring = (
            owned(update(table).where(resource.is_the_one, self.is_trashed), table)
            .values(version=NOW, updated_at=func.now(), deleted_at=null(), **values)
            .returning(*resource.shape)
        )
        known = known_key()
        return Write(
            plain=RowStatement(select(*resource.rendered(restoring.cte("restored")))),
            once=RowStatement(resource.once(known, restoring.where(is_unknown(known)).cte("restored"))),
        )

    def listing(self) -> Statement:
        """TrashPageRow: what was deleted before `before_at`, or then with a lower id than `before_id`."""
        table = self.resource.table
        before_at = bindparam("before_at", type_=DateTime(timezone=True))
        behind = tuple_(before_at, bindparam("before_id", type_=BigInteger()))
        kept: Select[Any] = select(*self.shape).where(
            table.c.deleted_at > EXPIRED_UNTIL, tuple_(table.c.deleted_at, table.c.id) < behind
        )
        ahead, has_more = looking_ahead(owned(kept, table).order_by(*latest_first(table)))
        page = select(ahead).order_by(*latest_first(ahead)).limit(LIMIT).cte("page")
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
                has_more,
            ).add_cte(self.expiring())
        )

    def expiring(self) -> CTE:
        """Looking takes no clock, so it leaves alone the rows that another transaction has locked."""
        table = self.resource.table
        expired: Select[Any] = select(table.c.id).where(self.is_expired)
        ids = owned(expired, table).with_for_update(skip_locked=True)
        return owned(delete(table).where(table.c.id.in_(ids)), table).returning(table.c.id).cte("expired")

    async def list(self, session: Session, page: PageRequest, *, trash_days: int) -> Page:
        """What was deleted last comes first.

        Raises:
            CursorInvalid: it was not given out for this owner's trash.
        """
        before_at, before_id = BEGINNING if page.cursor is None else self.deleted_before(page.cursor, session)
        call = self.LIST(trash_days=trash_days, before_at=before_at, before_id=before_id, limit=page.limit)
        [[row]] = await session.read(call)
        found = TrashPageRow._make(row)
        next_cursor = None
        if found.has_more == b"t" and found.deleted_at is not None and found.id is not None:
            position = f"{found.deleted_at.decode()}.{found.id.decode()}"
            next_cursor = cursor_for(position, owner_id=session.owner_id, of=self.list_name)
        return Page(found.json or b"[]", next_cursor)

    def deleted_before(self, cursor: str, session: Session) -> tuple[datetime, int]:
        position = POSITION.fullmatch(position_in(cursor, owner_id=session.owner_id, of=self.list_name))
        if position is None:  # a cursor for any position can be forged
            raise CursorInvalid
        return EPOCH + int(position[1]) * MICROSECOND, int(position[2])

    async def restore(
        self, session: Session, row_id: Reference, *, trash_days: int, idempotency: Idempotency | None = None
    ) -> Versioned:
        """
        Raises:
            RowNotFound: it is not in the owner's trash.
            IdempotencyKeyReused: the key came with another request before.
        """
        return await self.written(session, self.RESTORE, row_id, trash_days, idempotency)

    async def erase(
        self, session: Session, row_id: Reference, *, trash_days: int, idempotency: Idempotency | None = None
    ) -> Versioned:
        """For good.

        Raises:
            As `restore`.
        """
        return await self.written(session, self.ERASE, row_id, trash_days, idempotency)

    async def written(
        self, session: Session, write: Write, row_id: Reference, trash_days: int, idempotency: Idempotency | None
    ) -> Versioned:
        expire, call = self.EXPIRE(trash_days=trash_days), write.bound(idempotency, id=row_id)
        _, rows = await session.write(expire, call, is_repeatable=idempotency is not None)
        return self.resource.done(rows, idempotency=idempotency)

    async def empty(self, session: Session, *, idempotency: Idempotency | None = None) -> bool:
        """All that is in it, for good. Tells whether that was done before, under this key.

        Raises:
            IdempotencyKeyReused: the key came with another request before.
        """
        [[row]] = await session.write(self.EMPTY.bound(idempotency), is_repeatable=idempotency is not None)
        return idempotency is not None and remembered(row).is_replay


def latest_first(rows: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return rows.c.deleted_at.desc(), rows.c.id.desc()
