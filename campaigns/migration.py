"""A newer release migrates the database that this one goes on serving."""

import asyncio
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

import taskward
from campaigns.clients import Load, clients_of
from campaigns.outcome import Outcome, Row, Size, exactly, none, slowest
from campaigns.processes import PostgreSQL, postgresql, service, temporary_folder
from support.programs import environment
from taskward.migrations import HEAD, REVISIONS

ROUNDS = {"short": 1, "long": 5}
WORKERS = {"short": 1, "long": 2}
OWNERS = 8
DEADLINE_SECONDS = {"short": 6, "long": 2}
"""Of requests, which a machine that runs other tests has to keep, too."""
HELD_SECONDS = {"short": 6.5, "long": 2}
"""How long somebody else's transaction still holds the table when the migration has met it: longer than a request may
wait."""

STEPS_BACK = "trying again"

NEXT = """
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table tasks add column added_{revision} text")
    op.execute("alter table tasks add constraint added_{revision} check (added_{revision} <> '') not valid")
    op.execute("create index added_{revision} on tasks (owner_id, added_{revision})")


def downgrade() -> None:
    op.execute("alter table tasks drop column added_{revision}")
"""


async def migration(size: Size) -> list[Outcome]:
    """`taskward migrate` of a release that adds a column, a check and an index to `tasks`, while eight owners lead
    tasks through their whole life on this release, and while a transaction of somebody else holds the table,
    so that the migration has to step back and try again.

    A hit is an attempt that stepped back.
    """
    async with (
        postgresql() as database,
        service(database.url, workers=WORKERS[size], REQUEST_DEADLINE_SECONDS=str(DEADLINE_SECONDS[size])) as api,
        clients_of(api) as clients,
    ):
        tried, seconds, statuses = 0, [], []
        async with Load(clients, size).of(OWNERS) as load:
            for number in range(ROUNDS[size]):
                await load.until_steady(since=time.monotonic())
                began_at = time.monotonic()
                status, said = await migrate_to_next(database, number, HELD_SECONDS[size])
                seconds.append(time.monotonic() - began_at)
                statuses.append(status)
                tried += said.count(STEPS_BACK)
            await load.until_steady(since=time.monotonic())
        revision = str(database.rows("select version_num from taskward_version")[0][0])
        rows: list[Row] = [
            exactly("migrations that succeeded", statuses.count(0), ROUNDS[size]),
            exactly("revisions on from this release's", int(revision) - int(HEAD), ROUNDS[size]),
            none(f"503, of {len(clients.answers):,} requests", len(clients.unavailable())),
            slowest("slowest request", [answer.seconds for answer in clients.answers], below=2),
            slowest("slowest migration", seconds, below=HELD_SECONDS[size] + 10),
            *load.ledger.rows(database),
            *clients.rows(),
        ]
    return [Outcome("Migration of a newer release under load", tried, ROUNDS[size], rows)]


async def migrate_to_next(database: PostgreSQL, number: int, held_seconds: float) -> tuple[int | None, str]:
    with next_release(number) as folder, psycopg.connect(database.url) as session:
        session.execute("select count(*) from tasks")  # whoever only looks holds up a change of the table, too
        migrating = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", "from taskward.operations.program import main; main(['migrate'])"),
            env=environment(DATABASE_URL=database.url, PYTHONPATH=str(folder)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said = await line_with(STEPS_BACK, migrating.stdout)
            await asyncio.sleep(held_seconds)
            session.rollback()
            rest, _ = await migrating.communicate()
        finally:
            if migrating.returncode is None:
                migrating.kill()
                await migrating.wait()
        return migrating.returncode, said + rest.decode()


async def line_with(text: str, stream: asyncio.StreamReader | None) -> str:
    """All lines up to the first that has it, or to the end."""
    assert stream is not None  # noqa: S101 - a pipe, as asked for
    lines = ""
    while line := await stream.readline():
        lines += line.decode()
        if text in lines:
            break
    return lines


@contextmanager
def next_release(number: int) -> Iterator[Path]:
    """A folder with this release and more migrations."""
    with temporary_folder(None) as folder:
        package = folder / "taskward"
        shutil.copytree(Path(taskward.__path__[0]), package)
        revisions = [*REVISIONS]
        for _ in range(number + 1):
            revision = f"{int(revisions[-1]) + 1:04d}"
            text = NEXT.format(revision=revision, before=revisions[-1])
            (package / "migrations" / "versions" / f"{revision}_added.py").write_text(text)
            revisions.append(revision)
        module = package / "migrations" / "__init__.py"
        told = re.sub(
            r"REVISIONS = \(.*?\)", f"REVISIONS = {tuple(revisions)}", module.read_text(), count=1, flags=re.DOTALL
        )
        module.write_text(told)
        yield folder
