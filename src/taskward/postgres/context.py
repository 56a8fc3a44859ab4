"""What travels in front of every group of statements: the role, the owner, the time zone and the statement timeout.

And the guards: what each new connection is asked before it serves anybody.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import REGCLASS, array

from taskward.postgres.statements import OWNER, LazyStatement, Statement, compiled

APP_ROLE = "taskward_app"
"""The role of every transaction: it owns nothing, cannot log in, and row-level security binds it."""

KEEPER_ROLE = "taskward_keeper"
"""Sees of every owner what its policies name, and no content: who the owners are, whose rows have expired, of whom
something is to be told, and whose calendar a secret shows. It removes keys and claims deliveries; all else happens as
the owner."""

NOBODY = ""
"""An owner without a row: the policies take an empty setting for nobody."""


def setting(name: str, value: ColumnElement[Any], *, is_local: ColumnElement[Any]) -> ColumnElement[Any]:
    """`is_local`: for the transaction; otherwise for the session."""
    return func.set_config(literal_column(f"'{name}'"), value, is_local)


def settings_but_owner(*, is_local: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    return [
        setting("role", literal_column(f"'{APP_ROLE}'"), is_local=is_local),
        setting("timezone", literal_column("'UTC'"), is_local=is_local),
        setting("statement_timeout", bindparam("timeout_ms", type_=Text()), is_local=is_local),
    ]


# The owner never outlives its transaction, on whatever connection.
SET_OWNER = setting("app.user_id", OWNER, is_local=literal_column("true"))

CONTEXT = compiled(select(*settings_but_owner(is_local=literal_column("true")), SET_OWNER))
"""In front of every group behind a pooler, where each transaction may be on another connection to the server."""

DIRECT_CONTEXT = compiled(select(SET_OWNER))
"""In front of every group but the first on a direct connection: the rest was set for its session."""

GENERIC: ColumnElement[str] = literal_column("'force_generic_plan'")


def planning(mode: ColumnElement[str]) -> ColumnElement[Any]:
    """For the transaction, unless the operator has decided, as for partitions (docs/partitions.md)."""
    as_it_is = func.current_setting(literal_column("'plan_cache_mode'"))
    chosen = case((as_it_is == literal_column("'auto'"), mode), else_=as_it_is)
    return setting("plan_cache_mode", chosen, is_local=literal_column("true"))


ONCE_CONTEXT = compiled(select(SET_OWNER, planning(GENERIC)))
"""In its place in front of a statement that is planned once (`Statement.is_planned_once`)."""

# What libpq was told at connect: of a pooler a number that it made up, because no backend belongs to a client.
IS_POOLED = func.pg_backend_pid() != bindparam("backend_pid", type_=Integer())
PLANS_OF_NAMED = "app.plans_of_named"
SET_PLANS = setting(PLANS_OF_NAMED, GENERIC, is_local=IS_POOLED)
FIRST_CONTEXT = compiled(select(*settings_but_owner(is_local=IS_POOLED), SET_PLANS, SET_OWNER))
"""In front of the first group on each connection: sets role, time zone and timeout for the session where it is direct,
and for the transaction alone where it is pooled, so that nothing is left to the pooler's next client.
"""


def planning_once() -> Select[Any]:
    of_named = func.current_setting(literal_column(f"'{PLANS_OF_NAMED}'"), literal_column("true"))
    return select(planning(func.coalesce(func.nullif(of_named, literal_column("''")), literal_column("'auto'"))))


PLANNED_ONCE = LazyStatement(planning_once)
"""As `ONCE_CONTEXT`, in front of some statements of a group. Where statements have no names, on a pooled connection,
it changes nothing.
"""


PRESENT = compiled(
    select(
        setting("role", literal_column(f"'{KEEPER_ROLE}'"), is_local=literal_column("true")),
        setting("app.presented_digest", bindparam("digest", type_=Text()), is_local=literal_column("true")),
    )
)
"""Behind the context of nobody, and for the rest of its group: the role becomes the keeper, to whom a policy shows the
row of which somebody knows the secret. A statement of its own, because one that looks must be planned as that role.
"""


class Guards(NamedTuple):
    """The row of `guards_of`, in text format."""

    is_guarded: bytes | None
    """Whether the policies bind whoever asks, on every owned table."""
    revision: bytes | None
    """The migration that the schema is at."""
    backend_pid: bytes | None
    """The process that serves the connection; behind a pooler not the one that libpq was told of."""


def guards_of(owned_tables: Sequence[str]) -> Statement:
    """Asks, as the role and the owner of the context, whether row-level security is in force on these tables.

    Raises:
        ValueError: there are none, and nothing would be guarded.
    """
    if not owned_tables:
        raise ValueError("no table to guard: are the modules imported that define them?")
    name = func.unnest(array([literal_column(f"'{name}'") for name in owned_tables])).column_valued("name")
    revision = select(column("version_num")).select_from(table("taskward_version")).scalar_subquery()
    # `row_security = off` makes statements fail, where they would be held to the policies.
    is_guarded = and_(
        func.current_setting(literal_column("'row_security'")) == literal_column("'on'"),
        func.bool_and(func.row_security_active(cast(name, REGCLASS))),
    )
    return compiled(select(is_guarded, revision, func.pg_backend_pid()))


DISTRIBUTED = (
    "The tables are distributed over several servers (Citus), where requests are not held to the rows of their owner: "
    "take a database in which they are not."
)


def distribution_of(tables: Sequence[str]) -> Statement:
    """Asks, as the login, whether Citus has distributed one of these tables: `t` or `f`.

    By way of XML, because a statement that names a table that is not there fails before it can look.
    """
    names = ", ".join(f"''{name}''" for name in tables)
    found = (
        "select from pg_dist_partition join pg_class on pg_class.oid = logicalrelid::text::regclass "
        f"where relname in ({names}) and relnamespace = quote_ident(current_schema())::regnamespace"
    )
    return Statement(
        "select case when to_regclass('pg_dist_partition') is null then false "
        f"else query_to_xml('select where exists ({found})', false, true, '')::text <> '' end".encode(),
        (),
    )
