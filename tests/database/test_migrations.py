"""The schema: up, down and up again with people's data in it, the same as the models, by whoever may migrate."""

import asyncio
import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from psycopg import errors
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from support.databases import (
    PASSWORD,
    ROLES,
    as_login,
    asked,
    database_of,
    using,
    with_database,
    without_the_roles,
)
from support.programs import eventually
from support.requirements import require_program
from taskward import migrations
from taskward.migrations import (
    HEAD,
    REVISIONS,
    MigrationRefused,
    configuration,
    connected,
    current,
    downgrade,
    migrate,
    script,
)
from taskward.postgres.failures import DatabaseRefused
from taskward.resources.paging import PageRequest
from taskward.resources.session import Session
from taskward.tasks import actions, finding
from taskward.tasks.model import TaskCreate
from taskward.tasks.words import words_of

MIGRATION_LOCK = 7308604896953369  # as `env.py` has it


COLUMNS = """
    select relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
           pg_get_expr(adbin, adrelid), attcollation::regcollation::text
    from pg_attribute
    join pg_class on attrelid = pg_class.oid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
"""
CONSTRAINTS = """
    select conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'public'::regnamespace
"""
INDEXES = "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'"
SEQUENCES = """
    select sequencename, data_type::text, start_value, min_value, max_value, increment_by, cycle
    from pg_sequences where schemaname = 'public'
"""
GUARDS = """
    select relname, relkind, relrowsecurity, relforcerowsecurity, relacl::text, obj_description(oid),
           array(select format('%s %s %s %s %s', polname, polcmd, polroles::regrole[], pg_get_expr(polqual, polrelid),
                               pg_get_expr(polwithcheck, polrelid))
                 from pg_policy where polrelid = pg_class.oid order by polname)
    from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'S')
"""
ROUTINES = "select proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace"

SHAPE = {"columns": COLUMNS, "constraints": CONSTRAINTS, "indexes": INDEXES, "sequences": SEQUENCES}
EVERYTHING = {**SHAPE, "guards": GUARDS, "routines": ROUTINES}


def catalog(url: str, parts: dict[str, str] = EVERYTHING) -> dict[str, list[tuple[Any, ...]]]:
    """All that the schema says, but what Alembic keeps for itself."""
    return {
        part: sorted(row for row in asked(url, query) if "taskward_version" not in row) for part, query in parts.items()
    }


def upgrade(url: str, *, to: str) -> None:
    with connected(url) as connection:
        command.upgrade(configuration(connection), to)


def tasks_in(url: str) -> list[tuple[Any, ...]]:
    """As a superuser sees them, by columns that every revision has."""
    return sorted(asked(url, "select owner_id, id, title, description, status, version from tasks"))


async def lives(url: str, owner: str) -> list[str]:
    """The titles that the release itself reads, after it has written one more."""
    async with using(url) as database:
        await database.open()
        await actions.create(Session.begin(database, owner), TaskCreate(title="Bread"))
        page = await finding.list_tasks(Session.begin(database, owner), PageRequest(500))
        return [task["title"] for task in json.loads(page.json)]


# Revisions


def test_the_revisions_are_those_of_the_files() -> None:
    scripts = ScriptDirectory.from_config(configuration())

    found = [one.revision for one in scripts.walk_revisions()]

    assert tuple(reversed(found)) == REVISIONS
    assert scripts.get_current_head() == HEAD
    assert all(one.path.rpartition("/")[2].startswith(f"{one.revision}_") for one in scripts.walk_revisions())


def test_an_empty_database_has_no_revision_and_a_migrated_one_is_at_head(new_database: Callable[..., str]) -> None:
    url = new_database()

    assert current(url) is None
    assert migrate(url) is None
    assert current(url) == HEAD
    assert migrate(url) == HEAD


def test_up_down_and_up_again_makes_the_same_schema(new_database: Callable[..., str]) -> None:
    url = new_database()
    asked(url, "create table notes (note text)")
    asked(url, "insert into notes values ('not ours')")
    migrate(url)
    once = catalog(url)

    downgrade(url, to="base")

    assert current(url) is None
    tables = "select tablename from pg_tables where schemaname = 'public'"
    assert sorted(asked(url, tables)) == [("notes",), ("taskward_version",)]
    assert asked(url, "select rolname from pg_roles where rolname = any(%s)", list(ROLES))

    migrate(url)

    assert catalog(url) == once
    assert asked(url, "select * from notes") == [("not ours",)]


