"""What can go wrong with a task alone."""

from taskward.errors import Problem
from taskward.resources.errors import PreconditionRequired, RowNotFound


class TaskNotFound(RowNotFound):
    code, noun = "task_not_found", "task"


class RecurringTask(Problem):
    status, code, title = 409, "recurring_task", "Task recurs"

    def __init__(
        self,
        detail: str = "This task recurs, and a status does not say which occurrence is meant: complete, skip or reopen "
        "one, or send recurrence null beside the status to end the series.",
    ) -> None:
        super().__init__(detail)


class NotRecurring(RecurringTask):
    def __init__(self) -> None:
        super().__init__("This task does not recur, so there is no occurrence to skip: complete or delete it.")


class OccurrenceNotOpen(Problem):
    status, code, title = 409, "occurrence_not_open", "Occurrence not open"

    def __init__(self, number: int | None = None) -> None:
        super().__init__(
            "No occurrence of this task is open: its series has ended, or it does not recur."
            if number is None
            else f"This occurrence is not open yet: the open one is {number}."
        )


class OccurrenceNotLatest(Problem):
    status, code, title = 409, "occurrence_not_latest", "Occurrence not the latest"

    def __init__(self) -> None:
        super().__init__(
            "There is no such completion to take back: only the latest one of the present series can be, and once."
        )


class OccurrenceRequired(PreconditionRequired):
    def __init__(self) -> None:
        super().__init__()
        self.detail = (
            "This task recurs, so the request needs occurrence, If-Match with an ETag, or Idempotency-Key: repeated "
            "without one of them it would complete the next occurrence."
        )


class RecurrenceEmpty(Problem):
    status, code, title = 422, "recurrence_empty", "Recurrence empty"

    def __init__(self) -> None:
        super().__init__("Nothing follows the first occurrence of this rule within 50 years; leave recurrence out.")


class FieldUnfit(Problem):
    """A field that is valid by itself and does not fit the others, of the body or of the task as it is."""

    status, code, title = 422, "validation_failed", "Validation failed"

    def __init__(self, field: str, message: str) -> None:
        super().__init__("")
        self.field, self.message = field, f"{message}."
        self.place("body")

    def place(self, *body: str | int) -> None:
        """Where in the request the field is."""
        loc = [*body, self.field]
        self.detail = f"{'.'.join(map(str, loc))}: {self.message}"
        self.members["errors"] = [{"loc": loc, "message": self.message, "type": "unfit"}]


class TooDeep(Problem):
    status, code, title = 409, "too_deep", "Too deep"

    def __init__(self) -> None:
        super().__init__("Subtasks have one level: a parent has no parent itself, and what has subtasks gets none.")
