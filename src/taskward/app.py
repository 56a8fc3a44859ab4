"""The application, put together: every route, and what they all work with. The only composer."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

from taskward.auth.authenticator import authenticator
from taskward.auth.demand import demand_of
from taskward.auth.issuer import LocalIssuer
from taskward.auth.trust import NO_SDK, trust_of_agents
from taskward.doors import calendar, changes
from taskward.http import probes
from taskward.http.admission import Admission
from taskward.http.application import Application
from taskward.http.context import RequestContext, Services
from taskward.http.cors import Cors
from taskward.http.direct_routes import Api, DirectRoutes
from taskward.http.documents import add_documents, document_of
from taskward.http.error_handlers import add_error_handlers
from taskward.lists import routes as lists
from taskward.migrations import REVISIONS
from taskward.owners import routes as owners
from taskward.postgres.pool import Pool
from taskward.resources.clock import NEWS_TICK, owned_tables
from taskward.resources.news import News
from taskward.settings import Settings, SettingsError, read_settings
from taskward.tasks import routes as tasks
from taskward.tasks.errors import TaskNotFound

if TYPE_CHECKING:
    from taskward.doors.mcp import Door

DESCRIPTION = """Tasks of the people who sign in with [Better Auth](https://better-auth.com): each sees only their own.

Send a JWT of Better Auth (`authClient.token()`), or with `taskward dev` one of `taskward token`, as
`Authorization: Bearer …`. Errors are problem documents (RFC 9457) with a
`code` for programs and a `detail` for people."""


class Observer(Protocol):
    """Who counts what happens."""

    def count(self, context: RequestContext, method: str, route: str, status: int, seconds: float) -> None: ...

    async def sample_for_ever(self) -> None: ...


Observe = Callable[[Services], Observer | None]


def create_app(
    settings: Settings | None = None,
    *,
    local_issuer: LocalIssuer | None = None,
    observe: Observe = lambda _: None,
    news: News | None = None,
) -> ASGIApp:
    """The ASGI application; without settings, those of the environment.

    `local_issuer` is trusted beside Better Auth: for development alone. `observe` makes who counts. `news` is what
    writes tell of and calls wait for, where others have to do with it.

    Raises:
        SettingsError: there is no database or nothing to verify tokens with.
    """
    settings = settings or read_settings()
    services = services_of(settings, local_issuer=local_issuer, news=news)
    observer = observe(services)
    return served(routed(settings, services, observer), services, observer)


def served(api: Api, services: Services, observer: Observer | None = None) -> ASGIApp:
    settings = services.settings
    headers = (*settings.cors_headers, *(MCP_HEADERS if settings.mcp else ()))
    return Application(
        api,
        services,
        routes=DirectRoutes(api),
        cors=Cors(origins=settings.cors_origins, headers=headers),
        count=None if observer is None else observer.count,
    )


MCP_HEADERS = ("Mcp-Protocol-Version", "Mcp-Session-Id", "Mcp-Method", "Mcp-Name", "Last-Event-ID")
"""What the protocol has pages send."""


def services_of(settings: Settings, *, local_issuer: LocalIssuer | None, news: News | None = None) -> Services:
    if settings.url is None:
        raise SettingsError("DATABASE_URL is missing: it names the PostgreSQL database.")
    pool = Pool(
        settings.url,
        pool_size=settings.database_pool_size,
        deadline_seconds=settings.request_deadline_seconds,
        owned_tables=owned_tables(),
        revisions=REVISIONS,
    )
    news = news or News()
    if settings.webhook_url is not None:
        from taskward.doors.webhook import Dispatcher  # its HTTP client is for those who want it

        news.tick = NEWS_TICK
        news.dispatcher = Dispatcher(settings, pool, leave=news.leave)
    tokens = authenticator(settings, trusts=[] if local_issuer is None else [local_issuer.trust])
    return Services(
        settings=settings,
        authenticator=tokens,
        # A trust for another endpoint must not be among these, or its tokens would pass at the API.
        demand=demand_of(tokens.trusts),
        pool=pool,
        admission=Admission(pool, requests_per_minute=settings.rate_limit_per_minute),
        news=news,
    )


def agents_door(services: Services) -> "Door":
    """
    Raises:
        SettingsError: it cannot be opened with these settings, or its extra is not installed.
    """
    trusts = services.authenticator.trusts
    trust = trust_of_agents(services.settings, trusts[-1] if trusts else None)
    try:
        from taskward.doors.mcp import Door  # takes half a second to import, and most have no use for it
    except ModuleNotFoundError as missing:
        if missing.name not in ("mcp", "mcp_types"):
            raise
        raise SettingsError(NO_SDK) from None
    return Door(services, trust)


def routed(settings: Settings, services: Services | None = None, observer: Observer | None = None) -> Api:
    """Every route. Without services it can only be described."""
    agents = agents_door(services) if settings.mcp and services is not None else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        assert services is not None  # noqa: S101 - who serves has them
        await services.pool.open()
        services.authenticator.open()  # the HTTP client that it loads is for the first token
        # What start-up made stays: looking through it again and again cost pauses of tens of milliseconds. To look
        # through it once, now, takes a tenth of a second, and finds two megabytes.
        gc.freeze()
        gc.enable()
        dispatcher = services.news.dispatcher
        if dispatcher is not None:
            dispatcher.open()
        sampling = None if observer is None else asyncio.create_task(observer.sample_for_ever())
        async with nullcontext() if agents is None else agents.running():
            yield
        if sampling is not None:
            sampling.cancel()
        if dispatcher is not None:
            await dispatcher.close()
        await services.authenticator.close()
        await services.pool.close()

    api = Api(
        title="Taskward",
        version=metadata.version("taskward"),
        description=DESCRIPTION,
        openapi_tags=[*tasks.GROUPS, *lists.GROUPS, *changes.GROUPS, *calendar.GROUPS, *owners.GROUPS, *probes.GROUPS],
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for router in (*tasks.ROUTERS, *lists.ROUTERS, tasks.list_router):
        api.include_router(router, prefix=settings.api_prefix)
    api.include_router(changes.router, prefix=settings.api_prefix)
    api.include_router(calendar.router, prefix=settings.api_prefix)
    api.include_router(calendar.link_router, prefix=settings.api_prefix)
    api.include_router(owners.router, prefix=settings.api_prefix)
    api.include_router(probes.router)
    if agents is not None:
        api.include_router(agents.router)
    add_documents(api, example=TaskNotFound(), root_path=settings.root_path)
    add_error_handlers(api)
    return api


def openapi_document(settings: Settings) -> dict[str, Any]:
    return document_of(routed(settings), example=TaskNotFound(), root_path=settings.root_path)
