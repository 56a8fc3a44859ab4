"""Dates as Todoist writes them, on Saturday, 28 November 2026."""

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskward.operations.files.english_dates import When, when
from taskward.tasks.series import Series

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("text", "day", "clock"),
    [
        ("today", "2026-11-28", None),
        ("Tomorrow at 18:00", "2026-11-29", "18:00"),
        ("10 Mar 2027 17:30", "2027-03-10", "17:30"),
        ("March 10th", "2027-03-10", None),
        ("10 mar", "2027-03-10", None),
        ("29 feb", "2028-02-29", None),
        ("2027-03-10", "2027-03-10", None),
        ("2027-03-10 09:05", "2027-03-10", "09:05"),
        ("2027-03-10T09:05:00", "2027-03-10", "09:05"),
        ("Dec 24 5pm", "2026-12-24", "17:00"),
        ("saturday", "2026-11-28", None),
        ("mon", "2026-11-30", None),
        ("in 3 days", "2026-12-01", None),
        ("in 2 weeks at noon", "2026-12-12", "12:00"),
        ("12am", "2026-11-28", "00:00"),
    ],
)
def test_a_single_day_is_understood(text: str, day: str, clock: str | None) -> None:
    assert when(text, TODAY) == When(date.fromisoformat(day), time.fromisoformat(clock) if clock else None)


@pytest.mark.parametrize(
    ("text", "day", "rule"),
    [
        ("every day", "2026-11-28", "FREQ=DAILY"),
        ("daily", "2026-11-28", "FREQ=DAILY"),
        ("every other day", "2026-11-28", "FREQ=DAILY;INTERVAL=2"),
        ("every 3 days", "2026-11-28", "FREQ=DAILY;INTERVAL=3"),
        ("every week", "2026-11-28", "FREQ=WEEKLY"),
        ("every weekday", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
        ("Every Monday", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"),
        ("every mon, wed and fri", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,WE,FR"),
        ("every other tuesday", "2026-12-01", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"),
        ("every 2 weeks", "2026-11-28", "FREQ=WEEKLY;INTERVAL=2"),
        ("every month", "2026-11-28", "FREQ=MONTHLY"),
        ("quarterly", "2026-11-28", "FREQ=MONTHLY;INTERVAL=3"),
        ("every 15th", "2026-12-15", "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("every 1st and 15th", "2026-12-01", "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ("every last day", "2026-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("every 31", "2026-12-31", "FREQ=MONTHLY;BYMONTHDAY=31"),
        ("every 3rd friday", "2026-12-18", "FREQ=MONTHLY;BYDAY=3FR"),
        ("every last friday", "2026-12-25", "FREQ=MONTHLY;BYDAY=-1FR"),
        ("every 27 march", "2027-03-27", "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=27"),
        ("every year", "2026-11-28", "FREQ=YEARLY"),
        ("every day starting 1 jan until 31 jan", "2027-01-01", "FREQ=DAILY;UNTIL=20270131"),
        ("every monday until 31 jan 2027", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270131"),
    ],
)
def test_what_comes_again_is_understood(text: str, day: str, rule: str) -> None:
    assert when(text, TODAY) == When(date.fromisoformat(day), None, rule)


def test_an_exclamation_mark_counts_from_completion() -> None:
    found = When(TODAY, None, "FREQ=DAILY;INTERVAL=3", is_from_completion=True)

    assert when("every! 3 days", TODAY) == when("after 3 days", TODAY) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "every full moon",
        "every! monday",
        "every day until the end of term",
        "every 0 days",
        "every 1000 days",
        "30 february",
        "every 32",
        "9am 10am",
        "13pm",
        "tag",
        "jeden Tag",
        "every",
        "every 99 mondays and a bit",
        "x" * 100_000,
    ],
)
def test_half_a_meaning_is_none(text: str) -> None:
    assert when(text, TODAY) is None


WORDS = st.sampled_from(
    [
        "every",
        "every!",
        "other",
        "1st",
        "3rd",
        "last",
        "day",
        "days",
        "week",
        "month",
        "year",
        "monday",
        "mon",
        "fri",
        "and",
        ",",
        "at",
        "9am",
        "18:00",
        "until",
        "starting",
        "from",
        "march",
        "15",
        "31",
        "2027",
        "after",
        "ev",
        "2",
        "99",
        "tomorrow",
        "noon",
        "of",
        "the",
        "weekday",
        "annually",
        "in",
    ]
)


@settings(max_examples=50)
@given(st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=40), st.dates(date(2000, 1, 1), date(2200, 1, 1)))
def test_whatever_is_written_is_understood_as_a_day_and_a_rule_that_begins_there_or_not_at_all(
    text: str, today: date
) -> None:
    found = when(text, today)

    if found is not None and found.rule is not None:
        zone = None if found.clock is None else "UTC"
        Series.begun(
            found.rule, due_on=found.day, due_at=None, zone=zone, counts_from_completion=found.is_from_completion
        )
