"""Rules, held against two other implementations and the examples of RFC 5545: 400 at random, or with
`TASKWARD_EXAMPLES=20000` so many.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import cache
from itertools import islice, product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from dateutil import rrule
from dateutil.tz import resolve_imaginary
from hypothesis import given
from hypothesis import strategies as st

from support import npm
from taskward.tasks import recurrence, zones
from taskward.tasks.recurrence import WEEKDAYS, Dates, Rule, RuleRefused, counted_on, parsed
from taskward.tasks.series import Series

EXAMPLES = int(os.environ.get("TASKWARD_EXAMPLES", "400"))
RRULE_JS = Path(__file__).parent / "rrule_js"
ZONES = [
    "America/New_York",
    "Pacific/Auckland",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # left out 30 December 2011
    "Africa/Casablanca",  # twice a year around Ramadan
    "Europe/Dublin",  # whose winter is the exception
]
MIDNIGHT = clock(0)
AT_ONCE = 12
"""Dates of a rule that are compared."""


class Example(NamedTuple):
    rule: Rule
    start: date
    behind: date


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311


def random_example(random: Random) -> Example:
    freq = random.choice(sorted(recurrence.ALLOWED))
    interval = random.choice([1, 1, 1, 2, 3, 5, 7, 12, 52, 400, 999])
    parts: dict[str, Any] = {}
    if freq == "WEEKLY" and random.random() < 0.7:
        parts["by_day"] = days_of(random, [0])
    if freq == "YEARLY" and random.random() < 0.8:
        parts["by_month"] = tuple(sorted(random.sample(range(1, 13), random.choice([1, 1, 2, 3, 12]))))
    if freq == "MONTHLY" or "by_month" in parts:
        kind = random.choice(["nothing", "days", "weekdays", "ordinals"])
        if kind == "days":
            parts["by_month_day"] = some(random, [1, 13, 15, 28, 29, 30, 31, -1, -2, -29, -31])
        elif kind == "weekdays":
            parts["by_day"] = days_of(random, [0])
            if random.random() < 0.6:
                parts["by_set_pos"] = some(random, [1, 2, 3, 5, -1, -2, 20, 31, -31])
        elif kind == "ordinals":
            parts["by_day"] = days_of(random, [1, 2, 3, 4, 5, -1, -2, -5])
    start = date(1996, 1, 1) + timedelta(days=random.randrange(15_000))
    if random.random() < 0.15:
        parts["count"] = random.choice([1, 2, 3, 7, 999])
    elif random.random() < 0.15:
        parts["until"] = f"{start + timedelta(days=random.choice([0, 1, 30, 400, 4000])):%Y%m%d}"
    behind = start + timedelta(days=random.choice([-1, 0, 0, 1, 40, 400, 4000]))
    return Example(Rule(freq=freq, interval=interval, **parts), start, behind)


def some(random: Random, values: list[int]) -> tuple[int, ...]:
    return tuple(sorted(random.sample(values, random.randint(1, 3))))


def days_of(random: Random, ordinals: list[int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted({(random.choice(ordinals), random.randrange(7)) for _ in range(random.randint(1, 4))}))


@cache
def examples() -> list[Example]:
    random = seeded(5545)
    return [random_example(random) for _ in range(EXAMPLES)]


def until_of(rule: Rule) -> date:
    return date(int(rule.until[:4]), int(rule.until[4:6]), int(rule.until[6:])) if rule.until else date.max


def ours(example: Example) -> list[date]:
    dates = Dates(example.rule, example.start, until_of(example.rule))
    return list(islice(dates.after(example.behind), AT_ONCE))


def endless(rule: Rule) -> str:
    """How many there are depends on whether the start counts, which is the one difference."""
    return ";".join(part for part in str(rule).split(";") if not part.startswith(("COUNT", "UNTIL")))


def expected(example: Example, theirs: Iterator[date]) -> Iterator[date]:
    """The dates of another implementation, with our start as the first, and what ends the rule applied to these."""
    rule, start, behind = example
    number, last = 1, until_of(rule)
    if start > behind and last >= start:
        yield start
    for day in theirs:
        if day > start:
            number += 1
            if day > last or (rule.count is not None and number > rule.count):
                return
            if day > behind:
                yield day


def dates_of_dateutil(rule: Rule, start: date) -> Iterator[date]:
    return (moment.date() for moment in rrule.rrulestr(endless(rule), dtstart=datetime.combine(start, MIDNIGHT)))


@pytest.mark.timeout(1800)
def test_dates_are_those_of_python_dateutil() -> None:
    compared = 0
    for example in examples():
        found = ours(example)
        if found:
            compared += 1
            theirs = expected(example, dates_of_dateutil(example.rule, example.start))
            assert found == list(islice(theirs, len(found))), (str(example.rule), example.start, example.behind)
    assert compared > EXAMPLES / 2


@pytest.mark.timeout(1800)
def test_dates_are_those_of_rrule_js() -> None:
    npm.install(RRULE_JS, what="rrule.js, which judges the expansion of rules")
    asked = [(example, found) for example in examples() if is_fair(example) and (found := ours(example))]
    # Those before a later day have to be named too. Two positions that are one day, rrule.js names twice.
    counts = [2 * Dates(rule, start).number_until(found[-1]) + 1 for (rule, start, _), found in asked]
    lines = [
        json.dumps({"rule": endless(rule), "start": start.isoformat(), "count": count})
        for ((rule, start, _), _), count in zip(asked, counts, strict=True)
    ]
    run = subprocess.run(
        ["node", "dates.mjs"], cwd=RRULE_JS, input="\n".join(lines), capture_output=True, text=True, check=True
    )
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    for (example, found), days in zip(asked, answers, strict=True):
        theirs = expected(example, map(date.fromisoformat, dict.fromkeys(days)))
        assert found == list(islice(theirs, len(found))), (str(example.rule), example.start, example.behind)
    assert len(asked) > EXAMPLES / 2


def is_fair(example: Example) -> bool:
    """rrule.js takes the first day where a position from the end lies before it, which RFC 5545 has none for."""
    return min(example.rule.by_set_pos, default=0) > -5


@pytest.mark.timeout(1800)
def test_the_number_of_dates_is_that_of_python_dateutil() -> None:
    for rule, start, behind in examples():
        if (behind - start).days <= 400:
            theirs = dates_of_dateutil(rule, start)
            number = 1 + sum(1 for day in until(theirs, behind) if day > start) if behind >= start else 0
            assert Dates(rule, start).number_until(behind) == number, (str(rule), start, behind)


def until(days: Iterator[date], last: date) -> Iterator[date]:
    for day in days:
        if day > last:
            return
        yield day


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("zone", ZONES)
def test_instants_are_those_of_dateutil_in_zones_that_change_their_clocks(zone: str) -> None:
    random, rules = seeded(ZONES.index(zone)), zones.rules_of(zone)
    for rule, _, _ in examples()[:: len(ZONES)]:
        start = datetime(2010, 12, 25, random.choice([0, 1, 2, 3, 12, 23]), random.choice([0, 15, 30, 59]))  # noqa: DTZ001
        start += timedelta(days=random.randrange(6000))
        series = Series(rule, start.date(), start.time(), zone)
        for day in islice(series.dates.after(start.date()), AT_ONCE):
            wall = datetime.combine(day, start.time(), rules)
            assert series.due_at(day) == resolve_imaginary(wall).astimezone(UTC), (str(rule), start, day)


def test_rules_far_in_the_past_are_counted_as_quickly() -> None:
    """By cycles of 400 years, as by going through every date."""
    random = seeded(400)
    for _ in range(20):
        rule = random_example(random).rule
        dates = Dates(rule, date(1, 1, 1) + timedelta(days=random.randrange(366)))
        far = date(1700, 1, 1) + timedelta(days=random.randrange(40_000))
        before = far - timedelta(days=random.randrange(3_000))
        theirs = sum(1 for day in until(dates.without_end(before), far))
        if not any(gap(before, far, rule)):
            assert dates.number_until(far) - dates.number_until(before) == theirs, (str(rule), dates.start, before, far)


def gap(before: date, far: date, rule: Rule) -> Iterator[bool]:
    """A search may have ended at its 50 years."""
    yield rule.freq in ("MONTHLY", "YEARLY") and rule.interval > 12
    yield rule.until is not None


# RFC 5545 §3.8.5.3: its examples that are in the subset, with the days that it lists. All begin in 1997 or 1998.
@pytest.mark.parametrize(
    ("rule", "start", "days"),
    [
        ("FREQ=DAILY;COUNT=10", "1997-09-02", "0902 0903 0904 0905 0906 0907 0908 0909 0910 0911 end"),
        ("FREQ=DAILY;UNTIL=19971224T000000Z", "1997-12-20", "1220 1221 1222 1223 end"),
        ("FREQ=DAILY;INTERVAL=2", "1997-09-02", "0902 0904 0906 0908"),
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "1997-09-02", "0902 0912 0922 1002 1012 end"),
        ("FREQ=WEEKLY;COUNT=10", "1997-09-02", "0902 0909 0916 0923 0930 1007 1014 1021 1028 1104 end"),
        ("FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1997-09-02", "0902 0916 0930 1014 1028 1111 1125 1209 1223"),
        (
            "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
            "1997-09-02",
            "0902 0904 0909 0911 0916 0918 0923 0925 0930 1002 end",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR",
            "1997-09-01",
            "0901 0903 0905 0915 0917 0919 0929 1001 1003 1013 1015 1017 1027 1029 1031 1110 1112 1114 1124 1126 1128 "
            "1208 1210 1212 1222 end",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
            "1997-09-02",
            "0902 0904 0916 0918 0930 1002 1014 1016 end",
        ),
        ("FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1997-09-05", "0905 1003 1107 1205 0102 0206 0306 0403 0501 0605 end"),
        ("FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "1997-09-05", "0905 1003 1107 1205 end"),
        (
            "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
            "1997-09-07",
            "0907 0928 1102 1130 0104 0125 0301 0329 0503 0531 end",
        ),
        ("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997-09-22", "0922 1020 1117 1222 0119 0216 end"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "1997-09-28", "0928 1029 1128 1229 0129 0226"),
        (
            "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
            "1997-09-02",
            "0902 0915 1002 1015 1102 1115 1202 1215 0102 0115 end",
        ),
        (
            "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
            "1997-09-30",
            "0930 1001 1031 1101 1130 1201 1231 0101 0131 0201 end",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
            "1997-09-10",
            "0910 0911 0912 0913 0914 0915 0310 0311 0312 0313 end",
        ),
        ("FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "1997-09-02", "0902 0909 0916 0923 0930 1104 1111 1118 1125 0106"),
        ("FREQ=YEARLY;COUNT=10;BYMONTH=6,7", "1997-06-10", "0610 0710 0610 0710 0610 0710 0610 0710 0610 0710 end"),
        (
            "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
            "1997-03-10",
            "0310 0110 0210 0310 0110 0210 0310 0110 0210 0310 end",
        ),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "1997-03-13", "0313 0320 0327 0305 0312 0319 0326 0304"),
        (
            "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8",
            "1997-06-05",
            "0605 0612 0619 0626 0703 0710 0717 0724 0731 0807 0814 0821 0828 0604",
        ),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", "0904 1007 1106 end"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "1997-09-29", "0929 1030 1127 1230 0129 0226 0330"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2007-01-15", "0115 0130 0215 0315 0330 end"),
    ],
)
def test_the_examples_of_the_standard(rule: str, start: str, days: str) -> None:
    nine_o_clock = datetime.fromisoformat(f"{start}T13:00:00Z")  # in New York, where all of them are
    series = Series.begun(rule, due_on=None, due_at=nine_o_clock, zone="America/New_York", counts_from_completion=False)
    wanted = days.split()
    found = list(islice(series.dates.after(series.start - timedelta(days=1)), len(wanted)))
    assert [f"{day:%m%d}" for day in found] == [day for day in wanted if day != "end"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("FREQ=DAILY", "FREQ=DAILY"),
        ("freq=weekly;byday=th,mo", "FREQ=WEEKLY;BYDAY=MO,TH"),
        ("INTERVAL=1;FREQ=DAILY", "FREQ=DAILY"),
        ("COUNT=010;INTERVAL=002;FREQ=DAILY", "FREQ=DAILY;INTERVAL=2;COUNT=10"),
        ("UNTIL=20261231;FREQ=DAILY", "FREQ=DAILY;UNTIL=20261231"),
        ("FREQ=DAILY;UNTIL=20261231t225959z", "FREQ=DAILY;UNTIL=20261231T225959Z"),
        ("BYDAY=SU,MO,SU;FREQ=WEEKLY;WKST=MO", "FREQ=WEEKLY;BYDAY=MO,SU"),
        ("FREQ=WEEKLY;BYDAY=SU,MO;WKST=SU", "FREQ=WEEKLY;BYDAY=MO,SU"),
        ("FREQ=MONTHLY;BYMONTHDAY=+31,1,-1,1", "FREQ=MONTHLY;BYMONTHDAY=-1,1,31"),
        ("FREQ=MONTHLY;BYDAY=+2TU,1WE,-1FR,1MO", "FREQ=MONTHLY;BYDAY=-1FR,1MO,1WE,2TU"),
        ("FREQ=MONTHLY;BYSETPOS=+1,-1;BYDAY=FR,MO", "FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=-1,1"),
        ("FREQ=YEARLY;BYMONTHDAY=01;BYMONTH=12,06", "FREQ=YEARLY;BYMONTH=6,12;BYMONTHDAY=1"),
        ("FREQ=YEARLY;INTERVAL=999;COUNT=999", "FREQ=YEARLY;INTERVAL=999;COUNT=999"),
    ],
)
def test_a_rule_has_one_normal_form(text: str, normal: str) -> None:
    assert str(parsed(text)) == normal
    assert str(parsed(normal)) == normal


@given(st.integers(0, 10**9))
def test_every_rule_reads_its_normal_form_as_itself(seed: int) -> None:
    rule = random_example(seeded(seed)).rule
    assert parsed(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "NAME=VALUE"),
        ("FREQ", "NAME=VALUE"),
        ("FREQ=DAILY;", "NAME=VALUE"),
        ("FREQ=DAILY; COUNT=2", "NAME=VALUE"),
        ("FREQ=DAILY\r\n;COUNT=2", "NAME=VALUE"),
        ("FREQ=DAıLY", "NAME=VALUE"),
        ("FREQ=MONTHLY;BYMONTHDAY=١", "NAME=VALUE"),
        ("RRULE:FREQ=DAILY", "Leave out RRULE:"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ may stand only once"),
        ("INTERVAL=2", "FREQ must be there"),
        ("FREQ=HOURLY", "FREQ must be there"),
        ("FREQ=DAILY;" + "COUNT=" + "1" * 250, "at most 255"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL is a number from 1 to 999"),
        ("FREQ=DAILY;INTERVAL=1000", "INTERVAL is"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL is"),
        ("FREQ=DAILY;COUNT=0", "COUNT is"),
        ("FREQ=DAILY;COUNT=1000", "COUNT is"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT and UNTIL"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL is a day"),
        ("FREQ=DAILY;UNTIL=20261231T230000", "UNTIL is a day"),
        ("FREQ=DAILY;UNTIL=20261231T240000Z", "UNTIL is a day"),
        ("FREQ=DAILY;UNTIL=2026-12-31", "UNTIL is a day"),
        ("FREQ=DAILY;UNTIL=00001231", "UNTIL is a day"),
        ("FREQ=DAILY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("FREQ=DAILY;BYMONTH=7", "FREQ=YEARLY;BYMONTH=7;BYDAY="),
        ("FREQ=DAILY;BYMONTHDAY=1", "FREQ=MONTHLY;BYMONTHDAY"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS does not go with FREQ=DAILY"),
        ("FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=1MO"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=MONTHLY;BYMONTHDAY"),
        ("FREQ=WEEKLY;BYMONTH=1", "FREQ=YEARLY;BYMONTH=7;BYDAY=MO"),
        ("FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1", "BYSETPOS does not go with FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYMONTH=1", "FREQ=YEARLY;BYMONTH=1,7"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY is"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY is"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,,2", "BYMONTHDAY is"),
        ("FREQ=MONTHLY;BYDAY=6MO", "ordinal in BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "ordinal in BYDAY"),
        ("FREQ=MONTHLY;BYDAY=M", "BYDAY has days"),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "not both"),
        ("FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=13", "BYMONTHDAY and BYDAY"),
        ("FREQ=MONTHLY;BYSETPOS=-1", "BYSETPOS needs BYDAY"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,2;BYSETPOS=-1", "BYSETPOS needs BYDAY"),
        ("FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=-1", "BYSETPOS counts among plain days"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=32", "BYSETPOS is"),
        ("FREQ=YEARLY;BYMONTHDAY=1", "BYMONTHDAY needs BYMONTH"),
        ("FREQ=YEARLY;BYDAY=20MO", "BYDAY needs BYMONTH"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH is"),
        ("FREQ=YEARLY;BYMONTH=+1", "BYMONTH is"),
        ("FREQ=YEARLY;BYYEARDAY=1", "BYYEARDAY is not supported"),
        ("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not supported"),
        ("FREQ=DAILY;BYHOUR=9", "due_at"),
        ("FREQ=MONTHLY;SKIP=BACKWARD;RSCALE=GREGORIAN", "BYMONTHDAY=-1"),
        ("FREQ=DAILY;X-MINE=1", "X-MINE is no part"),
        ("FREQ=WEEKLY;WKST=XX", "WKST is a day"),
    ],
)
def test_what_is_refused_is_named(text: str, told: str) -> None:
    with pytest.raises(RuleRefused, match=re.escape(told)):
        parsed(text)


def test_a_start_of_the_week_may_stand_where_it_changes_nothing() -> None:
    """RFC 5545 §3.8.5.3: two rules that differ by WKST alone have other days."""
    days_of_rules: list[list[int]] = [[0], [1, 3], [5, 6], [0, 6], [2], []]
    for week_start, days, first in product(range(7), days_of_rules, range(7)):
        start = date(2026, 3, 2) + timedelta(days=first)
        rule = Rule("WEEKLY", 2, by_day=tuple((0, day) for day in days), week_start=week_start)
        if with_week_start(rule, week_start, start) == with_week_start(rule, 0, start):
            continue
        with pytest.raises(RuleRefused, match="WKST"):
            rule.refuse_week_start(start)
    Rule("WEEKLY", 2, by_day=((0, 1), (0, 3)), week_start=6).refuse_week_start(date(2026, 3, 3))
    Rule("WEEKLY", 1, by_day=((0, 0), (0, 6)), week_start=6).refuse_week_start(date(2026, 3, 3))


def with_week_start(rule: Rule, week_start: int, start: date) -> list[datetime]:
    theirs = rrule.rrulestr(f"{rule};WKST={WEEKDAYS[week_start]}", dtstart=datetime.combine(start, MIDNIGHT))
    return list(islice(theirs, 9))


@pytest.mark.parametrize(
    ("rule", "day", "next_day"),
    [
        ("FREQ=DAILY;INTERVAL=3", "2026-03-20", "2026-03-23"),
        ("FREQ=WEEKLY;INTERVAL=2", "2026-03-20", "2026-04-03"),
        ("FREQ=MONTHLY", "2026-01-31", "2026-02-28"),
        ("FREQ=MONTHLY", "2026-02-28", "2026-03-28"),
        ("FREQ=MONTHLY;INTERVAL=999", "2026-01-31", "2109-04-30"),
        ("FREQ=YEARLY", "2024-02-29", "2025-02-28"),
        ("FREQ=YEARLY;INTERVAL=4", "2024-02-29", "2028-02-29"),
        ("FREQ=DAILY", "9999-12-31", None),
        ("FREQ=WEEKLY;INTERVAL=999", "9999-12-31", None),
        ("FREQ=MONTHLY", "9999-12-01", None),
        ("FREQ=YEARLY", "9999-01-01", None),
    ],
)
def test_counting_on_from_a_day(rule: str, day: str, next_day: str | None) -> None:
    found = counted_on(parsed(rule), date.fromisoformat(day))
    assert (found and found.isoformat()) == next_day


IMPOSSIBLE = [
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-31"),
    ("FREQ=YEARLY;BYMONTH=2,4,6,9,11;BYMONTHDAY=31", "2026-01-31"),
    ("FREQ=YEARLY;BYMONTH=1,2,3,4,5,6;BYDAY=MO;BYSETPOS=-31,31", "2026-01-01"),
    ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", "2026-01-01"),
    ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "2026-06-01"),
    ("FREQ=MONTHLY;INTERVAL=601", "2026-06-01"),
    ("FREQ=YEARLY;INTERVAL=51", "2026-06-01"),
    ("FREQ=YEARLY;INTERVAL=999;BYMONTH=1;BYDAY=5MO", "2026-06-01"),
    ("FREQ=DAILY;COUNT=1", "2026-06-01"),
    ("FREQ=MONTHLY;UNTIL=20260630", "2026-06-01"),
    ("FREQ=DAILY", "9999-12-31"),
    ("FREQ=WEEKLY;INTERVAL=999", "9999-12-20"),
]


@pytest.mark.parametrize(("rule", "start"), IMPOSSIBLE)
def test_a_rule_that_nothing_follows_is_found_out_at_once(rule: str, start: str) -> None:
    series = Series.begun(rule, due_on=date.fromisoformat(start), due_at=None, zone=None, counts_from_completion=False)
    assert series.is_empty


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        ("FREQ=MONTHLY;INTERVAL=600", "2026-06-01"),
        ("FREQ=YEARLY;INTERVAL=50", "2026-06-01"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=29", "2026-02-01"),
        ("FREQ=YEARLY;BYMONTH=2;BYDAY=5MO", "2026-02-01"),
        ("FREQ=WEEKLY;INTERVAL=999", "2026-02-01"),
        ("FREQ=DAILY;COUNT=2", "2026-02-01"),
        ("FREQ=DAILY;UNTIL=20260202", "2026-02-01"),
    ],
)
def test_a_rule_that_something_follows_late_is_a_rule(rule: str, start: str) -> None:
    series = Series.begun(rule, due_on=date.fromisoformat(start), due_at=None, zone=None, counts_from_completion=False)
    assert not series.is_empty


@given(st.integers(0, 10**9), st.dates(), st.dates())
def test_no_rule_looks_at_more_than_600_months(seed: int, start: date, behind: date) -> None:
    rule = random_example(seeded(seed)).rule
    dates = Looking(rule, start)
    next(dates.after(behind), None)
    assert len(dates.known) <= 28
    if rule.count is None:
        assert dates.looked_at * dates.months_in_period <= 600


class Looking(Dates):
    looked_at = -1  # the first is where the search begins

    def offsets(self, first: int) -> list[int]:
        self.looked_at += 1
        return super().offsets(first)


@given(st.text(st.sampled_from("FREQ=DAILYWEKMONTHBUS;,+-0123456789ZX \n\0é"), max_size=300))
def test_whatever_is_sent_is_a_rule_or_refused(text: str) -> None:
    with suppress(RuleRefused):
        assert parsed(str(parsed(text)))


def test_the_worst_rule_takes_milliseconds() -> None:
    """Generously: it is about how the time grows, not about how quick this machine is."""
    worst = 0.0
    for rule, start in [*IMPOSSIBLE, ("FREQ=MONTHLY;BYDAY=5MO;COUNT=999", "0001-01-01"), ("FREQ=DAILY", "0001-01-01")]:
        dates = Dates(parsed(rule), date.fromisoformat(start))
        began = time.perf_counter()
        next(dates.after(date(2026, 11, 28)), None)
        dates.number_until(date(2026, 11, 28))
        worst = max(worst, time.perf_counter() - began)
    assert worst < 1
