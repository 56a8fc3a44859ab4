"""`taskward restored`: nothing that was given out after a backup is given out again, on every login that migrates."""

import asyncio
import secrets
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.databases import PASSWORD, as_login, asked, using, with_database
from support.programs import TASKWARD, environment
from taskward.migrations import downgrade
from taskward.operations import restored as command
from taskward.operations.restored import LIFT_MS, NOT_THE_OWNER, STAMP, restored
from taskward.operations.retention import NOT_THE_SCHEMA, RetentionRefused, forget
from taskward.resources.clock import owned_tables
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.model import TaskCreate
from taskward.tasks.trash import TRASH


@pytest.fixture(params=["superuser", "neon", "ordinary"])
def url(request: pytest.FixtureRequest, logins: dict[str, str]) -> str:
    return logins[request.param]


@pytest.fixture
def onlooker(url: str, own_cluster: str) -> str:
    return with_database(own_cluster, urlsplit(url).path[1:])


def someone() -> str:
    return f"o'{secrets.token_hex(6)}\\; $1 %s {{}}"


def quiet(url: str, *, ids: int = 10) -> command.Restored:
    return restored(url, ids=ids, say=lambda _: None)


def lives(url: str, onlooker: str, owner: str) -> None:
    """Leaves a live task with three completions, a trashed and an erased one, and two lists, one of them deleted."""

    async def main() -> None:
        async with using(url) as database:
            session = Session.begin(database, owner)
            milk, eggs, tea = [await actions.create(session, TaskCreate(title=title)) for title in ("a", "b", "c")]
            for task in (eggs, tea):
                await actions.delete(session, task.id, expected=None)
            await TRASH.erase(session, tea.id, trash_days=30)
            completions.append(milk.id)

    completions: list[int] = []
    asyncio.run(main())
    asked(
        onlooker,
        "insert into completions (owner_id, task_id, occurrence, occurrence_date, kind, completed_at, version) "
        "select owner_id, %s, n, '2026-03-10', 'done', now(), version from owner, generate_series(1, 3) n "
        "where owner_id = %s",
        *completions,
        owner,
    )
    for deleted_at in (None, "now"):
        asked(
            onlooker,
            "insert into lists (owner_id, name, version, deleted_at) select owner_id, 'x', version, %s::timestamptz "
            "from owner where owner_id = %s",
            deleted_at,
            owner,
        )


Rows = dict[tuple[str, *tuple[int, ...]], dict[str, Any]]
"""By table and key."""


def rows_of(onlooker: str, owner: str) -> Rows:
    found: Rows = {}
    for table in STAMP:
        for (row,) in asked(onlooker, f"select to_jsonb(t) from {table} t where owner_id = %s", owner):
            key = (row["id"],) if "id" in row else (row["task_id"], row["occurrence"])
            found[table, *key] = row
    return found


def clock_of(onlooker: str, owner: str) -> tuple[int, int]:
    [(version, floor)] = asked(onlooker, "select version, feed_floor from owner where owner_id = %s", owner)
    return version, floor


def ids_of(rows: Rows, table: str) -> list[int]:
    return sorted(number for name, number, *_ in rows if name == table)


def without_version(rows: Rows) -> Rows:
    return {key: {name: value for name, value in row.items() if name != "version"} for key, row in rows.items()}


def test_every_row_gets_a_new_version_and_nothing_else(url: str, onlooker: str) -> None:
    ann = someone()
    lives(url, onlooker, ann)
    before, (version, _) = rows_of(onlooker, ann), clock_of(onlooker, ann)
    began_ms = int(time.time() * 1000)

    done = quiet(url)

    after, (lifted, floor) = rows_of(onlooker, ann), clock_of(onlooker, ann)
    assert (len(before), done.rows >= 8) == (8, True)
    assert without_version(after) == without_version(before)
    assert version < began_ms + LIFT_MS <= floor < min(row["version"] for row in after.values())
    assert max(row["version"] for row in after.values()) <= lifted


def test_the_ids_go_as_far_as_they_are_told(url: str, onlooker: str) -> None:
    ann = someone()
    lives(url, onlooker, ann)
    quiet(url, ids=5_000)
    lives(url, onlooker, ann)

    tasks, lists = (ids_of(rows_of(onlooker, ann), table) for table in ("tasks", "lists"))
    assert (len(tasks), tasks[3] > tasks[2] + 5_000) == (6, True)
    assert (len(lists), lists[2] > lists[1] + 5_000) == (4, True)


