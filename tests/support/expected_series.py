"""What the contract says of a task that recurs, in plain Python, with the dates of python-dateutil and nothing of
Taskward's own.

An operation tells what must be answered, a refusal by its status and code, and changes the task as it must be then.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from dateutil.tz import resolve_imaginary

Refusal = tuple[int, str]
MIDNIGHT = time(0)


@dataclass
class Done:
    kind: str
    at: datetime
    day: str
    due: date | datetime
    was_taken_back: bool = False


@dataclass
class Recurring:
    """A task with a due, which may recur."""

    due: date | datetime
    zone: str | None
    status: str = "Todo"
    rule: str | None = None
    anchor: str = "due"
    number: int = 1
    day: str | None = None
    start: str = ""
    first: int = 1
    history: dict[int, Done] = field(default_factory=dict)

    # What is seen

    def fields(self) -> dict[str, Any]:
        is_day = not isinstance(self.due, datetime)
        return {
            "status": self.status,
            "due_on": self.due.isoformat() if is_day else None,
            "due_at": None if is_day else self.due.isoformat(),
            "time_zone": self.zone,
            "recurrence": self.rule,
            "recurrence_anchor": self.anchor,
            "occurrence": self.number if self.rule else None,
            "occurrence_date": self.day if self.rule else None,
        }

    def completions(self) -> list[tuple[int, str, str]]:
        standing = [(number, done) for number, done in self.history.items() if not done.was_taken_back]
        return [(number, done.day, done.kind) for number, done in sorted(standing, reverse=True)]

    def following(self, limit: int) -> list[str]:
        if self.rule is None or self.status == "Done" or self.anchor == "completion":
            return []
        found = []
        for day in self.dates():
            if day > self.open_day and len(found) < limit:
                found.append(self.told(day))
            if len(found) == limit:
                break
        return found

    # The series

    @property
    def open_day(self) -> date:
        return date.fromisoformat((self.day or "")[:10])

    def part(self, name: str) -> str | None:
        parts = dict(part.split("=") for part in (self.rule or "").split(";"))
        return parts.get(name)

    def dates(self) -> Iterator[date]:
        start, count = date.fromisoformat(self.start[:10]), int(self.part("COUNT") or 999)
        endless = ";".join(part for part in (self.rule or "").split(";") if not part.startswith(("COUNT", "UNTIL")))
        number, last = 1, start
        yield start
        for moment in rrulestr(endless, dtstart=datetime.combine(start, MIDNIGHT)):
            day = moment.date()
            if day <= start:
                continue
            number += 1
            if number > count or day > self.last_day() or day.year > last.year + 50:
                return
            last = day
            yield day

    def last_day(self) -> date:
        until = self.part("UNTIL")
        return datetime.strptime(until, "%Y%m%d").replace(tzinfo=UTC).date() if until else date.max

    def told(self, day: date) -> str:
        return day.isoformat() + self.start[10:]

    def due_of(self, day: date) -> date | datetime:
        if len(self.start) == 10:
            return day
        wall = datetime.fromisoformat(self.told(day)).replace(tzinfo=ZoneInfo(self.zone or ""))
        return resolve_imaginary(wall).astimezone(UTC)

    def has_passed(self, day: date, now: datetime) -> bool:
        due = self.due_of(day)
        return due <= now if isinstance(due, datetime) else due <= self.local(now)

    def local(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone or "UTC")).date()

    def next(self, now: datetime, *, keeps_missed: bool) -> tuple[date | None, int]:
        if self.anchor == "completion":
            done = sum(number >= self.first and not one.was_taken_back for number, one in self.history.items())
            if done >= int(self.part("COUNT") or 999):
                return None, 0
            day = self.units_later(self.local(now))
            return (day if day <= self.last_day() else None), 0
        skipped = 0
        for day in self.dates():
            if day > self.open_day:
                if keeps_missed or not self.has_passed(day, now):
                    return day, skipped
                skipped += 1
        return None, skipped

    def units_later(self, day: date) -> date:
        interval = int(self.part("INTERVAL") or 1)
        match self.part("FREQ"):
            case "DAILY":
                return day + timedelta(days=interval)
            case "WEEKLY":
                return day + timedelta(weeks=interval)
            case freq:
                months = day.year * 12 + day.month - 1 + interval * (12 if freq == "YEARLY" else 1)
                year, month = divmod(months, 12)
                return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

    # Operations

    def complete(
        self, *, kind: str, occurrence: int | None, is_named: bool, missed: str | None, now: datetime
    ) -> Refusal | tuple[Done | None, int]:
        """`is_named`: by If-Match or an Idempotency-Key, where it is not by its number."""
        if self.rule is None:
            if kind == "skipped":
                return 409, "recurring_task"
            if occurrence is None:
                self.status = "Done"
                return None, 0
            stored = self.stored(occurrence)
            return (stored, 0) if stored else (409, "occurrence_not_open")
        if occurrence is None and not is_named:
            return 428, "precondition_required"
        if occurrence is not None and occurrence < self.number:
            return self.stored(occurrence), 0
        if self.status == "Done" or (occurrence is not None and occurrence > self.number):
            return 409, "occurrence_not_open"
        done = self.history[self.number] = Done(kind, now, self.day or "", self.due)
        day, skipped = self.next(now, keeps_missed=missed == "keep")
        self.number += 1
        if day is None:
            self.status = "Done"
        else:
            self.status, self.day, self.due = "Todo", self.told(day), self.due_of(day)
        return done, skipped

    def stored(self, occurrence: int) -> Done | None:
        found = self.history.get(occurrence)
        return None if found is None or found.was_taken_back else found

    def reopen(self, occurrence: int | None) -> Refusal | None:
        if self.rule is None:
            if occurrence is not None:
                return 409, "occurrence_not_latest"
            self.status = "Todo" if self.status == "Done" else self.status
            return None
        standing = [number for number, done in self.history.items() if number >= self.first and not done.was_taken_back]
        if not standing or (occurrence is not None and occurrence != max(standing)):
            return 409, "occurrence_not_latest"
        latest = self.history[max(standing)]
        latest.was_taken_back = True
        self.status, self.day, self.due, self.number = "Todo", latest.day, latest.due, self.number + 1
        return None

    def patch(self, sent: dict[str, Any]) -> Refusal | None:
        """Of fields that are valid by themselves; a due is never cleared."""
        due = sent.get("due", self.due)
        zone, rule = sent.get("time_zone", self.zone), sent.get("recurrence", self.rule)
        anchor, status = sent.get("recurrence_anchor", self.anchor), sent.get("status", self.status)
        if rule is not None:
            if isinstance(due, datetime) and zone is None:
                return 422, "validation_failed"
            if anchor == "completion" and "BY" in rule:
                return 422, "validation_failed"
            is_other_kind = isinstance(due, datetime) != isinstance(self.due, datetime)
            begins = "recurrence" in sent or is_other_kind or zone != self.zone
            if begins:
                start = due.isoformat()
                if isinstance(due, datetime):
                    local = due.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)
                    start = local.isoformat()
                new = Recurring(due, zone, rule=rule, anchor=anchor, start=start, day=start)
                if anchor == "due" and not new.following(1):
                    return 422, "recurrence_empty"
                if sent.get("status") == "Done":
                    return 409, "recurring_task"
                self.start = self.day = start
                self.first = self.number
                status = sent.get("status", "Todo" if self.status == "Done" else self.status)
            elif (status == "Done") != (self.status == "Done"):
                return 409, "recurring_task"
        self.due, self.zone, self.rule, self.anchor, self.status = due, zone, rule, anchor, status
        return None
