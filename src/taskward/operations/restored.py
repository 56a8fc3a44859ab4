"""After a backup was restored, or a branch of Neon reset: what was given out since the backup must not come again.

A version that came again with other content would let an `If-Match` overwrite what its sender has never seen, and an
id that came again would be another task to whoever remembers the first. So the versions of all owners and the ids go
beyond what may have been given out, and each row gets a new version, by which every ETag and every token from before is
told to be old. Rows are stamped while the server serves; a run may break off, and come twice, also at once.

Each run lifts by a day more. Whether one is needed, the database cannot tell: a backup that was made after a run, and
restored, looks as the database did when that run ended, whatever was given out since.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from sqlalchemy import BigInteger, Column, Select, Table, bindparam, func, literal_column, select, tuple_, update
from sqlmodel import SQLModel

from taskward.migrations import AT_REVISION, HEAD
from taskward.operations.numbers import number_of
from taskward.operations.retention import (
    NOT_THE_SCHEMA,
    OWNED_TABLES,
    ROWS_AT_ONCE,
    RetentionRefused,
    as_owner,
    become_keeper,
    connected,
    run,
)
from taskward.postgres.administration import AdminConnection
from taskward.postgres.context import APP_ROLE
from taskward.postgres.statements import Statement, compiled, owned
from taskward.resources.clock import CLOCK, NOW, TICK
from taskward.resources.idempotency import KEYS
from taskward.resources.portions import ROWS, is_in

LIFT_MS = 24 * 3600 * 1000
"""A day beyond now. A version is the time in milliseconds, and runs ahead of it only where an owner writes more than a
thousand times in a second, or in batches: to be a day ahead takes 86 million changes too many since the backup."""

LIFT_IDS = 1_000_000
"""One sequence serves all owners, and nothing in the database tells how far it went after the backup. A million is more
than anybody makes in the days that a backup is old, and a nine thousand millionth of the ids that there are."""

OWNERS_AT_ONCE = 100
SAY_SECONDS = 5

LOCK = 7_809_632_455
"""Of this program alone, held until a sequence is set: of two at once the later would set it back."""

NOT_THE_OWNER = (
    "The login may not set the sequences of ids, and nothing was changed: run this with the login that migrates, in "
    "DATABASE_DIRECT_URL."
)


class Restored(NamedTuple):
    owners: int
    rows: int


def restored(url: str, *, ids: int, say: Callable[[str], None], clock: Callable[[], float] = time.time) -> Restored:
    """Lifts what is given out, first, which takes seconds, and then stamps every row.

    Raises:
        RetentionRefused: no connection, no schema of this release, or a login that may not.
    """
    with connected(url) as connection:
        if not is_at_head(connection):
            raise RetentionRefused(NOT_THE_SCHEMA)
        lift_ids(connection, ids)
        owners = every_owner(connection)
        for first in range(0, len(owners), OWNERS_AT_ONCE):
            lift_versions(connection, owners[first : first + OWNERS_AT_ONCE], now_ms=int(clock() * 1000))
        of_whom = number_of(len(owners), "owner")
        say(f"Lifted the versions of {of_whom}, and the ids by {ids}. From now on nothing comes again.")
        rows, said_at = 0, time.monotonic()
        for number, owner in enumerate(owners):
            rows += sum(stamped(connection, owner, clock))
            if time.monotonic() > said_at + SAY_SECONDS:
                said_at = time.monotonic()
                say(f"Stamped {number_of(rows, 'row')}, of {number + 1} of {of_whom}.")
    return Restored(len(owners), rows)


def is_at_head(connection: AdminConnection) -> bool:
    with connection.transaction():
        connection.execute(sql.SQL("set local role {}").format(sql.Identifier(APP_ROLE)))
        return connection.execute(AT_REVISION).fetchall() == [(HEAD,)]


def every_owner(connection: AdminConnection) -> Sequence[str]:
    """In an order: of two at once none waits for an owner that the other holds while holding one itself."""
    with connection.transaction():
        become_keeper(connection)
        return [owner for (owner,) in connection.execute("select owner_id from owner order by owner_id")]


def lift_ids(connection: AdminConnection, ids: int) -> None:
    try:
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            for name in (table.name for table in STAMPED if "id" in table.c):
                sequence = sql.SQL("pg_get_serial_sequence({}, 'id')::regclass").format(sql.Literal(name))
                lifting = sql.SQL("select setval({0}, nextval({0}) + {1})").format(sequence, sql.Literal(ids))
                connection.execute(lifting)
    except psycopg.errors.InsufficientPrivilege:
        raise RetentionRefused(NOT_THE_OWNER) from None


def lift_versions(connection: AdminConnection, owners: Iterable[str], *, now_ms: int) -> None:
    """Of many in one transaction and one round trip, each as the owner."""
    lifting = sql.SQL(
        "select set_config('app.user_id', {owner}, true); "
        "update owner set version = greatest(version, {now}) + {lift}, feed_floor = greatest(version, {now}) + {lift} "
        "where owner_id = {owner}"
    )
    now, lift = sql.Literal(now_ms), sql.Literal(LIFT_MS)
    each = (lifting.format(owner=sql.Literal(owner), now=now, lift=lift) for owner in owners)
    become = sql.SQL("select set_config('role', {}, true)").format(sql.Literal(APP_ROLE))
    connection.execute(sql.SQL("; ").join([become, *each]))


def stamped(connection: AdminConnection, owner: str, clock: Callable[[], float]) -> Iterator[int]:
    """How many rows, transaction by transaction. None of an owner who was forgotten meanwhile."""
    left, last = list(STAMPED), list[int]()
    while left:
        room = ROWS_AT_ONCE
        with as_owner(connection, owner) as is_there:
            if not is_there:
                return
            run(connection, owner, TICK(now_ms=int(clock() * 1000)))
            while left and room:
                call = STAMP[left[0].name](rows=room, **after(left[0], last))
                [(count, *last)] = run(connection, owner, call).fetchall()
                if count < room:
                    left, last = left[1:], []
                room -= count
        yield ROWS_AT_ONCE - room


def after(table: Table, last: list[int]) -> dict[str, int]:
    """The parameters for what comes behind the last row, or for the beginning."""
    return dict(zip(AFTER, last or [0] * len(key_of(table)), strict=False))


def key_of(table: Table) -> list[Column[Any]]:
    """What tells a row from the others of its owner: whole numbers."""
    return [column for column in table.primary_key if column.name != "owner_id"]


AFTER = ("after", "after_in_it")
"""The parameters that say behind which row a portion begins, for each column of its key."""


def stamping(table: Table) -> Statement:
    """A portion of what was not written since the versions were lifted; how many, and the last one's key."""
    some, key = table.alias("portion"), [column.name for column in key_of(table)]
    of_some = tuple_(*(some.c[name] for name in key))
    behind = tuple_(*(bindparam(name, type_=BigInteger()) for name in AFTER[: len(key)]))
    floor = owned(select(CLOCK.c.feed_floor), CLOCK).scalar_subquery()
    old: Select[Any] = select(literal_column("portion.ctid")).select_from(some)
    old = old.where(of_some > behind, some.c.version <= floor)
    portion = owned(old, some).order_by(*(some.c[name] for name in key)).limit(ROWS)
    stamp = (
        owned(update(table).values(version=NOW).where(is_in(table, portion)), table)
        .returning(*key_of(table))
        .cte("stamped")
    )
    last = select(stamp).order_by(*(stamp.c[name].desc() for name in key)).limit(literal_column("1")).subquery("last")
    count = select(func.count()).select_from(stamp).scalar_subquery()
    return compiled(select(count, *(select(last.c[name]).scalar_subquery() for name in key)))


# All that have a version of their own: what was answered under a key keeps the one that was told.
STAMPED = [
    table
    for table in (SQLModel.metadata.tables[name] for name in OWNED_TABLES)
    if "version" in table.c and table not in (CLOCK, KEYS)
]
STAMP = {table.name: stamping(table) for table in STAMPED}
