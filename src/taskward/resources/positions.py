"""The order that owners give their rows: `position` sorts a row among its like, compared byte by byte, ties by id.

A position is the digits of a decimal fraction. It holds the version of the write that made it, so no two of an owner
are ever equal, not even to one that comes back from the trash:

    5 version             last, and so what is new: versions grow
    4 10^16 - 1 - version first
    5 version nnnn 1      the nth of several that go behind all others with one write
    … 5 version 1         between two neighbours: behind the fewest digits (…) that leave room for more on either side

Versions have 16 digits here. Positions of 17 digits differ in the first 17, and all others are longer and end in 1: so
no two are equal as fractions, which makes the order of fractions, by which room is found, that of bytes.
"""

from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Numeric,
    Select,
    Table,
    Text,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    text,
    true,
    tuple_,
    union_all,
)

from taskward.postgres.statements import owned
from taskward.resources.clock import NOW

POSITION = Text(collation="C")

LAST = text("'5' || lpad(coalesce(current_setting('app.version', true), '0'), 16, '0')")
"""The version of the write that makes the row (`clock.py`), in as many digits for all: what is new comes last."""

MAX_DIGITS = 64
"""In front of the version. After the same row some 140 others find room, until those around it are numbered anew."""

MAX_DIGITS_ANEW = 2000
"""Of rows that are numbered anew: an index holds no more. Ten times less room between two rows that lie `REACH` apart
takes some 800 moves, so nobody gets there.
"""

REACH = 249
"""Rows on each side that are numbered anew where there is no room: with a task and 500 subtasks at most 1,000."""

SPREAD = 10
"""Times the room that numbers need, so that there is room between them for the next."""


class Move(NamedTuple):
    """Columns of a row that goes to a place among others, in a CTE that has it, or none if it may not move."""

    id: ColumnElement[int]
    position: ColumnElement[str]
    """Where it is."""
    goes: ColumnElement[str]
    """`after` or `before` the anchor, `first` or `last`."""
    anchor_id: ColumnElement[int]
    """Null for `first` and `last`; itself: it stays where it is."""
    anchor_position: ColumnElement[str]


def placed(move: CTE, table: Table, within: str | None = None, *, is_trashed: ColumnElement[bool] | None = None) -> CTE:
    """The positions to be written (id, position): of the row that moves, and of those around it if there is no room,
    with what lies in the trash between them (`is_trashed`) and may come back.

    `move` has the columns of `Move`, of one row or none. With `within` the order is one of the rows that are alike in
    that column, null included, and `move` says which in a column of the same name.
    """
    spot = move_to(move, table, within)
    crowd = crowd_around(spot, move, table, within, is_trashed)
    found = select(spot.c.id, spot.c.place.label("position")).where(spot.c.place.is_not(None))
    return union_all(found, select(crowd.c.id, crowd.c.position)).cte("places")


def move_to(move: CTE, table: Table, within: str | None) -> CTE:
    """The row that moves, and its `place`, null if there is no room."""
    lower = neighbours(move, table, within, is_behind=False, count=ONE).lateral("lower")
    upper = neighbours(move, table, within, is_behind=True, count=ONE).lateral("upper")
    room = room_between(lower.c.position, upper.c.position, rows=ONE, max_digits=MAX_DIGITS).lateral("room")
    place = case(
        (move.c.anchor_id == move.c.id, move.c.position),
        ((move.c.goes == constant("last")) | (move.c.goes == constant("after")) & upper.c.id.is_(None), last()),
        ((move.c.goes == constant("first")) | (move.c.goes == constant("before")) & lower.c.id.is_(None), first()),
        else_=of_digits(room, room.c.number + func.div(room.c.count, TWO)),
    )
    joined = move.outerjoin(lower, true()).outerjoin(upper, true()).outerjoin(room, true())
    return select(move.c.id, place.label("place")).select_from(joined).cte("spot")


def crowd_around(spot: CTE, move: CTE, table: Table, within: str | None, is_trashed: ColumnElement[bool] | None) -> CTE:
    """The row that found no room, and those around it, with new positions between two that stay as they are."""
    sides = []
    for is_behind, sign in ((False, "-1"), (True, "1")):
        found = neighbours(move, table, within, is_behind=is_behind, count=number(REACH + 1))
        if is_trashed is not None:
            found = with_trash(found, move, table, within, is_trashed, is_behind=is_behind)
        near = found.lateral("near")
        rank = func.row_number().over(order_by=in_order(near, is_behind=is_behind)) * literal_column(sign)
        side = select(near.c.id, near.c.position, rank.label("rank")).select_from(
            spot.join(move, true()).join(near, true())
        )
        sides.append(side.where(spot.c.place.is_(None)))
    itself = select(spot.c.id, cast(null(), Text), literal_column("0")).where(spot.c.place.is_(None))
    around = union_all(*sides, itself).cte("around")
    edge = number(REACH + 1)
    is_moved = func.abs(around.c.rank) < edge
    ends: Select[Any] = select(
        func.coalesce(func.max(around.c.position).filter(around.c.rank == -edge), first()).label("lower"),
        func.coalesce(func.max(around.c.position).filter(around.c.rank == edge), last()).label("upper"),
        func.min(around.c.rank).filter(is_moved).label("least"),
        func.count().filter(is_moved).label("rows"),
    )
    edges = ends.having(func.count() > number(0)).subquery("edges")
    needed = edges.c.rows * number(SPREAD)
    room = room_between(edges.c.lower, edges.c.upper, rows=needed, max_digits=MAX_DIGITS_ANEW).lateral("room")
    known = select(edges.c.least, edges.c.rows, *room.c).select_from(edges.join(room, true()))
    wide = known.cte("wide").prefix_with("materialized")  # or it would be worked out for each row
    share = (TWO * (around.c.rank - wide.c.least) + ONE) * wide.c.count
    anew = of_digits(wide, wide.c.number + func.div(share, TWO * wide.c.rows))
    numbered = select(around.c.id, anew.label("position")).select_from(around.join(wide, true()))
    return numbered.where(is_moved).cte("crowd")


