"""Tasks as a calendar has them (RFC 5545): to-dos, or events for programs that leave to-dos out.

Loaded when the first calendar is asked for: icalendar takes a tenth of a second.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from icalendar import Alarm, Calendar, Event, Todo, vDatetime, vDuration, vRecur

from taskward.doors.calendar_zones import component_of
from taskward.tasks.due import DueTask
from taskward.tasks.series import Series, local
from taskward.tasks.series import instant as instant_of

Form = Literal["todos", "events"]

REFRESH = timedelta(hours=1)
PRIORITIES = {"high": 1, "medium": 5, "low": 9}
"""RFC 5545 §3.8.1.9."""
STATUSES = {"Todo": "NEEDS-ACTION", "InProgress": "IN-PROCESS"}
TASKS_WITHOUT_UID = UUID("5d1f6c9e-0b52-4b6b-9a53-f1f4c1b0a9d7")

# RFC 5545 §3.1: no control character but the tab may stand in a text. Line breaks are one; some readers take more
# characters for them than the standard does.
BREAKS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
PLAIN = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n"} | dict.fromkeys(map(ord, BREAKS), "\n")


@dataclass(frozen=True, slots=True)
class When:
    """Where an entry stands, and how it comes again."""

    due: date | datetime
    """A day, an instant in UTC, or a wall time in `zone`."""
    zone: str | None = None
    rule: str | None = None
    is_later: bool = False
    """What follows the open occurrence, where that is an entry of its own."""


class Document:
    """A calendar, to which tasks are added one by one: a large one takes a second."""

    def __init__(self, form: Form, *, uids: Mapping[int, str], release: str) -> None:
        """`uids` are those of all tasks that it will have, by their ids."""
        self.form, self.uids, self.release = form, uids, release
        self.entries: list[bytes] = []
        self.zones: list[bytes] = []
        self.zones_used: dict[str, int] = {}
        """Of each the year from which on it is needed."""

    def add(self, task: DueTask) -> None:
        for when in placed(task):
            self.entries.append(bytes(self.entry(task, when).to_ical()))
            if when.zone is not None:
                self.zones_used[when.zone] = min(self.zones_used.get(when.zone, when.due.year), when.due.year)

    def add_zone(self, zone: str) -> None:
        """One of those that are used, when all tasks were added."""
        self.zones.append(component_of(zone, self.zones_used[zone]))

    def bytes(self) -> bytes:
        shell = Calendar()
        shell.add("prodid", f"-//Taskward//Taskward {self.release}//EN")
        shell.add("version", "2.0")
        shell.add("calscale", "GREGORIAN")
        shell.add("name", "Tasks")
        shell.add("x-wr-calname", "Tasks")
        shell.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
        shell.add("x-published-ttl", vDuration(REFRESH))
        end = b"END:VCALENDAR\r\n"
        begin = bytes(shell.to_ical()).removesuffix(end)
        return b"".join([begin, *self.zones, *self.entries, end])

    def entry(self, task: DueTask, when: When) -> Todo | Event:
        entry = Todo() if self.form == "todos" else Event()
        uid = self.uids[task.id]
        entry.add("uid", f"{uid}-later" if when.is_later else uid)
        changed = task.updated_at or task.created_at
        entry.add("dtstamp", changed)
        entry.add("created", task.created_at)
        entry.add("last-modified", changed)
        entry.add("summary", plain(task.title))
        if task.description is not None:
            entry.add("description", plain(task.description))
        if task.tags:
            entry.add("categories", [plain(tag) for tag in task.tags])
        if task.priority is not None:
            entry.add("priority", PRIORITIES[task.priority])
        if task.parent_id is not None and task.parent_id in self.uids:
            entry.add("related-to", self.uids[task.parent_id])
        if self.form == "todos":
            entry.add("status", "NEEDS-ACTION" if when.is_later else STATUSES[task.status])
            entry.add("due", when.due, parameters=in_zone(when))
        else:
            entry.add("transp", "TRANSPARENT")
        # A to-do begins only where it comes again, which needs a beginning to count from.
        if self.form == "events" or when.rule is not None:
            entry.add("dtstart", when.due, parameters=in_zone(when))
        if when.rule is not None:
            entry.add("rrule", vRecur.from_ical(when.rule))
        for alarm in alarms(task, when, of_todo=self.form == "todos"):
            entry.add_component(alarm)
        return entry


def in_zone(when: When) -> dict[str, str]:
    return {} if when.zone is None else {"TZID": when.zone}


def uid_of(task: DueTask, owner_id: str) -> str:
    """The one that its client gave it, or one that no other server's task with its id has, and always the same."""
    return str(task.uid or uuid5(TASKS_WITHOUT_UID, f"{task.id} {owner_id}"))


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").translate(PLAIN)


