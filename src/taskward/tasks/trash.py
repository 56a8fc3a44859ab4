"""The trash of tasks."""

from sqlalchemy import literal_column

from taskward.resources.trash import Trash
from taskward.tasks.actions import TASKS
from taskward.tasks.completions import TABLE as COMPLETIONS
from taskward.tasks.model import TABLE, TrashedTask

TRASH = Trash(
    TASKS,
    read=TrashedTask,
    # A title cannot be null, and whoever sees the row should not take it for one of somebody's.
    erased={"title": literal_column("'erased'"), "status": literal_column("'Todo'")},
    # Release 0.1 may have left `completed_at` to follow `updated_at`, which changes here.
    restored={"marked_done_at": TABLE.c.completed_at},
    part_of=COMPLETIONS.c.task_id,
)
