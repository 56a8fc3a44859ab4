"""Quick reads that share a direct connection: each gets the answer of its own owner, and none is in another's way."""

import asyncio
import os
import random
import secrets
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

import psycopg
import pytest

from support.database_proxy import DatabaseProxy, proxied
from support.databases import Run, soon, using
from support.embedded import answers
from support.golden import statements as every_statement
from support.pools import adds, ends_unavailable, is_at_rest, locked_clock, someone, sql, tells, titles
from taskward.postgres.connection import MOST_SHARING
from taskward.postgres.failures import DatabaseUnavailable, Reason, StatementFailed
from taskward.postgres.pool import PARTS_OF_DEADLINE, Pool
from taskward.postgres.statements import Bound, Statement
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.model import TaskPatch


@cache
def quick(sql: str) -> Statement:
    return Statement(sql.encode(), (), is_quick=True)


OWNER = quick("select current_setting('app.user_id')")()
FAILS = quick("select 1 / (random() < 0)::int")()
SLEEPS = quick("select pg_sleep(case current_setting('app.user_id') when 'slow' then 30 else 0 end)::text")()


async def asks(pool: Pool, call: Bound, owner: str = "") -> bytes | None:
    [[(value, *_)]] = await pool.run(owner, [call], deadline=pool.new_deadline(), is_repeatable=True)
    return value


class Gate:
    """A read that is not answered while the gate is closed."""

    def __init__(self, url: str) -> None:
        self.number = secrets.randbits(62)
        self.read = quick(f"select 'passed' from (select pg_advisory_xact_lock_shared({self.number})) as gate")()
        self.session = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        self.session.execute("select pg_advisory_lock(%s)", [self.number])

    def open(self) -> None:
        self.session.execute("select pg_advisory_unlock_all()")


@pytest.fixture
def gates(database_url: str) -> Iterator[Callable[[], Gate]]:
    made: list[Gate] = []

    def make() -> Gate:
        made.append(Gate(database_url))
        return made[-1]

    yield make
    for gate in made:
        gate.session.close()


@asynccontextmanager
async def held(pool: Pool, *gates: Gate) -> AsyncIterator[list["asyncio.Task[Any]"]]:
    """A read in flight on each connection of the pool, which is not answered before its gate opens."""
    await asyncio.gather(*(tells(pool, sql("select pg_sleep(0.05)::text")) for _ in gates))
    await soon(lambda: len(pool.idle) == len(gates) == pool.pool_size)
    # Only what has a name on a connection may be sent behind another read: each asks for each of them.
    for statement in (OWNER, FAILS, SLEEPS, actions.FIND(id=1), *(gate.read for gate in gates)):
        await asyncio.gather(*(asks(pool, statement) for _ in gates), return_exceptions=True)
    tasks = []
    for gate in gates:
        gate.close()
        tasks += await begun(pool, asks(pool, gate.read))
    assert not pool.idle
    assert in_flight(pool) == len(gates)
    yield tasks
    for gate in gates:
        gate.open()
    await asyncio.gather(*tasks, return_exceptions=True)
    await soon(lambda: is_at_rest(pool))


def in_flight(pool: Pool) -> int:
    return sum(len(connection.in_flight) for connection in pool.connections)


async def begun(pool: Pool, *work: Coroutine[Any, Any, Any]) -> list["asyncio.Task[Any]"]:
    """Each has sent what it could, or waits."""
    tasks = [asyncio.create_task(each) for each in work]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


# Who shares


def test_quick_reads_share_a_connection_and_each_gets_its_own_row(
    database_url: str, run: Run, gates: Callable[[], Gate]
) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            owners = [someone() for _ in range(5)]
            ids = {owner: await adds(pool, owner, owner) for owner in owners}
            gate = gates()
            async with held(pool, gate):
                finding = await begun(pool, *(actions.find(Session.begin(pool, one), ids[one]) for one in owners))
                strange = await begun(pool, actions.find(Session.begin(pool, owners[0]), ids[owners[1]]))
                assert in_flight(pool) == 7
                assert pool.stats()[:4] == (0, 1, 0, 0)
                gate.open()
                found = await asyncio.gather(*finding)
                assert [f'"title":"{owner}"'.encode() in row.json for owner, row in zip(owners, found, strict=True)]
                assert [row.id for row in found] == list(ids.values())
                with pytest.raises(TaskNotFound):
                    await strange[0]

    run(main())


