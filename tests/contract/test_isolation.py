"""A stranger's rows do not exist: the database says so, whatever the statements forget, on every kind of login."""

import asyncio
import json
import re
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from support import golden
from support.database_proxy import proxied
from support.databases import asked, using, with_database
from taskward.lists import actions as lists
from taskward.lists import moves as list_moves
from taskward.lists.errors import ListNotFound
from taskward.lists.model import ListCreate, ListPatch, ListReplace
from taskward.lists.moves import ListMove
from taskward.migrations import REVISIONS
from taskward.owners import calendar_links
from taskward.postgres.connection import Connection
from taskward.postgres.context import APP_ROLE, KEEPER_ROLE, NOBODY, PRESENT
from taskward.postgres.encoding import Row
from taskward.postgres.failures import DatabaseRefused, DatabaseUnavailable, StatementFailed
from taskward.postgres.pool import Pool
from taskward.postgres.statements import Bound, Statement
from taskward.resources.clock import owned_tables
from taskward.resources.errors import ReferenceNotFound
from taskward.resources.idempotency import Idempotency
from taskward.resources.paging import PageRequest
from taskward.resources.session import Session
from taskward.tasks import actions, batch, finding, list_deletion
from taskward.tasks.actions import Versioned
from taskward.tasks.batch import Batch
from taskward.tasks.due import list_due
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.finding import TaskQuery
from taskward.tasks.model import TaskCreate, TaskPatch, TaskReplace
from taskward.tasks.trash import TRASH

RETRY = Idempotency("the same key", "f" * 64)

OWNED_TABLES = owned_tables()


@pytest.fixture(params=["superuser", "neon", "ordinary"])
def url(request: pytest.FixtureRequest, logins: dict[str, str]) -> str:
    return logins[request.param]


@pytest.fixture
def ann() -> str:
    return f"ann-{secrets.token_hex(8)}"


@pytest.fixture
def bob() -> str:
    return f"bob-{secrets.token_hex(8)}"


@contextmanager
def as_app(url: str, owner: str | None = None) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A session of the role that requests run as."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(f"set role {APP_ROLE}")
        if owner is not None:
            session.execute("select set_config('app.user_id', %s, false)", [owner])
        yield session


async def has(database: Pool, owner: str, *titles: str) -> list[Versioned]:
    return [await actions.create(Session.begin(database, owner), TaskCreate(title=title)) for title in titles]


async def seen(database: Pool, owner: str) -> list[str]:
    page = await finding.list_tasks(Session.begin(database, owner), PageRequest(500))
    return [task["title"] for task in json.loads(page.json)]


def arranged(url: str, *owners: str) -> None:
    """Each of the owners has a task called Milk."""

    async def main() -> None:
        async with using(url) as database:
            for owner in owners:
                await has(database, owner, "Milk")

    asyncio.run(main())


# What the catalog says


def test_every_table_with_an_owner_has_forced_policies_for_reading_and_writing(url: str) -> None:
    found = asked(
        url,
        """
        select relname, relrowsecurity, relforcerowsecurity, polroles::regrole[]::text,
               polpermissive, polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
        from pg_class
        join pg_attribute on attrelid = pg_class.oid and attname = 'owner_id' and not attisdropped
        left join pg_policy on polrelid = pg_class.oid and polroles @> array['taskward_app'::regrole::oid]
        where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
        """,
    )

    own = "(owner_id = NULLIF(current_setting('app.user_id'::text, true), ''::text))"
    expected = [(name, True, True, f"{{{APP_ROLE}}}", True, "*", own, own) for name in OWNED_TABLES]
    # Of the clock its domain is compared as the text that it is of.
    plain = [tuple(str(part).replace("(owner_id)::text", "owner_id") for part in row) for row in found]
    assert sorted(plain) == sorted(tuple(map(str, row)) for row in expected)


def test_no_policy_is_for_everybody(url: str) -> None:
    assert asked(url, "select polname from pg_policy where polroles @> array[0::oid]") == []


