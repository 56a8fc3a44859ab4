"""The route class of everything that belongs to an owner: authenticate first, then read strictly.

FastAPI parses a body before its dependencies run, so bad JSON without a token would be answered 422. Here the
order is that of the contract: 401, 415, 413, 422, and then the endpoint, which stays a plain function.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from itertools import takewhile
from typing import Annotated, Any, ClassVar, NoReturn
from urllib.parse import parse_qsl

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from taskward.errors import BodyTooLarge, RequestTimeout, UnsupportedMediaType, ValidationFailed
from taskward.http.binding import Errors, Plan, may_repeat
from taskward.resources.session import Session
from taskward.resources.shapes import MAX_TOLD
from taskward.strict_json import NotStrict, decoded, flaw_in

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10
JSON_MEDIA_TYPE = re.compile(rb"application/([A-Za-z0-9!#$&^_.+-]+\+)?json[ \t]*(;.*)?", re.IGNORECASE)  # RFC 6839 §3.1
PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class CurrentSessionScheme(SecurityBase):
    """Declares the bearer token in OpenAPI, and hands the endpoint the owner whom the route has authenticated."""

    def __init__(self) -> None:
        self.model = BearerModel(bearerFormat="JWT", description="A JWT of Better Auth, from `/api/auth/token`.")
        self.scheme_name = "BetterAuth"

    def __call__(self, request: Request) -> Session:
        session: Session = request.scope["taskward.session"]
        return session


CurrentSession = Annotated[Session, Depends(CurrentSessionScheme())]


class OwnerRoute(APIRoute):
    """Takes the authenticator and the database from `app.state`."""

    max_body_bytes: ClassVar[int] = MAX_BODY_BYTES
    refuses_unknown_parameters: ClassVar[bool] = False
    """Where a route has no query parameters; one that has some always does."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        of_a_body = () if self.body_field is None else (408, 413, 415)
        self.responses = problems(401, 422, 429, 431, 500, 503, *of_a_body) | self.responses

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, plan, has_body = self.endpoint, Plan(self.dependant), self.body_field is not None
        parameters = {field.alias: may_repeat(field) for field in self.dependant.query_params}
        checks_query = bool(parameters) or self.refuses_unknown_parameters

        async def answer(request: Request) -> Response:
            scope, state = request.scope, request.app.state
            deadline_seconds = state.pool.deadline_seconds
            loop = asyncio.get_running_loop()
            deadline = loop.time() + deadline_seconds
            caller = await state.authenticator.caller(
                scope["headers"], demand=state.demand, deadline_seconds=deadline_seconds
            )
            session = scope["taskward.session"] = Session(caller.owner, state.pool, deadline)
            state.admission.count(session.owner_id)
            errors: Errors = []
            body = None
            if has_body:
                raw = await body_of(request, max_bytes=self.max_body_bytes)
                # A slow sender has taken none of the time to answer.
                session.deadline = loop.time() + deadline_seconds
                body = value_of(raw)
                flaw = flaw_in(body)
                if flaw is not None:
                    errors.append({"type": "json_invalid", "loc": ("body", *flaw.place), "msg": flaw.reason})
            if checks_query and scope["query_string"]:
                check_query(scope["query_string"], parameters)
            values = plan.bind(request, body, errors)
            if errors:
                raise self.refusal(errors)
            state.admission.begin()
            try:
                response: Response = await endpoint(**values)
            finally:
                state.admission.end()
            return response

        return answer

    def refusal(self, errors: Sequence[Any]) -> ValidationFailed:
        """What Pydantic found wrong, as it is told."""
        fields = tuple(getattr(self.body_field.field_info.annotation, "model_fields", ())) if self.body_field else ()
        return validation_failed(errors, fields=fields, replaces="PUT" in (self.methods or ()))


