"""Finding tasks: which of them, in which order, page by page.

A task is due on a day or at an instant. Days and zones are worked out here, so that PostgreSQL only compares: it never
hears the name of a zone. What a request asks for decides the shape of its statement; the values are bound.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Index,
    Integer,
    Text,
    bindparam,
    cast,
    collate,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, aggregate_order_by
from sqlalchemy.sql import ColumnElement, Select
from sqlalchemy.sql.base import ColumnCollection

from taskward.errors import CursorInvalid
from taskward.postgres.statements import Statement, compiled, json_list, json_of, owned
from taskward.resources.paging import cursor_for, place_of
from taskward.resources.session import Session
from taskward.tasks import zones
from taskward.tasks.actions import IS_LIVE, SHAPE
from taskward.tasks.model import TASKS
from taskward.tasks.orders import Order, Sort, days_in, order_of

Columns = ColumnCollection[str, ColumnElement[Any]]

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

for due in (TASKS.c.due_on, TASKS.c.due_at):
    Index(f"tasks_by_{due.name}", TASKS.c.owner_id, due, TASKS.c.id, postgresql_where=due.is_not(None) & IS_LIVE)
Index("tasks_by_title", TASKS.c.owner_id, collate(TASKS.c.title, "C"), TASKS.c.id, postgresql_where=IS_LIVE)


@dataclass(frozen=True, slots=True)
class Page:
    """An array of TaskRead, and the cursor of the next page, None on the last."""

    json: bytes
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which tasks, and in which order; as it stands here, every task in order of creation."""

    statuses: frozenset[str] = frozenset()
    """Any of them; none is no condition. The same holds for `priorities`, where "none" stands for null."""
    priorities: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    """All of them."""
    due_before: date | datetime | None = None
    due_after: date | datetime | None = None
    is_overdue: bool = False
    words: frozenset[str] = frozenset()
    """Each is a word, or the start of one."""
    time_zone: str = "UTC"
    """Where days begin and end."""
    sort: Sort = "created_at"

    def name(self) -> str:
        """The same for the same tasks in the same order: what a cursor belongs to."""
        if self == EVERYTHING:
            return LIST_NAME
        return json.dumps([as_json(getattr(self, field.name)) for field in fields(self)])


def as_json(value: Any) -> Any:
    match value:
        case frozenset():
            return sorted(value)
        case date():  # a datetime too
            return value.isoformat()
    return value


LIST_NAME = "tasks by id"
EVERYTHING = TaskQuery()


async def list_tasks(
    session: Session, *, skip: int, limit: int, cursor: str | None, query: TaskQuery = EVERYTHING
) -> Page:
    """A cursor takes the place of `skip`."""
    of = query.name()
    place = None if cursor is None else place_of(cursor, owner_id=session.owner_id, of=of)
    if query == EVERYTHING:
        calls = [LIST(after=0 if place is None else id_in(place), skip=skip, limit=limit)]
    else:
        # Each page takes overdue by its own time: what was overdue on the page before still is.
        now = EPOCH + timedelta(seconds=session.pool.clock())
        filters, values = filtered(query, now=now)
        order = order_of(query.sort, query.time_zone)
        if order.is_in_zone:
            values |= days_in(query.time_zone)
        if place is not None:
            values |= order.values_in(place)
        statement = list_statement(filters, order, goes_on=place is not None)
        calls = [THROUGH_INDEXES, statement(skip=skip, limit=limit, **values)]
    *_, [(found, last, has_more)] = await session.run(calls, is_repeatable=True)
    next_cursor = None
    if has_more == b"t" and last is not None:
        next_cursor = cursor_for(last.decode(), owner_id=session.owner_id, of=of)
    return Page(found or b"[]", next_cursor)


def id_in(place: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,15}", place):  # whoever knows how can invent a cursor for any place
        raise CursorInvalid
    return int(place)


# An owner of many tasks would make PostgreSQL read the whole table, with everybody's, which takes twice as long.
_off = func.set_config(literal_column("'enable_seqscan'"), literal_column("'off'"), literal_column("true"))
THROUGH_INDEXES = compiled(select(_off))()


# Filters


def array_of(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Text()))


CONDITIONS: dict[str, ColumnElement[bool]] = {
    "statuses": TASKS.c.status == func.any(array_of("statuses")),
    "priorities": func.coalesce(TASKS.c.priority, literal_column("'none'")) == func.any(array_of("priorities")),
    "tags": TASKS.c.tags.contains(array_of("tags")),
    "due_before": or_(
        TASKS.c.due_on <= bindparam("last_day", type_=Date()),
        TASKS.c.due_at < bindparam("before", type_=DateTime(timezone=True)),
    ),
    "due_after": or_(
        TASKS.c.due_on >= bindparam("first_day", type_=Date()),
        TASKS.c.due_at >= bindparam("since", type_=DateTime(timezone=True)),
    ),
    "is_undone": TASKS.c.status != literal_column("'Done'"),
    # Each word by itself: a query of thousands that are tied together would be too deep for PostgreSQL's stack.
    "words": TASKS.c.title_words.op("||")(TASKS.c.description_words).op("@@")(
        func.all(bindparam("words", type_=ARRAY(TSQUERY())))
    ),
}


