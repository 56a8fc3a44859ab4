"""One libpq connection in pipeline mode, against a real server, on both event loops."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import psycopg
import pytest
from psycopg import pq

from support.database_proxy import proxied
from support.databases import Run, asked, soon
from support.programs import eventually
from taskward.postgres.connection import Connection, ConnectionLost, Group
from taskward.postgres.statements import Statement

OK, FAILED, ABORTED = pq.ExecStatus.TUPLES_OK, pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED


@asynccontextmanager
async def connected(url: str, *, is_direct: bool = False) -> AsyncIterator[Connection]:
    connection = await Connection.open(url)
    connection.is_direct = is_direct
    try:
        yield connection
    finally:
        connection.close()


def statements(*sql: str) -> Group:
    return [(known(one), []) for one in sql]


@cache
def known(sql: str) -> Statement:
    """The same each time, as an action's statement is."""
    return Statement(sql.encode(), ())


@pytest.fixture(params=[False, True], ids=["unnamed", "named"])
def is_direct(request: pytest.FixtureRequest) -> bool:
    chosen: bool = request.param
    return chosen


async def answers(connection: Connection, group: Group) -> list[bytes | None]:
    results = await asyncio.wait_for(connection.send(group), 60)
    return [result.get_value(0, 0) if result.status == OK else None for result in results]


def test_results_come_in_the_order_of_the_statements(cluster: str, run: Run, is_direct: bool) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=is_direct) as connection:
            for _ in range(2):
                found = await answers(connection, statements("select 1", "select 2", "select 3", "select 2"))
                assert found == [b"1", b"2", b"3", b"2"]
                assert await answers(connection, statements("select 4", "select 3")) == [b"4", b"3"]

    run(main())


@pytest.mark.parametrize("wrong", ["select 1/0", "select 1/(random() > 2)::int", "selec", "select no_such()"])
@pytest.mark.parametrize("position", [0, 1, 2])
def test_a_group_ends_with_its_first_failure_and_the_next_one_goes_well(
    cluster: str, wrong: str, position: int, is_direct: bool
) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=is_direct) as connection:
            group = statements(*(wrong if place == position else f"select {place}" for place in range(3)))

            for _ in range(3):
                results = await asyncio.wait_for(connection.send(group), 60)

                counted = [result.status for result in results if result.status != ABORTED]
                assert counted == [OK] * position + [FAILED]
                assert results[position].error_field(pq.DiagnosticField.SQLSTATE)
                assert results[-1].status != OK
                asked_anew = statements("select 0", "select 1", "select 2", "select 7")
                assert await answers(connection, asked_anew) == [b"0", b"1", b"2", b"7"]

    asyncio.run(main())


def test_a_failure_undoes_everything_before_it(cluster: str, new_database: Callable[..., str]) -> None:
    url = new_database()

    async def main() -> None:
        async with connected(url) as connection:
            await answers(connection, statements("create table notes (note text)"))
            await answers(connection, statements("insert into notes values ('lost')", "select 1/0"))
            await answers(connection, statements("insert into notes values ('kept')", "select 1"))

    asyncio.run(main())

    assert asked(url, "select note from notes") == [("kept",)]


def test_a_failure_at_commit_is_the_last_result(cluster: str, new_database: Callable[..., str]) -> None:
    url = new_database()

    async def main() -> None:
        async with connected(url) as connection:
            await answers(connection, statements("create table once (n int unique deferrable initially deferred)"))

            results = await asyncio.wait_for(connection.send(statements("insert into once values (1), (1)")), 60)

            assert results[-1].status == FAILED
            assert results[-1].error_field(pq.DiagnosticField.SQLSTATE) == b"23505"
            assert await answers(connection, statements("select count(*) from once")) == [b"0"]

    asyncio.run(main())


def test_what_the_server_remarks_disturbs_nothing(cluster: str, run: Run) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            remarks = statements(
                "do $$ begin raise notice 'by the way'; end $$", "set application_name = 'x'", "select 1"
            )
            assert (await answers(connection, remarks))[-1] == b"1"
            assert connection.is_alive()
            assert await answers(connection, statements("select 2")) == [b"2"]

    run(main())


