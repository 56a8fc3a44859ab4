"""The schema's migrations, inside the package so that an installed wheel can bring its database to head."""

import io
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import psycopg

from taskward.migrations.version_table import VERSION_TABLE, has_version_table, options, revision_of_0_1
from taskward.postgres.administration import NotConnected, connect, failure_sentence

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

# Alembic takes a quarter of a second to import, and a server that only serves never needs it: so it is
# imported where it is used, and the revisions stand here. A test holds them to the files.
REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
)
"""Oldest first."""

HEAD = REVISIONS[-1]

APPLICATION_NAME = "taskward migrate"

LOCKED_SECONDS = 60
"""How long a migration is tried again while others hold the tables that it changes; each attempt gives up soon."""

PAUSE_SECONDS = 0.5
"""Between two attempts, for the requests that waited behind one."""

LOCKED = ("55P03", "40P01")
"""lock_not_available, deadlock_detected (PostgreSQL, appendix A)."""

AT_REVISION = f"""
select version_num from {VERSION_TABLE} found join pg_class on pg_class.oid = found.tableoid
where relnamespace = quote_ident(current_schema())::regnamespace
""".encode()

log = logging.getLogger("taskward.migrations")

# Alembic keeps what it works on in globals: two threads would take each other's connection.
ONE_AT_A_TIME = threading.Lock()


class MigrationRefused(Exception):
    """The database was not migrated, and nothing was changed: one sentence for the operator."""


def migrate(url: str, *, say: Callable[[str], None] = log.info) -> str | None:
    """Brings the schema to head in one transaction, and tells the revision it was at before, None for none.

    Two at once are safe: the second waits, and finds the work done. `url` must not lead through a pooler.
    `say` is told what keeps it waiting.

    Raises:
        MigrationRefused: no connection, a missing right, tables that others hold, or a schema of a newer release.
    """
    if is_at_head(url):
        return HEAD

    from alembic import command
    from sqlalchemy.exc import DBAPIError

    ends_at = time.monotonic() + LOCKED_SECONDS
    with connected(url) as connection:
        before = revision_of(connection)
        while True:
            try:
                command.upgrade(configuration(connection), "head")
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in LOCKED or time.monotonic() > ends_at:
                    raise
                say("Others hold what the migration changes: trying again.")
                time.sleep(PAUSE_SECONDS)
            else:
                return before


def is_at_head(url: str) -> bool:
    """Told without Alembic, for the many starts that have nothing to migrate. Not sure is not."""
    try:
        with connect(url, application_name=APPLICATION_NAME) as session:
            found = session.execute(AT_REVISION).fetchall()
    except psycopg.Error:
        return False
    return found == [(HEAD,)]


def downgrade(url: str, *, to: str) -> None:
    """Back to a revision, or to `base`: its tables go, and the rows in them.

    Raises:
        MigrationRefused: as `migrate`.
    """
    from alembic import command

    with connected(url) as connection:
        command.downgrade(configuration(connection), to)


def current(url: str) -> str | None:
    """The revision that the schema is at; None when there is none.

    Raises:
        MigrationRefused: no connection.
    """
    with connected(url) as connection:
        return revision_of(connection)


def script() -> str:
    """SQL for psql that makes the schema at head in an empty database."""
    from alembic import command

    output = io.StringIO()
    command.upgrade(configuration(output=output), "head", sql=True)
    return output.getvalue()


def configuration(connection: "Connection | None" = None, output: TextIO | None = None) -> "Config":
    from alembic.config import Config

    config = Config(output_buffer=output) if output is not None else Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def revision_of(connection: "Connection") -> str | None:
    from alembic.migration import MigrationContext

    with connection.begin():
        if not has_version_table(connection):
            return revision_of_0_1(connection, REVISIONS)
        return MigrationContext.configure(connection, opts=options(connection)).get_current_revision()


@contextmanager
def connected(url: str) -> "Iterator[Connection]":
    from alembic.util import CommandError
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import DBAPIError

    try:
        session = connect(url, application_name=APPLICATION_NAME, autocommit=False)
    except NotConnected as error:
        raise MigrationRefused(str(error)) from None
    engine = create_engine("postgresql+psycopg://", creator=lambda: session, poolclass=NullPool)
    try:
        with ONE_AT_A_TIME, engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise MigrationRefused(failure_sentence("Nothing was migrated", error.orig)) from None
    except CommandError:
        raise MigrationRefused(
            "The schema is at a revision that this release does not know: it was migrated by a newer one."
        ) from None
    finally:
        session.close()
