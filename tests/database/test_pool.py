"""The data path: one round trip a request, an end to every wait, and a pool that survives what databases do."""

import asyncio
import json
import logging
import os
import random
import secrets
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Literal
from urllib.parse import urlsplit

import psycopg
import pytest
import uvloop

from conftest import settings_for
from support.database_proxy import DatabaseProxy, proxied
from support.databases import as_login, asked, soon, using, with_database
from support.people import Person
from support.serving import serving
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.errors import Problem
from taskward.migrations import migrate
from taskward.postgres.context import NOBODY
from taskward.postgres.failures import DatabaseRefused, DatabaseUnavailable, Reason, StatementFailed
from taskward.postgres.pool import DOWN_SECONDS, Pool
from taskward.postgres.statements import Statement
from taskward.resources.idempotency import Idempotency
from taskward.resources.session import Session
from taskward.tasks import actions, finding
from taskward.tasks.model import TaskCreate, TaskPatch

Run = Callable[[Coroutine[Any, Any, None]], None]

SLACK_SECONDS = 2
"""What a busy machine may add to a deadline."""


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    chosen: Run = request.param
    return chosen


@pytest.fixture
def proxy(database_url: str) -> Iterator[DatabaseProxy]:
    with proxied(database_url) as proxy:
        yield proxy


def someone() -> str:
    return f"someone-{secrets.token_hex(8)}"


def sql(text: str) -> Statement:
    return Statement(text.encode(), ())


async def adds(database: Pool, owner: str, title: str = "Milk") -> int:
    return (await actions.create(Session.begin(database, owner), TaskCreate(title=title))).id


async def titles(database: Pool, owner: str) -> list[str]:
    page = await finding.list_tasks(Session.begin(database, owner), skip=0, limit=500, cursor=None)
    return [task["title"] for task in json.loads(page.json)]


async def tells(database: Pool, statement: Statement) -> bytes | None:
    [[(value, *_)]] = await database.run(NOBODY, [statement()], deadline=database.new_deadline(), is_repeatable=True)
    return value


@contextmanager
def locked_clock(url: str, owner: str) -> Iterator[None]:
    """Somebody holds the row that every write of this owner begins with."""
    with psycopg.connect(url) as session:
        session.execute("select from owner where owner_id = %s for update", [owner])
        yield


async def ends_unavailable(
    work: Coroutine[Any, Any, Any], *, within_seconds: float, reason: Reason | None = None
) -> float:
    """The seconds until DatabaseUnavailable, for whatever reason when none is given."""
    begins_at = time.monotonic()
    with pytest.raises(DatabaseUnavailable) as unavailable:
        await asyncio.wait_for(work, within_seconds + SLACK_SECONDS)
    assert reason is None or unavailable.value.reason is reason
    return time.monotonic() - begins_at


def is_at_rest(database: Pool) -> bool:
    """Every connection is in the pool once, and nobody waits, opens or abandons."""
    idle, busy = database.idle, [connection for connection in database.connections if connection.pending is not None]
    return (
        not busy
        and len(set(idle)) == len(idle)
        and set(idle) == database.connections
        and not (database.waiters or database.opening or database.abandoning)
    )


# One round trip


