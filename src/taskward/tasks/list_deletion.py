"""The end of a list, which is that of its tasks in it: they go to the inbox or to the trash, at most 1,000 a call.

Each call is one statement under the owner's clock. A portion is of whole families, so that a live subtask is where its
parent is; the list goes with the call that leaves no task in it. Its row stays, without its name, for those who have to
hear of its end. Its tasks in the trash still name it, and are shown, and restored, as of no list.
"""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Update,
    case,
    exists,
    func,
    literal_column,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.sql import ClauseElement

from taskward.lists.actions import LISTS
from taskward.lists.errors import ListNotEmpty
from taskward.lists.model import TABLE as LIST_TABLE
from taskward.postgres.statements import owned
from taskward.resources.clock import NOW
from taskward.resources.errors import VersionMismatch
from taskward.resources.idempotency import Idempotency, is_unknown, known_key, once
from taskward.resources.positions import behind_all
from taskward.resources.references import Reference, RowStatement
from taskward.resources.resource import Versioned, Write, answered
from taskward.resources.session import Session
from taskward.tasks.actions import TASKS
from taskward.tasks.model import TABLE

MOST_TASKS = 1_000
"""Of one call. A family has fewer: a task and 500 subtasks."""

Destination = Literal["inbox", "trash"]


class TasksLeft(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"left": 1234}]})

    left: int = Field(ge=1, description="How many tasks are in the list still: send the request again.")


async def delete(
    session: Session,
    list_id: Reference,
    *,
    tasks: Destination | None,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """The list, or a portion of its tasks: then it is answered as `TasksLeft`, and without a body when it is gone.

    `tasks` says where they go; None is for a list without any.

    Raises:
        ListNotFound, VersionMismatch
        ListNotEmpty: nobody has said what becomes of its tasks.
        IdempotencyKeyReused: the key came with another request before.
    """
    values = {"id": list_id, "expected": expected}
    calls = DELETE[tasks].bound(idempotency, **values), IS_AS_EXPECTED(**values)
    rows, there = await session.write(*calls, is_repeatable=idempotency is not None)
    if rows:
        return answered(rows[0], idempotency)
    if not there:
        raise LISTS.missing
    raise ListNotEmpty if there[0][0] == b"t" else VersionMismatch(LISTS.missing.noun)


Moving = Callable[[CTE], Update]
"""Of the tasks in a portion (id, number), in their order."""


def to_the_inbox(portion: CTE) -> Update:
    # `completed_at` may follow `updated_at`, which changes here.
    return TASKS.changing(
        {"list_id": null(), "position": behind_all(portion.c.number), "marked_done_at": TABLE.c.completed_at}
    )


def to_the_trash(_: CTE) -> Update:
    # One for a whole portion, and so for each family, which no other write has: by it they come back together.
    return TASKS.removing(deleted_at=select(func.clock_timestamp()).scalar_subquery())


def deleting(moving: Moving | None) -> Write:
    """A row like that of any write, whose JSON is what is answered; none where the list may not go."""

    def plain() -> ClauseElement:
        made, gone = deletion(moving)
        return select(made.c.id, made.c.json, made.c.version).add_cte(gone)

    def under_key() -> ClauseElement:
        known = known_key()
        return once(known, *deletion(moving, is_unknown(known)))

    return Write(plain=RowStatement(plain), once=RowStatement(under_key))


def deletion(moving: Moving | None, *conditions: ColumnElement[bool]) -> tuple[CTE, CTE]:
    lists = LIST_TABLE.c
    its: Select[Any] = select(lists.id, lists.version).where(LISTS.is_the_one, LISTS.is_live, *conditions)
    the_list = owned(its.where(LISTS.is_as_expected), LIST_TABLE).cte("the_list")
    left = tasks_in(the_list)
    if moving is not None:
        portion = portion_of(the_list)
        moved = owned(moving(portion).where(TABLE.c.id == portion.c.id), TABLE).returning(TABLE.c.id).cte("moved")
        left = left - select(func.count()).select_from(moved).scalar_subquery()
    remaining = select(left.label("left")).cte("remaining")
    is_empty = remaining.c.left == literal_column("0")
    told = func.concat(literal_column("""'{"left": '"""), remaining.c.left, literal_column("'}'"))
    json = case((is_empty, literal_column("''", Text())), else_=told)
    made = select(the_list.c.id, json.label("json"), the_list.c.version).select_from(the_list, remaining)
    going = update(LIST_TABLE).where(lists.id == the_list.c.id, is_empty)
    gone = {"version": NOW, "deleted_at": func.now(), "name": literal_column("'deleted'"), "color": null()}
    return (
        (made.where(is_empty) if moving is None else made).cte("made"),
        owned(going, LIST_TABLE).values(gone).returning(lists.id).cte("gone"),
    )


def tasks_in(the_list: CTE) -> ColumnElement[Any]:
    counted: Select[Any] = select(func.count()).select_from(TABLE).where(is_in(TABLE, the_list))
    return owned(counted, TABLE).scalar_subquery()


def is_in(rows: FromClause, the_list: CTE) -> ColumnElement[bool]:
    list_id = select(the_list.c.id).scalar_subquery()
    return (rows.c.list_id == list_id) & rows.c.deleted_at.is_(None)


def portion_of(the_list: CTE) -> CTE:
    """Tasks without a parent here, each with its subtasks, in the order of the former, as far as families fit whole."""
    head, subtask = TABLE.alias("head"), TABLE.alias("subtask")
    most: ColumnElement[int] = literal_column(str(MOST_TASKS))
    subtasks: Select[Any] = select(subtask.c.id, subtask.c.position)
    subtasks = subtasks.where(subtask.c.parent_id == head.c.id, subtask.c.deleted_at.is_(None))
    itself = select(head.c.id, head.c.position)
    family = union_all(itself.correlate(head), owned(subtasks, subtask).correlate(head)).lateral("family")
    # PostgreSQL reads the heads in this order by an index, and stops at the limit.
    members: Select[Any] = select(head.c.id.label("head"), head.c.position.label("of_head"), *family.c)
    members = owned(members.select_from(head.join(family, true())), head)
    members = members.where(is_in(head, the_list), heads_its_family(head)).order_by(head.c.position, head.c.id)
    sample = members.limit(most + literal_column("1")).cte("sample")
    in_order = select(sample.c.head).order_by(sample.c.of_head, sample.c.head)
    does_not_fit = in_order.offset(most).limit(literal_column("1")).scalar_subquery()
    number = func.row_number().over(order_by=(sample.c.position, sample.c.id)).label("number")
    return select(sample.c.id, number).where(sample.c.head.is_distinct_from(does_not_fit)).cte("portion")


def heads_its_family(task: FromClause) -> ColumnElement[bool]:
    """Release 0.2, beside this one, deletes a parent without its subtasks."""
    parent = TABLE.alias("parent")
    live: Select[Any] = select(parent.c.id).where(parent.c.id == task.c.parent_id, parent.c.deleted_at.is_(None))
    return task.c.parent_id.is_(None) | ~exists(owned(live, parent))


DELETE: dict[Destination | None, Write] = {
    None: deleting(None),
    "inbox": deleting(to_the_inbox),
    "trash": deleting(to_the_trash),
}


def looking() -> ClauseElement:
    is_expected: Select[Any] = select(LISTS.is_as_expected).where(LISTS.is_the_one, LISTS.is_live)
    return owned(is_expected, LIST_TABLE)


IS_AS_EXPECTED = RowStatement(looking)
