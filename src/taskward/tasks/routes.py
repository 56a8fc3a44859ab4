"""Tasks over HTTP. Each function translates: the rules are in `actions.py`, the order of errors in `core/route.py`."""

import re
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Header, Path, Query
from pydantic import BeforeValidator
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from taskward.core.clock import LARGEST_INTEGER
from taskward.core.conditions import IfMatch, IfNoneMatch, entity_tag
from taskward.core.http import JsonResponse
from taskward.core.idempotency import Retry, fingerprint_of
from taskward.core.route import CurrentOwner, OwnerRoute, answers, problems, refuse
from taskward.tasks import actions
from taskward.tasks.actions import Versioned
from taskward.tasks.model import TaskCreate, TaskPatch, TaskRead, TaskReplace

DEFAULT_LIMIT = 100
ETAG = {"ETag": "The version of the task, for `If-Match` and `If-None-Match`."}

router = APIRouter(prefix="/tasks", tags=["tasks"], route_class=OwnerRoute)


def digits(value: str) -> int:
    # Python would take "+1", " 1", "1_0" and digits of other scripts for numbers too.
    if not re.fullmatch(r"[0-9]{1,16}", value):
        raise ValueError("This must be a whole number in digits")
    return int(value)


def id_digits(value: str) -> int:
    if value.startswith("0"):
        raise ValueError("An id does not begin with 0")
    return digits(value)


# The bounds come first: after a validator they would not be published in OpenAPI.
TaskId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER), BeforeValidator(id_digits)]
Skip = Annotated[
    int,
    Query(ge=0, le=2**31 - 1, description="How many to leave out at the beginning; `cursor` is quicker and steady."),
    BeforeValidator(digits),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most."), BeforeValidator(digits)]
Cursor = Annotated[
    str | SkipJsonSchema[None],
    Query(description="Where to go on, in place of `skip`: from the `Link` of the page before."),
]

KEY_TEXT = "^[!-~]{1,255}$"
IdempotencyKey = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="Idempotency-Key",
        pattern=KEY_TEXT,
        description="The same for each retry of one request, and new for each new one. Kept for 24 hours.",
        json_schema_extra={"pattern": KEY_TEXT},  # what holds for a union would not be published
    ),
]


@router.post(
    "",
    status_code=201,
    response_model=TaskRead,
    responses=answers(
        201, {"Location": "The new task."} | ETAG, {"Idempotent-Replayed": "`true` when this was answered before."}
    ),
)
async def create_task(request: Request, owner: CurrentOwner, task: TaskCreate, key: IdempotencyKey = None) -> Response:
    """Create a task of your own. With an `Idempotency-Key` a retry creates no second one."""
    if len(request.headers.getlist("idempotency-key")) > 1:
        refuse(["header", "Idempotency-Key"], "This header may stand only once.", "repeated_header")
    retry = None if key is None else Retry(key, fingerprint_of("POST /tasks", task))
    created = await actions.create(owner, task, retry=retry)
    response = one(created, status=201)
    response.headers["location"] = f"{request.scope['path']}/{created.id}"
    if created.is_replay:
        response.headers["idempotent-replayed"] = "true"
    return response


@router.get(
    "",
    response_model=list[TaskRead],
    responses=answers(200, {}, {"Link": 'The next page, as `rel="next"`, while there is one.'}),
)
async def list_tasks(
    request: Request,
    owner: CurrentOwner,
    skip: Skip = 0,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """List your tasks in order of creation."""
    if cursor is not None and "skip" in request.query_params:
        refuse(["query", "skip"], "Send skip or cursor, not both.", "skip_and_cursor")
    page = await actions.list_tasks(owner, skip=skip, limit=limit, cursor=cursor)
    response = JsonResponse(page.json)
    if page.next_cursor is not None:
        response.headers["link"] = next_link(request, page.next_cursor, limit)
    return response


@router.get("/{task_id}", response_model=TaskRead, responses=answers(200, ETAG) | problems(404) | answers(304, ETAG))
async def find_task(owner: CurrentOwner, task_id: TaskId, if_none_match: IfNoneMatch) -> Response:
    """Read one task."""
    task = await actions.find(owner, task_id)
    if not if_none_match.holds(task.version):
        return Response(status_code=304, headers={"etag": entity_tag(task.version)})
    return one(task)


@router.put("/{task_id}", response_model=TaskRead, responses=answers(200, ETAG) | problems(404, 412, 428))
async def replace_task(owner: CurrentOwner, task_id: TaskId, task: TaskReplace, if_match: IfMatch) -> Response:
    """Replace a task as a whole: an omitted optional field takes its default."""
    return one(await actions.replace(owner, task_id, task, expected=if_match.versions()))


@router.patch("/{task_id}", response_model=TaskRead, responses=answers(200, ETAG) | problems(404, 412, 428))
async def change_task(owner: CurrentOwner, task_id: TaskId, patch: TaskPatch, if_match: IfMatch) -> Response:
    """Change the fields that are sent, and no other."""
    return one(await actions.change(owner, task_id, patch, expected=if_match.versions()))


@router.delete("/{task_id}", status_code=204, responses=problems(404, 412, 428))
async def delete_task(owner: CurrentOwner, task_id: TaskId, if_match: IfMatch) -> Response:
    """Delete a task."""
    await actions.delete(owner, task_id, expected=if_match.versions())
    return Response(status_code=204)


def one(task: Versioned, *, status: int = 200) -> Response:
    return JsonResponse(task.json, status=status, headers=[(b"etag", entity_tag(task.version).encode())])


def next_link(request: Request, cursor: str, limit: int) -> str:
    """RFC 8288: relative to the request, with its other parameters."""
    given = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in given if name not in ("cursor", "limit", "skip")]
    return f'<?{urlencode([("cursor", cursor), ("limit", limit), *kept])}>; rel="next"'
