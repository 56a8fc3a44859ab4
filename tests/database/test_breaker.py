"""The pool's circuit breaker: who waits and who is rejected while the database cannot be reached."""

import asyncio
import logging

import pytest

from conftest import Run
from support.database_proxy import DatabaseProxy
from support.databases import soon, using
from support.pools import SLACK_SECONDS, adds, ends_unavailable, is_at_rest, locked_clock, someone, titles
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.postgres.pool import DOWN_SECONDS


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
        async with using(proxy.url, deadline_seconds=0.3) as pool:
            await asyncio.wait_for(pool.open(), 0.3 + SLACK_SECONDS)

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
        async with using(proxy.url, deadline_seconds=0.3) as pool:
            await ends_unavailable(titles(pool, someone()), within_seconds=0.3)
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

                assert await asyncio.wait_for(behind, 10) == ["Milk"]
                assert not blocked.done()
            await blocked
            ended = await asyncio.gather(*early, return_exceptions=True)
            assert [type(error) for error in ended] == [DatabaseUnavailable] * 2

    asyncio.run(main())
