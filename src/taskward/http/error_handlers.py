"""Each error becomes one problem document (RFC 9457)."""

import logging

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from taskward.errors import InternalError, Problem
from taskward.http.conditions import every_line
from taskward.http.context import settings_of
from taskward.http.errors import MethodNotAllowed, RouteNotFound
from taskward.http.responses import ProblemResponse, location_of
from taskward.postgres.failures import DatabaseRefused, DatabaseUnavailable, Reason
from taskward.resources.errors import UidTaken, VersionMismatch

log = logging.getLogger("taskward")


def add_error_handlers(api: FastAPI) -> None:
    api.add_exception_handler(Problem, answer_problem)
    api.add_exception_handler(VersionMismatch, answer_mismatch)
    api.add_exception_handler(UidTaken, answer_taken)
    api.add_exception_handler(HTTPException, answer_unrouted)
    api.add_exception_handler(DatabaseRefused, answer_refusal)
    api.add_exception_handler(ClientDisconnect, answer_disconnected)
    api.add_exception_handler(Exception, answer_bug)


async def answer_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for it
    return ProblemResponse(problem)


async def answer_mismatch(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, VersionMismatch)  # noqa: S101 - registered for it
    if (if_match := every_line(request, b"if-match")) is not None and "operation" not in problem.members:
        problem.explain(if_match)
    return ProblemResponse(problem)


async def answer_taken(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, UidTaken)  # noqa: S101 - registered for it
    if problem.holder is not None:
        path = request.scope["path"]
        collection = path.rpartition("/")[0] if "operation" in problem.members else path  # of a batch, or of a creation
        problem.headers["Location"] = location_of(request, problem.holder, collection=collection)
    return ProblemResponse(problem)


async def answer_unrouted(request: Request, error: Exception) -> Response:
    """Starlette's own errors: a path that leads nowhere, or a method that it does not know."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if error.status_code == 404:
        return ProblemResponse(
            RouteNotFound(
                f"There is nothing at this path; the documentation is at {settings_of(request).root_path}/docs."
            )
        )
    if error.status_code == 405:
        allowed = ", ".join(methods_at(request))
        return ProblemResponse(MethodNotAllowed(f"This path takes {allowed}.", headers={"Allow": allowed}))
    raise error


def methods_at(request: Request) -> list[str]:
    """All that the path takes (RFC 9110 §10.2.1), whichever route takes it."""
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.matches({**request.scope, "root_path": ""})[0] is not Match.NONE:
            found |= route.methods or set()
    return sorted(found | {"HEAD"} if "GET" in found else found)


async def answer_refusal(_: Request, refusal: Exception) -> Response:
    log.error("%s", refusal)
    return ProblemResponse(DatabaseUnavailable(Reason.REFUSED))


async def answer_disconnected(_: Request, __: Exception) -> Response:
    """The client has gone in the middle of its body; nobody reads this."""
    return Response(status_code=499)  # as proxies have it in their logs


async def answer_bug(_: Request, __: Exception) -> Response:
    return ProblemResponse(InternalError())
