"""Tasks over HTTP. Each function translates: the rules are in `actions.py`, the order of errors in `http/route.py`."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Header, Path, Query
from pydantic import AfterValidator, BeforeValidator
from pydantic.json_schema import SkipJsonSchema
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypeAliasType

from taskward.errors import ValidationFailed
from taskward.http.conditions import IfMatch, IfNoneMatch, entity_tag
from taskward.http.middleware import JsonResponse
from taskward.http.route import CurrentSession, OwnerRoute, answers, as_told, problems, refuse
from taskward.resources.clock import LARGEST_INTEGER
from taskward.resources.idempotency import Idempotency, fingerprint_of
from taskward.resources.shapes import MAX_TOLD
from taskward.tasks import actions, trash
from taskward.tasks import batch as batches
from taskward.tasks.actions import Versioned
from taskward.tasks.batch import Batch, BatchRead, CreateOperation, DeleteOperation, PatchOperation
from taskward.tasks.finding import Page, TaskQuery
from taskward.tasks.finding import list_tasks as list_page
from taskward.tasks.model import (
    Status,
    Tag,
    TaskCreate,
    TaskPatch,
    TaskRead,
    TaskReplace,
    TrashedTask,
    day,
    instant,
    known_zone,
)
from taskward.tasks.orders import Sort
from taskward.tasks.words import words_of

DEFAULT_LIMIT = 100
ETAG = {"ETag": "The version of the task, for `If-Match` and `If-None-Match`."}

BATCH_TOO_LARGE: dict[int | str, dict[str, Any]] = {
    413: problems(413)[413] | {"description": "The body is larger than 1 MiB (`body_too_large`)."}
}


class TaskSegment(StringConvertor):
    """The segment of a path that is not the one of batches, whose other methods would look for a task."""

    regex = "(?!batch$)[^/]+"


register_url_convertor("task", TaskSegment())
ONE_TASK = "/{task_id:task}"

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


def bound(value: str) -> date | datetime:
    if len(value) == len("2026-03-10"):
        return day(value)
    # A plus that was not encoded has become a space, which can stand nowhere else.
    return instant(re.sub(r" (?=[0-9]{2}:[0-9]{2}\Z)", "+", value))


def without_zero(tag: str) -> str:
    if "\0" in tag:
        raise ValueError("A tag does not hold the character U+0000")
    return tag


# The bounds come first: after a validator they would not be published in OpenAPI.
TaskId = Annotated[int, Path(ge=1, le=LARGEST_INTEGER, examples=[7]), BeforeValidator(id_digits)]
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

Statuses = Annotated[list[Status], Query(default_factory=list, description="Any of these.")]
PriorityAsked = TypeAliasType("PriorityAsked", Literal["low", "medium", "high", "none"])
Priorities = Annotated[
    list[PriorityAsked],
    Query(default_factory=list, description="Any of these; `none` for tasks without a priority."),
]
TagsAsked = Annotated[
    list[Annotated[Tag, AfterValidator(without_zero)]],
    Query(default_factory=list, description="All of these.", examples=[["home"]]),
]
DueBound = Annotated[
    date | datetime | SkipJsonSchema[None],
    Query(
        description="A day, or an instant with its offset, that is not included itself.",
        examples=["2026-03-10", "2026-03-10T18:00:00+01:00"],
    ),
    BeforeValidator(bound),
]
Overdue = Annotated[
    Literal["true"] | SkipJsonSchema[None], Query(description="Tasks that are due before now and not Done.")
]
Words = Annotated[
    str | SkipJsonSchema[None],
    Query(description="Each word occurs in title or description, as a word or the start of one.", examples=["milk"]),
]
ZoneOfDays = Annotated[
    str,
    AfterValidator(known_zone),
    Query(description="The IANA name of the zone in which days begin and end.", examples=["Europe/Warsaw"]),
]
SortBy = Annotated[Sort, Query(description="With `-` descending; null is last either way.")]

KEY_TEXT = "^[!-~]{1,255}$"
IdempotencyKey = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="Idempotency-Key",
        pattern=KEY_TEXT,
        description="The same for each retry of one request, and new for each new one. Kept for 24 hours.",
        examples=["6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"],
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
async def create_task(
    request: Request, session: CurrentSession, task: TaskCreate, key: IdempotencyKey = None
) -> Response:
    """Create a task of your own. With an `Idempotency-Key` a retry creates no second one."""
    idempotency = idempotency_of(request, key, "POST /tasks", lambda: task.model_dump_json(exclude_defaults=True))
    created = await actions.create(session, task, idempotency=idempotency)
    response = one(created, status=201)
    response.headers["location"] = f"{request.scope['path']}/{created.id}"
    return response


@router.get(
    "",
    response_model=list[TaskRead],
    responses=answers(200, {}, {"Link": 'The next page, as `rel="next"`, while there is one.'}),
)
async def list_tasks(
    request: Request,
    session: CurrentSession,
    status: Statuses,
    priority: Priorities,
    tag: TagsAsked,
    due_before: DueBound = None,
    due_after: DueBound = None,
    overdue: Overdue = None,
    q: Words = None,
    time_zone: ZoneOfDays = "UTC",
    sort: SortBy = "created_at",
    skip: Skip = 0,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """List your tasks: all of them in order of creation, or those you ask for, in the order you ask for."""
    if cursor is not None and "skip" in request.query_params:
        refuse(["query", "skip"], "Send skip or cursor, not both.", "skip_and_cursor")
    query = TaskQuery(
        statuses=frozenset(status),
        priorities=frozenset(priority),
        tags=frozenset(tag),
        due_before=due_before,
        due_after=due_after,
        is_overdue=overdue is not None,
        words=frozenset(words_of(q)),
        time_zone=time_zone,
        sort=sort,
    )
    return paged(request, await list_page(session, skip=skip, limit=limit, cursor=cursor, query=query), limit)


class PlainRoute(OwnerRoute):
    refuses_unknown_parameters = True


class BatchRoute(PlainRoute):
    max_body_bytes = 1024 * 1024

    def refusal(self, errors: Sequence[Any]) -> ValidationFailed:
        """Of the first operation that is wrong, if the batch as a whole is not."""
        indexes = {operation_in(error) for error in errors}
        if None in indexes:
            return super().refusal([error for error in errors if operation_in(error) is None])
        first = min(index for index in indexes if index is not None)
        told = [as_told_of_operation(error) for error in errors if operation_in(error) == first][:MAX_TOLD]
        loc, message = told[0]["loc"], told[0]["message"]
        return ValidationFailed(f"{'.'.join(map(str, loc))}: {message}", errors=told, operation=first)


def operation_in(error: Any) -> int | None:
    match error["loc"]:
        case ("body", "operations", int(index), *_):
            return index
    return None


def as_told_of_operation(error: Any) -> dict[str, Any]:
    if error["type"] == "json_invalid":
        return as_told(error, (), False)
    # Pydantic puts the kind of the operation behind its index.
    body, operations, index, *kind_and_place = error["loc"]
    kind, place = "".join(kind_and_place[:1]), kind_and_place[1:]
    fields = tuple(FIELDS.get((kind, *place[:-1]), ()))
    told = as_told({**error, "loc": [body, operations, index, *place]}, fields, False)
    if error["type"].startswith("union_tag"):  # whose text quotes what was sent
        told["message"] = "An operation has an op, which is create, patch or delete."
    elif error["type"] in ("model_attributes_type", "model_type", "dict_type"):
        told["message"] = "This must be a JSON object."
    return told


FIELDS = {
    ("create",): CreateOperation.model_fields,
    ("create", "task"): TaskCreate.model_fields,
    ("patch",): PatchOperation.model_fields,
    ("patch", "patch"): TaskPatch.model_fields,
    ("delete",): DeleteOperation.model_fields,
}
"""Of an operation, and of the task in it."""

batch_router = APIRouter(route_class=BatchRoute)


def requires_if_match(request: Request) -> bool:
    is_required: bool = request.app.state.settings.require_if_match
    return is_required


RequiresIfMatch = Annotated[bool, Depends(requires_if_match)]


@batch_router.post(
    "/batch",
    response_model=BatchRead,
    responses=answers(200, {}, {"Idempotent-Replayed": "`true` when this was answered before."})
    | problems(404, 412, 428)
    | BATCH_TOO_LARGE,
)
async def apply_batch(
    request: Request, session: CurrentSession, batch: Batch, is_required: RequiresIfMatch, key: IdempotencyKey = None
) -> Response:
    """Carry out up to 100 operations in order, all or none. An error names the first that failed in `operation`."""
    idempotency = idempotency_of(request, key, "POST /tasks/batch", batch.meaning)
    answer = await batches.apply(session, batch, requires_if_match=is_required, idempotency=idempotency)
    return JsonResponse(answer.json, headers=replayed(answer.is_replay))


router.include_router(batch_router)


@router.get(ONE_TASK, response_model=TaskRead, responses=answers(200, ETAG) | problems(404) | answers(304, ETAG))
async def find_task(session: CurrentSession, task_id: TaskId, if_none_match: IfNoneMatch) -> Response:
    """Read one task."""
    task = await actions.find(session, task_id)
    if not if_none_match.holds(task.version):
        return Response(status_code=304, headers={"etag": entity_tag(task.version)})
    return one(task)


@router.put(ONE_TASK, response_model=TaskRead, responses=answers(200, ETAG) | problems(404, 412, 428))
async def replace_task(session: CurrentSession, task_id: TaskId, task: TaskReplace, if_match: IfMatch) -> Response:
    """Replace a task as a whole: an omitted optional field takes its default."""
    return one(await actions.replace(session, task_id, task, expected=if_match.versions()))


@router.patch(ONE_TASK, response_model=TaskRead, responses=answers(200, ETAG) | problems(404, 412, 428))
async def change_task(session: CurrentSession, task_id: TaskId, patch: TaskPatch, if_match: IfMatch) -> Response:
    """Change the fields that are sent, and no other."""
    return one(await actions.change(session, task_id, patch, expected=if_match.versions()))


@router.delete(ONE_TASK, status_code=204, responses=problems(404, 412, 428))
async def delete_task(session: CurrentSession, task_id: TaskId, if_match: IfMatch) -> Response:
    """Move a task to the trash."""
    await actions.delete(session, task_id, expected=if_match.versions())
    return Response(status_code=204)


everyday = APIRouter(tags=["tasks"], route_class=PlainRoute)


def trash_days(request: Request) -> int:
    days: int = request.app.state.settings.trash_days
    return days


TrashDays = Annotated[int, Depends(trash_days)]


@everyday.get("/tags", response_model=list[str], responses=answers(200, {}))
async def list_tags(session: CurrentSession) -> Response:
    """List the tags on your tasks, by code point."""
    return JsonResponse(await actions.list_tags(session))


@everyday.get(
    "/trash",
    response_model=list[TrashedTask],
    responses=answers(200, {}, {"Link": 'The next page, as `rel="next"`, while there is one.'}),
)
async def list_trash(
    request: Request, session: CurrentSession, days: TrashDays, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Response:
    """List what you have deleted, the latest first."""
    return paged(request, await trash.list_trash(session, trash_days=days, limit=limit, cursor=cursor), limit)


@everyday.post(
    "/tasks/{task_id}/restore",
    response_model=TaskRead,
    responses=answers(200, ETAG, {"Idempotent-Replayed": "`true` when this was answered before."}) | problems(404),
)
async def restore_task(
    request: Request, session: CurrentSession, task_id: TaskId, days: TrashDays, key: IdempotencyKey = None
) -> Response:
    """Take a task out of the trash."""
    idempotency = idempotency_of(request, key, f"POST /tasks/{task_id}/restore", str)
    return one(await trash.restore(session, task_id, trash_days=days, idempotency=idempotency))


@everyday.delete("/trash/{task_id}", status_code=204, responses=problems(404))
async def erase_task(session: CurrentSession, task_id: TaskId, days: TrashDays) -> Response:
    """Remove a task from the trash for good."""
    await trash.erase(session, task_id, trash_days=days)
    return Response(status_code=204)


@everyday.delete("/trash", status_code=204)
async def empty_trash(session: CurrentSession) -> Response:
    """Empty the trash for good."""
    await trash.empty(session)
    return Response(status_code=204)


def idempotency_of(request: Request, key: str | None, call: str, meaning: Callable[[], str]) -> Idempotency | None:
    if key is None:
        return None
    if len(request.headers.getlist("idempotency-key")) > 1:
        refuse(["header", "Idempotency-Key"], "This header may stand only once.", "repeated_header")
    return Idempotency(key, fingerprint_of(call, meaning()))


def one(task: Versioned, *, status: int = 200) -> Response:
    etag = (b"etag", entity_tag(task.version).encode())
    return JsonResponse(task.json, status=status, headers=[etag, *replayed(task.is_replay)])


def replayed(is_replay: bool) -> list[tuple[bytes, bytes]]:
    return [(b"idempotent-replayed", b"true")] if is_replay else []


def paged(request: Request, page: Page, limit: int) -> Response:
    response = JsonResponse(page.json)
    if page.next_cursor is not None:
        response.headers["link"] = next_link(request, page.next_cursor, limit)
    return response


def next_link(request: Request, cursor: str, limit: int) -> str:
    """RFC 8288: relative to the request, with its other parameters."""
    given = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in given if name not in ("cursor", "limit", "skip")]
    # What may stand in a query as it is (RFC 3986 §3.4) stays so, or the link would be longer than the request.
    query = urlencode([("cursor", cursor), ("limit", limit), *kept], safe="!$'()*/:?@")
    return f'<?{query}>; rel="next"'
