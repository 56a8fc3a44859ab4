"""The order of rows: there is room between any two, and no two are ever at one place."""

import asyncio
import random
import re
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Text, bindparam, func, insert, literal_column, select, true, update

from support.databases import asked, using
from support.pools import someone
from taskward.lists.model import TABLE as LISTS
from taskward.postgres.pool import Pool
from taskward.postgres.statements import OWNER, Statement, compiled, owned
from taskward.resources import positions
from taskward.resources.clock import NOW
from taskward.resources.positions import MAX_DIGITS, REACH, placed
from taskward.resources.session import Session

FORM = re.compile(r"[0-9]{17}|[0-9]{17,}1")


def moving() -> Statement:
    """Of lists, the simplest rows that have an order."""
    target, anchor = LISTS.alias("target"), LISTS.alias("anchor")
    goes = bindparam("goes", type_=Text())
    is_anchor = (anchor.c.id == bindparam("anchor", type_=BigInteger())) & (anchor.c.owner_id == OWNER)
    move = owned(
        select(
            target.c.id,
            target.c.position,
            goes.label("goes"),
            anchor.c.id.label("anchor_id"),
            anchor.c.position.label("anchor_position"),
        )
        .select_from(target.outerjoin(anchor, is_anchor))
        .where(target.c.id == bindparam("id", type_=BigInteger())),
        target,
    ).cte("move")
    places = placed(move, LISTS)
    moved = update(LISTS).values(position=places.c.position, version=NOW).where(LISTS.c.id == places.c.id)
    return compiled(owned(moved, LISTS).returning(LISTS.c.id))


MOVE = moving()
MAKE = compiled(insert(LISTS).values(owner_id=OWNER, name=literal_column("'Home'"), version=NOW).returning(LISTS.c.id))


async def makes(pool: Pool, owner: str) -> int:
    [[(row_id,)]] = await Session.begin(pool, owner).write(MAKE())
    return int(row_id or 0)


async def moves(pool: Pool, owner: str, row_id: int, goes: str, anchor: int | None = None) -> int:
    """How many rows that touched."""
    [rows] = await Session.begin(pool, owner).write(MOVE(id=row_id, goes=goes, anchor=anchor))
    return len(rows)


def places(url: str, owner: str) -> dict[int, str]:
    """In their order, byte by byte."""
    found = asked(url, "select id, position from lists where owner_id = %s", owner)
    return dict(sorted(found, key=lambda row: row[1].encode()))


def moved(order: list[int], row_id: int, goes: str, anchor: int | None) -> list[int]:
    """What an order is, as everybody understands it."""
    if anchor == row_id:
        return order
    rest = [other for other in order if other != row_id]
    at = {"first": 0, "last": len(rest)}.get(goes)
    if at is None:
        at = rest.index(anchor or 0) + (goes == "after")
    return [*rest[:at], row_id, *rest[at:]]


def test_every_move_does_what_it_says(database_url: str) -> None:
    random_moves = random.Random(7)  # noqa: S311 - no secret

    async def main() -> None:
        ann, bob = someone(), someone()
        async with using(database_url) as pool:
            orders = {owner: [await makes(pool, owner) for _ in range(8)] for owner in (ann, bob)}
            for _ in range(150):
                owner = random_moves.choice([ann, bob])
                order = orders[owner]
                row_id, goes = random_moves.choice(order), random_moves.choice(["after", "before", "first", "last"])
                anchor = random_moves.choice(order) if goes in ("after", "before") else None
                orders[owner] = moved(order, row_id, goes, anchor)
                assert await moves(pool, owner, row_id, goes, anchor) == 1
                found = places(database_url, owner)
                assert list(found) == orders[owner]
                assert all(FORM.fullmatch(position) for position in found.values())

    asyncio.run(main())


def test_where_there_is_no_room_the_rows_around_are_numbered_anew(database_url: str) -> None:
    async def main() -> None:
        ann = someone()
        async with using(database_url) as pool:
            order = [await makes(pool, ann) for _ in range(6)]
            anchor, touched = order[2], []
            for _ in range(3 * MAX_DIGITS):
                row_id = order[-1]
                order = moved(order, row_id, "after", anchor)
                touched.append(await moves(pool, ann, row_id, "after", anchor))
            found = places(database_url, ann)
        assert list(found) == order
        assert set(touched) == {1, 6}
        assert touched.count(6) == 1
        assert max(map(len, found.values())) <= MAX_DIGITS + 18

    asyncio.run(main())


