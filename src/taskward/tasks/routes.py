"""Tasks over HTTP. Each function translates: the rules are in `actions.py`, the order of errors in `http/route.py`."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Body, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue, SkipJsonSchema
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypeAliasType

from taskward.errors import Problem
from taskward.http.bodies import too_large
from taskward.http.conditions import IfMatch, IfMatchCondition, IfNoneMatch
from taskward.http.context import CurrentSettings
from taskward.http.errors import ValidationFailed
from taskward.http.openapi import ETAG, LINK, LOCATION, REPLAYED, TOTAL, Responses, answers, problems
from taskward.http.parameters import (
    IdempotencyKey,
    IdempotencyKeyHeader,
    Paging,
    PagingByCursor,
    PathId,
    TrashDays,
    digits,
)
from taskward.http.responses import JsonResponse, created, no_content, paged, replayed, versioned
from taskward.http.route import CurrentSession, OwnerRouter, PlainRoute
from taskward.http.validation import NOT_AN_OBJECT, described, invalid, validation_problem
from taskward.lists.errors import ListNotEmpty, ListNotFound
from taskward.resources.references import Reference, reference_in
from taskward.resources.shapes import MAX_ERRORS, REFERENCE
from taskward.tasks import actions, finding, list_deletion, moves, recurring
from taskward.tasks import batch as batches
from taskward.tasks.batch import Batch, BatchRead, CreateOperation, DeleteOperation, MoveOperation, PatchOperation
from taskward.tasks.completions import CompletionKind, CompletionRead
from taskward.tasks.errors import OccurrenceNotLatest, OccurrenceNotOpen, RecurringTask, TaskNotFound
from taskward.tasks.list_deletion import Destination, TasksLeft
from taskward.tasks.model import (
    CREATED_EXAMPLE,
    EXAMPLE,
    MOVED_EXAMPLE,
    Status,
    Tag,
    TaskCreate,
    TaskPatch,
    TaskRead,
    TaskReplace,
    TrashedTask,
    day_or_instant,
    known_zone,
)
from taskward.tasks.moves import TaskMove
from taskward.tasks.orders import Sort
from taskward.tasks.recurring import Asked, Completed, CompletionRequest, ReopeningRequest, complete, reopen
from taskward.tasks.trash import TRASH
from taskward.tasks.words import words_asked_for

MAX_BATCH_BYTES = 1024 * 1024
BATCH_TOO_LARGE: Responses = {
    413: problems(413, examples={413: too_large(MAX_BATCH_BYTES)})[413]
    | {"description": "The body is larger than 1 MiB (`body_too_large`)."}
}


RECURS: dict[int, Problem] = {409: RecurringTask()}
CREATED = answers(201, LOCATION | ETAG, REPLAYED, example=CREATED_EXAMPLE)


class TaskSegment(StringConvertor):
    """The segment of a path that is not the one of batches, whose other methods would look for a task."""

    regex = "(?!batch$)[^/]+"


register_url_convertor("task", TaskSegment())
ONE_TASK = "/{task_id:task}"

router = OwnerRouter(noun=TaskNotFound.noun, prefix="/tasks", tags=["tasks"])


def without_zero(tag: str) -> str:
    if "\0" in tag:
        raise ValueError("A tag does not hold the character U+0000")
    return tag


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
    BeforeValidator(day_or_instant),
]


def list_asked(text: str) -> Reference | Literal["inbox"]:
    return "inbox" if text == "inbox" else asked_for(text, "inbox")


def parent_asked(text: str) -> Reference | Literal["none"]:
    return "none" if text == "none" else asked_for(text, "none")


def asked_for(text: str, word: str) -> Reference:
    try:
        return reference_in(text)
    except ValueError as reason:
        raise ValueError(f"{reason}, or {word}") from None


def or_word(word: str) -> JsonSchemaValue:
    return {"anyOf": [*REFERENCE["anyOf"], {"type": "string", "const": word}]}


ListsAsked = Annotated[
    list[Annotated[Reference | Literal["inbox"], PlainValidator(list_asked), WithJsonSchema(or_word("inbox"))]],
    Query(
        alias="list",
        default_factory=list,
        description="Any of these: the id of a list, or its uid; `inbox` for tasks in no list.",
        examples=[["inbox"]],
    ),
]
ParentAsked = Annotated[
    Reference | Literal["none"] | SkipJsonSchema[None],
    Query(description="The id or the uid of the task whose subtasks you ask for; `none` for tasks without a parent."),
    PlainValidator(parent_asked),
    WithJsonSchema(or_word("none")),
]
Overdue = Annotated[
    Literal["true"] | SkipJsonSchema[None],
    Query(description="Tasks that are due before now and not Done.", json_schema_extra={"enum": ["true"]}),
]
Count = Annotated[
    Literal["true"] | SkipJsonSchema[None],
    Query(description="`X-Total-Count` tells how many tasks there are that you ask for, on every page."),
]
Words = Annotated[
    str | SkipJsonSchema[None],
    Query(
        description="Each word occurs in title or description, as a word or the start of one, whatever its case, "
        "accents and Unicode normalization; anywhere, where a script is written without spaces.",
        examples=["milk"],
    ),
]
ZoneOfDays = Annotated[
    str,
    AfterValidator(known_zone),
    Query(description="The IANA name of the zone in which days begin and end.", examples=["Europe/Warsaw"]),
]
OccurrenceLimit = Annotated[int, Query(ge=1, le=50, description="How many at most."), BeforeValidator(digits)]
SortBy = Annotated[
    Sort, Query(description="With `-` descending; null is last either way. By position only with one `list`.")
]


@router.post("", status_code=201, response_model=TaskRead, responses=CREATED | problems(409))
async def create_task(request: Request, session: CurrentSession, task: TaskCreate, key: IdempotencyKey) -> Response:
    """Create a task of your own. With a `uid` or an `Idempotency-Key` a retry creates no second one."""
    return created(request, await actions.create(session, task, idempotency=key.of(task)))


@router.get("", response_model=list[TaskRead], responses=answers(200, {}, LINK | TOTAL))
async def list_tasks(
    request: Request,
    session: CurrentSession,
    paging: Paging,
    status: Statuses,
    priority: Priorities,
    tag: TagsAsked,
    lists: ListsAsked,
    due_before: DueBound = None,
    due_after: DueBound = None,
    overdue: Overdue = None,
    q: Words = None,
    parent: ParentAsked = None,
    time_zone: ZoneOfDays = "UTC",
    sort: SortBy = "created_at",
    count: Count = None,
) -> Response:
    """List your tasks: all of them in order of creation, or those you ask for, in the order you ask for."""
    query = finding.TaskQuery(
        statuses=frozenset(status),
        priorities=frozenset(priority),
        tags=frozenset(tag),
        due_before=due_before,
        due_after=due_after,
        is_overdue=overdue is not None,
        words=words_asked_for(q),
        time_zone=time_zone,
        sort=sort,
        lists=frozenset(lists),
        parent=parent,
    )
    if sort.endswith("position") and len(query.lists) != 1:
        raise invalid(["query", "sort"], "An order by position is that of one list: send one list with it.", "one_list")
    return paged(request, paging, await finding.list_tasks(session, paging, query=query, is_counted=count is not None))


class BatchRoute(PlainRoute):
    max_body_bytes = MAX_BATCH_BYTES

    def validation_problem(self, errors: Sequence[Any]) -> ValidationFailed:
        """Of the first operation that is wrong, if the batch as a whole is not."""
        indexes = {operation_in(error) for error in errors}
        if None in indexes:
            return super().validation_problem([error for error in errors if operation_in(error) is None])
        first = min(index for index in indexes if index is not None)
        of_first = [described_in_batch(error) for error in errors if operation_in(error) == first]
        return validation_problem(of_first[:MAX_ERRORS], operation=first)


def operation_in(error: Any) -> int | None:
    match error["loc"]:
        case ("body", "operations", int(index), *_):
            return index
    return None


def described_in_batch(error: Any) -> dict[str, Any]:
    if error["type"] == "json_invalid":
        return described(error)
    # Pydantic puts the kind of the operation behind its index.
    body, operations, index, *kind_and_path = error["loc"]
    kind, path = "".join(kind_and_path[:1]), kind_and_path[1:]
    shape = SHAPES.get((kind, *path[:-1]))
    shown = TaskRead.model_fields if len(path) > 1 else ()
    found = described({**error, "loc": [body, operations, index, *path]}, shape, shown)
    if error["type"].startswith("union_tag"):  # whose text quotes what was sent
        found["message"] = "An operation has an op, which is create, patch, move or delete."
    elif error["type"] in NOT_AN_OBJECT:
        found["message"] = "This must be a JSON object."
    return found


SHAPES: dict[tuple[str, ...], type[BaseModel]] = {
    ("create",): CreateOperation,
    ("create", "task"): TaskCreate,
    ("patch",): PatchOperation,
    ("patch", "patch"): TaskPatch,
    ("move",): MoveOperation,
    ("move", "move"): TaskMove,
    ("delete",): DeleteOperation,
}
"""Of an operation, and of the task in it."""

batch_router = OwnerRouter(noun=TaskNotFound.noun, tags=["batch"], route_class=BatchRoute)


@batch_router.post(
    "/tasks/batch",
    response_model=BatchRead,
    responses=answers(200, {}, REPLAYED) | problems(404, 409, 412, 428, examples=RECURS) | BATCH_TOO_LARGE,
)
async def apply_batch(
    session: CurrentSession, settings: CurrentSettings, batch: Batch, key: IdempotencyKey
) -> Response:
    """Carry out up to 100 operations in order, all or none. An error names the first that failed in `operation`."""
    is_required = settings.require_if_match
    answer = await batches.apply(session, batch, requires_if_match=is_required, idempotency=key.of(batch))
    return JsonResponse(answer.json, headers=replayed(answer.is_replay))


@router.get(ONE_TASK, response_model=TaskRead, responses=answers(200, ETAG) | problems(404) | answers(304, ETAG))
async def find_task(session: CurrentSession, task_id: PathId, if_none_match: IfNoneMatch) -> Response:
    """Read one task."""
    return if_none_match.answer(await actions.find(session, task_id))


CHANGED = answers(200, ETAG, REPLAYED) | problems(404, 409, 412, 428, examples=RECURS)


@router.put(ONE_TASK, response_model=TaskRead, responses=CHANGED)
async def replace_task(
    session: CurrentSession, task_id: PathId, task: TaskReplace, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Replace a task as a whole: an omitted optional field takes its default."""
    expected = if_match.versions()
    return versioned(await actions.replace(session, task_id, task, expected=expected, idempotency=key.of(task)))


