"""Completing a task, and what follows where it recurs: the next occurrence, and the history of those before.

The next date is worked out here and not in the database: a task that recurs is read, and written if no change has come
in between; once more from the beginning where one has. Every other call is one round trip.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from sqlalchemy import (
    CTE,
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Update,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql import ClauseElement

from taskward.postgres.encoding import Row
from taskward.postgres.statements import OWNER, Bound, json_list, json_of, json_of_columns, owned
from taskward.resources.clock import LARGEST_INTEGER, NOW
from taskward.resources.errors import VersionMismatch
from taskward.resources.idempotency import Idempotency, is_unknown, known_key, once
from taskward.resources.paging import LIMIT, Page, PageRequest, looking_ahead, page_in, position_in
from taskward.resources.references import IsTheOne, Reference, RowStatement
from taskward.resources.resource import Values, Versioned, Write, answered, columns_of, id_in, parameter_of, remembered
from taskward.resources.session import Session
from taskward.resources.shapes import NULL, Body
from taskward.tasks.actions import DONE_TEXT, TASKS, recalling
from taskward.tasks.completions import COMPLETION_EXAMPLE, CompletionKind, CompletionRead
from taskward.tasks.completions import TABLE as COMPLETIONS
from taskward.tasks.errors import (
    NotRecurring,
    OccurrenceNotLatest,
    OccurrenceNotOpen,
    OccurrenceRequired,
    TaskNotFound,
)
from taskward.tasks.model import READ_EXAMPLE, TABLE, Instant, TaskRead
from taskward.tasks.rescheduling import DONE, Scheduled


def whole(value: Any) -> Any:
    """JSON knows no integers: 7.0 is the number 7. The field is strict, and takes no other."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


OccurrenceNumber = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=LARGEST_INTEGER,
        description="Of the occurrence that is meant, as the task has it.",
        examples=[14],
    ),
    BeforeValidator(whole),
]


# The defaults are never read: what was not sent is not in `model_fields_set`.


class OptionalBody(Body):
    def meaning(self) -> str:
        return self.model_dump_json(exclude_unset=True, exclude_defaults=True)


class CompletionRequest(OptionalBody):
    """Which occurrence, and when it happened. Everything may be left out, the body too."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"occurrence": 14}]})

    occurrence: OccurrenceNumber = Field(default_factory=int)
    missed: Literal["skip", "keep"] = Field(
        default="skip",
        description="Whether the next occurrence lies behind now, or behind the one that is completed.",
    )
    at: Instant = Field(
        default_factory=lambda: datetime.now(UTC),
        description="When it really happened; now without it, and when it is later.",
        examples=["2026-03-10T18:00:00+01:00"],
    )


class ReopeningRequest(OptionalBody):
    """Which completion is taken back; it has to be the latest. The body may be left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"occurrence": 14}]})

    occurrence: OccurrenceNumber = Field(default_factory=int)


COMPLETED_EXAMPLE: dict[str, JsonValue] = {
    "task": {
        **READ_EXAMPLE,
        "status": "Todo",
        "completed_at": NULL,
        "due_on": "2026-03-17",
        "recurrence": "FREQ=WEEKLY",
        "occurrence": 15,
        "occurrence_date": "2026-03-17",
    },
    "completion": COMPLETION_EXAMPLE,
    "skipped": 0,
}


