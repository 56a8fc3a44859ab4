"""SQLAlchemy statements, compiled once, when they are first used, to the text and bind order that libpq takes.

A statement that touches an owner's rows passes through `owned`, so that ownership is written in one
place; the policy in the database says it again. JSON is made by PostgreSQL (`json_of`, `json_list`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import (
    CTE,
    ColumnElement,
    Delete,
    Dialect,
    FromClause,
    Select,
    Subquery,
    Text,
    Update,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from taskward.postgres.encoding import as_text

Filterable = TypeVar("Filterable", Select[Any], Update, Delete)

OWNER = bindparam("owner", type_=Text())
"""The owner of the request; `Bound.parameters` fills it in, no caller can."""

DIALECT: Dialect = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """SQL with `$1…$n`, and the name of the parameter behind each number. Equal to itself alone."""

    sql: bytes
    order: tuple[str, ...]
    is_prepared: bool = True
    """Whether a direct connection prepares it under a name. Not when its best plan depends on its values, nor when it
    is one of many of its kind, which would fill the server's memory.
    """
    is_quick: bool = False
    """Whether it reads a few rows by their key: it waits for nobody's lock, and nobody waits for it for long."""
    is_planned_once: bool = False
    """Whether PostgreSQL would plan it anew each time although it has a name, and the plan is always the same."""

    def __call__(self, **values: Any) -> "Bound":
        return Bound(self, values)


@dataclass(frozen=True, slots=True)
class Bound:
    statement: Statement
    values: dict[str, Any]

    def parameters(self, owner: bytes | None) -> list[bytes | None]:
        """The values in text format, in the order of their numbers.

        Raises:
            KeyError: a parameter of the statement has no value.
            TypeError, ValueError: a value has no text format (`encoding.py`).
        """
        values = self.values
        return [owner if name == "owner" else as_text(values[name]) for name in self.statement.order]


class LazyStatement:
    """A statement that is written and compiled when it is first called. To do that with all of them at import would be
    a third of a start, for statements of which most processes use a few.
    """

    def __init__(
        self, written: Callable[[], ClauseElement], *, is_prepared: bool = True, is_planned_once: bool = False
    ) -> None:
        """
        Raises:
            ValueError, when it is first called: as `compiled`.
        """
        self.written, self.is_prepared, self.is_planned_once = written, is_prepared, is_planned_once

    @cached_property
    def statement(self) -> Statement:
        return compiled(self.written(), is_prepared=self.is_prepared, is_planned_once=self.is_planned_once)

    def __call__(self, **values: Any) -> Bound:
        return Bound(self.statement, values)


def compiled(
    statement: ClauseElement,
    *,
    is_prepared: bool = True,
    is_quick: bool = False,
    is_planned_once: bool = False,
    **options: Any,
) -> Statement:
    """`options` are for constructs of our own.

    Raises:
        ValueError: the statement holds a constant that is no literal column.
    """
    result = statement.compile(dialect=DIALECT, compile_kwargs=options)
    assert isinstance(result, SQLCompiler)  # noqa: S101 - what every dialect of SQLAlchemy returns for a statement
    # A value inside the statement would be a parameter that nobody binds: constants are literal columns.
    constants = {name for name, parameter in result.binds.items() if not parameter.required}
    if constants:
        raise ValueError(f"this statement holds constants that are no literal columns: {sorted(constants)}")
    order = tuple(result.positiontup or ())
    return Statement(str(result).encode(), order, is_prepared, is_quick, is_planned_once)


def domain(name: str, of: TypeEngine[Any], check: str) -> TypeEngine[Any]:
    """The type of a column that must hold `check` of its `value`. In Python, and in statements, it is what it is of."""
    return of.with_variant(postgresql.DOMAIN(name, of, constraint_name=f"{name}_check", check=check), "postgresql")


def base_of(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """What parameters are sent as: of a domain the type that it is of."""
    in_postgresql = kind.dialect_impl(DIALECT)
    return in_postgresql.data_type if isinstance(in_postgresql, postgresql.DOMAIN) else kind


def owned(statement: Filterable, table: FromClause) -> Filterable:
    """The statement, held to the rows of the request's owner."""
    return statement.where(table.c.owner_id == OWNER)


def json_of(rows: CTE | Subquery) -> ColumnElement[Any]:
    """A row of `rows` as a JSON object with the names of all their columns."""
    return func.row_to_json(rows.table_valued())


def json_of_columns(columns: Sequence[ColumnElement[Any]], table: FromClause) -> ColumnElement[Any]:
    """Some columns of a row of `table`, where there is no subquery that has no others."""
    shape = select(*columns).correlate(table).subquery("shape")
    return select(json_of(shape)).select_from(shape).scalar_subquery()


def json_list(rows: CTE | Subquery, *order: ColumnElement[Any]) -> ColumnElement[Any]:
    """All of `rows` as a JSON array, `[]` when there are none."""
    aggregated = func.json_agg(postgresql.aggregate_order_by(json_of(rows), *order))
    return func.coalesce(aggregated, literal_column("'[]'::json"))