def test_an_idle_connection_is_taken_before_one_is_shared(database_url: str, gates: Callable[[], Gate]) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=2) as pool:
            one, other = gates(), gates()
            async with held(pool, one, other) as holding:
                other.open()
                await holding[1]
                assert await asks(pool, OWNER, "ann") == b"ann"
                assert [len(connection.in_flight) for connection in pool.idle] == [0]
                assert in_flight(pool) == 1

    asyncio.run(main())


def test_no_more_than_a_few_share(database_url: str, gates: Callable[[], Gate]) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            gate = gates()
            async with held(pool, gate):
                owners = [someone() for _ in range(20)]
                reading = await begun(pool, *(asks(pool, OWNER, owner) for owner in owners))
                assert in_flight(pool) == MOST_SHARING
                assert pool.stats().waiting == 13
                pool.service_seconds = 4
                assert not pool.is_saturated  # 13 requests, 8 at once, 4 s each: 6.5 s of 20
                pool.service_seconds = 8
                assert pool.is_saturated
                gate.open()
                assert await asyncio.gather(*reading) == [owner.encode() for owner in owners]

    asyncio.run(main())


def test_reads_that_wait_share_the_connection_that_comes(database_url: str, gates: Callable[[], Gate]) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            ann, gate = someone(), gates()
            await adds(pool, ann)
            await asks(pool, OWNER)
            await asks(pool, gate.read)
            gate.close()
            with locked_clock(database_url, ann):
                writing = await begun(pool, adds(pool, ann))
                reading = await begun(pool, asks(pool, gate.read), *(asks(pool, OWNER, f"{one}") for one in range(4)))
                assert (in_flight(pool), pool.stats().waiting) == (1, 5)
            await soon(lambda: in_flight(pool) == 5)
            assert writing[0].done()
            gate.open()
            assert await asyncio.gather(*reading) == [b"passed", b"0", b"1", b"2", b"3"]

    asyncio.run(main())


def test_behind_a_pooler_nothing_is_shared(proxy: DatabaseProxy, run: Run, gates: Callable[[], Gate]) -> None:
    proxy.makes_up_pids = True

    async def main() -> None:
        async with using(proxy.url, pool_size=1) as pool:
            gate = gates()
            async with held(pool, gate):
                reading = await begun(pool, asks(pool, OWNER, "ann"), asks(pool, OWNER, "bob"))
                assert (in_flight(pool), pool.stats().waiting) == (1, 2)
                gate.open()
                assert await asyncio.gather(*reading) == [b"ann", b"bob"]

    run(main())


@pytest.mark.parametrize("what", ["a write", "a list", "the tags", "several statements", "what is not repeatable"])
def test_nothing_but_quick_reads_is_sent_behind_another(
    database_url: str, gates: Callable[[], Gate], what: str
) -> None:
    async def does(pool: Pool, owner: str) -> None:
        session = Session.begin(pool, owner)
        match what:
            case "a write":
                await adds(pool, owner)
            case "a list":
                await titles(pool, owner)
            case "the tags":
                await actions.list_tags(session)
            case "several statements":
                await session.run([OWNER, OWNER], is_repeatable=True)
            case _:
                await session.run([OWNER], is_repeatable=False)

    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            ann = someone()
            await does(pool, ann)
            gate = gates()
            async with held(pool, gate):
                doing = await begun(pool, does(pool, ann))
                assert (in_flight(pool), pool.stats().waiting) == (1, 1)
                gate.open()
                await asyncio.gather(*doing)

    asyncio.run(main())


