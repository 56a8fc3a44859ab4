"""What can go wrong with any owned row."""

from typing import ClassVar

from taskward.errors import NotFound, Problem


class RowNotFound(NotFound):
    """Absent, deleted, or a stranger's: one and the same answer. Each resource has its own, with its noun."""

    noun: ClassVar[str]
    """What people call one of them, such as "task"."""

    def __init__(self) -> None:
        super().__init__(f"There is no such {self.noun}.")


class VersionMismatch(Problem):
    status, code, title = 412, "version_mismatch", "Precondition failed"

    def __init__(self, noun: str) -> None:
        super().__init__(f"The {noun} has changed since the version named in If-Match; read it again and retry.")


class PreconditionRequired(Problem):
    status, code, title = 428, "precondition_required", "Precondition required"

    def __init__(self) -> None:
        super().__init__("This write needs an If-Match header with the ETag of the version it is based on.")


class CursorInvalid(Problem):
    status, code, title = 422, "cursor_invalid", "Cursor not valid"

    def __init__(self) -> None:
        super().__init__("This cursor was not given out for this list; start again without one.")


class IdempotencyKeyReused(Problem):
    status, code, title = 422, "idempotency_key_reused", "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another request before; take a new key for a new request.")