class Completed(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [COMPLETED_EXAMPLE]})

    task: TaskRead
    completion: CompletionRead | None = Field(
        description="Null for a task that does not recur, and when the completion was taken back."
    )
    skipped: int = Field(description="How many occurrences passed between this one and the next.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request to complete or to skip asks for."""

    kind: CompletionKind
    occurrence: int | None
    keeps_missed: bool
    at: datetime | None
    expected: list[int] | None
    """The versions that the client allows; None is any."""
    idempotency: Idempotency | None

    @classmethod
    def of(
        cls,
        kind: CompletionKind,
        request: CompletionRequest,
        *,
        expected: list[int] | None,
        idempotency: Idempotency | None,
    ) -> Self:
        sent = request.model_dump(exclude_unset=True)
        keeps_missed = sent.get("missed") == "keep"
        return cls(kind, sent.get("occurrence"), keeps_missed, sent.get("at"), expected, idempotency)

    @property
    def is_repeatable(self) -> bool:
        """Whether the request, sent once more, cannot mean another occurrence."""
        return self.occurrence is not None or self.expected is not None or self.idempotency is not None


class Found(NamedTuple):
    """Behind the columns of `Scheduled`, what `LOOK` answers."""

    id: bytes
    json: bytes
    completion: bytes | None
    """The stored one of the occurrence that is asked for."""
    number_done: bytes | None
    """How many of the present series were completed or skipped; None where it does not matter."""


def task_in(row: Row) -> tuple[Scheduled, Found]:
    """By what `LOOK` answers."""
    behind = len(Scheduled._fields)
    return Scheduled.read(row[:behind]), Found._make(row[behind:])


async def complete(session: Session, task_id: Reference, request: Asked) -> Versioned:
    """A task that does not recur is Done; one that recurs has its next occurrence open. Answers `Completed`.

    Raises:
        TaskNotFound, VersionMismatch, OccurrenceRequired, OccurrenceNotOpen
        NotRecurring: a task that does not recur cannot be skipped.
        IdempotencyKeyReused: the key came with another request before.
    """
    while True:
        was_completed, rows, known = await look(session, task_id, request)
        if known:
            return remembered(known[0])
        if not rows:
            raise TaskNotFound
        task, found = task_in(rows[0])
        now = datetime.fromtimestamp(session.pool.clock(), UTC)
        call = None if was_completed else call_for(task, found, request, now=now)
        if call is None:
            json = b'{"task": %b, "completion": %b, "skipped": 0}' % (found.json, found.completion or b"null")
            return Versioned(int(found.id), json, task.version)
        [written] = await session.write(
            call.bound(request.idempotency, id=task_id, expected=[task.version]),
            is_repeatable=request.idempotency is not None,
        )
        if written:
            return answered(written[0], request.idempotency)


async def look(session: Session, task_id: Reference, request: Asked) -> tuple[bool, list[Row], list[Row]]:
    """Whether the task is completed already, how it is, and what is remembered under the key."""
    call = LOOK(id=task_id, occurrence=request.occurrence)
    if request.idempotency is not None:
        rows, known = await session.read(call, *recalling(request.idempotency))
        return False, rows, known
    if request.kind == "skipped" or request.occurrence is not None:
        [rows] = await session.read(call)
        return False, rows, []
    # Most tasks do not recur, and need no more than this.
    completed, rows = await session.write(COMPLETE_PLAIN(id=task_id, expected=request.expected, at=request.at), call)
    return bool(completed), rows, []


class Call(NamedTuple):
    """What is written, but for what names the task."""

    write: Write
    values: dict[str, Any]

    def bound(self, idempotency: Idempotency | None, **values: Any) -> Bound:
        return self.write.bound(idempotency, **self.values, **values)


def call_for(task: Scheduled, found: Found, request: Asked, *, now: datetime) -> Call | None:
    """None when nothing changes, and nothing has to be remembered.

    Raises:
        As `complete`.
    """
    recurs = task.recurrence is not None
    if recurs and not request.is_repeatable:
        raise OccurrenceRequired
    if request.expected is not None and task.version not in request.expected:
        raise VersionMismatch(TaskNotFound.noun)
    if not recurs and request.kind == "skipped":
        raise NotRecurring
    unchanged = None if request.idempotency is None else Call(KEEP, {"occurrence": request.occurrence})
    if task.occurrence is None:
        if request.occurrence is None:
            return unchanged if task.status == DONE else Call(COMPLETE, {"at": request.at})
        if found.completion is None:
            raise OccurrenceNotOpen
        return unchanged
    if request.occurrence is not None and request.occurrence < task.occurrence:
        return unchanged
    if task.status == DONE:
        raise OccurrenceNotOpen
    if request.occurrence is not None and request.occurrence > task.occurrence:
        raise OccurrenceNotOpen(task.occurrence)
    return Call(ADVANCE, advanced(task, found, request, now=now))


def advanced(task: Scheduled, found: Found, request: Asked, *, now: datetime) -> dict[str, Any]:
    """What a completion or a skip writes."""
    series, done = task.series(), task.open_day
    when = now if request.at is None else min(request.at, now)
    number_done = int(found.number_done or 0) + 1
    day, skipped = series.next(done, when, keeps_missed=request.keeps_missed, number_done=number_done)
    if day is None:
        moved = {"status": DONE, **{name: getattr(task, name) for name in ("due_on", "due_at", "occurrence_date")}}
    else:
        due = {"due_on": series.due_on(day), "due_at": series.due_at(day)}
        moved = {"status": "Todo", **due, "occurrence_date": series.written(day)}
    return {**moved, "kind": request.kind, "at": request.at, "skipped": skipped}


async def reopen(
    session: Session,
    task_id: Reference,
    *,
    occurrence: int | None,
    expected: list[int] | None,
    idempotency: Idempotency | None,
) -> Versioned:
    """Takes back that the task is Done, or of one that recurs the latest completion.

    Raises:
        TaskNotFound, VersionMismatch
        OccurrenceNotLatest: there is nothing to take back, or something else is the latest.
        IdempotencyKeyReused: the key came with another request before.
    """
    call = REOPEN.bound(idempotency, id=task_id, expected=expected, occurrence=occurrence)
    written, rows = await session.write(call, LOOK(id=task_id, occurrence=None), is_repeatable=idempotency is not None)
    if written:
        return answered(written[0], idempotency)
    if not rows:
        raise TaskNotFound
    task, _ = task_in(rows[0])
    if expected is not None and task.version not in expected:
        raise VersionMismatch(TaskNotFound.noun)
    raise OccurrenceNotLatest


async def list_completions(session: Session, task_id: Reference, page: PageRequest) -> Page:
    """The newest first.

    Raises:
        TaskNotFound
        CursorInvalid: it was not given out for the completions of this task.
    """
    of = f"completions of {task_id}"
    before = LARGEST_INTEGER + 1
    if page.cursor is not None:
        before = id_in(position_in(page.cursor, owner_id=session.owner_id, of=of))
    rows, there = await session.read(LIST(id=task_id, before=before, limit=page.limit), TASKS.IS_THERE(id=task_id))
    if not there:
        raise TaskNotFound
    return page_in(rows, owner_id=session.owner_id, of=of)


async def list_occurrences(session: Session, task_id: Reference, *, limit: int) -> list[str]:
    """Where the series has those behind the open one.

    Raises:
        TaskNotFound
    """
    [rows] = await session.read(LOOK(id=task_id, occurrence=None))
    if not rows:
        raise TaskNotFound
    task, _ = task_in(rows[0])
    if task.recurrence is None or task.status == DONE:
        return []
    return task.series().following(task.open_day, limit)


# Statements

COMPLETION_SHAPE = columns_of(COMPLETIONS, CompletionRead)
NAMED = TABLE.alias("named")
TASK_ID = owned(select(NAMED.c.id).where(IsTheOne(NAMED)), NAMED).scalar_subquery()
OF_TASK = COMPLETIONS.c.task_id == TASK_ID
STANDS = COMPLETIONS.c.taken_back_at.is_(None)
OF_SERIES = COMPLETIONS.c.occurrence >= TABLE.c.series_first
OCCURRENCE = bindparam("occurrence", type_=BigInteger())
# What is said to be later is now; null leaves now.
AT = func.least(bindparam("at", type_=DateTime(timezone=True)), func.now())
STATUS = bindparam("status", type_=Text())
RECURS = TABLE.c.recurrence.is_not(None)
TODO: Values = {"status": literal_column("'Todo'"), "marked_done_at": null()}
NOTHING: ColumnElement[Any] = cast(null(), JSON)


def answer(task: CTE, completion: ColumnElement[Any], skipped: ColumnElement[Any]) -> ColumnElement[Any]:
    """`Completed`."""
    parts = {"task": json_of(task), "completion": completion, "skipped": skipped}
    named = [part for name, value in parts.items() for part in (literal_column(f"'{name}'"), value)]
    return func.json_build_object(*named).label("json")


def stored_completion() -> ColumnElement[Any]:
    """Of the occurrence that is asked for, if it was completed and not taken back."""
    found = owned(select(*COMPLETION_SHAPE).where(OF_TASK, STANDS, COMPLETIONS.c.occurrence == OCCURRENCE), COMPLETIONS)
    one = found.subquery("completion")
    return select(json_of(one)).select_from(one).scalar_subquery()


def looking() -> ClauseElement:
    """Scheduled, and Found."""
    of_series = owned(select(func.count()).where(OF_TASK, STANDS, OF_SERIES), COMPLETIONS).correlate(TABLE)
    counts = RECURS & (TABLE.c.recurrence_anchor == literal_column("'completion'"))
    columns = [
        *(TABLE.c[name] for name in Scheduled._fields),
        TABLE.c.id,
        json_of_columns(TASKS.shape, TABLE),
        stored_completion(),
        case((counts, of_series.scalar_subquery())),
    ]
    return owned(select(*columns).where(TASKS.is_the_one, TASKS.is_live), TABLE)


def written_once(made: Callable[..., tuple[Select[Any], *tuple[CTE, ...]]]) -> Write:
    """Of what makes `Completed` under the conditions that it is given, and what is written beside it."""

    def plain() -> ClauseElement:
        row, *others = made()
        return row.add_cte(*others)

    def under_key() -> ClauseElement:
        known = known_key()
        row, *others = made(is_unknown(known))
        return once(known, row.cte("made"), *others)

    return Write(plain=RowStatement(plain), once=RowStatement(under_key))


def completing() -> Update:
    done = {"status": DONE_TEXT, "marked_done_at": AT}
    return TASKS.held(TASKS.changing(done)).where(~RECURS, TABLE.c.status != DONE_TEXT)


def complete_one(*conditions: ColumnElement[bool]) -> tuple[Select[Any]]:
    done = completing().where(*conditions).returning(*TASKS.shape).cte("done")
    return (select(done.c.id, answer(done, NOTHING, literal_column("0")), done.c.version),)


def keep(*conditions: ColumnElement[bool]) -> tuple[Select[Any]]:
    """Where nothing changes."""
    is_it = (TASKS.is_the_one, TASKS.is_live, TASKS.is_as_expected, *conditions)
    kept = owned(select(*TASKS.shape).where(*is_it), TABLE).cte("kept")
    return (select(kept.c.id, answer(kept, stored_completion(), literal_column("0")), kept.c.version),)


def advance(*conditions: ColumnElement[bool]) -> tuple[Select[Any], CTE]:
    """The answer, and the subtasks that begin anew."""
    is_it = (TASKS.is_the_one, TASKS.is_live, TASKS.is_as_expected, *conditions)
    kept_columns = ("occurrence", "occurrence_date", "due_on", "due_at")
    before = owned(select(TABLE.c.id, *(TABLE.c[name] for name in kept_columns)).where(*is_it), TABLE).cte("before")
    written = {
        "owner_id": OWNER,
        "task_id": before.c.id,
        **{name: before.c[name] for name in kept_columns},
        "kind": bindparam("kind", type_=Text()),
        "completed_at": AT,
        "version": NOW,
    }
    kept = insert(COMPLETIONS).from_select([*written], select(*written.values()))
    completion = kept.returning(*COMPLETION_SHAPE).cte("completion")
    number = TABLE.c.occurrence + literal_column("1")
    moved = {
        "status": STATUS,
        "marked_done_at": case((STATUS == DONE_TEXT, AT)),
        **{name: parameter_of(TABLE.c[name]) for name in ("due_on", "due_at", "occurrence_date")},
        "occurrence": number,
        "last_occurrence": number,
    }
    task = TASKS.held(TASKS.changing(moved)).where(*conditions).returning(*TASKS.shape).cte("task")
    begins_anew = (exists(select(task.c.id)), STATUS != DONE_TEXT)
    is_subtask = TABLE.c.parent_id == select(before.c.id).scalar_subquery()
    reset = owned(
        TASKS.changing(TODO).where(is_subtask, TASKS.is_live, TABLE.c.status == DONE_TEXT, ~RECURS, *begins_anew), TABLE
    )
    skipped = cast(bindparam("skipped", type_=Integer()), Integer)
    done = select(task.c.id, answer(task, json_of(completion), skipped), task.c.version)
    return done.select_from(task.join(completion, true())), reset.returning(TABLE.c.id).cte("subtasks")


def reopened(*conditions: ColumnElement[bool]) -> CTE:
    """The task that is open again, or was not closed."""
    is_it = (TASKS.is_the_one, TASKS.is_live, TASKS.is_as_expected, *conditions)
    series_first = owned(select(TABLE.c.series_first).where(RECURS, *is_it), TABLE).scalar_subquery()
    of_series = COMPLETIONS.c.occurrence >= series_first
    latest = owned(select(COMPLETIONS).where(OF_TASK, STANDS, of_series), COMPLETIONS)
    last = latest.order_by(COMPLETIONS.c.occurrence.desc()).limit(literal_column("1")).cte("latest")
    is_meant = OCCURRENCE.is_(None) | (last.c.occurrence == OCCURRENCE)
    number = TABLE.c.occurrence + literal_column("1")
    restored = {name: last.c[name] for name in ("due_on", "due_at", "occurrence_date")}
    back = TASKS.changing({**TODO, **restored, "occurrence": number, "last_occurrence": number})
    series = TASKS.held(back).where(RECURS, is_meant, *conditions).returning(*TASKS.shape).cte("series")
    taken_back = update(COMPLETIONS).values(taken_back_at=func.now(), version=NOW)
    is_latest = COMPLETIONS.c.occurrence.in_(select(last.c.occurrence))
    taken = owned(taken_back.where(OF_TASK, is_latest, exists(select(series.c.id))), COMPLETIONS)
    is_plain = (~RECURS, OCCURRENCE.is_(None), *conditions)
    again = TASKS.held(TASKS.changing(TODO)).where(*is_plain, TABLE.c.status == DONE_TEXT)
    once_more = again.returning(*TASKS.shape).cte("again")
    open_already = owned(select(*TASKS.shape).where(*is_it, *is_plain, TABLE.c.status != DONE_TEXT), TABLE)
    return (
        union_all(select(series), select(once_more), open_already)
        .add_cte(taken.returning(COMPLETIONS.c.occurrence).cte("taken"))
        .cte("reopened")
    )


def listing() -> ClauseElement:
    """PageRow, of those with lower numbers than `before`."""
    before = bindparam("before", type_=BigInteger())
    found: Select[Any] = select(*COMPLETION_SHAPE).where(OF_TASK, STANDS, COMPLETIONS.c.occurrence < before)
    ahead, has_more = looking_ahead(owned(found, COMPLETIONS).order_by(COMPLETIONS.c.occurrence.desc()))
    page = select(ahead).order_by(ahead.c.occurrence.desc()).limit(LIMIT).subquery("page")
    return select(json_list(page, page.c.occurrence.desc()), func.min(page.c.occurrence), has_more)


LOOK = RowStatement(looking)
COMPLETE_PLAIN = RowStatement(lambda: completing().returning(TABLE.c.id))
COMPLETE = written_once(complete_one)
KEEP = written_once(keep)
ADVANCE = written_once(advance)
REOPEN = TASKS.write_of(reopened)
LIST = RowStatement(listing)
