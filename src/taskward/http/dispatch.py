"""From a request to its owner route, past the middlewares and the routing that FastAPI has for everything else.

What no owner route takes (documents, health, another method, an unknown path) goes to FastAPI. Errors are answered
by the handlers that are registered there.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from taskward.http.context import context_in
from taskward.http.route import OwnerRoute

Answer = Callable[[Request], Awaitable[Response]]


class Dispatch:
    """In front of `api`, whose routes are all there."""

    def __init__(self, api: FastAPI) -> None:
        self.api = api
        self.handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = dict(api.exception_handlers)
        self.routes: defaultdict[str, list[tuple[re.Pattern[str], str, Answer]]] = defaultdict(list)
        for context in iter_route_contexts(api.routes):
            route = context.original_route
            if isinstance(route, OwnerRoute) and context.path is not None:
                pattern, path_format, _ = compile_path(context.path)
                for method in route.methods or ():
                    self.routes[method].append((pattern, path_format, route.get_route_handler()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = scope["path"]
            for pattern, path_format, answer in self.routes.get(scope["method"], ()):
                match = pattern.match(path)
                if match is not None:
                    scope["app"], scope["path_params"] = self.api, match.groupdict()
                    context_in(scope).route = path_format
                    await self.answer(answer, Request(scope, receive, send))
                    return
        await self.api(scope, receive, send)

    async def answer(self, answer: Answer, request: Request) -> None:
        try:
            response = await answer(request)
        except Exception as error:
            kind = next(kind for kind in type(error).__mro__ if kind in self.handlers)
            response = await self.handlers[kind](request, error)
            await response(request.scope, request.receive, request._send)
            if kind is Exception:
                raise
            return
        await response(request.scope, request.receive, request._send)
