"""Many changes at once: all or nothing, in order, each sees what those before it did. One call to the database.

Every operation is a statement that fails inside the database when its task is not there or not as expected, or when it
lacks what it should expect: that undoes the others, and the SQLSTATE tells which it was. Each has a tick of the clock
of its own, or two changes of one task would leave two contents behind one version.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import (
    CTE,
    BigInteger,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import ClauseElement, ColumnElement

from taskward.errors import Problem
from taskward.postgres.context import PLANNED_ONCE
from taskward.postgres.encoding import Row
from taskward.postgres.failures import DatabaseUnavailable, Reason, StatementFailed
from taskward.postgres.statements import OWNER, Bound, LazyStatement, json_of, owned
from taskward.resources.clock import TICK
from taskward.resources.errors import (
    IdempotencyKeyReused,
    PreconditionRequired,
    ReferenceNotFound,
    UidTaken,
    VersionMismatch,
)
from taskward.resources.idempotency import (
    CLAIM,
    FINGERPRINT,
    KEY,
    RECALL,
    Idempotency,
    RecalledRow,
    remembering,
)
from taskward.resources.references import ONE_ROW, Reference, RowStatement, has_its_uid
from taskward.resources.refusals import (
    KEY_IS_KNOWN,
    NOT_AS_EXPECTED,
    NOT_FOUND,
    PRECONDITION_REQUIRED,
    RECURS,
    RESCHEDULES,
    UID_TAKEN,
    UNFIT,
    UNFIT_REMINDER,
    refuse,
)
from taskward.resources.resource import Values, holder_in
from taskward.resources.session import Session
from taskward.resources.shapes import Body, RowId
from taskward.resources.versions import expected_versions
from taskward.tasks import moves, references
from taskward.tasks.actions import (
    NEW_ROW,
    NEW_ROW_WITHIN,
    NEW_SCHEDULED_ROW,
    PATCHED,
    REMINDER_UNFIT,
    RESCHEDULED,
    TASKS,
    changes_in,
    has_own_statement,
    has_references,
    is_scheduled,
    patched,
    references_of,
    removed,
    scheduled_values_of,
    values_in,
    values_of,
    values_of_all,
)
from taskward.tasks.errors import FieldUnfit, RecurringTask, TaskNotFound
from taskward.tasks.model import CREATED_EXAMPLE, MOVED_EXAMPLE, READ_EXAMPLE, TABLE, TaskCreate, TaskPatch, TaskRead
from taskward.tasks.model import EXAMPLE as TASK_EXAMPLE
from taskward.tasks.moves import TaskMove
from taskward.tasks.references import NEW
from taskward.tasks.rescheduling import Scheduled, rescheduled

MAX_OPERATIONS = 100


IfMatchText = Annotated[str, Field(description="As the header `If-Match`.", json_schema_extra={"examples": ['"3"']})]


class CreateOperation(Body):
    op: Literal["create"]
    task: TaskCreate


class PatchOperation(Body):
    op: Literal["patch"]
    id: RowId
    patch: TaskPatch
    # Never read when it was not sent.
    if_match: IfMatchText = Field(default_factory=str)


class DeleteOperation(Body):
    op: Literal["delete"]
    id: RowId
    if_match: IfMatchText = Field(default_factory=str)


class MoveOperation(Body):
    op: Literal["move"]
    id: RowId
    move: TaskMove
    if_match: IfMatchText = Field(default_factory=str)


Operation = Annotated[CreateOperation | PatchOperation | MoveOperation | DeleteOperation, Field(discriminator="op")]


OPERATIONS_EXAMPLE: dict[str, JsonValue] = {
    "operations": [
        {"op": "create", "task": TASK_EXAMPLE},
        {"op": "patch", "id": 7, "patch": {"status": "Done"}, "if_match": '"1773045000204"'},
        {"op": "move", "id": 7, "move": {"list_id": 3, "to": "first"}},
        {"op": "delete", "id": 5},
    ]
}


class Batch(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [OPERATIONS_EXAMPLE]})

    operations: list[Operation] = Field(min_length=1, max_length=MAX_OPERATIONS)

    def meaning(self) -> str:
        return "\n".join(map(meaning_of, self.operations))


def meaning_of(operation: Operation) -> str:
    if isinstance(operation, CreateOperation):
        return operation.meaning()
    return operation.model_dump_json(exclude_unset=True)  # in a patch a field that is left out is no default


class CreateResult(BaseModel):
    op: Literal["create"]
    status: Literal[201]
    task: TaskRead


class PatchResult(BaseModel):
    op: Literal["patch"]
    status: Literal[200]
    task: TaskRead


class MoveResult(BaseModel):
    op: Literal["move"]
    status: Literal[200]
    task: TaskRead


class DeleteResult(BaseModel):
    op: Literal["delete"]
    status: Literal[204]


RESULTS_EXAMPLE: dict[str, JsonValue] = {
    "results": [
        {"op": "create", "status": 201, "task": {**CREATED_EXAMPLE, "id": 8}},
        {"op": "patch", "status": 200, "task": READ_EXAMPLE},
        {"op": "move", "status": 200, "task": MOVED_EXAMPLE},
        {"op": "delete", "status": 204},
    ]
}
"""What the operations of `OPERATIONS_EXAMPLE` are answered."""


class BatchRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [RESULTS_EXAMPLE]})

    results: list[Annotated[CreateResult | PatchResult | MoveResult | DeleteResult, Field(discriminator="op")]] = Field(
        description="One for each operation, in their order."
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """BatchRead, as PostgreSQL rendered its parts."""

    json: bytes
    is_replay: bool = False


async def apply(
    session: Session, batch: Batch, *, requires_if_match: bool, idempotency: Idempotency | None = None
) -> Answer:
    """
    Raises:
        PreconditionRequired, TaskNotFound, VersionMismatch, UidTaken: with the index of the
            operation; nothing has changed.
        IdempotencyKeyReused: the key came with another request before.
    """
    steps = STEPS if idempotency is None else KEEPING_STEPS
    plan = plan_of(batch, steps, requires_if_match=requires_if_match)
    if plan is None:
        return await apply_rescheduling(session, batch, requires_if_match, idempotency)
    try:
        return await carried_out(session, batch, plan, idempotency)
    except Reschedules:
        return await apply_rescheduling(session, batch, requires_if_match, idempotency)


async def apply_rescheduling(
    session: Session, batch: Batch, requires_if_match: bool, idempotency: Idempotency | None
) -> Answer:
    """Where operations change series, which is worked out from the rows: read, and written if nothing has come in
    between."""
    steps = STEPS if idempotency is None else KEEPING_STEPS
    asked_for = [operation.id for operation in batch.operations if isinstance(operation, PatchOperation)]
    ids = [one for one in asked_for if isinstance(one, int)]
    uids = [str(one) for one in asked_for if isinstance(one, UUID)]
    while True:
        known = [] if idempotency is None else [RECALL(key=idempotency.key, fingerprint=idempotency.fingerprint)]
        rows, *recalled = await session.read(LOOK_AT(ids=ids, uids=uids), *known)
        if any(recalled):
            return recalled_in(recalled[0])
        tasks = Tasks(rows)
        unchanged = UNCHANGED(ids=[*tasks.states], versions=[task.version for task in tasks.states.values()])
        plan = plan_of(batch, steps, requires_if_match=requires_if_match, tasks=tasks)
        assert plan is not None  # noqa: S101 - the rows are known
        with suppress(Reschedules):
            return await carried_out(session, batch, plan, idempotency, unchanged)


class Tasks:
    """What operations find, each after those before it: tasks as they were read, and those that are created with a uid.

    `states` are by id, of those that were created by a number below 0; `ids` by whatever names them.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.states: dict[int, Scheduled] = {}
        self.ids: dict[Reference, int] = {}
        for row_id, uid, *scheduled in rows:
            number = int(row_id or 0)
            self.states[number] = Scheduled.read(tuple(scheduled))
            self.ids[number] = number
            if uid is not None:
                self.ids[UUID(uid.decode())] = number

    def get(self, reference: Reference) -> Scheduled | None:
        return self.states[self.ids[reference]] if reference in self.ids else None

    def change(self, reference: Reference, task: Scheduled) -> None:
        self.states[self.ids[reference]] = task

    def add(self, uid: UUID, values: Mapping[str, Any]) -> None:
        number = self.ids.setdefault(uid, -len(self.ids) - 1)
        made: dict[str, Any] = {name: values.get(name) for name in Scheduled._fields} | {"version": 0}
        self.states.setdefault(number, Scheduled(**made))


