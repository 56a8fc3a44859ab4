"""What every owned row shares: it is created once, found, changed when it is as expected, and listed page by page.

`Resource` writes statements from a table and its wire shapes, and reads their rows. It is a value: a resource names
what it needs at import, and what is special stays a statement of its own beside the action that runs it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Delete,
    Select,
    Subquery,
    Table,
    Update,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import ReturningInsert

from taskward.errors import InternalError, Problem
from taskward.postgres.encoding import Row
from taskward.postgres.statements import (
    OWNER,
    Bound,
    LazyStatement,
    base_of,
    json_list,
    json_of,
    json_of_columns,
    owned,
)
from taskward.resources.clock import NOW
from taskward.resources.errors import CursorInvalid, IdempotencyKeyReused, RowNotFound, UidTaken, VersionMismatch
from taskward.resources.idempotency import Idempotency, RememberedRow, is_unknown, known_key, once
from taskward.resources.paging import LIMIT, SKIP, Page, PageRequest, looking_ahead, page_in, position_in
from taskward.resources.references import ID_TEXT, IsTheOne, RowStatement, has_its_uid
from taskward.resources.session import Session

Values = Mapping[str, ColumnElement[Any]]
"""What is written, by the names of columns."""

Change = Update | Delete

EXPECTED = bindparam("expected", type_=ARRAY(BigInteger()))
"""The versions that the client allows: null for any, an empty array for none."""

NO_BODY: ColumnElement[Any] = literal_column("''").label("json")
"""What is remembered of an answer without one."""


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


class Write(NamedTuple):
    """The same write, plain and under an idempotency key."""

    plain: LazyStatement | RowStatement
    once: LazyStatement | RowStatement

    def bound(self, idempotency: Idempotency | None, **values: Any) -> Bound:
        if idempotency is None:
            return self.plain(**values)
        return self.once(key=idempotency.key, fingerprint=idempotency.fingerprint, **values)


class Creation(NamedTuple):
    """What creates rows without a uid, which cannot be in each other's way, and rows with one."""

    unnamed: Write
    named: Write


