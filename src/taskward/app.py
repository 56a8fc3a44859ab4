"""The application, put together: routes, authenticator, database, the one handler of errors. The only composer."""

import asyncio
import gc
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import metadata, resources
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp

from taskward.auth.issuer import LocalIssuer
from taskward.auth.tokens import authenticator
from taskward.errors import (
    InternalError,
    MethodNotAllowed,
    Problem,
    RouteNotFound,
    TaskNotFound,
    codes,
)
from taskward.http.admission import Admission
from taskward.http.dispatch import Dispatch
from taskward.http.middleware import Cors, Edge, HeaderLimit, LastResort, ProblemResponse
from taskward.http.route import problems
from taskward.migrations import REVISIONS
from taskward.operations.exposition import reserve_files
from taskward.postgres.failures import DatabaseRefused, DatabaseUnavailable, Reason
from taskward.postgres.pool import Pool
from taskward.resources.clock import owned_tables
from taskward.settings import Settings, SettingsError, read_settings
from taskward.tasks import routes as tasks

if TYPE_CHECKING:
    from taskward.operations.metrics import Metrics

log = logging.getLogger("taskward")

DESCRIPTION = """Tasks of the people who sign in with [Better Auth](https://better-auth.com): each sees only their own.

Send the JWT of `/api/auth/token` as `Authorization: Bearer …`. Errors are problem documents (RFC 9457) with a
`code` for programs and a `detail` for people."""

SWAGGER_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}

# The page loads nothing from another host, and may not.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Health(BaseModel):
    status: str


def create_app(settings: Settings | None = None, *, local_issuer: LocalIssuer | None = None) -> ASGIApp:
    """The ASGI application; without settings, those of the environment.

    `local_issuer` is trusted beside Better Auth: for development alone.

    Raises:
        SettingsError: there is no database or nothing to verify tokens with.
    """
    settings = settings or read_settings()
    api = create_api(settings, local_issuer=local_issuer)
    metrics = api.state.metrics
    return Edge(
        Cors(HeaderLimit(LastResort(Dispatch(api))), origins=settings.cors_origins),
        count=None if metrics is None else metrics.count,
    )


def openapi_document(settings: Settings) -> dict[str, Any]:
    return document_of(routed(settings))


def create_api(settings: Settings, *, local_issuer: LocalIssuer | None) -> FastAPI:
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL is missing: it names the PostgreSQL database.")
    api = routed(settings)
    api.state.settings = settings
    api.state.authenticator = authenticator(settings, local=local_issuer)
    api.state.pool = Pool(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        deadline_seconds=settings.request_deadline_seconds,
        owned_tables=owned_tables(),
        revisions=REVISIONS,
    )
    api.state.admission = Admission(api.state.pool, requests_per_minute=settings.rate_limit_per_minute)
    api.state.metrics = counted(api) if settings.metrics_address is not None else None
    return api


def counted(api: FastAPI) -> "Metrics | None":
    """None when the files of the numbers cannot be had: who cannot count still serves."""
    try:
        reserve_files()
        from taskward.operations.metrics import Metrics  # Prometheus' client, for those who want it

        return Metrics(api.state.authenticator, api.state.admission, api.state.pool)
    except OSError as error:
        log.error("this process has no metrics: %s", error)
        return None


@asynccontextmanager
async def lifespan(api: FastAPI) -> AsyncIterator[None]:
    await api.state.pool.open()
    # What start-up made stays: looking through it again and again cost pauses of tens of milliseconds.
    gc.collect()
    gc.freeze()
    gc.enable()
    sampling = asyncio.create_task(api.state.metrics.sample_for_ever()) if api.state.metrics is not None else None
    yield
    if sampling is not None:
        sampling.cancel()
    await api.state.authenticator.close()
    await api.state.pool.close()


def routed(settings: Settings) -> FastAPI:
    api = FastAPI(
        title="Taskward",
        version=metadata.version("taskward"),
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    api.include_router(tasks.router, prefix=settings.api_prefix)
    api.include_router(tasks.everyday, prefix=settings.api_prefix)
    api.include_router(operations)
    add_docs(api)
    api.add_exception_handler(Problem, answer_problem)
    api.add_exception_handler(HTTPException, answer_unrouted)
    api.add_exception_handler(DatabaseRefused, answer_refusal)
    api.add_exception_handler(ClientDisconnect, answer_nobody)
    api.add_exception_handler(Exception, answer_bug)
    return api


operations = APIRouter(tags=["operations"])


@operations.get("/health", response_model=Health, responses=problems(431, 500))
async def health() -> Response:
    """The process lives. Needs no token and no database: point periodic probes here."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@operations.get("/ready", response_model=Health, responses=problems(431, 500, 503))
async def ready(request: Request) -> Response:
    """The database answers and its schema is this release's. Wakes a sleeping database."""
    missing = await request.app.state.pool.readiness()
    if missing:
        raise DatabaseUnavailable(Reason.NOT_READY, " ".join(missing))
    return Response(b'{"status":"ready"}', media_type="application/json")


def add_docs(api: FastAPI) -> None:
    # Rendered once, when first asked for: most processes never are.
    rendered: dict[str, bytes] = {}

    async def openapi(_: Request) -> Response:
        if "openapi" not in rendered:
            rendered["openapi"] = json.dumps(document_of(api), ensure_ascii=False).encode()
        return Response(rendered["openapi"], media_type="application/json")

    async def docs(_: Request) -> Response:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Taskward",
            swagger_js_url="/docs/swagger-ui-bundle.js",
            swagger_css_url="/docs/swagger-ui.css",
            swagger_favicon_url="/docs/favicon-32x32.png",
            swagger_ui_parameters={"tryItOutEnabled": True, "persistAuthorization": True, "validatorUrl": None},
        )
        page.headers["content-security-policy"] = DOCS_POLICY
        return page

    async def docs_file(request: Request) -> Response:
        name = request.scope["path"].rpartition("/")[2]
        content = resources.files("fastapi_swagger.resources").joinpath(name).read_bytes()
        return Response(content, media_type=SWAGGER_FILES[name])

    api.add_route("/openapi.json", openapi, methods=["GET"], include_in_schema=False)
    api.add_route("/docs", docs, methods=["GET"], include_in_schema=False)
    for name in SWAGGER_FILES:
        api.add_route(f"/docs/{name}", docs_file, methods=["GET"], include_in_schema=False)


def document_of(api: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
    document["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    return document


async def answer_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for it
    return ProblemResponse(problem)


async def answer_unrouted(request: Request, error: Exception) -> Response:
    """Starlette's own errors: a path that leads nowhere, or a method that it does not know."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    if error.status_code == 404:
        return ProblemResponse(RouteNotFound("There is nothing at this path."))
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


async def answer_nobody(_: Request, __: Exception) -> Response:
    """The client has gone in the middle of its body; nobody reads this."""
    return Response(status_code=499)  # as proxies have it in their logs


async def answer_bug(_: Request, __: Exception) -> Response:
    return ProblemResponse(InternalError())


PROBLEM_SCHEMA = {
    "title": "Problem",
    "description": "A problem document (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": codes(), "description": "For programs. Later releases may know more."},
        "detail": {"type": "string", "description": "One sentence, for people."},
        "errors": {
            "type": "array",
            "description": "With `validation_failed`: what is wrong, 20 things at most, the first told in `detail`.",
            "items": {
                "type": "object",
                "required": ["loc", "message", "type"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "message": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        },
        "operation": {
            "type": "integer",
            "minimum": 0,
            "description": "In a batch: which operation failed, counted from 0.",
        },
    },
    "examples": [TaskNotFound().document()],
}