async def body_of(request: Request, *, max_bytes: int) -> bytes:
    """The body, if it is declared as JSON and not too large."""
    media_type, length = b"", b"0"
    for name, value in reversed(request.scope["headers"]):  # of several the first counts
        if name == b"content-type":
            media_type = value
        elif name == b"content-length":
            length = value
    if not JSON_MEDIA_TYPE.fullmatch(media_type):
        raise UnsupportedMediaType("The body must be JSON, with the header Content-Type: application/json.")
    if int(length) > max_bytes:
        raise too_large(max_bytes)
    body, has_more = b"", True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while has_more and len(body) <= max_bytes:
                part, has_more = await received(request)
                body += part
    except TimeoutError:
        raise RequestTimeout from None
    if len(body) > max_bytes:
        raise too_large(max_bytes)
    return body


def value_of(raw: bytes) -> Any:
    try:
        return decoded(raw)
    except NotStrict as reason:
        refuse(["body"], str(reason), "json_invalid")


async def received(request: Request) -> tuple[bytes, bool]:
    """A part of the body, and whether there is more."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {max_bytes} bytes.")


def check_query(query: bytes, parameters: Mapping[str, bool]) -> None:
    """Every parameter is known, and stands once unless it is one that may repeat (true).

    One that begins with `_` belongs to somebody else and is ignored.
    """
    seen: set[str] = set()
    for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name.startswith("_"):
            continue
        if name not in parameters:
            known = f"known are {', '.join(sorted(parameters))}" if parameters else "this call takes none"
            refuse(["query"], f"Unknown parameter; {known}.", "unknown_parameter")
        if name in seen and not parameters[name]:
            refuse(["query", name], "This parameter may stand only once.", "repeated_parameter")
        seen.add(name)


def refuse(loc: list[str], message: str, kind: str) -> NoReturn:
    raise validation_failed([{"loc": loc, "msg": message, "type": kind}])


def validation_failed(errors: Sequence[Any], *, fields: Sequence[str] = (), replaces: bool = False) -> ValidationFailed:
    """Pydantic's errors without what they repeat of the input."""
    told = [as_told(error, fields, replaces) for error in errors[:MAX_TOLD]]
    first = told[0]
    return ValidationFailed(f"{'.'.join(map(str, first['loc']))}: {first['message']}", errors=told)


def as_told(error: Any, fields: Sequence[str], replaces: bool) -> dict[str, Any]:
    kind, loc = error["type"], list(error["loc"])
    if loc[0] == "body":  # whose names the client may have made up
        loc = list(takewhile(is_plain, loc))
    else:  # behind the name stand indexes, and what Pydantic calls the branches of a union
        loc = [*loc[:2], *(part for part in loc[2:] if isinstance(part, int))]
    message = error["msg"].removeprefix("Value error, ").rstrip(".") + "."
    if kind == "extra_forbidden":
        message = f"Unknown field; allowed are {', '.join(fields)}."
    elif kind in ("model_attributes_type", "model_type", "dict_type"):
        message = "The body must be a JSON object."
    elif kind == "missing" and replaces:
        message = "This field is required, because PUT replaces the whole; PATCH changes only what it is sent."
    elif kind == "missing":
        message = "This field is required."
    return {"loc": loc, "message": message, "type": kind}


def is_plain(part: str | int) -> bool:
    return isinstance(part, int) or bool(PLAIN_NAME.fullmatch(part))


MEANINGS = {
    200: "Done.",
    201: "Created.",
    204: "Done; the answer has no body.",
    304: "Not modified: `If-None-Match` names the current version.",
    401: "No valid token (`token_missing`, `token_invalid`, `token_expired`).",
    404: "You have no such task, or not where this call looks for it: in your list or in your trash "
    "(`task_not_found`).",
    408: "The body came too slowly (`request_timeout`).",
    412: "The task has changed since the version in `If-Match`, in a batch `if_match` (`version_mismatch`).",
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


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of answers that are problem documents (RFC 9457)."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[int | str, dict[str, Any]] = {}
    for status in sorted(statuses):
        responses |= answers(status, ANSWER_HEADERS.get(status, {}))
        responses[status]["content"] = content
    return responses


def answers(
    status: int, always: Mapping[str, str], sometimes: Mapping[str, str] | None = None
) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's description of an answer, and of the headers that it always and sometimes has."""
    described = {
        name: {"description": text, "required": name in always, "schema": {"type": "string"}}
        for name, text in {**always, **(sometimes or {})}.items()
    }
    return {status: {"description": MEANINGS[status], "headers": described}}
