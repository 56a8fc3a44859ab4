"""The statements of an import: which rows of a file are there, and how new ones come with their history."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    null,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from taskward.lists.actions import LISTS, has_room
from taskward.operations.files.records import naming, uid_of_row
from taskward.postgres.encoding import Row
from taskward.postgres.statements import OWNER, Statement, compiled, owned
from taskward.resources.clock import CLOCK, NOW
from taskward.resources.references import has_its_uid, reference_of
from taskward.resources.resource import parameter_of
from taskward.tasks.actions import NEW_SCHEDULED_ROW, TASKS
from taskward.tasks.completions import TABLE as COMPLETIONS
from taskward.tasks.model import TABLE
from taskward.tasks.references import NEW, subtasks_of


class Here(NamedTuple):
    """A task of the owner that the file names, or refers to."""

    id: int
    uid: UUID
    """Of a row without one what a file has in its place."""
    parent: int | UUID | None
    is_trashed: bool
    subtasks: int
    """The live ones."""
    last_occurrence: int | None
    position: str

    @classmethod
    def read(cls, row: Row) -> Self:
        """By what `TASKS_HERE` answers."""
        row_id, uid, created_us, parent_id, is_trashed, subtasks, last, position = (
            value and value.decode() for value in row
        )
        assert row_id and created_us and subtasks and position  # noqa: S101, PT018 - no column of these is ever null
        return cls(
            int(row_id),
            UUID(uid) if uid else uid_of_row("task", int(row_id), int(created_us)),
            int(parent_id) if parent_id else None,
            is_trashed == "t",
            int(subtasks),
            int(last) if last else None,
            position,
        )


def tasks_here() -> Select[Any]:
    """Here, of the `uids`, and of the `ids` those that have none."""
    columns = (
        *naming(TABLE),
        TABLE.c.parent_id,
        TABLE.c.deleted_at.is_not(None).label("is_trashed"),
        select(func.count()).select_from(subtasks_of(TABLE.c.id).correlate(TABLE).subquery()).scalar_subquery(),
        TABLE.c.last_occurrence,
        TABLE.c.position,
    )
    by_uid = TABLE.c.uid == func.any(bindparam("uids", type_=ARRAY(Uuid())))
    by_id = (TABLE.c.id == func.any(bindparam("ids", type_=ARRAY(BigInteger()))), TABLE.c.uid.is_(None))
    # Each by its own index.
    found = (select(*columns).where(*conditions, has_its_uid(TABLE)) for conditions in ((by_uid,), by_id))
    return union_all(*(owned(each, TABLE) for each in found))  # type: ignore[return-value]


def completions_here() -> Select[Any]:
    pairs = func.unnest(
        *(cast(bindparam(name, type_=ARRAY(BigInteger())), ARRAY(BigInteger())) for name in ("ids", "occurrences"))
    )
    asked = pairs.table_valued("id", "occurrence").render_derived(name="asked")
    is_asked = tuple_(COMPLETIONS.c.task_id, COMPLETIONS.c.occurrence).in_(select(asked.c.id, asked.c.occurrence))
    return owned(select(COMPLETIONS.c.task_id, COMPLETIONS.c.occurrence).where(is_asked), COMPLETIONS)


def instant(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=DateTime(timezone=True))


CREATED = func.least(func.coalesce(instant("created_at"), func.now()), func.now())
"""When it was in the source. Nothing was created later than now."""

WITH_HISTORY = {
    **NEW_SCHEDULED_ROW,
    "created_at": CREATED,
    # Since when the server knows of it: a reminder whose time has passed by then is not told (`tasks/reminding.py`).
    "updated_at": case((instant("created_at").is_not(None), func.now())),
    "position": parameter_of(TABLE.c.position),
}


class Outcome(NamedTuple):
    id: bytes | None
    """None when nothing was made: another task has the uid, or there is a `refusal`."""
    refusal: bytes | None


def live_creation() -> Statement:
    """Outcome."""
    row = TASKS.named({**WITH_HISTORY, "list_id": NEW.c.list_id, "parent_id": NEW.c.parent_id})
    created = TASKS.creating(row, NEW.c.refusal.is_(None)).cte("created")
    return compiled(select(created.c.id, NEW.c.refusal).select_from(NEW.outerjoin(created, true())))


def trashed_creation() -> Statement:
    """Outcome. What is in the trash may have a parent there."""
    row = {
        **WITH_HISTORY,
        "list_id": bindparam("list_id", type_=BigInteger()),
        "parent_id": reference_of("parent", TABLE),
        "deleted_at": func.least(instant("deleted_at"), func.now()),
    }
    created = TASKS.creating(TASKS.named(row)).cte("created")
    return compiled(select(created.c.id, cast(null(), Text)).select_from(created))


def completion_creation() -> Statement:
    """A row when it was made."""
    names = ("task_id", "occurrence", "occurrence_date", "kind", "completed_at", "due_on", "due_at")
    row = {"owner_id": OWNER, "version": NOW, **{name: parameter_of(COMPLETIONS.c[name]) for name in names}}
    return compiled(insert(COMPLETIONS).values(row).on_conflict_do_nothing().returning(COMPLETIONS.c.occurrence))


TASKS_HERE = compiled(tasks_here())
COMPLETIONS_HERE = compiled(completions_here())
CLOCK_HERE = compiled(owned(select(CLOCK.c.version), CLOCK))
CREATE_LIST = LISTS.create({**LISTS.sent, "created_at": CREATED}, has_room())
CREATE_LIVE = live_creation()
CREATE_TRASHED = trashed_creation()
CREATE_COMPLETION = completion_creation()


def pairs_in(rows: Sequence[Row]) -> set[tuple[int, int]]:
    """By what `COMPLETIONS_HERE` answers."""
    return {(int(task_id or 0), int(occurrence or 0)) for task_id, occurrence in rows}
