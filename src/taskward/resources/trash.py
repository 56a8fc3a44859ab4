"""The trash of a resource: where a deleted row waits, to be restored or to end after `trash_days`.

What ends leaves its row without what was in it, for those who have to hear of it, until `taskward purge` removes it. It
left at its version, when it was deleted; ending is no change. What is older than `trash_days` counts as gone, and the
owner's writes to the trash erase some of it in the same round trip.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    DefaultClause,
    FromClause,
    Integer,
    Select,
    Table,
    Update,
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
from sqlalchemy.sql import ClauseElement

from taskward.postgres.statements import LazyStatement, owned
from taskward.resources.errors import CursorInvalid
from taskward.resources.idempotency import Idempotency, is_unknown, known_key, once
from taskward.resources.paging import LIMIT, Page, PageRequest, cursor_for, looking_ahead, position_in
from taskward.resources.portions import ROWS, in_portions
from taskward.resources.references import Reference, RowStatement
from taskward.resources.resource import NO_BODY, Resource, Values, Versioned, Write, columns_of, remembered
from taskward.resources.session import Session

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

POSITION = re.compile(r"([0-9]{1,16})\.([1-9][0-9]{0,15})")
"""Of a row in the list: the microsecond since 1970 in which it was deleted, and its id."""

BEGINNING = (datetime.max.replace(tzinfo=UTC), 2**63 - 1)

KEPT = {"owner_id", "id", "uid", "version", "created_at", "position", "deleted_at", "erased_at"}
"""What an erased row still has, or has in place of the usual."""

LONG_AGO: ColumnElement[Any] = literal_column("'-infinity'::timestamptz")
"""When an erased row says that it was deleted: so whoever looks for what lies in the trash leaves it out."""

EXPIRED_ROWS = 100
"""That a write to the trash may erase besides."""

ZERO: ColumnElement[Any] = literal_column("0")
EXPIRED_UNTIL = func.now() - func.make_interval(ZERO, ZERO, ZERO, bindparam("trash_days", type_=Integer()))


class TrashPageRow(NamedTuple):
    json: bytes | None
    deleted_at: bytes | None
    """Of the last row on the page, in microseconds since 1970."""
    id: bytes | None
    has_more: bytes


class Trash:
    """`read` is what a row in it is answered as, `shown` what stands there in place of a column, `restored` what
    restoring writes beside the usual, `erased` what an erased row has in columns that can be neither null nor their
    default. `parts` are columns of other tables whose rows belong to the one that they name, and end with it.

    Raises:
        TypeError: of a column is not said how an erased row has it.
    """

    def __init__(
        self,
        resource: Resource,
        *,
        read: type[BaseModel],
        erased: Values,
        restored: Values | None = None,
        parts: Sequence[Column[Any]] = (),
        shown: Values | None = None,
    ) -> None:
        table = resource.table
        self.resource = resource
        self.parts = parts
        self.list_name = "trash by deleted_at"
        self.shape = [(shown or {}).get(column.name, column).label(column.name) for column in columns_of(table, read)]
        self.erased = {**emptied(table, erased), "erased_at": func.now(), "deleted_at": LONG_AGO}
        self.is_trashed = table.c.deleted_at > EXPIRED_UNTIL
        self.EXPIRE = LazyStatement(self.expiring)
        self.ERASE = Write(plain=RowStatement(self.erasing_one), once=RowStatement(self.erasing_one_once))
        self.EMPTY = Write(plain=LazyStatement(self.emptying), once=LazyStatement(self.emptying_once))
        self.RESTORE = resource.write_of(partial(self.restored, restored or {}))
        self.LIST = LazyStatement(self.listing)

    def erasing(self) -> Update:
        return owned(update(self.resource.table).values(self.erased), self.resource.table)

    def expiring(self) -> ClauseElement:
        table = self.resource.table
        expired = self.erasing_some(table.c.deleted_at <= EXPIRED_UNTIL).returning(table.c.id).cte("erased")
        return select(expired.c.id).add_cte(*self.parts_of(expired))

    def erasing_one(self) -> ClauseElement:
        erased = self.erased_one()
        return select(erased.c.id, erased.c.json, erased.c.version).add_cte(*self.parts_of(erased))

    def erasing_one_once(self) -> ClauseElement:
        known = known_key()
        erased = self.erased_one(is_unknown(known))
        return once(known, erased, *self.parts_of(erased))

    def erased_one(self, *conditions: ColumnElement[bool]) -> CTE:
        table = self.resource.table
        erasing = self.erasing().where(self.resource.is_the_one, self.is_trashed, *conditions)
        return erasing.returning(table.c.id, NO_BODY, table.c.version).cte("erased")

    def parts_of(self, erased: CTE) -> list[CTE]:
        """The removal of what belongs to these rows."""
        return [
            owned(delete(part.table).where(part.in_(select(erased.c.id))), part.table)
            .returning(part)
            .cte(part.table.name)
            for part in self.parts
        ]

    def erasing_some(self, *conditions: ColumnElement[bool]) -> Update:
        """Those that were deleted first, of what is not erased yet."""
        table = self.resource.table
        some: Select[Any] = select(table.c.id).where(table.c.deleted_at > LONG_AGO, *conditions)
        portion = owned(some, table).order_by(table.c.deleted_at, table.c.id).limit(ROWS)
        return self.erasing().where(table.c.id == func.any(func.array(portion.scalar_subquery())))

    def emptying(self) -> ClauseElement:
        """A portion. Answers a row when it was the last one."""
        emptied = self.erasing_some().returning(self.resource.table.c.id).cte("emptied")
        return select(literal_column("1")).where(was_the_last(emptied)).add_cte(*self.parts_of(emptied))

    def emptying_once(self) -> ClauseElement:
        """The key is remembered with the last portion."""
        known, nothing = known_key(), cast(null(), BigInteger)
        emptied = self.erasing_some().returning(self.resource.table.c.id).where(is_unknown(known)).cte("emptied")
        made = select(nothing.label("id"), NO_BODY, nothing.label("version"))
        made = made.where(is_unknown(known), was_the_last(emptied))
        return once(known, made.cte("made"), emptied, *self.parts_of(emptied))

    def restored(self, values: Values, *conditions: ColumnElement[bool]) -> CTE:
        """The row as it is then."""
        resource = self.resource
        restoring = resource.changing({"deleted_at": null(), **values})
        restoring = restoring.where(resource.is_the_one, self.is_trashed, *conditions)
        return owned(restoring, resource.table).returning(*resource.shape).cte("restored")

    def listing(self) -> ClauseElement:
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
        return select(
            select(func.json_agg(aggregate_order_by(func.row_to_json(page.table_valued()), *latest_first(page))))
            .select_from(page)
            .scalar_subquery(),
            select(microseconds).scalar_subquery(),
            select(last_one.c.id).scalar_subquery(),
            has_more,
        )

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
        expire = self.EXPIRE(trash_days=trash_days, rows=EXPIRED_ROWS)
        call = write.bound(idempotency, id=row_id, trash_days=trash_days)
        _, rows = await session.write(expire, call, is_repeatable=idempotency is not None)
        return self.resource.done(rows, idempotency=idempotency)

    async def empty(self, session: Session, *, idempotency: Idempotency | None = None) -> bool:
        """All that is in it, for good. Tells whether that was done before, under this key.

        Raises:
            DatabaseUnavailable: the deadline comes before the end; the same request goes on.
            IdempotencyKeyReused: the key came with another request before.
        """
        [row] = await in_portions(
            session, lambda rows: [self.EMPTY.bound(idempotency, rows=rows)], is_repeatable=idempotency is not None
        )
        return idempotency is not None and remembered(row).is_replay


def emptied(table: Table, erased: Values) -> dict[str, ColumnElement[Any]]:
    """What an erased row has in each column that could tell something: null, its default, or what is said."""
    values = dict(erased)
    for column in table.columns:
        if column.name in KEPT or column.name in values or column.computed is not None:
            continue
        if column.nullable:
            values[column.name] = null()
        elif isinstance(column.server_default, DefaultClause):
            values[column.name] = literal_column(str(column.server_default.arg))
        else:
            raise TypeError(f"{table}.{column.name} can be neither null nor its default: say what an erased row has")
    return values


def was_the_last(emptied: CTE) -> ColumnElement[bool]:
    return select(func.count() < ROWS).select_from(emptied).scalar_subquery()


def latest_first(rows: FromClause) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return rows.c.deleted_at.desc(), rows.c.id.desc()
