"""One round trip a request, and a pool that never has more connections than it may, nor forgets one."""

import asyncio
import random
import secrets
import threading
import time
from collections.abc import Callable
from itertools import groupby
from typing import Any

import psycopg
import pytest

from support.database_proxy import DatabaseProxy
from support.databases import Run, soon, using
from support.people import Person
from support.pools import SLACK_SECONDS, adds, ends_unavailable, is_at_rest, locked_clock, someone, sql, tells, titles
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.errors import Problem
from taskward.postgres.failures import DatabaseUnavailable, Reason, StatementFailed
from taskward.postgres.pool import State, Stats
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.model import TaskCreate, TaskPatch

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


def test_several_statements_are_one_transaction_in_one_round_trip(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            ann = Session.begin(pool, someone())
            await pool.open()
            turns = proxy.turns
            new = actions.values_of(TaskCreate(title="Milk"))
            [[first], [second]] = await ann.write(
                actions.CREATE.unnamed.plain(**new), actions.CREATE.unnamed.plain(**new)
            )
            assert proxy.turns == turns + 1
            assert first[2] == second[2]  # both stamped with the same version

    asyncio.run(main())


def test_a_database_that_nobody_asks_makes_no_call(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            assert proxy.accepted == 0  # opened when needed
            await pool.open()
            turns = proxy.turns

            await asyncio.sleep(0.2)

            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert (proxy.accepted, proxy.turns) == (1, turns)

    asyncio.run(main())


def test_many_requests_at_once_get_their_own_answers(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=3) as pool:
            owners = [someone() for _ in range(60)]
            await asyncio.gather(*(adds(pool, owner, owner) for owner in owners))
            assert await asyncio.gather(*(titles(pool, owner) for owner in owners)) == [[one] for one in owners]
            await soon(lambda: is_at_rest(pool))  # a connection that nobody needs any more may still be opened
        assert proxy.accepted <= 3

    run(main())


def test_a_failed_write_leaves_nothing_and_the_connection_goes_on(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            ann = Session.begin(pool, someone())
            new = actions.CREATE.unnamed.plain(**actions.values_of(TaskCreate(title="Milk")))
            with pytest.raises(StatementFailed):
                await ann.write(new, sql("select 1/0")())
            assert await titles(pool, ann.owner_id) == []
            assert await adds(pool, ann.owner_id)
            assert len(pool.connections) == 1

    asyncio.run(main())


@pytest.mark.parametrize("text", ["Mi\0lk", "Mi\ud800lk"])
def test_text_that_the_database_cannot_keep_is_never_cut(database_url: str, text: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            ann = someone()
            with pytest.raises(ValueError):
                await actions.create(
                    Session.begin(pool, ann),
                    TaskCreate.model_construct(title=text, description=None, status="Todo"),
                )
            with pytest.raises(ValueError):
                await adds(pool, f"{ann}{text}")
            assert await titles(pool, ann) == []

    asyncio.run(main())


def test_an_empty_patch_changes_nothing_and_honours_the_expected_version(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            ann = Session.begin(pool, someone())
            task = await actions.create(ann, TaskCreate(title="Milk"))
            assert await actions.change(ann, task.id, TaskPatch(), expected=[task.version]) == task
            with pytest.raises(Problem):
                await actions.change(ann, task.id, TaskPatch(), expected=[task.version + 1])

    asyncio.run(main())


# Connections


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
        async with using(f"{database_url}&application_name={name}", pool_size=3) as pool:
            watching = asyncio.create_task(asyncio.to_thread(watch))
            ann = someone()
            await adds(pool, ann)
            pool.deadline_seconds = 0.25
            for _ in range(3):
                with locked_clock(database_url, ann):
                    stuck = [asyncio.create_task(adds(pool, ann)) for _ in range(5)]
                    reads = [asyncio.create_task(titles(pool, someone())) for _ in range(20)]
                    await asyncio.gather(*stuck, *reads, return_exceptions=True)
            has_ended.set()
            await watching

    run(main())
    # The server may take a moment to see that an abandoned one is closed.
    assert max((len(list(group)) for over, group in groupby(is_over) if over), default=0) < 50


def test_a_connection_that_dies_while_it_is_handed_over_is_replaced(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            ann = someone()
            await adds(pool, ann)
            [connection] = pool.idle

            def dies(_: Any) -> None:
                pool.release(connection)
                connection.close()

            with locked_clock(database_url, ann):
                blocked = asyncio.create_task(adds(pool, ann))
                await soon(lambda: not pool.idle)
                waiting = asyncio.create_task(adds(pool, someone()))
                await soon(lambda: pool.waiters)
                connection.on_answered = dies
            await blocked
            await asyncio.wait_for(waiting, 60)
            assert is_at_rest(pool)
            assert connection not in pool.connections

    asyncio.run(main())


def test_a_pool_tells_what_its_connections_do_and_who_waits(proxy: DatabaseProxy, database_url: str) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as pool:
            ann = someone()
            assert pool.stats() == Stats(idle=0, busy=0, opening=0, waiting=0, state=State.UP)
            await adds(pool, ann)
            assert pool.stats() == Stats(idle=1, busy=0, opening=0, waiting=0, state=State.UP)

            with locked_clock(database_url, ann):
                blocked = [asyncio.create_task(adds(pool, ann)) for _ in range(5)]
                await soon(lambda: pool.stats() == Stats(idle=0, busy=2, opening=0, waiting=3, state=State.UP))
            await asyncio.gather(*blocked)

            proxy.freeze()
            proxy.cut()
            await soon(lambda: pool.stats().idle == 0)
            waiting = asyncio.create_task(titles(pool, ann))
            await soon(lambda: pool.stats() == Stats(idle=0, busy=0, opening=1, waiting=1, state=State.UP))
            proxy.thaw()
            assert len(await waiting) == 6

    asyncio.run(main())


def test_callers_who_go_away_at_any_moment_leave_nothing_busy_and_get_no_other_row(database_url: str, run: Run) -> None:
    dice = random.Random(7)  # noqa: S311

    async def main() -> None:
        async with using(database_url, pool_size=3) as pool:
            owners = [someone() for _ in range(5)]
            for owner in owners:
                await adds(pool, owner, owner)
            ended: list[str] = []

            async def asks() -> None:
                owner = dice.choice(owners)
                try:
                    async with asyncio.timeout(dice.choice([0, 0.0005, 0.001, 0.002, 0.005, 10])):
                        assert set(await titles(pool, owner)) == {owner}
                    ended.append("answered")
                except TimeoutError:
                    ended.append("cancelled")

            for _ in range(15):
                await asyncio.gather(*(asks() for _ in range(20)))

            assert len(ended) == 300
            assert {"answered", "cancelled"} == set(ended)
            await soon(lambda: is_at_rest(pool))
            assert len(pool.connections) <= 3

    run(main())


def test_no_failure_leaves_anybody_waiting(proxy: DatabaseProxy, run: Run) -> None:
    """Connections are cut, refused and frozen while people come and go; then everything is as before."""
    dice = random.Random(11)  # noqa: S311

    async def main() -> None:
        async with using(proxy.url, pool_size=3) as pool:
            ann = someone()
            await adds(pool, ann)
            pool.deadline_seconds = 0.5
            slowest = 0.0

            async def asks() -> None:
                nonlocal slowest
                await asyncio.sleep(dice.random() * 2)
                begins_at = time.monotonic()
                try:
                    async with asyncio.timeout(dice.choice([0.01, 10, 10, 10])):
                        assert await titles(pool, ann) == ["Milk"]
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
            pool.deadline_seconds = 20
            assert await titles(pool, ann) == ["Milk"]
            await soon(lambda: is_at_rest(pool))
            assert len(pool.connections) <= 3

    run(main())


# Closing


def test_closing_answers_everybody_and_opens_nothing_more(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as pool:
            await pool.open()
            asleep = [asyncio.create_task(tells(pool, sql("select pg_sleep(10)"))) for _ in range(5)]
            await soon(lambda: len(pool.connections) == 2 and not pool.idle)
            accepted = proxy.accepted

            await pool.close()

            ended = await asyncio.wait_for(asyncio.gather(*asleep, return_exceptions=True), SLACK_SECONDS)
            assert [type(error) for error in ended] == [DatabaseUnavailable] * 5
            assert not pool.connections
            await ends_unavailable(adds(pool, someone()), within_seconds=0, reason=Reason.CLOSED)
            assert proxy.accepted == accepted

    run(main())


def test_closing_while_a_connection_opens_leaves_none(proxy: DatabaseProxy) -> None:
    proxy.freeze()

    async def main() -> None:
        async with using(proxy.url) as pool:
            opening = asyncio.create_task(titles(pool, someone()))
            await soon(lambda: proxy.accepted)
            await pool.close()
            with pytest.raises(DatabaseUnavailable) as unavailable:
                await asyncio.wait_for(opening, SLACK_SECONDS)
            assert unavailable.value.reason is Reason.CLOSED
            assert is_at_rest(pool)
            assert not pool.connections

    asyncio.run(main())
