"""Lists over HTTP. Each function translates: the rules are in `actions.py`."""

from starlette.requests import Request
from starlette.responses import Response

from taskward.http.conditions import IfMatch, IfNoneMatch
from taskward.http.openapi import ETAG, LOCATION, REPLAYED, answers, problems
from taskward.http.parameters import IdempotencyKey, PathId
from taskward.http.responses import JsonResponse, created, versioned
from taskward.http.route import CurrentSession, OwnerRouter, PlainRoute
from taskward.lists import actions, moves
from taskward.lists.actions import TOO_MANY
from taskward.lists.errors import ListNotFound
from taskward.lists.model import CREATED_EXAMPLE, ListCreate, ListPatch, ListRead, ListReplace
from taskward.lists.moves import ListMove
from taskward.resources.errors import LimitReached

CREATED = answers(201, LOCATION | ETAG, REPLAYED, example=CREATED_EXAMPLE)

router = OwnerRouter(noun=ListNotFound.noun, prefix="/lists", tags=["lists"], route_class=PlainRoute)


@router.post(
    "",
    status_code=201,
    response_model=ListRead,
    responses=CREATED | problems(409, examples={409: LimitReached(TOO_MANY)}),
)
async def create_list(request: Request, session: CurrentSession, new: ListCreate, key: IdempotencyKey) -> Response:
    """Create a list, behind those that you have. With an `Idempotency-Key` a retry creates no second one."""
    return created(request, await actions.create(session, new, idempotency=key.of(new)))


@router.get("", response_model=list[ListRead], responses=answers(200, {}))
async def list_lists(session: CurrentSession) -> Response:
    """List your lists, all of them, in the order that you gave them."""
    return JsonResponse(await actions.list_lists(session))


@router.get("/{list_id}", response_model=ListRead, responses=answers(200, ETAG) | problems(404) | answers(304, ETAG))
async def find_list(session: CurrentSession, list_id: PathId, if_none_match: IfNoneMatch) -> Response:
    """Read one list. Its tasks are those of `GET /tasks?list=…`."""
    return if_none_match.answer(await actions.find(session, list_id))


@router.put("/{list_id}", response_model=ListRead, responses=answers(200, ETAG, REPLAYED) | problems(404, 412, 428))
async def replace_list(
    session: CurrentSession, list_id: PathId, new: ListReplace, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Replace name and color of a list: an omitted color is none."""
    expected = if_match.versions()
    return versioned(await actions.replace(session, list_id, new, expected=expected, idempotency=key.of(new)))


@router.patch("/{list_id}", response_model=ListRead, responses=answers(200, ETAG, REPLAYED) | problems(404, 412, 428))
async def change_list(
    session: CurrentSession, list_id: PathId, patch: ListPatch, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Change the fields that are sent, and no other."""
    expected = if_match.versions()
    return versioned(await actions.change(session, list_id, patch, expected=expected, idempotency=key.of(patch)))


@router.post(
    "/{list_id}/move", response_model=ListRead, responses=answers(200, ETAG, REPLAYED) | problems(404, 412, 428)
)
async def move_list(
    session: CurrentSession, list_id: PathId, move: ListMove, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    """Move a list to another place among your lists."""
    expected = if_match.versions()
    return versioned(await moves.move(session, list_id, move, expected=expected, idempotency=key.of(move)))


ROUTERS = (router,)
GROUPS = [{"name": "lists", "description": "What tasks are kept in. A task in none is in the inbox."}]
"""What OpenAPI calls tags."""
