"""A series: the days of a rule with a time of day and a zone, and which of its occurrences follows which.

Arithmetic is on the calendar of the zone, never in seconds. No input, no output, no clock.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from taskward.tasks import zones
from taskward.tasks.recurrence import Dates, Rule, RuleRefused, counted_on, parsed

ONE_DAY = timedelta(days=1)


class Next(NamedTuple):
    day: date | None
    """None: the one before was the last."""
    skipped: int = 0
    """How many passed in between."""


@dataclass(frozen=True, slots=True)
class Series:
    rule: Rule
    start: date
    clock: time | None = None
    """The wall time of each occurrence, to the second; None where the task is due on days."""
    zone: str | None = None
    counts_from_completion: bool = False

    @classmethod
    def begun(
        cls, rule: str, *, due_on: date | None, due_at: datetime | None, zone: str | None, counts_from_completion: bool
    ) -> Self:
        """The one that begins with this due.

        Raises:
            RuleRefused: the rule does not fit the due, or what it is counted from.
        """
        found = parsed(rule)
        if due_at is not None and zone is not None:
            wall = wall_time(due_at, zone)
            series = cls(found, wall.date(), wall.time().replace(microsecond=0), zone, counts_from_completion)
        elif due_on is not None:
            series = cls(found, due_on, None, zone, counts_from_completion)
        else:
            raise RuleRefused("A task that recurs needs due_on, or due_at and time_zone: they say when the first is")
        series.refuse_what_does_not_fit()
        return series

    @classmethod
    def kept(cls, rule: str, start: str, zone: str | None, *, counts_from_completion: bool) -> Self:
        """The one that was begun before; `start` is as `written` has it."""
        return cls(parsed(rule), *day_and_clock(start), zone, counts_from_completion)

    def refuse_what_does_not_fit(self) -> None:
        if self.clock is None and "T" in (self.rule.until or ""):
            raise RuleRefused("UNTIL is a day where the task is due on days: UNTIL=20261231")
        if self.counts_from_completion and not self.rule.is_counted_alone:
            raise RuleRefused(
                "With recurrence_anchor completion a rule has no part that begins with BY: the next day is counted "
                "from that of completion, as in FREQ=DAILY;INTERVAL=3"
            )
        self.rule.refuse_week_start(self.start)

    @property
    def is_empty(self) -> bool:
        """Whether nothing follows the start within 50 years."""
        return not self.counts_from_completion and next(self.dates.after(self.start), None) is None

    @property
    def dates(self) -> Dates:
        return Dates(self.rule, self.start, self.last)

    @property
    def last(self) -> date:
        """The last day that may have an occurrence."""
        until = self.rule.until
        if until is None:
            return date.max
        if self.clock is None or "T" not in until:
            return date(int(until[:4]), int(until[4:6]), int(until[6:8]))
        return self.last_begun(datetime.strptime(until, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))

    def last_begun(self, now: datetime) -> date:
        """The last day of which the occurrence, if there is one, is not later than now; of days it is today."""
        day = local(now, self.zone or "UTC").date()
        while self.clock is not None and day > date.min:
            begins = instant(day, self.clock, self.zone or "UTC")
            if begins is not None and begins <= now:
                break
            day -= ONE_DAY
        return day

    def next(self, done: date, now: datetime, *, keeps_missed: bool = False, number_done: int = 0) -> Next:
        """What follows `done`, which is completed now. `number_done` is how many of the series were, with this one."""
        if self.counts_from_completion:
            return Next(self.counted_from(local(now, self.zone or "UTC").date(), number_done))
        passed = done if keeps_missed else max(done, self.last_begun(now))
        dates = self.dates
        found = self.within_calendar(next(dates.after(passed), None))
        return Next(found, self.number_between(dates, done, passed))

    def counted_from(self, day: date, number_done: int) -> date | None:
        count = self.rule.count
        if count is not None and number_done >= count:
            return None
        found = self.within_calendar(counted_on(self.rule, day))
        return None if found is None or found > self.last else found

    def number_between(self, dates: Dates, done: date, passed: date) -> int:
        """How many occurrences came after `done`, until `passed`."""
        if passed <= done:
            return 0
        before, until = dates.number_until(done), dates.number_until(min(passed, dates.last))
        if self.rule.count is not None:
            until = min(until, self.rule.count)
        return max(0, until - before)

    def following(self, day: date, limit: int) -> list[str]:
        """The next ones after this day, as `written`."""
        if self.counts_from_completion:
            return []
        return [self.written(found) for found in islice(self.dates.after(day), limit) if self.within_calendar(found)]

    def within_calendar(self, day: date | None) -> date | None:
        """None where the instant of the day lies outside the years 1 to 9999."""
        return None if day is None or (self.clock is not None and self.due_at(day) is None) else day

    def due_on(self, day: date) -> date | None:
        return day if self.clock is None else None

    def due_at(self, day: date) -> datetime | None:
        return None if self.clock is None else instant(day, self.clock, self.zone or "UTC")

    def written(self, day: date) -> str:
        return day.isoformat() if self.clock is None else f"{day.isoformat()}T{self.clock.isoformat()}"


def day_and_clock(written: str) -> tuple[date, time | None]:
    day, _, clock = written.partition("T")
    return date.fromisoformat(day), time.fromisoformat(clock) if clock else None


def instant(day: date, clock: time, zone: str) -> datetime | None:
    """In UTC: of two the first, and in a gap by the offset before it (RFC 5545 §3.3.5)."""
    try:
        return datetime.combine(day, clock, rules_of(zone)).astimezone(UTC)
    except OverflowError:
        return None


def local(moment: datetime, zone: str) -> datetime:
    """The end of the calendar where the local time lies beyond it."""
    try:
        return moment.astimezone(rules_of(zone))
    except OverflowError:
        return datetime.combine(date.min if moment.year == 1 else date.max, time.min, UTC)


def wall_time(moment: datetime, zone: str) -> datetime:
    try:
        return moment.astimezone(rules_of(zone))
    except OverflowError:
        raise RuleRefused("In its time_zone due_at lies outside the years 0001 to 9999") from None


@lru_cache(maxsize=128)
def rules_of(zone: str) -> ZoneInfo:
    return zones.rules_of(zone)
