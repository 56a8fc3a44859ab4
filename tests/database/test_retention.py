"""What ends: expired rows by `purge`, an owner's rows by `forget`, on every login that works."""

import asyncio
import secrets
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from urllib.parse import urlsplit

import psycopg
import pytest

from support.databases import asked, using, with_database, without_the_roles
from support.programs import TASKWARD, environment
from taskward.operations import retention
from taskward.operations.retention import EXPIRING_TABLES, Purged, RetentionRefused, forget, purge
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

    assert purge(url, trash_days=30)["idempotency_keys"] == Purged(removed=2)
    assert purge(url, trash_days=30)["idempotency_keys"] == Purged(removed=0)
    assert rows_of(onlooker, ann) == {"owner": 1, "tasks": 2, "idempotency_keys": 1}
    assert rows_of(onlooker, bob) == {"owner": 1, "tasks": 1, "idempotency_keys": 0}


def trashes(onlooker: str, owner: str, *, days: float) -> None:
    asked(onlooker, "update tasks set deleted_at = now() - %s * interval '1 day' where owner_id = %s", days, owner)


def erases(onlooker: str, owner: str, *, days: float) -> None:
    asked(
        onlooker,
        "update tasks set title = 'erased', deleted_at = '-infinity', erased_at = now() - %s * interval '1 day' "
        "where owner_id = %s",
        days,
        owner,
    )


def deletes_a_list(onlooker: str, owner: str, *, days: float, version: int) -> None:
    asked(
        onlooker,
        "insert into lists (owner_id, name, version, deleted_at) values (%s, 'x', %s, now() - %s * interval '1 day')",
        owner,
        version,
        days,
    )


def titles(onlooker: str, owner: str) -> list[str]:
    return sorted(title for (title,) in asked(onlooker, "select title from tasks where owner_id = %s", owner))


def floor(onlooker: str, owner: str) -> int:
    [(found,)] = asked(onlooker, "select feed_floor from owner where owner_id = %s", owner)
    return int(found)


def versions(onlooker: str, owner: str) -> list[int]:
    return [int(version) for (version,) in asked(onlooker, "select version from tasks where owner_id = %s", owner)]


HOUR = 1 / 24


@pytest.mark.parametrize(
    ("trash_days", "days", "left"),
    [
        (30, 29.99, ["Milk", "Milk"]),
        (30, 30.01, ["erased", "erased"]),
        (30, 30 + 1.1 * HOUR, []),
        (7, 6.99, ["Milk", "Milk"]),
        (7, 7.01, ["erased", "erased"]),
        (7, 30 + 0.9 * HOUR, ["erased", "erased"]),
        (7, 30 + 1.1 * HOUR, []),
        (90, 89.99, ["Milk", "Milk"]),
        (90, 90 + 0.9 * HOUR, ["erased", "erased"]),
        (90, 90 + 1.1 * HOUR, []),
    ],
)
def test_the_trash_loses_its_content_after_its_days_and_its_rows_when_nobody_asks_for_them_any_more(
    url: str, onlooker: str, trash_days: int, days: float, left: list[str]
) -> None:
    ann, bob = someone(), someone()
    adds(url, ann, "a", "b")
    adds(url, bob, "a")
    trashes(onlooker, ann, days=days)
    before, highest = floor(onlooker, ann), max(versions(onlooker, ann))

    purge(url, trash_days=trash_days)

    assert (titles(onlooker, ann), titles(onlooker, bob)) == (left, ["Milk"])
    assert floor(onlooker, ann) == (before if left else highest)


def test_what_was_erased_keeps_its_row_as_long_as_somebody_may_ask_for_it(url: str, onlooker: str) -> None:
    ann = someone()
    adds(url, ann, "a", "b")
    highest = max(versions(onlooker, ann))

    for days in (1, 30, 30 + 0.9 * HOUR):
        erases(onlooker, ann, days=days)
        purge(url, trash_days=7)
        assert (titles(onlooker, ann), floor(onlooker, ann) < highest) == (["erased", "erased"], True)
    erases(onlooker, ann, days=30 + 1.1 * HOUR)
    purge(url, trash_days=31)
    assert titles(onlooker, ann) == ["erased", "erased"]
    purge(url, trash_days=7)

    assert (titles(onlooker, ann), floor(onlooker, ann)) == ([], highest)


def test_a_deleted_list_goes_when_nobody_asks_for_it_any_more(url: str, onlooker: str) -> None:
    ann = someone()
    adds(url, ann, "a")
    [version] = versions(onlooker, ann)
    deletes_a_list(onlooker, ann, days=30 + 0.9 * HOUR, version=version + 1)
    deletes_a_list(onlooker, ann, days=31, version=version + 2)
    asked(onlooker, "insert into lists (owner_id, name, version) values (%s, 'x', 1)", ann)
    asked(onlooker, "update tasks set list_id = (select max(id) from lists) where owner_id = %s", ann)

    purge(url, trash_days=30)

    assert floor(onlooker, ann) == version + 2
    assert asked(onlooker, "select count(*) from lists where owner_id = %s", ann) == [(2,)]


def test_a_floor_is_never_lowered(url: str, onlooker: str) -> None:
    ann = someone()
    adds(url, ann, "a")
    trashes(onlooker, ann, days=40)
    asked(onlooker, "update owner set feed_floor = version + 5, version = version + 9 where owner_id = %s", ann)
    before = floor(onlooker, ann)

    purge(url, trash_days=30)

    assert (titles(onlooker, ann), floor(onlooker, ann)) == ([], before)


