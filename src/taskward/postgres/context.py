"""What travels in front of every group of statements: the role, the owner, the time zone and the statement timeout.

And the guards: what each new connection is asked before it serves anybody.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Text, bindparam, cast, column, func, literal_column, select, table
from sqlalchemy.dialects.postgresql import REGCLASS, array

from taskward.postgres.statements import OWNER, Statement, compiled

APP_ROLE = "taskward_app"
"""Owns nothing, cannot log in, and is held by row-level security; every transaction becomes it."""

NOBODY = ""
"""The owner of no row: the policies take an empty setting for nobody."""


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
"""In front of every group: behind a pooler the next transaction may be on any connection."""

DIRECT_CONTEXT = compiled(select(SET_OWNER))
"""The same on a connection that is known to be direct: the rest was set for its session."""

# A pooler makes up the pid that it tells its client, because no server process belongs to one.
IS_POOLED = func.pg_backend_pid() != bindparam("told_pid", type_=Integer())
FIRST_CONTEXT = compiled(select(*settings_but_owner(is_local=IS_POOLED), SET_OWNER))
"""In front of a connection's first group: behind a pooler it must leave nothing to the next client."""


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
    revision = select(column("version_num")).select_from(table("alembic_version")).scalar_subquery()
    is_guarded = func.bool_and(func.row_security_active(cast(name, REGCLASS)))
    return compiled(select(is_guarded, revision, func.pg_backend_pid()))
