"""When somebody is to be told of a task: the instants of its reminders, and which of them are still to come.

Of reminders is kept what is armed, not what they were computed from: an instant is armed when the change that brings it
is made before it, stays armed over every other change, and goes when the task has it no more, or when it was told. So
nothing is told twice, and what came due while nobody looked is told late. Only whoever tells the application writes the
table (`reminding.py`); where nobody does, it is empty. No input, no output, no clock.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
    true,
)
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from taskward.tasks.model import TABLE as TASK_TABLE
from taskward.tasks.reminders import moment
from taskward.tasks.series import instant, local

IS_SET = "remind_at is not null"


class TaskAlarm(SQLModel, table=True):
    """Of a task that has, or had, a reminder."""

    __tablename__ = "alarms"
    __table_args__ = (
        PrimaryKeyConstraint("owner_id", "task_id", name="alarms_pkey"),
        ForeignKeyConstraint(
            ["owner_id", "task_id"],
            [TASK_TABLE.c.owner_id, TASK_TABLE.c.id],
            name="alarms_task_id_fkey",
            ondelete="CASCADE",
        ),
        # Whose turn it is, of all owners; and of one owner, of whom there may be many at one moment.
        Index("alarms_by_time", "remind_at", postgresql_where=text(IS_SET)),
        Index("alarms_of_owner_by_time", "owner_id", "remind_at", postgresql_where=text(IS_SET)),
    )

    owner_id: str = Column(sa_type=Text, nullable=False)
    task_id: int = Column(sa_type=BigInteger, nullable=False)
    remind_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    """Of what is armed the first."""
    memory: str = Column(sa_type=Text, nullable=False)
    """`Alarm.written`."""
    reminder: str | None = Column(sa_type=Text, nullable=True)
    """What is told at `remind_at`, from before the first attempt on: so that each attempt says the same."""


class Arming(SQLModel, table=True):
    """One row, once the tasks of all owners were looked at. It is nobody's."""

    __tablename__ = "arming"
    __table_args__ = (
        PrimaryKeyConstraint("only_one", name="arming_pkey"),
        CheckConstraint("only_one", name="arming_has_one_row"),
    )

    only_one: bool = Column(sa_type=Boolean, nullable=False, sa_column_kwargs={"server_default": true()})
    armed_until: datetime = Column(sa_type=DateTime(timezone=True), nullable=False)
    """What was written before is armed."""


TABLE = SQLModel.metadata.tables["alarms"]
ARMING = SQLModel.metadata.tables["arming"]


class Due(NamedTuple):
    at: datetime
    reminder: Mapping[str, Any]
    """As it is stored with the task."""


class Reminded(NamedTuple):
    """Of a task what its reminders depend on."""

    is_open: bool
    """Live, and not Done."""
    reminders: Sequence[Mapping[str, Any]]
    due_on: date | None = None
    due_at: datetime | None = None
    time_zone: str | None = None
    occurrence: int | None = None
    occurrence_date: str | None = None

    @classmethod
    def read(cls, task: Mapping[str, Any]) -> Self:
        """Of a live task as it is answered."""
        due_on, due_at = task["due_on"], task["due_at"]
        return cls(
            task["status"] != "Done",
            task["reminders"],
            None if due_on is None else date.fromisoformat(due_on),
            None if due_at is None else datetime.fromisoformat(due_at),
            task["time_zone"],
            task["occurrence"],
            task["occurrence_date"],
        )

    def instants(self) -> list[Due]:
        """Of its reminders, whatever has become of the task: in their order in time, and of two at once the first."""
        found: dict[datetime, Due] = {}
        for reminder in self.reminders:
            at = self.instant_of(reminder)
            if at is not None:
                found.setdefault(at, Due(at, reminder))
        return sorted(found.values(), key=lambda due: due.at)

    def instant_of(self, reminder: Mapping[str, Any]) -> datetime | None:
        """None where it does not fit the due that the task has now, or lies outside the years 1 to 9999."""
        try:
            if "at" in reminder:
                return moment(reminder["at"])
            if "minutes_before" in reminder:
                return None if self.due_at is None else self.due_at - timedelta(minutes=reminder["minutes_before"])
            zone = self.time_zone or "UTC"
            day = self.due_on if self.due_at is None else local(self.due_at, zone).date()
            if day is None:
                return None
            return instant(day - timedelta(days=reminder["days_before"]), time.fromisoformat(reminder["time"]), zone)
        except OverflowError:
            return None


