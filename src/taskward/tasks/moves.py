"""Moving a task: to another place, list or parent, and its subtasks with it. One call to the database.

What is asked for is looked up, judged and written by one statement under the owner's clock. A second one, in the same
round trip, tells why nothing was written.
"""

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator
from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Select,
    Text,
    bindparam,
    case,
    exists,
    func,
    null,
    select,
    true,
    union_all,
)

from taskward.postgres.context import PLANNED_ONCE
from taskward.postgres.statements import owned
from taskward.resources.errors import VersionMismatch
from taskward.resources.idempotency import Idempotency
from taskward.resources.positions import behind_all, placed
from taskward.resources.references import ONE_ROW, Reference, RowStatement, named
from taskward.resources.refusals import NO_ANCHOR, NOT_AS_EXPECTED, NOT_FOUND, code
from taskward.resources.resource import Versioned, answered, is_expected
from taskward.resources.session import Session
from taskward.resources.shapes import Patch, RowId
from taskward.resources.trash import LONG_AGO
from taskward.tasks.actions import TASKS
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.model import TABLE
from taskward.tasks.references import (
    ANCHOR,
    ELSEWHERE,
    LIST,
    NO_LIST,
    NO_PARENT,
    OTHER_LIST,
    PARENT,
    TOO_DEEP,
    TOO_MANY,
    is_full,
    problem_of,
    subtasks_of,
)

PLACES = ("after", "before", "to")

MOVE_EXAMPLE: dict[str, JsonValue] = {"list_id": 3, "after": 7}

ONE_PLACE: dict[str, JsonValue] = {
    "not": {
        "anyOf": [{"required": [one, other]} for one, other in (("after", "before"), ("after", "to"), ("before", "to"))]
    }
}


class TaskMove(Patch):
    """Where a task goes: last, or to the one place that is named. An absent list or parent stays as it is."""

    model_config = ConfigDict(json_schema_extra=ONE_PLACE | {"examples": [MOVE_EXAMPLE]})

    # These defaults are never read: what was not sent is not in `model_fields_set`.
    after: RowId = Field(default_factory=int, description="Behind this task of the list.")
    before: RowId = Field(default_factory=int, description="In front of this task of the list.")
    to: Literal["first", "last"] = Field(default_factory=lambda: "last")
    list_id: RowId | None = Field(
        default=None, description="Null is the inbox. To another list a task goes without its parent."
    )
    parent_id: RowId | None = Field(
        default=None, description="It becomes a subtask of this task, in whose list it is then. Null is none."
    )

    @model_validator(mode="after")
    def has_one_place(self) -> Self:
        places = self.model_fields_set.intersection(PLACES)
        if len(places) > 1:
            raise ValueError("A task goes to one place: send one of after, before and to")
        if not places:
            self.to = "last"  # as if it had been sent: under a key that is the same request
        return self

    @property
    def anchor_field(self) -> str:
        """The one that was sent, if any."""
        return next((name for name in ("after", "before") if name in self.model_fields_set), "")


