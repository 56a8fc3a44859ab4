"""The trash of tasks. Families go into it together and come back together."""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    case,
    literal_column,
    null,
    select,
    true,
    union_all,
    update,
)

from taskward.lists.model import TABLE as LISTS
from taskward.postgres.statements import owned
from taskward.resources.clock import NOW
from taskward.resources.resource import Values
from taskward.resources.trash import EXPIRED_UNTIL, Trash
from taskward.tasks.actions import TASKS
from taskward.tasks.alarms import TABLE as ALARMS
from taskward.tasks.completions import TABLE as COMPLETIONS
from taskward.tasks.model import TABLE, TrashedTask
from taskward.tasks.references import is_full


class TaskTrash(Trash):
    def restored(self, values: Values, *conditions: ColumnElement[bool]) -> CTE:
        """The task as it is then. What went with it comes back too."""
        task, family = self.family(*conditions)
        home = {"list_id": family.c.list_id, "parent_id": family.c.parent_id}
        restoring = TASKS.changing({"deleted_at": null(), **home, **values}).where(TABLE.c.id == family.c.id)
        written = owned(restoring, TABLE).returning(*TASKS.shape).cte("written")
        # Whoever keeps a copy has removed them with the task, and is told of them again.
        again = update(COMPLETIONS).values(version=NOW).where(COMPLETIONS.c.task_id == family.c.id)
        told = owned(again, COMPLETIONS).returning(COMPLETIONS.c.occurrence).cte("told_again")
        the_task: Select[Any] = select(written).where(written.c.id == select(task.c.id).scalar_subquery())
        return the_task.add_cte(told).cte("restored")

    def family(self, *conditions: ColumnElement[bool]) -> tuple[CTE, CTE]:
        """The task in the trash, and with it what went with it, each with the list and the parent that it has then."""
        found: Select[Any] = select(TABLE).where(TASKS.is_the_one, self.is_trashed, *conditions)
        trashed = owned(found, TABLE).cte("trashed")
        parent = TABLE.alias("parent")
        fits: Select[Any] = select(parent.c.id, parent.c.list_id).where(
            parent.c.id == trashed.c.parent_id,
            parent.c.deleted_at.is_(None),
            parent.c.parent_id.is_(None),
            ~is_full(parent.c.id),
        )
        home = owned(fits, parent).lateral("home")
        list_id = case((home.c.id.is_not(None), home.c.list_id), else_=live_list(trashed))
        task = (
            select(trashed.c.id, list_id.label("list_id"), home.c.id.label("parent_id"), trashed.c.deleted_at)
            .select_from(trashed.outerjoin(home, true()))
            .cte("task")
        )
        subtask = TABLE.alias("subtask")
        went_along: Select[Any] = select(subtask.c.id, task.c.list_id, subtask.c.parent_id).where(
            subtask.c.parent_id == task.c.id, subtask.c.deleted_at == task.c.deleted_at
        )
        itself = select(task.c.id, task.c.list_id, task.c.parent_id)
        return task, union_all(itself, owned(went_along, subtask)).cte("family")


def live_list(trashed: FromClause) -> ColumnElement[Any]:
    """Of a task in the trash, null when the list was deleted meanwhile."""
    found: Select[Any] = select(LISTS.c.id).where(LISTS.c.id == trashed.c.list_id, LISTS.c.deleted_at.is_(None))
    return owned(found, LISTS).correlate(trashed).scalar_subquery()


def kept_parent(trashed: FromClause) -> ColumnElement[Any]:
    """Of a task in the trash, null when its parent is gone for good."""
    parent = TABLE.alias("parent")
    is_kept = parent.c.deleted_at.is_(None) | (parent.c.deleted_at > EXPIRED_UNTIL)
    found: Select[Any] = select(parent.c.id).where(parent.c.id == trashed.c.parent_id, is_kept)
    return owned(found, parent).correlate(trashed).scalar_subquery()


TRASH = TaskTrash(
    TASKS,
    read=TrashedTask,
    shown={"list_id": live_list(TABLE), "parent_id": kept_parent(TABLE)},
    # A title cannot be null, and whoever sees the row should not take it for one of somebody's.
    erased={"title": literal_column("'erased'"), "status": literal_column("'Todo'")},
    # Release 0.1 may have left `completed_at` to follow `updated_at`, which changes here.
    restored={"marked_done_at": TABLE.c.completed_at},
    parts=[COMPLETIONS.c.task_id, ALARMS.c.task_id],
)
