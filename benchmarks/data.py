"""PostgreSQL and the rows in it: the same for everybody who is compared."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from campaigns.processes import PostgreSQL, temporary_folder

from support.databases import with_database
from taskward.migrations import migrate
from taskward.operations.embedded.programs import account_for

SETTINGS = """
# A quarter of a small machine's memory, as PostgreSQL §20.4.1 recommends; everything else is its default.
shared_buffers = 1GB
max_connections = 200
"""

FIRST_OWNER = 10**15
"""Owners are numbers, as text: pgbench has no other way to choose one."""

LARGE_OWNER = str(2 * 10**15)
NOBODY = str(3 * 10**15)
"""Has a token and no task."""

FIRST_NEWCOMER = 4 * 10**15
"""And those that follow: they write before they have anything."""


@dataclass(frozen=True, slots=True)
class Rows:
    """`owners` with `each` tasks, which came in turn, as from people who live side by side. Ids follow from that."""

    owners: int
    each: int
    of_large_owner: int = 0

    @property
    def last_id(self) -> int:
        return self.owners * self.each + self.of_large_owner

    def owner(self, number: int) -> str:
        return str(FIRST_OWNER + number)

    def task(self, number: int, turn: int) -> int:
        return 1 + number + self.owners * turn


COMPARED = Rows(owners=1_000, each=200)

# A task a second, each made by a write of its own, whose version is the time in ms; the position is what a new row has.
# Words by a simple rule: the text is ASCII, and begins and ends with a word.
TASKS = """
insert into tasks (
    id, owner_id, title, description, status, created_at, version, position, title_words, description_words
)
overriding system value
select id, owner_id, title, description, case when id % 3 = 0 then 'InProgress' else 'Todo' end,
    timestamptz '2026-01-01 00:00:00Z' + id * interval '1 second', {epoch} + 1000 * id,
    '5' || lpad(({epoch} + 1000 * id)::text, 16, '0'),
    array_to_tsvector(regexp_split_to_array(lower(title), '[^a-z0-9]+')),
    case when description is null then '' else
        array_to_tsvector(regexp_split_to_array(lower(description), '[^a-z0-9]+')) end
from (
    select id, owner_id,
        'Call number ' || id || ' back about the delivery' as title,
        case when id % 2 = 0 then
            'They asked twice already, and want to know by Thursday whether the second half of order ' || id ||
            ' comes with the first or has to wait for the other warehouse' end as description
    from (
        select 1 + number + {owners} * turn::bigint, ({first_owner} + number)::text
        from generate_series(0, {each} - 1) as turn, generate_series(0, {owners} - 1) as number
        union all
        select {owners} * {each} + number, '{large_owner}' from generate_series(1, {of_large_owner}) as number
    ) as given (id, owner_id)
) as told
order by id
"""

OWNERS = """
insert into owner (owner_id, version, feed_floor)
select owner_id, max(version), min(version) from tasks group by owner_id order by owner_id
"""

EPOCH = 1_767_225_600_000
"""The first of January 2026, in ms."""


class Filled:
    """A database that is migrated and filled."""

    def __init__(self, url: str, rows: Rows) -> None:
        self.url = url
        self.rows = rows
        migrate(url)
        values = {
            "owners": rows.owners,
            "each": rows.each,
            "of_large_owner": rows.of_large_owner,
            "first_owner": FIRST_OWNER,
            "large_owner": LARGE_OWNER,
            "epoch": EPOCH,
        }
        # A superuser: forced policies would let an ordinary table owner insert nothing.
        go_on = f"alter table tasks alter id restart {rows.last_id + 1}"
        self.run(TASKS.format(**values), OWNERS, go_on)
        self.settle()

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement.encode())

    def count(self, query: str) -> int:
        return int(self.one(query))

    def row(self, query: str) -> dict[str, Any]:
        """What `to_jsonb` makes of one."""
        return dict(self.one(query))

    def one(self, query: str) -> Any:
        with psycopg.connect(self.url, autocommit=True) as admin:
            [found] = admin.execute(query.encode()).fetchone() or (None,)
        return found

    def settle(self) -> None:
        """Nothing is left to be tidied while somebody is measured."""
        self.run("vacuum (analyze)", "checkpoint")

    def copy_tasks_to(self, table: str, owner_column: str) -> None:
        """Into the table that a peer has made for itself."""
        self.run(
            f"insert into {table} (id, {owner_column}, title, description, status, created_at) "
            "select id, owner_id, title, description, status, created_at from tasks "
            f"where id <= {self.rows.last_id} order by id",
            f"select setval(pg_get_serial_sequence('{table}', 'id'), {self.rows.last_id})",
        )
        self.settle()

    def remove_what_was_added(self, tables: Iterable[str]) -> None:
        for table in tables:
            self.run(f"delete from {table} where id > {self.rows.last_id}")
        self.settle()


class Database(Filled):
    """Of the benchmarks' own PostgreSQL."""

    def __init__(self, server: PostgreSQL, name: str, rows: Rows) -> None:
        self.server = server
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute(f'create database "{name}"'.encode())
        super().__init__(with_database(server.url, name), rows)


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """A cluster of its own, which runs where this process does."""
    account = account_for(None)
    with temporary_folder(account) as folder:
        server = PostgreSQL(folder, account)
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        server.start()
        try:
            asyncio.run(server.comes_back())
            yield server
        finally:
            server.kill()  # nobody needs its last checkpoint
