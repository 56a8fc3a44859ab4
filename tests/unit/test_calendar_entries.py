"""Calendars, held against three programs that read them: what each makes of them is what the server says itself."""

import re
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.calendars import (
    NOW,
    Entry,
    calendar_of,
    due_task,
    read_by_ical_js,
    read_by_icalendar,
    read_by_vobject,
    told,
)
from taskward.doors.calendar_entries import Form, plain, uid_of
from taskward.tasks import zones
from taskward.tasks.due import DueTask
from taskward.tasks.recurrence import parsed
from taskward.tasks.series import Series

FORMS: list[Form] = ["todos", "events"]
ZONES = [
    "America/New_York",
    "Pacific/Auckland",
    "Australia/Lord_Howe",  # half an hour
    "America/Nuuk",  # on a Saturday, as the day before the last Sunday
    "Asia/Gaza",  # two days after the fourth Thursday
    "Africa/Casablanca",  # twice a year around Ramadan
    "Europe/Dublin",  # whose winter is the exception
    "Asia/Kolkata",
]
PARTS = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=10",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=WEEKLY;BYDAY=TU,SA,SU",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYMONTHDAY=15,31",
    "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU",
    "FREQ=MONTHLY;BYDAY=-1SU",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=1,3",
    "FREQ=YEARLY",
    "FREQ=YEARLY;BYMONTH=3,11;BYDAY=2SU",
    "FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=1",
]
AT_ONCE = 12


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311


def example(random: Random) -> DueTask:
    """A task at some occurrence of its series, which may have been moved."""
    while True:
        zone = random.choice([None, *ZONES])
        rule = random.choice(PARTS) + random.choice(["", "", ";COUNT=9", ";COUNT=2", ";UNTIL=20280401"])
        start = date(2025, 1, 1) + timedelta(days=random.randrange(1000))
        clock = None if zone is None else time(random.choice([0, 1, 2, 3, 12, 23]), random.choice([0, 15, 30]))
        series = Series(parsed(rule), start, clock, zone)
        dates = [start, *islice(series.dates.after(start), random.randrange(1, 6))]
        if len(dates) > 1:
            return task_at(series, random.choice(dates), moved_by=random.choice([0, 0, 0, 1]))


def task_at(series: Series, day: date, *, moved_by: int = 0) -> DueTask:
    due_at = series.due_at(day)
    return due_task(
        recurrence=str(series.rule),
        series_start=series.written(series.start),
        occurrence_date=series.written(day),
        time_zone=series.zone,
        due_on=None if series.clock else day + timedelta(days=moved_by),
        due_at=None if due_at is None else due_at + timedelta(hours=moved_by),
    )


def expected(task: DueTask) -> list[str]:
    """The due, and the due of what follows."""
    series = task.series
    assert series is not None
    first = task.due_on or task.due_at
    assert first is not None
    days = islice(series.dates.after(task.open_day), AT_ONCE - 1)
    return [told(first), *(told(series.due_at(day) or day) for day in days)]


def seen(entries: list[Entry]) -> list[str]:
    return [moment for entry in entries for moment in entry.times][:AT_ONCE]


def named(task: DueTask) -> str:
    return f"{task.recurrence} of {task.series_start} {task.time_zone}, open {task.occurrence_date}"


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.sampled_from(FORMS))
def test_what_comes_again_is_seen_at_the_same_times_by_icalendar_and_vobject(random: Random, form: Form) -> None:
    task = example(random)
    calendar = calendar_of(task, form=form)

    assert seen(read_by_icalendar(calendar, count=AT_ONCE)) == expected(task), named(task)
    assert seen(read_by_vobject(calendar, count=AT_ONCE)) == expected(task), named(task)


def test_what_comes_again_is_seen_at_the_same_times_by_ical_js() -> None:
    random = seeded(5545)
    tasks = [example(random) for _ in range(150)]

    found = read_by_ical_js([calendar_of(task) for task in tasks], count=AT_ONCE)

    changing = 0
    for task, entries in zip(tasks, found, strict=True):
        for theirs, ours in zip(seen(entries), expected(task), strict=True):
            if theirs != ours:
                # In the hour that a zone leaves out or has twice it takes the other one of the two times.
                assert changes_near(task, ours), named(task)
                assert abs(datetime.fromisoformat(theirs) - datetime.fromisoformat(ours)) <= timedelta(hours=1)
                changing += 1
    assert changing < 15


