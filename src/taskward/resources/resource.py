"""What every owned row shares: it is created once, found, changed when it is as expected, and listed page by page.

`Resource` builds statements from a table and its wire shapes, and reads their rows. It is a value: a resource compiles
what it needs at import, and what is special stays a statement of its own beside the action that runs it.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Subquery,
    Table,
    Update,
    bindparam,
    case,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.dml import ReturningInsert

from taskward.postgres.encoding import Row
from taskward.postgres.statements import (
    OWNER,
    Bound,
    Statement,
    base_of,
    compiled,
    json_list,
    json_of,
    json_of_columns,
    owned,
)
from taskward.resources.clock import NOW
from taskward.resources.errors import CursorInvalid, IdempotencyKeyReused, RowNotFound, VersionMismatch
from taskward.resources.idempotency import Idempotency, RememberedRow, is_unknown, known_key, once
from taskward.resources.paging import LIMIT, SKIP, Page, PageRequest, looking_ahead, page_in, position_in
from taskward.resources.session import Session

Values = Mapping[str, ColumnElement[Any]]
"""What is written, by the names of columns."""

EXPECTED = bindparam("expected", type_=ARRAY(BigInteger()))
"""The versions that the client allows: null for any, an empty array for none."""


class Versioned(NamedTuple):
    """A row as PostgreSQL rendered it, and the version that is its ETag."""

    id: int
    json: bytes
    version: int
    is_replay: bool = False
    """As it was answered to an earlier request with the same idempotency key, whatever has become of the row since."""


class RenderedRow(NamedTuple):
    id: bytes
    json: bytes
    version: bytes


class Creation(NamedTuple):
    """The same write, plain and under an idempotency key."""

    plain: Statement
    once: Statement


class Resource:
    """Rows of a table with `owner_id`, `id`, `version`, `created_at`, `updated_at` and `deleted_at`.

    `read` is the shape that is answered, `replace` and `patch` are the bodies that write; what a creation sends besides
    is for the values of its statement. `missing` is the answer when a row is not there.

    Raises:
        TypeError: a shape has a field that no column carries, or a patch one that a replacement has not.
    """

    def __init__(
        self,
        table: Table,
        *,
        read: type[BaseModel],
        replace: type[BaseModel],
        patch: type[BaseModel],
        missing: type[RowNotFound],
    ) -> None:
        self.table = table
        self.missing = missing
        self.shape = columns_of(table, read)
        self.is_the_one = table.c.id == bindparam("id", type_=BigInteger())
        self.is_live = table.c.deleted_at.is_(None)
        self.IS_THERE = compiled(owned(select(literal_column("1")).where(self.is_the_one, self.is_live), table))
        self.is_as_expected = EXPECTED.is_(None) | (table.c.version == func.any(EXPECTED))
        self.sent: Values = {column.name: parameter_of(column) for column in columns_of(table, replace)}
        """What a body that creates or replaces sends."""
        unknown = patch.model_fields.keys() - self.sent.keys()
        if unknown:
            raise TypeError(f"{patch.__name__} has {', '.join(sorted(unknown))}, which no statement writes")
        self.changes: Values = {name: self.if_sent(name, self.sent[name]) for name in patch.model_fields}
        """What a body that patches sends."""

    # Statements

    def create(self, values: Values | None = None) -> Creation:
        """`values` in place of what the body sends."""
        sent = self.sent if values is None else values
        row, known = self.new_row(sent), known_key()
        creating_once = insert(self.table).from_select(list(row), select(*row.values()).where(is_unknown(known)))
        return Creation(
            plain=compiled(select(*self.rendered(self.creating(sent).cte("created")))),
            once=self.once(known, creating_once.returning(*self.shape).cte("created")),
        )

    def find(self) -> Statement:
        found = owned(select(*self.shape).where(self.is_the_one, self.is_live), self.table)
        return compiled(select(*self.rendered(found.subquery("found"))))

    def replace(self, values: Values | None = None) -> Statement:
        return self.guarded(self.changing(self.sent if values is None else values))

    def change(self, values: Values | None = None) -> Statement:
        return self.guarded(self.changing(self.changes if values is None else values))

    def remove(self) -> Statement:
        """Into the trash (`trash.py`)."""
        return self.guarded(self.removing())

    def page(self) -> Statement:
        """A page of the live rows behind an id, in the order of ids."""
        after = bindparam("after", type_=BigInteger())
        found = owned(select(*self.shape).where(self.is_live, self.table.c.id > after), self.table)
        ahead, has_more = looking_ahead(found.order_by(self.table.c.id).offset(SKIP))
        page = select(ahead).order_by(ahead.c.id).limit(LIMIT).subquery("page")
        return compiled(select(json_list(page, page.c.id), func.max(page.c.id), has_more))

    def guarded(self, write: Update) -> Statement:
        """RenderedRow, of the row that was changed because it was there and as expected.

        The clock was moved before, so no other write of this owner comes between the look and the change.
        """
        json = json_of_columns(self.shape, self.table).label("json")
        return compiled(self.held(write).returning(self.table.c.id, json, self.table.c.version))

    def once(self, known: CTE, made: CTE) -> Statement:
        """`made` was written only if the key was not known."""
        return once(known, select(*self.rendered(made)).cte("made"))

    # Parts of statements

    def new_row(self, values: Values) -> dict[str, ColumnElement[Any]]:
        return {"owner_id": OWNER, "version": NOW, **values}

    def creating(self, values: Values) -> ReturningInsert[Any]:
        return insert(self.table).values(self.new_row(values)).returning(*self.shape)

    def changing(self, values: Values) -> Update:
        return update(self.table).values(version=NOW, updated_at=func.now(), **values)

    def removing(self) -> Update:
        return update(self.table).values(version=NOW, deleted_at=func.now())

    def held(self, write: Update) -> Update:
        """To the one row, if it is there and as expected."""
        return owned(write.where(self.is_the_one, self.is_live, self.is_as_expected), self.table)

    def rendered(self, rows: CTE | Subquery) -> list[ColumnElement[Any]]:
        """RenderedRow, of rows that have the columns of the shape and no others."""
        return [rows.c.id, json_of(rows).label("json"), rows.c.version]

    def if_sent(self, field: str, value: ColumnElement[Any], *, column: str | None = None) -> ColumnElement[Any]:
        """What the patch has sent, or else what the column (of the same name) holds already."""
        is_sent: ColumnElement[bool] = bindparam(f"sets_{field}", type_=Boolean())
        return case((is_sent, value), else_=self.table.c[column or field])

    # What runs them

    async def created(
        self, session: Session, creation: Creation, idempotency: Idempotency | None, values: Mapping[str, Any]
    ) -> Versioned:
        """With `idempotency` one row, however often the request comes.

        Raises:
            IdempotencyKeyReused: its key came with another request before.
        """
        if idempotency is None:
            [[row]] = await session.write(creation.plain(**values))
            return versioned(row)
        [[row]] = await session.write(keyed(creation.once, idempotency, values), is_repeatable=True)
        return remembered(row)

    async def found(self, session: Session, call: Bound) -> Versioned:
        """
        Raises:
            RowNotFound: the resource's own.
        """
        [rows] = await session.read(call)
        if not rows:
            raise self.missing
        return versioned(rows[0])

    async def unchanged(self, session: Session, call: Bound, *, expected: list[int] | None) -> Versioned:
        """What a patch without a field answers, which changes nothing.

        Raises:
            RowNotFound, VersionMismatch: as if it had changed something.
        """
        row = await self.found(session, call)
        if expected is not None and row.version not in expected:
            raise VersionMismatch(self.missing.noun)
        return row

    async def changed(self, session: Session, call: Bound) -> Versioned:
        """Of a guarded statement.

        Raises:
            RowNotFound, VersionMismatch: nothing was changed.
        """
        if call.values["expected"] is None:
            [rows], is_there = await session.write(call), False
        else:
            # In the same round trip: nothing may come between what was refused and the reason.
            rows, there = await session.write(call, self.IS_THERE(id=call.values["id"]))
            is_there = bool(there)
        if rows:
            return versioned(rows[0])
        if is_there:
            raise VersionMismatch(self.missing.noun)
        raise self.missing

    async def paged(self, session: Session, statement: Statement, page: PageRequest, *calls: Bound, of: str) -> Page:
        """A page in the order of ids. `of` names the list that its cursors belong to, `calls` may count its rows.

        Raises:
            CursorInvalid: it was not given out for this owner and list.
        """
        after = 0 if page.cursor is None else id_in(position_in(page.cursor, owner_id=session.owner_id, of=of))
        found = await session.read(statement(after=after, skip=page.skip, limit=page.limit), *calls)
        return page_in(*found, owner_id=session.owner_id, of=of)

    def changes_in(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of `change`, by what a patch has sent."""
        return {name: sent.get(name) for name in self.changes} | {f"sets_{name}": name in sent for name in self.changes}