@pytest.mark.parametrize("kind", ["superuser", "ordinary"])
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_revision_comes_and_goes_without_a_change_to_the_tasks_that_are_there(
    own_cluster: str, logins: dict[str, str], revision: str, kind: str
) -> None:
    """An ordinary login is blinded by forced policies: a change of rows that forgets it changes none."""
    with database_of(own_cluster, kind) as (url, admin):
        upgrade(url, to=revision)
        asked(admin, "insert into owner (owner_id, version) values ('ann', 7), ('bob', 8)")
        asked(
            admin,
            "insert into tasks (owner_id, title, description, status, version) values "
            "('ann', 'Milk', null, 'Todo', 6), ('ann', 'Eggs', 'A dozen', 'Done', 7), ('bob', '% \\ '' 🥛', '', "
            "'InProgress', 8)",
        )
        before = tasks_in(admin)

        migrate(url)

        assert tasks_in(admin) == before
        assert asyncio.run(lives(url, "ann")) == ["Milk", "Eggs", "Bread"]
        assert asyncio.run(lives(url, "carol")) == ["Bread"]
        with_ours = tasks_in(admin)

        downgrade(url, to=revision)
        assert current(url) == revision
        assert tasks_in(admin) == with_ours

        migrate(url)
        assert tasks_in(admin) == with_ours
        assert asyncio.run(lives(url, "bob")) == ["% \\ ' 🥛", "Bread"]


OLD_INSERT = (
    "insert into tasks (owner_id, title, description, status, created_at, updated_at, version) "
    "values (%s, %s, %s, %s, '2026-01-01T00:00:00Z', %s, 5)"
)
TEXTS = (
    "Oat milk, OAT-milk & 2 eggs!",
    "ΟΔΟΣ ΣΑΣ Σ ΑΣ\u0301 ΑΣ\u00adΑ ΣΣ",
    "İSTANBUL Iı İ\u0307",
    "e\u0301 \u00c9 \u01c5 \u1e9e \ua7af \u10a0 \U00010400 \U0001e900",
    "日本語 ก็ \u0661\u0662 \u00b2 \u2163 \u24b6 \U0001f9c0 _ \u02b0",
    "X" * 150 + " " + "İ" * 99,
    "% \\ ' : :name $1",
    "\x01 \t \n",
    "".join(map(chr, range(0x100, 0x2100))),
    "準備搬家了 买iPhone手机壳 2024年12月 ข้าวผัด",
    "的" * 10_000,
    "\ufdfa" * 10_000,
    "a" + "\u0323\u0301" * 200,
)


def words_in(url: str) -> list[tuple[Any, ...]]:
    """The texts of each task with what a search looks at, in the order of ids."""
    words = "tsvector_to_array(title_words), title_unspaced, tsvector_to_array(description_words), description_unspaced"
    return asked(url, f"select title, description, {words} from tasks order by id")


def has_its_words(title: str, description: str | None, *found: Any) -> bool:
    of_title, title_unspaced, of_description, description_unspaced = found
    return words_of(title) == (sorted(of_title), title_unspaced) and words_of(description) == (
        sorted(of_description),
        description_unspaced,
    )


@pytest.mark.parametrize("kind", ["superuser", "ordinary"])
def test_tasks_of_the_release_before_gain_their_words_and_their_completion(
    own_cluster: str, logins: dict[str, str], kind: str
) -> None:
    with database_of(own_cluster, kind) as (url, admin):
        upgrade(url, to="0002")
        asked(admin, "insert into owner (owner_id, version) values ('ann', 7)")
        for text in TEXTS:
            asked(admin, OLD_INSERT, "ann", text[:255], text, "Todo", None)
        asked(admin, OLD_INSERT, "ann", "done at once", None, "Done", None)
        asked(admin, OLD_INSERT, "ann", "done later", None, "Done", "2026-01-02T00:00:00Z")

        migrate(url)

        assert [row for row in words_in(admin) if not has_its_words(*row)] == []
        completed = "select title, completed_at::date::text from tasks where completed_at is not null order by id"
        assert asked(admin, completed) == [("done at once", "2026-01-01"), ("done later", "2026-01-02")]
        assert asked(admin, "select distinct tags, priority, due_on, due_at, time_zone, deleted_at from tasks") == [
            ([], None, None, None, None, None)
        ]