def changes_near(task: DueTask, moment: str) -> bool:
    assert task.time_zone is not None
    rules, hours = zones.rules_of(task.time_zone), timedelta(hours=2)
    at = datetime.fromisoformat(moment)
    return (at - hours).astimezone(rules).utcoffset() != (at + hours).astimezone(rules).utcoffset()


def test_a_task_that_does_not_recur_is_one_entry_at_its_due() -> None:
    day = due_task(id=1, due_on=date(2026, 3, 10))
    instant = due_task(id=2, due_at=datetime(2026, 3, 10, 17, 0, 0, 500_000, UTC), time_zone="Europe/Warsaw")

    for form in FORMS:
        calendar = calendar_of(day, instant, form=form)
        for read in READERS:
            assert [entry.times for entry in read(calendar)] == [["2026-03-10"], ["2026-03-10T17:00:00.000Z"]]
        assert b"TZID" not in calendar
    text = calendar_of(day, instant).decode()
    assert "DUE;VALUE=DATE:20260310\r\n" in text
    assert "DUE:20260310T170000Z\r\n" in text
    assert "DTSTART" not in text


READERS = [read_by_icalendar, read_by_vobject, lambda calendar: read_by_ical_js([calendar])[0]]

RULE = {"recurrence": "FREQ=WEEKLY;BYDAY=TU", "series_start": "2026-03-10", "occurrence_date": "2026-03-10"}


def lines_of(calendar: bytes, *names: str) -> list[str]:
    unfolded = calendar.decode().replace("\r\n ", "")
    return [line for line in unfolded.split("\r\n") if re.split("[:;]", line)[0] in names]


@pytest.mark.parametrize(
    ("changed", "lines"),
    [
        # As the rule has it
        ({}, ["DUE;VALUE=DATE:20260310", "DTSTART;VALUE=DATE:20260310", "RRULE:FREQ=WEEKLY;BYDAY=TU"]),
        # Moved
        (
            {"due_on": date(2026, 3, 12)},
            [
                "DUE;VALUE=DATE:20260312",
                *("DUE;VALUE=DATE:20260317", "DTSTART;VALUE=DATE:20260317", "RRULE:FREQ=WEEKLY;BYDAY=TU"),
            ],
        ),
        # A first one that the rule does not name
        (
            {"series_start": "2026-03-08", "occurrence_date": "2026-03-08", "due_on": date(2026, 3, 8)},
            [
                "DUE;VALUE=DATE:20260308",
                *("DUE;VALUE=DATE:20260310", "DTSTART;VALUE=DATE:20260310", "RRULE:FREQ=WEEKLY;BYDAY=TU"),
            ],
        ),
        # The third of five, and the last but one of all
        (
            {"recurrence": "FREQ=WEEKLY;COUNT=5", "series_start": "2026-02-24"},
            ["DUE;VALUE=DATE:20260310", "DTSTART;VALUE=DATE:20260310", "RRULE:FREQ=WEEKLY;COUNT=3"],
        ),
        (
            {"recurrence": "FREQ=WEEKLY;COUNT=4", "series_start": "2026-02-24", "due_on": date(2026, 3, 11)},
            ["DUE;VALUE=DATE:20260311", "DUE;VALUE=DATE:20260317"],
        ),
        ({"recurrence": "FREQ=WEEKLY;COUNT=3", "series_start": "2026-02-24"}, ["DUE;VALUE=DATE:20260310"]),
        ({"recurrence": "FREQ=WEEKLY;UNTIL=20260316"}, ["DUE;VALUE=DATE:20260310"]),
        # Nobody knows yet when the next one is
        ({"recurrence": "FREQ=WEEKLY", "recurrence_anchor": "completion"}, ["DUE;VALUE=DATE:20260310"]),
    ],
)
def test_a_rule_begins_where_the_series_stands(changed: dict[str, Any], lines: list[str]) -> None:
    task = due_task(**{"due_on": date(2026, 3, 10), **RULE, **changed})

    assert sorted(lines_of(calendar_of(task), "DUE", "DTSTART", "RRULE")) == sorted(lines)
    uid = uid_of(task, "ann")
    uids = [uid, f"{uid}-later"][: sum(line.startswith("DUE") for line in lines)]
    assert [entry.uid for entry in read_by_icalendar(calendar_of(task))] == uids