@pytest.mark.parametrize("role", [APP_ROLE, KEEPER_ROLE])
def test_the_roles_that_work_is_done_as_can_do_nothing_else(url: str, role: str) -> None:
    rights = """
        select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
        from pg_roles where rolname = %s
    """
    assert asked(url, rights, role) == [(False,) * 6]
    assert asked(url, "select 1 from pg_auth_members where member = %s::regrole", role) == []
    owns = "select classid::regclass, objid from pg_shdepend where refobjid = %s::regrole and deptype = 'o'"
    assert asked(url, owns, role) == []
    assert asked(url, "select has_schema_privilege(%s, 'public', 'create')", role) == [(False,)]


def test_the_keeper_sees_no_row_that_has_not_expired_and_adds_none(url: str, ann: str) -> None:
    async def main() -> None:
        async with using(url) as database:
            await actions.create(Session.begin(database, ann), TaskCreate(title="Milk"), idempotency=RETRY)

    asyncio.run(main())

    with psycopg.connect(url, autocommit=True) as session:
        session.execute(f"set role {KEEPER_ROLE}")
        session.execute("select set_config('app.user_id', %s, false)", [ann])
        session.execute("select set_config('app.trash_days', '1', false)")
        for table in OWNED_TABLES:
            name = sql.Identifier(table)
            with suppress(errors.InsufficientPrivilege):
                found = session.execute(sql.SQL("select from {} where owner_id = %s").format(name), [ann])
                # Who the owners are it may know, after a restored backup.
                assert found.rowcount == (1 if table == "owner" else 0)
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(sql.SQL("update {} set owner_id = 'ann'").format(name))
            if table == "delivery":  # whose rows it makes and claims
                continue
            for attempt in ("select from {} for update", "insert into {} (owner_id) values ('ann')"):
                with pytest.raises(errors.InsufficientPrivilege):
                    session.execute(sql.SQL(attempt).format(name))
        for table in ("owner", "tasks", "lists"):
            column = sql.Identifier("feed_floor" if table == "owner" else "version")
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(sql.SQL("select {} from {}").format(column, sql.Identifier(table)))
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))


def test_no_function_or_view_is_a_way_around(url: str) -> None:
    definers = "select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef"
    assert asked(url, definers) == []
    views = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')"
    assert asked(url, views) == []


# A session without an owner


@pytest.mark.parametrize("owner", [None, NOBODY])
@pytest.mark.parametrize("table", OWNED_TABLES)
def test_a_session_without_an_owner_sees_and_changes_nothing(url: str, ann: str, table: str, owner: str | None) -> None:
    arranged(url, ann)
    name = sql.Identifier(table)

    with as_app(url, owner) as session:
        assert session.execute(sql.SQL("select * from {}").format(name)).fetchall() == []
        updated = session.execute(sql.SQL("update {} set owner_id = owner_id").format(name)).rowcount
        assert updated == 0
        with suppress(errors.InsufficientPrivilege):  # not every table's rows may be deleted at all
            assert session.execute(sql.SQL("delete from {}").format(name)).rowcount == 0

    async def main() -> None:
        async with using(url) as database:
            assert await seen(database, ann) == ["Milk"]

    asyncio.run(main())


@pytest.mark.parametrize("owner", [None, NOBODY])
def test_a_session_without_an_owner_adds_nothing(url: str, ann: str, owner: str | None) -> None:
    with as_app(url, owner) as session:
        # Of nobody there is no clock, whoever asks.
        for someone, refusal in ((ann, errors.InsufficientPrivilege), ("", errors.CheckViolation)):
            with pytest.raises(refusal):
                session.execute("insert into owner (owner_id, version) values (%s, 1)", [someone])
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(
                    "insert into tasks (owner_id, title, status, version) values (%s, 'Milk', 'Todo', 1)", [someone]
                )


def test_nobody_has_no_rows_and_can_have_none(url: str, ann: str) -> None:
    arranged(url, ann)

    async def main() -> None:
        async with using(url) as database:
            assert await seen(database, NOBODY) == []
            with pytest.raises(StatementFailed, match="owner_name_check"):
                await has(database, NOBODY, "Milk")

    asyncio.run(main())


# Statements that forget the owner


PREDICATE = re.compile(rb"\b\w+\.owner_id = (\$\d+::\w+)")


def forgetful(statement: Statement) -> bytes:
    """True for every owner. (PostgreSQL wants each parameter to be used.)"""
    return PREDICATE.sub(rb"(\1 is not null)", statement.sql)


