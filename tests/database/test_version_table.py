"""The schema's version in a table of its own: beside another application's Alembic, after 0.1, in any schema."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from support.databases import PASSWORD, as_login, asked, database_of, using
from taskward.migrations import HEAD, configuration, connected, current, downgrade, migrate
from taskward.operations.retention import Purged, forget, purge
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.model import TaskCreate

ANOTHER_ENV = """
from alembic import context
from sqlalchemy import NullPool, create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=NullPool).begin() as connection:
    context.configure(connection=connection)
    context.run_migrations()
"""
ANOTHER_REVISION = """
from alembic import op

revision = "{revision}"
down_revision = {before}


def upgrade():
    op.execute("create table notes_{revision} (note text)")
"""


def another_application(folder: Path, url: str, *revisions: str) -> None:
    """Its own Alembic, in the same database, at the last of these revisions."""
    (folder / "versions").mkdir(exist_ok=True)
    (folder / "env.py").write_text(ANOTHER_ENV)
    (folder / "script.py.mako").touch()
    for before, revision in zip([None, *revisions], revisions, strict=False):
        text = ANOTHER_REVISION.format(revision=revision, before=repr(before))
        (folder / "versions" / f"{revision}.py").write_text(text)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("sqlalchemy.url", url.replace("postgresql://", "postgresql+psycopg://"))
    command.upgrade(config, "head")


async def serves(url: str) -> None:
    async with using(url) as pool:
        await pool.open()
        assert await pool.readiness() == []
        await actions.create(Session.begin(pool, "ann"), TaskCreate(title="Milk"))


def as_0_1_made_it(url: str) -> None:
    with connected(url) as connection:
        command.upgrade(configuration(connection), "0001")
    asked(url, "alter table taskward_version rename to alembic_version")
    asked(url, "alter index taskward_version_pkc rename to alembic_version_pkc")


def test_another_application_keeps_its_alembic_in_the_same_database(
    new_database: Callable[..., str], tmp_path: Path
) -> None:
    url = new_database()
    another_application(tmp_path, url, "0003", "0004")

    assert current(url) is None
    assert migrate(url) is None
    asyncio.run(serves(url))
    another_application(tmp_path, url, "0003", "0004", "0005")
    assert migrate(url) == HEAD

    assert asked(url, "select version_num from alembic_version") == [("0005",)]
    assert asked(url, "select to_regclass('notes_0005') is null") == [(False,)]
    assert asked(url, "select version_num from taskward_version") == [(HEAD,)]
    downgrade(url, to="base")
    assert asked(url, "select version_num from alembic_version") == [("0005",)]


def test_another_application_may_come_later(new_database: Callable[..., str], tmp_path: Path) -> None:
    url = new_database()
    migrate(url)

    another_application(tmp_path, url, "0001")

    assert current(url) == HEAD
    asyncio.run(serves(url))


@pytest.mark.parametrize("kind", ["superuser", "ordinary"])
def test_a_database_of_0_1_is_taken_over_and_0_1_serves_on(own_cluster: str, logins: dict[str, str], kind: str) -> None:
    """What 0.1 asks of each connection is that its role may read a revision in `alembic_version`."""
    of_0_1 = "begin; set local role taskward_app; select version_num from alembic_version; "
    with database_of(own_cluster, kind) as (url, admin):
        as_0_1_made_it(url)

        assert current(url) == "0001"
        assert migrate(url) == "0001"
        assert migrate(url) == current(url) == HEAD
        asyncio.run(serves(url))

        asked(url, of_0_1)
        assert asked(url, "select version_num from alembic_version") == [("0001",)]
        downgrade(url, to="base")
        assert asked(admin, "select relname from pg_class where relname in ('alembic_version', 'tasks')") == []


def test_a_database_of_0_1_is_refused_until_it_is_migrated(new_database: Callable[..., str]) -> None:
    url = new_database()
    as_0_1_made_it(url)

    async def main() -> None:
        async with using(url) as pool:
            assert await pool.readiness() == [
                "The database has not the schema of this release: run `taskward migrate`."
            ]
            migrate(url)
            assert await pool.readiness() == []

    asyncio.run(main())


def test_one_login_may_migrate_and_another_serve(own_cluster: str, logins: dict[str, str]) -> None:
    name = f"serving_{secrets.token_hex(6)}"
    asked(own_cluster, f"create role {name} login password '{PASSWORD}' in role taskward_app, taskward_keeper")
    try:
        for make in (lambda _: None, as_0_1_made_it):
            with database_of(own_cluster, "ordinary") as (url, _):
                make(url)
                migrate(url)
                serving = as_login(url, name, PASSWORD)

                asyncio.run(serves(serving))
                assert set(purge(serving, trash_days=30).values()) == {Purged(removed=0)}
                assert {table for table, count in forget(serving, "ann").items() if count} == {"tasks", "owner"}
    finally:
        asked(own_cluster, f"drop role {name}")


def test_a_schema_of_its_own_is_that_of_the_logins_search_path(own_cluster: str, logins: dict[str, str]) -> None:
    """Also beside another Taskward in the same database, which the search path would find."""
    name = f"login_{secrets.token_hex(6)}"
    asked(own_cluster, f"create role {name} login password '{PASSWORD}' in role taskward_app, taskward_keeper")
    try:
        with database_of(own_cluster, "ordinary") as (elsewhere, admin):
            migrate(elsewhere)
            asyncio.run(serves(elsewhere))
            asked(admin, f"create schema todo authorization {name}")
            asked(admin, f"alter role {name} set search_path = todo, public")
            url = as_login(elsewhere, name, PASSWORD)

            assert current(url) is None
            assert migrate(url) is None
            asyncio.run(serves(url))
            assert set(purge(url, trash_days=30).values()) == {Purged(removed=0)}

            schemas = "select schemaname from pg_tables where tablename = 'taskward_version' order by 1"
            assert asked(admin, schemas) == [("public",), ("todo",)]
            assert asked(admin, "select count(*) from public.tasks") == [(1,)]
            assert {table for table, count in forget(url, "ann").items() if count} == {"tasks", "owner"}
            assert asked(admin, "select count(*) from public.tasks") == [(1,)]
            downgrade(url, to="base")
            asyncio.run(serves(elsewhere))
    finally:
        asked(own_cluster, f"drop role {name}")