def neighbours(
    move: CTE, table: Table, within: str | None, *, is_behind: bool, count: ColumnElement[int]
) -> Select[Any]:
    """The nearest rows on one side of where the row goes, which is itself not among them."""
    near = on_one_side(move, table, table.c.deleted_at.is_(None), is_behind=is_behind).limit(count)
    if within is None:
        return near.order_by(*in_order(table, is_behind=is_behind))
    # An index finds what is equal and what is null, but not what is either; and it tells the order of what is null only
    # by all of its columns.
    near = near.order_by(*in_order(table, within, is_behind=is_behind))
    is_equal = near.where(table.c[within] == move.c[within])
    is_null = near.where(table.c[within].is_(None), move.c[within].is_(None))
    either = union_all(select(is_equal.subquery()), select(is_null.subquery())).subquery()
    return select(either.c.id, either.c.position)


def on_one_side(move: CTE, table: Table, *conditions: ColumnElement[bool], is_behind: bool) -> Select[Any]:
    here = tuple_(table.c.position, table.c.id)
    cut = move.c.anchor_id + case((move.c.goes == constant("after"), ONE), else_=number(0))
    there = tuple_(move.c.anchor_position, cut)
    side = here >= there if is_behind else here < there
    rows: Select[Any] = select(table.c.id, table.c.position).where(*conditions, table.c.id != move.c.id, side)
    return owned(rows, table).correlate(move)


def with_trash(
    live: Select[Any],
    move: CTE,
    table: Table,
    within: str | None,
    is_trashed: ColumnElement[bool],
    *,
    is_behind: bool,
) -> Select[Any]:
    """As many of both. All of the owner's trash is read for it, which happens once in a hundred moves to one place."""
    trash = on_one_side(move, table, is_trashed, is_behind=is_behind)
    if within is not None:
        trash = trash.where(table.c[within].is_not_distinct_from(move.c[within]))
    trash = trash.order_by(*in_order(table, is_behind=is_behind)).limit(number(REACH + 1))
    both = union_all(select(live.subquery()), select(trash.subquery())).subquery()
    nearest = select(both.c.id, both.c.position).order_by(*in_order(both, is_behind=is_behind))
    return nearest.limit(number(REACH + 1))


def in_order(rows: Any, *within: str, is_behind: bool) -> list[ColumnElement[Any]]:
    keys = [rows.c[name] for name in (*within, "position", "id")]
    return [key.asc() if is_behind else key.desc() for key in keys]


def room_between(
    lower: ColumnElement[str], upper: ColumnElement[str], *, rows: ColumnElement[Any], max_digits: int
) -> Select[Any]:
    """The fewest `digits` with at least so many numbers between two positions, the lowest and their `count`.

    Nothing that begins with such a number reaches either position.
    """
    digits = func.generate_series(ONE, number(max_digits)).table_valued("digits").render_derived("tried")
    scale = cast(func.concat(constant("1e"), digits.c.digits), Numeric())
    least = func.ceil(fraction(lower) * scale)
    count = func.floor(fraction(upper) * scale) - least
    return (
        select(digits.c.digits, least.label("number"), count.label("count"))
        .where(count >= rows)
        .order_by(digits.c.digits)
        .limit(ONE)
    )


def fraction(position: ColumnElement[str]) -> ColumnElement[Any]:
    return cast(func.concat(constant("0."), position), Numeric())


def of_digits(room: FromClause, digits: ColumnElement[Any]) -> ColumnElement[str]:
    padded = func.lpad(cast(digits, Text), room.c.digits, constant("0"))
    return padded + constant("5") + version() + constant("1")


def behind_all(nth: ColumnElement[int]) -> ColumnElement[str]:
    """Of several rows that go behind all others with one write, fewer than 10,000, the place of the nth."""
    return last() + func.lpad(cast(nth, Text), number(4), constant("0")) + constant("1")


def last() -> ColumnElement[str]:
    return constant("5") + version()


def first() -> ColumnElement[str]:
    return constant("4") + func.lpad(cast(literal_column("9999999999999999") - NOW, Text), number(16), constant("0"))


def version() -> ColumnElement[str]:
    return func.lpad(cast(NOW, Text), number(16), constant("0"))


def constant(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'", Text())


def number(value: int) -> ColumnElement[int]:
    return literal_column(str(value))


ONE, TWO = number(1), number(2)
