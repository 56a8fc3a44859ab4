"""What the OpenAPI document says of answers. `{noun}` stands for what the routes are about (`route.py` fills it in)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from taskward.auth.errors import TokenExpired
from taskward.errors import InternalError, NotFound, Problem
from taskward.http.errors import BodyTooLarge, HeaderTooLarge, RateLimited, RequestTimeout, UnsupportedMediaType
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.resources.errors import PreconditionRequired, UidTaken, VersionMismatch

Responses = dict[int | str, dict[str, Any]]
"""As FastAPI takes them: by their status."""

ETAG = {"ETag": "The version of the {noun}, for `If-Match` and `If-None-Match`."}
REPLAYED = {"Idempotent-Replayed": "`true` when this was answered before."}
LINK = {"Link": 'The next page, as `rel="next"`, while there is one.'}
TOTAL = {"X-Total-Count": "How many {noun}s there are, whatever the page; with `count=true`."}
LOCATION = {"Location": "The new {noun}."}

MEANINGS = {
    200: "Done.",
    201: "Created.",
    204: "Done; the answer has no body.",
    304: "Not modified: `If-None-Match` names the current version.",
    401: "No valid token (`token_missing`, `token_invalid`, `token_expired`).",
    403: "The token may not do this (`forbidden`).",
    404: "You have no such {noun}, or not where this call looks for it (`{noun}_not_found`).",
    408: "The body came too slowly (`request_timeout`).",
    409: "What there is does not allow it (`uid_taken`, `limit_reached`, `list_not_empty`, `too_deep`, "
    "`anchor_elsewhere`, `recurring_task`, `occurrence_not_open`, `occurrence_not_latest`).",
    410: "The token is too old, or from before a backup was restored or everything removed: throw the copy away and "
    "start without `since` (`sync_reset`).",
    412: "The {noun} has changed since the version in `If-Match`, in a batch `if_match` (`version_mismatch`).",
    413: "The body is larger than 64 KiB (`body_too_large`).",
    415: "The body is not declared as JSON (`unsupported_media_type`).",
    422: "Something sent is not valid (`validation_failed`, `cursor_invalid`, `idempotency_key_reused`, "
    "`reference_not_found`, `recurrence_empty`).",
    428: "The server requires `If-Match` on writes, in a batch `if_match` (`precondition_required`).",
    429: "More requests than this owner may make in a minute (`rate_limited`).",
    431: "The headers are larger than 16 KiB, or the URL than 64 KiB (`header_too_large`).",
    500: "A bug here (`internal_error`).",
    503: "The database or the keys cannot be reached right now, or there is too much to do "
    "(`database_unavailable`, `keys_unavailable`, `overloaded`).",
}

ANSWER_HEADERS: dict[int, dict[str, str]] = {
    401: {"WWW-Authenticate": "The challenge of RFC 6750."},
    429: {"Retry-After": "Seconds until the next minute begins."},
    503: {"Retry-After": "Seconds to wait before trying again."},
}


SOMETIMES: dict[int, dict[str, str]] = {409: {"Location": "The {noun} that is in the way."}}


EXAMPLES: dict[int, dict[str, Any]] = {
    problem.status: problem.document()
    for problem in (
        TokenExpired("The token has expired; get a new one and repeat the request."),
        RequestTimeout(),
        UidTaken("{noun}", holder=7),
        VersionMismatch("{noun}"),
        BodyTooLarge("The body is larger than 65536 bytes."),
        UnsupportedMediaType("The body must be JSON, with the header Content-Type: application/json."),
        PreconditionRequired(),
        RateLimited(retry_after_seconds=30),
        HeaderTooLarge(),
        InternalError(),
        DatabaseUnavailable(Reason.DOWN),
    )
} | {
    NotFound.status: {
        "type": "urn:problem-type:taskward:{noun}_not_found",
        "title": NotFound.title,
        "status": NotFound.status,
        "code": "{noun}_not_found",
        "detail": "There is no such {noun}.",
    }
}
"""One that can come with the status, whatever the call."""


def problems(*statuses: int, examples: Mapping[int, Problem] = MappingProxyType({})) -> Responses:
    """OpenAPI's description of answers that are problem documents (RFC 9457). `examples` are those that depend on the
    call: of 422 there is no other."""
    responses: Responses = {}
    for status in sorted(statuses):
        responses |= answers(status, ANSWER_HEADERS.get(status, {}), SOMETIMES.get(status))
        example = examples[status].document() if status in examples else EXAMPLES[status]
        schema = {"$ref": "#/components/schemas/Problem"}
        responses[status]["content"] = {"application/problem+json": {"schema": schema, "example": example}}
    return responses


def answers(
    status: int, always: Mapping[str, str], sometimes: Mapping[str, str] | None = None, *, example: Any = None
) -> Responses:
    """OpenAPI's description of an answer, and of the headers that it always and sometimes has. `example` is for an
    answer whose shape has none that fits."""
    described = {
        name: {"description": text, "required": name in always, "schema": {"type": "string"}}
        for name, text in {**always, **(sometimes or {})}.items()
    }
    content = {} if example is None else {"content": {"application/json": {"example": example}}}
    return {status: {"description": MEANINGS[status], "headers": described, **content}}


def said_of(noun: str, responses: Responses) -> Responses:
    """The same, with the noun in its texts."""
    return {status: filled(noun, answer) for status, answer in responses.items()}


def filled(noun: str, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("{noun}", noun)
    if isinstance(value, dict):
        return {name: filled(noun, inner) for name, inner in value.items()}
    return value
