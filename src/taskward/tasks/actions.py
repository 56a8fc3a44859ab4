"""What can be done with one task. Every rule is here, and no HTTP.

Each action is one call to the database. A statement is compiled once, below, next to its use; the owner is added by
`Resource`, and the policy says it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    DateTime,
    Text,
    bindparam,
    case,
    cast,
    collate,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR, aggregate_order_by
from sqlalchemy.sql import ClauseElement, ColumnElement, Select

from taskward.postgres.failures import StatementFailed
from taskward.postgres.statements import Bound, LazyStatement, owned
from taskward.resources.clock import NOW
from taskward.resources.errors import UidTaken, VersionMismatch
from taskward.resources.idempotency import RECALL_ROW, Idempotency, is_unknown, known_key, once
from taskward.resources.references import Reference, RowStatement, named
from taskward.resources.refusals import RECURS, RESCHEDULES, UNFIT_REMINDER, refuse
from taskward.resources.resource import (
    NO_BODY,
    Resource,
    Values,
    Versioned,
    Write,
    answered,
    holder_in,
    parameter_of,
    remembered,
)
from taskward.resources.session import Session
from taskward.tasks.errors import FieldUnfit, RecurringTask, TaskNotFound
from taskward.tasks.model import TABLE, TaskCreate, TaskPatch, TaskRead, TaskReplace
from taskward.tasks.references import NEW, problem_of
from taskward.tasks.reminders import as_json, need_instant
from taskward.tasks.rescheduling import DONE, NO_SERIES, RULE_AND_DONE, Scheduled, as_whole, begun, rescheduled
from taskward.tasks.words import words_of

REMINDER_UNFIT = "minutes_before counts from an instant: the task needs due_at"

TASKS = Resource(TABLE, read=TaskRead, replace=TaskReplace, patch=TaskPatch, missing=TaskNotFound)


async def create(session: Session, new: TaskCreate, *, idempotency: Idempotency | None = None) -> Versioned:
    """With `idempotency` one task, however often the request comes.

    Raises:
        IdempotencyKeyReused: its key came with another request before.
        UidTaken: another task of the owner has its uid.
        ReferenceNotFound, TooDeep, LimitReached: of its list and its parent.
    """
    if not has_references(new):
        if is_scheduled(new):
            return await TASKS.created(session, CREATE_SCHEDULED, idempotency, scheduled_values_of(new))
        return await TASKS.created(session, CREATE, idempotency, values_of(new))
    values = scheduled_values_of(new) | references_of(new)
    calls = [CREATE_WITHIN.bound(idempotency, **values), WHY_NOT(**values)]
    if new.uid is not None:
        calls.append(TASKS.HOLDER(id=new.uid))
    rows, [[refusal]], *holders = await session.write(*calls, is_repeatable=idempotency is not None)
    if rows:
        return answered(rows[0], idempotency)
    if refusal is not None:
        raise problem_of(refusal.decode())
    raise UidTaken(TaskNotFound.noun, holder=holder_in(holders[0]))


async def find(session: Session, task_id: Reference) -> Versioned:
    """
    Raises:
        TaskNotFound
    """
    return await TASKS.found(session, FIND(id=task_id))


async def replace(
    session: Session,
    task_id: Reference,
    new: TaskReplace,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """`expected` are the versions that may be replaced; None is any.

    Raises:
        TaskNotFound, VersionMismatch
        FieldUnfit, RecurrenceEmpty, RecurringTask: the series of the task, or a new one, does not allow it.
        IdempotencyKeyReused: the key came with another request before.
    """
    sent = sent_in(new)
    if sent.get("recurrence") is None:
        values = with_reminders(values_of(new) | sets_of(sent))
        call = REPLACE.bound(idempotency, id=task_id, expected=expected, **values)
        try:
            return await TASKS.changed(session, call, idempotency)
        except StatementFailed as failure:
            refuse_unless_it_reschedules(failure)
    return await reschedule(session, task_id, sent, expected=expected, idempotency=idempotency, replaces=True)


async def change(
    session: Session,
    task_id: Reference,
    patch: TaskPatch,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """
    Raises:
        As `replace`.
    """
    if not patch.model_fields_set:
        return await TASKS.unchanged(session, KEEP.bound(idempotency, id=task_id, expected=expected), idempotency)
    changes = changes_in(patch)
    if changes.get("recurrence") is None:
        if idempotency is None:
            call = change_of(changes)(id=task_id, expected=expected, **values_in(changes))
        else:
            values = values_of_all(changes)
            call = CHANGE.bound(idempotency, id=task_id, expected=expected, **values)
        try:
            return await TASKS.changed(session, call, idempotency)
        except StatementFailed as failure:
            refuse_unless_it_reschedules(failure)
    return await reschedule(session, task_id, changes, expected=expected, idempotency=idempotency)


async def delete(
    session: Session, task_id: Reference, *, expected: list[int] | None, idempotency: Idempotency | None = None
) -> Versioned:
    """Into the trash, with its live subtasks.

    Raises:
        As `replace`.
    """
    return await TASKS.changed(session, REMOVE.bound(idempotency, id=task_id, expected=expected), idempotency)


async def list_tags(session: Session) -> bytes:
    """An array of the tags on tasks that are not in the trash, by code point."""
    [[(json,)]] = await session.read(TAGS())
    return json or b"[]"


async def reschedule(
    session: Session,
    task_id: Reference,
    sent: Mapping[str, Any],
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None,
    replaces: bool = False,
) -> Versioned:
    """Of a change that has to be worked out from the row: read, and written if nothing has come in between.

    Raises:
        As `replace`.
    """
    while True:
        rows, *remembered_rows = await session.read(LOOK(id=task_id), *recalling(idempotency))
        if any(remembered_rows):
            return remembered(remembered_rows[0][0])
        if not rows:
            raise TaskNotFound
        task = Scheduled.read(rows[0])
        if expected is not None and task.version not in expected:
            raise VersionMismatch(TaskNotFound.noun)
        values = values_of_all(rescheduled(task, as_whole(task, sent) if replaces else sent))
        call = RESCHEDULE.bound(idempotency, id=task_id, expected=[task.version], **values)
        try:
            [rows] = await session.write(call, is_repeatable=idempotency is not None)
        except StatementFailed as failure:
            refuse_unless_it_reschedules(failure)
        if rows:
            return answered(rows[0], idempotency)


def recalling(idempotency: Idempotency | None) -> list[Bound]:
    """What is remembered under the key; read behind the row, so that nothing done under it is missed."""
    if idempotency is None:
        return []
    return [RECALL_ROW(key=idempotency.key, fingerprint=idempotency.fingerprint)]


def refuse_unless_it_reschedules(failure: StatementFailed) -> None:
    """
    Raises:
        RecurringTask, FieldUnfit: the statement was refused for that.
        StatementFailed: for another reason.
    """
    if failure.sqlstate == RECURS:
        raise RecurringTask from None
    if failure.sqlstate == UNFIT_REMINDER:
        raise FieldUnfit("reminders", REMINDER_UNFIT) from None
    if failure.sqlstate != RESCHEDULES:
        raise failure


def values_of(new: TaskReplace) -> dict[str, Any]:
    return with_words(new.model_dump())


def has_references(new: TaskCreate) -> bool:
    return new.list_id is not None or new.parent_id is not None


def references_of(new: TaskCreate) -> dict[str, Any]:
    return named("list", new.list_id) | named("parent", new.parent_id)


def is_scheduled(new: TaskCreate) -> bool:
    """Whether it sends what most do not: these are columns of a statement of their own."""
    return new.recurrence is not None or bool(new.reminders) or new.recurrence_anchor != "due"


def scheduled_values_of(new: TaskCreate) -> dict[str, Any]:
    """
    Raises:
        FieldUnfit, RecurrenceEmpty
    """
    values = values_of(new)
    if need_instant(new.reminders) and new.due_at is None:
        raise FieldUnfit("reminders", REMINDER_UNFIT)
    series: Mapping[str, Any] = {**NO_SERIES, "last_occurrence": None}
    if new.recurrence is not None:
        series = begun(values, number=1)
        if new.status == DONE:
            raise FieldUnfit("status", RULE_AND_DONE)
    return with_reminders({**values, **series})


def sent_in(new: TaskReplace) -> dict[str, Any]:
    """What a PUT means for a task that recurs: what its client cannot know, and the due, stays if it is left out."""
    stays = {"recurrence", "recurrence_anchor", "reminders", "due_on", "due_at", "status"} - new.model_fields_set
    if not new.model_fields_set & {"due_on", "due_at"}:
        stays |= {"time_zone"} - new.model_fields_set
    return with_one_due(new.model_dump(exclude=stays | {"completed_at"}))


def sets_of(sent: Mapping[str, Any]) -> dict[str, bool]:
    return {f"sets_{name}": name in sent for name in STAYING}


def changes_in(patch: TaskPatch) -> dict[str, Any]:
    return with_one_due(patch.model_dump(exclude_unset=True))


def with_one_due(sent: dict[str, Any]) -> dict[str, Any]:
    """A day takes the place of an instant, and the other way round."""
    if sent.get("due_on") is not None:
        sent["due_at"] = None
    if sent.get("due_at") is not None:
        sent["due_on"] = None
    return sent


def values_in(changes: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the statement that makes these changes."""
    if not has_own_statement(changes):
        return values_of_all(changes)
    values = with_words(changes)
    return with_reminders(values) if "reminders" in values else values


