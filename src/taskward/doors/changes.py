"""What has changed, over HTTP: for whoever keeps a copy (`docs/sync.md`)."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from taskward.http.openapi import answers, problems
from taskward.http.parameters import digits
from taskward.http.responses import JsonResponse
from taskward.http.route import CurrentSession, OwnerRouter
from taskward.http.validation import invalid
from taskward.lists.feed import LIST_CHANGES
from taskward.lists.model import ListRead
from taskward.resources.clock import LARGEST_INTEGER
from taskward.resources.feed import Changes, Feed, SyncReset
from taskward.tasks.feed import TASK_CHANGES
from taskward.tasks.model import READ_EXAMPLE, TaskRead, day_or_instant

GROUPS = [{"name": "changes", "description": "Keep a copy, and hear of what changes."}]

FEED = Feed([LIST_CHANGES, TASK_CHANGES])
"""A further kind of row is added here, and to the shapes below."""

NEXT_EXAMPLE = "Y2yNn3C2nXQVGp6vMTc3MzE2MjEzMTUxMg"


class TaskPut(BaseModel):
    """A task that is new or has changed: take it in place of what you have under its id."""

    kind: Literal["task"]
    op: Literal["put"]
    task: TaskRead


class ListPut(BaseModel):
    """A list that is new or has changed."""

    kind: Literal["list"]
    op: Literal["put"]
    list: ListRead


class Removal(BaseModel):
    """In the trash, erased or deleted: take it out of the copy, if it is there."""

    kind: Literal["task", "list"]
    op: Literal["remove"]
    id: int = Field(ge=1, le=LARGEST_INTEGER)
    uid: UUID | None


class ChangesRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "changes": [{"kind": "task", "op": "put", "task": READ_EXAMPLE}],
                    "next": NEXT_EXAMPLE,
                    "more": False,
                }
            ]
        }
    )

    changes: list[TaskPut | ListPut | Removal] = Field(
        description="In the order in which to apply them; twice does no harm."
    )
    next: str = Field(description="What to send as `since` in the next call.")
    more: bool = Field(description="Whether the next call has more at once. If not, the copy is whole.")


Since = Annotated[
    str | SkipJsonSchema[None],
    Query(description="The `next` of the call before. Without it a first copy begins.", examples=[NEXT_EXAMPLE]),
]
Limit = Annotated[
    int,
    Query(ge=1, le=2000, description="How many changes at most; fewer where they are larger than 4 MiB together."),
    BeforeValidator(digits),
]
DoneSince = Annotated[
    date | datetime | SkipJsonSchema[None],
    Query(
        description="A day, which begins in UTC, or an instant: leaves out of a first copy what was done before. "
        "Such a task comes as a whole when it changes.",
        examples=["2026-03-01"],
    ),
    BeforeValidator(day_or_instant),
]

router = OwnerRouter(noun="change", tags=["changes"])


@router.get(
    "/changes", response_model=ChangesRead, responses=answers(200, {}) | problems(410, examples={410: SyncReset()})
)
async def list_changes(
    session: CurrentSession, since: Since = None, limit: Limit = 500, done_since: DoneSince = None
) -> Response:
    """List what has changed since the call before, removals too; without `since` everything that is there."""
    if since is None:
        return answered(await FEED.begin(session, limit=limit, done_since=start_of(done_since)))
    if done_since is not None:
        raise invalid(
            ["query", "done_since"],
            "This is for the beginning of a first copy: the token of since holds it already.",
            "done_since_and_since",
        )
    return answered(await FEED.go_on(session, since, limit=limit))


def start_of(bound: date | datetime | None) -> datetime | None:
    if bound is None or isinstance(bound, datetime):
        return bound
    return datetime.combine(bound, time(), UTC)


def answered(found: Changes) -> Response:
    more = b"true" if found.has_more else b"false"
    return JsonResponse(b'{"changes": [%b], "next": "%b", "more": %b}' % (found.json, found.next.encode(), more))