def test_no_move_touches_more_rows_than_lie_within_its_reach(database_url: str) -> None:
    async def main() -> None:
        ann = someone()
        async with using(database_url) as pool:
            row_ids = [await makes(pool, ann) for _ in range(5)]
            # As if a great many had been put between two others.
            crowded = [f"6{number:063}5{number:016}1" for number in range(2 * REACH + 200)]
            asked(
                database_url,
                "update lists set position = '7' || position where owner_id = %s and id = %s",
                ann,
                row_ids[4],
            )
            asked(
                database_url,
                "insert into lists (owner_id, name, version, position) select %s, 'Many', 1, unnest(%s::text[])",
                ann,
                crowded,
            )
            before = places(database_url, ann)
            middle = list(before)[len(before) // 2]
            assert await moves(pool, ann, row_ids[0], "after", middle) == 2 * REACH + 1
            after = places(database_url, ann)
        assert list(after) == moved(list(before), row_ids[0], "after", middle)
        changed = [row_id for row_id in before if before[row_id] != after[row_id]]
        assert len(changed) == 2 * REACH + 1

    asyncio.run(main())


# A model of the room between two positions


def place_between(lower: str, upper: str, version: int) -> str | None:
    for digits in range(1, MAX_DIGITS + 1):
        least = ceil(Fraction(int(lower), 10 ** len(lower)) * 10**digits)
        count = floor(Fraction(int(upper), 10 ** len(upper)) * 10**digits) - least
        if count >= 1:
            return f"{least + count // 2:0{digits}}5{version:016}1"
    return None


VERSIONS = st.integers(1, 2**53 - 1)
ENDS = st.builds("5{:016}".format, VERSIONS) | st.builds(lambda v: f"4{10**16 - 1 - v:016}", VERSIONS)
BETWEEN = st.builds(lambda k, version: f"4{k}5{version:016}1", st.from_regex(r"[0-9]{16,60}", fullmatch=True), VERSIONS)


@given(st.sets(ENDS | BETWEEN, min_size=2, max_size=2), VERSIONS)
@settings(max_examples=200, deadline=None)
def test_a_place_between_two_lies_between_them_byte_by_byte(two: set[str], version: int) -> None:
    lower, upper = sorted(two, key=str.encode)
    place = place_between(lower, upper, version)
    assert place is None or lower.encode() < place.encode() < upper.encode()
    assert Fraction(int(lower), 10 ** len(lower)) < Fraction(int(upper), 10 ** len(upper))


def statement_between() -> Statement:
    one = select(
        bindparam("lower", type_=Text()).label("lower"), bindparam("upper", type_=Text()).label("upper")
    ).subquery("two")
    room = positions.room_between(one.c.lower, one.c.upper, rows=literal_column("1"), max_digits=MAX_DIGITS).lateral(
        "room"
    )
    middle = positions.of_digits(room, room.c.number + func.div(room.c.count, literal_column("2")))
    return compiled(select(middle, positions.version()).select_from(one.join(room, true())))


def test_postgresql_finds_the_place_that_the_model_finds(database_url: str) -> None:
    between = statement_between()
    pairs: list[Any] = []

    @given(st.lists(ENDS | BETWEEN, min_size=2, max_size=40, unique=True))
    @settings(max_examples=30, deadline=None, database=None)
    def gathered(found: list[str]) -> None:
        pairs.extend(pairwise(sorted(found, key=str.encode)))

    gathered()

    async def main() -> None:
        async with using(database_url) as pool:
            session = Session.begin(pool, someone())
            calls = [between(lower=lower, upper=upper) for lower, upper in pairs]
            for begin in range(0, len(calls), 100):
                session = Session.begin(pool, session.owner_id)
                answers = await session.write(*calls[begin : begin + 100])
                for (lower, upper), rows in zip(pairs[begin:], answers, strict=False):
                    found = (rows[0][0] or b"").decode() if rows else None
                    version = int(rows[0][1] or 0) if rows else 1
                    assert found == place_between(lower, upper, version)

    asyncio.run(main())
