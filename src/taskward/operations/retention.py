"""Rows that end: those past their retention, and those of an owner who is to be forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from sqlalchemy import Integer, Table, bindparam, delete, exists, func, literal_column, select, update
from sqlmodel import SQLModel

import taskward.owners.calendar_links
import taskward.resources.deliveries  # noqa: F401 - tables with an owner
from taskward.lists.model import TABLE as LISTS
from taskward.postgres.administration import AdminConnection, connect, failure_sentence
from taskward.postgres.context import APP_ROLE, DISTRIBUTED, KEEPER_ROLE, distribution_of
from taskward.postgres.statements import Bound, Statement, compiled, owned
from taskward.resources.clock import CLOCK, owned_tables
from taskward.resources.idempotency import KEYS
from taskward.resources.portions import ROWS
from taskward.resources.trash import ZERO
from taskward.tasks.model import TABLE as TASKS
from taskward.tasks.trash import TRASH

EXPIRING_TABLES = tuple(table.name for table in SQLModel.metadata.sorted_tables if table.info.get("expires"))
OWNED_TABLES = tuple(owned_tables())

KEYS_AT_ONCE, ROWS_AT_ONCE = 10_000, 1_000
"""A short transaction each: nobody waits for a purge, and one that breaks off has not run in vain."""

LEAST_DAYS = 30
"""For which it can be told what was removed, and `trash_days` if they are more."""

IDLE_SECONDS = 10
"""After which the server ends a transaction, and lets go of its locks, when this process stands still in the middle."""

NOT_THE_SCHEMA = "The database has not the schema of this release: run `taskward migrate`."


class RetentionRefused(Exception):
    """The database would not do it: one sentence for the operator."""


class Purged(NamedTuple):
    """How many rows of a table."""

    removed: int
    erased: int = 0
    """They stay, without what was in them."""


def purge(url: str, *, trash_days: int) -> dict[str, Purged]:
    """Ends what has expired, and tells of each table how much.

    A row goes when nobody goes on from before it was deleted any more, and in the same transaction `owner.feed_floor`
    says that there was one. So any number of purges may run at once, and be killed at any time.

    Raises:
        RetentionRefused: no connection, or no schema of this release.
    """
    with connected(url) as connection:
        of_tasks, of_lists = (owners_with_expired(connection, table, trash_days) for table in (TASKS, LISTS))
        days = max(trash_days, LEAST_DAYS)
        remove = {table: REMOVE[table.name](days=days, rows=ROWS_AT_ONCE) for table in (TASKS, LISTS)}
        erase = TRASH.EXPIRE(trash_days=trash_days, rows=ROWS_AT_ONCE)
        return {
            KEYS.name: Purged(keys_removed(connection)),
            # Before the lists, so that none refers to a list that goes.
            TASKS.name: Purged(
                sum(in_portions(connection, owner, remove[TASKS]) for owner in of_tasks),
                sum(in_portions(connection, owner, erase) for owner in of_tasks),
            ),
            LISTS.name: Purged(sum(in_portions(connection, owner, remove[LISTS]) for owner in of_lists)),
        }


def keys_removed(connection: AdminConnection) -> int:
    removing = sql.SQL("delete from {table} where ctid = any(array(select ctid from {table} limit {rows}))")
    statement = removing.format(table=sql.Identifier(KEYS.name), rows=KEYS_AT_ONCE)
    total, removed = 0, 1
    while removed:  # a full portion or not: another purge may have been quicker with some of its rows
        with connection.transaction():
            become_keeper(connection)
            removed = connection.execute(statement).rowcount
        total += removed
    return total


def owners_with_expired(connection: AdminConnection, table: Table, trash_days: int) -> list[str]:
    finding = sql.SQL("select distinct owner_id from {}").format(sql.Identifier(table.name))
    with connection.transaction():
        become_keeper(connection)
        connection.execute("select set_config('app.trash_days', %s, true)", (str(trash_days),))
        return [owner for (owner,) in connection.execute(finding)]


def become_keeper(connection: AdminConnection) -> None:
    connection.execute(sql.SQL("set local role {}").format(sql.Identifier(KEEPER_ROLE)))


def in_portions(connection: AdminConnection, owner_id: str, call: Bound) -> int:
    """How many rows it was, until nothing was left for a full portion or the owner was gone."""
    total = 0
    while True:
        with as_owner(connection, owner_id) as is_there:
            found = run(connection, owner_id, call).rowcount if is_there else 0
        total += found
        if found < ROWS_AT_ONCE:
            return total


@contextmanager
def as_owner(connection: AdminConnection, owner_id: str) -> Iterator[bool]:
    """A transaction that, as every write does, comes before or after the others of this owner.

    Tells whether there is one: who never wrote, or was forgotten, has no row.
    """
    with connection.transaction():
        settings = {
            "role": APP_ROLE,
            "app.user_id": owner_id,
            "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
            # A portion is read along its index, to its end and no further. Of an owner with much to do the planner
            # knows too little: it would collect and sort all that is left, for each portion.
            "enable_sort": "off",
            "enable_bitmapscan": "off",
        }
        setting = ", ".join(["set_config(%s, %s, true)"] * len(settings))
        connection.execute(f"select {setting}".encode(), [part for pair in settings.items() for part in pair])
        locked = connection.execute("select from owner where owner_id = %s for update", (owner_id,))
        yield locked.rowcount == 1


def run(connection: AdminConnection, owner_id: str, call: Bound) -> psycopg.RawCursor[tuple[Any, ...]]:
    """A statement as requests send it."""
    values = {"owner": owner_id, **call.values}
    cursor = psycopg.RawCursor(connection)
    return cursor.execute(call.statement.sql, [values[name] for name in call.statement.order])


def removing(table: Table) -> Statement:
    """Some of what was deleted, or erased, so long ago that nobody asks for it any more. A row for each.

    An hour more than `days`, because a token may be given out while the removal that it has not seen is committed; no
    transaction lasts as long.
    """
    days, an_hour = bindparam("days", type_=Integer()), literal_column("1", Integer())
    until = func.now() - func.make_interval(ZERO, ZERO, ZERO, days, an_hour)
    expired = [table.c.deleted_at <= until]
    if "erased_at" in table.c:  # of an erased row that is long ago
        expired.append(func.coalesce(table.c.erased_at, table.c.deleted_at) <= until)
    some = owned(select(table.c.id).where(*expired), table).order_by(table.c.deleted_at, table.c.id).limit(ROWS)
    deleting = owned(delete(table).where(table.c.id == func.any(func.array(some.scalar_subquery()))), table)
    gone = deleting.returning(table.c.version).cte("gone")
    highest = select(func.max(gone.c.version)).scalar_subquery()
    raising = update(CLOCK).values(feed_floor=func.greatest(CLOCK.c.feed_floor, highest))
    raised = owned(raising.where(exists(select(gone.c.version))), CLOCK).returning(CLOCK.c.feed_floor).cte("raised")
    return compiled(select(gone.c.version).add_cte(raised))


REMOVE = {table.name: removing(table) for table in (TASKS, LISTS)}


def forget(url: str, owner_id: str) -> dict[str, int]:
    """Removes every row of the owner, all or none, and tells how many of each table.

    A later task of the same owner begins anew; its version does not repeat an old one, because it follows the time.

    Raises:
        RetentionRefused: no connection, or no schema of this release.
    """
    with connected(url) as connection, as_owner(connection, owner_id):
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
        raise RetentionRefused(NOT_THE_SCHEMA) from None
    except psycopg.Error as error:
        raise RetentionRefused(failure_sentence("The database did not do it", error)) from None
