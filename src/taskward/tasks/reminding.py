"""Reminders that are told: armed when a change of their task passes, found when they are due, and told once.

Whoever tells an owner's application does this too, under the same claim of the owner (`resources/deliveries.py`), and
after the changes: nobody hears of a reminder before the task that it belongs to. Each write says what it has read, so
that one that comes late, of somebody whose claim is over, does nothing. None of it moves the owner's clock: for clients
nothing has changed.
"""

import json
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    exists,
    extract,
    func,
    literal_column,
    null,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql import ClauseElement

from taskward.postgres.encoding import Row
from taskward.postgres.statements import OWNER, Bound, LazyStatement, json_of_columns, owned
from taskward.resources.clock import CLOCK
from taskward.resources.deliveries import IS_AHEAD, finishing, mine, written_at
from taskward.resources.deliveries import TABLE as DELIVERY
from taskward.tasks.alarms import ARMING, NOBODY, TABLE, Alarm, Due, Reminded
from taskward.tasks.model import TABLE as TASKS

ROWS = 500
"""Tasks that are armed in one transaction."""

OVERLAP = timedelta(seconds=2)
"""By how much later than it was written something may seem to wait to be told: as long as a statement can take, or a
version run ahead. So a reminder that is set for a moment ago is told."""


class Ask(Protocol):
    """Runs statements as one owner, in a transaction, and answers the rows of each."""

    def __call__(self, *calls: Bound) -> Awaitable[list[list[Row]]]: ...


ROLLOUT: ColumnElement[Any] = literal_column("interval '10 minutes'")
"""For which some processes may still write without leaving what is to be told, while others begin to tell; and by less
than which the clocks of hosts differ."""


class Reminder(NamedTuple):
    """One that is to be told."""

    json: bytes
    """The same for each attempt."""
    task_id: int
    occurrence: int | None
    at: datetime
    settled: Bound
    """What to run, as the owner, when it was told."""
    has_more: bool
    """Whether another one is due."""


class Changed(NamedTuple):
    """A task as it is after changes, the first of which was not made before `since`."""

    id: int
    task: Reminded
    since: datetime


# As changes pass


async def passed(ask: Ask, changes: Iterable[Mapping[str, Any]]) -> float | None:
    """Arms what these changes (`feed.py`) bring, and lets go of what they take. As often as one likes.

    Tells in how many seconds the first of these reminders is due, if there is one.
    """
    tasks = {
        change["task"]["id"] if change["op"] == "put" else change["id"]: change.get("task")
        for change in changes
        if change["kind"] == "task"
    }
    if not tasks:
        return None
    [[since, now]], rows = await ask(SINCE(), KNOWN(ids=list(tasks)))
    began = moment_of(since) - OVERLAP
    known = {int(number(row[0])): text_of(row[1]) for row in rows}
    changed = [
        Changed(task_id, NOBODY, began)
        if task is None
        else Changed(task_id, Reminded.read(task), since_of(task, began))
        for task_id, task in tasks.items()
        if task_id in known or (task is not None and task["reminders"])
    ]
    return await armed(ask, changed, known, now=moment_of(now))


def since_of(task: Mapping[str, Any], began: datetime) -> datetime:
    """Of a task that was never changed it is known exactly."""
    created_at = datetime.fromisoformat(task["created_at"])
    if task["updated_at"] is None:
        return created_at
    return min(max(began, created_at), datetime.fromisoformat(task["updated_at"]))


async def armed(ask: Ask, changed: Sequence[Changed], known: Mapping[int, str], *, now: datetime) -> float | None:
    written = list[tuple[int, str, Alarm]]()
    for task_id, task, since in changed:
        before = known.get(task_id, "")
        alarm = (Alarm.read(before) if before else Alarm()).changed(task, since=since)
        if alarm.written() != before and (before or alarm.next):
            written.append((task_id, before, alarm))
    if written:
        await ask(set_alarms(written))
    first = min((alarm.next.at for _, _, alarm in written if alarm.next), default=None)
    return None if first is None else (first - now).total_seconds()