class Careless(Pool):
    """Sends every statement without its `where owner_id`: what protects then is the database alone."""

    times_forgotten = 0

    async def run(self, owner_id: str, calls: Sequence[Bound], **options: Any) -> list[list[Row]]:
        self.times_forgotten += sum(len(PREDICATE.findall(call.statement.sql)) for call in calls)
        forgotten = [Bound(Statement(forgetful(call.statement), call.statement.order), call.values) for call in calls]
        return await super().run(owner_id, forgotten, **options)


STATEMENTS = dict(golden.statements())
LOOK_AT_NOTHING = {
    name
    for name in STATEMENTS
    if name.startswith("postgres.")
    or name
    in (
        "resources.deliveries.AS_KEEPER",
        "resources.feed.PLAINLY",
        "tasks.batch.REFUSE",
        "tasks.finding.THROUGH_INDEXES",
        "tasks.reminding.CLOCK_OF_ALL",
    )
}


BY_SECRET = {"owners.calendar_links.WHOSE"}
"""As the keeper, who sees the one row of which somebody knows the secret."""

ONLY_ADD = {  # or move what is there
    "operations.files.rows.CREATE_COMPLETION",
    "owners.calendar_links.MAKE",
    "resources.clock.TICK",
    "resources.clock.NEWS_TICK",
    "tasks.actions.CREATE.named.plain",
    "tasks.actions.CREATE.unnamed.plain",
    "tasks.actions.CREATE_SCHEDULED.named.plain",
    "tasks.actions.CREATE_SCHEDULED.unnamed.plain",
    "tasks.batch.KEEPING_STEPS.create",
    "tasks.batch.KEEPING_STEPS.create_named",
    "tasks.batch.KEEPING_STEPS.create_scheduled",
    "tasks.batch.KEEPING_STEPS.create_scheduled_named",
    "tasks.batch.REMEMBER",
    "tasks.batch.STEPS.create",
    "tasks.batch.STEPS.create_named",
    "tasks.batch.STEPS.create_scheduled",
    "tasks.batch.STEPS.create_scheduled_named",
}


OF_EVERY_OWNER = {
    *(f"resources.deliveries.{name}" for name in ("CLAIM_DUE", "CLAIM_OF", "GATHER", "NEXT", "PENDING")),
    *(f"tasks.reminding.{name}" for name in ("ARMED_UNTIL", "ENQUEUE_DUE", "ENQUEUE_UNARMED", "NEXT", "STILL_ARMED")),
}
"""Behind `AS_KEEPER`, of tables that tell nothing of what anybody wrote."""
TELL_NOTHING = {"alarms", "delivery", "owner"}


def test_every_statement_is_known_here() -> None:
    for name in (
        "resources.clock.TICK",
        "resources.idempotency.CLAIM",
        "tasks.actions.CHANGE.plain",
        "tasks.actions.CREATE.unnamed.once",
        "tasks.batch.STEPS.look",
        "tasks.finding.LIST",
        "tasks.trash.TRASH.EXPIRE",
        "tasks.trash.TRASH.RESTORE.once",
    ):
        assert name in STATEMENTS
    assert len(STATEMENTS) > 30


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_says_whose_rows_it_means(name: str) -> None:
    statement = STATEMENTS[name]
    if name in LOOK_AT_NOTHING:
        assert not re.search(rb"(?i)\b(from|into|update)\b", statement.sql)
    elif name in BY_SECRET:
        assert b"calendar_links.digest = $1" in statement.sql
    elif name in ONLY_ADD:
        assert statement.order[0] == "owner"
    elif name in OF_EVERY_OWNER:
        assert not any(re.search(rf"\b{table}\b".encode(), statement.sql) for table in {*OWNED_TABLES} - TELL_NOTHING)
    else:
        assert b"owner_id = $" in statement.sql
        # What is left says that two rows that belong together are of one owner.
        assert not re.search(rb"owner_id = (?!\w+\.owner_id\b)", forgetful(statement))


LISTS = [
    TaskQuery(sort="due", time_zone="Europe/Warsaw"),
    TaskQuery(sort="-title"),
    TaskQuery(sort="-priority", statuses=frozenset({"Todo"}), priorities=frozenset({"none"})),
    TaskQuery(sort="updated_at", words=frozenset({"b"})),
]
"""Of both people's tasks but for the last, whose word begins with the stranger's own."""