def test_tasks_that_were_there_are_in_the_order_of_their_ids_and_new_ones_behind_them(
    new_database: Callable[..., str],
) -> None:
    url = new_database()
    upgrade(url, to="0008")
    asked(url, "insert into owner (owner_id, version) values ('ann', 7)")
    for number in range(12):
        asked(url, OLD_INSERT, "ann", f"{number}", None, "Todo", None)

    migrate(url)
    asyncio.run(lives(url, "ann"))

    by_position = asked(url, "select title, octet_length(position) from tasks order by position")
    assert by_position == [*((f"{number}", 17) for number in range(12)), ("Bread", 17)]
    assert asked(url, "select feed_floor from owner") == [(0,)]


@pytest.mark.parametrize("kind", ["superuser", "ordinary"])
def test_words_of_every_script_are_made_anew_and_those_of_before_come_back(
    own_cluster: str, logins: dict[str, str], kind: str
) -> None:
    """In portions of a thousand; nothing else of a task changes."""
    with database_of(own_cluster, kind) as (url, admin):
        upgrade(url, to="0007")
        asked(admin, "insert into owner (owner_id, version) values ('ann', 7), ('bob', 7)")
        insert = (
            "insert into tasks "
            "(owner_id, title, description, status, version, title_words, description_words, deleted_at) "
            "values (%s, %s, %s, 'Todo', 5, array_to_tsvector(%s), array_to_tsvector(%s), %s)"
        )
        many = "Café 準備搬家了"
        asked(
            admin,
            "insert into tasks (owner_id, title, status, version, title_words) "
            "select 'ann', %s || ' ' || n, 'Todo', 5, array_to_tsvector(array['café', '準備搬家了', n::text]) "
            "from generate_series(1, 1100) as n",
            many,
        )
        asked(admin, insert, "bob", "Milk", "Café", ["milk"], ["café"], "2026-01-01T00:00:00Z")
        asked(admin, insert, "bob", "Straße", None, ["straße"], [], None)
        # What only an application of another release could have written: not looked at, because it is ASCII.
        asked(admin, insert, "bob", "Eggs", "A dozen", ["kept"], [], None)
        rest = "select owner_id, id, title, description, version, updated_at, deleted_at from tasks order by id"
        before, others = (
            asked(admin, "select title_words, description_words from tasks order by id"),
            asked(admin, rest),
        )

        for _ in range(2):
            migrate(url)

        *others_words, eggs = words_in(admin)
        assert [row for row in others_words if not has_its_words(*row)] == []
        assert eggs[2:] == (["kept"], None, [], None)
        assert asked(admin, rest) == others

        downgrade(url, to="0007")

        assert asked(admin, "select title_words, description_words from tasks order by id") == before
        assert asked(admin, rest) == others


def test_the_release_before_goes_on_writing_in_the_new_schema(new_database: Callable[..., str]) -> None:
    """Its statements name the columns that it knows, and no other."""
    url = new_database()
    migrate(url)
    asked(url, "insert into owner (owner_id, version) values ('ann', 7)")

    asked(url, OLD_INSERT, "ann", "Milk", None, "Done", None)
    asked(url, OLD_INSERT, "ann", "Eggs", None, "Todo", None)
    asked(url, "update tasks set status = 'Done', updated_at = '2026-02-01T00:00:00Z' where title = 'Eggs'")
    days = "select title, completed_at::date::text from tasks order by id"
    assert asked(url, days) == [("Milk", "2026-01-01"), ("Eggs", "2026-02-01")]

    asked(url, "update tasks set status = 'Todo', updated_at = '2026-03-01T00:00:00Z'")
    assert asked(url, days) == [("Milk", None), ("Eggs", None)]
    assert asyncio.run(lives(url, "ann")) == ["Milk", "Eggs", "Bread"]


FILES = (
    "select relname, relfilenode from pg_class where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace"
)