class Plan(NamedTuple):
    """A statement for each operation."""

    calls: list[Bound]
    problems: dict[int, Problem]
    """What is found out only when the turn of an operation comes, by its index."""


class Reschedules(Exception):
    """An operation changes a series, whose row has to be looked at first, or has changed since it was."""


def plan_of(batch: Batch, steps: "Steps", *, requires_if_match: bool, tasks: "Tasks | None" = None) -> Plan | None:
    """None when the rows of `tasks` are needed, and not given; they are changed as the operations change them.

    Raises:
        FieldUnfit, RecurrenceEmpty: a task that is to be created has a rule that does not fit it.
    """
    plan = Plan([], {})
    for index, operation in enumerate(batch.operations):
        try:
            call = call_of(operation, steps, requires_if_match=requires_if_match, tasks=tasks)
        except NeedsRow:
            return None
        except Problem as problem:
            placed(problem, index, operation)
            if not isinstance(operation, PatchOperation):
                raise
            plan.problems[index] = problem
            call = steps.fail(id=operation.id, expected=expected_by(operation))
        plan.calls.append(call)
    return plan


class NeedsRow(Exception):
    pass


def placed(problem: Problem, index: int, operation: Operation) -> None:
    problem.members["operation"] = index
    if isinstance(problem, FieldUnfit | ReferenceNotFound):
        problem.place("body", "operations", index, "task" if operation.op == "create" else operation.op)


