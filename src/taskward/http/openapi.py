"""What the OpenAPI document says of answers. `{noun}` stands for what the routes are about (`route.py` fills it in)."""

from collections.abc import Mapping
from typing import Any

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
    404: "You have no such {noun}, or not where this call looks for it: in your list or in your trash "
    "(`{noun}_not_found`).",
    408: "The body came too slowly (`request_timeout`).",
    412: "The {noun} has changed since the version in `If-Match`, in a batch `if_match` (`version_mismatch`).",
    413: "The body is larger than 64 KiB (`body_too_large`).",
    415: "The body is not declared as JSON (`unsupported_media_type`).",
    422: "Something sent is not valid (`validation_failed`, `cursor_invalid`, `idempotency_key_reused`).",
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


def problems(*statuses: int) -> Responses:
    """OpenAPI's description of answers that are problem documents (RFC 9457)."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: Responses = {}
    for status in sorted(statuses):
        responses |= answers(status, ANSWER_HEADERS.get(status, {}))
        responses[status]["content"] = content
    return responses


def answers(status: int, always: Mapping[str, str], sometimes: Mapping[str, str] | None = None) -> Responses:
    """OpenAPI's description of an answer, and of the headers that it always and sometimes has."""
    described = {
        name: {"description": text, "required": name in always, "schema": {"type": "string"}}
        for name, text in {**always, **(sometimes or {})}.items()
    }
    return {status: {"description": MEANINGS[status], "headers": described}}


def said_of(noun: str, responses: Responses) -> Responses:
    """The same, with the noun in its texts."""
    return {status: filled(noun, answer) for status, answer in responses.items()}


def filled(noun: str, value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("{noun}", noun)
    if isinstance(value, dict):
        return {name: filled(noun, inner) for name, inner in value.items()}
    return value
