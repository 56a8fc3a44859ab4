"""What a change of a task's fields does to its series: which begins one, which moves an occurrence, which is refused.

No input and no output: the row as it was read, and what is sent.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, Self

from taskward.postgres.encoding import Row
from taskward.tasks.errors import FieldUnfit, RecurrenceEmpty, RecurringTask
from taskward.tasks.recurrence import RuleRefused
from taskward.tasks.series import Series, day_and_clock

DONE = "Done"
RULE_AND_DONE = (
    "A task that begins to recur is not Done, and a new series makes it Todo: leave out recurrence, or the status"
)

# What the columns of a series hold where there is none. The numbers of occurrences go on when there is one again.
NO_SERIES: Mapping[str, Any] = {
    "recurrence": None,
    "occurrence": None,
    "occurrence_date": None,
    "series_start": None,
    "series_first": None,
}


class Scheduled(NamedTuple):
    """Of a task what its series depends on."""

    version: int
    status: str
    due_on: date | None
    due_at: datetime | None
    time_zone: str | None
    recurrence: str | None
    recurrence_anchor: str
    occurrence: int | None
    occurrence_date: str | None
    last_occurrence: int | None
    series_start: str | None
    series_first: int | None

    @classmethod
    def read(cls, row: Row) -> Self:
        """In the order of these fields, in text format."""
        texts = dict(zip(cls._fields, (None if value is None else value.decode() for value in row), strict=True))
        values: dict[str, Any] = {
            name: None if text is None else READ.get(name, str)(text) for name, text in texts.items()
        }
        return cls(**values)

    @property
    def is_of_days(self) -> bool:
        return self.occurrence_date is not None and "T" not in self.occurrence_date

    @property
    def open_day(self) -> date:
        """Where the series has the open occurrence, of a task that has one."""
        assert self.occurrence_date is not None  # noqa: S101
        return day_and_clock(self.occurrence_date)[0]

    def series(self) -> Series:
        """The present one, of a task that has one."""
        assert self.recurrence is not None and self.series_start is not None  # noqa: S101, PT018
        is_from_completion = self.recurrence_anchor == "completion"
        return Series.kept(
            self.recurrence, self.series_start, self.time_zone, counts_from_completion=is_from_completion
        )


READ: Mapping[str, Any] = {
    **dict.fromkeys(("version", "occurrence", "last_occurrence", "series_first"), int),
    "due_on": date.fromisoformat,
    "due_at": datetime.fromisoformat,
}


def begun(fields: Mapping[str, Any], *, number: int) -> dict[str, Any]:
    """The columns of a series that begins with these fields, under this number.

    Raises:
        FieldUnfit: the rule does not fit the due.
        RecurrenceEmpty
    """
    try:
        series = Series.begun(
            fields["recurrence"],
            due_on=fields["due_on"],
            due_at=fields["due_at"],
            zone=fields["time_zone"],
            counts_from_completion=fields["recurrence_anchor"] == "completion",
        )
    except RuleRefused as refused:
        raise FieldUnfit("recurrence", str(refused)) from None
    if series.is_empty:
        raise RecurrenceEmpty
    start = series.written(series.start)
    return {
        "recurrence": str(series.rule),
        "occurrence": number,
        "occurrence_date": start,
        "last_occurrence": number,
        "series_start": start,
        "series_first": number,
    }


# What a PUT means that leaves out what it cannot leave as it is.
DEFAULTS: Mapping[str, Any] = {"status": "Todo", "due_on": None, "due_at": None, "time_zone": None}


def as_whole(task: Scheduled, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What a PUT sends, with the defaults that hold for this task."""
    if task.recurrence is None:
        return {**DEFAULTS, **sent}
    return dict(sent) if task.status == DONE else {"status": DEFAULTS["status"], **sent}


def rescheduled(task: Scheduled, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What is written of `sent`, with the columns of the series.

    Raises:
        FieldUnfit, RecurrenceEmpty: the task would have a rule that does not fit it.
        RecurringTask: the status does not say which occurrence is meant.
    """
    fields = {name: sent.get(name, value) for name, value in task._asdict().items()}
    series = {name: fields[name] for name in (*NO_SERIES, "last_occurrence")}
    if fields["recurrence"] is None:
        return {**sent, **series, **NO_SERIES}
    if "recurrence" not in sent and fields["due_on"] is None and fields["due_at"] is None:
        raise FieldUnfit("recurrence", "A task that recurs needs its due: send recurrence null beside it, or a due")
    is_other_kind = (fields["due_on"] is not None) != task.is_of_days
    if "recurrence" in sent or is_other_kind or fields["time_zone"] != task.time_zone:
        series = begun(fields, number=task.last_occurrence or 1)
        if sent.get("status") == DONE:
            raise RecurringTask(f"{RULE_AND_DONE}.")
        status = {"status": "Todo"} if task.status == DONE else {}
        return {**status, **sent, **series}
    try:
        task._replace(recurrence_anchor=fields["recurrence_anchor"]).series().refuse_what_does_not_fit()
    except RuleRefused as refused:
        raise FieldUnfit("recurrence_anchor", str(refused)) from None
    if (fields["status"] == DONE) != (task.status == DONE):
        raise RecurringTask
    return {**sent, **series}
