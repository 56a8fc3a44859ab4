"""Removes what is past its retention. It runs as a role that sees nothing else, of any owner."""

import psycopg
from psycopg import sql

KEEPER_ROLE = "taskward_keeper"
TABLES = ("idempotency_keys",)
"""The policies of the role say which of their rows have expired."""

ROWS_AT_ONCE = 10_000
"""A short transaction each, so that nobody waits for the purge and a broken one has not run in vain."""


class PurgeRefused(Exception):
    """The database would not be purged: one sentence for the operator."""


def purge(url: str) -> dict[str, int]:
    """The number of rows removed from each table.

    Raises:
        PurgeRefused: no connection, or no schema that this release knows.
    """
    try:
        with psycopg.connect(
            url, autocommit=True, connect_timeout=10, fallback_application_name="taskward purge"
        ) as it:
            return {table: purged(it, table) for table in TABLES}
    except psycopg.Error as error:
        first = str(error).strip().partition("\n")[0]
        raise PurgeRefused(f"Nothing more was purged: {first.rstrip('.')}. Is `taskward migrate` done?") from None


def purged(connection: psycopg.Connection, table: str) -> int:
    statement = sql.SQL("delete from {table} where ctid = any(array(select ctid from {table} limit {rows}))").format(
        table=sql.Identifier(table), rows=ROWS_AT_ONCE
    )
    count = 0
    while True:
        with connection.transaction():
            connection.execute(sql.SQL("set local role {}").format(sql.Identifier(KEEPER_ROLE)))
            removed = connection.execute(statement).rowcount
        count += removed
        if removed < ROWS_AT_ONCE:
            return count
