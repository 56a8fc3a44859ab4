"""Whether a record may become a row: by the shapes of the API, and in its sentences."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from taskward.errors import Problem
from taskward.http.validation import validation_failed
from taskward.operations.files.records import SHAPES, CompletionLine, ListLine, Record, TaskLine
from taskward.strict_json import flaw_in
from taskward.tasks.actions import scheduled_values_of, values_of, with_reminders
from taskward.tasks.errors import FieldUnfit
from taskward.tasks.model import day
from taskward.tasks.recurrence import RuleRefused
from taskward.tasks.rescheduling import NO_SERIES
from taskward.tasks.series import Series, day_and_clock

SERIES = {"occurrence", "occurrence_date", "last_occurrence", "series_start", "series_first"}
"""What no request says of a task."""

NO_VALUES = {"id", "list_id", "list_uid", "parent_id", "parent_uid", "place", "created_at", "deleted_at"}
"""What is worked out from a line before it is a value of a statement."""

WALL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?")

NO_SUCH_SERIES = (
    "The series of this task does not fit it: occurrence_date and series_start are where it has the open occurrence "
    "and the first, series_first is the number of the first"
)


class Unfit(Exception):
    """Why a record is no row, as one sentence."""


def checked(record: Record) -> ListLine | TaskLine | CompletionLine:
    """
    Raises:
        Unfit
    """
    flaw = flaw_in(record.fields)
    if flaw is not None:
        where = ".".join(map(str, flaw.path))
        raise Unfit(f"{where}: {flaw.reason}" if where else flaw.reason)
    shape = SHAPES[record.kind]
    try:
        line = shape.model_validate(record.fields)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_context=False, include_input=False)
        placed = [{**error, "loc": ("body", *error["loc"])} for error in errors]
        raise Unfit(sentence(validation_failed(placed, body=shape))) from None
    assert isinstance(line, (ListLine, TaskLine, CompletionLine))  # noqa: S101
    if isinstance(line, CompletionLine):
        series_day("occurrence_date", line.occurrence_date)
    return line


def sentence(problem: Problem) -> str:
    """Without the word for where it stood in a request."""
    return problem.detail.removeprefix("body.").removeprefix("body: ")


def values_in(line: TaskLine) -> dict[str, Any]:
    """The parameters of the statements that make a task.

    Raises:
        Unfit
    """
    try:
        values = (
            with_reminders({**values_of(line), **kept_series(line)}) if has_history(line) else scheduled_values_of(line)
        )
    except Problem as problem:
        raise Unfit(sentence(problem)) from None
    return {name: value for name, value in values.items() if name not in NO_VALUES}


def has_history(line: TaskLine) -> bool:
    """Whether it comes from another life here: with a series in its middle, or reminders that no longer fit."""
    return not SERIES.isdisjoint(line.model_fields_set)


def kept_series(line: TaskLine) -> Mapping[str, Any]:
    """
    Raises:
        Unfit: it is no series that a task can have.
    """
    if line.recurrence is None:
        return {**NO_SERIES, "last_occurrence": line.last_occurrence}
    if line.occurrence is None or line.series_first is None or line.series_first > line.occurrence:
        raise Unfit(f"{NO_SUCH_SERIES}.")
    start, open_one = series_day("series_start", line.series_start), series_day("occurrence_date", line.occurrence_date)
    is_of_days = line.due_on is not None
    if (start[1] is None) != is_of_days or open_one[1] != start[1] or open_one[0] < start[0]:
        raise Unfit(f"{NO_SUCH_SERIES}.")
    if not is_of_days and (line.due_at is None or line.time_zone is None):
        raise Unfit("recurrence: A task that recurs needs due_on, or due_at and time_zone.")
    try:
        series = Series.kept(
            line.recurrence,
            line.series_start or "",
            line.time_zone,
            counts_from_completion=line.recurrence_anchor == "completion",
        )
        series.refuse_what_does_not_fit()
    except RuleRefused as refused:
        raise Unfit(sentence(FieldUnfit("recurrence", str(refused)))) from None
    return {
        "recurrence": str(series.rule),
        "occurrence": line.occurrence,
        "occurrence_date": line.occurrence_date,
        "last_occurrence": line.occurrence,
        "series_start": line.series_start,
        "series_first": line.series_first,
    }


def series_day(name: str, text: str | None) -> Any:
    """
    Raises:
        Unfit
    """
    if text is not None and WALL_TIME.fullmatch(text):
        try:
            day(text[:10])
            return day_and_clock(text)
        except ValueError:
            pass
    raise Unfit(f"{name}: This is a day, or a wall time written as YYYY-MM-DDThh:mm:ss.")