def test_without_the_owner_in_any_statement_a_stranger_still_meets_nothing(url: str, ann: str, bob: str) -> None:
    async def main() -> None:
        async with using(url) as database:
            new = TaskCreate(title="Milk", due_on="2026-03-10")  # type: ignore[arg-type]
            milk = await actions.create(Session.begin(database, ann), new, idempotency=RETRY)
            careless = Careless(url, pool_size=1, deadline_seconds=20, owned_tables=OWNED_TABLES, revisions=REVISIONS)
            try:
                stranger = Session.begin(careless, bob)
                bread = await actions.create(stranger, TaskCreate(title="Bread"), idempotency=RETRY)
                assert not bread.is_replay

                assert await seen(careless, bob) == ["Bread"]
                with pytest.raises(TaskNotFound):
                    await actions.find(stranger, milk.id)
                with pytest.raises(TaskNotFound):
                    await actions.replace(stranger, milk.id, TaskReplace(title="Stolen"), expected=None)
                with pytest.raises(TaskNotFound):
                    await actions.replace(stranger, milk.id, TaskReplace(title="Stolen"), expected=[milk.version])
                with pytest.raises(TaskNotFound):
                    await actions.change(stranger, milk.id, TaskPatch(title="Stolen"), expected=None)
                with pytest.raises(TaskNotFound):
                    await actions.delete(stranger, milk.id, expected=None)
                assert await actions.list_tags(stranger) == b"[]"
                assert list((await list_due(stranger)).tasks) == []
                hers = await list_due(Session.begin(careless, ann))
                assert [task.title for task in hers.tasks] == ["Milk"]
                for query in LISTS:
                    times_forgotten = careless.times_forgotten
                    page = await finding.list_tasks(stranger, PageRequest(500), query=query)
                    assert [task["title"] for task in json.loads(page.json)] == ["Bread"]
                    assert careless.times_forgotten == times_forgotten + 1
                for operation in (
                    {"op": "patch", "id": milk.id, "patch": {"title": "Stolen"}},
                    {"op": "patch", "id": milk.id, "patch": {}},
                    {"op": "delete", "id": milk.id},
                ):
                    stealing = Batch.model_validate({"operations": [operation]})
                    for idempotency in (None, Idempotency("another key", "f" * 64)):
                        with pytest.raises(TaskNotFound):
                            await batch.apply(stranger, stealing, requires_if_match=False, idempotency=idempotency)

                assert await actions.find(Session.begin(careless, ann), milk.id) == milk
                assert await seen(careless, ann) == ["Milk"]
                replay = await actions.create(Session.begin(careless, ann), TaskCreate(title="Milk"), idempotency=RETRY)
                assert replay.is_replay
                assert replay.id == milk.id
            finally:
                await careless.close()
            assert await actions.find(Session.begin(database, ann), milk.id) == milk

    asyncio.run(main())


def test_without_the_owner_in_any_statement_a_strangers_trash_is_empty(url: str, ann: str, bob: str) -> None:
    async def main() -> None:
        async with using(url) as database:
            eggs = Batch.model_validate({"operations": [{"op": "create", "task": {"title": "Eggs"}}]})
            answer = await batch.apply(Session.begin(database, ann), eggs, requires_if_match=False, idempotency=RETRY)
            milk, _ = await has(database, ann, "Milk", "Bread")
            await actions.delete(Session.begin(database, ann), milk.id, expected=None)
            careless = Careless(url, pool_size=1, deadline_seconds=20, owned_tables=OWNED_TABLES, revisions=REVISIONS)
            try:
                stranger = Session.begin(careless, bob)
                page = await TRASH.list(stranger, PageRequest(500), trash_days=0)
                assert page.json == b"[]"
                with pytest.raises(TaskNotFound):
                    await TRASH.restore(stranger, milk.id, trash_days=30)
                with pytest.raises(TaskNotFound):
                    await TRASH.erase(stranger, milk.id, trash_days=0)
                await TRASH.empty(stranger)
                his = await batch.apply(stranger, eggs, requires_if_match=False, idempotency=RETRY)
                assert not his.is_replay
                hers = await batch.apply(Session.begin(careless, ann), eggs, requires_if_match=False, idempotency=RETRY)
                assert (hers.json, hers.is_replay) == (answer.json, True)
            finally:
                await careless.close()
            page = await TRASH.list(Session.begin(database, ann), PageRequest(500), trash_days=30)
            assert [task["id"] for task in json.loads(page.json)] == [milk.id]
            assert await seen(database, ann) == ["Eggs", "Bread"]

    asyncio.run(main())


