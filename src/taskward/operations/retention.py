"""Rows that end: those past their retention, and those of an owner who is to be forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlmodel import SQLModel

import taskward.tasks.actions  # noqa: F401 - fills SQLModel.metadata
from taskward.postgres.administration import AdminConnection, connect, failure_sentence
from taskward.postgres.context import APP_ROLE, DISTRIBUTED, distribution_of
from taskward.resources.clock import owned_tables

KEEPER_ROLE = "taskward_keeper"
"""Sees what has expired, of every owner, and nothing else: its policies say what that is."""

TABLES = SQLModel.metadata.sorted_tables
EXPIRING_TABLES = tuple(table.name for table in TABLES if table.info.get("expires"))
OWNED_TABLES = tuple(owned_tables())

ROWS_AT_ONCE = 10_000
"""A short transaction each: nobody waits for a purge, and one that breaks off has not run in vain."""


class RetentionRefused(Exception):
    """The database would not do it: one sentence for the operator."""


def purge(url: str, *, trash_days: int) -> dict[str, int]:
    """Removes what has expired, and tells how many rows of each table.

    Raises:
        RetentionRefused: no connection, or no schema of this release.
    """
    with connected(url) as connection:
        return {table: purged(connection, table, trash_days=trash_days) for table in EXPIRING_TABLES}


def purged(connection: AdminConnection, table: str, *, trash_days: int) -> int:
    removing = sql.SQL("delete from {table} where ctid = any(array(select ctid from {table} limit {rows}))")
    statement = removing.format(table=sql.Identifier(table), rows=ROWS_AT_ONCE)
    total, removed = 0, ROWS_AT_ONCE
    while removed >= ROWS_AT_ONCE:  # more where partitions have rows at the same place
        with connection.transaction():
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(KEEPER_ROLE)))
            connection.execute("select set_config('app.trash_days', %s, true)", (str(trash_days),))
            removed = connection.execute(statement).rowcount
        total += removed
    return total


def forget(url: str, owner_id: str) -> dict[str, int]:
    """Removes every row of the owner, all or none, and tells how many of each table.

    A later task of the same owner begins anew; its version does not repeat an old one, because it follows the time.

    Raises:
        RetentionRefused: no connection, or no schema of this release.
    """
    with connected(url) as connection, connection.transaction():
        connection.execute("select set_config('app.user_id', %s, true)", (owner_id,))
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(APP_ROLE)))
        # As every write does: whoever writes for this owner at the same time comes before or after.
        connection.execute("select from owner where owner_id = %s for update", (owner_id,))
        return {table: forgotten(connection, table, owner_id) for table in OWNED_TABLES}


def forgotten(connection: AdminConnection, table: str, owner_id: str) -> int:
    statement = sql.SQL("delete from {} where owner_id = %s").format(sql.Identifier(table))
    return connection.execute(statement, (owner_id,)).rowcount


def is_distributed(connection: AdminConnection) -> bool:
    return connection.execute(distribution_of(OWNED_TABLES).sql).fetchone() != (False,)


@contextmanager
def connected(url: str) -> Iterator[AdminConnection]:
    try:
        with connect(url, application_name="taskward") as connection:
            if is_distributed(connection):
                raise RetentionRefused(DISTRIBUTED)
            yield connection
    except (psycopg.ProgrammingError, psycopg.errors.InvalidParameterValue):  # no such table, no such role
        raise RetentionRefused("The database has not the schema of this release: run `taskward migrate`.") from None
    except psycopg.Error as error:
        raise RetentionRefused(failure_sentence("The database did not do it", error)) from None
