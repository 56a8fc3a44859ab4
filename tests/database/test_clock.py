"""The owner's clock: what makes concurrent writes wait for each other, and versions grow."""

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from itertools import chain, pairwise, repeat
from typing import Any

import psycopg
import pytest

from support.databases import asked, soon, using
from taskward.postgres.failures import StatementFailed
from taskward.postgres.pool import Pool
from taskward.resources.errors import VersionMismatch
from taskward.resources.session import Session
from taskward.tasks import actions
from taskward.tasks.actions import Versioned
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.model import TaskCreate, TaskPatch, TaskReplace

WRITERS = 8
ROUNDS = 12


@pytest.fixture
def ann() -> str:
    return f"ann-{secrets.token_hex(8)}"


@pytest.fixture
def bob() -> str:
    return f"bob-{secrets.token_hex(8)}"


async def adds(pool: Pool, owner: str, title: str = "Milk") -> Versioned:
    return await actions.create(Session.begin(pool, owner), TaskCreate(title=title))


async def all_at_once(work: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    await asyncio.gather(*map(work, range(WRITERS)))


def clock_of(url: str, owner: str) -> int:
    [[version]] = asked(url, "select version from owner where owner_id = %s", owner)
    return int(version)


def test_of_eight_writers_who_name_a_version_each_success_is_the_only_one_on_it(database_url: str, ann: str) -> None:
    """Every acknowledged change is in the history, and every loser was told."""

    async def main() -> None:
        async with using(database_url, pool_size=WRITERS) as pool:
            task = await adds(pool, ann)
            history: list[tuple[int, int]] = []
            losers = 0

            async def writes(number: int) -> None:
                nonlocal losers
                for turn in range(ROUNDS):
                    owner = Session.begin(pool, ann)
                    base = (await actions.find(owner, task.id)).version
                    patch = TaskPatch(title=f"{number} in turn {turn}")
                    try:
                        changed = await actions.change(owner, task.id, patch, expected=[base])
                    except VersionMismatch:
                        losers += 1
                    else:
                        history.append((base, changed.version))

            await all_at_once(writes)

            assert losers > 0
            assert len(history) + losers == WRITERS * ROUNDS
            # One chain, from the creation to what is there now, without a fork or a gap.
            history.sort()
            assert [base for base, _ in history] == [task.version, *(version for _, version in history[:-1])]
            assert (await actions.find(Session.begin(pool, ann), task.id)).version == history[-1][1]

    asyncio.run(main())


def test_writes_without_a_version_all_count_and_none_is_like_another(database_url: str, ann: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=WRITERS) as pool:
            first, second = await adds(pool, ann), await adds(pool, ann)
            versions = [first.version, second.version]

            async def writes(number: int) -> None:
                for turn in range(ROUNDS):
                    owner, new = Session.begin(pool, ann), TaskReplace(title=f"{number} in turn {turn}")
                    task = (first, second)[(number + turn) % 2]
                    versions.append((await actions.replace(owner, task.id, new, expected=None)).version)
                    versions.append((await adds(pool, ann)).version)

            await all_at_once(writes)

            assert len(set(versions)) == len(versions) == 2 + 2 * WRITERS * ROUNDS
            assert clock_of(database_url, ann) == max(versions)

    asyncio.run(main())


def test_a_write_that_has_not_moved_the_clock_fails(database_url: str, ann: str) -> None:
    """Also on a connection that has served another: what it stamped has ended with its transaction."""

    async def main() -> None:
        async with using(database_url, pool_size=1) as pool:
            task = await adds(pool, ann)
            for call in (
                actions.CREATE.unnamed.plain(**actions.values_of(TaskCreate(title="Bread"))),
                actions.REMOVE.plain(id=task.id, expected=None),
            ):
                with pytest.raises(StatementFailed):
                    await pool.run(ann, [call], deadline=pool.new_deadline(), is_repeatable=False)
            assert await actions.find(Session.begin(pool, ann), task.id) == task

    asyncio.run(main())


def test_the_first_writes_of_an_owner_come_at_once_and_all_succeed(database_url: str) -> None:
    async def main() -> None:
        async with using(database_url, pool_size=WRITERS) as pool:
            for _ in range(5):
                newcomer = f"newcomer-{secrets.token_hex(8)}"
                tasks = await asyncio.gather(*(adds(pool, newcomer) for _ in range(WRITERS)))
                assert len({task.version for task in tasks}) == WRITERS

    asyncio.run(main())


@pytest.mark.parametrize(
    "seconds",
    [
        repeat(1_700_000_000.0),
        chain([1_700_000_000.0], repeat(1_600_000_000.0)),
        (1_700_000_000.0 - step * 3600 for step in range(1000)),
        (1_700_000_000.0 + (-1) ** step * 1000 for step in range(1000)),
        repeat(0.001),
    ],
    ids=["stands still", "jumps back", "runs backwards", "swings", "is at its beginning"],
)
def test_versions_grow_whatever_the_time_does(database_url: str, ann: str, seconds: Any) -> None:
    async def main() -> None:
        async with using(database_url, clock=lambda: next(seconds)) as pool:
            task = await adds(pool, ann)
            versions = [task.version]
            for title in "abcdef":
                owner = Session.begin(pool, ann)
                changed = await actions.change(owner, task.id, TaskPatch(title=title), expected=[versions[-1]])
                versions.append(changed.version)

            assert all(before < after for before, after in pairwise(versions))

    asyncio.run(main())


def test_a_version_follows_real_time(database_url: str, ann: str) -> None:
    async def main() -> None:
        seconds = [1_700_000_000.5]
        async with using(database_url, clock=lambda: seconds[0]) as pool:
            assert (await adds(pool, ann)).version == 1_700_000_000_500
            assert (await adds(pool, ann)).version == 1_700_000_000_501
            seconds[0] += 86_400
            assert (await adds(pool, ann)).version == 1_700_086_400_500

    asyncio.run(main())


def test_a_refused_write_leaves_a_gap_and_no_version_comes_back(database_url: str, ann: str) -> None:
    async def main() -> None:
        async with using(database_url, clock=lambda: 1_700_000_000.0) as pool:
            task, owner = await adds(pool, ann), Session.begin(pool, ann)
            with pytest.raises(VersionMismatch):
                await actions.change(owner, task.id, TaskPatch(title="Bread"), expected=[1])
            with pytest.raises(TaskNotFound):
                await actions.delete(owner, task.id + 1, expected=None)
            await actions.delete(owner, task.id, expected=[task.version])
            assert (await adds(pool, ann)).version == task.version + 4

    asyncio.run(main())


def test_two_owners_do_not_wait_for_each_other(database_url: str, ann: str, bob: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            await adds(pool, ann)
            task = await adds(pool, bob)
            with psycopg.connect(database_url) as session:
                session.execute("select from owner where owner_id = %s for update", [ann])
                waiting = asyncio.create_task(adds(pool, ann))
                await soon(lambda: len(pool.idle) < len(pool.connections))

                changed = actions.change(Session.begin(pool, bob), task.id, TaskPatch(title="Bread"), expected=None)
                await asyncio.wait_for(changed, 60)

                assert not waiting.done()
            await asyncio.wait_for(waiting, 60)

    asyncio.run(main())


def test_readers_do_not_wait_for_writers(database_url: str, ann: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            task = await adds(pool, ann)
            with psycopg.connect(database_url) as session:
                session.execute("select from owner where owner_id = %s for update", [ann])
                session.execute("update tasks set title = 'Not yet' where owner_id = %s", [ann])

                assert await asyncio.wait_for(actions.find(Session.begin(pool, ann), task.id), 60) == task

    asyncio.run(main())


def test_a_change_is_later_than_its_creation_and_says_when(database_url: str, ann: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            task = await adds(pool, ann)
            await actions.change(Session.begin(pool, ann), task.id, TaskPatch(title="Bread"), expected=None)

    begins_at = time.time()
    asyncio.run(main())

    query = "select extract(epoch from created_at)::float, updated_at > created_at from tasks where owner_id = %s"
    [[created_at, is_later]] = asked(database_url, query, ann)
    assert begins_at - 1 < created_at < time.time() + 1
    assert is_later


def test_a_new_owner_has_had_no_removal_before_the_first_version(database_url: str, ann: str) -> None:
    async def main() -> list[int]:
        async with using(database_url) as pool:
            return [(await adds(pool, ann)).version for _ in range(3)]

    first, *_, last = asyncio.run(main())

    assert asked(database_url, "select feed_floor, version from owner where owner_id = %s", ann) == [(first, last)]


def test_what_is_new_comes_last(database_url: str, ann: str) -> None:
    async def main() -> None:
        async with using(database_url) as pool:
            for number in range(30):
                await adds(pool, ann, f"{number}")

    asyncio.run(main())

    titles = asked(database_url, "select title from tasks where owner_id = %s order by position", ann)
    assert titles == [(f"{number}",) for number in range(30)]
