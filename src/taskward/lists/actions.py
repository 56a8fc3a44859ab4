"""What can be done with one list, but for its end, which is that of its tasks too (`tasks/list_deletion.py`)."""

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.sql import ClauseElement

from taskward.lists.errors import ListNotFound
from taskward.lists.model import TABLE, ListCreate, ListPatch, ListRead, ListReplace
from taskward.postgres.statements import LazyStatement, json_list, owned
from taskward.resources.errors import LimitReached
from taskward.resources.idempotency import Idempotency
from taskward.resources.references import Reference
from taskward.resources.resource import Resource, Versioned
from taskward.resources.session import Session

MAX_LISTS = 500

LISTS = Resource(TABLE, read=ListRead, replace=ListReplace, patch=ListPatch, missing=ListNotFound)


async def create(session: Session, new: ListCreate, *, idempotency: Idempotency | None = None) -> Versioned:
    """Behind the others. With `idempotency` one list, however often the request comes.

    Raises:
        LimitReached: the owner has so many.
        UidTaken: another list of the owner has its uid.
        IdempotencyKeyReused: the key came with another request before.
    """
    values = new.model_dump()
    return await LISTS.created(session, CREATE, idempotency, values, refusal=lambda: LimitReached(TOO_MANY))


async def find(session: Session, list_id: Reference) -> Versioned:
    """
    Raises:
        ListNotFound
    """
    return await LISTS.found(session, FIND(id=list_id))


async def list_lists(session: Session) -> bytes:
    """An array of all of them, in the order that the owner gave them."""
    [[(json,)]] = await session.read(EVERY())
    return json or b"[]"


async def replace(
    session: Session,
    list_id: Reference,
    new: ListReplace,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """`expected` are the versions that may be replaced; None is any.

    Raises:
        ListNotFound, VersionMismatch
        IdempotencyKeyReused: the key came with another request before.
    """
    call = REPLACE.bound(idempotency, id=list_id, expected=expected, **new.model_dump())
    return await LISTS.changed(session, call, idempotency)


async def change(
    session: Session,
    list_id: Reference,
    patch: ListPatch,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """
    Raises:
        As `replace`.
    """
    sent = patch.model_dump(exclude_unset=True)
    if not sent:
        return await LISTS.unchanged(session, KEEP.bound(idempotency, id=list_id, expected=expected), idempotency)
    call = CHANGE.bound(idempotency, id=list_id, expected=expected, **LISTS.changes_in(sent))
    return await LISTS.changed(session, call, idempotency)


def has_room() -> ColumnElement[bool]:
    """The clock was moved before: of two writers each counts what the other has made."""
    count = owned(select(func.count()).select_from(TABLE).where(LISTS.is_live), TABLE).scalar_subquery()
    return count < literal_column(str(MAX_LISTS))


def every() -> ClauseElement:
    live = owned(select(*LISTS.shape).where(LISTS.is_live), TABLE).subquery("live")
    return select(json_list(live, live.c.position, live.c.id))


CREATE = LISTS.create(LISTS.sent, has_room())
FIND = LISTS.find()
EVERY = LazyStatement(every)
KEEP = LISTS.keep()
REPLACE = LISTS.replace()
CHANGE = LISTS.change()

TOO_MANY = f"There are {MAX_LISTS} lists, which is as many as one owner may have; delete one first."
