"""What changes of tasks tell, and of what was completed."""

from typing import Any

from sqlalchemy import ColumnElement, Select, select

from taskward.postgres.statements import owned
from taskward.resources.feed import DONE_SINCE, Kind, kind_of
from taskward.resources.resource import columns_of
from taskward.tasks.actions import TASKS
from taskward.tasks.completions import TABLE as COMPLETIONS
from taskward.tasks.completions import CompletionRead
from taskward.tasks.model import TABLE

TASK_CHANGES = kind_of(
    TASKS, "task", 2, long_text=TABLE.c.description, was_done_before=TABLE.c.completed_at < DONE_SINCE
)


def of_task(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Of the task that was completed, if it is live."""
    found: Select[Any] = select(column).where(TABLE.c.id == COMPLETIONS.c.task_id, TASKS.is_live)
    return owned(found, TABLE).correlate(COMPLETIONS).scalar_subquery()


COMPLETION_CHANGES = Kind(
    "completion",
    3,
    COMPLETIONS,
    key=[COMPLETIONS.c.task_id, COMPLETIONS.c.occurrence],
    shape=columns_of(COMPLETIONS, CompletionRead),
    is_live=COMPLETIONS.c.taken_back_at.is_(None),
    removal={"task_id": COMPLETIONS.c.task_id, "occurrence": COMPLETIONS.c.occurrence},
    # A task that is removed takes them along, and brings them again when it is restored (`trash.py`).
    conditions=[of_task(TABLE.c.id).is_not(None)],
    was_done_before=of_task(TABLE.c.completed_at) < DONE_SINCE,
)
