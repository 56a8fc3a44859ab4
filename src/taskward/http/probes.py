"""What orchestrators and operators ask without a token: does the process live, and can it serve."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from taskward.http.context import context_of
from taskward.http.openapi import answers, problems
from taskward.http.route import DirectRoute
from taskward.postgres.failures import DatabaseUnavailable, Reason

GROUPS = [{"name": "operations", "description": "For whoever runs the server. No token is needed."}]

router = APIRouter(tags=["operations"], route_class=DirectRoute)


class Health(BaseModel):
    status: str


@router.get("/health", response_model=Health, responses=answers(200, {}, example={"status": "ok"}) | problems(431, 500))
async def health() -> Response:
    """The process lives. Needs no token and no database: point periodic probes here."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get(
    "/ready", response_model=Health, responses=answers(200, {}, example={"status": "ready"}) | problems(431, 500, 503)
)
async def ready(request: Request) -> Response:
    """The database answers and its schema is this release's. Wakes a sleeping database."""
    missing = await context_of(request).services.pool.readiness()
    if missing:
        raise DatabaseUnavailable(Reason.NOT_READY, " ".join(missing))
    return Response(b'{"status":"ready"}', media_type="application/json")
