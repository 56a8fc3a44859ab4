"""What every request works with, and what the layers that it passes tell each other of it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.types import Scope

from taskward.auth.authenticator import Authenticator
from taskward.auth.demand import Demand
from taskward.errors import Problem
from taskward.http.admission import Admission
from taskward.postgres.pool import Pool
from taskward.resources.news import News
from taskward.resources.session import Session
from taskward.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Of one application, from its start to its end."""

    settings: Settings
    authenticator: Authenticator
    demand: Demand
    """What the routes of the API ask of a token beyond being genuine."""
    pool: Pool
    admission: Admission
    news: News


@dataclass(slots=True)
class Wait:
    """For news, which is no work."""

    end: str
    seconds: float = 0


@dataclass(slots=True)
class RequestContext:
    """What becomes known of a request on its way, for its line in the log and for the metrics."""

    services: Services
    route: str | None = None
    """The path as the route has it; None while no direct route was found."""
    session: Session | None = None
    """None until the caller is authenticated."""
    problem: Problem | None = None
    """The one that was answered."""
    wait: Wait | None = None
    tool: str | None = None
    """The one that an assistant has called."""


KEY = "taskward"
"""Where an ASGI scope has the context."""


def context_in(scope: Scope) -> RequestContext:
    context: RequestContext = scope[KEY]
    return context


def context_of(request: HTTPConnection) -> RequestContext:
    return context_in(request.scope)


def settings_of(request: Request) -> Settings:
    return context_of(request).services.settings


CurrentSettings = Annotated[Settings, Depends(settings_of)]