def test_it_goes_in_portions_and_twice_at_once(url: str, onlooker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(command, "OWNERS_AT_ONCE", 2)
    owners = [someone() for _ in range(5)]
    for owner in owners:
        lives(url, onlooker, owner)
    before = {owner: rows_of(onlooker, owner) for owner in owners}
    last = max(number for rows in before.values() for number in ids_of(rows, "tasks"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: quiet(url, ids=1_000), range(4)))

    for owner in owners:
        after, (_, floor) = rows_of(onlooker, owner), clock_of(onlooker, owner)
        assert without_version(after) == without_version(before[owner])
        assert min(row["version"] for row in after.values()) > floor
    lives(url, onlooker, owners[0])
    assert ids_of(rows_of(onlooker, owners[0]), "tasks")[3] > last + 4_000


def test_what_broke_off_is_done_by_the_next(url: str, onlooker: str) -> None:
    ann = someone()
    lives(url, onlooker, ann)
    lifts: list[tuple[int, int]] = []

    def dies(_: str) -> None:
        lifts.append(clock_of(onlooker, ann))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restored(url, ids=10, say=dies)
    [(_, floor)] = lifts
    assert min(row["version"] for row in rows_of(onlooker, ann).values()) < floor

    quiet(url)

    assert floor < clock_of(onlooker, ann)[1] < min(row["version"] for row in rows_of(onlooker, ann).values())


def test_it_serves_meanwhile(url: str, onlooker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes in the middle is neither stamped again nor told an old version."""
    monkeypatch.setattr(command, "ROWS_AT_ONCE", 1)
    ann, bob = someone(), someone()
    for owner in (ann, bob):
        lives(url, onlooker, owner)
    written: list[tuple[int, int]] = []

    def write(_: str) -> None:
        async def main() -> None:
            async with using(url) as database:
                made = await actions.create(Session.begin(database, ann), TaskCreate(title="Now"))
                written.append((made.id, made.version))

        asyncio.run(main())
        forget(url, bob)

    restored(url, ids=10, say=lambda said: write(said) if not written else None)

    [(number, version)] = written
    assert version > clock_of(onlooker, ann)[1]
    assert rows_of(onlooker, ann)["tasks", number]["version"] == version
    assert rows_of(onlooker, bob) == {}
    assert asked(onlooker, "select from owner where owner_id = %s", bob) == []


def test_every_row_that_has_a_version_is_stamped(url: str) -> None:
    with_version = """
        select relname from pg_class join pg_attribute on attrelid = pg_class.oid
        where relkind in ('r', 'p') and not relispartition and attname = 'version' and not attisdropped
            and relnamespace = 'public'::regnamespace
    """

    found = {name for (name,) in asked(url, with_version)} & set(owned_tables())

    assert found - {"owner", "idempotency_keys"} == set(STAMP)


# Refusals


def test_another_schema_is_refused(own_cluster: str, new_database: Callable[..., str]) -> None:
    empty, older, newer = own_cluster, *(new_database(is_migrated=True) for _ in range(2))
    downgrade(older, to="0008")
    asked(newer, "update taskward_version set version_num = '9999'")

    for url in (empty, older, newer):
        with pytest.raises(RetentionRefused) as refused:
            quiet(url)
        assert str(refused.value) == NOT_THE_SCHEMA


def test_a_login_that_may_not_lift_the_ids_changes_nothing(logins: dict[str, str], own_cluster: str) -> None:
    url = logins["ordinary"]
    onlooker = with_database(own_cluster, "ordinary")
    name = f"serving_{secrets.token_hex(6)}"
    ann = someone()
    lives(url, onlooker, ann)
    before = rows_of(onlooker, ann), clock_of(onlooker, ann)
    asked(own_cluster, f"create role {name} login password '{PASSWORD}' in role taskward_app, taskward_keeper")
    try:
        with pytest.raises(RetentionRefused) as refused:
            quiet(as_login(url, name, PASSWORD))
    finally:
        asked(own_cluster, f"drop role {name}")

    assert str(refused.value) == NOT_THE_OWNER
    assert (rows_of(onlooker, ann), clock_of(onlooker, ann)) == before


def test_the_command_says_what_it_did(new_database: Callable[..., str]) -> None:
    """In a database of its own: what it does is done to everybody's rows, which others then hold stale."""
    url = new_database(is_migrated=True)
    lives(url, url, someone())

    done = subprocess.run(
        [TASKWARD, "restored", "--ids", "77"],
        env=environment(DATABASE_URL=url),
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (0, "")
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("Lifted the versions of 1 owner, ")
    assert first.endswith("and the ids by 77. From now on nothing comes again.")
    assert last.startswith("Stamped ")
    assert " rows of 1 owner in the database " in last
    assert "@" not in last
