"""What ends: expired rows by `purge`, an owner's rows by `forget`, on every login that works."""

import asyncio
import secrets
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import urlsplit

import psycopg
import pytest

from support.databases import asked, using, with_database, without_the_roles
from support.programs import TASKWARD, environment
from taskward.operations.retention import EXPIRING_TABLES, RetentionRefused, forget, purge
from taskward.resources.idempotency import Idempotency
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.model import TaskCreate


@pytest.fixture(params=["superuser", "neon", "ordinary"])
def url(request: pytest.FixtureRequest, logins: dict[str, str]) -> str:
    return logins[request.param]


@pytest.fixture
def onlooker(url: str, own_cluster: str) -> str:
    """The same database for a superuser, who sees all rows."""
    return with_database(own_cluster, urlsplit(url).path[1:])


def someone() -> str:
    return f"someone-{secrets.token_hex(6)}"


def adds(url: str, owner: str, *keys: str) -> None:
    async def add() -> None:
        async with using(url) as database:
            for key in keys:
                await actions.create(
                    Session.begin(database, owner), TaskCreate(title="Milk"), idempotency=Idempotency(key, "f" * 64)
                )

    asyncio.run(add())


def rows_of(onlooker: str, owner: str) -> dict[str, int]:
    tables = ("owner", "tasks", "idempotency_keys")
    return {
        table: asked(onlooker, f"select count(*) from {table} where owner_id = %s", owner)[0][0] for table in tables
    }


def test_a_purge_removes_what_has_expired_of_every_owner_and_nothing_else(url: str, onlooker: str) -> None:
    ann, bob = someone(), someone()
    adds(url, ann, "old", "new")
    adds(url, bob, "old")
    asked(
        onlooker,
        "update idempotency_keys set created_at = now() - interval '25 hours' where key = 'old' and owner_id = any(%s)",
        [ann, bob],
    )

    assert purge(url, trash_days=30) == {"idempotency_keys": 2, "tasks": 0}
    assert purge(url, trash_days=30) == {"idempotency_keys": 0, "tasks": 0}
    assert rows_of(onlooker, ann) == {"owner": 1, "tasks": 2, "idempotency_keys": 1}
    assert rows_of(onlooker, bob) == {"owner": 1, "tasks": 1, "idempotency_keys": 0}


def trashes(onlooker: str, owner: str, *, days: float) -> None:
    asked(onlooker, "update tasks set deleted_at = now() - %s * interval '1 day' where owner_id = %s", days, owner)


def test_a_purge_empties_the_trash_of_what_has_lain_there_long_enough(url: str, onlooker: str) -> None:
    ann, bob, carol = someone(), someone(), someone()
    for owner, days in ((ann, 30.01), (bob, 29.99), (carol, None)):
        adds(url, owner, "a", "b")
        if days is not None:
            trashes(onlooker, owner, days=days)

    assert purge(url, trash_days=30)["tasks"] == 2
    assert purge(url, trash_days=30)["tasks"] == 0
    assert [rows_of(onlooker, owner)["tasks"] for owner in (ann, bob, carol)] == [0, 2, 2]
    assert purge(url, trash_days=29)["tasks"] == 2
    assert [rows_of(onlooker, owner)["tasks"] for owner in (ann, bob, carol)] == [0, 0, 2]


@pytest.mark.parametrize("setting", [None, ""])
def test_who_cleans_up_sees_nothing_of_the_trash_until_told_how_long_it_keeps(
    url: str, onlooker: str, setting: str | None
) -> None:
    ann = someone()
    adds(url, ann, "a")
    trashes(onlooker, ann, days=40_000)

    with psycopg.connect(url, autocommit=True) as session:
        session.execute("set role taskward_keeper")
        if setting is not None:
            session.execute("select set_config('app.trash_days', %s, false)", [setting])
        assert session.execute("select from tasks").rowcount == 0
        assert session.execute("delete from tasks").rowcount == 0
        session.execute("select set_config('app.trash_days', '39999', false)")
        assert session.execute("delete from tasks").rowcount == 1