def test_every_call_is_one_round_trip(proxy: DatabaseProxy, issuer: LocalIssuer, person: Callable[..., Person]) -> None:
    application = create_app(settings_for(proxy.url, database_pool_size=1), local_issuer=issuer)
    with serving(application) as address:
        ann, bob = person("ann", api=address), person("bob", api=address)
        milk, bread, eggs = ann.adds("Milk"), ann.adds("Bread"), ann.adds("Eggs")
        stale = {"If-Match": '"1"'}
        calls: list[tuple[int, int, str, str, dict[str, Any]]] = [
            (1, 200, "GET", f"/tasks/{milk['id']}", {}),
            (1, 200, "HEAD", f"/tasks/{milk['id']}", {}),
            (1, 404, "GET", "/tasks/9007199254740991", {}),
            (1, 200, "GET", "/tasks", {}),
            (1, 200, "GET", "/tasks?limit=1", {}),
            (1, 201, "POST", "/tasks", {"json": {"title": "Butter"}}),
            (1, 200, "PUT", f"/tasks/{milk['id']}", {"json": {"title": "Oat milk"}}),
            (1, 404, "PUT", "/tasks/9007199254740991", {"json": {"title": "Oat milk"}}),
            (1, 412, "PUT", f"/tasks/{milk['id']}", {"json": {"title": "Oat milk"}, "headers": stale}),
            (1, 200, "PATCH", f"/tasks/{milk['id']}", {"json": {"status": "Done"}}),
            (1, 200, "PATCH", f"/tasks/{milk['id']}", {"json": {}}),
            (1, 412, "PATCH", f"/tasks/{milk['id']}", {"json": {}, "headers": stale}),
            (1, 404, "PATCH", "/tasks/9007199254740991", {"json": {"status": "Done"}}),
            (1, 412, "PATCH", f"/tasks/{milk['id']}", {"json": {"status": "Done"}, "headers": stale}),
            (1, 412, "DELETE", f"/tasks/{bread['id']}", {"headers": stale}),
            (1, 204, "DELETE", f"/tasks/{bread['id']}", {}),
            (1, 404, "DELETE", f"/tasks/{bread['id']}", {}),
            (1, 200, "GET", "/ready", {}),
            (0, 422, "GET", "/tasks/0", {}),
            (0, 422, "POST", "/tasks", {"json": {"title": ""}}),
            (0, 401, "GET", "/tasks", {"headers": {"Authorization": "Bearer x"}}),
            (0, 404, "GET", "/nowhere", {}),
            (0, 405, "DELETE", "/tasks", {}),
            (0, 200, "GET", "/health", {}),
        ]
        told = []
        for _, _, method, path, options in calls:
            before = proxy.turns
            status = ann.send(method, path, **options).status_code
            told.append((proxy.turns - before, status, method, path, options))

        assert told == calls
        before = proxy.turns
        assert bob.delete(f"/tasks/{eggs['id']}").status_code == 404
        assert proxy.turns == before + 1


def test_a_database_that_nobody_asks_makes_no_call(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url) as database:
            assert proxy.accepted == 0  # opened when needed
            await database.open()
            turns = proxy.turns

            await asyncio.sleep(0.2)

            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert (proxy.accepted, proxy.turns) == (1, turns)

    asyncio.run(main())


def test_many_requests_at_once_get_their_own_answers(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=3) as database:
            owners = [someone() for _ in range(60)]
            await asyncio.gather(*(adds(database, owner, owner) for owner in owners))
            assert await asyncio.gather(*(titles(database, owner) for owner in owners)) == [[one] for one in owners]
            assert is_at_rest(database)
        assert proxy.accepted <= 3

    run(main())


# Opening


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
        async with using(url) as database:
            with pytest.raises(DatabaseRefused) as refusal:
                await database.open()
            said = str(refusal.value)
            assert sentence in said
            assert said.endswith(".")
            assert "\n" not in said
            assert await database.readiness() == [said]
            with pytest.raises((DatabaseUnavailable, DatabaseRefused)):
                await titles(database, someone())

            password = urlsplit(url).password
            assert password is not None
            assert password not in said + caplog.text
            assert "sesame" not in said + caplog.text

    asyncio.run(main())


def test_a_schema_behind_this_release_is_refused(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url) as database:
            database.revisions = (*database.revisions, "9999")
            with pytest.raises(DatabaseRefused, match="behind this release: run `taskward migrate`"):
                await database.open()

    asyncio.run(main())


def test_a_schema_of_a_newer_release_is_served(new_database: Callable[..., str]) -> None:
    url = new_database()
    migrate(url)
    asked(url, "update alembic_version set version_num = 'a later one'")

    async def main() -> None:
        async with using(url) as database:
            await database.open()
            assert await database.readiness() == []
            await adds(database, "ann")

    asyncio.run(main())