@pytest.mark.parametrize("kind", ["superuser", "ordinary"])
def test_the_clocks_gain_their_domain_without_being_written_anew(
    own_cluster: str, logins: dict[str, str], kind: str
) -> None:
    """Nor is anything else, either way: each table is held for a moment."""
    with database_of(own_cluster, kind) as (url, admin):
        upgrade(url, to="0006")
        asked(admin, "insert into owner (owner_id, version) select 'owner ' || n, n from generate_series(1, 1000) as n")
        asked(admin, "insert into tasks (owner_id, title, status, version) values ('owner 7', 'Milk', 'Todo', 7)")
        before = sorted(asked(admin, FILES))

        upgrade(url, to="0007")
        assert sorted(asked(admin, FILES)) == before
        for name in ("", "x" * 321):
            with pytest.raises(errors.CheckViolation, match="owner_name_check"):
                asked(admin, "insert into owner (owner_id, version) values (%s, 1)", name)

        downgrade(url, to="0006")
        assert sorted(asked(admin, FILES)) == before
        for name in ("", "x" * 321):
            with pytest.raises(errors.CheckViolation, match="owner_id_length"):
                asked(admin, "insert into owner (owner_id, version) values (%s, 1)", name)
        with pytest.raises(errors.ForeignKeyViolation):
            asked(admin, "insert into tasks (owner_id, title, status, version) values ('nobody', 'Milk', 'Todo', 7)")


def test_a_downgrade_leaves_no_deleted_task_to_a_release_without_a_trash(
    own_cluster: str, logins: dict[str, str]
) -> None:
    with database_of(own_cluster, "ordinary") as (url, admin):
        migrate(url)
        assert asyncio.run(lives(url, "ann")) == ["Bread"]
        assert asyncio.run(lives(url, "bob")) == ["Bread"]
        asked(admin, "update tasks set deleted_at = now() where owner_id = 'bob'")
        asked(
            admin,
            "insert into idempotency_keys (owner_id, key, fingerprint, answer) values ('ann', 'batch', %s, '{}')",
            "f" * 64,
        )

        downgrade(url, to="0002")

        assert asked(admin, "select owner_id from tasks") == [("ann",)]
        assert asked(admin, "select from idempotency_keys") == []
        forced = "select relforcerowsecurity from pg_class where relname in ('tasks', 'idempotency_keys')"
        assert asked(admin, forced) == [(True,)] * 2


def test_the_models_are_the_migrations(new_database: Callable[..., str]) -> None:
    migrated, made = new_database(), new_database()
    migrate(migrated)
    engine = create_engine(made.replace("postgresql://", "postgresql+psycopg://"))
    SQLModel.metadata.create_all(engine)
    engine.dispose()

    assert catalog(made, SHAPE) == catalog(migrated, SHAPE)


# As a script


