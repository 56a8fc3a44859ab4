"""From a request to its route, past the middlewares and the routing that FastAPI has for everything else.

What no direct route takes (documents, another method, an unknown path) goes to FastAPI. Errors are answered by the
handlers that are registered there.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from taskward.http.route import DirectRoute

Answer = Callable[[Request], Awaitable[Response]]


class Found(NamedTuple):
    path_format: str
    path_params: dict[str, str]
    answer: Answer


class DirectRoutes:
    """Those of `api` that are `DirectRoute`s; they are all there."""

    def __init__(self, api: FastAPI) -> None:
        self.api = api
        self.handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = dict(api.exception_handlers)
        self.fixed: dict[tuple[str, str], Found] = {}
        """By method and path, of routes without parameters."""
        self.others: defaultdict[str, list[tuple[re.Pattern[str], str, Answer]]] = defaultdict(list)
        for context in iter_route_contexts(api.routes):
            route = context.original_route
            if isinstance(route, DirectRoute) and context.path is not None:
                pattern, path_format, convertors = compile_path(context.path)
                answer = route.get_route_handler()
                for method in route.methods or ():
                    if convertors:
                        self.others[method].append((pattern, path_format, answer))
                    else:
                        self.fixed.setdefault((method, path_format), Found(path_format, {}, answer))

    def find(self, method: str, path: str) -> Found | None:
        found = self.fixed.get((method, path))
        if found is None:
            for pattern, path_format, answer in self.others.get(method, ()):
                match = pattern.match(path)
                if match is not None:
                    return Found(path_format, match.groupdict(), answer)
        return found

    async def problem(self, request: Request, error: Exception) -> tuple[Response, bool]:
        """The answer to an error, and whether somebody expected it."""
        kind = next(kind for kind in type(error).__mro__ if kind in self.handlers)
        return await self.handlers[kind](request, error), kind is not Exception
