"""How a client names a row: by the id that it was given here, or by the uid that the client gave it itself.

A statement about one row is written once, and asked either way.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from taskward.postgres.statements import Bound, Statement, compiled, owned
from taskward.resources.clock import LARGEST_INTEGER

Reference = int | UUID
"""The id of a row, or its uid."""

ID_TEXT = re.compile(r"[1-9][0-9]{0,15}")
# Python would take braces, `urn:uuid:` and digits without dashes for UUIDs too.
UID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


NO_REFERENCE = f"This must be an id, which is a whole number from 1 to {LARGEST_INTEGER}, or a uid with its dashes"


def reference_in(text: str) -> Reference:
    """Of a path or a query."""
    if ID_TEXT.fullmatch(text) and (number := int(text)) <= LARGEST_INTEGER:
        return number
    if UID_TEXT.fullmatch(text):
        return UUID(text)
    raise ValueError(NO_REFERENCE)


class IsTheOne(ColumnElement[bool]):
    """The row that the parameter `id` names. Which column that is in, `RowStatement` says when it compiles.

    Whether the row must be live, its statement says.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, table: FromClause) -> None:
        self.by_id = table.c.id == bindparam("id", type_=BigInteger())
        self.by_uid = and_(table.c.uid == bindparam("id", type_=Uuid()), *is_not_erased(table))


def has_its_uid(table: FromClause) -> ColumnElement[bool]:
    """In these words the index by uid has it: once a row is gone for good another may be named as it was."""
    [is_here] = is_not_erased(table) or [table.c.deleted_at.is_(None)]
    return is_here


def is_not_erased(table: FromClause) -> list[ColumnElement[bool]]:
    """What of `has_its_uid` is not said already where a row must be live."""
    return [table.c.erased_at.is_(None)] if "erased_at" in table.c else []


@compiles(IsTheOne)
def sql_of(one: IsTheOne, compiler: SQLCompiler, *, by_uid: bool = False, **options: Any) -> str:
    return compiler.process(one.by_uid if by_uid else one.by_id, by_uid=by_uid, **options)


class RowStatement:
    """About the one row (`IsTheOne`): its parameter `id` takes a `Reference`."""

    def __init__(self, written: Callable[[], ClauseElement], *, is_quick: bool = False) -> None:
        """As a `LazyStatement`."""
        self.written, self.is_quick = written, is_quick

    @cached_property
    def by_id(self) -> Statement:
        return compiled(self.written(), is_quick=self.is_quick)

    @cached_property
    def by_uid(self) -> Statement:
        return compiled(self.written(), is_quick=self.is_quick, by_uid=True)

    def __call__(self, **values: Any) -> Bound:
        return Bound(self.by_id if type(values["id"]) is int else self.by_uid, values)


# References in a body or a query: to another row than the one that the call is for.


class Named:
    """A row that the parameter `name` refers to, if it is live."""

    def __init__(self, name: str, table: FromClause, *columns: str) -> None:
        by_id, by_uid = parameters_of(name)
        self.is_sent = by_id.is_not(None) | by_uid.is_not(None)
        row, other = table.alias(name), table.alias(f"{name}_by_uid")
        # Each by its own index: under row-level security PostgreSQL takes none for an id that is one or the other.
        ways = (row, row.c.id == by_id), (other, and_(other.c.uid == by_uid, *is_not_erased(other)))
        self.found = union_all(*(live(rows, is_named, columns) for rows, is_named in ways)).subquery(f"the_{name}")
        self.is_missing = self.is_sent & self.found.c.id.is_(None)


def live(rows: FromClause, is_named: ColumnElement[bool], columns: Sequence[str]) -> Select[Any]:
    kept = (rows.c[column] for column in ("id", *columns))
    return owned(select(*kept).where(is_named, rows.c.deleted_at.is_(None)), rows)


def reference_of(name: str, table: FromClause) -> ColumnElement[int]:
    """The id that the parameter `name` refers to, by itself or by a uid (`named`); null if no row has the uid.

    For a statement that is planned with its values: then PostgreSQL sees only one of the two.
    """
    by_id, by_uid = parameters_of(name)
    return func.coalesce(by_id, id_of(by_uid, table))


def parameters_of(name: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return bindparam(f"{name}_id", type_=BigInteger()), bindparam(f"{name}_uid", type_=Uuid())


def named(name: str, reference: Reference | None) -> dict[str, Any]:
    """The parameters of `reference_of`."""
    is_id = isinstance(reference, int)
    return {f"{name}_id": reference if is_id else None, f"{name}_uid": None if is_id else reference}


def id_of(uid: ColumnElement[Any], table: FromClause) -> ColumnElement[Any]:
    """Of the row that has it and is not gone for good."""
    row = table.alias()
    return owned(select(row.c.id).where(row.c.uid == uid, has_its_uid(row)), row).scalar_subquery()


ONE_ROW = select(literal_column("1")).subquery("one")
"""What references are joined to, so that there is a row whether they are found or not."""
