"""Parameters that the calls of every resource take: ids, limits, cursors and idempotency keys."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Query
from pydantic import BeforeValidator, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request

from taskward.http.context import settings_of
from taskward.http.validation import invalid
from taskward.resources.idempotency import Idempotency, fingerprint_of
from taskward.resources.paging import PageRequest
from taskward.resources.references import Reference, reference_in
from taskward.resources.shapes import REFERENCE, Body

DEFAULT_LIMIT = 100


def digits(value: str) -> int:
    # Python would take "+1", " 1", "1_0" and digits of other scripts for numbers too.
    if not re.fullmatch(r"[0-9]+", value):
        raise ValueError("This must be a whole number in digits")
    if len(value) > 16:
        raise ValueError("This number is too large")
    return int(value)


PathId = Annotated[
    Reference,
    Path(description="The id, or the uid.", examples=[7, "6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"]),
    BeforeValidator(reference_in),
    WithJsonSchema(REFERENCE),
]
# The bounds come first: after a validator they would not be published in OpenAPI.
Skip = Annotated[
    int,
    Query(ge=0, le=2**31 - 1, description="How many to leave out at the beginning; `cursor` is quicker and steady."),
    BeforeValidator(digits),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most."), BeforeValidator(digits)]
Cursor = Annotated[
    str | SkipJsonSchema[None],
    Query(description="Where to go on, in place of `skip`: from the `Link` of the page before."),
]


def page_request(skip: Skip = 0, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> PageRequest:
    return PageRequest(limit, cursor, skip)


def page_behind_cursor(limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> PageRequest:
    return PageRequest(limit, cursor)


Paging = Annotated[PageRequest, Depends(page_request)]
PagingByCursor = Annotated[PageRequest, Depends(page_behind_cursor)]


def trash_days(request: Request) -> int:
    return settings_of(request).trash_days


TrashDays = Annotated[int, Depends(trash_days)]


@dataclass(frozen=True, slots=True)
class IdempotencyKeyHeader:
    """`Idempotency-Key`, if it was sent, and the call that it came with."""

    key: str | None
    call: str

    def of(self, body: Body | None = None) -> Idempotency | None:
        """None when the request may happen as often as it is sent."""
        if self.key is None:
            return None
        return Idempotency(self.key, fingerprint_of(self.call, "" if body is None else body.meaning()))


KEY_TEXT = "^[!-~]{1,255}$"


def visible(key: str) -> str:
    if not re.fullmatch(KEY_TEXT.strip("^$"), key):
        raise ValueError("A key has 1 to 255 visible characters of ASCII, and no space")
    return key


def idempotency_key(
    request: Request,
    key: Annotated[
        str | SkipJsonSchema[None],
        Header(
            alias="Idempotency-Key",
            description="The same for each retry of one request, and new for each new one. Kept for 24 hours.",
            examples=["6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"],
            json_schema_extra={"pattern": KEY_TEXT},
        ),
        BeforeValidator(visible),
    ] = None,
) -> IdempotencyKeyHeader:
    if key is not None and len(request.headers.getlist("idempotency-key")) > 1:
        raise invalid(["header", "Idempotency-Key"], "This header may stand only once.", "repeated_header")
    # Without the prefix, so that another one, and a mount elsewhere, does not make a retry another request.
    path = request.scope["path"].removeprefix(settings_of(request).api_prefix)
    query = request.scope["query_string"].decode("latin-1")
    return IdempotencyKeyHeader(key, f"{request.scope['method']} {path}{'?' if query else ''}{query}")


IdempotencyKey = Annotated[IdempotencyKeyHeader, Depends(idempotency_key)]
