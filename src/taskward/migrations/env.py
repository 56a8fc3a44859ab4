"""How Alembic reaches the database: the connection that `migrate` hands over, or a script on standard output."""

from alembic import context
from sqlalchemy import text
from sqlmodel import SQLModel

import taskward.owners.calendar_links
import taskward.resources.deliveries
import taskward.tasks.alarms
import taskward.tasks.recurring  # noqa: F401 - fills SQLModel.metadata
from taskward.migrations import REVISIONS
from taskward.migrations.version_table import VERSION_TABLE, options, take_over

# Any number, the same in every process: whoever migrates waits for whoever already does.
LOCK = text("select pg_advisory_xact_lock(7308604896953369)")
# A change of a table waits for the requests on it, and new requests wait behind the change: far less than their
# deadline, and less than the second after which PostgreSQL looks for a deadlock and may choose a request to end it.
LOCK_TIMEOUT = "set local lock_timeout = '400ms'"


def run() -> None:
    if context.is_offline_mode():
        context.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},  # or percent signs come out doubled
            target_metadata=SQLModel.metadata,
            literal_binds=True,
            version_table=VERSION_TABLE,
        )
        with context.begin_transaction():
            context.execute(LOCK_TIMEOUT)
            context.run_migrations()
        return
    connection = context.config.attributes["connection"]
    with connection.begin():
        connection.execute(LOCK)
        connection.execute(text(LOCK_TIMEOUT))
        take_over(connection, REVISIONS)
        context.configure(connection=connection, target_metadata=SQLModel.metadata, **options(connection))
        context.run_migrations()


run()
