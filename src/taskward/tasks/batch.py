"""Many changes at once: all or nothing, in order, each sees what those before it did. One call to the database.

Every operation is a statement that fails inside the database when its task is not there or not as expected, or when it
lacks what it should expect: that undoes the others, and the SQLSTATE tells which it was. Each has a tick of the clock
of its own, or two changes of one task would leave two contents behind one version.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import CTE, Integer, Select, Text, case, cast, func, literal_column, select, true
from sqlalchemy.sql import ColumnElement

from taskward.errors import (
    IdempotencyKeyReused,
    PreconditionRequired,
    Problem,
    TaskNotFound,
    VersionMismatch,
)
from taskward.http.conditions import IfMatchCondition
from taskward.postgres.encoding import Row
from taskward.postgres.failures import DatabaseUnavailable, Reason, StatementFailed
from taskward.postgres.statements import OWNER, Bound, Statement, compiled, json_of, owned
from taskward.resources.clock import LARGEST_INTEGER, TICK
from taskward.resources.idempotency import CLAIM, FINGERPRINT, IS_KNOWN, KEY, RECALL, Idempotency, remembering
from taskward.resources.session import Session
from taskward.resources.shapes import Body
from taskward.tasks.actions import (
    AS_EXPECTED,
    CHANGING,
    IS_LIVE,
    REMOVING,
    SHAPE,
    THE_TASK,
    as_array,
    attempted,
    changes_of,
    creating,
    values_of,
)
from taskward.tasks.model import TASKS, TaskCreate, TaskPatch, TaskRead

MAX_OPERATIONS = 100


def whole(value: Any) -> Any:
    """JSON knows no integers: 7.0 is the number 7 (JSON Schema: validation §6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER), BeforeValidator(whole)]
IfMatchText = Annotated[str, Field(description="As the header `If-Match`.", json_schema_extra={"examples": ['"3"']})]


class CreateOperation(Body):
    op: Literal["create"]
    task: TaskCreate


class PatchOperation(Body):
    op: Literal["patch"]
    id: Id
    patch: TaskPatch
    # Never read when it was not sent.
    if_match: IfMatchText = Field(default_factory=str)


class DeleteOperation(Body):
    op: Literal["delete"]
    id: Id
    if_match: IfMatchText = Field(default_factory=str)


Operation = Annotated[CreateOperation | PatchOperation | DeleteOperation, Field(discriminator="op")]


class Batch(Body):
    operations: list[Operation] = Field(min_length=1, max_length=MAX_OPERATIONS)

    def meaning(self) -> str:
        """The same for two batches that ask for the same (`resources/idempotency.py`)."""
        return "\n".join(map(meaning_of, self.operations))


def meaning_of(operation: Operation) -> str:
    if isinstance(operation, CreateOperation):
        return operation.model_dump_json(exclude_defaults=True)
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


