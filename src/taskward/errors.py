"""Answers that are not a success: class, status and code, fixed once.

Each room defines those that it raises, in the words of its domain; `http/responses.py` renders them as problem
documents (RFC 9457). Nothing else chooses a status. `codes` gathers the closed list of them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar


class Problem(Exception):
    """What went wrong, as the client will read it.

    `detail` is one sentence and never holds the offending input, SQL or a secret. `members` are
    extension members of the document (RFC 9457 §3.2), `headers` go out with the answer.
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers: dict[str, str] = dict(headers or {})
        self.members = members

    def document(self) -> dict[str, Any]:
        return {
            "type": f"urn:problem-type:taskward:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.members,
        }


class NotFound(Problem):
    status, title = 404, "Not found"


class InternalError(Problem):
    status, code, title = 500, "internal_error", "Internal error"

    def __init__(self) -> None:
        super().__init__("Something went wrong here; the request id names it in the log.")


class Unavailable(Problem):
    """A dependency does not answer. The same request may succeed after `retry_after_seconds`."""

    status, title = 503, "Temporarily unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


def codes() -> list[str]:
    """Every code that an answer may have: of each problem of this package, in whatever room it is raised."""
    return sorted({kind.code for kind in kinds_of(Problem) if hasattr(kind, "code")})


def kinds_of(kind: type[Problem]) -> Iterator[type[Problem]]:
    for narrower in kind.__subclasses__():
        if narrower.__module__.startswith("taskward."):
            yield narrower
        yield from kinds_of(narrower)
