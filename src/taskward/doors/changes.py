"""What has changed, over HTTP: for whoever keeps a copy (`docs/sync.md`)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from taskward.http.context import Wait, context_of
from taskward.http.headers import AT_ONCE
from taskward.http.openapi import answers, problems
from taskward.http.parameters import digits
from taskward.http.protocol import AtOnce
from taskward.http.responses import JsonResponse
from taskward.http.route import CurrentSession, OwnerRoute, OwnerRouter
from taskward.http.validation import invalid
from taskward.lists.feed import LIST_CHANGES
from taskward.lists.model import ListRead
from taskward.resources.clock import LARGEST_INTEGER
from taskward.resources.feed import Changes, Feed, SyncReset
from taskward.resources.news import FULL, End
from taskward.resources.session import Session
from taskward.tasks.completions import COMPLETION_EXAMPLE, CompletionRead
from taskward.tasks.feed import COMPLETION_CHANGES, TASK_CHANGES
from taskward.tasks.model import READ_EXAMPLE, TaskRead, day_or_instant

GROUPS = [{"name": "changes", "description": "Keep a copy, and hear of what changes."}]

FEED = Feed([LIST_CHANGES, TASK_CHANGES, COMPLETION_CHANGES])
"""A further kind of row is added here, and to the shapes below."""

MAX_WAIT_SECONDS = 25
"""Less than the 30 s after which a proxy may take a server that says nothing for dead."""

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


class CompletionPut(BaseModel):
    """An occurrence that was completed or skipped."""

    kind: Literal["completion"]
    op: Literal["put"]
    completion: CompletionRead


class CompletionRemoval(BaseModel):
    """A completion that was taken back. With a task its completions go without being named."""

    kind: Literal["completion"]
    op: Literal["remove"]
    task_id: int = Field(ge=1, le=LARGEST_INTEGER)
    occurrence: int = Field(ge=1, le=LARGEST_INTEGER)


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
                    "changes": [
                        {"kind": "task", "op": "put", "task": READ_EXAMPLE},
                        {"kind": "completion", "op": "put", "completion": COMPLETION_EXAMPLE},
                    ],
                    "next": NEXT_EXAMPLE,
                    "more": False,
                }
            ]
        }
    )

    changes: list[TaskPut | ListPut | CompletionPut | Removal | CompletionRemoval] = Field(
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

Seconds = Annotated[
    int,
    Query(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="How many seconds to wait, with `since`, when nothing has changed: the answer comes with the first "
        "change. Four calls of a user may wait at each worker; a further one is answered at once.",
    ),
    BeforeValidator(digits),
]


class WaitingRoute(OwnerRoute):
    admits_itself = True


router = OwnerRouter(noun="change", tags=["changes"], route_class=WaitingRoute)


@router.get(
    "/changes", response_model=ChangesRead, responses=answers(200, {}) | problems(410, examples={410: SyncReset()})
)
async def list_changes(
    request: Request,
    session: CurrentSession,
    since: Since = None,
    limit: Limit = 500,
    done_since: DoneSince = None,
    wait: Seconds = 0,
) -> Response:
    """List what has changed since the call before, removals too; without `since` everything that is there."""
    admission = context_of(request).services.admission
    if since is None:
        with admission.admitted():
            return answered(await FEED.begin(session, limit=limit, done_since=start_of(done_since)))
    if done_since is not None:
        raise invalid(
            ["query", "done_since"],
            "This is for the beginning of a first copy: the token of since holds it already.",
            "done_since_and_since",
        )

    async def look(token: str) -> Changes:
        with admission.admitted():
            return await FEED.go_on(session, token, limit=limit)

    if not wait:
        return answered(await look(since))
    return answered(await waited(request, session, since, look, seconds=wait))


async def waited(
    request: Request, session: Session, since: str, look: Callable[[str], Awaitable[Changes]], *, seconds: int
) -> Changes:
    """The first changes that there are within so many seconds. While it waits it has no connection and asks nothing."""
    context = context_of(request)
    services, loop = context.services, asyncio.get_running_loop()
    until = loop.time() + seconds
    place = services.news.place(session.owner_id)
    if place is None:
        context.wait = Wait(FULL)
        return await look(since)
    with place:
        found = await look(since)
        if found.json or found.has_more:
            return found
        context.wait = Wait(End.TIME)
        left = loop.create_task(until_left(request))
        left.add_done_callback(lambda _: place.end(End.LEFT))
        check = services.settings.changes_check_seconds or seconds
        try:
            while True:
                began = loop.time()
                try:
                    end = await place.wait(above=found.version, until=min(until, began + check))
                finally:
                    context.wait.seconds += loop.time() - began
                context.wait.end = end
                if end in (End.LEFT, End.STOPPED) or (end is End.TIME and loop.time() >= until):
                    return found
                session.deadline = services.pool.new_deadline()
                found = await look(found.next)
                if found.json:
                    context.wait.end = End.CHANGED
                    return found
        finally:
            left.cancel()


async def until_left(request: Request) -> None:
    at_once: AtOnce | None = request.scope.get("extensions", {}).get(AT_ONCE)
    if at_once is not None:
        await at_once.until_left()
        return
    while (await request.receive())["type"] != "http.disconnect":
        pass


def start_of(bound: date | datetime | None) -> datetime | None:
    if bound is None or isinstance(bound, datetime):
        return bound
    return datetime.combine(bound, time(), UTC)


def answered(found: Changes) -> Response:
    more = b"true" if found.has_more else b"false"
    return JsonResponse(b'{"changes": [%b], "next": "%b", "more": %b}' % (found.json, found.next.encode(), more))
