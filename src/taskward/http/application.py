"""The outermost application: what every request goes through, in one layer.

Each request gets its context and id, and each answer its common headers; it is logged and counted. A path is the same
with a trailing slash, and HEAD is GET without the body. Heads that are too large are refused before anything looks at
them, and preflights are answered. Direct routes are answered here; everything else is FastAPI's.
"""

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taskward.http.context import KEY, RequestContext, Services
from taskward.http.cors import METHODS, Cors
from taskward.http.direct_routes import DirectRoutes, Found
from taskward.http.errors import HeaderTooLarge
from taskward.http.headers import AT_ONCE, HeaderList, common_headers, new_request_id
from taskward.http.protocol import AtOnce
from taskward.http.responses import KeptResponse, ProblemResponse
from taskward.logs import RequestRecord, digest, request_id
from taskward.postgres.failures import DatabaseUnavailable

log = logging.getLogger("taskward.request")

MAX_HEADER_BYTES = 16 * 1024
NAMED_METHODS = frozenset((*METHODS, "OPTIONS"))
SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")

Count = Callable[[RequestContext, str, str, int, float], None]
"""A request that has ended: its context, method, route, status and seconds."""


class Application:
    """`rest` answers what is no direct route."""

    def __init__(
        self,
        rest: ASGIApp,
        services: Services,
        *,
        routes: DirectRoutes | None = None,
        cors: Cors,
        count: Count | None = None,
    ) -> None:
        self.rest = rest
        self.services = services
        self.routes = routes
        self.cors = cors
        self.count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.rest(scope, receive, send)
            return
        began = time.perf_counter()
        context = RequestContext(self.services)
        size, identity, origin, asks_for_preflight = 0, None, None, False
        for name, value in scope["headers"]:
            size += len(name) + len(value) + 4
            if name == b"x-request-id" and SANE_REQUEST_ID.fullmatch(value):
                identity = identity or value
            elif name == b"origin":
                origin = value if origin is None else origin
            elif name == b"access-control-request-method":
                asks_for_preflight = True
        if identity is None:
            identity = new_request_id()
        request_id.set(identity.decode())
        sent_method: str = scope["method"]
        method = "GET" if sent_method == "HEAD" else sent_method
        path = plain_path(scope["path"])
        if method is not sent_method or path is not scope["path"]:
            scope = {**scope, "method": method, "path": path}
        scope[KEY] = context  # as routers do, which write into it too
        headers = *common_headers(identity), *self.cors.headers_for(origin)
        answering = Answering(send, headers, is_head=sent_method == "HEAD")
        try:
            request = Request(scope, receive, answering.send)
            if origin is not None and method == "OPTIONS" and asks_for_preflight:
                answering.headers = common_headers(identity)  # the preflight's own say the rest
                context.route = "preflight"
                await answering.answer(scope, self.preflight(request, is_too_large=size > MAX_HEADER_BYTES))
            elif size > MAX_HEADER_BYTES:
                await answering.answer(scope, ProblemResponse(HeaderTooLarge()))
            elif self.routes is not None and (found := self.routes.find(method, path)) is not None:
                await self.answer_directly(self.routes, found, request, answering)
            else:
                await self.rest(scope, receive, answering.send)
        except Exception:
            # Starlette has answered it with 500 and raises it once more, to be heard.
            log.exception("a request failed unexpectedly")
        finally:
            seconds = time.perf_counter() - began
            name = sent_method if sent_method in NAMED_METHODS else "other"
            route = context.route or str(getattr(scope.get("route"), "path_format", "unknown"))
            if log.isEnabledFor(logging.INFO):
                log.handle(RequestRecord(log.name, f"{name} {route}", summary(context, answering.status, seconds)))
            if self.count is not None:
                self.count(context, name, route, answering.status, seconds)

    def preflight(self, request: Request, *, is_too_large: bool) -> Response:
        if is_too_large:
            return self.cors.with_permissions(request.headers, ProblemResponse(HeaderTooLarge()))
        return self.cors.preflight(request.headers)

    async def answer_directly(
        self, routes: DirectRoutes, found: Found, request: Request, answering: "Answering"
    ) -> None:
        scope, context = request.scope, request.scope[KEY]
        scope["app"], scope["path_params"] = routes.api, found.path_params
        context.route = found.path_format
        try:
            response = await found.answer(request)
        except Exception as error:
            response, is_expected = await routes.problem(request, error)
            await answering.answer(scope, response)
            if not is_expected:
                raise
        else:
            await answering.answer(scope, response)


class Answering:
    """The answer to one request on its way out."""

    __slots__ = ("headers", "is_head", "out", "status")

    def __init__(self, out: Send, headers: HeaderList, *, is_head: bool) -> None:
        self.out = out
        self.headers = headers
        self.is_head = is_head
        self.status = 0

    async def answer(self, scope: Scope, response: Response) -> None:
        """A response whose body is there as a whole: at once, where the server takes it so."""
        at_once: AtOnce | None = scope.get("extensions", NOTHING).get(AT_ONCE)
        if isinstance(response, ProblemResponse):
            scope[KEY].problem = response.problem
        elif isinstance(response, KeptResponse):
            others = (header for header in self.headers if header[0] != b"cache-control")
            self.headers = ((b"cache-control", response.cache_control), *others)
        headers = [*response.raw_headers, *self.headers]
        self.status = response.status_code
        body = b"" if self.is_head else bytes(response.body)
        if at_once is None or not at_once.respond(response.status_code, headers, body):
            await self.out({"type": "http.response.start", "status": response.status_code, "headers": headers})
            await self.out({"type": "http.response.body", "body": body})

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self.headers]
        elif self.is_head:
            message = {**message, "body": b""}
        await self.out(message)


NOTHING: dict[str, Any] = {}


def summary(context: RequestContext, status: int, seconds: float) -> dict[str, Any]:
    """What the line of a request says: never what a client wrote, and its owner as a digest."""
    line: dict[str, Any] = {"status": status, "ms": milliseconds(seconds)}
    session, problem = context.session, context.problem
    if context.tool is not None:
        line["tool"] = context.tool
    if context.wait is not None:
        line["waited_ms"] = milliseconds(context.wait.seconds)
    if session is not None:
        line["owner"] = digest(session.owner_id)
        if session.seconds_waited:
            line["database_ms"] = milliseconds(session.seconds_waited)
    if problem is not None:
        line["code"] = problem.code
        if isinstance(problem, DatabaseUnavailable):
            line["reason"] = problem.reason.value
    return line


def milliseconds(seconds: float) -> float:
    """To hundredths: to round to an integer takes a tenth of what Python needs to round to digits."""
    return round(seconds * 100_000) / 100


def plain_path(path: str) -> str:
    path = path[:-1] if path.endswith("/") and len(path) > 1 else path
    # The `$` of a route's pattern matches before one newline at the end, but not before two.
    return path + "\n" if path.endswith("\n") else path
