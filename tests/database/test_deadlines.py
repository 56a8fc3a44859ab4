"""An end to every wait, at the deadline of its request."""

import asyncio
import os
import secrets
import signal
import time

import pytest

from support.database_proxy import DatabaseProxy
from support.databases import Run, asked, soon, using
from support.pools import SLACK_SECONDS, adds, ends_unavailable, is_at_rest, locked_clock, opens_both, someone, titles
from support.programs import eventually
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.resources.idempotency import Idempotency
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.model import TaskCreate


def test_a_write_that_waits_for_a_lock_ends_at_the_deadline_and_is_cancelled(database_url: str, run: Run) -> None:
    name = secrets.token_hex(8)
    connections = "select from pg_stat_activity where application_name = %s"

    async def main() -> None:
        async with using(f"{database_url}&application_name={name}") as pool:
            ann = someone()
            await adds(pool, ann)
            pool.deadline_seconds = 0.2
            with locked_clock(database_url, ann):
                late = adds(pool, ann, "Bread")
                seconds = await ends_unavailable(late, within_seconds=0.2, reason=Reason.NO_ANSWER_IN_TIME)
                assert seconds > 0.15
                await soon(
                    lambda: not asked(database_url, f"{connections} and state = 'active'", name),
                    within_seconds=SLACK_SECONDS,
                )
                await soon(lambda: is_at_rest(pool), within_seconds=SLACK_SECONDS)
            pool.deadline_seconds = 20
            assert await titles(pool, ann) == ["Milk"]
            assert len(asked(database_url, connections, name)) == 1

    run(main())


def test_an_answer_that_arrived_while_the_event_loop_was_busy_is_in_time(database_url: str, run: Run) -> None:
    """A write would be told 503 that has happened, and would be sent again."""

    async def main() -> None:
        async with using(database_url) as pool:
            ann = someone()
            await adds(pool, ann)
            pool.deadline_seconds = 0.1
            writing = asyncio.create_task(adds(pool, ann, "Bread"))
            deadline = pool.new_deadline()
            await asyncio.sleep(0)  # it is sent
            # What a large body or a busy machine does: the loop stands still until the deadline has passed.
            eventually(lambda: len(asked(database_url, "select from tasks where owner_id = %s", ann)) == 2)
            time.sleep(max(0, deadline - asyncio.get_running_loop().time()) + 0.05)  # noqa: ASYNC251
            await writing
            assert await titles(pool, ann) == ["Milk", "Bread"]

    run(main())


def test_a_write_without_an_answer_is_told_that_it_may_have_happened(proxy: DatabaseProxy, run: Run) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=2) as pool:
            ann = someone()
            await opens_both(pool, ann)
            pool.deadline_seconds = 0.2
            proxy.freeze()
            with pytest.raises(DatabaseUnavailable, match="may have done this"):
                await actions.create(Session.begin(pool, ann), TaskCreate(title="Bread"))
            with pytest.raises(DatabaseUnavailable, match="try again shortly"):
                await actions.create(
                    Session.begin(pool, ann), TaskCreate(title="Bread"), idempotency=Idempotency("k", "f" * 64)
                )

    run(main())


def test_a_caller_who_goes_away_holds_a_connection_until_the_deadline_at_most(database_url: str, run: Run) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            ann = someone()
            await adds(pool, ann)
            pool.deadline_seconds = 0.2
            with locked_clock(database_url, ann):
                gone = asyncio.create_task(adds(pool, ann, "Bread"))
                await soon(lambda: not pool.idle)
                gone.cancel()
                await asyncio.gather(gone, return_exceptions=True)
                await soon(lambda: is_at_rest(pool), within_seconds=0.2 + SLACK_SECONDS)

                pool.deadline_seconds = 20
                assert await titles(pool, ann) == ["Milk"]

    run(main())


