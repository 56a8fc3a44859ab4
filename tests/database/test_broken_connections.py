"""Connections that break: idle ones are replaced, a read is repeated once, and a write is never doubled."""

import asyncio
import secrets
from typing import Literal

import pytest

from support.database_proxy import DatabaseProxy
from support.databases import Run, asked, soon, using
from support.pools import adds, ends_unavailable, is_at_rest, opens_both, someone, titles
from taskward.postgres.failures import DatabaseUnavailable, Reason


@pytest.mark.parametrize("is_write", [True, False])
def test_the_first_request_after_all_idle_connections_were_cut_succeeds(
    proxy: DatabaseProxy, run: Run, is_write: bool
) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            ann = someone()
            await asyncio.gather(*(adds(pool, ann) for _ in range(8)))
            proxy.cut()

            if is_write:
                await adds(pool, ann)

            assert len(await titles(pool, ann)) == 8 + is_write
            await soon(lambda: is_at_rest(pool))

    run(main())


def test_the_first_request_after_the_server_hung_up_succeeds(database_url: str, run: Run) -> None:
    name = secrets.token_hex(8)
    terminate = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = %s"

    async def main() -> None:
        async with using(f"{database_url}&application_name={name}", pool_size=2) as pool:
            ann = someone()
            for _ in range(5):
                asked(database_url, terminate, name)  # and the loop stands still meanwhile
                await adds(pool, ann)
            assert len(await titles(pool, ann)) == 5

    run(main())


@pytest.mark.parametrize("at", ["request", "reply"])
def test_a_read_whose_connection_breaks_is_repeated(
    proxy: DatabaseProxy, run: Run, at: Literal["request", "reply"]
) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            ann = someone()
            await adds(pool, ann)
            proxy.cut_next(at)
            assert await titles(pool, ann) == ["Milk"]

    run(main())


def test_a_read_is_repeated_once_only(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=3) as pool:
            ann = someone()
            await asyncio.gather(*(adds(pool, ann) for _ in range(3)))
            await soon(lambda: len(pool.idle) == 3)
            proxy.cut_next("reply", times=2)
            await ends_unavailable(titles(pool, ann), within_seconds=1)
            assert len(await titles(pool, ann)) == 3

    asyncio.run(main())


def test_a_read_that_is_lost_twice_is_not_said_to_have_done_something(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as pool:
            ann = someone()
            await opens_both(pool, ann)
            proxy.cut_next("reply", times=2)
            with pytest.raises(DatabaseUnavailable, match="try again shortly") as unavailable:
                await titles(pool, ann)
            assert unavailable.value.reason is Reason.CONNECTION_LOST
            assert proxy.cuts_left == 0

    run(main())


@pytest.mark.parametrize(("at", "found"), [("request", []), ("reply", ["Milk"])])
def test_a_write_whose_connection_breaks_is_unavailable_and_never_doubled(
    proxy: DatabaseProxy, run: Run, at: Literal["request", "reply"], found: list[str]
) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            ann = someone()
            await pool.open()
            proxy.cut_next(at)

            await ends_unavailable(adds(pool, ann), within_seconds=1)

            assert await titles(pool, ann) == found

    run(main())
