"""Finding tasks: which of them, in which order, page by page.

A task is due on a day or at an instant. Days and zones are worked out here, so that PostgreSQL only compares: it never
hears the name of a zone. What a request asks for decides the shape of its statement; the values are bound.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, aggregate_order_by
from sqlalchemy.sql import ColumnElement, Select
from sqlalchemy.sql.base import ColumnCollection

from taskward.lists.model import TABLE as LISTS
from taskward.postgres.statements import LazyStatement, Statement, compiled, json_of_columns, owned
from taskward.resources.paging import LIMIT, SKIP, Page, PageRequest, looking_ahead, page_in, position_in
from taskward.resources.references import Reference, named, reference_of
from taskward.resources.session import Session
from taskward.tasks import zones
from taskward.tasks.actions import TASKS
from taskward.tasks.model import TABLE
from taskward.tasks.orders import Order, Sort, days_in, order_of
from taskward.tasks.words import is_unspaced, to_find

Columns = ColumnCollection[str, ColumnElement[Any]]

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    """As `words_asked_for` tells them."""
    time_zone: str = "UTC"
    """Where days begin and end."""
    sort: Sort = "created_at"
    lists: frozenset[Reference | Literal["inbox"]] = frozenset()
    """Any of them."""
    parent: Reference | Literal["none"] | None = None
    """"none" for what has no parent, None for no condition."""

    def name(self) -> str:
        """The same for the same tasks in the same order: what a cursor belongs to.

        What stands at its default is left out, so that a parameter of a later release voids no cursor that is out.
        """
        if self == EVERYTHING:
            return LIST_NAME
        asked = {field.name: getattr(self, field.name) for field in fields(self)}
        return json.dumps({name: as_json(value) for name, value in asked.items() if value != getattr(EVERYTHING, name)})


def as_json(value: Any) -> Any:
    match value:
        case frozenset():
            return sorted(map(as_json, value), key=str)
        case UUID():
            return str(value)
        case date():  # a datetime too
            return value.isoformat()
    return value


LIST_NAME = "tasks by id"
EVERYTHING = TaskQuery()


async def list_tasks(
    session: Session, page: PageRequest, *, query: TaskQuery = EVERYTHING, is_counted: bool = False
) -> Page:
    """`is_counted` also tells how many tasks the filters find, on whatever page.

    Raises:
        CursorInvalid: it was not given out for this owner and query.
    """
    if query == EVERYTHING:
        return await TASKS.paged(session, LIST, page, *([COUNT()] if is_counted else []), of=LIST_NAME)
    of = query.name()
    # Each page takes overdue by its own time: what was overdue on the page before still is.
    filters, values = filtered(query, now=EPOCH + timedelta(seconds=session.pool.clock()))
    order = order_of(query.sort, query.time_zone)
    if order.is_in_zone:
        values |= days_in(query.time_zone)
    if page.cursor is not None:
        values |= order.values_in(position_in(page.cursor, owner_id=session.owner_id, of=of))
    calls = [
        THROUGH_INDEXES,
        list_statement(filters, order, goes_on=page.cursor is not None)(skip=page.skip, limit=page.limit, **values),
    ]
    if is_counted:
        calls.append(count_statement(filters)(**values))
    _, *found = await session.read(*calls)
    return page_in(*found, owner_id=session.owner_id, of=of)


LIST = TASKS.page()

# An owner of many tasks would make PostgreSQL read the whole table, with everybody's, which takes twice as long.
_off = func.set_config(literal_column("'enable_seqscan'"), literal_column("'off'"), literal_column("true"))
THROUGH_INDEXES = compiled(select(_off))()


# Filters


def array_of(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Text()))


with_uid: Select[Any] = select(LISTS.c.id).where(
    LISTS.c.uid == func.any(bindparam("list_uids", type_=ARRAY(Uuid()))), LISTS.c.deleted_at.is_(None)
)
IN_LISTS = or_(
    TABLE.c.list_id == func.any(bindparam("lists", type_=ARRAY(BigInteger()))),
    TABLE.c.list_id.in_(owned(with_uid, LISTS)),
)

CONDITIONS: dict[str, ColumnElement[bool]] = {
    "inbox": TABLE.c.list_id.is_(None),
    "list": TABLE.c.list_id == reference_of("list", LISTS),
    "lists": IN_LISTS,
    "lists_or_inbox": or_(TABLE.c.list_id.is_(None), IN_LISTS),
    "parent": TABLE.c.parent_id == reference_of("parent", TABLE),
    "is_top_level": TABLE.c.parent_id.is_(None),
    "statuses": TABLE.c.status == func.any(array_of("statuses")),
    "priorities": func.coalesce(TABLE.c.priority, literal_column("'none'")) == func.any(array_of("priorities")),
    "tags": TABLE.c.tags.contains(array_of("tags")),
    "due_before": or_(
        TABLE.c.due_on <= bindparam("last_day", type_=Date()),
        TABLE.c.due_at < bindparam("before", type_=DateTime(timezone=True)),
    ),
    "due_after": or_(
        TABLE.c.due_on >= bindparam("first_day", type_=Date()),
        TABLE.c.due_at >= bindparam("since", type_=DateTime(timezone=True)),
    ),
    "is_undone": TABLE.c.status != literal_column("'Done'"),
    # Each word by itself: a query of thousands that are tied together would be too deep for PostgreSQL's stack.
    "words": TABLE.c.title_words.op("||")(TABLE.c.description_words).op("@@")(
        func.all(bindparam("words", type_=ARRAY(TSQUERY())))
    ),
    # No index could be asked anyway (`docs/decisions/0009-finding-tasks.md`).
    "unspaced": func.concat(TABLE.c.title_unspaced, TABLE.c.description_unspaced).op("like")(
        func.all(array_of("unspaced"))
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
    values |= of_lists(query.lists, names)
    if query.parent == "none":
        names.append("is_top_level")
    elif query.parent is not None:
        values |= named("parent", query.parent)
        names.append("parent")
    if query.words:
        # Letters, marks and digits: nothing that means more in a query or a pattern can stand in them.
        unspaced = {word for word in query.words if is_unspaced(word)}
        if spaced := query.words - unspaced:
            values["words"] = [f"'{word}':*" for word in without_starts(spaced)]
            names.append("words")
        if unspaced:
            values["unspaced"] = [f"%{to_find(word)}%" for word in sorted(unspaced)]
            names.append("unspaced")
    return tuple(names), values


def of_lists(lists: frozenset[Reference | Literal["inbox"]], names: list[str]) -> dict[str, Any]:
    """The condition goes to `names`. One list is told by itself: so an index finds its tasks in their order."""
    chosen = [one for one in lists if one != "inbox"]
    if not lists:
        return {}
    if not chosen:
        names.append("inbox")
        return {}
    if len(lists) == 1:
        names.append("list")
        return named("list", chosen[0])
    names.append("lists" if len(chosen) == len(lists) else "lists_or_inbox")
    return {
        "lists": sorted(one for one in chosen if isinstance(one, int)),
        "list_uids": sorted(str(one) for one in chosen if isinstance(one, UUID)),
    }


def before(bound: date | datetime, zone: str) -> tuple[int, int]:
    """The last day that is before the bound, and the instant that the others must be before.

    Compared with an instant, a day is its last microsecond: the bound of a day, told as an instant, finds the same.
    """
    if isinstance(bound, datetime):
        instant = microseconds(bound)
        return zones.last_day_before(instant + 1, zone) - 1, instant
    day = bound.toordinal()
    return day - 1, zones.start_of_day(day, zone)


def after(bound: date | datetime, zone: str) -> tuple[int, int]:
    """The first day that is after the bound, and the first instant that is."""
    if isinstance(bound, datetime):
        instant = microseconds(bound)
        return zones.first_day_after(instant + 1, zone) - 1, instant + 1
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


@lru_cache(maxsize=256)
def list_statement(filters: tuple[str, ...], order: Order, *, goes_on: bool) -> Statement:
    """The same in another order, or of some; the position of the last task in it is a JSON array.

    Compiling takes some milliseconds, so the shapes that are asked for most are kept.
    """
    conditions = [TASKS.is_live, *(CONDITIONS[name] for name in filters)]
    if goes_on:
        conditions.append(order.behind(TABLE.c.id))
    key = [] if order.key is None else [order.key.label("key")]
    found: Select[Any] = owned(select(*TASKS.shape, *key).where(*conditions), TABLE)
    found = found.order_by(*in_order(found.selected_columns, order.within, is_descending=order.is_descending))
    ahead, has_more = looking_ahead(found.offset(SKIP))
    page = select(ahead).order_by(*in_order(ahead.c, is_descending=order.is_descending)).limit(LIMIT).cte("page")
    shown = json_of_columns([page.c[column.name] for column in TASKS.shape], page)
    tasks = func.json_agg(aggregate_order_by(shown, *in_order(page.c, is_descending=order.is_descending)))
    position = cast(func.json_build_array(*keys(page.c)), Text())
    last = (
        select(position).order_by(*in_order(page.c, is_descending=not order.is_descending)).limit(literal_column("1"))
    )
    return compiled(
        select(func.coalesce(tasks, EMPTY), last.scalar_subquery(), has_more).select_from(page), is_prepared=False
    )


EMPTY: ColumnElement[Any] = literal_column("'[]'::json")


@lru_cache(maxsize=64)
def count_statement(filters: tuple[str, ...] = ()) -> Statement:
    """How many tasks there are, or fulfil the filters."""
    return compiled(counting(filters), is_prepared=not filters)


def counting(filters: tuple[str, ...]) -> Select[Any]:
    found: Select[Any] = select(func.count()).where(TASKS.is_live, *(CONDITIONS[name] for name in filters))
    return owned(found, TABLE)


COUNT = LazyStatement(lambda: counting(()))


def in_order(columns: Columns, within: str | None = None, *, is_descending: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if is_descending else column.asc() for column in keys(columns, within)]


def keys(columns: Columns, within: str | None = None) -> list[ColumnElement[Any]]:
    return [columns[name] for name in (within, "key", "id") if name is not None and name in columns]
