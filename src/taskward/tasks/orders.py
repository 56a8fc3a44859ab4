"""In which order tasks are listed, and where in it a page has ended.

Null is last either way, because in its place stands a key behind all others; ties are broken by the id.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    Text,
    Time,
    bindparam,
    case,
    collate,
    func,
    literal_column,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.elements import Grouping
from typing_extensions import TypeAliasType

from taskward.resources.clock import LARGEST_INTEGER
from taskward.resources.errors import CursorInvalid
from taskward.resources.positions import POSITION
from taskward.strict_json import NotStrict, parse
from taskward.tasks import zones
from taskward.tasks.model import TABLE

Sort = TypeAliasType(
    "Sort",
    Literal[
        "created_at",
        "-created_at",
        "updated_at",
        "-updated_at",
        "completed_at",
        "-completed_at",
        "due",
        "-due",
        "priority",
        "-priority",
        "title",
        "-title",
        "position",
        "-position",
    ],
)

LAST_ID = bindparam("last_id", type_=BigInteger())


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """By a key and then the id, both in the same direction; without a key by the id alone."""

    is_descending: bool
    key: ColumnElement[Any] | None = None
    last_key: ColumnElement[Any] | None = None
    """The parameter for the key of the task at which the page before ended."""
    read: Callable[[Any], Any] = str
    """Reads that key from a cursor; raises ValueError or TypeError for what no task could have."""
    is_in_zone: bool = False
    """It needs to know when days begin in a zone."""
    within: str | None = None
    """A column that is the same in all of the list. Said in the order too, it lets an index tell it."""

    def values_in(self, position: str) -> dict[str, Any]:
        """A cursor for any position can be forged, so each part must be what a task could have.

        Raises:
            CursorInvalid: it is not.
        """
        try:
            *key, last_id = parse(position.encode())
            values = {"last_id": whole(last_id, 1, LARGEST_INTEGER)}
            if self.key is None:
                [] = key
                return values
            [last_key] = key
            return values | {"last_key": self.read(last_key)}
        except (NotStrict, TypeError, ValueError):
            raise CursorInvalid from None

    def behind(self, task_id: ColumnElement[Any]) -> ColumnElement[bool]:
        """What comes after the page before."""
        here: Any = task_id if self.key is None else tuple_(self.key, task_id)
        there: Any = LAST_ID if self.key is None else tuple_(self.last_key, LAST_ID)
        behind: ColumnElement[bool] = here < there if self.is_descending else here > there
        return behind


def order_of(sort: Sort, zone: str) -> Order:
    by = sort.removeprefix("-")
    return ORDERS["due in a zone" if by == "due" and zone != "UTC" else by, sort.startswith("-")]


def by_instant(is_descending: bool, instant: ColumnElement[Any], *, is_in_zone: bool = False) -> Order:
    never: ColumnElement[Any] = literal_column(f"'{'-' if is_descending else ''}infinity'::timestamptz")
    last = bindparam("last_key", type_=DateTime(timezone=True))
    return Order(is_descending, func.coalesce(instant, never), last, instant_in, is_in_zone)


def by_priority(is_descending: bool) -> Order:
    ranks: list[tuple[Any, Any]] = [
        (TABLE.c.priority == literal_column(f"'{name}'"), literal_column(str(rank)))
        for rank, name in enumerate(("high", "medium", "low"), start=1)
    ]
    rank = case(*ranks, else_=literal_column("0" if is_descending else "4"))
    return Order(is_descending, rank, bindparam("last_key", type_=Integer()), lambda rank: whole(rank, 0, 4))


def by_title(is_descending: bool) -> Order:
    return Order(is_descending, collate(TABLE.c.title, "C"), bindparam("last_key", type_=Text()), title_in)


def by_position(is_descending: bool) -> Order:
    # The list too, which is one: an index tells the order of what is null in it by all of its columns alone.
    return Order(is_descending, TABLE.c.position, bindparam("last_key", type_=POSITION), place_in, within="list_id")


def whole(number: Any, least: int, most: int) -> int:
    if type(number) is not int or not least <= number <= most:
        raise ValueError
    return number


def title_in(text: Any) -> str:
    if not isinstance(text, str) or len(text) > 255:
        raise ValueError
    return text


PLACE = re.compile(r"[0-9]{1,2700}")


def place_in(text: Any) -> str:
    if PLACE.fullmatch(text) is None:
        raise ValueError
    return str(text)


INSTANT = re.compile(r"([0-9]{4}|10000)(-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?\+00:00)")


def instant_in(text: Any) -> str:
    """As PostgreSQL writes it; in the west the last day of the year 9999 ends in the year 10000."""
    found = INSTANT.fullmatch(text)
    if found is None:
        if text not in ("infinity", "-infinity"):
            raise ValueError
        return str(text)
    year, rest = found.groups()
    datetime.fromisoformat(("2000" if year == "10000" else year) + rest)
    return found[0]


# The end of `due_on`, which is the last microsecond before the day after it, as it is to filters (`finding.py`). In a
# zone that day begins at `zones.start_of_day`, said in SQL.

LAST_MICROSECOND: ColumnElement[Any] = literal_column("time '23:59:59.999999'", Time())
END_IN_UTC = func.timezone(literal_column("'UTC'"), TABLE.c.due_on.op("+", return_type=DateTime())(LAST_MICROSECOND))

NEXT_DAY = TABLE.c.due_on + literal_column("1", Integer())
ORDINAL = NEXT_DAY - literal_column("date '0001-01-01'", Date()) + literal_column("1", Integer())
RULES, CYCLE = literal_column(str(zones.LAST_RECORDS), Integer()), literal_column(str(zones.CYCLE_DAYS), Integer())
WITHIN_CYCLE = case((ORDINAL < RULES + CYCLE, ORDINAL), else_=RULES + (ORDINAL - RULES) % CYCLE)
BUCKET = func.width_bucket(WITHIN_CYCLE, bindparam("days", type_=ARRAY(Integer())), type_=Integer())
OFFSET: ColumnElement[Any] = Grouping(bindparam("offsets", type_=ARRAY(Integer())))[BUCKET]
END_IN_ZONE = END_IN_UTC - OFFSET * literal_column("interval '1 second'")


@lru_cache(maxsize=64)
def days_in(zone: str) -> dict[str, str]:
    """The values of `days` and `offsets`, as PostgreSQL writes arrays."""
    starts = zones.starts_in(zone)
    return {
        name: f"{{{','.join(map(str, numbers))}}}"
        for name, numbers in (("days", starts.days), ("offsets", starts.offsets))
    }


ORDERS: dict[tuple[str, bool], Order] = {}
for is_descending in (False, True):
    ORDERS |= {
        ("created_at", is_descending): Order(is_descending),
        ("updated_at", is_descending): by_instant(is_descending, TABLE.c.updated_at),
        ("completed_at", is_descending): by_instant(is_descending, TABLE.c.completed_at),
        ("due", is_descending): by_instant(is_descending, func.coalesce(TABLE.c.due_at, END_IN_UTC)),
        ("due in a zone", is_descending): by_instant(
            is_descending, func.coalesce(TABLE.c.due_at, END_IN_ZONE), is_in_zone=True
        ),
        ("priority", is_descending): by_priority(is_descending),
        ("title", is_descending): by_title(is_descending),
        ("position", is_descending): by_position(is_descending),
    }