async def carried_out(
    session: Session, batch: Batch, plan: Plan, idempotency: Idempotency | None, *before: Bound
) -> Answer:
    """
    Raises:
        Reschedules: and nothing has changed.
    """
    if any(isinstance(operation, MoveOperation) for operation in batch.operations):
        before = (PLANNED_ONCE(), *before)
    if idempotency is None:
        in_order = [*before, *with_ticks(TICK(**NEXT), plan.calls)]
        found = await written(session, batch, plan, in_order)
        results = found[len(before) + 1 :: 2]
        return Answer(b'{"results": [%b]}' % b", ".join(rows[0][0] or b"" for rows in results))
    known = {"key": idempotency.key, "fingerprint": idempotency.fingerprint}
    try:
        in_order = [*before, *with_ticks(CLAIM(key=idempotency.key), plan.calls), REMEMBER(**known)]
        found = await written(session, batch, plan, in_order, is_repeatable=True)
    except StatementFailed as failure:
        if failure.sqlstate != KEY_IS_KNOWN:
            raise
        return await recall(session, RECALL(**known))
    return Answer(found[-1][0][0] or b"")


async def recall(session: Session, call: Bound) -> Answer:
    """What was answered to an earlier request with the same key."""
    [rows] = await session.read(call)
    if not rows:
        # It has expired just now: the next attempt is a new request.
        raise DatabaseUnavailable(Reason.ANSWER_EXPIRED)
    return recalled_in(rows)


def recalled_in(rows: Sequence[Row]) -> Answer:
    found = RecalledRow._make(rows[0])
    if found.is_same != b"t":
        raise IdempotencyKeyReused
    return Answer(found.answer, is_replay=True)


def call_of(operation: Operation, steps: "Steps", *, requires_if_match: bool, tasks: "Tasks | None") -> Bound:
    """
    Raises:
        NeedsRow: the row has to be looked at, and `tasks` is not given.
        FieldUnfit, RecurrenceEmpty, RecurringTask: what the change of a series is refused for.
    """
    if isinstance(operation, CreateOperation):
        values, is_named = values_of(operation.task), operation.task.uid is not None
        if has_references(operation.task):
            create = steps.create_within
            values = scheduled_values_of(operation.task) | references_of(operation.task)
        elif is_scheduled(operation.task):
            create = steps.create_scheduled_named if is_named else steps.create_scheduled
            values = scheduled_values_of(operation.task)
        else:
            create = steps.create_named if is_named else steps.create
        if tasks is not None and operation.task.uid is not None:
            tasks.add(operation.task.uid, values)
        return create(**values)
    if requires_if_match and "if_match" not in operation.model_fields_set:
        return REFUSE()  # when its turn comes: one before it may fail too, and is told then
    at = {"id": operation.id, "expected": expected_by(operation)}
    if isinstance(operation, DeleteOperation):
        return steps.delete(**at)
    if isinstance(operation, MoveOperation):
        return steps.move(**at, **moves.values_of(operation.move))
    if not operation.patch.model_fields_set:
        return steps.look(**at)
    changes = changes_in(operation.patch)
    if tasks is None:
        if changes.get("recurrence") is not None:
            raise NeedsRow
        return steps.patch_of(changes)(**at, **values_in(changes))
    task = tasks.get(operation.id)
    if task is None:
        return steps.fail(**at)  # it was not there, and should it be now, all begins anew
    values = rescheduled(task, changes)
    tasks.change(operation.id, task._replace(**{name: values[name] for name in Scheduled._fields if name in values}))
    return steps.reschedule(**at, **values_of_all(values))