@pytest.fixture
def scripted(new_database: Callable[..., str]) -> str:
    """What psql has made of the script."""
    psql = require_program("psql", "run the script that `taskward migrate --sql` prints")
    url = new_database()
    known_to_psql_15 = url.replace("&require_auth=scram-sha-256", "")
    run = subprocess.run(
        [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", known_to_psql_15],
        input=script(),
        text=True,
        capture_output=True,
    )
    assert (run.returncode, run.stderr) == (0, "")
    return url


def test_psql_makes_the_same_schema_of_the_script(scripted: str, new_database: Callable[..., str]) -> None:
    url = new_database()
    migrate(url)

    assert catalog(scripted) == catalog(url)
    assert current(scripted) == HEAD
    assert migrate(scripted) == HEAD
    assert asyncio.run(lives(scripted, "ann")) == ["Bread"]


def test_any_client_makes_the_same_schema_of_the_script(new_database: Callable[..., str]) -> None:
    by_script, url = new_database(), new_database()
    migrate(url)

    with psycopg.connect(by_script, autocommit=True) as connection:
        connection.pgconn.exec_(script().encode())

    assert catalog(by_script) == catalog(url)
    assert current(by_script) == HEAD


# At once


def test_whoever_migrates_waits_for_whoever_already_does_and_finds_the_work_done(
    new_database: Callable[..., str],
) -> None:
    url = new_database()
    program = "import sys; from taskward.migrations import migrate; migrate(sys.argv[1])"
    waiting = "select from pg_locks where locktype = 'advisory' and not granted"

    with psycopg.connect(url) as session, ThreadPoolExecutor() as threads:
        session.execute("select pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        here = threads.submit(migrate, url)
        with subprocess.Popen([sys.executable, "-c", program, url]) as elsewhere:
            eventually(lambda: len(asked(url, waiting)) == 2)

            session.rollback()

            assert here.result(60) is None
            assert elsewhere.wait(60) == 0

    assert current(url) == HEAD
    assert asyncio.run(lives(url, "ann")) == ["Bread"]


def test_a_migration_steps_back_from_tables_that_others_hold_and_tries_again(new_database: Callable[..., str]) -> None:
    url = new_database()
    migrate(url)
    downgrade(url, to="0003")
    told: list[str] = []

    with psycopg.connect(url) as session, ThreadPoolExecutor() as threads:
        session.execute("lock table tasks in row exclusive mode")
        migrating = threads.submit(migrate, url, say=told.append)
        eventually(lambda: len(told) >= 2)
        session.rollback()

        assert migrating.result(60) == "0003"

    assert set(told) == {"Others hold what the migration changes: trying again."}
    assert current(url) == HEAD


def test_a_migration_that_others_hold_up_for_too_long_is_refused(
    new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    migrate(url)
    downgrade(url, to="0003")
    monkeypatch.setattr(migrations, "LOCKED_SECONDS", 0)

    with psycopg.connect(url) as session:
        session.execute("lock table tasks in row exclusive mode")
        with pytest.raises(MigrationRefused, match="Nothing was migrated: canceling statement due to lock timeout"):
            migrate(url)

    assert current(url) == "0003"


def test_several_threads_migrate_at_once(new_database: Callable[..., str]) -> None:
    urls = [new_database(), new_database()] * 2

    with ThreadPoolExecutor(4) as threads:
        before = list(threads.map(migrate, urls))

    assert set(before) <= {None, HEAD}
    assert [current(url) for url in urls] == [HEAD] * 4


def test_several_databases_of_one_server_are_migrated_at_once(own_cluster: str, logins: dict[str, str]) -> None:
    """Roles belong to all of them together."""
    with without_the_roles(own_cluster), login(own_cluster, "createrole") as name, ExitStack() as stack:
        urls = [stack.enter_context(database_of(own_cluster, name))[0] for _ in range(3)]

        with ThreadPoolExecutor(3) as threads:
            list(threads.map(asked, urls, [script()] * 3))

        assert [current(url) for url in urls] == [HEAD] * 3


# Whoever may not


def test_a_login_that_may_not_create_roles_is_told_what_an_administrator_runs(
    own_cluster: str, logins: dict[str, str]
) -> None:
    with without_the_roles(own_cluster), login(own_cluster) as name, database_of(own_cluster, name) as (url, admin):
        with pytest.raises(MigrationRefused) as refusal:
            migrate(url)
        said = str(refusal.value)
        advice = (
            "create role taskward_app nologin; create role taskward_keeper nologin; grant taskward_app, taskward_keeper"
        )
        assert said == (
            f"Nothing was migrated: The login {name} may not create roles; an administrator runs: {advice} to {name};"
        )
        assert catalog(admin) == {part: [] for part in EVERYTHING}
        assert asked(admin, "select rolname from pg_roles where rolname = any(%s)", list(ROLES)) == []
        assert current(url) is None

        for statement in said.rpartition("runs: ")[2].rstrip(".").split("; "):
            asked(admin, statement)

        migrate(url)
        assert asyncio.run(lives(url, "ann")) == ["Bread"]


def test_a_login_that_may_not_become_the_roles_is_told_what_an_administrator_runs(
    own_cluster: str, logins: dict[str, str]
) -> None:
    with login(own_cluster) as name, database_of(own_cluster, name) as (url, admin):
        with pytest.raises(MigrationRefused) as refusal:
            migrate(url)
        said = str(refusal.value)
        assert said == (
            f"Nothing was migrated: The login {name} may not become the roles that work is done as; "
            f"an administrator runs: grant taskward_app, taskward_keeper to {name};"
        )
        assert catalog(admin) == {part: [] for part in EVERYTHING}

        asked(admin, said.rpartition("runs: ")[2])

        migrate(url)
        assert asyncio.run(lives(url, "ann")) == ["Bread"]


@pytest.mark.parametrize(
    ("revoked", "sentence"),
    [
        ("revoke create on schema public from public, pg_database_owner", "permission denied for schema public"),
        ("revoke all on schema public from public, pg_database_owner", "no schema has been selected to create in"),
    ],
)
def test_a_login_without_rights_on_the_schema_is_told_so(
    own_cluster: str, logins: dict[str, str], revoked: str, sentence: str
) -> None:
    with login(own_cluster, f"in role {', '.join(ROLES)}") as name, database_of(own_cluster, name) as (url, admin):
        asked(admin, "alter schema public owner to postgres")
        asked(admin, revoked)

        with pytest.raises(MigrationRefused, match=f"^Nothing was migrated: {sentence}.$"):
            migrate(url)

        assert catalog(admin) == {part: [] for part in EVERYTHING}

        asked(admin, f"grant usage, create on schema public to {name}")
        if "all" in revoked:
            with pytest.raises(MigrationRefused) as refusal:
                migrate(url)
            said = str(refusal.value)
            assert said == (
                f"Nothing was migrated: The login {name} may not grant the use of the schema public; "
                "an administrator runs: grant usage on schema public to taskward_app, taskward_keeper;"
            )
            asked(admin, said.rpartition("runs: ")[2])
        migrate(url)
        assert asyncio.run(lives(url, "ann")) == ["Bread"]


def test_a_downgrade_waits_behind_a_write_and_not_in_front_of_it(new_database: Callable[..., str]) -> None:
    """A write takes its owner's row, and then its tasks: a downgrade that held these would wait for it for ever."""
    url = new_database()
    migrate(url)
    asked(url, "insert into owner (owner_id, version) values ('ann', 7)")
    waiting = "select count(*) from pg_locks where relation = 'owner'::regclass and not granted"

    with ThreadPoolExecutor() as pool, psycopg.connect(url) as write:
        write.execute("update owner set version = 8")
        going_back = pool.submit(downgrade, url, to="0008")
        eventually(lambda: going_back.done() or asked(url, waiting) == [(1,)])
        write.execute("lock table tasks in row exclusive mode nowait")
        write.commit()
        going_back.exception()


def test_a_schema_of_a_newer_release_is_left_alone(new_database: Callable[..., str]) -> None:
    url = new_database()
    migrate(url)
    asked(url, "update taskward_version set version_num = 'later'")
    before = catalog(url)

    for attempt in (migrate, lambda url: downgrade(url, to="base")):
        with pytest.raises(MigrationRefused, match="migrated by a newer one"):
            attempt(url)

    assert catalog(url) == before
    assert current(url) == "later"


@pytest.mark.parametrize("attempt", [migrate, current, lambda url: downgrade(url, to="base")], ids=["up", "at", "down"])
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda url: as_login(url, "postgres", "sesame-7"), 'password authentication failed for user "postgres"'),
        (
            lambda url: as_login(with_database(url, "nowhere"), "postgres", the_password(url)),
            '"nowhere" does not exist',
        ),
        (lambda _: "postgresql://postgres:sesame-7@127.0.0.1:1/taskward", "Connection refused"),
        (lambda _: "postgresql://postgres:sesame-7@no.such.host.invalid/taskward", "no.such.host.invalid"),
        (lambda _: "postgresql://postgres:sesame-7%zz@127.0.0.1/taskward", "URL"),
        (lambda _: "postgresql://postgres:sesame-7@127.0.0.1/taskward?sesame=7", "URL"),
        (lambda _: "postgresql://postgres:sesame-7@127.0.0.1/taskward?sslmode=perhaps", "sslmode"),
    ],
)
def test_a_database_that_is_not_there_or_says_no_is_told_in_one_sentence_without_the_password(
    cluster: str, attempt: Callable[[str], Any], change: Callable[[str], str], sentence: str
) -> None:
    with pytest.raises(MigrationRefused) as refusal:
        attempt(change(cluster))

    said = str(refusal.value)
    assert sentence in said
    assert said.endswith(".")
    assert "\n" not in said
    assert "sesame" not in said
    assert the_password(cluster) not in said