def test_without_the_owner_in_any_statement_a_strangers_list_is_not_there(url: str, ann: str, bob: str) -> None:
    async def main() -> None:
        async with using(url) as database:
            hers = await lists.create(Session.begin(database, ann), ListCreate(name="Errands"), idempotency=RETRY)
            new = TaskCreate(title="Milk", list_id=hers.id)
            milk = await actions.create(Session.begin(database, ann), new)
            careless = Careless(url, pool_size=1, deadline_seconds=20, owned_tables=OWNED_TABLES, revisions=REVISIONS)
            try:
                stranger = Session.begin(careless, bob)
                his = await lists.create(stranger, ListCreate(name="Home"), idempotency=RETRY)
                assert not his.is_replay
                assert [found["name"] for found in json.loads(await lists.list_lists(stranger))] == ["Home"]
                with pytest.raises(ReferenceNotFound):
                    await actions.create(stranger, new)
                for expected in (None, [hers.version]):
                    with pytest.raises(ListNotFound):
                        await lists.replace(stranger, hers.id, ListReplace(name="Stolen"), expected=expected)
                    with pytest.raises(ListNotFound):
                        await lists.change(stranger, hers.id, ListPatch(name="Stolen"), expected=expected)
                    with pytest.raises(ListNotFound):
                        await list_moves.move(stranger, hers.id, ListMove(to="last"), expected=expected)
                    for tasks in (None, "inbox", "trash"):
                        with pytest.raises(ListNotFound):
                            await list_deletion.delete(stranger, hers.id, tasks=tasks, expected=expected)
                with pytest.raises(ListNotFound):
                    await lists.find(stranger, hers.id)
                with pytest.raises(ReferenceNotFound):
                    await list_moves.move(stranger, his.id, ListMove(after=hers.id), expected=None)
                await list_deletion.delete(stranger, his.id, tasks="trash", expected=None)
            finally:
                await careless.close()
            assert await lists.find(Session.begin(database, ann), hers.id) == Versioned(
                hers.id, hers.json, hers.version
            )
            assert await actions.find(Session.begin(database, ann), milk.id) == milk

    asyncio.run(main())


def test_without_the_owner_and_without_the_policies_the_row_would_be_found(
    logins: dict[str, str], ann: str, bob: str
) -> None:
    """So the test above does take something away."""
    url = logins["superuser"]

    async def main() -> None:
        async with using(url) as database:
            [milk] = await has(database, ann, "Milk")
            connection = await Connection.open(url)
            try:
                call = actions.FIND(id=milk.id)
                forgotten = Bound(Statement(forgetful(call.statement), call.statement.order), call.values)
                [result] = await connection.send([(forgotten.statement, forgotten.parameters(bob.encode()))])
                assert result.get_value(0, 0) == b"%d" % milk.id
            finally:
                connection.close()

    asyncio.run(main())


def test_a_row_for_another_owner_is_refused(url: str, ann: str, bob: str) -> None:
    arranged(url, ann, bob)
    wrong = [
        ("insert into tasks (owner_id, title, status, version) values (%s, 'Forged', 'Todo', 1)", ann),
        ("update tasks set owner_id = %s", ann),
        ("update owner set owner_id = %s", f"{ann}-too"),
        ("insert into owner (owner_id, version) values (%s, 1)", f"{ann}-too"),
        ("insert into owner (owner_id, version) values (%s, 1) on conflict (owner_id) do update set version = 7", ann),
    ]

    with as_app(url, bob) as session:
        for statement, someone in wrong:
            with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
                session.execute(statement, [someone])

    async def main() -> None:
        async with using(url) as database:
            assert await seen(database, ann) == ["Milk"]
            forged = Statement(b"insert into owner (owner_id, version) values ($1, 1)", ("whose",))
            with pytest.raises(StatementFailed, match="42501"):
                await Session.begin(database, bob).write(forged(whose=f"{ann}-too"))

    asyncio.run(main())


