"""The pool's circuit breaker: who waits and who is rejected while the database cannot be reached."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from support.database_proxy import DatabaseProxy
from support.databases import Run, as_login, asked, soon, using
from support.pools import SLACK_SECONDS, adds, ends_unavailable, is_at_rest, locked_clock, someone, titles
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.postgres.pool import DOWN_SECONDS, State


def test_the_states_follow_each_other_as_they_are_drawn(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            assert pool.state is State.UP
            proxy.refuse()
            await ends_unavailable(titles(pool, someone()), within_seconds=1, reason=Reason.CONNECT_FAILED)
            assert pool.state is State.DOWN
            pool.failed_at -= DOWN_SECONDS
            assert pool.state is State.UNKNOWN
            await ends_unavailable(titles(pool, someone()), within_seconds=1, reason=Reason.CONNECT_FAILED)
            assert pool.state is State.DOWN

            proxy.listen()
            await titles(pool, someone())

            assert pool.state is State.UP

    asyncio.run(main())


def test_a_deadline_that_passes_before_there_was_a_connection_takes_the_database_down(proxy: DatabaseProxy) -> None:
    proxy.freeze()

    async def main() -> None:
        async with using(proxy.url, deadline_seconds=0.15) as pool:
            late = titles(pool, someone())
            await ends_unavailable(late, within_seconds=0.15, reason=Reason.NO_CONNECTION_IN_TIME)
            assert pool.state is State.DOWN

    asyncio.run(main())


def test_a_failed_attempt_beside_connections_that_serve_degrades_the_pool(
    database_url: str, new_login: Callable[..., str]
) -> None:
    url = new_login("connection limit 1 in role taskward_app")

    async def main() -> None:
        async with using(url, pool_size=2) as pool:
            ann = someone()
            await adds(pool, ann)
            with locked_clock(database_url, ann):
                blocked = asyncio.create_task(adds(pool, ann))
                await soon(lambda: not pool.idle)
                waiting = asyncio.create_task(titles(pool, ann))
                await soon(lambda: pool.state is State.DEGRADED)
                assert not waiting.done()
            await blocked
            assert await waiting == ["Milk", "Milk"]

            [connection] = pool.connections
            connection.close()

            assert pool.state is State.DOWN
            await soon(lambda: not asked(database_url, "select from pg_stat_activity where usename = %s", login(url)))
            await titles(pool, ann)
            assert pool.state is State.UP

    asyncio.run(main())


def test_a_server_with_fewer_places_than_the_pool_wants_is_used_with_those(
    database_url: str, new_login: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    url = new_login("connection limit 2 in role taskward_app")

    async def main() -> None:
        async with using(url, pool_size=8) as pool:
            await pool.open()
            found = await asyncio.gather(*(titles(pool, someone()) for _ in range(100)))
            assert found == [[]] * 100
            assert len(pool.connections) <= 2
        assert "too many connections for role" in caplog.text

    asyncio.run(main())


def test_an_unreachable_database_does_not_stop_the_start_and_is_served_when_it_comes(
    proxy: DatabaseProxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    proxy.refuse()

    async def main() -> None:
        async with using(proxy.url) as pool:
            await pool.open()
            assert await pool.readiness() == [DatabaseUnavailable(Reason.CONNECT_FAILED).detail]
            await ends_unavailable(adds(pool, someone()), within_seconds=1, reason=Reason.CONNECT_FAILED)

            proxy.listen()

            await adds(pool, someone())
            assert await pool.readiness() == []
        said = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
        assert sum("no connection to the database" in line for line in said) == 1
        assert any("Connection refused" in line for line in said)
        assert "the database answers again" in said

    asyncio.run(main())


def test_a_frozen_database_does_not_stop_the_start(proxy: DatabaseProxy) -> None:
    proxy.freeze()

    async def main() -> None:
        async with using(proxy.url, deadline_seconds=0.15) as pool:
            await asyncio.wait_for(pool.open(), 0.15 + SLACK_SECONDS)

    asyncio.run(main())


def test_a_refused_connection_ends_at_once(proxy: DatabaseProxy, run: Run) -> None:
    proxy.refuse()

    async def main() -> None:
        async with using(proxy.url) as pool:
            await asyncio.gather(*(ends_unavailable(adds(pool, someone()), within_seconds=1) for _ in range(20)))
            assert is_at_rest(pool)

    run(main())


def test_while_the_database_is_down_one_request_waits_and_the_others_fail_at_once(
    proxy: DatabaseProxy, run: Run
) -> None:
    proxy.freeze()

    async def main() -> None:
        async with using(proxy.url, deadline_seconds=0.15) as pool:
            await ends_unavailable(titles(pool, someone()), within_seconds=0.15)
            pool.deadline_seconds = 5
            waiting = asyncio.create_task(titles(pool, someone()))
            await soon(lambda: pool.waiters)

            for _ in range(20):
                await ends_unavailable(titles(pool, someone()), within_seconds=0, reason=Reason.DOWN)
            assert len(pool.opening) == 1
            proxy.thaw()

            assert await waiting == []
            assert await titles(pool, someone()) == []

    run(main())


def test_after_a_while_without_requests_nobody_takes_the_database_for_down(proxy: DatabaseProxy) -> None:
    proxy.refuse()

    async def main() -> None:
        async with using(proxy.url) as pool:
            await ends_unavailable(titles(pool, someone()), within_seconds=1)
            proxy.listen()
            pool.failed_at -= DOWN_SECONDS

            assert await asyncio.gather(*(titles(pool, someone()) for _ in range(8))) == [[]] * 8

    asyncio.run(main())


def test_those_who_wait_when_the_database_comes_back_do_not_wait_for_each_other(
    proxy: DatabaseProxy, database_url: str
) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as pool:
            ann = someone()
            await adds(pool, ann)
            proxy.refuse()
            proxy.freeze()
            proxy.listen()
            early = [asyncio.create_task(titles(pool, ann)) for _ in range(2)]
            await soon(lambda: len(pool.opening) == 2)
            with locked_clock(database_url, ann):
                blocked = asyncio.create_task(adds(pool, ann))
                behind = asyncio.create_task(titles(pool, ann))
                await soon(lambda: len(pool.waiters) == 4)

                proxy.cut()
                proxy.thaw()

                assert await asyncio.wait_for(behind, 60) == ["Milk"]
                assert not blocked.done()
            await blocked
            ended = await asyncio.gather(*early, return_exceptions=True)
            assert [type(error) for error in ended] == [DatabaseUnavailable] * 2

    asyncio.run(main())


def login(url: str) -> str:
    return urlsplit(url).username or ""


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