def values_of_all(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a statement that looks at each field whether it was sent."""
    return with_reminders(with_words({**changes, **TASKS.changes_in(changes)}))


def with_reminders(values: dict[str, Any]) -> dict[str, Any]:
    """As PostgreSQL takes them, and what they need of the task."""
    reminders = values["reminders"] or []
    return {**values, "reminders": as_json(reminders), "need_instant": need_instant(reminders)}


def with_words(values: dict[str, Any]) -> dict[str, Any]:
    """What a search looks at, beside the texts that it is made of."""
    made = values.copy()
    for text, (spaced, unspaced) in WORD_COLUMNS.items():
        if text in values:
            words, made[unspaced] = words_of(values[text])
            # As PostgreSQL writes them (§8.11.1): nothing in a word has to be escaped.
            made[spaced] = "'" + "' '".join(words) + "'" if words else ""
    return made


WORD_COLUMNS = {text: (f"{text}_words", f"{text}_unspaced") for text in ("title", "description")}
WORDS: dict[str, Values] = {
    text: {
        spaced: bindparam(spaced, type_=TSVECTOR()),
        unspaced: bindparam(unspaced, type_=Text()),
    }
    for text, (spaced, unspaced) in WORD_COLUMNS.items()
}


DONE_TEXT: ColumnElement[Any] = literal_column("'Done'")


def when_done(status: ColumnElement[Any], since: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((status == DONE_TEXT, since))


def still_done(status: ColumnElement[Any]) -> ColumnElement[Any]:
    """`marked_done_at` of a row that changes: since when it is done. Null stands for the time of this change."""
    return when_done(status, TABLE.c.completed_at)


# What is said to be later is now; null leaves now.
DONE_SINCE = func.least(bindparam("completed_at", type_=DateTime(timezone=True)), func.now())

DUE = ("due_on", "due_at")
RULE_FIELDS = ("recurrence", "recurrence_anchor", "reminders")
STAYING = ("status", *DUE, "time_zone", *RULE_FIELDS)
"""What a PUT leaves as it is when it is left out: all of a task that recurs, and the last three of any."""

TEXT_WORDS = {**WORDS["title"], **WORDS["description"]}
SENT = {**{name: value for name, value in TASKS.sent.items() if name not in RULE_FIELDS}, **TEXT_WORDS}
NEW_ROW = {"marked_done_at": when_done(TASKS.sent["status"], DONE_SINCE), **SENT}
SERIES = {name: parameter_of(TABLE.c[name]) for name in (*NO_SERIES, "last_occurrence")}
"""The columns of a series, as `rescheduling.py` works them out."""
NEW_SCHEDULED_ROW = {**NEW_ROW, **{name: TASKS.sent[name] for name in RULE_FIELDS}, **SERIES}


def within_series(values: Values) -> Values:
    """The same where it leaves a series as it is; the statement is refused where it does not.

    A rule can only be cleared by it, and then there is no series.
    """
    new = {name: values.get(name, TABLE.c[name]) for name in STAYING}
    recurs = new["recurrence"].is_not(None)
    refused: list[tuple[ColumnElement[bool], ColumnElement[Any]]] = []
    if values.keys() & {*DUE}:
        is_of_days = func.length(TABLE.c.occurrence_date) == literal_column("10")
        has_lost_it = case((is_of_days, new["due_on"].is_(None)), else_=new["due_at"].is_(None))
        refused.append((recurs & has_lost_it, refuse(RESCHEDULES)))
    if "time_zone" in values:
        refused.append((recurs & new["time_zone"].is_distinct_from(TABLE.c.time_zone), refuse(RESCHEDULES)))
    if "recurrence_anchor" in values:
        counts_anew = new["recurrence_anchor"] == literal_column("'completion'")
        refused.append((counts_anew & new["recurrence"].like(literal_column("'%;BY%'")), refuse(RESCHEDULES)))
    if "status" in values:
        refused.append((recurs & ((new["status"] == DONE_TEXT) != (TABLE.c.status == DONE_TEXT)), refuse(RECURS)))
    made = dict(values)
    if refused:
        made["version"] = case(*((when, cast(refusal, BigInteger)) for when, refusal in refused), else_=NOW)
    if "recurrence" in values:
        made |= {name: case((recurs, TABLE.c[name])) for name in NO_SERIES if name != "recurrence"}
    if "reminders" in values:
        made["reminders"] = fitting(values["reminders"], due_at=new["due_at"])
    return made


def fitting(reminders: ColumnElement[Any], *, due_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """Refused when one of those that are sent counts from an instant, and the task has none."""
    needs_it: ColumnElement[bool] = bindparam("need_instant", type_=Boolean())
    return case((needs_it & due_at.is_(None), cast(refuse(UNFIT_REMINDER), JSONB)), else_=reminders)


def staying() -> Values:
    """What a PUT writes of these fields."""
    new: dict[str, ColumnElement[Any]] = {}
    recurs = TABLE.c.recurrence.is_not(None)
    for name in STAYING:
        is_sent: ColumnElement[bool] = bindparam(f"sets_{name}", type_=Boolean())
        stays = ~is_sent if name in RULE_FIELDS else recurs & ~is_sent
        if name == "status":
            stays &= TABLE.c.status == DONE_TEXT
        new[name] = case((stays, TABLE.c[name]), else_=TASKS.sent[name])
    return new


REPLACED = {**SENT, **staying()}
REPLACED["marked_done_at"] = still_done(REPLACED["status"])
CHANGED = {
    **TASKS.changes,
    **{
        column: TASKS.if_sent(text, made, column=column)
        for text, columns in WORDS.items()
        for column, made in columns.items()
    },
    "marked_done_at": still_done(TASKS.changes["status"]),
}
PATCHED = within_series(CHANGED)
RESCHEDULED = {**CHANGED, **SERIES, "reminders": fitting(CHANGED["reminders"], due_at=CHANGED["due_at"])}


CREATE = TASKS.create(NEW_ROW)
CREATE_SCHEDULED = TASKS.create(NEW_SCHEDULED_ROW)
# In a list or under a parent, if what is referred to allows it.
NEW_ROW_WITHIN = TASKS.named({**NEW_SCHEDULED_ROW, "list_id": NEW.c.list_id, "parent_id": NEW.c.parent_id})
CREATE_WITHIN = TASKS.creation(NEW_ROW_WITHIN, NEW.c.refusal.is_(None))
WHY_NOT = LazyStatement(lambda: select(NEW.c.refusal))
FIND = TASKS.find()
KEEP = TASKS.keep()
REPLACE = TASKS.replace(within_series(REPLACED))
CHANGE = TASKS.change(PATCHED)
RESCHEDULE = TASKS.change(RESCHEDULED)


def removed(*conditions: ColumnElement[bool], returning: Sequence[ColumnElement[Any]]) -> tuple[CTE, CTE]:
    """The task that goes into the trash, and the live subtasks that it takes along.

    These have its `deleted_at`, and no other task has: so it is known what comes back with it. The time of the
    transaction would be that of everything in a batch.
    """
    removing = TASKS.removing(deleted_at=func.clock_timestamp()).where(*conditions)
    task = TASKS.held(removing).returning(*returning, TABLE.c.deleted_at).cte("removed")
    taking = TASKS.removing(deleted_at=task.c.deleted_at).where(TABLE.c.parent_id == task.c.id, TASKS.is_live)
    return task, owned(taking, TABLE).returning(TABLE.c.id).cte("taken_along")


ANSWER = (TABLE.c.id, NO_BODY, TABLE.c.version)


def removing() -> ClauseElement:
    task, along = removed(returning=ANSWER)
    return select(task.c.id, task.c.json, task.c.version).add_cte(along)


def removing_once() -> ClauseElement:
    known = known_key()
    task, along = removed(is_unknown(known), returning=ANSWER)
    return once(known, select(task.c.id, task.c.json, task.c.version).cte("made"), along)


REMOVE = Write(plain=RowStatement(removing), once=RowStatement(removing_once))


def looking() -> ClauseElement:
    """Scheduled."""
    columns = [TABLE.c[name] for name in Scheduled._fields]
    return owned(select(*columns).where(TASKS.is_the_one, TASKS.is_live), TABLE)


LOOK = RowStatement(looking)

# Most patches send one field or two. A statement that sets these alone costs PostgreSQL a sixth less than the one that
# looks at each field whether it was sent. Of the many sets of more fields none has its own: each connection keeps what
# it has prepared.
OWN_STATEMENT_FIELDS = 2


def has_own_statement(changes: Iterable[str]) -> bool:
    return len(frozenset(changes)) <= OWN_STATEMENT_FIELDS


def change_of(changes: Iterable[str]) -> LazyStatement | RowStatement:
    fields = frozenset(changes)
    return change_of_few(fields) if has_own_statement(fields) else CHANGE.plain


@cache
def change_of_few(fields: frozenset[str]) -> RowStatement:
    return TASKS.held_to_row(TASKS.changing(patched(fields)))


def patched(fields: frozenset[str]) -> Values:
    """What a patch that sends exactly these fields writes."""
    values = {name: TASKS.sent[name] for name in TASKS.changes if name in fields}
    words = {column: made for text, columns in WORDS.items() if text in fields for column, made in columns.items()}
    done = still_done(values["status"]) if "status" in values else TABLE.c.completed_at
    return within_series({**values, **words, "marked_done_at": done})


def tagged() -> ClauseElement:
    each: Select[Any] = select(func.unnest(TABLE.c.tags).label("tag")).where(TASKS.is_live).distinct()
    found = owned(each, TABLE).subquery("found")
    return select(func.json_agg(aggregate_order_by(found.c.tag, collate(found.c.tag, "C"))))


TAGS = LazyStatement(tagged)
