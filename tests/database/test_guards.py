"""The guards that each new connection is asked about: row-level security on every owned table."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import Column, MetaData, Table, Text

from support.databases import asked, using
from support.pools import adds
from taskward.migrations.roles import force_policies
from taskward.postgres.context import guards_of
from taskward.postgres.failures import DatabaseRefused
from taskward.resources.clock import owned_tables


def test_a_table_that_the_pool_is_told_of_is_guarded_as_well(new_database: Callable[..., str]) -> None:
    metadata = MetaData()
    Table("notes", metadata, Column("owner_id", Text), Column("note", Text))
    Table("words", metadata, Column("word", Text))
    url = new_database(is_migrated=True)
    asked(url, "create table notes (owner_id text, note text)")

    async def main() -> None:
        async with using(url, more_tables=owned_tables(metadata)) as pool:
            with pytest.raises(DatabaseRefused, match="Row-level security does not hold"):
                await pool.open()

            asked(url, force_policies("notes"))
            await pool.open()

    assert owned_tables(metadata) == ["notes"]
    asyncio.run(main())


def test_a_login_for_which_row_security_is_off_is_refused(own_cluster: str, logins: dict[str, str]) -> None:
    """Statements would fail, where they would be held to the policies."""
    asked(own_cluster, "alter role ordinary set row_security = off")

    async def main() -> None:
        async with using(logins["ordinary"]) as pool:
            with pytest.raises(DatabaseRefused, match="Row-level security does not hold"):
                await pool.open()

    try:
        asyncio.run(main())
    finally:
        asked(own_cluster, "alter role ordinary reset row_security")


def test_a_pool_without_a_table_to_guard_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no table to guard"):
        guards_of([])


def test_a_schema_behind_this_release_is_refused(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            pool.revisions = (*pool.revisions, "9999")
            with pytest.raises(DatabaseRefused, match="behind this release: run `taskward migrate`"):
                await pool.open()

    asyncio.run(main())


def test_a_schema_of_a_newer_release_is_served(new_database: Callable[..., str]) -> None:
    url = new_database(is_migrated=True)
    asked(url, "update taskward_version set version_num = 'a later one'")

    async def main() -> None:
        async with using(url) as pool:
            await pool.open()
            assert await pool.readiness() == []
            await adds(pool, "ann")

    asyncio.run(main())