NOBODY = Reminded(is_open=False, reminders=())
"""A task that is gone, in the trash or for good."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Of one task, from its first reminder on."""

    armed: tuple[Due, ...] = ()
    """Still to be told, in their order in time."""
    told_until: datetime | None = None
    """The last instant that was told."""
    occurrence: int | None = None
    occurrence_date: str | None = None
    ends_with: Mapping[str, str | None] = field(default_factory=dict)
    """Of each `{"at": …}` the date of the occurrence that it belongs to, which was open when it was seen first. A date
    and not a number, because a completion that is taken back brings the occurrence again."""

    @property
    def next(self) -> Due | None:
        return self.armed[0] if self.armed else None

    def changed(self, task: Reminded, *, since: datetime) -> "Alarm":
        """As the task has it after changes, of which the first was not made before `since`."""
        ends_with = self.ends_of(task)
        return replace(
            self,
            armed=self.armed_of(task, ends_with, after=max(since, self.told_until or since)),
            occurrence=task.occurrence,
            occurrence_date=task.occurrence_date,
            ends_with=ends_with,
        )

    def told(self, due: Due) -> "Alarm":
        return replace(self, armed=tuple(other for other in self.armed if other.at > due.at), told_until=due.at)

    def armed_of(self, task: Reminded, ends_with: Mapping[str, str | None], *, after: datetime) -> tuple[Due, ...]:
        if not task.is_open:
            return ()
        alive = [
            reminder
            for reminder in task.reminders
            if "at" not in reminder or ends_with[key_of(reminder)] == task.occurrence_date
        ]
        before = {due.at for due in self.armed}
        return tuple(due for due in task._replace(reminders=alive).instants() if due.at in before or due.at > after)

    def ends_of(self, task: Reminded) -> dict[str, str | None]:
        # A rule that comes, goes, or begins anew leaves the open occurrence open.
        is_same = self.occurrence is None or task.occurrence is None or self.occurrence == task.occurrence

        def end_of(key: str) -> str | None:
            known = self.ends_with.get(key, self.occurrence_date if is_same else task.occurrence_date)
            return task.occurrence_date if is_same and known == self.occurrence_date else known

        return {key: end_of(key) for key in (key_of(reminder) for reminder in task.reminders if "at" in reminder)}

    def written(self) -> str:
        """For `read`."""
        return json.dumps(
            {
                "armed": [[due.at.isoformat(), due.reminder] for due in self.armed],
                "told_until": None if self.told_until is None else self.told_until.isoformat(),
                "occurrence": self.occurrence,
                "occurrence_date": self.occurrence_date,
                "ends_with": self.ends_with,
            }
        )

    @classmethod
    def read(cls, written: str | bytes) -> Self:
        kept = json.loads(written)
        told_until = kept["told_until"]
        return cls(
            armed=tuple(Due(datetime.fromisoformat(at), reminder) for at, reminder in kept["armed"]),
            told_until=None if told_until is None else datetime.fromisoformat(told_until),
            occurrence=kept["occurrence"],
            occurrence_date=kept["occurrence_date"],
            ends_with=kept["ends_with"],
        )


def key_of(reminder: Mapping[str, Any]) -> str:
    """The same for each spelling of an instant."""
    return moment(reminder["at"]).astimezone(UTC).isoformat()