def test_a_failure_in_the_middle_leaves_nothing(new_database: Callable[..., str]) -> None:
    """The last table is in the way: what came before it is undone."""
    url = new_database()
    asked(url, "create table idempotency_keys (in_the_way int)")
    before = catalog(url)

    with pytest.raises(MigrationRefused, match="already exists"):
        migrate(url)

    assert catalog(url) == before
    assert current(url) is None


def test_a_database_that_was_taken_down_is_refused_until_it_is_migrated_again(new_database: Callable[..., str]) -> None:
    url = new_database()
    migrate(url)
    downgrade(url, to="base")

    async def main() -> None:
        async with using(url) as database:
            with pytest.raises(DatabaseRefused, match="run `taskward migrate`"):
                await database.open()

    asyncio.run(main())


# People and places


def the_password(url: str) -> str:
    password = urlsplit(url).password
    assert password
    return password


@contextmanager
def login(cluster: str, options: str = "") -> Iterator[str]:
    name = f"login_{secrets.token_hex(6)}"
    asked(cluster, f"create role {name} login password '{PASSWORD}' {options}")
    try:
        yield name
    finally:
        asked(cluster, f"reassign owned by {name} to postgres")
        asked(cluster, f"drop owned by {name}")
        asked(cluster, f"drop role {name}")
