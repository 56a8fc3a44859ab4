"""What a failure means: wait, call the operator, or mend a bug; and none tells a secret."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.databases import as_login, using, with_database
from support.pools import someone, sql, tells, titles
from taskward.postgres.failures import DatabaseRefused, DatabaseUnavailable, Reason, StatementFailed
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.model import TaskCreate

# Refusals


def refused_urls(database_url: str, empty_url: str) -> dict[str, tuple[str, str]]:
    name = urlsplit(database_url).path.removeprefix("/")
    return {
        "password": (
            as_login(database_url, "postgres", "sesame-7"),
            'password authentication failed for user "postgres"',
        ),
        "login": (as_login(database_url, "nobody_here", "sesame-7"), 'authentication failed for user "nobody_here"'),
        "database": (with_database(database_url, "no_such_place"), 'database "no_such_place" does not exist'),
        "schema": (empty_url, "run `taskward migrate`"),
        "url": (f"postgresql://postgres:sesame-7%zz@127.0.0.1/{name}", "URL"),
        "sslmode": (f"postgresql://postgres:sesame-7@127.0.0.1/{name}?sslmode=perhaps", "sslmode"),
        "tls": (database_url.replace("sslmode=disable", "sslmode=require"), "does not support SSL"),
    }


@pytest.mark.parametrize("reason", ["password", "login", "database", "schema", "url", "sslmode", "tls"])
def test_a_database_that_says_no_is_refused_at_start_in_one_sentence(
    database_url: str, new_database: Callable[..., str], caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    url, sentence = refused_urls(database_url, new_database())[reason]

    async def main() -> None:
        async with using(url) as pool:
            with pytest.raises(DatabaseRefused) as refusal:
                await pool.open()
            said = str(refusal.value)
            assert sentence in said
            assert said.endswith(".")
            assert "\n" not in said
            [ready] = await pool.readiness()
            assert sentence in ready
            assert "127.0.0.1" not in ready
            with pytest.raises((DatabaseUnavailable, DatabaseRefused)):
                await titles(pool, someone())

            password = urlsplit(url).password
            assert password is not None
            assert password not in said + caplog.text
            assert "sesame" not in said + caplog.text

    asyncio.run(main())


# Statements


@pytest.mark.parametrize(
    "sqlstate", ["08006", "40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "58030", "25006"]
)
def test_states_that_pass_are_unavailable(database_url: str, sqlstate: str) -> None:
    raises = sql(f"do $$ begin raise exception 'secret' using errcode = '{sqlstate}'; end $$")

    async def main() -> None:
        async with using(database_url) as pool:
            with pytest.raises(DatabaseUnavailable) as unavailable:
                await tells(pool, raises)
            assert "secret" not in unavailable.value.detail
            assert unavailable.value.reason is Reason.TRANSIENT
            assert await tells(pool, sql("select 1")) == b"1"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("sqlstate", "named"),
    [
        ("53100", "DiskFull (SQLSTATE 53100)"),
        ("25006", "ReadOnlySqlTransaction (SQLSTATE 25006)"),
        ("53999", "SQLSTATE 53999"),
    ],
)
def test_the_log_names_a_state_that_passes(
    database_url: str, caplog: pytest.LogCaptureFixture, sqlstate: str, named: str
) -> None:
    raises = sql(f"do $$ begin raise exception 'secret' using errcode = '{sqlstate}'; end $$")

    async def main() -> None:
        async with using(database_url) as pool:
            with pytest.raises(DatabaseUnavailable):
                await tells(pool, raises)

    asyncio.run(main())
    assert f"a statement was not carried out: {named}" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("sqlstate", ["22012", "23514", "42703", "XX000", "P0001"])
def test_any_other_failure_is_a_bug_and_quotes_no_value(database_url: str, sqlstate: str) -> None:
    raises = sql(f"do $$ begin raise exception 'secret' using errcode = '{sqlstate}'; end $$")

    async def main() -> None:
        async with using(database_url) as pool:
            with pytest.raises(StatementFailed) as failure:
                await tells(pool, raises)
            assert str(failure.value) == f"SQLSTATE {sqlstate}"

    asyncio.run(main())


def test_a_broken_rule_of_the_schema_is_named(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            status: Any = "Perhaps"
            odd = TaskCreate.model_construct(title="Milk", description=None, status=status)
            with pytest.raises(StatementFailed, match=r"^SQLSTATE 23514, constraint task_status_check$"):
                await actions.create(Session.begin(pool, someone()), odd)

    asyncio.run(main())