class BatchRead(BaseModel):
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
        PreconditionRequired, TaskNotFound, VersionMismatch: with the index of the operation; nothing has changed.
    """
    steps = STEPS if idempotency is None else KEEPING_STEPS
    calls = [called(operation, steps, requires_if_match=requires_if_match) for operation in batch.operations]
    if idempotency is None:
        found = await written(session, [*ticking(TICK(**NEXT), calls)])
        return Answer(b'{"results": [%b]}' % b", ".join(rows[0][0] or b"" for rows in found[1::2]))
    known = {"key": idempotency.key, "fingerprint": idempotency.fingerprint}
    remember = REMEMBER(**known)
    try:
        found = await written(session, [*ticking(CLAIM(key=idempotency.key), calls), remember], is_repeatable=True)
    except StatementFailed as failure:
        if (failure.statement_index, failure.sqlstate) != (CLAIM_INDEX, IS_KNOWN):
            raise
        return await recall(session, RECALL(**known))
    return Answer(found[-1][0][0] or b"")


async def recall(session: Session, call: Bound) -> Answer:
    """What was answered to an earlier request with the same key."""
    found = await session.read(call)
    if not found:
        # It has expired just now: the next attempt is a new request.
        raise DatabaseUnavailable(Reason.ANSWER_EXPIRED)
    [(is_same, answer)] = found
    if is_same != b"t":
        raise IdempotencyKeyReused
    return Answer(answer or b"", is_replay=True)


def called(operation: Operation, steps: "Steps", *, requires_if_match: bool) -> Bound:
    if isinstance(operation, CreateOperation):
        return steps.create(**values_of(operation.task))
    value = operation.if_match if "if_match" in operation.model_fields_set else None
    try:
        expected = as_array(IfMatchCondition(value, requires_if_match).versions())
    except PreconditionRequired:
        return REFUSE()  # when its turn comes: one before it may fail too, and is told then
    if isinstance(operation, DeleteOperation):
        return steps.delete(task_id=operation.id, expected=expected)
    if not operation.patch.model_fields_set:
        return steps.look(task_id=operation.id, expected=expected)
    return steps.patch(task_id=operation.id, expected=expected, **changes_of(operation.patch))


def ticking(first: Bound, calls: Sequence[Bound]) -> Iterator[Bound]:
    """Something in front of each: `first`, and then the clock."""
    for index, call in enumerate(calls):
        yield TICK(**NEXT) if index else first
        yield call


async def written(session: Session, calls: Sequence[Bound], *, is_repeatable: bool = False) -> list[list[Row]]:
    try:
        return await session.write(*calls, is_repeatable=is_repeatable)
    except StatementFailed as failure:
        index, is_between = divmod(failure.statement_index - CLAIM_INDEX - 1, 2)
        if index < 0 or is_between or failure.sqlstate not in REFUSALS:
            raise
        raise at(REFUSALS[failure.sqlstate](), index) from None


def at(problem: Problem, index: int) -> Problem:
    problem.members["operation"] = index
    return problem


NEXT = {"now_ms": 1}
"""The clock stands at the present already: one further."""

CLAIM_INDEX = 1
"""Behind the clock, which moves first in every write."""

# Divisions, logarithms and roots are met nowhere else.
REFUSALS: dict[str, type[TaskNotFound | VersionMismatch | PreconditionRequired]] = {
    "22012": TaskNotFound,
    "2201E": VersionMismatch,
    "2201F": PreconditionRequired,
}

ONE: ColumnElement[int] = literal_column("1", Integer())
NOTHING: ColumnElement[int] = literal_column("0", Integer())

REFUSE = compiled(select(func.sqrt(-ONE)))
"""In the place of an operation that lacks `if_match` where it is required."""


class Steps(NamedTuple):
    """Statements whose one column is the result of an operation, as the client reads it."""

    create: Statement
    patch: Statement
    look: Statement
    delete: Statement


def steps(kept: Callable[[ColumnElement[str]], ColumnElement[Any]]) -> Steps:
    created = creating.cte("created")
    look: Select[Any] = select(*SHAPE).where(THE_TASK, IS_LIVE, AS_EXPECTED)
    deleted = text("""{"op": "delete", "status": 204}""")

    def step(done: CTE, result: ColumnElement[str]) -> Statement:
        there = owned(select(func.count().label("found")).where(THE_TASK, IS_LIVE), TASKS).cte("there")
        not_found, mismatch = ONE // there.c.found, func.ln(there.c.found - ONE)
        outcome = case(
            (there.c.found == NOTHING, cast(not_found, Text)), (done.c.id.is_(None), cast(mismatch, Text)), else_=result
        )
        return compiled(select(kept(outcome)).select_from(there.outerjoin(done, true())))

    def patched(done: CTE) -> Statement:
        return step(done, with_task("patch", 200, done))

    return Steps(
        create=compiled(select(kept(with_task("create", 201, created))).select_from(created)),
        patch=patched(attempted(CHANGING)),
        look=patched(owned(look, TASKS).cte("done")),
        delete=step(attempted(REMOVING), deleted),
    )


def with_task(op: str, status: int, done: CTE) -> ColumnElement[str]:
    shape = [done.c[name] for name in TaskRead.model_fields]
    opening = text(f"""{{"op": "{op}", "status": {status}, "task": """)
    return opening + cast(json_of(shape, done), Text) + text("}")


def text(constant: str) -> ColumnElement[str]:
    return literal_column(f"'{constant}'", Text())


# What is answered under an idempotency key is gathered in a setting that ends with the transaction.

GATHERED = text("app.batch_results")


def gathered(result: ColumnElement[str]) -> ColumnElement[Any]:
    so_far = func.nullif(func.current_setting(GATHERED, true()), text(""))
    return func.length(func.set_config(GATHERED, func.concat_ws(text(", "), so_far, result), true()))


STEPS = steps(lambda result: result)
KEEPING_STEPS = steps(gathered)

all_gathered = text("""{"results": [""") + func.current_setting(GATHERED) + text("]}")
REMEMBER = compiled(remembering(select(OWNER, KEY, FINGERPRINT, all_gathered.label("answer"))))
