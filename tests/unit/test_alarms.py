"""When somebody is to be told of a task: beside a search through all minutes, and a plain account of its life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskward.tasks.alarms import NOBODY, Alarm, Due, Reminded

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def open_task(*reminders: dict[str, Any], **fields: Any) -> Reminded:
    return Reminded(is_open=True, reminders=reminders, **fields)


def told_of(task: Reminded) -> list[str]:
    return [due.at.isoformat() for due in task.instants()]


@pytest.mark.parametrize(
    ("reminder", "fields", "told"),
    [
        ({"at": "2026-03-10T18:00:00+01:00"}, {}, "2026-03-10T17:00:00+00:00"),
        ({"minutes_before": 30}, {"due_at": NOON}, "2026-03-10T11:30:00+00:00"),
        ({"minutes_before": 0}, {"due_at": NOON}, "2026-03-10T12:00:00+00:00"),
        ({"minutes_before": 30}, {"due_on": date(2026, 3, 10)}, None),
        ({"minutes_before": 1}, {"due_at": LONG_AGO - DAY}, None),
        ({"days_before": 1, "time": "18:00"}, {"due_on": date(2026, 3, 10)}, "2026-03-09T18:00:00+00:00"),
        ({"days_before": 1, "time": "18:00"}, {"due_on": date(1, 1, 1)}, None),
        ({"days_before": 1, "time": "18:00"}, {}, None),
        # The day of an instant is that of its zone.
        (
            {"days_before": 0, "time": "08:00"},
            {"due_at": at("2026-03-10T23:30:00+00:00"), "time_zone": "Europe/Warsaw"},
            "2026-03-11T07:00:00+00:00",
        ),
        # In a gap by the offset before it, of a time that comes twice the first.
        (
            {"days_before": 1, "time": "02:30"},
            {"due_on": date(2026, 3, 30), "time_zone": "Europe/Warsaw"},
            "2026-03-29T01:30:00+00:00",
        ),
        (
            {"days_before": 0, "time": "02:30"},
            {"due_on": date(2026, 10, 25), "time_zone": "Europe/Warsaw"},
            "2026-10-25T00:30:00+00:00",
        ),
        # A day that the zone left out.
        (
            {"days_before": 1, "time": "09:00"},
            {"due_on": date(2011, 12, 31), "time_zone": "Pacific/Apia"},
            "2011-12-30T19:00:00+00:00",
        ),
    ],
)
def test_a_reminder_has_an_instant(reminder: dict[str, Any], fields: dict[str, Any], told: str | None) -> None:
    assert told_of(open_task(reminder, **fields)) == ([] if told is None else [told])


def test_of_two_reminders_of_one_instant_the_first_is_told() -> None:
    [due] = open_task({"minutes_before": 30}, {"at": "2026-03-10T11:30:00Z"}, due_at=NOON).instants()

    assert due == Due(NOON - 30 * MINUTE, {"minutes_before": 30})


ZONES = ["Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo", "Asia/Kathmandu"]
NEAR_A_CHANGE = st.sampled_from(
    [date(2026, 3, 8), date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2026, 4, 5), date(2026, 10, 4)]
)


@given(
    zone=st.sampled_from(ZONES),
    day=st.builds(lambda near, days: near + days * DAY, NEAR_A_CHANGE, st.integers(-1, 1)),
    days=st.integers(0, 28),
    clock=st.builds(time, st.integers(0, 4), st.sampled_from([0, 15, 30, 45])),
)
def test_a_wall_time_is_found_as_by_looking_at_every_minute(zone: str, day: date, days: int, clock: time) -> None:
    task = open_task({"days_before": days, "time": f"{clock:%H:%M}"}, due_on=day + days * DAY, time_zone=zone)

    assert [due.at for due in task.instants()] == [minute_of(day, clock, ZoneInfo(zone))]


def minute_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first minute whose clock shows it, and where none does the one so long after the clock was put forward."""
    meant = datetime.combine(day, clock)
    minutes = [datetime.combine(day, time(), UTC) + number * MINUTE for number in range(-15 * 60, 30 * 60)]
    shown = [minute.astimezone(zone).replace(tzinfo=None) for minute in minutes]
    if meant in shown:
        return minutes[shown.index(meant)]
    [last] = [number for number, (one, other) in enumerate(pairwise(shown)) if one < meant < other]
    return minutes[last] + (meant - shown[last])