def filtered(query: TaskQuery, *, now: datetime) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Which of the conditions hold, and the values in them."""
    values: dict[str, Any] = {
        name: sorted(chosen) for name in ("statuses", "priorities", "tags") if (chosen := getattr(query, name))
    }
    names = list(values)
    bounds = [bound for bound in (query.due_before, now if query.is_overdue else None) if bound is not None]
    if bounds:
        ends = [before(bound, query.time_zone) for bound in bounds]
        # A task has a day or an instant: so the least of each says the same as both bounds.
        last_day, instant = (min(each) for each in zip(*ends, strict=True))
        values |= {"last_day": as_day(last_day), "before": as_instant(instant)}
        names.append("due_before")
    if query.due_after is not None:
        first_day, instant = after(query.due_after, query.time_zone)
        values |= {"first_day": as_day(first_day), "since": as_instant(instant)}
        names.append("due_after")
    if query.is_overdue:
        names.append("is_undone")
    if query.words:
        # Letters, marks and digits: no quote can stand in them.
        values["words"] = [f"'{word}':*" for word in without_starts(query.words)]
        names.append("words")
    return tuple(names), values


def before(bound: date | datetime, zone: str) -> tuple[int, int]:
    """The last day that is before the bound, and the instant that the others must be before."""
    if isinstance(bound, datetime):
        instant = microseconds(bound)
        return zones.last_day_before(instant, zone) - 1, instant  # a day ends where the next one begins
    day = bound.toordinal()
    return day - 1, zones.start_of_day(day, zone)


def after(bound: date | datetime, zone: str) -> tuple[int, int]:
    """The first day that is after the bound, and the first instant that is."""
    if isinstance(bound, datetime):
        instant = microseconds(bound)
        return zones.first_day_after(instant, zone) - 1, instant + 1
    day = bound.toordinal()
    return day + 1, zones.start_of_day(day + 1, zone)


def without_starts(words: Iterable[str]) -> list[str]:
    """Without those that are the start of another, which says more."""
    kept: list[str] = []
    for word in sorted(words, reverse=True):
        if not kept or not kept[-1].startswith(word):
            kept.append(word)
    return kept


def microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def as_instant(instant: int) -> str:
    try:
        return (EPOCH + instant * MICROSECOND).isoformat()
    except OverflowError:  # outside the years 0001 to 9999, where no task is due
        return "-infinity" if instant < 0 else "infinity"


def as_day(day: int) -> str:
    if 1 <= day <= date.max.toordinal():
        return date.fromordinal(day).isoformat()
    return "-infinity" if day < 1 else "infinity"


# Statements


def everything() -> Statement:
    """A page of at most `limit` tasks after an id, the last id on it, and whether there are more behind it."""
    after: Select[Any] = owned(
        select(*SHAPE).where(IS_LIVE, TASKS.c.id > bindparam("after", type_=BigInteger())), TASKS
    )
    limit = bindparam("limit", type_=Integer())
    skip = bindparam("skip", type_=Integer())
    ahead = after.order_by(TASKS.c.id).offset(skip).limit(limit + literal_column("1")).cte("ahead")
    page = select(ahead).order_by(ahead.c.id).limit(limit).subquery("page")
    has_more = select(func.count() > limit).select_from(ahead).scalar_subquery()
    return compiled(select(json_list(page, page.c.id), func.max(page.c.id), has_more))


LIST = everything()


@lru_cache(maxsize=256)
def list_statement(filters: tuple[str, ...], order: Order, *, goes_on: bool) -> Statement:
    """The same in another order, or of some; the place of the last task in it is a JSON array.

    Compiling takes some milliseconds, so the shapes that are asked for most are kept.
    """
    limit = bindparam("limit", type_=Integer())
    skip = bindparam("skip", type_=Integer())
    conditions = [IS_LIVE, *(CONDITIONS[name] for name in filters)]
    if goes_on:
        conditions.append(order.behind(TASKS.c.id))
    key = [] if order.key is None else [order.key.label("key")]
    found: Select[Any] = owned(select(*SHAPE, *key).where(*conditions), TASKS)
    found = found.order_by(*in_order(found.selected_columns, is_descending=order.is_descending))
    ahead = found.offset(skip).limit(limit + literal_column("1")).cte("ahead")
    page = select(ahead).order_by(*in_order(ahead.c, is_descending=order.is_descending)).limit(limit).cte("page")
    shown = json_of([page.c[column.name] for column in SHAPE], page)
    tasks = func.json_agg(aggregate_order_by(shown, *in_order(page.c, is_descending=order.is_descending)))
    place = cast(func.json_build_array(*keys(page.c)), Text())
    last = select(place).order_by(*in_order(page.c, is_descending=not order.is_descending)).limit(literal_column("1"))
    has_more = select(func.count() > limit).select_from(ahead).scalar_subquery()
    return compiled(
        select(func.coalesce(tasks, EMPTY), last.scalar_subquery(), has_more).select_from(page), is_prepared=False
    )


EMPTY: ColumnElement[Any] = literal_column("'[]'::json")


def in_order(columns: Columns, *, is_descending: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if is_descending else column.asc() for column in keys(columns)]


def keys(columns: Columns) -> list[ColumnElement[Any]]:
    return [columns[name] for name in ("key", "id") if name in columns]