def set_alarms(written: Sequence[tuple[int, str, Alarm]]) -> Bound:
    return SET_ALARMS(
        ids=[task_id for task_id, _, _ in written],
        befores=[before for _, before, _ in written],
        memories=[alarm.written() for _, _, alarm in written],
        instants=[alarm.next.at.isoformat() if alarm.next else "" for _, _, alarm in written],
    )


async def armed_anew(ask: Ask) -> None:
    """Arms what the owner's tasks had before anybody was told of their changes."""
    behind = 0
    while True:
        [[now]], rows = await ask(CLOCK_OF_ALL(), WITH_REMINDERS(behind=behind, rows=ROWS))
        since, changed, known = moment_of(now), list[Changed](), dict[int, str]()
        for row in rows:
            task = json.loads(text_of(row[0]))
            changed.append(Changed(task["id"], Reminded.read(task), since))
            if row[1] is not None:
                known[task["id"]] = text_of(row[1])
        await armed(ask, changed, known, now=since)
        if len(rows) < ROWS:
            await ask(ARE_ARMED())
            return
        behind = changed[-1].id


# When they are due


async def due(ask: Ask, looked: Sequence[list[Row]] | None = None) -> Reminder | None:
    """The first that is due, to be told now. It stays as it is until `settled`, or until the task has it no more.

    `looked` is what `LOOK` has answered, where it was asked already.
    """
    while True:
        [[arms]], rows = looked or await ask(*LOOK)
        looked = None
        if arms == b"t":
            await armed_anew(ask)
        elif not rows:
            return None
        elif (found := await made_sure(ask, rows[0], has_more=len(rows) > 1)) is not None:
            return found


async def made_sure(ask: Ask, row: Row, *, has_more: bool) -> Reminder | None:
    """None when there is nothing to tell: the task has changed, and the alarm is set as it is now."""
    task_id, before, kept, now = int(number(row[0])), text_of(row[1]), row[2], moment_of(row[3])
    task = json.loads(text_of(row[4]))
    alarm = Alarm.read(before).changed(Reminded.read(task) if row[5] == b"t" else NOBODY, since=now)
    first = alarm.next
    if first is None or first.at > now:
        await ask(set_alarms([(task_id, before, alarm)]))
        return None
    told, after = kept, alarm.written()
    if told is None or moment_of(json.loads(told)["remind_at"].encode()) != first.at:
        told = json.dumps(told_of(task, first), ensure_ascii=False).encode()
    if told is not kept or after != before:
        keeping = KEEP(task_id=task_id, before=before, memory=after, remind_at=first.at, reminder=told.decode())
        if not (await ask(keeping))[0]:
            return None  # somebody else has the claim, and has been here
    left = alarm.told(first)
    remind_at = None if left.next is None else left.next.at
    settled = TOLD(task_id=task_id, before=after, memory=left.written(), remind_at=remind_at)
    return Reminder(told, task_id, json.loads(told)["occurrence"], first.at, settled, has_more)


def told_of(task: Mapping[str, Any], due: Due) -> dict[str, Any]:
    """What a mail needs."""
    return {
        "task_id": task["id"],
        **{name: task[name] for name in TOLD_COLUMNS},
        "reminder": due.reminder,
        "remind_at": due.at.isoformat(),
    }


def text_of(value: bytes | None) -> str:
    return (value or b"").decode()


def number(value: bytes | None) -> str:
    return (value or b"0").decode()


def moment_of(value: bytes | None) -> datetime:
    return datetime.fromisoformat(text_of(value))


# Statements as the owner

TOLD_COLUMNS = ("uid", "title", "due_on", "due_at", "time_zone", "occurrence", "occurrence_date")
TASK: list[ColumnElement[Any]] = [
    TASKS.c[name] for name in ("id", "status", "reminders", "created_at", "updated_at", *TOLD_COLUMNS)
]
IS_LIVE = TASKS.c.deleted_at.is_(None)
TASK_ID = bindparam("task_id", type_=BigInteger())
BEFORE = bindparam("before", type_=Text())
MEMORY = bindparam("memory", type_=Text())
REMIND_AT = bindparam("remind_at", type_=DateTime(timezone=True))
IDS = bindparam("ids", type_=ARRAY(BigInteger()))
NO_REMINDERS: ColumnElement[Any] = literal_column("'[]'::jsonb")

