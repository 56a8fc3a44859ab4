"""What changes of tasks tell."""

from taskward.resources.feed import DONE_SINCE, Kind
from taskward.tasks.actions import TASKS
from taskward.tasks.model import TABLE

TASK_CHANGES = Kind(
    "task",
    number=2,
    resource=TASKS,
    long_text=TABLE.c.description,
    was_done_before=TABLE.c.completed_at < DONE_SINCE,
)
