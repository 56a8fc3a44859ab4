"""Time zones: which names are known, and when days begin in them.

Rules come from the `tzdata` package alone: the operating system's and PostgreSQL's are of other years, and PostgreSQL
takes the second midnight where a day has two. A day is its number as `date.toordinal` counts; it may lie outside the
years that Python knows, as may the instants, which count microseconds since 1970.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local times here are plain, and their zone stands beside them
SECOND = 1_000_000
DAY_SECONDS = 86_400
CYCLE_DAYS = 146_097
"""Of 400 years, after which the calendar and with it every rule repeats."""

FIRST_RULES = date(1840, 1, 1).toordinal()
"""No zone has any before: each has its local mean time."""

LAST_RECORDS = date(2100, 1, 1).toordinal()
"""From here on there are only rules that repeat each year."""

LAST_RULES = LAST_RECORDS + CYCLE_DAYS
RECORDS_STEP, RULES_STEP = 4, 21
"""Days after which to look again; no two changes of a zone that cancel out lie closer together."""

NO_ZONE_IS_FURTHER_DAYS = 2


@dataclass(frozen=True, slots=True)
class Starts:
    """When the days of a zone begin: from `days[i]` on, `offsets[i]` seconds before midnight in UTC."""

    days: tuple[int, ...]
    offsets: tuple[int, ...]

    def offset(self, day: int) -> int:
        return self.offsets[bisect_right(self.days, within_cycle(day)) - 1]


def is_known(name: str) -> bool:
    """IANA's names, in their own case; no path such as `posix/…` and no `localtime`."""
    return name in names()


@cache
def names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text("ascii").split())


def start_of_day(day: int, zone: str) -> int:
    """The first instant whose local date is that day, or a later one where the zone left the day out."""
    return ((day - EPOCH.toordinal()) * DAY_SECONDS - starts_in(zone).offset(day)) * SECOND


def last_day_before(instant: int, zone: str) -> int:
    """The last day that begins before the instant."""
    day = instant // (DAY_SECONDS * SECOND) + EPOCH.toordinal() + NO_ZONE_IS_FURTHER_DAYS
    while start_of_day(day, zone) >= instant:
        day -= 1
    return day


def first_day_after(instant: int, zone: str) -> int:
    """The first day that begins after the instant."""
    return last_day_before(instant + 1, zone) + 1


@lru_cache(maxsize=128)
def starts_in(zone: str) -> Starts:
    """Takes some 10 ms, once a zone: days are looked at in steps, and halved where the zone has changed."""
    rules = rules_of(zone)
    days = [FIRST_RULES - CYCLE_DAYS * 5]
    offsets = [offset_at_start(FIRST_RULES, rules)]
    looked_at, midnights = steps()
    found = list(map(rules.utcoffset, midnights))
    changed = [at for at in range(1, len(found)) if found[at] != found[at - 1]]
    # A change in the very night that is looked at may move the start of the next day only.
    for at in sorted({*changed, *(at + 1 for at in changed)}):
        before, day = looked_at[at - 1 : at + 1]
        while offset_at_start(day, rules) != offsets[-1]:
            before = first_other(before, day, offsets[-1], rules)
            days.append(before)
            offsets.append(offset_at_start(before, rules))
    return Starts(tuple(days), tuple(offsets))


@cache
def steps() -> tuple[list[int], list[datetime]]:
    """Days to look at, the last of them twice, and their midnights; each the second one where there are two."""
    days = [*range(FIRST_RULES, LAST_RECORDS, RECORDS_STEP), *range(LAST_RECORDS, LAST_RULES, RULES_STEP)]
    days += [LAST_RULES, LAST_RULES]
    return days, [datetime.fromordinal(day).replace(fold=1) for day in days]


def rules_of(zone: str) -> ZoneInfo:
    return ZoneInfo.from_file(BytesIO(data_of(zone)))


def data_of(zone: str) -> bytes:
    """As RFC 9636 has it."""
    return files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes()


def within_cycle(day: int) -> int:
    """A day before the end of the rules that begins as this one does."""
    return day if day < LAST_RULES else LAST_RECORDS + (day - LAST_RECORDS) % CYCLE_DAYS


def first_other(known: int, other: int, offset: int, rules: ZoneInfo) -> int:
    """The first day after `known`, which begins with the offset, that begins with another, as `other` does."""
    return halved(known, other, lambda day: offset_at_start(day, rules) != offset)


def offset_at_start(day: int, rules: ZoneInfo) -> int:
    """How far the day begins before midnight in UTC, in seconds."""
    midnight = datetime.fromordinal(day)
    before, after = seconds(rules.utcoffset(midnight)), seconds(rules.utcoffset(midnight.replace(fold=1)))
    if before >= after:
        return before  # midnight comes once, or twice: then it is the first
    # It is left out, and the day begins with the change: as soon as the date, told in UTC and moved, is reached.
    utc = halved(-after, -before, lambda moment: local(midnight + timedelta(seconds=moment), rules) >= midnight)
    return -utc


def local(utc: datetime, rules: ZoneInfo) -> datetime:
    return rules.fromutc(utc.replace(tzinfo=rules)).replace(tzinfo=None)


def seconds(offset: timedelta | None) -> int:
    assert offset is not None  # noqa: S101 - what a zone answers only when it is asked about no time at all
    return round(offset.total_seconds())


def halved(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The least number above `low` for which it holds, which it does from there to `high`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