def test_a_key_of_a_stranger_is_neither_taken_nor_told(url: str, ann: str, bob: str) -> None:
    """A unique violation or a foreign key would tell that a row exists."""

    async def main() -> None:
        async with using(url) as database:
            [milk] = await has(database, ann, "Milk")
            await has(database, bob, "Bread")
            with as_app(url, bob) as session:
                session.execute(
                    "insert into tasks (owner_id, id, title, status, version) overriding system value "
                    "values (%s, %s, 'The same number', 'Todo', 1)",
                    [bob, milk.id],
                )
            assert (
                json.loads((await actions.find(Session.begin(database, bob), milk.id)).json)["title"]
                == "The same number"
            )
            assert await actions.find(Session.begin(database, ann), milk.id) == milk

    asyncio.run(main())


# The context of a statement


CONTEXT_SQL = (
    "select current_user, coalesce(current_setting('app.user_id', true), ''), current_setting('timezone'), "
    "current_setting('statement_timeout')"
)


async def context_outside(database: Pool) -> list[bytes | None]:
    """What the next user of a connection would find on it."""
    connection = await database.acquire(database.new_deadline())
    [result] = await connection.send([(Statement(CONTEXT_SQL.encode(), ()), [])])
    return [result.get_value(0, column) for column in range(4)]


@pytest.mark.parametrize("is_pooled", [True, False])
def test_the_context_is_gone_with_its_sync(url: str, ann: str, bob: str, is_pooled: bool) -> None:
    """On a direct connection the role, the time zone and the deadline stay, and the owner never does."""
    asked(url, f"alter role {login_of(url)} set timezone = 'Asia/Tokyo'")

    async def main() -> None:
        with proxied(url) as pooler:
            pooler.makes_up_pids = is_pooled
            await live(pooler.url)

    async def live(url: str) -> None:
        async with using(url, pool_size=1) as database:
            context = Statement(CONTEXT_SQL.encode(), ())()
            [[inside]] = await database.run(ann, [context], deadline=database.new_deadline(), is_repeatable=True)
            assert inside == (APP_ROLE.encode(), ann.encode(), b"UTC", b"20s")
            [connection] = database.connections
            assert connection.is_direct is not is_pooled
            outside = [login_of(url).encode(), b"", b"Asia/Tokyo", b"0"]
            if not is_pooled:
                outside = [APP_ROLE.encode(), b"", b"UTC", b"20s"]
            assert await context_outside(database) == outside

            await has(database, ann, "Milk")
            assert await context_outside(database) == outside

            with pytest.raises(StatementFailed):
                await Session.begin(database, ann).write(Statement(b"select 1/0", ())())
            assert await context_outside(database) == outside

            hurry = Statement(b"select set_config('statement_timeout', '1', true)", ())()
            with pytest.raises(DatabaseUnavailable):
                await Session.begin(database, ann).write(hurry, Statement(b"select pg_sleep(10)", ())())
            assert await context_outside(database) == outside

            gone = asyncio.create_task(seen(database, ann))
            await asyncio.sleep(0)
            gone.cancel()
            assert await seen(database, bob) == []
            assert await seen(database, ann) == ["Milk"]
            assert database.connections == {connection}

    asyncio.run(main())


def test_two_owners_in_turn_on_one_connection_see_their_own(url: str, ann: str, bob: str) -> None:
    async def main() -> None:
        async with using(url, pool_size=1) as database:
            await has(database, ann, "Milk")
            await has(database, bob, "Bread")
            for _ in range(5):
                both = await asyncio.gather(seen(database, ann), seen(database, bob))
                assert list(both) == [["Milk"], ["Bread"]]
            assert len(database.connections) == 1

    asyncio.run(main())


def test_times_are_in_utc_whatever_the_login_prefers(url: str, ann: str) -> None:
    asked(url, f"alter role {login_of(url)} set timezone = 'Asia/Tokyo'")

    async def main() -> None:
        async with using(url) as database:
            [milk] = await has(database, ann, "Milk")
            assert json.loads(milk.json)["created_at"].endswith("+00:00")

    asyncio.run(main())