@pytest.mark.parametrize(
    ("rule", "until"),
    [
        ("FREQ=DAILY;UNTIL=20260328", "20260328T225959Z"),
        ("FREQ=DAILY;UNTIL=20260329", "20260329T215959Z"),  # the day on which summer begins
        ("FREQ=DAILY;UNTIL=20260328T010000Z", "20260327T225959Z"),  # before the time of that day
        ("FREQ=DAILY;UNTIL=20260328T013000Z", "20260328T225959Z"),
    ],
)
def test_a_rule_of_wall_times_ends_at_an_instant(rule: str, until: str) -> None:
    series = Series(parsed(rule), date(2026, 3, 10), time(2, 30), "Europe/Warsaw")
    calendar = calendar_of(task_at(series, date(2026, 3, 10)))

    assert lines_of(calendar, "RRULE")[-1] == f"RRULE:FREQ=DAILY;UNTIL={until}"
    assert seen(read_by_icalendar(calendar, count=50)) == expected(task_at(series, date(2026, 3, 10)))


def test_an_occurrence_whose_wall_time_is_left_out_moves_none_that_follow() -> None:
    series = Series(parsed("FREQ=DAILY"), date(2026, 3, 1), time(2, 30), "Europe/Warsaw")
    task = task_at(series, date(2026, 3, 29))

    for read in READERS:
        once, later = read(calendar_of(task))
        assert once.times == ["2026-03-29T01:30:00.000Z"]
        assert later.times[:2] == ["2026-03-30T00:30:00.000Z", "2026-03-31T00:30:00.000Z"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=255)


@settings(max_examples=80)
@given(TEXTS, TEXTS, st.lists(TEXTS.map(lambda text: text[:50]), min_size=1, max_size=3))
def test_every_text_comes_back_and_no_line_is_longer_than_75_octets(title: str, text: str, tags: list[str]) -> None:
    task = due_task(title, description=text, tags=tags, due_on=date(2026, 3, 10))
    calendar = calendar_of(task, due_task("Eggs", id=8, due_on=date(2026, 3, 11)))

    assert all(len(line) <= 75 for line in calendar.split(b"\r\n"))
    assert calendar.count(b"\n") == calendar.count(b"\r\n")
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", calendar)
    milk, eggs = read_by_icalendar(calendar)
    assert (milk.summary, milk.description, milk.categories) == (plain(title), plain(text), list(map(plain, tags)))
    assert eggs.summary == "Eggs"


TRICKY = [
    'Milk, eggs; and \\ more: "x"',
    "\r\nEND:VTODO\r\nBEGIN:VTODO\r\nUID:x",
    "a\tb\rc\u2028d\u0085e\x0bf\x1cg",
    "搬家" * 40,
    "🧑‍🚀" * 20 + "é" * 40,
    "\\n is no line break, \\, no comma",
    " white space ",
]


def test_texts_that_look_like_something_else_are_read_as_they_are_by_every_program() -> None:
    tasks = [
        due_task(text, id=number, description=text, due_on=date(2026, 3, 10)) for number, text in enumerate(TRICKY)
    ]

    for form in FORMS:
        for read in READERS:
            found = read(calendar_of(*tasks, form=form))
            assert [entry.summary for entry in found] == list(map(plain, TRICKY))
            assert [entry.description for entry in found] == list(map(plain, TRICKY))


def test_an_entry_says_what_a_task_says() -> None:
    parent = due_task("Move", id=1, uid=UUID(int=7), status="InProgress", priority="high", due_on=date(2026, 3, 10))
    child = due_task("Pack", id=2, parent_id=1, priority="low", due_on=date(2026, 3, 9), updated_at=NOW + timedelta(1))
    orphan = due_task("Rest", id=3, parent_id=99, due_on=date(2026, 3, 11))

    def said(*names: str) -> list[str]:
        return lines_of(calendar_of(child, parent, orphan), *names)

    assert said("STATUS") == ["STATUS:NEEDS-ACTION", "STATUS:IN-PROCESS", "STATUS:NEEDS-ACTION"]
    assert said("PRIORITY") == ["PRIORITY:9", "PRIORITY:1"]
    assert said("RELATED-TO") == [f"RELATED-TO:{UUID(int=7)}"]
    assert said("UID")[1] == f"UID:{UUID(int=7)}"
    assert said("LAST-MODIFIED")[:2] == ["LAST-MODIFIED:20260302T083000Z", "LAST-MODIFIED:20260301T083000Z"]
    assert said("DTSTAMP")[:2] == ["DTSTAMP:20260302T083000Z", "DTSTAMP:20260301T083000Z"]
    assert len(set(said("UID"))) == 3
    assert "TRANSP:TRANSPARENT" in calendar_of(parent, form="events").decode()


