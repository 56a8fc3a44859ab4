"""Writes to more rows than one statement can finish in time: portion after portion, until nothing is left.

What a portion has done stays done: when the deadline comes first, the same request goes on where it was. Another write
of the owner comes before it, between two portions or after it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Table, bindparam, func, literal_column

from taskward.postgres.encoding import Row
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.postgres.statements import Bound
from taskward.resources.session import Session

FIRST_ROWS, MOST_ROWS = 200, 1_000
"""Of each table in one round trip: a few hundred of the longest take as long as thousands of the usual ones."""

QUICK_SECONDS = 0.05
"""After a round trip that took less, the next is for twice as many."""

ROWS = bindparam("rows", type_=Integer())
"""How many a portion may have."""

UNFINISHED = "There is so much to remove that it is not done yet: send the same request again, and it goes on."


def is_in(table: Table, portion: Select[Any]) -> ColumnElement[bool]:
    """Whether a row of the table is one of those of which the portion tells the `ctid`."""
    return literal_column(f"{table.name}.ctid") == func.any(func.array(portion.scalar_subquery()))


async def in_portions(
    session: Session, portion: Callable[[int], Sequence[Bound]], *, is_repeatable: bool
) -> Sequence[Row]:
    """`portion` makes the calls for so many rows. The last of them answers rows when nothing is left: these.

    Raises:
        DatabaseUnavailable: the deadline comes before the end.
    """
    time, rows, has_begun = asyncio.get_running_loop().time, FIRST_ROWS, False
    while True:
        began = time()
        try:
            *_, last = await session.write(*portion(rows), is_repeatable=is_repeatable)
        except DatabaseUnavailable as failure:
            if has_begun and failure.reason in (Reason.NO_CONNECTION_IN_TIME, Reason.NO_ANSWER_IN_TIME):
                raise DatabaseUnavailable(Reason.UNFINISHED, UNFINISHED) from None
            raise
        if last:
            return last
        has_begun = True
        took = time() - began
        if took < QUICK_SECONDS:
            rows, took = min(2 * rows, MOST_ROWS), 2 * took
        if time() + took > session.deadline:
            raise DatabaseUnavailable(Reason.UNFINISHED, UNFINISHED)
