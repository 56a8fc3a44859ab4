"""What can go wrong with a task alone."""

from taskward.resources.errors import RowNotFound


class TaskNotFound(RowNotFound):
    code, noun = "task_not_found", "task"
