"""What a task may refer to: a list, a parent, and a task to stand behind or in front of.

References are looked up by the statement that uses them, under the owner's clock, so nothing comes in between. What is
absent, deleted or a stranger's is looked up in one and the same way, and is not there.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    case,
    exists,
    literal_column,
    select,
    true,
)

from taskward.errors import Problem
from taskward.lists.model import TABLE as LISTS
from taskward.postgres.statements import owned
from taskward.resources.errors import AnchorElsewhere, LimitReached, ReferenceNotFound
from taskward.resources.references import ONE_ROW, Named
from taskward.resources.refusals import NO_ANCHOR, code
from taskward.tasks.errors import FieldUnfit, TooDeep
from taskward.tasks.model import TABLE

MAX_SUBTASKS = 500

# What a statement answers in place of a row, or fails with in a batch (`resources/refusals.py`).
NO_LIST, NO_PARENT, OTHER_LIST = "TW422", "TW423", "TW425"
TOO_DEEP, TOO_MANY, ELSEWHERE = "TW431", "TW432", "TW433"

REFUSALS = (NO_LIST, NO_PARENT, NO_ANCHOR, OTHER_LIST, TOO_DEEP, TOO_MANY, ELSEWHERE)


def problem_of(refusal: str, *, anchor: str = "") -> Problem:
    """`anchor` is the field of the body that names one."""
    problems: dict[str, Callable[[], Problem]] = {
        NO_LIST: lambda: ReferenceNotFound("list_id", "list"),
        NO_PARENT: lambda: ReferenceNotFound("parent_id", "task"),
        NO_ANCHOR: lambda: ReferenceNotFound(anchor, "task"),
        OTHER_LIST: lambda: FieldUnfit("list_id", "A subtask is in its parent's list: leave list_id out, or send that"),
        TOO_DEEP: TooDeep,
        TOO_MANY: lambda: LimitReached(f"The parent has {MAX_SUBTASKS} subtasks, which is as many as a task may have."),
        ELSEWHERE: lambda: AnchorElsewhere("The task to stand behind or in front of is in another list."),
    }
    return problems[refusal]()


def subtasks_of(task_id: ColumnElement[Any]) -> Select[Any]:
    """The live ones."""
    subtask = TABLE.alias("subtask")
    found: Select[Any] = select(subtask.c.id).where(subtask.c.parent_id == task_id, subtask.c.deleted_at.is_(None))
    return owned(found, subtask)


def is_full(parent_id: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists(subtasks_of(parent_id).offset(literal_column(str(MAX_SUBTASKS - 1))))


LIST = Named("list", LISTS)
PARENT = Named("parent", TABLE, "list_id", "parent_id")
ANCHOR = Named("anchor", TABLE, "list_id", "position")


def where_new_goes() -> CTE:
    """Of a new task: list, parent, and the refusal, null if it may be made."""
    parent = PARENT.found
    refusal = case(
        (LIST.is_missing, code(NO_LIST)),
        (PARENT.is_missing, code(NO_PARENT)),
        (PARENT.is_sent & LIST.is_sent & LIST.found.c.id.is_distinct_from(parent.c.list_id), code(OTHER_LIST)),
        (parent.c.parent_id.is_not(None), code(TOO_DEEP)),
        (PARENT.is_sent & is_full(parent.c.id), code(TOO_MANY)),
    )
    list_id = case((PARENT.is_sent, parent.c.list_id), else_=LIST.found.c.id)
    looked_up = ONE_ROW.outerjoin(LIST.found, true()).outerjoin(parent, true())
    asked = select(list_id.label("list_id"), parent.c.id.label("parent_id"), refusal.label("refusal"))
    return asked.select_from(looked_up).cte("asked")


NEW = where_new_goes()
