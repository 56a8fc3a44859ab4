"""Rules by which a task recurs: the part of RFC 5545 §3.3.10 that people use, on days alone. Wall times, zones and
what happens to a task are in `series.py`.

Every search ends: it looks at 600 months at most, and 50 years ahead.
"""

import re
from calendar import isleap, monthrange
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import pairwise
from math import gcd

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ALLOWED = {
    "DAILY": (),
    "WEEKLY": ("BYDAY",),
    "MONTHLY": ("BYMONTHDAY", "BYDAY", "BYSETPOS"),
    "YEARLY": ("BYMONTH", "BYMONTHDAY", "BYDAY", "BYSETPOS"),
}
OF_EVERY_RULE = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST")
MOST = 999
MOST_CHARACTERS = 255

MONTHS_LOOKED_AT = 600
YEARS_AHEAD = 50
LAST_DAY = date.max.toordinal()
CYCLE_YEARS = 400
"""After which the calendar repeats, to the day of the week."""

INSTEAD = {
    ("DAILY", "BYDAY"): "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR is every weekday",
    ("DAILY", "BYMONTHDAY"): "say FREQ=MONTHLY;BYMONTHDAY=…",
    ("DAILY", "BYMONTH"): "FREQ=YEARLY;BYMONTH=7;BYDAY=MO,TU,WE,TH,FR,SA,SU is every day of July",
    ("WEEKLY", "BYMONTHDAY"): "say FREQ=MONTHLY;BYMONTHDAY=…",
    ("WEEKLY", "BYMONTH"): "FREQ=YEARLY;BYMONTH=7;BYDAY=MO is every Monday in July",
    ("WEEKLY", "BYSETPOS"): "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 is the last weekday of each month",
    ("MONTHLY", "BYMONTH"): "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1 is the first of January and of July",
}
UNKNOWN = {
    "BYHOUR": "the time of day is that of due_at",
    "BYMINUTE": "the time of day is that of due_at",
    "BYSECOND": "the time of day is that of due_at",
    "BYYEARDAY": "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31 is the last day of each year",
    "BYWEEKNO": "name days of months in its place, as FREQ=YEARLY;BYMONTH=1;BYDAY=1MO",
    "RSCALE": "the calendar is always the Gregorian one",
    "SKIP": "a day that a month lacks is left out; BYMONTHDAY=-1 is the last day of each month",
    "DTSTART": "the series starts at the due of the task",
    "EXDATE": "skip the occurrence when its turn comes",
    "RDATE": "move the occurrence when its turn comes, or make another task",
}


class RuleRefused(ValueError):
    """Its text is a sentence that names the part, and says how to say it otherwise where there is a way."""


