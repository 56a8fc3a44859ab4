"""Due tasks in calendar programs, which have no token: they read at an address that has a secret in it."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from taskward.http.binding import Errors, Plan, may_repeat, query_params_of
from taskward.http.conditions import IfNoneMatch
from taskward.http.context import context_of
from taskward.http.openapi import REPLAYED, answers, problems, said_of
from taskward.http.parameters import IdempotencyKey
from taskward.http.responses import JsonResponse, KeptResponse, no_content
from taskward.http.route import CurrentSession, DirectRoute, OwnerRouter, PlainRoute
from taskward.http.validation import invalid, validation_failed, wrong_in_query
from taskward.owners import calendar_links
from taskward.owners.calendar_links import SECRET_FORM, CalendarNotFound
from taskward.postgres.context import NOBODY
from taskward.resources.session import Session
from taskward.resources.versions import VERSION, tags_in
from taskward.tasks.due import DueTask, list_due
from taskward.tasks.routes import ListsAsked

GROUPS = [{"name": "calendar", "description": "Due tasks in calendar programs, at an address of your own."}]

SECRET_EXAMPLE = "a" * 32
AT_ONCE = 5
"""Tasks, or zones, that are written before other requests have their turn: a millisecond or two."""


class CalendarLinkRead(BaseModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": f"https://tasks.example.com/calendar/{SECRET_EXAMPLE}.ics"}]}
    )

    url: str = Field(description="Whoever knows it can read your due tasks. It is not shown again.")


router = OwnerRouter(noun="calendar", tags=["calendar"], route_class=PlainRoute)


@router.post("/calendar", status_code=201, response_model=CalendarLinkRead, responses=answers(201, {}))
async def make_calendar_link(request: Request, session: CurrentSession) -> Response:
    """Make the address of your calendar, in place of the one before.

    Each call makes another, whatever its `Idempotency-Key`: only a digest of the address is kept, so it cannot be told
    once more. Of several answers the latest holds.
    """
    secret = await calendar_links.make(session)
    return JsonResponse(json.dumps({"url": f"{address_of(request)}/{secret}.ics"}).encode(), status=201)


@router.delete("/calendar", status_code=204, responses=answers(204, {}, REPLAYED))
async def remove_calendar_link(session: CurrentSession, key: IdempotencyKey) -> Response:
    """Remove the address of your calendar: nobody can read it there any more."""
    return no_content(is_replay=await calendar_links.remove(session, idempotency=key.of()))


def address_of(request: Request) -> str:
    """Where the path of the request is, as its client reaches it."""
    settings, url = context_of(request).services.settings, request.url
    return f"{settings.public_url or f'{url.scheme}://{url.netloc}{settings.root_path}'}{request.scope['path']}"


class LinkRoute(DirectRoute):
    """Without a token: who knows the secret in the path may read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, plan = self.endpoint, Plan(self.dependant)
        parameters = {field.alias: may_repeat(field) for field in query_params_of(self.dependant)}

        async def answer(request: Request) -> Response:
            errors: Errors = [*wrong_in_query(request.query_params, parameters)]
            values = plan.bind(request, None, errors)
            if errors:
                raise validation_failed(errors)
            response: Response = await endpoint(**values)
            return response

        return answer


class CalendarResponse(KeptResponse):
    media_type = "text/calendar"


link_router = APIRouter(tags=["calendar"], route_class=LinkRoute)

# Its form is for programs that make requests by the document: a secret of another form is no calendar's either.
Secret = Annotated[
    str,
    Path(
        description="What the address was made with.",
        examples=[SECRET_EXAMPLE],
        json_schema_extra={"pattern": f"^{SECRET_FORM}$"},
    ),
]
Form = Literal["todos", "events"]
As = Annotated[
    Form,
    Query(
        alias="as",
        description="Events are for programs that leave to-dos out, as those of Google, Apple and Outlook do.",
    ),
]
NO_FORM = invalid(["query", "as"], "Input should be 'todos' or 'events'.", "literal_error")
ETAG = {"ETag": "For `If-None-Match`."}
DISPOSITION = {"Content-Disposition": "The name of a file, for browsers."}
ANSWERS = (
    answers(200, ETAG | DISPOSITION)
    | answers(304, ETAG)
    | problems(404, 422, 429, 431, 500, 503, examples={404: CalendarNotFound(), 422: NO_FORM})
)


@link_router.get(
    "/calendar/{secret}.ics",
    response_class=CalendarResponse,
    responses=said_of("calendar", ANSWERS),
)
async def read_calendar(
    request: Request, secret: Secret, lists: ListsAsked, if_none_match: IfNoneMatch, form: As = "todos"
) -> Response:
    """Read the due tasks of whoever made the address; no token is needed. Those that are Done are left out, and where
    there are more than 2,000, or 4 MiB of text, those that are farthest from now."""
    context = context_of(request)
    pool, admission = context.services.pool, context.services.admission
    if not re.fullmatch(SECRET_FORM, secret):
        raise CalendarNotFound
    with admission.of_strangers():
        nobody = Session.begin(pool, NOBODY)
        owner_id = await calendar_links.owner_of(nobody, secret)
        session = Session(owner_id, pool, nobody.deadline, seconds_waited=nobody.seconds_waited)
        if owner_id != NOBODY:
            context.session = session
            admission.count(f"calendar\n{owner_id}")  # which is the name of no owner
        today = datetime.fromtimestamp(pool.clock(), UTC).date()
        known = versions_in(if_none_match.value or "", today)
        # A wrong secret costs the same, so that the time tells nothing.
        due = await list_due(session, lists=frozenset(lists), known=known or [])
        if due.version is None:
            raise CalendarNotFound
        etag = tag_of(due.version, today)
        if known is None or due.version in known:
            return KeptResponse(status_code=304, headers={"ETag": etag})
        return CalendarResponse(
            await written(due.tasks, form, owner_id=owner_id, release=request.app.version),
            headers={"ETag": etag, "Content-Disposition": 'attachment; filename="tasks.ics"'},
        )


def tag_of(version: int, today: date) -> str:
    """Of the day too: what is far from now is another then, and what a release has mended is seen a day later."""
    return f'"{version}-{today:%Y%m%d}"'


def versions_in(if_none_match: str, today: date) -> list[int] | None:
    """Of which the client has today's calendar; None is any (RFC 9110 §13.1.2)."""
    if if_none_match.strip(" \t") == "*":
        return None
    tags = (TAG.fullmatch(tag) for _, tag in tags_in(if_none_match))
    return [int(tag[1]) for tag in tags if tag is not None and tag[2] == f"{today:%Y%m%d}"]


TAG = re.compile(rf"({VERSION.pattern})-([0-9]{{8}})")


async def written(due: Iterator[DueTask], form: Form, *, owner_id: str, release: str) -> bytes:
    """While other requests go on."""
    if ENTRIES not in sys.modules:
        await asyncio.to_thread(import_module, ENTRIES)
    from taskward.doors.calendar_entries import Document, uid_of

    tasks = [task async for task in few_at_once(due)]
    document = Document(form, uids={task.id: uid_of(task, owner_id) for task in tasks}, release=release)
    async for task in few_at_once(tasks):
        document.add(task)
    async for zone in few_at_once(document.zones_used):
        document.add_zone(zone)
    return document.bytes()


Thing = TypeVar("Thing")


async def few_at_once(things: Iterable[Thing]) -> AsyncIterator[Thing]:
    for number, thing in enumerate(things, start=1):
        yield thing
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


ENTRIES = "taskward.doors.calendar_entries"
"""Loads icalendar, which takes a tenth of a second."""
