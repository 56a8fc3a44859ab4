"""Moves at the same time: each takes place as a whole, before or after each other one.

`TASKWARD_EXAMPLES=200 pytest tests/database/test_simultaneous_moves.py` moves as many in each writer.
"""

import asyncio
import os
from typing import Any

import pytest

from support.databases import asked, using
from support.pools import someone
from taskward.postgres.pool import Pool
from taskward.resources.errors import AnchorElsewhere
from taskward.resources.session import Session
from taskward.tasks import actions, moves
from taskward.tasks.errors import TooDeep
from taskward.tasks.model import TaskCreate
from taskward.tasks.moves import TaskMove

MOVES = int(os.environ.get("TASKWARD_EXAMPLES", "45"))
WRITERS = 4
ROUNDS = 8


async def adds(pool: Pool, owner: str, **fields: Any) -> int:
    return (await actions.create(Session.begin(pool, owner), TaskCreate(title="x", **fields))).id


async def moves_to(pool: Pool, owner: str, task_id: int, **body: Any) -> None:
    await moves.move(Session.begin(pool, owner), task_id, TaskMove.model_validate(body), expected=None)


def positions(url: str, owner: str) -> dict[int, tuple[int | None, str]]:
    found = asked(url, "select id, list_id, position from tasks where owner_id = %s", owner)
    return {task_id: (list_id, position) for task_id, list_id, position in found}


@pytest.mark.timeout(300 + 4 * MOVES)
def test_of_many_moves_at_once_each_puts_its_task_where_it_says(database_url: str) -> None:
    async def main() -> None:
        ann = someone()
        sql = "insert into lists (owner_id, name, version) values (%s, 'Home', 1) returning id"
        [[home]] = asked(database_url, sql, ann)
        async with using(database_url, pool_size=6, deadline_seconds=60) as pool:
            anchor, next_to_it, crowded = [await adds(pool, ann) for _ in range(3)]
            parent = await adds(pool, ann, list_id=home)
            family = [await adds(pool, ann, parent_id=parent) for _ in range(5)]
            batches = [[await adds(pool, ann) for _ in range(MOVES)] for _ in range(WRITERS)]
            acknowledged: list[int] = []

            async def writes(batch: list[int]) -> None:
                for task_id in batch:
                    await moves_to(pool, ann, task_id, after=anchor)
                    acknowledged.append(task_id)
                    place = positions(database_url, ann)
                    assert place[task_id] > place[anchor]
                    assert place[task_id] < place[next_to_it]

            async def moves_a_family() -> None:
                for number in range(MOVES):
                    target = {"list_id": None if number % 2 == 0 else home}
                    if number % 2 == 0:
                        target["after"] = anchor
                    await moves_to(pool, ann, parent, **target)

            async def crowds() -> None:
                for number in range(4 * MOVES):
                    await moves_to(pool, ann, crowded, after=anchor if number % 2 else next_to_it)

            await asyncio.gather(*map(writes, batches), moves_a_family(), crowds())

        found = positions(database_url, ann)
        assert len({position for _, position in found.values()}) == len(found)
        places = {task_id: found[task_id][1].encode() for task_id in found}
        assert all(places[anchor] < places[task_id] < places[next_to_it] for task_id in acknowledged)
        for batch in batches:  # each writer's latest is nearest
            assert sorted(batch, key=places.__getitem__) == batch[::-1]
        assert {found[task_id][0] for task_id in family} == {found[parent][0]}
        assert sorted(family, key=places.__getitem__) == family

    asyncio.run(main())


def test_of_moves_that_would_make_two_levels_one_succeeds(database_url: str) -> None:
    async def main() -> None:
        ann = someone()
        async with using(database_url, pool_size=6, deadline_seconds=60) as pool:

            async def is_refused(task_id: int, **body: Any) -> bool:
                try:
                    await moves_to(pool, ann, task_id, **body)
                except TooDeep:
                    return True
                return False

            for _ in range(ROUNDS):
                one, other, third = [await adds(pool, ann) for _ in range(3)]
                each_under_the_other = is_refused(one, parent_id=other), is_refused(other, parent_id=one)
                assert sorted(await asyncio.gather(*each_under_the_other)) == [False, True]
                one, other = [await adds(pool, ann) for _ in range(2)]
                in_a_chain = is_refused(one, parent_id=other), is_refused(other, parent_id=third)
                assert sorted(await asyncio.gather(*in_a_chain)) == [False, True]

    asyncio.run(main())


def test_an_anchor_that_goes_elsewhere_meanwhile_is_no_anchor(database_url: str) -> None:
    async def main() -> None:
        ann = someone()
        [[home]] = asked(
            database_url, "insert into lists (owner_id, name, version) values (%s, 'Home', 1) returning id", ann
        )
        async with using(database_url, pool_size=6, deadline_seconds=60) as pool:
            for _ in range(ROUNDS):
                anchor, task = [await adds(pool, ann) for _ in range(2)]
                follows = moves_to(pool, ann, task, after=anchor)
                leaves = moves_to(pool, ann, anchor, list_id=home)
                followed, _ = await asyncio.gather(follows, leaves, return_exceptions=True)
                assert followed is None or isinstance(followed, AnchorElsewhere)
                place = positions(database_url, ann)
                assert (place[task][0], place[anchor][0]) == (None, home)

    asyncio.run(main())
