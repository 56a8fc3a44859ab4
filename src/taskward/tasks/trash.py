"""The trash of tasks."""

from taskward.resources.trash import Trash
from taskward.tasks.actions import TASKS
from taskward.tasks.model import TABLE, TrashedTask

# Release 0.1 may have left `completed_at` to follow `updated_at`, which changes here.
TRASH = Trash(TASKS, read=TrashedTask, restored={"marked_done_at": TABLE.c.completed_at})
