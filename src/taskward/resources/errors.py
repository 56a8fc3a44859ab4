"""What can go wrong with any owned row."""

from typing import ClassVar

from taskward.errors import NotFound, Problem
from taskward.resources.versions import flaw_in


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

    def explain(self, if_match: str, *, name: str = "If-Match") -> None:
        """Say what is wrong with what was sent, in `name`, if that is the reason."""
        self.detail = flaw_in(if_match, name=name) or self.detail


class UidTaken(Problem):
    status, code, title = 409, "uid_taken", "Uid taken"

    def __init__(self, noun: str, *, holder: int | None = None) -> None:
        super().__init__(f"An operation before this one creates a {noun} with the same uid; give each its own.")
        self.noun = noun
        self.holder: int | None = None
        self.tell(holder)

    def tell(self, holder: int | None) -> None:
        """The id of the row that has it; None when that was to be made with the same request."""
        if holder is not None:
            self.holder = holder
            self.detail = (
                f"You have a {self.noun} with this uid, which Location names; until that is gone for good, no other "
                "can have it."
            )


class PreconditionRequired(Problem):
    status, code, title = 428, "precondition_required", "Precondition required"

    def __init__(self) -> None:
        super().__init__("This write needs an If-Match header with the ETag of the version it is based on.")


class CursorInvalid(Problem):
    status, code, title = 422, "cursor_invalid", "Cursor not valid"

    def __init__(self, detail: str = "This cursor was not given out for this list; start again without one.") -> None:
        super().__init__(detail)


class IdempotencyKeyReused(Problem):
    status, code, title = 422, "idempotency_key_reused", "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another request before; take a new key for a new request.")


class LimitReached(Problem):
    status, code, title = 409, "limit_reached", "Limit reached"


class ReferenceNotFound(Problem):
    """What a field of a body refers to is absent, deleted, or a stranger's: one and the same answer."""

    status, code, title = 422, "reference_not_found", "Reference not found"

    def __init__(self, field: str, noun: str) -> None:
        super().__init__("")
        self.field, self.message = field, f"There is no such {noun}."
        self.place("body")

    def place(self, *body: str | int) -> None:
        """Where in the request the field is."""
        loc = [*body, self.field]
        self.detail = f"{'.'.join(map(str, loc))}: {self.message}"
        self.members["errors"] = [{"loc": loc, "message": self.message, "type": self.code}]


class AnchorElsewhere(Problem):
    status, code, title = 409, "anchor_elsewhere", "Anchor elsewhere"