# Where they stand


def placed(task: DueTask) -> Iterator[When]:
    """One entry, with a rule where the task comes again.

    Two where the open occurrence does not stand where the rule has it: because it was moved, because it is a first one
    that the rule does not name, or because its wall time is left out that day, which would move all that follow. Each
    reader understands a rule that begins with one of its own dates, and not each what changes a single one of them.
    """
    series = task.series
    due = task.due_on if task.due_at is None else task.due_at
    assert due is not None  # noqa: S101 - `tasks/due.py` finds what is due
    day = None if series is None or series.counts_from_completion else next(series.dates.after(task.open_day), None)
    if series is None or day is None:
        yield When(due)
        return
    open_day = task.open_day
    if is_regular(task, series):
        yield recurring(series, open_day)
        return
    yield When(due)
    yield replace(recurring(series, day), is_later=True)


def is_regular(task: DueTask, series: Series) -> bool:
    day = task.open_day
    if not series.dates.names(day):
        return False
    if series.clock is None or series.zone is None:
        return task.due_on == day
    due_at = None if task.due_at is None else task.due_at.replace(microsecond=0)
    at = series.due_at(day)
    return due_at == at and at is not None and wall(at, series.zone) == datetime.combine(day, series.clock)


def recurring(series: Series, day: date) -> When:
    """The series from this day on, which is one of its dates, and one that the rule names."""
    rule, dates = series.rule, series.dates
    if rule.count is not None:
        rule = replace(rule, count=rule.count - dates.number_until(day) + 1)
    if rule.until is not None:
        rule = replace(rule, until=until_of(series))
    is_last = next(dates.after(day), None) is None
    written = None if is_last else str(rule)
    if series.clock is None:
        return When(day, rule=written)
    return When(datetime.combine(day, series.clock), series.zone, written)


def until_of(series: Series) -> str | None:
    """RFC 5545 §3.3.10: a day where the dates are days, an instant in UTC where they are wall times."""
    if series.clock is None or series.zone is None:
        return series.last.isoformat().replace("-", "")
    end = instant_of(series.last, time(23, 59, 59), series.zone)
    return None if end is None else end.isoformat()[:19].replace("-", "").replace(":", "") + "Z"


def wall(moment: datetime, zone: str) -> datetime:
    return local(moment, zone).replace(tzinfo=None)


# Reminders


def alarms(task: DueTask, when: When, *, of_todo: bool) -> Iterator[Alarm]:
    for reminder in task.reminders:
        trigger = trigger_of(reminder, task, when)
        if trigger is None:
            continue
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", plain(task.title))
        if isinstance(trigger, datetime):
            alarm.add("trigger", vDatetime(trigger), parameters={"VALUE": "DATE-TIME"})
        else:
            # RFC 5545 §3.8.6.3: without more it is counted from where a to-do begins, and most have no beginning.
            alarm.add("trigger", trigger, parameters={"RELATED": "END"} if of_todo else {})
        yield alarm


def trigger_of(reminder: Mapping[str, Any], task: DueTask, when: When) -> datetime | timedelta | None:
    """None where it is not for this entry: an instant ends with its occurrence, and minutes count from an instant."""
    match reminder:
        case {"at": at}:
            return None if when.is_later else datetime.fromisoformat(at.upper()).astimezone(UTC)
        case {"minutes_before": minutes}:
            return None if task.due_at is None else timedelta(minutes=-minutes)
        case {"days_before": days, "time": clock}:
            due = when.due
            if not isinstance(due, datetime):
                return since_midnight(time.fromisoformat(clock)) - timedelta(days=days)
            if when.zone is None:
                due = wall(due, task.time_zone or "UTC")
            return since_midnight(time.fromisoformat(clock)) - since_midnight(due.time()) - timedelta(days=days)
    return None


def since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
