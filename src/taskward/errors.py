"""The closed set of answers that are not a success: class, status and code, fixed once.

Actions and core raise these in the words of the domain; `http/responses.py` renders them as problem
documents (RFC 9457). Nothing else chooses a status.
"""

from collections.abc import Mapping
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


class PreflightRefused(Problem):
    status, code, title = 400, "preflight_refused", "CORS preflight refused"


class Unauthorized(Problem):
    """RFC 6750 §3: the challenge names an error only when credentials were sent."""

    status, title = 401, "Not authenticated"
    challenge: ClassVar[str] = 'Bearer error="invalid_token"'

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": self.challenge})


class TokenMissing(Unauthorized):
    code = "token_missing"
    challenge = "Bearer"


class TokenInvalid(Unauthorized):
    code = "token_invalid"


class TokenExpired(Unauthorized):
    code = "token_expired"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "Not allowed"


class NotFound(Problem):
    status, title = 404, "Not found"


class TaskNotFound(NotFound):
    """Absent, deleted, or a stranger's: one and the same answer."""

    code = "task_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such task.")


class RouteNotFound(NotFound):
    code = "route_not_found"


class MethodNotAllowed(Problem):
    status, code, title = 405, "method_not_allowed", "Method not allowed"


class RequestTimeout(Problem):
    status, code, title = 408, "request_timeout", "Request timeout"

    def __init__(self) -> None:
        super().__init__("The body came too slowly; send the request again.", headers={"Connection": "close"})


class VersionMismatch(Problem):
    status, code, title = 412, "version_mismatch", "Precondition failed"

    def __init__(self) -> None:
        super().__init__("The task has changed since the version named in If-Match; read it again and retry.")


class BodyTooLarge(Problem):
    status, code, title = 413, "body_too_large", "Body too large"


class UnsupportedMediaType(Problem):
    status, code, title = 415, "unsupported_media_type", "Unsupported media type"


class ValidationFailed(Problem):
    """`errors` is a list of `{"loc": [...], "message": str, "type": str}`, the first one told in `detail`."""

    status, code, title = 422, "validation_failed", "Validation failed"


class CursorInvalid(Problem):
    status, code, title = 422, "cursor_invalid", "Cursor not valid"

    def __init__(self) -> None:
        super().__init__("This cursor was not given out for this list; start again without one.")


class IdempotencyKeyReused(Problem):
    status, code, title = 422, "idempotency_key_reused", "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another request before; take a new key for a new request.")


class PreconditionRequired(Problem):
    status, code, title = 428, "precondition_required", "Precondition required"

    def __init__(self) -> None:
        super().__init__("This write needs an If-Match header with the ETag of the version it is based on.")


class RateLimited(Problem):
    status, code, title = 429, "rate_limited", "Too many requests"

    def __init__(self, *, retry_after_seconds: int) -> None:
        super().__init__(
            "These were all the requests of a minute; go on after the seconds in Retry-After.",
            headers={"Retry-After": str(retry_after_seconds)},
        )


class HeaderTooLarge(Problem):
    """The connection ends with it."""

    status, code, title = 431, "header_too_large", "Request header fields too large"

    def __init__(self) -> None:
        super().__init__(
            "The headers of the request are larger than 16 KiB, or its URL than 64 KiB.",
            headers={"Connection": "close"},
        )


class InternalError(Problem):
    status, code, title = 500, "internal_error", "Internal error"

    def __init__(self) -> None:
        super().__init__("Something went wrong here; the request id names it in the log.")


class Unavailable(Problem):
    """A dependency does not answer. The same request may succeed after `retry_after_seconds`."""

    status, title = 503, "Temporarily unavailable"

    def __init__(self, detail: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)})


class Overloaded(Unavailable):
    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("More requests are in work here than can be answered in time; try again shortly.")


class KeysUnavailable(Unavailable):
    code = "keys_unavailable"

    def __init__(self) -> None:
        super().__init__(
            "The keys that verify tokens cannot be fetched right now; try again shortly.", retry_after_seconds=5
        )


def codes() -> list[str]:
    """Every code that an answer may have, of the problems in those modules of the package that are imported."""
    kinds = [Problem]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return sorted({kind.code for kind in kinds if hasattr(kind, "code") and kind.__module__.startswith("taskward.")})