class Resource:
    """Rows of a table with `owner_id`, `id`, `uid`, `version`, `created_at`, `updated_at` and `deleted_at`.

    `read` is the shape that is answered, `replace` and `patch` are the bodies that write; what a creation sends besides
    is for the values of its statement. `missing` is the answer when a row is not there. A unique index
    keeps two rows of an owner from having one uid.

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
        self.is_the_one = IsTheOne(table)
        self.is_live = table.c.deleted_at.is_(None)
        self.IS_THERE = RowStatement(
            lambda: owned(select(literal_column("1")).where(self.is_the_one, self.is_live), table)
        )
        has_uid = (table.c.uid == bindparam("id", type_=Uuid()), has_its_uid(table))
        self.HOLDER = LazyStatement(lambda: owned(select(table.c.id).where(*has_uid), table))
        """Which row has the uid `id`, in the trash too."""
        self.is_as_expected = is_expected(table.c.version)
        self.sent: Values = {column.name: parameter_of(column) for column in columns_of(table, replace)}
        """What a body that creates or replaces sends."""
        unknown = patch.model_fields.keys() - self.sent.keys()
        if unknown:
            raise TypeError(f"{patch.__name__} has {', '.join(sorted(unknown))}, which no statement writes")
        self.changes: Values = {name: self.if_sent(name, self.sent[name]) for name in patch.model_fields}
        """What a body that patches sends."""

    # Statements

    def create(self, values: Values | None = None, *conditions: ColumnElement[bool]) -> Creation:
        """`values` in place of what the body sends. Where the conditions do not hold nothing is made or answered."""
        sent = self.sent if values is None else values
        return Creation(self.creation(sent, *conditions), self.creation(self.named(sent), *conditions))

    def creation(self, values: Values, *conditions: ColumnElement[bool]) -> Write:
        return self.write_of(lambda *more: self.creating(values, *more, *conditions).cte("created"), LazyStatement)

    def find(self) -> RowStatement:
        def written() -> Select[Any]:
            found = owned(select(*self.shape).where(self.is_the_one, self.is_live), self.table)
            return select(*self.rendered(found.subquery("found")))

        return RowStatement(written, is_quick=True)

    def keep(self) -> Write:
        """What a patch without a field does: it changes nothing."""

        def kept() -> Select[Any]:
            return owned(select(*self.shape).where(self.is_the_one, self.is_live, self.is_as_expected), self.table)

        return Write(
            plain=RowStatement(lambda: select(*self.rendered(kept().subquery("kept")))),
            once=RowStatement(lambda: self.once(lambda is_new: kept().where(is_new).cte("kept"))),
        )

    def replace(self, values: Values | None = None) -> Write:
        return self.guarded(self.changing(self.sent if values is None else values))

    def change(self, values: Values | None = None) -> Write:
        return self.guarded(self.changing(self.changes if values is None else values))

    def remove(self) -> Write:
        """Into the trash (`trash.py`)."""
        return self.without_body(self.held(self.removing()))

    def without_body(self, write: Change) -> Write:
        """Of a write to the one row whose answer has no body."""
        row = (self.table.c.id, NO_BODY, self.table.c.version)

        def under_key() -> ClauseElement:
            known = known_key()
            return once(known, write.where(is_unknown(known)).returning(*row).cte("done"))

        return Write(plain=RowStatement(lambda: write.returning(*row)), once=RowStatement(under_key))

    def page(self) -> LazyStatement:
        """A page of the live rows behind an id, in the order of ids."""
        return LazyStatement(self.paging, is_planned_once=True)

    def paging(self) -> Select[Any]:
        after = bindparam("after", type_=BigInteger())
        found = owned(select(*self.shape).where(self.is_live, self.table.c.id > after), self.table)
        ahead, has_more = looking_ahead(found.order_by(self.table.c.id).offset(SKIP))
        page = select(ahead).order_by(ahead.c.id).limit(LIMIT).subquery("page")
        return select(json_list(page, page.c.id), func.max(page.c.id), has_more)

    def guarded(self, write: Update) -> Write:
        def changed(is_new: ColumnElement[bool]) -> CTE:
            return self.held(write).where(is_new).returning(*self.shape).cte("changed")

        return Write(self.held_to_row(write), RowStatement(lambda: self.once(changed)))

    def write_of(
        self,
        made: Callable[..., CTE],
        statement: type[LazyStatement | RowStatement] = RowStatement,
    ) -> Write:
        """Of what makes the row that is answered, under the conditions that it is given."""
        return Write(
            plain=statement(lambda: select(*self.rendered(made()))),
            once=statement(lambda: self.once(made)),
        )

    def held_to_row(self, write: Update) -> RowStatement:
        """RenderedRow, of the row that was changed because it was there and as expected.

        The clock was moved before, so no other write of this owner comes between the look and the change.
        """

        def written() -> ClauseElement:
            json = json_of_columns(self.shape, self.table).label("json")
            return self.held(write).returning(self.table.c.id, json, self.table.c.version)

        return RowStatement(written)

    def once(self, made: Callable[[ColumnElement[bool]], CTE]) -> ClauseElement:
        """What is written under a condition is `made` only if the key is not known."""
        known = known_key()
        return once(known, select(*self.rendered(made(is_unknown(known)))).cte("made"))

    # Parts of statements

    def new_row(self, values: Values) -> dict[str, ColumnElement[Any]]:
        return {"owner_id": OWNER, "version": NOW, **values}

    def creating(self, values: Values, *conditions: ColumnElement[bool]) -> ReturningInsert[Any]:
        """With a uid among the values nothing, when another row has it."""
        row, into = self.new_row(values), insert(self.table)
        creating = (
            into.from_select(list(row), select(*row.values()).where(*conditions)) if conditions else into.values(row)
        )
        if "uid" in values:
            column = self.table.c
            is_kept = and_(column.uid.is_not(None), has_its_uid(self.table))
            creating = creating.on_conflict_do_nothing(
                index_elements=[column.owner_id, column.uid], index_where=is_kept
            )
        return creating.returning(*self.shape)

    def named(self, values: Values) -> Values:
        """Of a row with a uid."""
        return {**values, "uid": parameter_of(self.table.c.uid)}

    def changing(self, values: Values) -> Update:
        return update(self.table).values({"version": NOW, "updated_at": func.now(), **values})

    def removing(self, *, deleted_at: ColumnElement[Any] | None = None) -> Update:
        return update(self.table).values(version=NOW, deleted_at=func.now() if deleted_at is None else deleted_at)

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
        self,
        session: Session,
        creation: Creation,
        idempotency: Idempotency | None,
        values: Mapping[str, Any],
        *,
        refusal: Callable[[], Problem] = InternalError,
    ) -> Versioned:
        """With `idempotency` one row, however often the request comes.

        Raises:
            IdempotencyKeyReused: its key came with another request before.
            UidTaken: another row has its uid.
            Problem: the conditions of the creation do not hold: `refusal`.
        """
        uid = values.get("uid")
        if uid is None:
            calls = [creation.unnamed.bound(idempotency, **values)]
        else:  # In the same round trip: nothing may come between what was refused and the reason.
            calls = [creation.named.bound(idempotency, **values), self.HOLDER(id=uid)]
        rows, *holders = await session.write(*calls, is_repeatable=idempotency is not None)
        if rows:
            return answered(rows[0], idempotency)
        holder = holder_in(holders[0]) if holders else None
        raise refusal() if holder is None else UidTaken(self.missing.noun, holder=holder)

    async def found(self, session: Session, call: Bound) -> Versioned:
        """
        Raises:
            RowNotFound: the resource's own.
        """
        [rows] = await session.read(call)
        if not rows:
            raise self.missing
        return versioned(rows[0])

    async def unchanged(self, session: Session, call: Bound, idempotency: Idempotency | None) -> Versioned:
        """Of `keep`: without a key to remember it is a read.

        Raises:
            As `changed`.
        """
        if idempotency is not None:
            return await self.changed(session, call, idempotency)
        return self.done(*await session.read(*self.with_reason(call)), idempotency=None)

    async def changed(self, session: Session, call: Bound, idempotency: Idempotency | None) -> Versioned:
        """Of a guarded statement, whose values have `id` and `expected`.

        Raises:
            RowNotFound, VersionMismatch: nothing was changed.
            IdempotencyKeyReused: the key came with another request before.
        """
        found = await session.write(*self.with_reason(call), is_repeatable=idempotency is not None)
        return self.done(*found, idempotency=idempotency)

    def with_reason(self, call: Bound) -> list[Bound]:
        if call.values["expected"] is None:
            return [call]
        # In the same round trip: nothing may come between what was refused and the reason.
        return [call, self.IS_THERE(id=call.values["id"])]

    def done(self, rows: Sequence[Row], there: Sequence[Row] = (), *, idempotency: Idempotency | None) -> Versioned:
        """By what the write answered, and what tells whether the row is `there` all the same."""
        if rows:
            return answered(rows[0], idempotency)
        if there:
            raise VersionMismatch(self.missing.noun)
        raise self.missing

    async def paged(
        self, session: Session, statement: LazyStatement, page: PageRequest, *calls: Bound, of: str
    ) -> Page:
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


def is_expected(version: ColumnElement[int]) -> ColumnElement[bool]:
    return EXPECTED.is_(None) | (version == func.any(EXPECTED))


def holder_in(rows: Sequence[Row]) -> int | None:
    """By what `HOLDER` answers."""
    return int(rows[0][0] or 0) if rows else None


def answered(row: Row, idempotency: Idempotency | None) -> Versioned:
    """By what a `Write` answers.

    Raises:
        IdempotencyKeyReused: the key came with another request before.
    """
    return versioned(row) if idempotency is None else remembered(row)


def versioned(row: Row) -> Versioned:
    found = RenderedRow._make(row)
    return Versioned(int(found.id), found.json, int(found.version))


def remembered(row: Row) -> Versioned:
    found = RememberedRow._make(row)
    if found.is_same != b"t":
        raise IdempotencyKeyReused
    return Versioned(int(found.id or 0), found.json, int(found.version or 0), found.is_replay == b"t")


def id_in(position: str) -> int:
    if not ID_TEXT.fullmatch(position):  # a cursor for any position can be forged
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