def test_results_of_every_size_arrive_whole(cluster: str, run: Run) -> None:
    around = [2**power + offset for power in (12, 13, 14, 15, 16, 20) for offset in (-120, -60, -30, -7, -1, 0, 1, 9)]

    async def main() -> None:
        async with connected(cluster) as connection:
            for size in around:
                [text] = await answers(connection, [(known("select repeat('x', $1::int)"), [b"%d" % size])])
                assert text is not None
                assert len(text) == size

    run(main())


def test_sending_more_than_the_sockets_hold_while_the_server_answers_does_not_stall(cluster: str, run: Run) -> None:
    text = b"x" * 6_000_000

    async def main() -> None:
        async with connected(cluster) as connection:
            echoes = await answers(connection, [(known("select $1::text"), [text])] * 4)
            assert echoes == [text] * 4
            assert not connection.is_writing

    run(main())


def test_a_refusal_in_the_middle_of_sending_does_not_stall(cluster: str, run: Run) -> None:
    text = b"x" * 6_000_000

    async def main() -> None:
        async with connected(cluster) as connection:
            texts: Group = [(known("select $1::text"), [text])] * 3
            assert await answers(connection, [*statements("select 1/0"), *texts]) == [None] * 4
            assert await answers(connection, statements("select 1")) == [b"1"]

    run(main())


def test_a_caller_who_has_gone_is_not_answered_and_the_next_one_gets_their_own(cluster: str, run: Run) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            idle = asyncio.Event()
            connection.on_answered = lambda _: idle.set()
            gone = connection.send(statements("select 'for the one who has gone'"))
            gone.cancel()

            await asyncio.wait_for(idle.wait(), 60)

            assert await answers(connection, statements("select 'for me'")) == [b"for me"]

    run(main())


def test_answers_are_not_kept_on_an_idle_connection(cluster: str) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            await answers(connection, statements("select repeat('x', 1000000)"))
            assert connection.results == []

    asyncio.run(main())


def test_a_connection_that_dies_asleep_is_known_to_be_dead(cluster: str, run: Run) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            lost: list[Connection] = []
            connection.on_lost = lost.append

            await asyncio.to_thread(terminate, cluster, connection)

            await soon(lambda: not connection.is_alive())
            assert lost == [connection]

    run(main())


def test_the_last_words_of_a_server_are_enough(cluster: str) -> None:
    """The loop has no time to notice the end before the next request comes."""

    async def main() -> None:
        async with connected(cluster) as connection:
            terminate(cluster, connection)
            until_gone(cluster, pid_of(connection))

            assert not connection.is_alive()

    asyncio.run(main())


@pytest.mark.parametrize("at", ["request", "reply"])
def test_a_connection_that_breaks_under_a_group_says_so(cluster: str, run: Run, at: Any) -> None:
    async def main() -> None:
        with proxied(cluster) as proxy:
            async with connected(proxy.url) as connection:
                lost: list[Connection] = []
                connection.on_lost = lost.append
                proxy.cut_next(at)

                with pytest.raises(ConnectionLost):
                    await asyncio.wait_for(connection.send(statements("select 1")), 60)

                assert lost == [connection]

    run(main())


def test_a_connection_that_is_terminated_under_a_group_says_so(cluster: str, run: Run) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            pending = connection.send(statements("select 1", "select pg_sleep(30)"))
            await asyncio.to_thread(until_active, cluster, connection)
            await asyncio.to_thread(terminate, cluster, connection)
            with pytest.raises(ConnectionLost):
                await asyncio.wait_for(pending, 60)

    run(main())


def test_a_connection_that_breaks_while_it_sends_says_so(cluster: str, run: Run) -> None:
    async def main() -> None:
        with proxied(cluster) as proxy:
            async with connected(proxy.url) as connection:
                proxy.freeze()
                pending = connection.send([(known("select length($1)"), [b"x" * 30_000_000])])
                assert connection.is_writing
                proxy.cut()
                with pytest.raises(ConnectionLost):
                    await asyncio.wait_for(pending, 60)
                assert connection.is_closed

    run(main())