def test_an_unreachable_database_does_not_stop_the_start_and_is_served_when_it_comes(
    proxy: DatabaseProxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    proxy.refuse()

    async def main() -> None:
        async with using(proxy.url) as database:
            await database.open()
            assert await database.readiness() == [DatabaseUnavailable(Reason.CONNECT_FAILED).detail]
            await ends_unavailable(adds(database, someone()), within_seconds=1, reason=Reason.CONNECT_FAILED)

            proxy.listen()

            await adds(database, someone())
            assert await database.readiness() == []
        said = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
        assert sum("no connection to the database" in line for line in said) == 1
        assert any("Connection refused" in line for line in said)
        assert "the database answers again" in said

    asyncio.run(main())


def test_a_frozen_database_does_not_stop_the_start(proxy: DatabaseProxy) -> None:
    proxy.freeze()

    async def main() -> None:
        async with using(proxy.url, deadline_seconds=0.3) as database:
            await asyncio.wait_for(database.open(), 0.3 + SLACK_SECONDS)

    asyncio.run(main())


# An end to every wait


def test_a_write_that_waits_for_a_lock_ends_at_the_deadline_and_is_cancelled(database_url: str, run: Run) -> None:
    name = secrets.token_hex(8)
    connections = "select from pg_stat_activity where application_name = %s"

    async def main() -> None:
        async with using(f"{database_url}&application_name={name}") as database:
            ann = someone()
            await adds(database, ann)
            database.deadline_seconds = 0.4
            with locked_clock(database_url, ann):
                late = adds(database, ann, "Bread")
                seconds = await ends_unavailable(late, within_seconds=0.4, reason=Reason.NO_ANSWER_IN_TIME)
                assert seconds > 0.3
                await soon(
                    lambda: not asked(database_url, f"{connections} and state = 'active'", name),
                    within_seconds=SLACK_SECONDS,
                )
                await soon(lambda: is_at_rest(database), within_seconds=SLACK_SECONDS)
            assert await titles(database, ann) == ["Milk"]
            assert len(asked(database_url, connections, name)) == 1

    run(main())


def test_an_answer_that_arrived_while_the_event_loop_was_busy_is_in_time(database_url: str, run: Run) -> None:
    """A write would be told 503 that has happened, and would be sent again."""

    async def main() -> None:
        async with using(database_url) as database:
            ann = someone()
            await adds(database, ann)
            database.deadline_seconds = 0.3
            writing = asyncio.create_task(adds(database, ann, "Bread"))
            await asyncio.sleep(0)  # it is sent
            time.sleep(0.5)  # noqa: ASYNC251 - what a large body or a busy machine does
            await writing
            assert await titles(database, ann) == ["Milk", "Bread"]

    run(main())


async def opens_both(database: Pool, owner_id: str) -> None:
    """And waits for them: a fault would meet one that is being opened in place of the request's."""
    await asyncio.gather(adds(database, owner_id), adds(database, owner_id))
    await soon(lambda: len(database.idle) == 2)


def test_a_write_without_an_answer_is_told_that_it_may_have_happened(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as database:
            ann = someone()
            await opens_both(database, ann)
            database.deadline_seconds = 0.4
            proxy.freeze()
            with pytest.raises(DatabaseUnavailable, match="may have done this"):
                await actions.create(Session.begin(database, ann), TaskCreate(title="Bread"))
            with pytest.raises(DatabaseUnavailable, match="try again shortly"):
                await actions.create(
                    Session.begin(database, ann), TaskCreate(title="Bread"), idempotency=Idempotency("k", "f" * 64)
                )

    run(main())


def test_a_read_that_is_lost_twice_is_not_said_to_have_done_something(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as database:
            ann = someone()
            await opens_both(database, ann)
            proxy.cut_next("reply", times=2)
            with pytest.raises(DatabaseUnavailable, match="try again shortly") as unavailable:
                await titles(database, ann)
            assert unavailable.value.reason is Reason.CONNECTION_LOST
            assert proxy.cuts_left == 0

    run(main())


def test_a_caller_who_goes_away_holds_a_connection_until_the_deadline_at_most(database_url: str, run: Run) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as database:
            ann = someone()
            await adds(database, ann)
            database.deadline_seconds = 0.4
            with locked_clock(database_url, ann):
                gone = asyncio.create_task(adds(database, ann, "Bread"))
                await soon(lambda: not database.idle)
                gone.cancel()
                await asyncio.gather(gone, return_exceptions=True)
                await soon(lambda: is_at_rest(database), within_seconds=0.4 + SLACK_SECONDS)

                database.deadline_seconds = 20
                assert await titles(database, ann) == ["Milk"]

    run(main())


def test_whoever_waits_behind_an_abandoned_statement_gets_a_connection_of_their_own(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as database:
            ann, bob = someone(), someone()
            await adds(database, ann)
            await adds(database, bob)
            for _ in range(4):
                with locked_clock(database_url, ann):
                    hurried = Session(ann, database, asyncio.get_running_loop().time() + 0.2)
                    hurry = actions.create(hurried, TaskCreate(title="Bread"))
                    stuck = asyncio.create_task(ends_unavailable(hurry, within_seconds=0.2))
                    await soon(lambda: not database.idle)
                    await adds(database, bob)
                    await stuck
            assert len(await titles(database, bob)) == 5
            assert await titles(database, ann) == ["Milk"]

    asyncio.run(main())


def test_an_exhausted_pool_ends_at_the_deadline_and_serves_again(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=2) as database:
            ann, bob = someone(), someone()
            await adds(database, ann)
            with locked_clock(database_url, ann):
                holders = [asyncio.create_task(adds(database, ann)) for _ in range(2)]
                await soon(lambda: len(database.connections) == 2 and not database.idle)
                database.deadline_seconds = 0.4
                reason = Reason.NO_CONNECTION_IN_TIME
                waiting = (ends_unavailable(adds(database, bob), within_seconds=0.4, reason=reason) for _ in range(20))
                await asyncio.gather(*waiting)
            await asyncio.gather(*holders)
            database.deadline_seconds = 20
            await adds(database, bob)
            assert await titles(database, bob) == ["Milk"]

    asyncio.run(main())


@pytest.mark.parametrize("is_warm", [True, False])
def test_a_frozen_database_ends_at_the_deadline_and_serves_when_it_thaws(
    proxy: DatabaseProxy, run: Run, is_warm: bool
) -> None:
    async def main() -> None:
        async with using(proxy.url) as database:
            ann = someone()
            if is_warm:
                await adds(database, ann)
            proxy.freeze()
            database.deadline_seconds = 0.3
            for _ in range(2):
                stuck = (ends_unavailable(titles(database, ann), within_seconds=0.3) for _ in range(6))
                await asyncio.gather(*stuck)
            assert len(database.connections) + len(database.opening) <= 4

            proxy.thaw()

            database.deadline_seconds = 20
            assert await titles(database, ann) == (["Milk"] if is_warm else [])
            await soon(lambda: is_at_rest(database))

    run(main())


def test_while_the_database_is_down_one_request_waits_and_the_others_fail_at_once(
    proxy: DatabaseProxy, run: Run
) -> None:
    proxy.freeze()

    async def main() -> None:
        async with using(proxy.url, deadline_seconds=0.3) as database:
            await ends_unavailable(titles(database, someone()), within_seconds=0.3)
            database.deadline_seconds = 5
            waiting = asyncio.create_task(titles(database, someone()))
            await soon(lambda: database.waiters)

            for _ in range(20):
                await ends_unavailable(titles(database, someone()), within_seconds=0, reason=Reason.DOWN)
            assert len(database.opening) == 1
            proxy.thaw()

            assert await waiting == []
            assert await titles(database, someone()) == []

    run(main())


def test_after_a_while_without_requests_nobody_takes_the_database_for_down(proxy: DatabaseProxy) -> None:
    proxy.refuse()

    async def main() -> None:
        async with using(proxy.url) as database:
            await ends_unavailable(titles(database, someone()), within_seconds=1)
            proxy.listen()
            database.failed_at -= DOWN_SECONDS

            assert await asyncio.gather(*(titles(database, someone()) for _ in range(8))) == [[]] * 8

    asyncio.run(main())


def test_a_server_whose_processes_stand_still_ends_at_the_deadline(logins: dict[str, str]) -> None:
    url = logins["superuser"]
    postmaster = int(asked(url, "select pg_read_file('postmaster.pid')")[0][0].split()[0])

    async def main() -> None:
        async with using(url) as database:
            ann = someone()
            await adds(database, ann)
            [connection] = database.connections
            frozen = [postmaster, connection.pgconn.backend_pid]
            database.deadline_seconds = 0.4
            try:
                for pid in frozen:
                    os.kill(pid, signal.SIGSTOP)
                # The first is on the connection that stands still, the second cannot open another.
                for _ in range(2):
                    await ends_unavailable(adds(database, ann), within_seconds=0.4)
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            database.deadline_seconds = 20
            await adds(database, ann, "Bread")

    asyncio.run(main())


def test_a_refused_connection_ends_at_once(proxy: DatabaseProxy, run: Run) -> None:
    proxy.refuse()

    async def main() -> None:
        async with using(proxy.url) as database:
            await asyncio.gather(*(ends_unavailable(adds(database, someone()), within_seconds=1) for _ in range(20)))
            assert is_at_rest(database)

    run(main())


def test_a_request_that_is_too_late_is_not_sent(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url) as database:
            ann = someone()
            await adds(database, ann)
            turns = proxy.turns
            too_late = Session(ann, database, asyncio.get_running_loop().time())

            late = actions.create(too_late, TaskCreate(title="Bread"))
            await ends_unavailable(late, within_seconds=0, reason=Reason.NO_CONNECTION_IN_TIME)

            assert proxy.turns == turns
            assert await titles(database, ann) == ["Milk"]

    asyncio.run(main())


def test_a_slow_first_connection_serves_the_next_request(proxy: DatabaseProxy) -> None:
    proxy.delay_seconds = 0.1

    async def main() -> None:
        async with using(proxy.url, deadline_seconds=0.3) as database:
            await ends_unavailable(titles(database, someone()), within_seconds=0.3)
            await soon(lambda: database.idle)

            database.deadline_seconds = 20
            assert await titles(database, someone()) == []

        assert proxy.accepted == 1

    asyncio.run(main())


# Broken connections


@pytest.mark.parametrize("is_write", [True, False])
def test_the_first_request_after_all_idle_connections_were_cut_succeeds(
    proxy: DatabaseProxy, run: Run, is_write: bool
) -> None:
    async def main() -> None:
        async with using(proxy.url) as database:
            ann = someone()
            await asyncio.gather(*(adds(database, ann) for _ in range(8)))
            proxy.cut()

            if is_write:
                await adds(database, ann)

            assert len(await titles(database, ann)) == 8 + is_write
            await soon(lambda: is_at_rest(database))

    run(main())


def test_the_first_request_after_the_server_hung_up_succeeds(database_url: str, run: Run) -> None:
    name = secrets.token_hex(8)
    terminate = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = %s"

    async def main() -> None:
        async with using(f"{database_url}&application_name={name}", pool_size=2) as database:
            ann = someone()
            for _ in range(5):
                asked(database_url, terminate, name)  # and the loop stands still meanwhile
                await adds(database, ann)
            assert len(await titles(database, ann)) == 5

    run(main())


@pytest.mark.parametrize("at", ["request", "reply"])
def test_a_read_whose_connection_breaks_is_repeated(
    proxy: DatabaseProxy, run: Run, at: Literal["request", "reply"]
) -> None:
    async def main() -> None:
        async with using(proxy.url) as database:
            ann = someone()
            await adds(database, ann)
            proxy.cut_next(at)
            assert await titles(database, ann) == ["Milk"]

    run(main())


def test_a_read_is_repeated_once_only(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=3) as database:
            ann = someone()
            await asyncio.gather(*(adds(database, ann) for _ in range(3)))
            await soon(lambda: len(database.idle) == 3)
            proxy.cut_next("reply", times=2)
            await ends_unavailable(titles(database, ann), within_seconds=1)
            assert len(await titles(database, ann)) == 3

    asyncio.run(main())


@pytest.mark.parametrize(("at", "found"), [("request", []), ("reply", ["Milk"])])
def test_a_write_whose_connection_breaks_is_unavailable_and_never_doubled(
    proxy: DatabaseProxy, run: Run, at: Literal["request", "reply"], found: list[str]
) -> None:
    async def main() -> None:
        async with using(proxy.url) as database:
            ann = someone()
            await database.open()
            proxy.cut_next(at)

            await ends_unavailable(adds(database, ann), within_seconds=1)

            assert await titles(database, ann) == found

    run(main())


def test_a_connection_that_dies_while_it_is_handed_over_is_replaced(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as database:
            await database.open()
            [connection] = database.idle
            connection.on_lost, on_lost = None, connection.on_lost

            slow = asyncio.create_task(tells(database, sql("select pg_sleep(0.1)")))
            await soon(lambda: not database.idle)
            waiting = asyncio.create_task(adds(database, someone()))
            await soon(lambda: database.waiters)
            connection.on_lost = on_lost

            def dies(_: Any) -> None:
                database.release(connection)
                connection.close()

            connection.on_idle = dies
            await slow
            await asyncio.wait_for(waiting, 5)
            assert is_at_rest(database)

    asyncio.run(main())


# The pool


def test_there_are_never_more_connections_than_the_pool_may_have(database_url: str, run: Run) -> None:
    name = secrets.token_hex(8)
    count = "select count(*) from pg_stat_activity where application_name = %s"
    is_over: list[bool] = []
    has_ended = threading.Event()

    def watch() -> None:
        with psycopg.connect(database_url, autocommit=True) as onlooker:
            while not has_ended.is_set():
                is_over.append(onlooker.execute(count, [name]).fetchall()[0][0] > 3)
                onlooker.execute("select pg_sleep(0.005)")

    async def main() -> None:
        async with using(f"{database_url}&application_name={name}", pool_size=3) as database:
            watching = asyncio.create_task(asyncio.to_thread(watch))
            ann = someone()
            await adds(database, ann)
            database.deadline_seconds = 0.5
            for _ in range(3):
                with locked_clock(database_url, ann):
                    stuck = [asyncio.create_task(adds(database, ann)) for _ in range(5)]
                    reads = [asyncio.create_task(titles(database, someone())) for _ in range(20)]
                    await asyncio.gather(*stuck, *reads, return_exceptions=True)
            has_ended.set()
            await watching

    run(main())
    # The server may take a moment to see that an abandoned one is closed.
    assert max((len(list(group)) for over, group in groupby(is_over) if over), default=0) < 50


def test_a_server_with_fewer_places_than_the_pool_wants_is_used_with_those(
    database_url: str, new_login: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    url = new_login("connection limit 2 in role taskward_app")

    async def main() -> None:
        async with using(url, pool_size=8) as database:
            await database.open()
            found = await asyncio.gather(*(titles(database, someone()) for _ in range(100)))
            assert found == [[]] * 100
            assert len(database.connections) <= 2
        assert "too many connections for role" in caplog.text

    asyncio.run(main())


def test_those_who_wait_when_the_database_comes_back_do_not_wait_for_each_other(
    proxy: DatabaseProxy, database_url: str
) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as database:
            ann = someone()
            await adds(database, ann)
            proxy.refuse()
            proxy.freeze()
            proxy.listen()
            early = [asyncio.create_task(titles(database, ann)) for _ in range(2)]
            await soon(lambda: len(database.opening) == 2)
            with locked_clock(database_url, ann):
                blocked = asyncio.create_task(adds(database, ann))
                behind = asyncio.create_task(titles(database, ann))
                await soon(lambda: len(database.waiters) == 4)

                proxy.cut()
                proxy.thaw()

                assert await asyncio.wait_for(behind, 10) == ["Milk"]
                assert not blocked.done()
            await blocked
            ended = await asyncio.gather(*early, return_exceptions=True)
            assert [type(error) for error in ended] == [DatabaseUnavailable] * 2

    asyncio.run(main())


def test_callers_who_go_away_at_any_moment_leave_nothing_busy_and_get_no_other_row(database_url: str, run: Run) -> None:
    dice = random.Random(7)  # noqa: S311

    async def main() -> None:
        async with using(database_url, pool_size=3) as database:
            owners = [someone() for _ in range(5)]
            for owner in owners:
                await adds(database, owner, owner)
            ended: list[str] = []

            async def asks() -> None:
                owner = dice.choice(owners)
                try:
                    async with asyncio.timeout(dice.choice([0, 0.0005, 0.001, 0.002, 0.005, 10])):
                        assert set(await titles(database, owner)) == {owner}
                    ended.append("answered")
                except TimeoutError:
                    ended.append("cancelled")

            for _ in range(15):
                await asyncio.gather(*(asks() for _ in range(20)))

            assert len(ended) == 300
            assert {"answered", "cancelled"} == set(ended)
            await soon(lambda: is_at_rest(database))
            assert len(database.connections) <= 3

    run(main())


def test_no_failure_leaves_anybody_waiting(proxy: DatabaseProxy, run: Run) -> None:
    """Connections are cut, refused and frozen while people come and go; then everything is as before."""
    dice = random.Random(11)  # noqa: S311

    async def main() -> None:
        async with using(proxy.url, pool_size=3) as database:
            ann = someone()
            await adds(database, ann)
            database.deadline_seconds = 0.5
            slowest = 0.0

            async def asks() -> None:
                nonlocal slowest
                await asyncio.sleep(dice.random() * 2)
                begins_at = time.monotonic()
                try:
                    async with asyncio.timeout(dice.choice([0.01, 10, 10, 10])):
                        assert await titles(database, ann) == ["Milk"]
                except (DatabaseUnavailable, TimeoutError):
                    pass
                slowest = max(slowest, time.monotonic() - begins_at)

            async def breaks() -> None:
                while True:
                    await asyncio.sleep(dice.random() * 0.1)
                    await asyncio.to_thread(dice.choice([proxy.cut, proxy.refuse, proxy.freeze]))
                    await asyncio.sleep(dice.random() * 0.1)
                    await asyncio.to_thread(proxy.thaw)
                    await asyncio.to_thread(proxy.refuse)
                    await asyncio.to_thread(proxy.listen)

            breaking = asyncio.create_task(breaks())
            await asyncio.gather(*(asks() for _ in range(300)))
            breaking.cancel()
            await asyncio.gather(breaking, return_exceptions=True)
            proxy.refuse()
            proxy.thaw()
            proxy.listen()

            assert slowest < 0.5 + SLACK_SECONDS
            database.deadline_seconds = 20
            assert await titles(database, ann) == ["Milk"]
            await soon(lambda: is_at_rest(database))
            assert len(database.connections) <= 3

    run(main())


def test_closing_answers_everybody_and_opens_nothing_more(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as database:
            await database.open()
            asleep = [asyncio.create_task(tells(database, sql("select pg_sleep(10)"))) for _ in range(5)]
            await soon(lambda: len(database.connections) == 2 and not database.idle)
            accepted = proxy.accepted

            await database.close()

            ended = await asyncio.wait_for(asyncio.gather(*asleep, return_exceptions=True), SLACK_SECONDS)
            assert [type(error) for error in ended] == [DatabaseUnavailable] * 5
            assert not database.connections
            await ends_unavailable(adds(database, someone()), within_seconds=0, reason=Reason.CLOSED)
            assert proxy.accepted == accepted

    run(main())


def test_closing_while_a_connection_opens_leaves_none(proxy: DatabaseProxy) -> None:
    proxy.freeze()

    async def main() -> None:
        async with using(proxy.url) as database:
            opening = asyncio.create_task(titles(database, someone()))
            await soon(lambda: proxy.accepted)
            await database.close()
            with pytest.raises(DatabaseUnavailable) as unavailable:
                await asyncio.wait_for(opening, SLACK_SECONDS)
            assert unavailable.value.reason is Reason.CLOSED
            assert is_at_rest(database)
            assert not database.connections

    asyncio.run(main())


# What statements say


@pytest.mark.parametrize(
    "sqlstate", ["08006", "40001", "40P01", "53100", "53200", "53300", "55P03", "57014", "58030", "25006"]
)
def test_states_that_pass_are_unavailable(database_url: str, sqlstate: str) -> None:
    raises = sql(f"do $$ begin raise exception 'secret' using errcode = '{sqlstate}'; end $$")

    async def main() -> None:
        async with using(database_url) as database:
            with pytest.raises(DatabaseUnavailable) as unavailable:
                await tells(database, raises)
            assert "secret" not in unavailable.value.detail
            assert unavailable.value.reason is Reason.TRANSIENT
            assert await tells(database, sql("select 1")) == b"1"

    asyncio.run(main())


@pytest.mark.parametrize("sqlstate", ["22012", "23514", "42703", "XX000", "P0001"])
def test_any_other_failure_is_a_bug_and_quotes_no_value(database_url: str, sqlstate: str) -> None:
    raises = sql(f"do $$ begin raise exception 'secret' using errcode = '{sqlstate}'; end $$")

    async def main() -> None:
        async with using(database_url) as database:
            with pytest.raises(StatementFailed) as failure:
                await tells(database, raises)
            assert str(failure.value) == f"SQLSTATE {sqlstate}"

    asyncio.run(main())


def test_a_broken_rule_of_the_schema_is_named(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url) as database:
            status: Any = "Perhaps"
            odd = TaskCreate.model_construct(title="Milk", description=None, status=status)
            with pytest.raises(StatementFailed, match=r"^SQLSTATE 23514, constraint task_status_check$"):
                await actions.create(Session.begin(database, someone()), odd)

    asyncio.run(main())


def test_a_failed_write_leaves_nothing_and_the_connection_goes_on(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as database:
            ann = Session.begin(database, someone())
            new = actions.CREATE(**actions.values_of(TaskCreate(title="Milk")))
            with pytest.raises(StatementFailed):
                await ann.write(new, sql("select 1/0")())
            assert await titles(database, ann.owner_id) == []
            assert await adds(database, ann.owner_id)
            [connection] = database.connections
            assert connection.groups_sent >= 4

    asyncio.run(main())


def test_several_statements_are_one_transaction_in_one_round_trip(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url) as database:
            ann = Session.begin(database, someone())
            await database.open()
            turns = proxy.turns
            new = actions.values_of(TaskCreate(title="Milk"))
            [[first], [second]] = await ann.write(actions.CREATE(**new), actions.CREATE(**new))
            assert proxy.turns == turns + 1
            assert first[2] == second[2]  # both stamped with the same version

    asyncio.run(main())


@pytest.mark.parametrize("text", ["Mi\0lk", "Mi\ud800lk"])
def test_text_that_the_database_cannot_keep_is_never_cut(database_url: str, text: str) -> None:
    async def main() -> None:
        async with using(database_url) as database:
            ann = someone()
            with pytest.raises(ValueError):
                await actions.create(
                    Session.begin(database, ann),
                    TaskCreate.model_construct(title=text, description=None, status="Todo"),
                )
            with pytest.raises(ValueError):
                await adds(database, f"{ann}{text}")
            assert await titles(database, ann) == []

    asyncio.run(main())


def test_an_empty_patch_changes_nothing_and_honours_the_expected_version(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url) as database:
            ann = Session.begin(database, someone())
            task = await actions.create(ann, TaskCreate(title="Milk"))
            assert await actions.change(ann, task.id, TaskPatch(), expected={task.version}) == task
            with pytest.raises(Problem):
                await actions.change(ann, task.id, TaskPatch(), expected={task.version + 1})

    asyncio.run(main())


@pytest.fixture
def new_login(database_url: str, cluster: str) -> Iterator[Callable[[str], str]]:
    """Makes logins of the shared cluster with the given options, and gives their URL to the migrated database."""
    made: list[str] = []

    def make(options: str) -> str:
        made.append(f"login_{secrets.token_hex(6)}")
        asked(cluster, f"create role {made[-1]} login password 'sesame-7' {options}")
        return as_login(database_url, made[-1], "sesame-7")

    yield make
    for name in made:
        asked(cluster, f"drop role {name}")