@router.patch(ONE_TASK, response_model=TaskRead, responses=CHANGED)
async def change_task(
    session: CurrentSession, task_id: PathId, patch: TaskPatch, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Change the fields that are sent, and no other."""
    expected = if_match.versions()
    return versioned(await actions.change(session, task_id, patch, expected=expected, idempotency=key.of(patch)))


@router.delete(ONE_TASK, status_code=204, responses=answers(204, {}, REPLAYED) | problems(404, 412, 428))
async def delete_task(session: CurrentSession, task_id: PathId, if_match: IfMatch, key: IdempotencyKey) -> Response:
    """Move a task to the trash."""
    done = await actions.delete(session, task_id, expected=if_match.versions(), idempotency=key.of())
    return no_content(is_replay=done.is_replay)


CONFLICT: dict[int, Problem] = {409: OccurrenceNotOpen(14)}

occurrence_router = OwnerRouter(noun=TaskNotFound.noun, tags=["recurrence"], route_class=PlainRoute)

# Bodies that may be absent.
SentCompletion = Annotated[CompletionRequest, Body(default_factory=CompletionRequest)]
SentReopening = Annotated[ReopeningRequest, Body(default_factory=ReopeningRequest)]


@occurrence_router.post(
    "/tasks/{task_id}/complete",
    response_model=Completed,
    responses=answers(200, ETAG, REPLAYED) | problems(404, 409, 412, 428, examples=CONFLICT),
)
async def complete_task(
    session: CurrentSession, task_id: PathId, completion: SentCompletion, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Complete a task: it is Done, or where it recurs its next occurrence is open.

    Of a task that recurs this needs `occurrence`, `If-Match` or `Idempotency-Key`: a repeated request must not complete
    the next one too.
    """
    return versioned(await complete(session, task_id, asked("done", completion, if_match, key)))


@occurrence_router.post(
    "/tasks/{task_id}/skip",
    response_model=Completed,
    responses=answers(200, ETAG, REPLAYED) | problems(404, 409, 412, 428, examples=CONFLICT),
)
async def skip_occurrence(
    session: CurrentSession, task_id: PathId, completion: SentCompletion, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Skip the open occurrence of a task that recurs: as completing it, and remembered as skipped."""
    return versioned(await complete(session, task_id, asked("skipped", completion, if_match, key)))


@occurrence_router.post(
    "/tasks/{task_id}/reopen",
    response_model=TaskRead,
    responses=answers(200, ETAG, REPLAYED) | problems(404, 409, 412, examples={409: OccurrenceNotLatest()}),
)
async def reopen_task(
    session: CurrentSession, task_id: PathId, reopening: SentReopening, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Make a Done task Todo; of one that recurs, take back the latest completion or skip."""
    occurrence = reopening.occurrence if "occurrence" in reopening.model_fields_set else None
    expected = if_match.versions_if_sent()
    reopened = reopen(session, task_id, occurrence=occurrence, expected=expected, idempotency=key.of(reopening))
    return versioned(await reopened)


@occurrence_router.get(
    "/tasks/{task_id}/completions",
    response_model=list[CompletionRead],
    responses=answers(200, {}, LINK) | problems(404),
)
async def list_completions(
    request: Request, session: CurrentSession, task_id: PathId, paging: PagingByCursor
) -> Response:
    """List which occurrences of a task were completed or skipped, the newest first."""
    return paged(request, paging, await recurring.list_completions(session, task_id, paging))


@occurrence_router.get(
    "/tasks/{task_id}/occurrences",
    response_model=list[str],
    responses=answers(200, {}, example=["2026-03-17", "2026-03-24"]) | problems(404),
)
async def list_occurrences(session: CurrentSession, task_id: PathId, limit: OccurrenceLimit = 10) -> Response:
    """List the dates that the series of a task has after the open occurrence."""
    return JsonResponse(json.dumps(await recurring.list_occurrences(session, task_id, limit=limit)).encode())


def asked(
    kind: CompletionKind, sent: CompletionRequest, if_match: IfMatchCondition, key: IdempotencyKeyHeader
) -> Asked:
    return Asked.of(kind, sent, expected=if_match.versions_if_sent(), idempotency=key.of(sent))


tag_router = OwnerRouter(noun=TaskNotFound.noun, tags=["tasks"], route_class=PlainRoute)


@tag_router.get("/tags", response_model=list[str], responses=answers(200, {}, example=EXAMPLE["tags"]))
async def list_tags(session: CurrentSession) -> Response:
    """List the tags on your tasks, by code point."""
    return JsonResponse(await actions.list_tags(session))


trash_router = OwnerRouter(noun=TaskNotFound.noun, tags=["trash"], route_class=PlainRoute)


@trash_router.get("/trash", response_model=list[TrashedTask], responses=answers(200, {}, LINK))
async def list_trash(request: Request, session: CurrentSession, paging: PagingByCursor, days: TrashDays) -> Response:
    """List what you have deleted, the latest first."""
    return paged(request, paging, await TRASH.list(session, paging, trash_days=days))


@trash_router.post(
    "/tasks/{task_id}/restore", response_model=TaskRead, responses=answers(200, ETAG, REPLAYED) | problems(404)
)
async def restore_task(session: CurrentSession, days: TrashDays, task_id: PathId, key: IdempotencyKey) -> Response:
    """Take a task out of the trash."""
    return versioned(await TRASH.restore(session, task_id, trash_days=days, idempotency=key.of()))


@trash_router.delete("/trash/{task_id}", status_code=204, responses=answers(204, {}, REPLAYED) | problems(404))
async def erase_task(session: CurrentSession, days: TrashDays, task_id: PathId, key: IdempotencyKey) -> Response:
    """Remove a task from the trash for good."""
    done = await TRASH.erase(session, task_id, trash_days=days, idempotency=key.of())
    return no_content(is_replay=done.is_replay)


@trash_router.delete("/trash", status_code=204, responses=answers(204, {}, REPLAYED))
async def empty_trash(session: CurrentSession, key: IdempotencyKey) -> Response:
    """Empty the trash for good."""
    return no_content(is_replay=await TRASH.empty(session, idempotency=key.of()))


move_router = OwnerRouter(noun=TaskNotFound.noun, tags=["tasks"], route_class=PlainRoute)


@move_router.post(
    "/tasks/{task_id}/move",
    response_model=TaskRead,
    responses=answers(200, ETAG, REPLAYED, example=MOVED_EXAMPLE) | problems(404, 409, 412, 428),
)
async def move_task(
    session: CurrentSession, task_id: PathId, move: TaskMove, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Move a task to another place, list or parent. Its subtasks move along."""
    expected = if_match.versions()
    return versioned(await moves.move(session, task_id, move, expected=expected, idempotency=key.of(move)))


# Behind the other calls on lists (`app.py`).
list_router = OwnerRouter(noun=ListNotFound.noun, tags=["lists"], route_class=PlainRoute)

WhereTasksGo = Annotated[
    Destination | SkipJsonSchema[None],
    Query(description="Where the tasks in the list go. It may be left out when there is none."),
]


@list_router.delete(
    "/lists/{list_id}",
    response_model=TasksLeft,
    responses=answers(200, {}, REPLAYED)
    | answers(204, {}, REPLAYED)
    | problems(404, 409, 412, 428, examples={409: ListNotEmpty()}),
)
async def delete_list(
    session: CurrentSession, list_id: PathId, if_match: IfMatch, key: IdempotencyKey, tasks: WhereTasksGo = None
) -> Response:
    """Delete a list. At most 1,000 of its tasks go with one call, families together: while some are left, the answer is
    200 and how many, and you send the request again, with an `Idempotency-Key` of its own. 204 says that it is gone."""
    expected = if_match.versions()
    done = await list_deletion.delete(session, list_id, tasks=tasks, expected=expected, idempotency=key.of())
    if done.json:
        return JsonResponse(done.json, headers=replayed(done.is_replay))
    return no_content(is_replay=done.is_replay)


ROUTERS = (router, move_router, tag_router, batch_router, trash_router, occurrence_router)
GROUPS = [
    {"name": "tasks", "description": "One task at a time, and lists of them."},
    {"name": "recurrence", "description": "Completing tasks, and those that come again."},
    {"name": "batch", "description": "Many changes in one request, all or none."},
    {"name": "trash", "description": "What was deleted: for so many days it can be taken out again."},
]
"""What OpenAPI calls tags."""