# What is armed


def test_a_reminder_whose_time_has_passed_when_it_is_set_is_not_told() -> None:
    alarm = Alarm().changed(
        open_task({"minutes_before": 30}, {"minutes_before": 5}, due_at=NOON), since=NOON - 30 * MINUTE
    )

    assert [due.reminder for due in alarm.armed] == [{"minutes_before": 5}]


def test_a_reminder_that_came_due_while_nobody_looked_is_told_late_whatever_else_has_changed() -> None:
    task = open_task({"minutes_before": 30}, due_at=NOON)
    alarm = Alarm().changed(task, since=NOON - DAY)

    retitled_and_more = task._replace(reminders=[{"minutes_before": 30}, {"minutes_before": 5}])
    alarm = alarm.changed(retitled_and_more, since=NOON - 10 * MINUTE)

    assert [due.at for due in alarm.armed] == [NOON - 30 * MINUTE, NOON - 5 * MINUTE]


def test_a_due_that_is_moved_away_and_back_tells_nothing_twice() -> None:
    here, there = (open_task({"minutes_before": 30}, due_at=due) for due in (NOON, NOON + DAY))
    alarm = Alarm().changed(here, since=NOON - DAY)
    assert alarm.next is not None
    alarm = alarm.told(alarm.next)

    alarm = alarm.changed(there, since=NOON - 29 * MINUTE).changed(here, since=NOON - 28 * MINUTE)

    assert alarm.next is None


def test_what_was_told_is_not_told_again_when_the_change_before_it_is_passed_later() -> None:
    task = open_task({"minutes_before": 30}, due_at=NOON)
    alarm = Alarm().changed(task, since=NOON - DAY)
    assert alarm.next is not None

    alarm = alarm.told(alarm.next).changed(task, since=NOON - 31 * MINUTE)

    assert alarm.next is None


def test_nothing_is_told_of_what_is_done_or_gone() -> None:
    task = open_task({"minutes_before": 30}, due_at=NOON)
    alarm = Alarm().changed(task, since=NOON - DAY)

    for closed in (task._replace(is_open=False), NOBODY):
        gone = alarm.changed(closed, since=NOON - DAY)
        assert gone.next is None
        again = gone.changed(task, since=NOON - 40 * MINUTE)
        assert again.next is not None, "it is open again in time"
        assert gone.changed(task, since=NOON).next is None


def recurring(number: int, day: int, **fields: Any) -> Reminded:
    due = datetime(2026, 3, day, 12, tzinfo=UTC)
    reminders = ({"minutes_before": 30}, {"at": "2026-03-31T12:00:00Z"})
    return Reminded(True, reminders, None, due, "UTC", number, f"{due:%Y-%m-%dT%H:%M:%S}")._replace(**fields)


def armed_days(alarm: Alarm) -> list[int]:
    return [due.at.day for due in alarm.armed]


def test_each_occurrence_has_its_reminders_and_an_instant_ends_with_the_one_it_was_set_in() -> None:
    early = datetime(2026, 3, 1, tzinfo=UTC)
    first = Alarm().changed(recurring(1, 2), since=early)
    assert armed_days(first) == [2, 31]

    second = first.changed(recurring(2, 9), since=early)
    assert armed_days(second) == [9]
    assert armed_days(second.changed(recurring(2, 16), since=early)) == [16], "a new series is the same occurrence"

    back = second.changed(recurring(3, 2), since=early)
    assert armed_days(back) == [2, 31], "reopened, the occurrence is there again, under a new number"

    other = (*recurring(2, 9).reminders, {"at": "2026-03-30T12:00:00Z"})
    assert armed_days(second.changed(recurring(2, 9, reminders=other), since=early)) == [9, 30]