def test_purges_at_once_and_in_portions_do_it_all_once(
    url: str, onlooker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 3)
    monkeypatch.setattr(retention, "KEYS_AT_ONCE", 3)
    owners = [someone() for _ in range(3)]
    many = "insert into tasks (owner_id, title, status, version, deleted_at) "
    purge(url, trash_days=30)  # what other tests have left
    for owner in owners:
        adds(url, owner, *(str(number) for number in range(10)))
        for days in (30.01, 40):
            asked(
                onlooker,
                many + "select %s, 'x', 'Todo', n, now() - %s * interval '1 day' from generate_series(1, 20) n",
                owner,
                days,
            )
    asked(
        onlooker,
        "update idempotency_keys set created_at = now() - interval '25 hours' where owner_id = any(%s)",
        owners,
    )

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: purge(url, trash_days=30), range(4)))

    assert [sum(counts[table].removed for counts in found) for table in found[0]] == [30, 60, 0]
    assert sum(counts["tasks"].erased for counts in found) == 60
    for owner in owners:
        assert titles(onlooker, owner) == ["Milk"] * 10 + ["erased"] * 20
        assert floor(onlooker, owner) >= 20


def test_rows_whose_owner_was_forgotten_meanwhile_are_left_to_whoever_forgets(url: str, onlooker: str) -> None:
    ann = someone()
    adds(url, ann, "a")
    trashes(onlooker, ann, days=40)
    asked(onlooker, "delete from owner where owner_id = %s", ann)

    purge(url, trash_days=30)

    assert titles(onlooker, ann) == ["Milk"]
    forget(url, ann)


def test_a_purge_that_stands_still_holds_up_nobody_for_long(
    url: str, onlooker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "IDLE_SECONDS", 1)
    ann = someone()
    adds(url, ann, "a")

    with (
        pytest.raises(RetentionRefused) as refused,
        retention.connected(url) as connection,
        retention.as_owner(connection, ann),
    ):
        asked(onlooker, "update owner set version = version + 1 where owner_id = %s", ann)

    assert "idle-in-transaction timeout" in str(refused.value)


@pytest.mark.parametrize("setting", [None, ""])
def test_who_cleans_up_finds_nobody_until_told_how_long_the_trash_keeps(
    url: str, onlooker: str, setting: str | None
) -> None:
    ann, bob = someone(), someone()
    for owner in (ann, bob):
        adds(url, owner, "a")
    trashes(onlooker, ann, days=40_000)
    erases(onlooker, bob, days=40_000)
    deletes_a_list(onlooker, ann, days=40_000, version=1)

    with psycopg.connect(url, autocommit=True) as session:
        session.execute("set role taskward_keeper")
        if setting is not None:
            session.execute("select set_config('app.trash_days', %s, false)", [setting])
        for table in ("tasks", "lists"):
            assert session.execute(f"select owner_id from {table}".encode()).rowcount == 0
        session.execute("select set_config('app.trash_days', '39999', false)")
        found = session.execute("select owner_id from tasks where owner_id = any(%s)", [[ann, bob]]).fetchall()
        assert sorted(found) == sorted([(ann,), (bob,)])
        assert session.execute("select owner_id from lists where owner_id = %s", [ann]).rowcount == 1
    forget(url, ann)
    forget(url, bob)


def test_the_purge_of_a_release_that_left_no_trace_is_refused(url: str) -> None:
    """With its sentence: what was refused is a programming error, as a missing table is."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("set role taskward_keeper")
        with pytest.raises(psycopg.ProgrammingError):
            session.execute("delete from tasks where ctid = any(array(select ctid from tasks limit 10000))")


def test_forgetting_removes_every_row_of_one_owner(url: str, onlooker: str) -> None:
    ann, bob = someone(), someone()
    adds(url, ann, "a", "b")
    adds(url, bob, "a")

    removed = {
        "completions": 0,
        "alarms": 0,
        "tasks": 2,
        "lists": 0,
        "idempotency_keys": 2,
        "delivery": 0,
        "calendar_links": 0,
        "owner": 1,
    }
    assert forget(url, ann) == removed
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
        where 'taskward_keeper'::regrole = any (polroles) and polname = 'expired_rows'
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
        timeout=120,
    )


def test_the_commands_do_it_and_say_what_they_did(new_database: Callable[..., str]) -> None:
    """In a database of its own: what they do is done to everybody's rows."""
    url = new_database(is_migrated=True)
    ann = someone()
    adds(url, ann, "a")

    refused = taskward(url, "forget", ann, answer="n\n")
    kept = rows_of(url, ann)
    forgotten = taskward(url, "forget", ann, "--yes")
    again = taskward(url, "forget", ann, answer="y\n")
    trashed = someone()
    adds(url, trashed, "a")
    trashes(url, trashed, days=10)
    kept_trash = taskward(url, "purge"), rows_of(url, trashed)["tasks"]
    purged = taskward(url, "purge", TRASH_DAYS="9")

    assert (refused.returncode, kept["tasks"]) == (1, 1)
    removed = {
        "completions": 0,
        "alarms": 0,
        "tasks": 1,
        "lists": 0,
        "idempotency_keys": 1,
        "delivery": 0,
        "calendar_links": 0,
        "owner": 1,
    }
    told = ", ".join(f"{count} {'row' if count == 1 else 'rows'} of {table}" for table, count in removed.items())
    assert forgotten.stdout == f"Forgot {ann}: removed {told}.\n"
    assert again.stdout.endswith(f"There was nothing of {ann}.\n")
    assert (kept_trash[0].returncode, kept_trash[1]) == (0, 1)
    assert (purged.returncode, purged.stderr) == (0, "")
    assert [line.partition(":")[0] for line in purged.stdout.splitlines()] == ["idempotency_keys", "tasks", "lists"]
    assert purged.stdout.splitlines()[1].startswith("tasks: removed 0 expired rows, erased the content of ")
    assert titles(url, trashed) == ["erased"]