def keyed(statement: Statement, idempotency: Idempotency, values: Mapping[str, Any]) -> Bound:
    return statement(key=idempotency.key, fingerprint=idempotency.fingerprint, **values)


def versioned(row: Row) -> Versioned:
    found = RenderedRow._make(row)
    return Versioned(int(found.id), found.json, int(found.version))


def remembered(row: Row) -> Versioned:
    """
    Raises:
        IdempotencyKeyReused: the key came with another request before.
    """
    found = RememberedRow._make(row)
    if found.is_same != b"t":
        raise IdempotencyKeyReused
    return Versioned(int(found.id), found.json, int(found.version), found.is_replay == b"t")


def id_in(position: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,15}", position):  # a cursor for any position can be forged
        raise CursorInvalid
    return int(position)


def columns_of(table: Table, shape: type[BaseModel]) -> list[Column[Any]]:
    """
    Raises:
        TypeError: a field that no column carries.
    """
    unknown: Iterable[str] = shape.model_fields.keys() - table.c.keys()
    if unknown:
        raise TypeError(f"{shape.__name__} has {', '.join(sorted(unknown))}, which no column of {table} carries")
    return [table.c[name] for name in shape.model_fields]


def parameter_of(column: Column[Any]) -> ColumnElement[Any]:
    return bindparam(column.name, type_=base_of(column.type))
