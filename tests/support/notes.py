"""Notes: a second resource, whole, to see that one costs little. It lives in the tests alone."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
    text,
)
from starlette.requests import Request
from starlette.responses import Response

from taskward.http.conditions import IfMatch, IfNoneMatch
from taskward.http.openapi import problems
from taskward.http.parameters import IdempotencyKey, Paging, PagingByCursor, PathId, TrashDays
from taskward.http.responses import created, no_content, paged, versioned
from taskward.http.route import CurrentSession, OwnerRouter
from taskward.resources.clock import CLOCK, VERSION_NUMBER
from taskward.resources.errors import RowNotFound
from taskward.resources.resource import Resource
from taskward.resources.shapes import Body, Patch, Uid
from taskward.resources.trash import Trash

TABLE = Table(
    "notes",
    MetaData(),
    Column("owner_id", Text, ForeignKey(CLOCK.c.owner_id, ondelete="CASCADE"), primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("uid", Uuid),
    Column("text", Text, nullable=False),
    Column("color", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    *(Column(name, DateTime(timezone=True)) for name in ("updated_at", "deleted_at", "erased_at")),
    Column("version", VERSION_NUMBER, nullable=False),
    Index(
        "notes_by_uid", "owner_id", "uid", unique=True, postgresql_where=text("uid is not null and erased_at is null")
    ),
)


class NoteNotFound(RowNotFound):
    code, noun = "note_not_found", "note"


class NoteReplace(Body):
    text: str = Field(min_length=1, max_length=255)
    color: str | None = None


class NoteCreate(NoteReplace):
    uid: Uid | None = None


class NotePatch(Patch):
    text: str = Field(default_factory=str, min_length=1, max_length=255)
    color: str | None = None


class NoteRead(BaseModel):
    id: int
    uid: UUID | None
    text: str
    color: str | None
    created_at: datetime
    updated_at: datetime | None
    version: int


class TrashedNote(NoteRead):
    deleted_at: datetime


NOTES = Resource(TABLE, read=NoteRead, replace=NoteReplace, patch=NotePatch, missing=NoteNotFound)
TRASH = Trash(NOTES, read=TrashedNote, erased={"text": literal_column("'erased'")})
CREATE, FIND, KEEP, PAGE = NOTES.create(), NOTES.find(), NOTES.keep(), NOTES.page()
REPLACE, CHANGE, REMOVE = NOTES.replace(), NOTES.change(), NOTES.remove()

router = OwnerRouter(noun=NoteNotFound.noun)


@router.post("/notes", status_code=201, response_model=NoteRead, responses=problems(409))
async def create_note(request: Request, session: CurrentSession, note: NoteCreate, key: IdempotencyKey) -> Response:
    return created(request, await NOTES.created(session, CREATE, key.of(note), note.model_dump()))


@router.get("/notes", response_model=list[NoteRead])
async def list_notes(request: Request, session: CurrentSession, paging: Paging) -> Response:
    return paged(request, paging, await NOTES.paged(session, PAGE, paging, of="notes by id"))


@router.get("/notes/trash", response_model=list[TrashedNote])
async def list_trashed_notes(
    request: Request, session: CurrentSession, paging: PagingByCursor, days: TrashDays
) -> Response:
    return paged(request, paging, await TRASH.list(session, paging, trash_days=days))


@router.delete("/notes/trash/{note_id}", status_code=204)
async def erase_note(session: CurrentSession, days: TrashDays, note_id: PathId, key: IdempotencyKey) -> Response:
    done = await TRASH.erase(session, note_id, trash_days=days, idempotency=key.of())
    return no_content(is_replay=done.is_replay)


@router.get("/notes/{note_id}", response_model=NoteRead)
async def find_note(session: CurrentSession, note_id: PathId, if_none_match: IfNoneMatch) -> Response:
    return if_none_match.answer(await NOTES.found(session, FIND(id=note_id)))


@router.put("/notes/{note_id}", response_model=NoteRead)
async def replace_note(
    session: CurrentSession, note_id: PathId, note: NoteReplace, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    idempotency = key.of(note)
    call = REPLACE.bound(idempotency, id=note_id, expected=if_match.versions(), **note.model_dump())
    return versioned(await NOTES.changed(session, call, idempotency))


@router.patch("/notes/{note_id}", response_model=NoteRead, responses=problems(404, 412))
async def change_note(
    session: CurrentSession, note_id: PathId, patch: NotePatch, if_match: IfMatch, key: IdempotencyKey
) -> Response:
    sent, expected, idempotency = patch.model_dump(exclude_unset=True), if_match.versions(), key.of(patch)
    if not sent:
        call = KEEP.bound(idempotency, id=note_id, expected=expected)
        return versioned(await NOTES.unchanged(session, call, idempotency))
    call = CHANGE.bound(idempotency, id=note_id, expected=expected, **NOTES.changes_in(sent))
    return versioned(await NOTES.changed(session, call, idempotency))


@router.delete("/notes/{note_id}", status_code=204)
async def delete_note(session: CurrentSession, note_id: PathId, if_match: IfMatch, key: IdempotencyKey) -> Response:
    idempotency = key.of()
    call = REMOVE.bound(idempotency, id=note_id, expected=if_match.versions())
    return no_content(is_replay=(await NOTES.changed(session, call, idempotency)).is_replay)


@router.post("/notes/{note_id}/restore", response_model=NoteRead)
async def restore_note(session: CurrentSession, days: TrashDays, note_id: PathId, key: IdempotencyKey) -> Response:
    return versioned(await TRASH.restore(session, note_id, trash_days=days, idempotency=key.of()))