def test_an_owner_is_never_taken_for_sql(url: str, bob: str) -> None:
    odd = f"o'; set role postgres; -- \\ {{}} $1 %s \U0001f95b {secrets.token_hex(4)}"
    arranged(url, odd, bob)

    async def main() -> None:
        async with using(url) as database:
            assert await seen(database, odd) == ["Milk"]
            assert await seen(database, odd.upper()) == []

    asyncio.run(main())


# Logins whose guards do not hold


def refusal_of(url: str) -> str:
    """Asked in a thread, because an event loop may be at work in this one."""

    async def main() -> str:
        async with using(url) as database:
            with pytest.raises(DatabaseRefused) as refusal:
                await database.open()
            assert await database.readiness() == [str(refusal.value)]
            with pytest.raises((DatabaseUnavailable, DatabaseRefused)):
                await seen(database, "ann")
            return str(refusal.value)

    with ThreadPoolExecutor() as thread:
        return thread.submit(asyncio.run, main()).result()


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [
        (f"alter role {APP_ROLE} bypassrls", f"alter role {APP_ROLE} nobypassrls"),
        (f"alter role {APP_ROLE} superuser", f"alter role {APP_ROLE} nosuperuser"),
        ("alter table tasks disable row level security", "alter table tasks enable row level security"),
        ("alter table owner disable row level security", "alter table owner enable row level security"),
        (
            f"alter table tasks owner to {APP_ROLE}; alter table tasks no force row level security",
            "alter table tasks force row level security; alter table tasks owner to {login}; "
            f"revoke all on tasks from {APP_ROLE}; grant select, insert, update, delete on tasks to {APP_ROLE}",
        ),
    ],
)
def test_guards_that_do_not_hold_refuse_the_start(
    own_cluster: str, logins: dict[str, str], breaks: str, mends: str
) -> None:
    admin = with_database(own_cluster, "neon")
    try:
        asked_each(admin, breaks)
        said = refusal_of(logins["neon"])
    finally:
        asked_each(admin, mends.format(login="neon"))

    assert said.startswith(f"Row-level security does not hold for the role {APP_ROLE}")
    assert said.endswith(".")

    async def main() -> None:
        async with using(logins["neon"]) as database:
            await database.open()

    asyncio.run(main())


def test_guards_that_stop_holding_are_found_by_the_next_connection_and_by_readiness(
    own_cluster: str, logins: dict[str, str]
) -> None:
    admin = with_database(own_cluster, "superuser")

    async def main() -> None:
        async with using(logins["superuser"]) as database:
            assert await database.readiness() == []
            asked(admin, "alter table tasks disable row level security")
            try:
                [sentence] = await database.readiness()
            finally:
                asked(admin, "alter table tasks enable row level security")
            assert sentence.startswith("Row-level security does not hold")
            assert await database.readiness() == []

    asyncio.run(main())


def test_a_schema_that_cannot_be_examined_is_refused_by_the_next_connection_and_by_readiness(
    own_cluster: str, logins: dict[str, str]
) -> None:
    admin = with_database(own_cluster, "superuser")
    expected = "The database's schema cannot be examined (SQLSTATE 42501): run `taskward migrate`."

    async def main() -> None:
        async with using(logins["superuser"]) as database:
            await database.open()
            asked(admin, f"revoke select on taskward_version from {APP_ROLE}")
            try:
                assert await database.readiness() == [expected]
                assert refusal_of(logins["superuser"]) == expected
            finally:
                asked(admin, f"grant select on taskward_version to {APP_ROLE}")
            assert await database.readiness() == []

    asyncio.run(main())


def test_a_login_that_may_not_become_the_role_is_refused(own_cluster: str, logins: dict[str, str]) -> None:
    asked(own_cluster, f"revoke {APP_ROLE} from ordinary")
    try:
        said = refusal_of(logins["ordinary"])
    finally:
        asked(own_cluster, f"grant {APP_ROLE} to ordinary")

    assert said == (
        f"The database login may not become the role {APP_ROLE}: run `taskward migrate`, or as an administrator "
        f"`grant {APP_ROLE} to` the login."
    )


def test_a_server_without_the_role_is_refused(own_cluster: str, logins: dict[str, str]) -> None:
    asked(own_cluster, f"alter role {APP_ROLE} rename to somebody_else")
    try:
        said = refusal_of(logins["superuser"])
    finally:
        asked(own_cluster, f"alter role somebody_else rename to {APP_ROLE}")

    assert said == f"The database has no role {APP_ROLE}: run `taskward migrate`."


