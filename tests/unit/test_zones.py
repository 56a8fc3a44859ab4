"""Days and zones, held against zoneinfo minute by minute. `TASKWARD_EXAMPLES=1` looks at every zone and day."""

import os
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskward.tasks import zones
from taskward.tasks.zones import first_day_after, is_known, last_day_before, start_of_day

ODD_ZONES = [
    "Pacific/Kiritimati",  # +14
    "Etc/GMT+12",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Havana",  # midnight comes twice
    "Atlantic/Azores",
    "America/St_Johns",
    "America/Sao_Paulo",  # midnight is left out
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Toronto",  # once from half past eleven to half past twelve
    "Pacific/Apia",  # a day is left out
    "Asia/Manila",
    "America/Juneau",  # a day comes twice
    "Africa/Casablanca",
    "Africa/Monrovia",
    "Europe/Dublin",
    "UTC",
]
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
CYCLE = timedelta(days=zones.CYCLE_DAYS)
DAYS = st.dates(date(1840, 1, 1), date(2500, 1, 1))


@cache
def rules(zone: str) -> ZoneInfo:
    return zones.rules_of(zone)


def local(utc: datetime, zone: str) -> datetime:
    return rules(zone).fromutc(utc.replace(tzinfo=rules(zone))).replace(tzinfo=None)


def begins(day: date, zone: str) -> datetime:
    return EPOCH + timedelta(microseconds=start_of_day(day.toordinal(), zone))


@given(st.sampled_from(ODD_ZONES), DAYS)
def test_a_day_begins_with_the_first_instant_of_its_date(zone: str, day: date) -> None:
    holds(zone, day)


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_days_begin_right_whenever_the_clocks_change(zone: str) -> None:
    changes = zones.starts_in(zone).days[1:]
    for change in changes[:: max(1, len(changes) // 12)]:
        for day in (change - 1, change, change + 1):
            holds(zone, date.fromordinal(day))


def holds(zone: str, day: date) -> None:
    start = begins(day, zone)
    assert local(start, zone).date() >= day
    assert local(start - timedelta(seconds=1), zone).date() < day
    # No earlier instant has the date, and only a day that the zone left out begins as another.
    earlier = [local(start - timedelta(minutes=minutes), zone).date() for minutes in range(1, 26 * 60, 7)]
    assert day not in earlier
    if local(start, zone).date() > day:
        assert start == begins(day + timedelta(days=1), zone)


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("UTC", "2026-03-10", "2026-03-10T00:00:00"),
        ("Pacific/Kiritimati", "2026-03-10", "2026-03-09T10:00:00"),
        ("Etc/GMT+12", "2026-03-10", "2026-03-10T12:00:00"),
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00"),  # the first of two midnights
        ("Atlantic/Azores", "2025-10-26", "2025-10-26T00:00:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00"),  # at one o'clock
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00"),
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00"),  # left out
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00"),
        ("Europe/Dublin", "2499-07-01", "2499-06-30T23:00:00"),
        ("Europe/Dublin", "2899-07-01", "2899-06-30T23:00:00"),
        ("Europe/Dublin", "9999-07-01", "9999-06-30T23:00:00"),
        ("Africa/Casablanca", "2024-07-01", "2024-06-30T23:00:00"),
    ],
)
def test_days_that_begin_oddly(zone: str, day: str, starts: str) -> None:
    assert begins(date.fromisoformat(day), zone).isoformat() == starts


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_the_first_and_the_last_day_of_all_may_begin_outside_the_years_of_python(zone: str) -> None:
    for day in (1, date.max.toordinal() + 1):
        start = start_of_day(day, zone)
        assert abs(start - (day - EPOCH.toordinal()) * zones.DAY_SECONDS * zones.SECOND) < 2 * 86_400 * 10**6
        assert last_day_before(start + 1, zone) == day
        assert first_day_after(start - 1, zone) == day


@given(st.sampled_from(ODD_ZONES), DAYS, st.sampled_from([-(10**6), -1, 0, 1, 10**6, 43_200 * 10**6]))
def test_the_days_around_an_instant(zone: str, day: date, microseconds: int) -> None:
    instant = start_of_day(day.toordinal(), zone) + microseconds

    before, after = last_day_before(instant, zone), first_day_after(instant, zone)

    assert start_of_day(before, zone) < instant <= start_of_day(before + 1, zone)
    assert start_of_day(after - 1, zone) <= instant < start_of_day(after, zone)


@given(st.sampled_from(ODD_ZONES), st.dates(date(2101, 1, 1), date(2400, 1, 1)), st.integers(1, 18))
def test_far_away_years_follow_the_same_rules(zone: str, day: date, cycles: int) -> None:
    far = start_of_day(day.toordinal() + cycles * zones.CYCLE_DAYS, zone)
    assert far - start_of_day(day.toordinal(), zone) == cycles * zones.CYCLE_DAYS * 86_400 * 10**6


def test_names_are_those_of_the_package_in_their_own_case() -> None:
    assert all(map(is_known, ["UTC", "Europe/Warsaw", "America/Argentina/Buenos_Aires", "Etc/GMT+12", "US/Pacific"]))
    unknown = [
        "",
        "utc",
        "europe/warsaw",
        "posix/UTC",
        "right/UTC",
        "localtime",
        "../zones",
        "Europe",
        "Europe/",
        "UTC ",
    ]
    assert not any(map(is_known, [*unknown, "\0", "UTC\n", "/UTC", "Mars/Olympus", "zone.tab", "+02:00"]))


@pytest.mark.skipif("TASKWARD_EXAMPLES" not in os.environ, reason="takes minutes; set TASKWARD_EXAMPLES")
@pytest.mark.timeout(1800)
def test_no_zone_and_no_day_is_missed_between_the_steps() -> None:
    examined = {zones.starts_in(name): name for name in zones.names()}
    assert len(examined) > 300
    for starts, name in examined.items():
        for day in range(date(1800, 1, 1).toordinal(), date(2140, 1, 1).toordinal()):
            assert starts.offset(day) == zones.offset_at_start(day, rules(name)), (name, date.fromordinal(day))
