"""From a request to its route, past the middlewares and the routing that FastAPI has for everything else.

What no direct route takes (documents, another method, an unknown path) goes to FastAPI. Errors are answered by the
handlers that are registered there.
"""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from taskward.http.route import DirectRoute

Answer = Callable[[Request], Awaitable[Response]]


class Found(NamedTuple):
    path_format: str
    path_params: dict[str, str]
    answer: Answer


class Api(FastAPI):
    """Knows which routers it includes, and where. FastAPI tells it by working out each of their routes once more, which
    would take a twentieth of a start; so it does that when something is asked for that is no direct route.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.included: list[tuple[str, APIRouter]] = []

    def include_router(self, router: APIRouter, *, prefix: str = "", **options: Any) -> None:
        super().include_router(router, prefix=prefix, **options)
        self.included.append((prefix, router))


class DirectRoutes:
    """Those of `api` that are `DirectRoute`s; they are all there."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.handlers: dict[Any, Callable[[Request, Exception], Awaitable[Response]]] = dict(api.exception_handlers)
        self.fixed: dict[tuple[str, str], Found] = {}
        """By method and path, of routes without parameters."""
        self.others: defaultdict[str, list[tuple[re.Pattern[str], str, Answer]]] = defaultdict(list)
        for prefix, router in api.included:
            for route in router.routes:
                if isinstance(route, DirectRoute):
                    self.add(prefix + route.path, route)

    def add(self, path: str, route: DirectRoute) -> None:
        pattern, path_format, convertors = compile_path(path)
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