def login_of(url: str) -> str:
    return str(asked(url, "select current_user")[0][0])


def asked_each(url: str, statements: str) -> None:
    for statement in statements.split("; "):
        asked(url, statement)


# Whose calendar a secret shows, which is looked for before there is an owner


WHO_AM_I = Statement(
    b"select current_user, current_setting('app.user_id'), current_setting('app.presented_digest', true)", ()
)
EVERY_LINK = Statement(b"select owner_id from calendar_links", ())


def test_a_secret_shows_one_owner_and_a_wrong_one_nobody(url: str, ann: str, bob: str) -> None:
    async def main() -> None:
        async with using(url, pool_size=1) as database:
            hers, his = [await calendar_links.make(Session.begin(database, owner)) for owner in (ann, bob)]
            for _ in range(3):  # under a name too, where the connection keeps it
                for secret, owner in ((hers, ann), (his, bob), ("a" * 32, NOBODY), ("", NOBODY)):
                    assert await calendar_links.owner_of(Session.begin(database, NOBODY), secret) == owner
                    # Of the look-up nothing is left on the connection.
                    [[(role, user, presented)]] = await Session.begin(database, NOBODY).read(WHO_AM_I())
                    assert (role, user, presented or b"") == (APP_ROLE.encode(), b"", b"")
                assert await seen(database, ann) == []
            # Whatever the statement forgets
            for secret, found in ((hers, [(ann.encode(),)]), ("a" * 32, [])):
                present = PRESENT(digest=calendar_links.digest_of(secret))
                assert await Session.begin(database, NOBODY).read(present, EVERY_LINK()) == [
                    [(KEEPER_ROLE.encode(), calendar_links.digest_of(secret).encode())],
                    found,
                ]

    asyncio.run(main())


def test_a_look_up_that_fails_leaves_nothing_behind(url: str, ann: str) -> None:
    fails = Statement(b"select 1 / 0", ())

    async def main() -> None:
        async with using(url, pool_size=1) as database:
            secret = await calendar_links.make(Session.begin(database, ann))
            for _ in range(2):
                with pytest.raises(StatementFailed):
                    await Session.begin(database, NOBODY).read(
                        PRESENT(digest=calendar_links.digest_of(secret)), EVERY_LINK(), fails()
                    )
                [[(role, user, presented)]] = await Session.begin(database, ann).read(WHO_AM_I())
                assert (role, user, presented or b"") == (APP_ROLE.encode(), ann.encode(), b"")

    asyncio.run(main())


def test_the_keeper_sees_the_owner_of_a_presented_digest_and_can_do_no_more(url: str, ann: str, bob: str) -> None:
    async def main() -> tuple[str, str]:
        async with using(url) as database:
            hers, _ = [await calendar_links.make(Session.begin(database, owner)) for owner in (ann, bob)]
            return hers, calendar_links.digest_of(hers)

    _, digest = asyncio.run(main())

    with psycopg.connect(url, autocommit=True) as session:
        session.execute(f"set role {KEEPER_ROLE}")
        for presented in ("", "%", digest[:-1], digest.upper()):
            session.execute("select set_config('app.presented_digest', %s, false)", [presented])
            assert session.execute("select owner_id from calendar_links").fetchall() == []
        session.execute("select set_config('app.presented_digest', %s, false)", [digest])
        assert session.execute("select owner_id from calendar_links").fetchall() == [(ann,)]
        for forbidden in (
            "select created_at from calendar_links",
            "delete from calendar_links",
            "update calendar_links set owner_id = owner_id",
            "insert into calendar_links (owner_id, digest) values ('x', repeat('a', 64))",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                session.execute(forbidden.encode())


def test_what_is_presented_means_nothing_to_the_role_of_requests(url: str, ann: str, bob: str) -> None:
    async def main() -> str:
        async with using(url) as database:
            return await calendar_links.make(Session.begin(database, ann))

    digest = calendar_links.digest_of(asyncio.run(main()))

    for owner in (None, NOBODY, bob):
        with as_app(url, owner) as session:
            session.execute("select set_config('app.presented_digest', %s, false)", [digest])
            assert session.execute("select * from calendar_links").fetchall() == []