def test_what_is_sent_on_a_closed_connection_is_lost_at_once(cluster: str) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            connection.close()
            connection.close()
            connection.on_readable()
            with pytest.raises(ConnectionLost):
                await asyncio.wait_for(connection.send(statements("select 1")), 60)

    asyncio.run(main())


def test_abandoning_cancels_the_statement_and_closes_and_nobody_gets_the_connection(cluster: str, run: Run) -> None:
    async def main() -> None:
        for _ in range(5):  # the cancelled statement's answer comes sometimes before, sometimes after the end
            async with connected(cluster) as connection:
                given_back: list[Connection] = []
                connection.on_answered = given_back.append
                pending = connection.send(statements("select pg_sleep(30)"))
                await asyncio.to_thread(until_active, cluster, connection)
                pid = pid_of(connection)

                await asyncio.wait_for(connection.abandon(), 60)

                assert connection.is_closed
                assert pending.done()
                assert pending.exception() or pending.result()[0].status == FAILED
                assert given_back == []
                await asyncio.to_thread(until_gone, cluster, pid)

    run(main())


def test_a_second_group_is_not_taken_before_the_first_is_answered(cluster: str) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            first = connection.send(statements("select 1"))
            with pytest.raises(RuntimeError):
                connection.send(statements("select 2"))
            [result] = await asyncio.wait_for(first, 60)
            assert result.get_value(0, 0) == b"1"

    asyncio.run(main())


@pytest.mark.parametrize("wrong", ["selec", "select 1/0"])
def test_quick_reads_follow_each_other_on_a_direct_connection(cluster: str, run: Run, wrong: str) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=True) as connection:
            for name in ("select 1", "select 2", "select pg_sleep(0.2)"):
                await answers(connection, statements(name))
            slow, *others = (statements(name) for name in ("select pg_sleep(0.2)", "select 1", "select 2"))

            pending = [connection.send(group, quick=group[-1][0]) for group in (slow, *others)]
            for refused in (statements("select 1", wrong), others[0]):
                with pytest.raises(RuntimeError):
                    connection.send(refused)
            unnamed = statements(wrong)
            with pytest.raises(RuntimeError):
                connection.send(unnamed, quick=unnamed[0][0])

            found = await asyncio.wait_for(asyncio.gather(*pending), 60)
            assert [result.get_value(0, 0) for [result] in found[1:]] == [b"1", b"2"]
            assert await answers(connection, statements("select 2", "select 1")) == [b"2", b"1"]

    run(main())


@pytest.mark.parametrize("ending", ["select 1", "select 1/0"])
def test_what_a_read_sets_for_its_transaction_is_gone_for_the_one_behind_it(cluster: str, ending: str) -> None:
    become_ann, look = "select set_config('app.user_id', 'ann', true)", "select current_setting('app.user_id', true)"

    async def main() -> None:
        async with connected(cluster, is_direct=True) as connection:
            for sql in (become_ann, look, ending):
                await answers(connection, statements(sql))
            groups = [statements(become_ann, look, ending), statements(look)] * 4

            pending = [connection.send(group, quick=known(look)) for group in groups]

            found = await asyncio.wait_for(asyncio.gather(*pending), 60)
            owners = [results[-1].get_value(0, 0) for results in found[1::2]]
            assert [results[1].get_value(0, 0) for results in found[::2]] == [b"ann"] * 4
            assert owners == [b""] * 4

    asyncio.run(main())


@pytest.mark.parametrize(("is_direct", "first_is_quick"), [(False, True), (True, False)])
def test_no_read_follows_behind_a_pooler_or_behind_what_is_no_quick_read(
    cluster: str, is_direct: bool, first_is_quick: bool
) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=is_direct) as connection:
            group = statements("select 1")
            await answers(connection, group)

            first = connection.send(group, quick=group[0][0] if first_is_quick else None)
            assert not connection.has_room_for(group[0][0])
            with pytest.raises(RuntimeError):
                connection.send(group, quick=group[0][0])

            await asyncio.wait_for(first, 60)

    asyncio.run(main())


