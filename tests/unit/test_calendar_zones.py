"""Time zones as calendars have them, held against the zones that everything is computed by."""

import io
from datetime import datetime, timedelta

import pytest
from dateutil import tz
from hypothesis import given, settings
from hypothesis import strategies as st

from taskward.doors.calendar_zones import changes_of, component_of
from taskward.tasks import zones

FIRST, LAST = 2026, 2060


@pytest.mark.parametrize("since", [1900, FIRST])
def test_every_zone_has_the_offsets_that_it_has(since: int) -> None:
    """The changes one after the other, and the last two, which have rules, for each year."""
    for name in sorted(zones.names()):
        rules = zones.rules_of(name)
        for change in changes_of(name, since):
            years = range(max(change.begins.year, since), LAST) if change.rule else [change.begins.year]
            for begins in dates_of(change.rule, change.begins, years) if change.rule else [change.begins]:
                utc = begins - change.before
                assert at(utc, rules) == change.after, (name, begins)
                if begins.year > since:
                    assert at(utc - timedelta(seconds=1), rules) == change.before, (name, begins)


def dates_of(rule: str, first: datetime, years: range) -> list[datetime]:
    """Of a rule that names a weekday of a month."""
    parts = dict(part.split("=") for part in rule.split(";"))
    month, weekday = int(parts["BYMONTH"]), ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(parts["BYDAY"][-2:])
    found = []
    for year in years:
        days = [datetime(year, month, 1, first.hour, first.minute) + timedelta(days=day) for day in range(31)]  # noqa: DTZ001
        named = [day for day in days if day.month == month and day.weekday() == weekday]
        if "BYMONTHDAY" in parts:
            found += [day for day in named if str(day.day) in parts["BYMONTHDAY"].split(",")]
        else:
            number = int(parts["BYDAY"][:-2])
            found.append(named[number - (number > 0)])
    return found


def at(utc: datetime, rules: zones.ZoneInfo) -> timedelta | None:
    return rules.fromutc(utc.replace(tzinfo=rules)).utcoffset()


def test_no_change_is_left_out() -> None:
    """The last day of each month from a recorded past on into a future that has only rules."""
    for name in sorted(zones.names()):
        rules, changes = zones.rules_of(name), list(changes_of(name, FIRST))
        onsets = sorted(
            (begins - change.before, change.after)
            for change in changes
            for begins in (
                dates_of(change.rule, change.begins, range(change.begins.year, LAST))
                if change.rule
                else [change.begins]
            )
        )
        for year in range(FIRST, LAST, 3):
            for month in range(1, 13):
                utc = datetime(year, month, 28, 12)  # noqa: DTZ001
                known = [after for begins, after in onsets if begins <= utc]
                assert known[-1] == at(utc, rules), (name, utc)


@settings(max_examples=60)
@given(
    st.sampled_from(["Europe/Dublin", "America/Nuuk", "Asia/Gaza", "Africa/Casablanca", "Australia/Lord_Howe"]),
    st.datetimes(datetime(FIRST, 1, 1), datetime(LAST, 1, 1)),  # noqa: DTZ001
)
def test_a_program_that_reads_them_has_the_same_offsets(name: str, moment: datetime) -> None:
    found = tz.tzical(io.StringIO(component_of(name, FIRST).decode())).get()
    wall = moment.replace(tzinfo=zones.rules_of(name))

    if tz.datetime_exists(wall) and not tz.datetime_ambiguous(wall):
        assert moment.replace(tzinfo=found).utcoffset() == wall.utcoffset()