def test_a_rule_that_comes_or_goes_leaves_the_open_occurrence_open() -> None:
    early = datetime(2026, 3, 1, tzinfo=UTC)
    plain = recurring(1, 2, occurrence=None, occurrence_date=None)

    assert armed_days(Alarm().changed(plain, since=early).changed(recurring(1, 2), since=early)) == [2, 31]
    assert armed_days(Alarm().changed(recurring(1, 2), since=early).changed(plain, since=early)) == [2, 31]
    ended = Alarm().changed(recurring(1, 2), since=early).changed(recurring(2, 9), since=early)
    assert armed_days(ended.changed(plain, since=early)) == [2]


@dataclass(frozen=True)
class Step:
    """A change of the task after so many minutes, or none; whether the dispatcher passes it, and tells what is due."""

    minutes: int
    task: Reminded | None
    is_passed: bool


def tasks() -> st.SearchStrategy[Reminded]:
    minute = st.integers(0, 12).map(lambda number: NOON + number * 5 * MINUTE)
    reminders = st.one_of(
        st.builds(lambda minutes: {"minutes_before": minutes}, st.sampled_from([0, 5, 10, 30])),
        st.builds(lambda moment: {"at": moment.isoformat()}, minute),
    )
    some = st.lists(reminders, max_size=3, unique_by=str)
    return st.builds(lambda is_open, kept, due: Reminded(is_open, kept, None, due), st.booleans(), some, minute)


STEPS = st.lists(st.builds(Step, st.integers(0, 20), st.none() | tasks(), st.booleans()), max_size=12)


@given(st.lists(st.builds(Step, st.integers(0, 20), st.none() | tasks(), st.just(value=True)), max_size=12))
def test_told_is_what_comes_due_while_the_task_has_it(steps: Sequence[Step]) -> None:
    expected, now, task = list[datetime](), NOON, NOBODY
    for step in steps:
        later = now + step.minutes * MINUTE
        if task.is_open:
            expected += [due.at for due in task.instants() if now < due.at <= later]
        now, task = later, step.task or task

    assert told_in(steps) == expected


@given(STEPS)
def test_a_dispatcher_that_rests_tells_nothing_twice_and_misses_nothing_that_stood_all_the_time(
    steps: Sequence[Step],
) -> None:
    told = told_in([*steps, Step(1000, None, is_passed=True)])

    assert told == sorted(set(told))
    changes = [number for number, step in enumerate(steps) if step.task is not None]
    had = [{due.at for due in task.instants()} if task.is_open else set() for task in (s.task for s in steps) if task]
    assert set(told) <= set().union(*had)
    if changes:
        began = NOON + sum(step.minutes for step in steps[: changes[0] + 1]) * MINUTE
        assert {at for at in set.intersection(*had) if at > began} <= set(told)


def told_in(steps: Sequence[Step]) -> list[datetime]:
    """By a dispatcher that looks at each change when it is passed, and at each instant unless it rests."""
    told, now, task, alarm = list[datetime](), NOON, NOBODY, Alarm()
    pending_since: datetime | None = None
    for number, step in enumerate(steps):
        now += step.minutes * MINUTE
        if step.is_passed and (number == 0 or steps[number - 1].is_passed or pending_since is None):
            alarm = tell(alarm, task, now, told)
        if step.task is not None:
            task, pending_since = step.task, pending_since or now
        if step.is_passed and pending_since is not None:
            alarm, pending_since = alarm.changed(task, since=pending_since), None
            alarm = tell(alarm, task, now, told)
        alarm = Alarm.read(alarm.written())
    return told


def tell(alarm: Alarm, task: Reminded, now: datetime, told: list[datetime]) -> Alarm:
    alarm = alarm.changed(task, since=now)
    while alarm.next is not None and alarm.next.at <= now:
        told.append(alarm.next.at)
        alarm = alarm.told(alarm.next)
    return alarm
