"""The layers around the application: request ids, common headers, HEAD, the log, CORS, the limit of headers."""

import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskward.errors import Problem
from taskward.http.context import KEY, RequestContext, Services
from taskward.http.errors import HeaderTooLarge, PreflightRefused
from taskward.http.headers import common_headers, new_request_id
from taskward.http.responses import ProblemResponse
from taskward.logs import digest, request_id

log = logging.getLogger("taskward.request")

MAX_HEADER_BYTES = 16 * 1024
SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
REQUEST_HEADERS = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-ID")
RESPONSE_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
    "Idempotent-Replayed",
)


Count = Callable[[RequestContext, str, str, int, float], None]
"""A request that has ended: its context, method, route, status and seconds."""


class RequestScope:
    """The outermost application: gives each request its context and id and each answer its common headers, logs and
    counts it.

    A path is the same with a trailing slash, and HEAD is GET without the body.
    """

    def __init__(self, app: ASGIApp, services: Services, *, count: Count | None = None) -> None:
        self.app = app
        self.services = services
        self.count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        context = RequestContext(self.services)
        identity = request_id_in(scope)
        request_id.set(identity.decode())
        method = scope["method"]
        is_head = method == "HEAD"
        scope = {**scope, "method": "GET" if is_head else method, "path": plain_path(scope["path"]), KEY: context}
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *common_headers(identity)]
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - began
            method = method if method in METHODS else "other"
            route = context.route or str(getattr(scope.get("route"), "path_format", "unknown"))
            if log.isEnabledFor(logging.INFO):
                log.info("%s %s", method, route, extra=summary(context, status, seconds))
            if self.count is not None:
                self.count(context, method, route, status, seconds)


class HeaderLimit:
    """Refuses what a common proxy would refuse too, before anything looks at it. CORS stands around it, and refuses
    a preflight alike."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and are_too_large(scope["headers"]):
            await ProblemResponse(HeaderTooLarge())(scope, receive, send)
            return
        await self.app(scope, receive, send)


class UnexpectedErrors:
    """Logs what nobody expected. Starlette has answered it with 500 and raises it once more, to be heard.

    CORS stands around it, so that a browser may read that answer too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        except Exception:
            if scope["type"] != "http":
                raise
            log.exception("a request failed unexpectedly")


class Cors(CORSMiddleware):
    """Starlette's, with a refused preflight that answers like every other error."""

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            allow_credentials=True,
            expose_headers=RESPONSE_HEADERS,
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def send_varied(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"vary", b"Origin")]
            await send(message)

        await self.app(scope, receive, send_varied)

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(without_empty_names(request_headers))
        problem: Problem
        if are_too_large(request_headers.raw):
            problem = HeaderTooLarge()
        elif response.status_code >= 400:
            problem = PreflightRefused("This origin, method or header is not allowed to call from a page.")
        else:
            return response
        refused = ProblemResponse(problem)
        refused.headers.update(
            {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}
        )
        return refused


ASKED_NAMES = "access-control-request-headers"


def without_empty_names(headers: Headers) -> Headers:
    """RFC 9110 §5.6.1: a list may have empty elements, and stand on several lines."""
    names = [name for line in headers.getlist(ASKED_NAMES) for name in line.split(",") if name.strip()]
    others = [(name, value) for name, value in headers.raw if name != ASKED_NAMES.encode()]
    asked = [(ASKED_NAMES.encode(), ",".join(names).encode("latin-1"))] if names else []
    return Headers(raw=[*others, *asked])


def summary(context: RequestContext, status: int, seconds: float) -> dict[str, Any]:
    """What the line of a request says: never what a client wrote, and its owner as a digest."""
    line: dict[str, Any] = {"status": status, "ms": milliseconds(seconds)}
    session, problem = context.session, context.problem
    if session is not None:
        line["owner"] = digest(session.owner_id)
        if session.seconds_waited:
            line["database_ms"] = milliseconds(session.seconds_waited)
    if problem is not None:
        line["code"] = problem.code
    return line


def milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)


def request_id_in(scope: Scope) -> bytes:
    """The client's own when it is sane, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and SANE_REQUEST_ID.fullmatch(value):
            return bytes(value)
    return new_request_id()


def are_too_large(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """As they are sent: names, values, and a colon, a space and a line's end each."""
    size = 0
    for name, value in headers:
        size += len(name) + len(value) + 4
    return size > MAX_HEADER_BYTES


def plain_path(path: str) -> str:
    path = path[:-1] if path.endswith("/") and len(path) > 1 else path
    # The `$` of a route's pattern matches before one newline at the end, but not before two.
    return path + "\n" if path.endswith("\n") else path