def test_those_behind_an_abandoned_read_are_told_before_a_cancellation_could_hit_them(cluster: str) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=True) as connection:
            sleep = [(known("select pg_sleep($1::float)"), [b"0"])]
            await answers(connection, sleep)
            behind = statements("select 2")
            await answers(connection, behind)
            first, second = (connection.send(group, quick=group[0][0]) for group in ([(sleep[0][0], [b"30"])], behind))

            abandoning = asyncio.create_task(connection.abandon())
            await asyncio.sleep(0)

            assert not first.done()
            assert not connection.is_closed
            assert isinstance(second.exception(), ConnectionLost)
            await asyncio.wait_for(abandoning, 60)
            assert connection.is_closed

    asyncio.run(main())


def test_abandoning_a_frozen_connection_ends_too(cluster: str) -> None:
    async def main() -> None:
        with proxied(cluster) as proxy:
            async with connected(proxy.url) as connection:
                connection.send(statements("select 1")).cancel()
                proxy.freeze()
                await asyncio.wait_for(connection.abandon(), 60)
                assert connection.is_closed

    asyncio.run(main())


def test_a_server_that_is_not_there_is_an_error(cluster: str) -> None:
    async def main() -> None:
        with proxied(cluster) as proxy:
            proxy.refuse()
            with pytest.raises((psycopg.Error, OSError)):
                await Connection.open(proxy.url)

    asyncio.run(main())


def pid_of(connection: Connection) -> int:
    return connection.pgconn.backend_pid


def terminate(cluster: str, connection: Connection) -> None:
    asked(cluster, "select pg_terminate_backend(%s)", pid_of(connection))


def until_active(cluster: str, connection: Connection) -> None:
    asleep = "select from pg_stat_activity where pid = %s and state = 'active' and wait_event = 'PgSleep'"
    eventually(lambda: asked(cluster, asleep, pid_of(connection)))


def until_gone(cluster: str, pid: int) -> None:
    eventually(lambda: not asked(cluster, "select from pg_stat_activity where pid = %s", pid))


# Statements that keep a name


def prepared_by_the_server() -> Group:
    count = "select count(*) from pg_prepared_statements where name like 'statement%'"
    return [(Statement(count.encode(), (), is_prepared=False), [])]


def test_a_direct_connection_has_the_server_keep_each_statement_once(cluster: str, run: Run) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=True) as connection:
            for _ in range(3):
                assert await answers(connection, statements("select 1", "select 2", "select 1")) == [b"1", b"2", b"1"]

            assert await answers(connection, prepared_by_the_server()) == [b"2"]

    run(main())


def test_only_a_direct_connection_gives_names(cluster: str) -> None:
    async def main() -> None:
        async with connected(cluster) as connection:
            await answers(connection, statements("select 1", "select 2"))

            assert await answers(connection, prepared_by_the_server()) == [b"0"]

    asyncio.run(main())


def test_the_server_keeps_only_what_it_should(cluster: str) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=True) as connection:
            passing = Statement(b"select 'passing'", (), is_prepared=False)
            for _ in range(2):
                assert await answers(connection, [(passing, []), *statements("select 1")]) == [b"passing", b"1"]

            assert await answers(connection, prepared_by_the_server()) == [b"1"]

    asyncio.run(main())


def test_a_statement_behind_a_failed_one_is_given_its_name_later(cluster: str) -> None:
    async def main() -> None:
        async with connected(cluster, is_direct=True) as connection:
            results = await asyncio.wait_for(connection.send(statements("select 1/0", "select 'later'")), 60)
            assert results[0].status == FAILED
            assert set(connection.prepared) == {known("select 1/0")}  # it was parsed, and failed when it ran

            for _ in range(2):
                assert await answers(connection, statements("select 'later'", "select 1")) == [b"later", b"1"]

    asyncio.run(main())


def test_a_prepared_statement_sees_a_table_as_it_is_now(new_database: Callable[..., str]) -> None:
    url = new_database()
    asked(url, "create table notes (id int primary key, note text)")

    async def main() -> None:
        async with connected(url, is_direct=True) as connection:
            for _ in range(10):
                assert await answers(connection, statements("select max(note) from notes")) == [None]
            asked(url, "insert into notes values (1, 'Milk')")
            asked(url, "alter table notes add column due date, alter column note type varchar(20)")
            assert await answers(connection, statements("select max(note) from notes")) == [b"Milk"]

    asyncio.run(main())