def test_forgetting_removes_every_row_of_one_owner(url: str, onlooker: str) -> None:
    ann, bob = someone(), someone()
    adds(url, ann, "a", "b")
    adds(url, bob, "a")

    assert forget(url, ann) == {"tasks": 2, "lists": 0, "idempotency_keys": 2, "owner": 1}
    assert rows_of(onlooker, ann) == {"owner": 0, "tasks": 0, "idempotency_keys": 0}
    assert rows_of(onlooker, bob) == {"owner": 1, "tasks": 1, "idempotency_keys": 1}


def test_somebody_who_returns_begins_anew(url: str, onlooker: str) -> None:
    ann = someone()
    adds(url, ann, "a")
    forget(url, ann)

    adds(url, ann, "a")

    assert rows_of(onlooker, ann) == {"owner": 1, "tasks": 1, "idempotency_keys": 1}


@pytest.mark.parametrize("has_roles", [True, False])
@pytest.mark.parametrize("attempt", [lambda url: purge(url, trash_days=30), lambda url: forget(url, "ann")])
def test_an_unmigrated_database_is_told_apart(
    own_cluster: str, logins: dict[str, str], attempt: Callable[[str], object], has_roles: bool
) -> None:
    """The roles are there as soon as another database of the same server was migrated."""
    with nullcontext() if has_roles else without_the_roles(own_cluster), pytest.raises(RetentionRefused) as refused:
        attempt(own_cluster)

    assert str(refused.value) == "The database has not the schema of this release: run `taskward migrate`."


def test_the_tables_with_rows_that_expire_are_those_with_a_policy_that_says_when(url: str) -> None:
    with_policy = """
        select distinct relname from pg_policy join pg_class on polrelid = pg_class.oid
        where 'taskward_keeper'::regrole = any (polroles)
    """

    assert {name for (name,) in asked(url, with_policy)} == set(EXPIRING_TABLES)


@pytest.mark.parametrize("url", ["postgresql://u:sesame@127.0.0.1:1/d", "postgresql://u:sesame@127.0.0.1/d?wrong=1"])
def test_a_database_that_cannot_be_reached_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(RetentionRefused) as refused:
        purge(url, trash_days=30)

    assert "sesame" not in str(refused.value)
    assert "\n" not in str(refused.value)


def taskward(url: str, *arguments: str, answer: str = "", **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TASKWARD, *arguments],
        env=environment(DATABASE_URL=url, **settings),
        input=answer,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_commands_do_it_and_say_what_they_did(database_url: str) -> None:
    ann = someone()
    adds(database_url, ann, "a")

    refused = taskward(database_url, "forget", ann, answer="n\n")
    kept = rows_of(database_url, ann)
    forgotten = taskward(database_url, "forget", ann, "--yes")
    again = taskward(database_url, "forget", ann, answer="y\n")
    trashed = someone()
    adds(database_url, trashed, "a")
    trashes(database_url, trashed, days=10)
    kept_trash = taskward(database_url, "purge"), rows_of(database_url, trashed)["tasks"]
    purged = taskward(database_url, "purge", TRASH_DAYS="9")

    assert (refused.returncode, kept["tasks"]) == (1, 1)
    removed = "1 rows of tasks, 0 rows of lists, 1 rows of idempotency_keys, 1 rows of owner"
    assert forgotten.stdout == f"Forgot {ann}: removed {removed}.\n"
    assert again.stdout.endswith(f"There was nothing of {ann}.\n")
    assert (kept_trash[0].returncode, kept_trash[1]) == (0, 1)
    assert (purged.returncode, purged.stdout[:8]) == (0, "Removed ")
    assert "expired rows of tasks" in purged.stdout
    assert rows_of(database_url, trashed)["tasks"] == 0