CLOCK_OF_ALL = LazyStatement(lambda: select(func.now()))
SINCE = LazyStatement(
    # Without a row of its own the owner has nothing to be told.
    lambda: select(func.coalesce(owned(select(DELIVERY.c.since), DELIVERY).scalar_subquery(), func.now()), func.now())
)
KNOWN = LazyStatement(
    lambda: owned(select(TABLE.c.task_id, TABLE.c.memory).where(TABLE.c.task_id == func.any(IDS)), TABLE)
)


def setting() -> ClauseElement:
    """Of each task the memory `before`, or '' of a new one, gives way to another. None of a task that is gone."""
    ids = cast(IDS, ARRAY(BigInteger()))
    texts = (cast(bindparam(name, type_=ARRAY(Text())), ARRAY(Text())) for name in ("befores", "memories", "instants"))
    written = select(
        func.unnest(ids, *texts).table_valued("id", "before", "memory", "instant").render_derived(name="written")
    ).cte("written")
    there = owned(select(TASKS.c.id), TASKS).subquery("there")
    at = cast(func.nullif(written.c.instant, literal_column("''")), DateTime(timezone=True))
    values: Select[Any] = select(OWNER, written.c.id, written.c.memory, at).select_from(
        written.join(there, there.c.id == written.c.id)
    )
    setting = insert(TABLE).from_select(["owner_id", "task_id", "memory", "remind_at"], values)
    new = setting.excluded
    before = select(written.c.before).where(written.c.id == TABLE.c.task_id).correlate(TABLE).scalar_subquery()
    return setting.on_conflict_do_update(
        index_elements=[TABLE.c.owner_id, TABLE.c.task_id],
        set_={
            "memory": new.memory,
            "remind_at": new.remind_at,
            # What was about to be told is told only if it still is.
            "reminder": case((TABLE.c.remind_at == new.remind_at, TABLE.c.reminder)),
        },
        where=TABLE.c.memory == before,
    )


SET_ALARMS = LazyStatement(setting)

_with_reminders: Select[Any] = (
    select(json_of_columns(TASK, TASKS), TABLE.c.memory)
    .select_from(TASKS.outerjoin(TABLE, (TABLE.c.owner_id == OWNER) & (TABLE.c.task_id == TASKS.c.id)))
    .where(TASKS.c.id > bindparam("behind", type_=BigInteger()), IS_LIVE, TASKS.c.reminders != NO_REMINDERS)
    .order_by(TASKS.c.id)
    .limit(bindparam("rows", type_=Integer()))
)
WITH_REMINDERS = LazyStatement(lambda: owned(_with_reminders, TASKS))

_due: Select[Any] = (
    select(TABLE.c.task_id, TABLE.c.memory, TABLE.c.reminder, func.now(), json_of_columns(TASK, TASKS), IS_LIVE)
    .select_from(TABLE.join(TASKS, TABLE.c.task_id == TASKS.c.id))
    .where(TABLE.c.remind_at <= func.now())
    .order_by(TABLE.c.remind_at, TABLE.c.task_id)
    .limit(literal_column("2"))
)
DUE = LazyStatement(lambda: owned(owned(_due, TABLE), TASKS))

_written = owned(update(TABLE).where(TABLE.c.task_id == TASK_ID, TABLE.c.memory == BEFORE), TABLE)
KEEP = LazyStatement(
    lambda: _written.values(memory=MEMORY, remind_at=REMIND_AT, reminder=bindparam("reminder", type_=Text())).returning(
        TABLE.c.task_id
    )
)
_told = _written.values(memory=MEMORY, remind_at=REMIND_AT, reminder=null()).returning(TABLE.c.task_id).cte("told")
# It answers a row in any case: when the task is erased meanwhile, it was told nevertheless.
TOLD = LazyStatement(lambda: select(func.count()).select_from(_told))

ARMS = LazyStatement(
    lambda: select(func.coalesce(owned(select(DELIVERY.c.arms), DELIVERY).scalar_subquery(), literal_column("false")))
)
ARE_ARMED = LazyStatement(lambda: owned(update(DELIVERY).values(arms=literal_column("false")), DELIVERY))

LOOK = (ARMS(), DUE())
"""What `due` asks first."""

