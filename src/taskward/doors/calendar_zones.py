"""Time zones as calendars have them (RFC 5545 §3.6.5), made of the data by which everything here is computed.

Of that data (RFC 9636) the recorded changes stand as they are, and what its last line says of every year that follows
becomes a rule. icalendar would make some of its own, which end in 2038 and begin each summer an hour late.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count, islice
from struct import unpack
from typing import NamedTuple
from zoneinfo import ZoneInfo

from taskward.tasks import zones

# RFC 9636 §3.3: a POSIX string in a line of its own. Without a second name there is no change any more.
NAME, CLOCK, DAY = r"(<[^>]+>|[A-Za-z]+)", r"[+-]?[0-9]+(?::[0-9]+)*", r"M[0-9]+\.[0-9]\.[0-9]"
FOOTER = re.compile(rf"{NAME}({CLOCK}){NAME}({CLOCK})?,({DAY}(?:/{CLOCK})?),({DAY}(?:/{CLOCK})?)")
DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
LAST_WEEK = 5
ONE_DAY, ONE_SECOND = timedelta(days=1), timedelta(seconds=1)


class Change(NamedTuple):
    begins: datetime
    """In the local time before it."""
    before: timedelta
    after: timedelta
    name: str
    rule: str | None = None
    """By which it comes every year."""


@lru_cache(maxsize=256)
def component_of(zone: str, since: int) -> bytes:
    """Right from the year `since` on, for ever. It is put together here: a zone can have hundreds of changes, and
    icalendar would take 30 ms for each such zone.
    """
    lines = ["BEGIN:VTIMEZONE", f"TZID:{zone}"]
    for change in changes_of(zone, since):
        kind = "DAYLIGHT" if change.after > change.before else "STANDARD"
        lines += [
            f"BEGIN:{kind}",
            f"DTSTART:{change.begins.isoformat()[:19].translate(WITHOUT_SIGNS)}",
            f"TZOFFSETFROM:{as_offset(change.before)}",
            f"TZOFFSETTO:{as_offset(change.after)}",
            f"TZNAME:{change.name}",
            *([] if change.rule is None else [f"RRULE:{change.rule}"]),
            f"END:{kind}",
        ]
    return "\r\n".join([*lines, "END:VTIMEZONE", ""]).encode()


WITHOUT_SIGNS = str.maketrans("", "", "-:")


def as_offset(offset: timedelta) -> str:
    """RFC 5545 §3.3.14: with seconds where there are any."""
    minutes, seconds = divmod(abs(offset) // ONE_SECOND, 60)
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{minutes // 60:02}{minutes % 60:02}" + (f"{seconds:02}" if seconds else "")


def changes_of(zone: str, since: int) -> Iterator[Change]:
    data, rules = zones.data_of(zone), zones.rules_of(zone)
    start = datetime(min(max(1, since - 1), LAST_START), 1, 2, tzinfo=UTC)
    recorded = [moment for moment in recorded_in(data) if moment > start]
    at_start = local(start, rules)
    yield Change(at_start.replace(tzinfo=None), offset(at_start), offset(at_start), str(at_start.tzname()))
    for moment in recorded:
        before, after = local(moment - ONE_SECOND, rules), local(moment, rules)
        if (offset(before), before.tzname()) != (offset(after), after.tzname()):
            begins = moment.replace(tzinfo=None) + offset(before)
            yield Change(begins, offset(before), offset(after), str(after.tzname()))
    footer = FOOTER.fullmatch(data.rstrip(b"\n").rpartition(b"\n")[2].decode())
    if footer is not None:
        standard_name, standard, summer_name, summer, summer_day, standard_day = footer.groups()
        usual = -seconds_in(standard)
        ahead = usual + timedelta(hours=1) if summer is None else -seconds_in(summer)
        behind = max([start, *recorded]).replace(tzinfo=None)
        yield from yearly(summer_day, usual, ahead, summer_name.strip("<>"), behind=behind)
        yield from yearly(standard_day, ahead, usual, standard_name.strip("<>"), behind=behind)


LAST_START = 9900
"""Rules are told from here on at the latest, so that their first dates lie within the calendar."""


def recorded_in(data: bytes) -> list[datetime]:
    """RFC 9636 §3.2: behind the first part, which has 32 bits for a time, comes the one with 64."""
    header = data.index(b"TZif", 4)
    [number] = unpack(">l", data[header + 32 : header + 36])
    times = unpack(f">{number}q", data[header + 44 : header + 44 + 8 * number])
    return [EPOCH + timedelta(seconds=time) for time in times if time > FIRST_SECOND]


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_SECOND = (datetime(1, 1, 2, tzinfo=UTC) - EPOCH) // ONE_SECOND


def yearly(day: str, before: timedelta, after: timedelta, name: str, *, behind: datetime) -> Iterator[Change]:
    """The first of them that is later than `behind`, in UTC, and the rule for all.

    A time of 24 hours and more, or less than none, moves the change to another day than the one that is named (RFC 9636
    §3.3.1), which may be in another month: then the days on which it may fall have a rule for each month.
    """
    named, _, clock = day.partition("/")
    month, week, weekday = map(int, named.removeprefix("M").split("."))
    time = seconds_in(clock or "2")
    moved = time // ONE_DAY
    later = (
        begins
        for year in count(behind.year)
        if (begins := nth_weekday(year, month, week, weekday) + time) - before > behind
    )
    if not moved:
        number = -1 if week == LAST_WEEK else week
        yield Change(next(later), before, after, name, f"FREQ=YEARLY;BYMONTH={month};BYDAY={number}{DAYS[weekday]}")
        return
    length = monthrange(COMMON_YEAR, month)[1]
    last = datetime(COMMON_YEAR, month, length if week == LAST_WEEK else 7 * week) + moved * ONE_DAY  # noqa: DTZ001
    found = [last - number * ONE_DAY for number in reversed(range(7))]
    firsts = list(islice(later, YEARS_WITH_ALL_DAYS))
    for of_month in sorted({each.month for each in found}):
        days = ",".join(str(each.day) for each in found if each.month == of_month)
        rule = f"FREQ=YEARLY;BYMONTH={of_month};BYMONTHDAY={days};BYDAY={DAYS[(weekday + moved) % 7]}"
        yield Change(next(each for each in firsts if each.month == of_month), before, after, name, rule)


COMMON_YEAR = 2001
YEARS_WITH_ALL_DAYS = 12
"""Among so many each day of a month is on each day of the week."""


def nth_weekday(year: int, month: int, week: int, weekday: int) -> datetime:
    """Sunday is 0; the fifth is the last."""
    first = datetime(year, month, 1)  # noqa: DTZ001 - in the local time of the zone
    found = first + ONE_DAY * ((weekday - first.isoweekday()) % 7 + 7 * (week - 1))
    return found if found.month == month else found - 7 * ONE_DAY


def seconds_in(clock: str) -> timedelta:
    """Hours, and minutes and seconds behind them, with a sign for all."""
    hours, minutes, seconds = [*map(int, clock.lstrip("+-").split(":")), 0, 0][:3]
    found = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -found if clock.startswith("-") else found


def local(moment: datetime, rules: ZoneInfo) -> datetime:
    return moment.astimezone(rules)


def offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()