@dataclass(frozen=True, slots=True)
class Rule:
    freq: str
    interval: int = 1
    count: int | None = None
    until: str | None = None
    """A day, or an instant in UTC, as RFC 5545 writes them."""
    by_month: tuple[int, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_day: tuple[tuple[int, int], ...] = ()
    """Each an ordinal, 0 where it is plain, and a weekday from 0, which is Monday."""
    by_set_pos: tuple[int, ...] = ()
    week_start: int = 0

    def __str__(self) -> str:
        """The normal form, in which a start of the week has no place: a rule that it would change is refused."""
        days = [f"{ordinal or ''}{WEEKDAYS[weekday]}" for ordinal, weekday in self.by_day]
        parts = {
            "FREQ": self.freq,
            "INTERVAL": "" if self.interval == 1 else self.interval,
            "COUNT": self.count or "",
            "UNTIL": self.until or "",
            "BYMONTH": ",".join(map(str, self.by_month)),
            "BYMONTHDAY": ",".join(map(str, self.by_month_day)),
            "BYDAY": ",".join(days),
            "BYSETPOS": ",".join(map(str, self.by_set_pos)),
        }
        return ";".join(f"{name}={value}" for name, value in parts.items() if value != "")

    def told(self) -> str:
        """The normal form, behind it the start of the week where it may matter (`refuse_week_start`)."""
        matters = self.freq == "WEEKLY" and self.interval > 1 and self.week_start
        return f"{self};WKST={WEEKDAYS[self.week_start]}" if matters else str(self)

    @property
    def is_counted_alone(self) -> bool:
        """Whether it only counts units on, as a rule must that counts from the day of completion."""
        return not (self.by_month or self.by_month_day or self.by_day or self.by_set_pos)

    def refuse_week_start(self, start: date) -> None:
        """
        Raises:
            RuleRefused: in which weeks the days lie depends on the day with which weeks begin.
        """
        days = {start.weekday(), *(weekday for _, weekday in self.by_day)}
        if self.freq == "WEEKLY" and self.interval > 1 and min(days) < self.week_start <= max(days):
            raise RuleRefused("WKST would change the dates of this rule: here weeks begin with Monday, leave it out")


def parsed(text: str) -> Rule:
    """
    Raises:
        RuleRefused
    """
    if len(text) > MOST_CHARACTERS:
        raise RuleRefused(f"A rule has at most {MOST_CHARACTERS} characters")
    text = text.upper() if text.isascii() else text
    if text.startswith("RRULE:"):
        raise RuleRefused("Leave out RRULE: and begin with FREQ")
    parts: dict[str, str] = {}
    for part in text.split(";"):
        written = re.fullmatch(r"([A-Z][A-Z-]{0,15})=([0-9A-Z,+-]+)", part)
        if written is None:
            raise RuleRefused("A rule is written as FREQ=WEEKLY;BYDAY=MO,TH: parts as NAME=VALUE, with ; between them")
        name, value = written.groups()
        if name in parts:
            raise RuleRefused(f"{name} may stand only once")
        parts[name] = value
    freq = parts.get("FREQ", "")
    if freq not in ALLOWED:
        raise RuleRefused("FREQ must be there, and is DAILY, WEEKLY, MONTHLY or YEARLY")
    for name in parts:
        refuse_part(name, freq, parts)
    ordinals_fit = freq in ("MONTHLY", "YEARLY")
    days = sorted({day_of_week(value, ordinals_fit) for value in parts["BYDAY"].split(",")}) if "BYDAY" in parts else []
    has_ordinals = {ordinal != 0 for ordinal, _ in days}
    if len(has_ordinals) > 1:
        raise RuleRefused("BYDAY has days with an ordinal, such as 1MO, or plain ones, such as MO, not both")
    if "BYSETPOS" in parts and has_ordinals != {False}:
        raise RuleRefused("BYSETPOS counts among plain days of BYDAY, as in BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")
    week_start = parts.get("WKST", "MO")
    if week_start not in WEEKDAYS:
        raise RuleRefused("WKST is a day of the week, such as MO")
    return Rule(
        freq=freq,
        interval=number("INTERVAL", parts.get("INTERVAL", "1"), 1, MOST),
        count=number("COUNT", parts["COUNT"], 1, MOST) if "COUNT" in parts else None,
        until=until_of(parts["UNTIL"]) if "UNTIL" in parts else None,
        by_month=numbers("BYMONTH", parts, 1, 12),
        by_month_day=numbers("BYMONTHDAY", parts, -31, 31),
        by_day=tuple(days),
        by_set_pos=numbers("BYSETPOS", parts, -31, 31),
        week_start=WEEKDAYS.index(week_start),
    )


def refuse_part(name: str, freq: str, parts: dict[str, str]) -> None:
    """A part that is unknown, or not beside those that are there."""
    if name in UNKNOWN:
        raise RuleRefused(f"{name} is not supported: {UNKNOWN[name]}")
    if name not in OF_EVERY_RULE and name not in ALLOWED["YEARLY"]:
        raise RuleRefused(f"{name} is no part of a rule; known are {', '.join((*OF_EVERY_RULE, *ALLOWED['YEARLY']))}")
    if name not in OF_EVERY_RULE and name not in ALLOWED[freq]:
        instead = INSTEAD.get((freq, name))
        raise RuleRefused(f"{name} does not go with FREQ={freq}" + (f": {instead}" if instead else ""))
    if freq == "YEARLY" and name.startswith("BY") and "BYMONTH" not in parts:
        raise RuleRefused(f"{name} needs BYMONTH beside it with FREQ=YEARLY: name the months, of which there may be 12")
    if name == "COUNT" and "UNTIL" in parts:
        raise RuleRefused("COUNT and UNTIL do not go together: a rule ends by one of them")
    if name == "BYMONTHDAY" and "BYDAY" in parts:
        raise RuleRefused("BYMONTHDAY and BYDAY do not go together: name days of the month or of the week")
    if name == "BYSETPOS" and "BYDAY" not in parts:
        raise RuleRefused("BYSETPOS needs BYDAY beside it; BYMONTHDAY=-1 is the last day of each month")


def number(name: str, text: str, least: int, most: int) -> int:
    sign = "[+-]?" if least < 0 else ""
    found = int(text) if re.fullmatch(rf"{sign}[0-9]{{1,6}}", text) else least - 1
    if not least <= found <= most or found == 0:
        from_end = ", or from the end with a minus in front" if least < 0 else ""
        raise RuleRefused(f"{name} is a number from 1 to {most}{from_end}")
    return found


def numbers(name: str, parts: dict[str, str], least: int, most: int) -> tuple[int, ...]:
    texts = parts[name].split(",") if name in parts else []
    return tuple(sorted({number(name, text, least, most) for text in texts}))


def day_of_week(text: str, may_have_ordinal: bool) -> tuple[int, int]:
    ordinal, weekday = text[:-2], text[-2:]
    if weekday not in WEEKDAYS:
        raise RuleRefused("BYDAY has days of the week: MO, TU, WE, TH, FR, SA, SU")
    if not ordinal:
        return 0, WEEKDAYS.index(weekday)
    if not may_have_ordinal:
        raise RuleRefused(
            "BYDAY has plain days with FREQ=WEEKLY: FREQ=MONTHLY;BYDAY=1MO is the first Monday of a month"
        )
    return number("An ordinal in BYDAY", ordinal, -5, 5), WEEKDAYS.index(weekday)


def until_of(text: str) -> str:
    written = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})(T([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z)?", text)
    try:
        date(*map(int, written.groups()[:3])) if written else int("")
    except ValueError:
        raise RuleRefused("UNTIL is a day, 20261231, or an instant in UTC, 20261231T225959Z") from None
    return text


def counted_on(rule: Rule, day: date) -> date | None:
    """The day so many units later; a month or year that lacks it has its last. None is beyond the calendar."""
    if rule.freq in ("DAILY", "WEEKLY"):
        ordinal = day.toordinal() + rule.interval * (7 if rule.freq == "WEEKLY" else 1)
        return date.fromordinal(ordinal) if ordinal <= LAST_DAY else None
    year, month = divmod(month_number(day) + rule.interval * (12 if rule.freq == "YEARLY" else 1), 12)
    if year > date.max.year:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(slots=True)
class Dates:
    """The dates of a rule from its start on, which is always one of them, to the `last` day that may be one.

    Periods count from that of the start. Which days a period has depends on its length and its first weekday alone, so
    that each kind is worked out once: there are 28 of months, and 14 of years.
    """

    rule: Rule
    start: date
    last: date = date.max
    known: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def after(self, day: date) -> Iterator[date]:
        """Those strictly after the day, in their order; none that is more than 50 years after the one before."""
        count = self.rule.count
        number = self.number_until(day) if count else 0
        for found in self.without_end(day):
            number += 1
            if found > self.last or (count is not None and number > count):
                return
            yield found

    def without_end(self, day: date) -> Iterator[date]:
        if day < self.start:
            yield self.start
            day = self.start
        period, months = self.period_of(day), 0
        while months < MONTHS_LOOKED_AT:
            first = self.first_of(period)
            if first > LAST_DAY:
                return
            for offset in self.offsets(first):
                if day.toordinal() < first + offset <= LAST_DAY:
                    found = date.fromordinal(first + offset)
                    if (found.year - YEARS_AHEAD, found.month, found.day) > (day.year, day.month, day.day):
                        return
                    yield found
                    day = found
            period += 1
            months += self.months_in_period

    def names(self, day: date) -> bool:
        """Whether the rule itself has the day, as it may not have the start."""
        first = self.first_of(self.period_of(day))
        return day.toordinal() - first in self.offsets(first)

    def number_until(self, day: date) -> int:
        """How many there are until the day, itself among them, whatever ends the series."""
        if day < self.start:
            return 0
        periods = self.period_of(day)
        cycles, rest = divmod(periods, self.periods_in_cycle)
        before = self.number_in(rest) + (cycles * self.number_in(self.periods_in_cycle) if cycles else 0)
        return 1 + before + self.number_of_first(periods, day) - self.number_of_first(0, self.start)

    def number_in(self, periods: int) -> int:
        """How many days the rule names in so many periods from the first on."""
        match self.rule.freq:
            case "MONTHLY":
                (kinds, examples), first = kinds_of_months(), month_number(self.start)
            case "YEARLY":
                (kinds, examples), first = kinds_of_years(), self.start.year
            case _:
                return periods * len(self.offsets(self.first_of(0)))
        step = self.rule.interval
        numbers = Counter(kinds[place % len(kinds)] for place in range(first, first + step * periods, step))
        return sum(number * len(self.offsets(examples[kind])) for kind, number in numbers.items())

    def number_of_first(self, period: int, day: date) -> int:
        """How many days it names in a period until the day."""
        first = self.first_of(period)
        return sum(first + offset <= day.toordinal() for offset in self.offsets(first))

    @property
    def months_in_period(self) -> int:
        """To look at."""
        return {"MONTHLY": 1, "YEARLY": len(self.rule.by_month) or 1}.get(self.rule.freq, 0)

    @property
    def periods_in_cycle(self) -> int:
        units = {"MONTHLY": 12 * CYCLE_YEARS, "YEARLY": CYCLE_YEARS}.get(self.rule.freq, 1)
        return units // gcd(units, self.rule.interval)

    def period_of(self, day: date) -> int:
        match self.rule.freq:
            case "DAILY" | "WEEKLY":
                units = (day.toordinal() - self.first_of(0)) // self.unit_days
            case "MONTHLY":
                units = month_number(day) - month_number(self.start)
            case _:
                units = day.year - self.start.year
        return units // self.rule.interval

    @property
    def unit_days(self) -> int:
        return 7 if self.rule.freq == "WEEKLY" else 1

    def first_of(self, period: int) -> int:
        """The ordinal of its first day, which may lie beyond the calendar."""
        units = period * self.rule.interval
        match self.rule.freq:
            case "DAILY":
                return self.start.toordinal() + units
            case "WEEKLY":
                return self.start.toordinal() - self.start.weekday() + 7 * units
            case "MONTHLY":
                year, month = divmod(month_number(self.start) + units, 12)
            case _:
                year, month = self.start.year + units, 0
        return date(year, month + 1, 1).toordinal() if year <= date.max.year else LAST_DAY + 1

    def offsets(self, first: int) -> list[int]:
        """Which days of the period that begins on this day the rule names, ascending, 0 for the first."""
        day = date.fromordinal(first)
        length = 365 + isleap(day.year) if self.rule.freq == "YEARLY" else monthrange(day.year, day.month)[1]
        kind = length, day.weekday()
        if kind not in self.known:
            self.known[kind] = sorted(self.chosen(list(self.named(day))))
        return self.known[kind]

    def named(self, first: date) -> Iterator[int]:
        rule, start = self.rule, self.start
        match rule.freq:
            case "DAILY":
                yield 0
            case "WEEKLY":
                yield from (weekday for _, weekday in rule.by_day or [(0, start.weekday())])
            case "MONTHLY":
                yield from self.named_in_month(first)
            case _:
                for month in rule.by_month or (start.month,):
                    day = first.replace(month=month)
                    yield from (day.toordinal() - first.toordinal() + offset for offset in self.named_in_month(day))

    def named_in_month(self, first: date) -> list[int]:
        rule, length = self.rule, monthrange(first.year, first.month)[1]
        if rule.by_day:
            weeks = [(ordinal, range((weekday - first.weekday()) % 7, length, 7)) for ordinal, weekday in rule.by_day]
            return sorted({day for ordinal, days in weeks for day in (nth(days, ordinal) if ordinal else days)})
        days = {day if day > 0 else length + 1 + day for day in rule.by_month_day or (self.start.day,)}
        return [day - 1 for day in sorted(days) if 1 <= day <= length]

    def chosen(self, days: list[int]) -> set[int]:
        positions = self.rule.by_set_pos
        return {day for position in positions for day in nth(days, position)} if positions else {*days}


Kinds = tuple[list[tuple[int, int]], dict[tuple[int, int], int]]
"""Of each month or year of a cycle its kind, and of each kind the first day of one."""


@cache
def kinds_of_months() -> Kinds:
    return kinds_of([date(2000 + number // 12, number % 12 + 1, 1) for number in range(12 * CYCLE_YEARS + 1)])


@cache
def kinds_of_years() -> Kinds:
    return kinds_of([date(2000 + number, 1, 1) for number in range(CYCLE_YEARS + 1)])


def kinds_of(first_days: list[date]) -> Kinds:
    lengths = [(later - first).days for first, later in pairwise(first_days)]
    kinds = [(length, first.weekday()) for first, length in zip(first_days, lengths, strict=False)]
    return kinds, {kind: first.toordinal() for kind, first in zip(kinds, first_days, strict=False)}


def nth(days: Sequence[int], ordinal: int) -> Sequence[int]:
    """The one at this place, from the end if it is negative, or none."""
    return [days[ordinal - (ordinal > 0)]] if abs(ordinal) <= len(days) else []


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
