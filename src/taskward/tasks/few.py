"""Writes that may change only a few tasks at once, because who asks for them is a program that can be wrong.

What a write takes along besides the task that it names is counted in its own transaction, behind the owner's clock:
nothing comes in between, and a write that is refused has changed nothing.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal_column, select
from sqlalchemy.sql import ClauseElement

from taskward.postgres.encoding import Row
from taskward.postgres.failures import StatementFailed
from taskward.postgres.statements import Bound, owned
from taskward.resources.errors import LimitReached
from taskward.resources.references import Reference, RowStatement
from taskward.resources.refusals import TOO_MANY_ROWS, refuse
from taskward.resources.session import Session
from taskward.tasks.actions import DONE_TEXT, TASKS
from taskward.tasks.model import TABLE

MOST = 20
"""Tasks that one write may change."""


@dataclass(slots=True)
class FewTasks(Session):
    """A session whose writes are refused where `guard` counts too many tasks."""

    guard: Bound | None = None

    @classmethod
    def of(cls, session: Session, guard: RowStatement, task_id: Reference) -> "FewTasks":
        return cls(session.owner_id, session.pool, session.deadline, session.news, guard=guard(id=task_id))

    async def write(self, *calls: Bound, is_repeatable: bool = False) -> list[list[Row]]:
        """
        Raises:
            LimitReached: the write would change more than `MOST` tasks.
        """
        assert self.guard is not None  # noqa: S101 - `of` gives it
        try:
            # Not super(), which finds no class with slots (python/cpython#90562).
            _, *found = await Session.write(self, self.guard, *calls, is_repeatable=is_repeatable)
        except StatementFailed as failure:
            if failure.sqlstate == TOO_MANY_ROWS:
                raise LimitReached(TOO_MANY) from None
            raise
        return found


TOO_MANY = (
    f"This would change more than {MOST} tasks, because subtasks go along, and nothing has changed: at most {MOST} can "
    "be changed at once here."
)


def refusing(*along: ColumnElement[bool], of: ColumnElement[bool]) -> RowStatement:
    """Fails when too many subtasks of the one task, which must be `of` a kind, are such that they go along."""

    def written() -> ClauseElement:
        named: Select[Any] = select(TABLE.c.id, TABLE.c.deleted_at).where(TASKS.is_the_one, of)
        task = owned(named, TABLE).subquery("task")
        counted = select(func.count()).select_from(task.join(SUBTASK, SUBTASK.c.parent_id == task.c.id)).where(*along)
        is_too_many = owned(counted, SUBTASK).scalar_subquery() >= literal_column(str(MOST))
        return select(case((is_too_many, refuse(TOO_MANY_ROWS))))

    return RowStatement(written)


SUBTASK = TABLE.alias("subtask")
IS_LIVE = SUBTASK.c.deleted_at.is_(None)
"""Of a subtask."""

ALL = refusing(IS_LIVE, of=TASKS.is_live)
"""Into the trash, or to another list."""
DONE = refusing(IS_LIVE, SUBTASK.c.status == DONE_TEXT, of=TASKS.is_live & TABLE.c.recurrence.is_not(None))
"""With the next occurrence of a task that recurs, what is done of it is to do again."""
TRASHED_WITH_IT = refusing(
    SUBTASK.c.deleted_at == literal_column("task.deleted_at"), of=TABLE.c.deleted_at.is_not(None)
)
"""Back out of the trash."""