def expected_by(operation: PatchOperation | MoveOperation | DeleteOperation) -> list[int] | None:
    return expected_versions(operation.if_match) if "if_match" in operation.model_fields_set else None


def with_ticks(first: Bound, calls: Sequence[Bound]) -> Iterator[Bound]:
    """Something in front of each: `first`, and then the clock."""
    for index, call in enumerate(calls):
        yield TICK(**NEXT) if index else first
        yield call


async def written(
    session: Session, batch: Batch, plan: Plan, calls: Sequence[Bound], *, is_repeatable: bool = False
) -> list[list[Row]]:
    try:
        return await session.write(*calls, is_repeatable=is_repeatable)
    except StatementFailed as failure:
        if failure.sqlstate == RESCHEDULES:
            raise Reschedules from None
        # In front of each operation stands a tick, or something else in front of the first; and behind the last may be
        # what remembers the answer.
        in_front = next(index for index, call in enumerate(calls, start=1) if call is plan.calls[0])
        index = (failure.statement_index - in_front) // 2
        if failure.sqlstate == UNFIT:
            raise plan.problems.get(index) or Reschedules from None
        problem = refused(failure.sqlstate, batch.operations[index])
        if problem is None:
            raise
        operation = batch.operations[index]
        placed(problem, index, operation)
        if isinstance(problem, VersionMismatch):
            problem.explain(getattr(operation, "if_match", ""), name="if_match")
        if isinstance(problem, UidTaken) and isinstance(operation, CreateOperation):
            [rows] = await session.read(TASKS.HOLDER(id=operation.task.uid))
            problem.tell(holder_in(rows))
        raise problem from None


def looking() -> ClauseElement:
    """Ids and uids, each with Scheduled."""
    columns = [TABLE.c[name] for name in ("id", "uid", *Scheduled._fields)]
    by_id = TABLE.c.id == func.any(bindparam("ids", type_=ARRAY(BigInteger())))
    by_uid = TABLE.c.uid == func.any(bindparam("uids", type_=ARRAY(Uuid())))
    asked_for = by_id | (by_uid & has_its_uid(TABLE))
    return owned(select(*columns).where(asked_for, TASKS.is_live), TABLE)


def comparing() -> ClauseElement:
    """Fails when a row has another version than the one that was read, or is gone."""
    names = ("ids", "versions")
    pairs = func.unnest(*(cast(bindparam(name, type_=ARRAY(BigInteger())), ARRAY(BigInteger())) for name in names))
    read = pairs.table_valued("id", "version").render_derived(name="read")
    there = owned(select(TABLE.c.id).where(TABLE.c.id == read.c.id, TABLE.c.version == read.c.version), TABLE)
    is_other: Select[Any] = select(literal_column("1")).select_from(read).where(~exists(there.where(TASKS.is_live)))
    return select(case((exists(is_other), refuse(RESCHEDULES))))


LOOK_AT = LazyStatement(looking)
UNCHANGED = LazyStatement(comparing)


def refused(sqlstate: str, operation: Operation) -> Problem | None:
    """What it failed with on purpose."""
    if sqlstate in REFUSALS:
        return REFUSALS[sqlstate]()
    if sqlstate not in references.REFUSALS:
        return None
    return references.problem_of(sqlstate, anchor=operation.move.anchor_field if operation.op == "move" else "")


NEXT = {"now_ms": 1}
"""The clock stands at the present already: one further."""

REFUSALS: dict[str, Callable[[], Problem]] = {
    NOT_FOUND: TaskNotFound,
    NOT_AS_EXPECTED: lambda: VersionMismatch(TaskNotFound.noun),
    PRECONDITION_REQUIRED: PreconditionRequired,
    UID_TAKEN: lambda: UidTaken(TaskNotFound.noun),
    RECURS: RecurringTask,
    UNFIT_REMINDER: lambda: FieldUnfit("reminders", REMINDER_UNFIT),
}

REFUSE = LazyStatement(lambda: select(refuse(PRECONDITION_REQUIRED)))
"""In the place of an operation that lacks `if_match` where it is required."""


Kept = Callable[[ColumnElement[str]], ColumnElement[Any]]