# What the present moment is: the transaction may have waited for the clock.
_soon = func.clock_timestamp() + literal_column("interval '5 seconds'")
_first: Select[Any] = select(func.min(TABLE.c.remind_at)).where(TABLE.c.remind_at <= _soon)
_first_soon = owned(_first, TABLE).scalar_subquery()
FINISH = finishing(~DELIVERY.c.arms, _first_soon.is_(None))
"""As that of deliveries, but for an owner of whom a reminder is due soon: whoever looks for those that are due, while
this one is about to go, would take it for noted. `REST` behind it sees to that."""

_rest = func.greatest(func.now(), func.coalesce(_first_soon, func.now()))
REST = LazyStatement(
    lambda: mine(update(DELIVERY).values(claim=null(), due_at=_rest).where(~IS_AHEAD)).returning(
        extract("epoch", DELIVERY.c.due_at - func.now())
    )
)
"""Gives the claim back until the reminder is due. Answers in how many seconds that is."""

# As the keeper

_is_noted = exists(select(DELIVERY.c.owner_id).where(DELIVERY.c.owner_id == TABLE.c.owner_id))
_whose_turn = (
    select(TABLE.c.owner_id)
    .where(TABLE.c.remind_at <= func.now(), ~_is_noted)
    .order_by(TABLE.c.remind_at)
    .limit(bindparam("rows", type_=Integer()))
    .cte("whose_turn")
)
# Since when its owner has had news: of these nobody may have begun to tell.
_since = func.coalesce(written_at(CLOCK.c.news_since), func.now()).label("since")
_noting = insert(DELIVERY).from_select(
    ["owner_id", "since"],
    # In an order, or two that note the same at once could wait for each other.
    select(CLOCK.c.owner_id, _since)
    .where(CLOCK.c.owner_id.in_(select(_whose_turn.c.owner_id)))
    .order_by(CLOCK.c.owner_id),
)
ENQUEUE_DUE = LazyStatement(
    lambda: select(_whose_turn.c.owner_id).add_cte(_noting.on_conflict_do_nothing().cte("noted")),
)
"""Some of whom a reminder is due, with a row for each reminder; of them something is to be told from now on."""

NEXT = LazyStatement(
    lambda: select(extract("epoch", func.min(TABLE.c.remind_at) - func.now())).where(TABLE.c.remind_at > func.now())
)
"""In how many seconds the next reminder is due; null when there is none. In one transaction with `ENQUEUE_DUE`, which
sees to those that are due already."""

_written_after = func.coalesce(
    select(extract("epoch", ARMING.c.armed_until - ROLLOUT) * literal_column("1000")).scalar_subquery(),
    literal_column("0"),
)
_some = (
    select(CLOCK.c.owner_id, _since)
    .where(CLOCK.c.owner_id > bindparam("behind", type_=Text()), CLOCK.c.version > _written_after)
    .order_by(CLOCK.c.owner_id)
    .limit(bindparam("rows", type_=Integer()))
    .cte("some")
)
_unarmed = insert(DELIVERY).from_select(
    ["owner_id", "since", "arms"], select(_some.c.owner_id, _some.c.since, true()).order_by(_some.c.owner_id)
)
ENQUEUE_UNARMED = LazyStatement(
    lambda: select(func.now(), func.max(_some.c.owner_id)).add_cte(
        _unarmed.on_conflict_do_update(index_elements=[DELIVERY.c.owner_id], set_={"arms": true()}).cte("noted")
    )
)
"""Now, and the last of some owners, or null: it is noted that their tasks are to be looked at. Of owners who have not
written since all were armed, it is not."""

_armed = insert(ARMING).values(armed_until=bindparam("until", type_=DateTime(timezone=True)))
ARMED_UNTIL = LazyStatement(
    lambda: _armed.on_conflict_do_update(
        index_elements=[ARMING.c.only_one],
        set_={"armed_until": func.greatest(ARMING.c.armed_until, _armed.excluded.armed_until)},
    )
)

STILL_ARMED = LazyStatement(
    lambda: (
        update(ARMING)
        .values(armed_until=func.now())
        .where(ARMING.c.armed_until < func.now() - literal_column("interval '1 minute'"))
    )
)
"""By whoever has noted all owners, and whom every write since has left what is to be told."""