def test_nothing_is_sent_behind_a_write(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            ann = someone()
            await adds(pool, ann)
            await asks(pool, OWNER)
            with locked_clock(database_url, ann):
                doing = await begun(pool, adds(pool, ann), asks(pool, OWNER, "bob"))
                assert (in_flight(pool), pool.stats().waiting) == (1, 1)
            assert (await asyncio.gather(*doing))[1] == b"bob"

    asyncio.run(main())


def test_statements_that_may_share_change_and_lock_nothing() -> None:
    sharing = {name: statement.sql.decode() for name, statement in every_statement() if statement.is_quick}

    found = ["lists.actions.FIND", "tasks.actions.FIND"]
    assert list(sharing) == [name + way for name in found for way in ("", ".by_uid")]
    words = {word for sql in sharing.values() for word in sql.upper().replace("(", " ").split()}
    assert not words & {"INSERT", "UPDATE", "DELETE", "MERGE", "FOR", "SET_CONFIG", "NEXTVAL"}


def test_a_statement_without_a_name_is_sent_alone(database_url: str, gates: Callable[[], Gate]) -> None:
    """Were it named in a group that fails, those behind it would fail too."""

    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            gate, new = gates(), quick(f"select '{secrets.token_hex(4)}'")
            async with held(pool, gate):
                reading = await begun(pool, asks(pool, new()))
                assert (in_flight(pool), pool.stats().waiting) == (1, 1)
                gate.open()
                await asyncio.gather(*reading)

    asyncio.run(main())


def test_what_needs_a_connection_alone_is_not_overtaken(database_url: str, gates: Callable[[], Gate]) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            gate, ann, ended = gates(), someone(), []

            async def notes(name: str, work: Coroutine[Any, Any, Any]) -> None:
                await work
                ended.append(name)

            async with held(pool, gate):
                reads = [notes(f"read {number}", asks(pool, OWNER)) for number in range(2)]
                doing = await begun(pool, reads[0], notes("write", adds(pool, ann)), reads[1])
                assert (in_flight(pool), pool.stats().waiting) == (2, 2)
                gate.open()
                await asyncio.gather(*doing)
                assert ended == ["read 0", "write", "read 1"]

    asyncio.run(main())


def test_writes_get_their_turn_among_reads_that_never_end(database_url: str, run: Run) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=2) as pool:
            ann = someone()
            await asyncio.gather(adds(pool, ann), adds(pool, ann))
            has_ended = asyncio.Event()
            read = 0

            async def reads() -> None:
                nonlocal read
                while not has_ended.is_set():
                    assert await asks(pool, OWNER, ann) == ann.encode()
                    read += 1

            reading = [asyncio.create_task(reads()) for _ in range(30)]
            for _ in range(20):
                await asyncio.wait_for(adds(pool, ann), 60)
            has_ended.set()
            await asyncio.gather(*reading)
            assert read > 100
            assert len(await titles(pool, ann)) == 22

    run(main())


# Failures stay where they are


def test_a_read_that_fails_ends_itself_alone_and_lends_its_owner_to_nobody(
    database_url: str, run: Run, gates: Callable[[], Gate]
) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            gate = gates()
            async with held(pool, gate):
                names = ["ann", "bob", "", "eve"]
                asking = [FAILS, OWNER, FAILS, OWNER]
                reading = await begun(
                    pool, *(asks(pool, read, name) for name, read in zip(names, asking, strict=True)), asks(pool, OWNER)
                )
                assert in_flight(pool) == 6
                gate.open()
                found = await asyncio.gather(*reading, return_exceptions=True)
                assert [type(each) for each in found[:4:2]] == [StatementFailed] * 2
                assert [found[1], found[3], found[4]] == [b"bob", b"eve", b""]
            assert len(pool.connections) == 1

    run(main())


@pytest.mark.parametrize("gone", [(0,), (2,), (0, 1, 2, 3), (1, 3)])
def test_a_client_that_goes_away_cancels_nobody_elses_read(
    database_url: str, run: Run, gates: Callable[[], Gate], gone: tuple[int, ...]
) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            gate, names = gates(), ["ann", "bob", "eve", "joe"]
            async with held(pool, gate) as holding:
                [connection] = pool.connections
                reading = await begun(pool, *(asks(pool, OWNER, name) for name in names))
                if len(gone) == 4:
                    holding[0].cancel()
                for number in gone:
                    reading[number].cancel()
                await asyncio.sleep(0.05)
                assert in_flight(pool) == 5
                gate.open()
                found = await asyncio.gather(*reading, return_exceptions=True)
                stay = [number for number in range(4) if number not in gone]
                assert [found[number] for number in stay] == [names[number].encode() for number in stay]
            assert pool.connections == {connection}

    run(main())