def test_whoever_waits_behind_an_abandoned_statement_gets_a_connection_of_their_own(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            ann, bob = someone(), someone()
            await adds(pool, ann)
            await adds(pool, bob)
            for _ in range(4):
                with locked_clock(database_url, ann):
                    hurried = Session(ann, pool, asyncio.get_running_loop().time() + 0.1)
                    hurry = actions.create(hurried, TaskCreate(title="Bread"))
                    stuck = asyncio.create_task(ends_unavailable(hurry, within_seconds=0.1))
                    await soon(lambda: not pool.idle)
                    await adds(pool, bob)
                    await stuck
            assert len(await titles(pool, bob)) == 5
            assert await titles(pool, ann) == ["Milk"]

    asyncio.run(main())


def test_an_exhausted_pool_ends_at_the_deadline_and_serves_again(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=2) as pool:
            ann, bob = someone(), someone()
            await adds(pool, ann)
            with locked_clock(database_url, ann):
                holders = [asyncio.create_task(adds(pool, ann)) for _ in range(2)]
                await soon(lambda: len(pool.connections) == 2 and not pool.idle)
                pool.deadline_seconds = 0.2
                reason = Reason.NO_CONNECTION_IN_TIME
                waiting = (ends_unavailable(adds(pool, bob), within_seconds=0.2, reason=reason) for _ in range(20))
                await asyncio.gather(*waiting)
            await asyncio.gather(*holders)
            pool.deadline_seconds = 20
            await adds(pool, bob)
            assert await titles(pool, bob) == ["Milk"]

    asyncio.run(main())


@pytest.mark.parametrize("is_warm", [True, False])
def test_a_frozen_database_ends_at_the_deadline_and_serves_when_it_thaws(
    proxy: DatabaseProxy, run: Run, is_warm: bool
) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            ann = someone()
            if is_warm:
                await adds(pool, ann)
            proxy.freeze()
            pool.deadline_seconds = 0.15
            for _ in range(2):
                stuck = (ends_unavailable(titles(pool, ann), within_seconds=0.15) for _ in range(6))
                await asyncio.gather(*stuck)
            assert len(pool.connections) + len(pool.opening) <= 4

            proxy.thaw()

            pool.deadline_seconds = 20
            assert await titles(pool, ann) == (["Milk"] if is_warm else [])
            await soon(lambda: is_at_rest(pool))

    run(main())


def test_a_server_whose_processes_stand_still_ends_at_the_deadline(logins: dict[str, str]) -> None:
    url = logins["superuser"]
    postmaster = int(asked(url, "select pg_read_file('postmaster.pid')")[0][0].split()[0])

    async def main() -> None:
        async with using(url) as pool:
            ann = someone()
            await adds(pool, ann)
            [connection] = pool.connections
            frozen = [postmaster, connection.pgconn.backend_pid]
            pool.deadline_seconds = 0.2
            try:
                for pid in frozen:
                    os.kill(pid, signal.SIGSTOP)
                # The first is on the connection that stands still, the second cannot open another.
                for _ in range(2):
                    await ends_unavailable(adds(pool, ann), within_seconds=0.2)
            finally:
                for pid in frozen:
                    os.kill(pid, signal.SIGCONT)
            pool.deadline_seconds = 20
            await adds(pool, ann, "Bread")

    asyncio.run(main())


def test_a_request_that_is_too_late_is_not_sent(proxy: DatabaseProxy) -> None:
    async def main() -> None:
        async with using(proxy.url) as pool:
            ann = someone()
            await adds(pool, ann)
            turns = proxy.turns
            too_late = Session(ann, pool, asyncio.get_running_loop().time())

            late = actions.create(too_late, TaskCreate(title="Bread"))
            await ends_unavailable(late, within_seconds=0, reason=Reason.NO_CONNECTION_IN_TIME)

            assert proxy.turns == turns
            assert await titles(pool, ann) == ["Milk"]

    asyncio.run(main())


def test_a_slow_first_connection_serves_the_next_request(proxy: DatabaseProxy) -> None:
    proxy.delay_seconds = 0.05

    async def main() -> None:
        async with using(proxy.url, deadline_seconds=0.15) as pool:
            await ends_unavailable(titles(pool, someone()), within_seconds=0.15)
            await soon(lambda: pool.idle)

            pool.deadline_seconds = 20
            assert await titles(pool, someone()) == []

        assert proxy.accepted == 1

    asyncio.run(main())
