"""What ends: expired rows by `purge`, an owner's rows by `forget`, on every login that works."""

import asyncio
import secrets
import subprocess
from urllib.parse import urlsplit

import pytest

from databases import asked, using, with_database
from programs import TASKWARD, environment
from taskward.core.idempotency import Retry
from taskward.retention import RetentionRefused, forget, purge
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
                await actions.create(database.as_owner(owner), TaskCreate(title="Milk"), retry=Retry(key, "f" * 64))

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

    assert purge(url) == {"idempotency_keys": 2}
    assert purge(url) == {"idempotency_keys": 0}
    assert rows_of(onlooker, ann) == {"owner": 1, "tasks": 2, "idempotency_keys": 1}
    assert rows_of(onlooker, bob) == {"owner": 1, "tasks": 1, "idempotency_keys": 0}


def test_forgetting_removes_every_row_of_one_owner(url: str, onlooker: str) -> None:
    ann, bob = someone(), someone()
    adds(url, ann, "a", "b")
    adds(url, bob, "a")

    assert forget(url, ann) == {"tasks": 2, "idempotency_keys": 2, "owner": 1}
    assert rows_of(onlooker, ann) == {"owner": 0, "tasks": 0, "idempotency_keys": 0}
    assert rows_of(onlooker, bob) == {"owner": 1, "tasks": 1, "idempotency_keys": 1}


def test_somebody_who_returns_begins_anew(url: str, onlooker: str) -> None:
    ann = someone()
    adds(url, ann, "a")
    forget(url, ann)

    adds(url, ann, "a")

    assert rows_of(onlooker, ann) == {"owner": 1, "tasks": 1, "idempotency_keys": 1}


def test_an_unmigrated_database_is_told_apart(own_cluster: str) -> None:
    with pytest.raises(RetentionRefused, match="run `taskward migrate`"):
        purge(own_cluster)


@pytest.mark.parametrize("url", ["postgresql://u:sesame@127.0.0.1:1/d", "postgresql://u:sesame@127.0.0.1/d?wrong=1"])
def test_a_database_that_cannot_be_reached_is_one_sentence_without_the_password(url: str) -> None:
    with pytest.raises(RetentionRefused) as refused:
        purge(url)

    assert "sesame" not in str(refused.value)
    assert "\n" not in str(refused.value)


def taskward(url: str, *arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [TASKWARD, *arguments],
        env=environment(DATABASE_URL=url),
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
    purged = taskward(database_url, "purge")

    assert (refused.returncode, kept["tasks"]) == (1, 1)
    assert forgotten.stdout == f"Forgot {ann}: removed 1 rows of tasks, 1 rows of idempotency_keys, 1 rows of owner.\n"
    assert again.stdout.endswith(f"There was nothing of {ann}.\n")
    assert (purged.returncode, purged.stdout[:8]) == (0, "Removed ")