def test_one_whose_deadline_passes_behind_another_cancels_nothing(
    database_url: str, run: Run, gates: Callable[[], Gate]
) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            gate = gates()
            async with held(pool, gate) as holding:
                [connection] = pool.connections
                hurried = pool.run("ann", [OWNER], deadline=asyncio.get_running_loop().time() + 0.1, is_repeatable=True)
                await ends_unavailable(hurried, within_seconds=0.1, reason=Reason.NO_ANSWER_IN_TIME)
                [late] = await begun(pool, asks(pool, OWNER, "bob"))
                assert in_flight(pool) == 3
                gate.open()
                assert await holding[0] == b"passed"
                assert await late == b"bob"
            assert pool.connections == {connection}

    run(main())


# One in front that is not answered


def test_reads_behind_one_that_is_not_answered_are_sent_elsewhere(
    database_url: str, run: Run, gates: Callable[[], Gate]
) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=2) as pool:
            stuck, other = gates(), gates()
            async with held(pool, stuck, other) as holding:
                connections = set(pool.connections)
                names = [someone() for _ in range(2 * (MOST_SHARING - 1))]
                reading = await begun(pool, *(asks(pool, OWNER, one) for one in names))
                assert in_flight(pool) == 2 * MOST_SHARING
                pool.deadline_seconds = 0.1 * PARTS_OF_DEADLINE
                for connection in connections:  # by the new deadline
                    pool.watch(connection)
                other.open()
                assert await asyncio.gather(*reading) == [one.encode() for one in names]
                assert not holding[0].done()
                stuck.open()
                assert await asyncio.gather(*holding) == [b"passed"] * 2
            assert pool.connections == connections

    run(main())


def test_a_read_that_was_sent_elsewhere_does_not_keep_its_first_connection(
    database_url: str, gates: Callable[[], Gate]
) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=2) as pool:
            stuck, other = gates(), gates()
            async with held(pool, stuck, other):
                connections = set(pool.connections)
                pool.deadline_seconds = 0.25 * PARTS_OF_DEADLINE
                slow = ends_unavailable(asks(pool, SLEEPS, "slow"), within_seconds=pool.deadline_seconds)
                [ends] = await begun(pool, slow)
                assert in_flight(pool) == 3
                await soon(lambda: pool.stats().waiting == 1)  # it was given up where it was
                stuck.open()
                other.open()
                await ends
            assert not connections & pool.connections  # it was cancelled on both

    asyncio.run(main())


@pytest.mark.parametrize("at", ["request", "reply"])
def test_reads_whose_shared_connection_breaks_are_all_repeated(
    proxy: DatabaseProxy, run: Run, gates: Callable[[], Gate], at: Any
) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=1) as pool:
            gate = gates()
            async with held(pool, gate) as holding:
                names = [someone() for _ in range(MOST_SHARING - 2)]
                reading = await begun(pool, *(asks(pool, OWNER, one) for one in names))
                proxy.cut_next(at)
                last = asks(pool, OWNER, "last")
                reading += await begun(pool, last)
                gate.open()
                assert await asyncio.gather(*reading) == [*(one.encode() for one in names), b"last"]
                assert await holding[0] == b"passed"

    run(main())


def test_reads_on_a_frozen_connection_end_at_their_deadlines(
    proxy: DatabaseProxy, run: Run, gates: Callable[[], Gate]
) -> None:
    async def main() -> None:
        async with using(proxy.url, pool_size=1) as pool:
            gate = gates()
            async with held(pool, gate):
                proxy.freeze()
                pool.deadline_seconds = 0.4
                stuck = (ends_unavailable(asks(pool, OWNER), within_seconds=0.4) for _ in range(20))
                await asyncio.gather(*stuck)
                pool.deadline_seconds = 20
                proxy.thaw()
            assert await asks(pool, OWNER, "ann") == b"ann"

    run(main())