def test_a_task_without_a_uid_has_the_same_name_each_time_and_another_than_that_of_somebody_else() -> None:
    task = due_task(due_on=date(2026, 3, 10))

    assert uid_of(task, "ann") == uid_of(task, "ann")
    assert uid_of(task, "ann") != uid_of(task, "bob")
    assert "ann" not in uid_of(task, "ann")


@pytest.mark.parametrize(
    ("due", "reminder", "trigger"),
    [
        ({"due_on": date(2026, 3, 10)}, {"days_before": 0, "time": "09:00"}, "TRIGGER;RELATED=END:PT9H"),
        ({"due_on": date(2026, 3, 10)}, {"days_before": 1, "time": "18:00"}, "TRIGGER;RELATED=END:-PT6H"),
        ({"due_on": date(1, 1, 1)}, {"days_before": 28, "time": "00:00"}, "TRIGGER;RELATED=END:-P28D"),
        ({"due_on": date(2026, 3, 10)}, {"minutes_before": 5}, None),
        ({"due_at": NOW}, {"minutes_before": 30}, "TRIGGER;RELATED=END:-PT30M"),
        ({"due_at": NOW}, {"minutes_before": 0}, "TRIGGER;RELATED=END:P0D"),
        ({"due_at": NOW}, {"days_before": 1, "time": "08:00"}, "TRIGGER;RELATED=END:-P1DT30M"),
        (
            {"due_at": NOW, "time_zone": "Europe/Warsaw"},
            {"days_before": 0, "time": "10:00"},
            "TRIGGER;RELATED=END:PT30M",
        ),
        (
            {"due_at": NOW},
            {"at": "2026-03-01t09:00:00+01:00"},
            "TRIGGER;VALUE=DATE-TIME:20260301T080000Z",
        ),
    ],
)
def test_a_reminder_is_an_alarm(due: dict[str, Any], reminder: dict[str, Any], trigger: str | None) -> None:
    task = due_task(reminders=[reminder], **due)

    assert lines_of(calendar_of(task), "TRIGGER") == ([] if trigger is None else [trigger])
    in_event = [] if trigger is None else [trigger.replace(";RELATED=END", "")]
    assert lines_of(calendar_of(task, form="events"), "TRIGGER") == in_event


def test_a_calendar_without_tasks_is_one() -> None:
    calendar = calendar_of()

    assert (read_by_icalendar(calendar), read_by_vobject(calendar), read_by_ical_js([calendar])) == ([], [], [[]])
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in calendar.decode()


@st.composite
def any_tasks(draw: st.DrawFn) -> DueTask:
    """At the ends of the calendar too, in any zone, and moved to anywhere."""
    zone = draw(st.none() | st.sampled_from(sorted(zones.names())))
    day = draw(st.dates() | st.sampled_from([date.min, date.max]))
    clock = None if zone is None else draw(st.times()).replace(microsecond=0)
    rule = draw(
        st.sampled_from([*PARTS, *(f"FREQ=DAILY;{end}" for end in ("COUNT=999", "UNTIL=99991231", "INTERVAL=999"))])
    )
    series = Series(parsed(rule), day, clock, zone)
    due_at = draw(st.datetimes(timezones=st.just(UTC))) if zone is not None and draw(st.booleans()) else None
    if zone is not None and due_at is None:
        due_at = series.due_at(day) or NOW
    return due_task(
        draw(st.sampled_from(["Milk", *TRICKY])),
        due_on=None if zone else draw(st.dates()),
        due_at=due_at,
        time_zone=zone,
        recurrence=draw(st.none() | st.just(rule)),
        recurrence_anchor=draw(st.sampled_from(["due", "due", "completion"])),
        series_start=series.written(day),
        occurrence_date=series.written(day),
        reminders=[
            {"days_before": 28, "time": "23:59"},
            {"minutes_before": 40_320},
            {"at": "0001-01-01T00:00:00Z"},
            {"at": "9999-12-31T23:59:59.999999Z"},
        ],
    )


@settings(max_examples=100)
@given(any_tasks(), st.sampled_from(FORMS))
def test_every_task_can_be_written_and_read(task: DueTask, form: Form) -> None:
    calendar = calendar_of(task, form=form)

    entries = read_by_icalendar(calendar, count=1)
    assert [entry.summary for entry in entries] == [plain(task.title)] * len(entries)
    due = task.due_on or task.due_at
    assert due is not None
    assert entries[0].times[0][:19] == told(due)[:19]
    assert all(len(line) <= 75 for line in calendar.split(b"\r\n"))
