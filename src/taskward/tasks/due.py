"""What is due and not done, for whoever shows it in a calendar."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Self
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Integer,
    Select,
    bindparam,
    cast,
    exists,
    extract,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.sql import ColumnElement

from taskward.postgres.statements import Statement, compiled, json_of_columns, owned
from taskward.resources.clock import CLOCK
from taskward.resources.references import Reference
from taskward.resources.session import Session
from taskward.tasks.actions import DONE_TEXT, TASKS
from taskward.tasks.finding import CONDITIONS, THROUGH_INDEXES, of_lists
from taskward.tasks.model import TABLE
from taskward.tasks.series import Series, day_and_clock

MOST = 2_000
"""Tasks: those nearest to now."""

MAX_BYTES = 4 * 1024 * 1024
"""Of their titles and descriptions together."""


class DueTask(NamedTuple):
    """Its due is a day or an instant."""

    id: int
    uid: UUID | None
    parent_id: int | None
    title: str
    description: str | None
    status: str
    priority: str | None
    tags: list[str]
    reminders: list[dict[str, Any]]
    due_on: date | None
    due_at: datetime | None
    time_zone: str | None
    recurrence: str | None
    recurrence_anchor: str
    occurrence_date: str | None
    series_start: str | None
    created_at: datetime
    updated_at: datetime | None

    @classmethod
    def read(cls, row: bytes) -> Self:
        values = json.loads(row)
        for name, read in READ.items():
            if values[name] is not None:
                values[name] = read(values[name])
        return cls(**values)

    @property
    def series(self) -> Series | None:
        if self.recurrence is None or self.series_start is None:
            return None
        is_from_completion = self.recurrence_anchor == "completion"
        return Series.kept(
            self.recurrence, self.series_start, self.time_zone, counts_from_completion=is_from_completion
        )

    @property
    def open_day(self) -> date:
        """Where the series has the open occurrence, of a task that has one."""
        assert self.occurrence_date is not None  # noqa: S101
        return day_and_clock(self.occurrence_date)[0]


READ: dict[str, Any] = {
    "uid": UUID,
    "due_on": date.fromisoformat,
    **dict.fromkeys(("due_at", "created_at", "updated_at"), datetime.fromisoformat),
}


class Due(NamedTuple):
    version: int | None
    """Of everything that the owner has; None without an owner."""
    tasks: Iterator[DueTask]
    """In the order in which they are due. Empty where the version is one of those that are known."""


async def list_due(
    session: Session, *, lists: frozenset[Reference | Literal["inbox"]] = frozenset(), known: Sequence[int] = ()
) -> Due:
    """`lists` are any of them, or all. Where the version is `known` the tasks are not looked at."""
    now = datetime.fromtimestamp(session.pool.clock(), UTC)
    names: list[str] = []
    values = of_lists(lists, names)
    call = due_statement(tuple(names))(
        known=list(known), now=now, today=now.date(), most=MOST, bytes=MAX_BYTES, **values
    )
    versions, _, rows = await session.read(VERSION(), THROUGH_INDEXES, call)
    version = int(versions[0][0] or 0) if versions else None
    return Due(version, (DueTask.read(json) for (json,) in rows if json is not None))


VERSION = compiled(owned(select(CLOCK.c.version), CLOCK))

KNOWN = bindparam("known", type_=ARRAY(BigInteger()))
AT_MOST = bindparam("most", type_=BigInteger())
NOW = bindparam("now", type_=DateTime(timezone=True))
TODAY = bindparam("today", type_=Date())
UTC_TEXT: ColumnElement[Any] = literal_column("'UTC'")
DAY = func.timezone(UTC_TEXT, cast(TABLE.c.due_on, TIMESTAMP()), type_=DateTime(timezone=True))
LENGTH = func.octet_length(TABLE.c.title) + func.coalesce(
    func.octet_length(TABLE.c.description), literal_column("0", Integer())
)


@lru_cache(maxsize=16)
def due_statement(filters: tuple[str, ...]) -> Statement:
    """One JSON object a row, with the fields of DueTask."""
    conditions = [TASKS.is_live, TABLE.c.status != DONE_TEXT, *(CONDITIONS[name] for name in filters)]
    near = union_all(
        *(
            nearest(column, edge, due, conditions, is_ahead=is_ahead)
            for column, edge, due in ((TABLE.c.due_on, TODAY, DAY), (TABLE.c.due_at, NOW, TABLE.c.due_at))
            for is_ahead in (True, False)
        )
    ).subquery("near")
    order = (func.abs(extract("epoch", near.c.due - NOW)), near.c.id)
    ranked = select(
        near.c.id,
        near.c.due,
        func.row_number().over(order_by=order).label("place"),
        func.sum(near.c.length).over(order_by=order).label("bytes"),
    ).cte("ranked")
    is_known = owned(select(CLOCK.c.version).where(CLOCK.c.version == func.any(KNOWN)), CLOCK)
    shown = json_of_columns([TABLE.c[name] for name in DueTask._fields], TABLE)
    found: Select[Any] = (
        select(shown)
        .select_from(ranked.join(TABLE, TABLE.c.id == ranked.c.id))
        .where(
            ranked.c.place <= AT_MOST,
            ranked.c.bytes <= bindparam("bytes", type_=BigInteger()),
            ~exists(is_known),
        )
        .order_by(ranked.c.due, ranked.c.id)
    )
    return compiled(owned(found, TABLE), is_prepared=False)


def nearest(
    column: ColumnElement[Any],
    edge: ColumnElement[Any],
    due: ColumnElement[Any],
    conditions: Sequence[ColumnElement[bool]],
    *,
    is_ahead: bool,
) -> Select[Any]:
    """As many as may be shown of one kind of due, on one side of now, in the order of an index."""
    is_there = (column >= edge, *conditions) if is_ahead else (column < edge, *conditions)
    order = (column.asc(), TABLE.c.id.asc()) if is_ahead else (column.desc(), TABLE.c.id.desc())
    found = owned(select(TABLE.c.id, due.label("due"), LENGTH.label("length")).where(*is_there), TABLE)
    return found.order_by(*order).limit(AT_MOST)
