"""The database is dumped while it is written to, and restored on another server."""

import asyncio
import time

import psycopg

from campaigns.clients import Load, clients_of
from campaigns.outcome import Outcome, Size, exactly, none, slowest
from campaigns.processes import postgresql, service, temporary_folder
from support.backups import commands, hashes, run
from taskward.migrations import migrate

TASKS = {"short": 1_000, "long": 50_000}
"""That are there when the load begins."""

OWNERS = 8

FILL = """
with filled as (insert into owner select 'filled-' || n, 1 from generate_series(1, 100) n returning owner_id)
select count(*) from filled
"""
FILL_TASKS = """
insert into tasks (owner_id, title, description, status, version, tags)
select 'filled-' || 1 + n %% 100, 'Task ' || n, repeat('Żółć ', n %% 50), 'Done', 1, array['a', 'b c', '"']
from generate_series(1, %s) n
"""


async def backup(size: Size) -> list[Outcome]:
    """The commands of [operate.md](operate.md#backup-and-restore), while eight owners lead tasks through their whole
    life. The rows are hashed in the snapshot that the dump is made of, and once more where it was restored.

    A hit is a task that was restored.
    """
    dump, restore = commands()
    async with (
        postgresql() as database,
        postgresql() as other,
        service(database.url) as api,
        clients_of(api) as clients,
    ):
        with temporary_folder(None) as folder, psycopg.connect(database.url) as session:
            session.execute(FILL.encode())
            session.execute(FILL_TASKS.encode(), [TASKS[size]])
            session.commit()
            async with Load(clients, size).of(OWNERS) as load:
                await load.until_steady(since=time.monotonic())
                session.execute("set transaction isolation level repeatable read")
                [(snapshot,)] = session.execute("select pg_export_snapshot()").fetchall()
                before = await asyncio.to_thread(hashes, session)
                began_at = time.monotonic()
                dumped = await asyncio.to_thread(run, f"{dump} --snapshot={snapshot}", database.url, folder)
                seconds = [time.monotonic() - began_at]
                await asyncio.to_thread(migrate, other.url)
                began_at = time.monotonic()
                restored = await asyncio.to_thread(run, restore, other.url, folder)
                seconds.append(time.monotonic() - began_at)
        with psycopg.connect(other.url) as session:
            after = hashes(session)
        rows = [
            exactly("programs that ended well", (dumped.returncode, restored.returncode).count(0), 2),
            exactly(
                "tables whose hash is the same", sum(before[table] == after[table] for table in before), len(after)
            ),
            slowest("dump or restore, the slower", seconds, below=60),
            none(f"503, of {len(clients.answers):,} requests meanwhile", len(clients.unavailable())),
            *load.ledger.rows(database),
            *clients.rows(),
        ]
        hits = other.count("select count(*) from tasks")
    return [Outcome("Dumped under load, restored elsewhere", hits, TASKS[size], rows)]
