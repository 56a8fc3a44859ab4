"""Many changes at once: all or nothing, in order, each sees what those before it did. One call to the database.

Every operation is a statement that fails inside the database when its task is not there or not as expected, or when it
lacks what it should expect: that undoes the others, and the SQLSTATE tells which it was. Each has a tick of the clock
of its own, or two changes of one task would leave two contents behind one version.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import CTE, Select, Text, Update, case, cast, exists, func, literal_column, select, true
from sqlalchemy.sql import ColumnElement

from taskward.errors import Problem
from taskward.postgres.encoding import Row
from taskward.postgres.failures import DatabaseUnavailable, Reason, StatementFailed
from taskward.postgres.statements import OWNER, Bound, compiled, json_of, owned
from taskward.resources.clock import TICK
from taskward.resources.errors import IdempotencyKeyReused, PreconditionRequired, UidTaken, VersionMismatch
from taskward.resources.idempotency import (
    CLAIM,
    FINGERPRINT,
    KEY,
    RECALL,
    Idempotency,
    RecalledRow,
    remembering,
)
from taskward.resources.references import RowStatement
from taskward.resources.refusals import (
    KEY_IS_KNOWN,
    NOT_AS_EXPECTED,
    NOT_FOUND,
    PRECONDITION_REQUIRED,
    UID_TAKEN,
    refuse,
)
from taskward.resources.resource import holder_in
from taskward.resources.session import Session
from taskward.resources.shapes import Body, RowId
from taskward.resources.versions import expected_versions
from taskward.tasks.actions import NEW_ROW, PATCHED, TASKS, changes_in, has_own_statement, patched, values_in, values_of
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.model import CREATED_EXAMPLE, READ_EXAMPLE, TABLE, TaskCreate, TaskPatch, TaskRead
from taskward.tasks.model import EXAMPLE as TASK_EXAMPLE

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


Operation = Annotated[CreateOperation | PatchOperation | DeleteOperation, Field(discriminator="op")]


OPERATIONS_EXAMPLE: dict[str, JsonValue] = {
    "operations": [
        {"op": "create", "task": TASK_EXAMPLE},
        {"op": "patch", "id": 7, "patch": {"status": "Done"}, "if_match": '"1773045000204"'},
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


class DeleteResult(BaseModel):
    op: Literal["delete"]
    status: Literal[204]


RESULTS_EXAMPLE: dict[str, JsonValue] = {
    "results": [
        {"op": "create", "status": 201, "task": {**CREATED_EXAMPLE, "id": 8}},
        {"op": "patch", "status": 200, "task": READ_EXAMPLE},
        {"op": "delete", "status": 204},
    ]
}
"""What the operations of `OPERATIONS_EXAMPLE` are answered."""


class BatchRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [RESULTS_EXAMPLE]})

    results: list[Annotated[CreateResult | PatchResult | DeleteResult, Field(discriminator="op")]] = Field(
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
    calls = [call_of(operation, steps, requires_if_match=requires_if_match) for operation in batch.operations]
    if idempotency is None:
        found = await written(session, batch, [*with_ticks(TICK(**NEXT), calls)])
        return Answer(b'{"results": [%b]}' % b", ".join(rows[0][0] or b"" for rows in found[1::2]))
    known = {"key": idempotency.key, "fingerprint": idempotency.fingerprint}
    remember = REMEMBER(**known)
    try:
        in_order = [*with_ticks(CLAIM(key=idempotency.key), calls), remember]
        found = await written(session, batch, in_order, is_repeatable=True)
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
    found = RecalledRow._make(rows[0])
    if found.is_same != b"t":
        raise IdempotencyKeyReused
    return Answer(found.answer, is_replay=True)


def call_of(operation: Operation, steps: "Steps", *, requires_if_match: bool) -> Bound:
    if isinstance(operation, CreateOperation):
        create = steps.create if operation.task.uid is None else steps.create_named
        return create(**values_of(operation.task))
    has_condition = "if_match" in operation.model_fields_set
    if requires_if_match and not has_condition:
        return REFUSE()  # when its turn comes: one before it may fail too, and is told then
    expected = expected_versions(operation.if_match) if has_condition else None
    if isinstance(operation, DeleteOperation):
        return steps.delete(id=operation.id, expected=expected)
    if not operation.patch.model_fields_set:
        return steps.look(id=operation.id, expected=expected)
    changes = changes_in(operation.patch)
    return steps.patch_of(changes)(id=operation.id, expected=expected, **values_in(changes))


def with_ticks(first: Bound, calls: Sequence[Bound]) -> Iterator[Bound]:
    """Something in front of each: `first`, and then the clock."""
    for index, call in enumerate(calls):
        yield TICK(**NEXT) if index else first
        yield call


async def written(
    session: Session, batch: Batch, calls: Sequence[Bound], *, is_repeatable: bool = False
) -> list[list[Row]]:
    try:
        return await session.write(*calls, is_repeatable=is_repeatable)
    except StatementFailed as failure:
        refusal = REFUSALS.get(failure.sqlstate)
        if refusal is None:
            raise
        problem = refusal()
        # In front of each operation stands a tick, and in front of all the one that every write begins with.
        index = problem.members["operation"] = (failure.statement_index - 2) // 2
        operation = batch.operations[index]
        if isinstance(problem, VersionMismatch):
            problem.explain(getattr(operation, "if_match", ""), name="if_match")
        if isinstance(problem, UidTaken) and isinstance(operation, CreateOperation):
            [rows] = await session.read(TASKS.HOLDER(id=operation.task.uid))
            problem.tell(holder_in(rows))
        raise problem from None


NEXT = {"now_ms": 1}
"""The clock stands at the present already: one further."""

REFUSALS: dict[str, Callable[[], Problem]] = {
    NOT_FOUND: TaskNotFound,
    NOT_AS_EXPECTED: lambda: VersionMismatch(TaskNotFound.noun),
    PRECONDITION_REQUIRED: PreconditionRequired,
    UID_TAKEN: lambda: UidTaken(TaskNotFound.noun),
}

ONE_ROW = select(literal_column("1")).subquery("one")

REFUSE = compiled(select(refuse(PRECONDITION_REQUIRED)))
"""In the place of an operation that lacks `if_match` where it is required."""


Kept = Callable[[ColumnElement[str]], ColumnElement[Any]]


class Steps:
    """Statements whose one column is the result of an operation, as the client reads it, or what is `kept` of it."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        look: Select[Any] = select(*TASKS.shape).where(TASKS.is_the_one, TASKS.is_live, TASKS.is_as_expected)
        created = TASKS.creating(NEW_ROW).cte("created")
        self.create = compiled(select(kept(with_task("create", 201, created))).select_from(created))
        named = TASKS.creating(TASKS.named(NEW_ROW)).cte("created")
        outcome = case((named.c.id.is_not(None), with_task("create", 201, named)), else_=refuse(UID_TAKEN))
        self.create_named = compiled(select(kept(outcome)).select_from(ONE_ROW.outerjoin(named, true())))
        self.patch = self.patched(attempted(TASKS.changing(PATCHED)))
        self.patch_of_few = cache(lambda fields: self.patched(attempted(TASKS.changing(patched(fields)))))
        self.look = self.patched(owned(look, TABLE).cte("done"))
        self.delete = self.step(attempted(TASKS.removing()), text("""{"op": "delete", "status": 204}"""))

    def patch_of(self, changes: Iterable[str]) -> RowStatement:
        return self.patch_of_few(frozenset(changes)) if has_own_statement(changes) else self.patch

    def patched(self, done: CTE) -> RowStatement:
        return self.step(done, with_task("patch", 200, done))

    def step(self, done: CTE, result: ColumnElement[str]) -> RowStatement:
        is_there = exists(owned(select(TABLE.c.id).where(TASKS.is_the_one, TASKS.is_live), TABLE))
        outcome = case((done.c.id.is_not(None), result), (is_there, refuse(NOT_AS_EXPECTED)), else_=refuse(NOT_FOUND))
        return RowStatement(select(self.kept(outcome)).select_from(ONE_ROW.outerjoin(done, true())))


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

all_gathered = text("""{"results": [""") + func.current_setting(GATHERED) + text("]}")
REMEMBER = compiled(remembering(select(OWNER, KEY, FINGERPRINT, all_gathered.label("answer"))))