async def move(
    session: Session,
    task_id: Reference,
    asked: TaskMove,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """
    Raises:
        TaskNotFound, VersionMismatch
        ReferenceNotFound, FieldUnfit, TooDeep, LimitReached, AnchorElsewhere: what the body refers to.
        IdempotencyKeyReused: the key came with another request before.
    """
    values = {"id": task_id, "expected": expected, **values_of(asked)}
    calls = PLANNED_ONCE(), MOVE.bound(idempotency, **values), WHY_NOT(**values)
    _, rows, [[refusal]] = await session.write(*calls, is_repeatable=idempotency is not None)
    if rows:
        return answered(rows[0], idempotency)
    reason = (refusal or b"").decode()
    if reason == NOT_FOUND:
        raise TaskNotFound
    if reason == NOT_AS_EXPECTED:
        raise VersionMismatch(TaskNotFound.noun)
    raise problem_of(reason, anchor=asked.anchor_field)


def values_of(asked: TaskMove) -> dict[str, Any]:
    sent, anchor = asked.model_fields_set, asked.anchor_field
    return {
        "goes": anchor or asked.to,
        "sets_list": "list_id" in sent,
        "sets_parent": "parent_id" in sent,
        **named("anchor", getattr(asked, anchor) if anchor else None),
        **named("list", asked.list_id),
        **named("parent", asked.parent_id),
    }


# Statements

GOES = bindparam("goes", type_=Text())
SETS_LIST, SETS_PARENT = bindparam("sets_list", type_=Boolean()), bindparam("sets_parent", type_=Boolean())


def judged() -> CTE:
    """One row: the task, where it goes, and the `refusal`, null if it may."""
    found: Select[Any] = select(TABLE).where(TASKS.is_the_one, TASKS.is_live)
    task = owned(found, TABLE).subquery("task")
    list_id = case((PARENT.is_sent, PARENT.found.c.list_id), (SETS_LIST, LIST.found.c.id), else_=task.c.list_id)
    leaves = SETS_LIST & list_id.is_distinct_from(task.c.list_id)
    parent_id = case((SETS_PARENT, PARENT.found.c.id), (leaves, null()), else_=task.c.parent_id)
    parent = PARENT.found
    is_too_deep = parent.c.parent_id.is_not(None) | (parent.c.id == task.c.id) | exists(subtasks_of(task.c.id))
    is_new = parent.c.id.is_distinct_from(task.c.parent_id)
    refusal = case(
        (task.c.id.is_(None), code(NOT_FOUND)),
        (~is_expected(task.c.version), code(NOT_AS_EXPECTED)),
        (LIST.is_missing, code(NO_LIST)),
        (PARENT.is_missing, code(NO_PARENT)),
        (ANCHOR.is_missing, code(NO_ANCHOR)),
        (PARENT.is_sent & SETS_LIST & LIST.found.c.id.is_distinct_from(parent.c.list_id), code(OTHER_LIST)),
        (PARENT.is_sent & is_too_deep, code(TOO_DEEP)),
        (PARENT.is_sent & is_new & is_full(parent.c.id), code(TOO_MANY)),
        (ANCHOR.is_sent & ANCHOR.found.c.list_id.is_distinct_from(list_id), code(ELSEWHERE)),
    )
    looked_up = ONE_ROW.outerjoin(task, true())
    for reference in (LIST, PARENT, ANCHOR):
        looked_up = looked_up.outerjoin(reference.found, true())
    return (
        select(
            task.c.id,
            task.c.position,
            task.c.list_id.label("left_list_id"),
            list_id.label("list_id"),
            parent_id.label("parent_id"),
            GOES.label("goes"),
            ANCHOR.found.c.id.label("anchor_id"),
            ANCHOR.found.c.position.label("anchor_position"),
            refusal.label("refusal"),
        )
        .select_from(looked_up)
        .cte("judged")
    )


def moving(judged: CTE, *conditions: ColumnElement[bool]) -> CTE:
    """The task as it is then, if nothing refuses it."""
    allowed: Select[Any] = select(judged).where(judged.c.refusal.is_(None), *conditions)
    move = allowed.cte("move")
    places = placed(move, TABLE, "list_id", is_trashed=TABLE.c.deleted_at > LONG_AGO)
    along = subtasks_along(move)
    changes = union_all(select(places.c.id, places.c.position), select(along.c.id, along.c.position)).cte("changes")
    is_the_task = TABLE.c.id == move.c.id
    is_family = is_the_task | (TABLE.c.parent_id == move.c.id)
    moved = TASKS.changing(
        {
            "marked_done_at": TABLE.c.completed_at,
            "position": changes.c.position,
            "list_id": case((is_family, move.c.list_id), else_=TABLE.c.list_id),
            "parent_id": case((is_the_task, move.c.parent_id), else_=TABLE.c.parent_id),
        }
    )
    # The array, or PostgreSQL, which takes the changes for many, might read all rows of the owner.
    is_changed = TABLE.c.id == func.any(func.array(select(changes.c.id).scalar_subquery()))
    moved = moved.where(TABLE.c.id == changes.c.id, is_changed)
    written = owned(moved, TABLE).returning(*TASKS.shape).cte("written")
    the_task: Select[Any] = select(written).where(written.c.id == select(move.c.id).scalar_subquery())
    return the_task.cte("moved")


def subtasks_along(move: CTE) -> CTE:
    """To another list: behind all that is there, in their order. In the same list they stay where they are."""
    subtask = TABLE.alias("subtask")
    number = func.row_number().over(order_by=[subtask.c.position, subtask.c.id])
    found: Select[Any] = (
        select(subtask.c.id, behind_all(number).label("position"))
        .select_from(move.join(subtask, subtask.c.parent_id == move.c.id))
        .where(subtask.c.deleted_at.is_(None), move.c.list_id.is_distinct_from(move.c.left_list_id))
    )
    return owned(found, subtask).cte("along")


MOVE = TASKS.write_of(lambda *conditions: moving(judged(), *conditions))
WHY_NOT = RowStatement(lambda: select(judged().c.refusal))