# All of it at once


def test_whatever_happens_each_answer_is_the_askers_own(logins: dict[str, str], run: Run) -> None:
    """Clients go, statements fail, processes of the server end, are killed and stand still; in the end all is well."""
    dice = random.Random(5)  # noqa: S311
    url = logins["superuser"]
    counts: Counter[str] = Counter()
    deepest = 0

    async def main() -> None:
        nonlocal deepest
        with proxied(url) as proxy:
            proxy.delay_seconds = 0.001
            async with using(proxy.url, pool_size=3) as pool:
                owners = [someone() for _ in range(16)]
                ids = {owner: await adds(pool, owner, owner) for owner in owners}
                pool.deadline_seconds = 1

                async def does(owner: str) -> None:
                    nonlocal deepest
                    session = Session.begin(pool, owner)
                    deepest = max(deepest, *(len(connection.in_flight) for connection in pool.connections), 0)
                    match dice.choices(("find", "owner", "strange", "fails", "list", "change"), (40, 30, 8, 8, 7, 7))[
                        0
                    ]:
                        case "find":
                            row = await actions.find(session, ids[owner])
                            assert (row.id, f'"title":"{owner}"'.encode() in row.json) == (ids[owner], True)
                        case "owner":
                            assert await asks(pool, OWNER, owner) == owner.encode()
                        case "strange":
                            with pytest.raises(TaskNotFound):
                                await actions.find(session, ids[dice.choice([one for one in owners if one != owner])])
                        case "fails":
                            with pytest.raises(StatementFailed):
                                await asks(pool, FAILS, owner)
                        case "list":
                            assert await titles(pool, owner) == [owner]
                        case _:
                            await actions.change(session, ids[owner], TaskPatch(status="Done"), expected=None)

                async def asks_on() -> None:
                    while not has_ended.is_set():
                        patience = dice.choice([0, 0.001, 0.002, 0.003, 0.005, 0.01, 10, 10, 10, 10])
                        try:
                            async with asyncio.timeout(patience):
                                await does(dice.choice(owners))
                            counts["answered"] += 1
                        except TimeoutError:
                            counts["gone"] += 1
                        except DatabaseUnavailable:
                            counts["unavailable"] += 1
                            await asyncio.sleep(0.01)

                async def disturbs() -> None:
                    for what in (
                        "terminate",
                        "stop",
                        "cut",
                        "kill",
                        "stop",
                        "terminate",
                        "cut",
                        "stop",
                        "kill",
                        "terminate",
                    ):
                        before = counts["answered"]
                        await soon(lambda: counts["answered"] > before + 150)  # noqa: B023
                        [connection, *_] = dice.sample(sorted(pool.connections, key=id), 1) or [None]
                        if connection is None:
                            continue
                        pid = connection.pgconn.backend_pid
                        with suppress(ProcessLookupError):
                            match what:
                                case "cut":
                                    await asyncio.to_thread(proxy.cut)
                                case "stop":
                                    os.kill(pid, signal.SIGSTOP)
                                    await asyncio.sleep(0.3)
                                    os.kill(pid, signal.SIGCONT)
                                case _:
                                    os.kill(pid, signal.SIGKILL if what == "kill" else signal.SIGTERM)
                    has_ended.set()

                has_ended = asyncio.Event()
                await asyncio.gather(disturbs(), *(asks_on() for _ in range(50)))
                pool.deadline_seconds = 20
                await soon(lambda: answers(url))  # the server may still read what those that were killed had written
                assert {await asks(pool, OWNER, owner) for owner in owners} == {owner.encode() for owner in owners}
                await soon(lambda: is_at_rest(pool))
                assert len(pool.connections) <= 3

    run(main())
    assert deepest == MOST_SHARING
    assert counts["answered"] > 1500
    assert counts["gone"] > 100