class Steps:
    """Statements whose one column is the result of an operation, as the client reads it, or what is `kept` of it."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.create, self.create_named = self.creations(NEW_ROW)
        self.create_scheduled, self.create_scheduled_named = self.creations(NEW_SCHEDULED_ROW)
        self.create_within = LazyStatement(self.creating_within)
        self.patch = self.patched(lambda: PATCHED)
        self.patch_of_few = cache(lambda fields: self.patched(lambda: patched(fields)))
        self.look = RowStatement(lambda: self.changed(looked_at()))
        self.reschedule = self.patched(lambda: RESCHEDULED)
        # An operation that was found out to fail, if none does before it and the row is there and as expected.
        self.fail = RowStatement(lambda: self.step(looked_at(), refuse(UNFIT)))
        self.move = RowStatement(self.moving)
        self.delete = RowStatement(self.deleting)

    def creating_within(self) -> ClauseElement:
        within = TASKS.creating(NEW_ROW_WITHIN, NEW.c.refusal.is_(None)).cte("created")
        allowed = self.unless_refused(within, with_task("create", 201, within), NEW.c.refusal, UID_TAKEN)
        return select(self.kept(allowed)).select_from(NEW.outerjoin(within, true()))

    def moving(self) -> ClauseElement:
        judged = moves.judged()
        moved = moves.moving(judged)
        allowed = self.unless_refused(moved, with_task("move", 200, moved), judged.c.refusal, NOT_FOUND)
        return select(self.kept(allowed)).select_from(judged.outerjoin(moved, true()))

    def deleting(self) -> ClauseElement:
        task, along = removed(returning=[TABLE.c.id])
        return self.step(task, text("""{"op": "delete", "status": 204}"""), along)

    def unless_refused(
        self, done: CTE, result: ColumnElement[str], refusal: ColumnElement[str], otherwise: str
    ) -> ColumnElement[str]:
        refused: ColumnElement[str] = func.refuse(func.coalesce(refusal, text(otherwise)), type_=Text())
        return case((done.c.id.is_not(None), result), else_=refused)

    def creations(self, row: Values) -> tuple[LazyStatement, LazyStatement]:
        """Without a uid, and with one, which another row may have."""

        def unnamed() -> ClauseElement:
            created = TASKS.creating(row).cte("created")
            return select(self.kept(with_task("create", 201, created))).select_from(created)

        def named() -> ClauseElement:
            created = TASKS.creating(TASKS.named(row)).cte("created")
            outcome = case((created.c.id.is_not(None), with_task("create", 201, created)), else_=refuse(UID_TAKEN))
            return select(self.kept(outcome)).select_from(ONE_ROW.outerjoin(created, true()))

        return LazyStatement(unnamed), LazyStatement(named)

    def patch_of(self, changes: Iterable[str]) -> RowStatement:
        return self.patch_of_few(frozenset(changes)) if has_own_statement(changes) else self.patch

    def patched(self, values: Callable[[], Values]) -> RowStatement:
        return RowStatement(lambda: self.changed(attempted(TASKS.changing(values()))))

    def changed(self, done: CTE) -> ClauseElement:
        return self.step(done, with_task("patch", 200, done))

    def step(self, done: CTE, result: ColumnElement[str], *others: CTE) -> ClauseElement:
        """`others` are written beside it."""
        is_there = exists(owned(select(TABLE.c.id).where(TASKS.is_the_one, TASKS.is_live), TABLE))
        outcome = case((done.c.id.is_not(None), result), (is_there, refuse(NOT_AS_EXPECTED)), else_=refuse(NOT_FOUND))
        return select(self.kept(outcome)).select_from(ONE_ROW.outerjoin(done, true())).add_cte(*others)


def looked_at() -> CTE:
    look: Select[Any] = select(*TASKS.shape).where(TASKS.is_the_one, TASKS.is_live, TASKS.is_as_expected)
    return owned(look, TABLE).cte("done")


def attempted(write: Update) -> CTE:
    return TASKS.held(write).returning(*TASKS.shape).cte("done")


def with_task(op: str, status: int, done: CTE) -> ColumnElement[str]:
    opening = text(f"""{{"op": "{op}", "status": {status}, "task": """)
    return opening + cast(json_of(done), Text) + text("}")


def text(constant: str) -> ColumnElement[str]:
    return literal_column(f"'{constant}'", Text())


# What is answered under an idempotency key is gathered in a setting that ends with the transaction.

GATHERED = text("app.batch_results")


def gathered(result: ColumnElement[str]) -> ColumnElement[Any]:
    so_far = func.nullif(func.current_setting(GATHERED, true()), text(""))
    return func.length(func.set_config(GATHERED, func.concat_ws(text(", "), so_far, result), true()))


STEPS = Steps(lambda result: result)
KEEPING_STEPS = Steps(gathered)


def remembering_all() -> ClauseElement:
    answer = text("""{"results": [""") + func.current_setting(GATHERED) + text("]}")
    return remembering(select(OWNER, KEY, FINGERPRINT, answer.label("answer")))


REMEMBER = LazyStatement(remembering_all)
