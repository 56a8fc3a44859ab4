"""Tasks that recur (CONTRACT: recurrence and reminders): completing, skipping, reopening, series, and reminders."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from support.answers import problem, results, task
from support.database_proxy import proxied
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer

Task = dict[str, Any]


def adds(person: Person, rule: str | None = "FREQ=DAILY", **fields: Any) -> Task:
    due = {} if "due_on" in fields or "due_at" in fields else {"due_on": "2026-01-31"}
    return person.adds("Water the plants", recurrence=rule, **due, **fields)


def calls(person: Person, found: Task, call: str, **body: Any) -> httpx.Response:
    return person.post(f"/tasks/{found['id']}/{call}", json=body)


def completes(person: Person, found: Task, *, call: str = "complete", **body: Any) -> Task:
    """The open occurrence, as it was read."""
    answer = calls(person, found, call, occurrence=found["occurrence"], **body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == f'"{answer.json()["task"]["version"]}"'
    completed: Task = answer.json()
    return completed


def patched(person: Person, found: Task, **fields: Any) -> Task:
    return task(person.patch(f"/tasks/{found['id']}", json=fields))


def read(person: Person, found: Task) -> Task:
    return task(person.get(f"/tasks/{found['id']}"))


def refused(answer: httpx.Response, status: int, code: str, detail: str = "") -> None:
    assert detail in problem(answer, status, code)["detail"]


def at(day: str) -> str:
    return f"{day}T12:00:00Z"


# Stories


def test_the_31st_survives_short_months_a_move_and_a_reopening(ann: Person) -> None:
    rent = adds(ann, "FREQ=MONTHLY", due_on="2025-01-31")
    days = ["2025-03-31", "2025-05-31", "2025-07-31", "2025-08-31", "2025-10-31"]
    for day in days:
        rent = completes(ann, rent, at=at(rent["due_on"]))["task"]
        assert (rent["due_on"], rent["occurrence_date"], rent["status"]) == (day, day, "Todo")

    moved = patched(ann, rent, due_on="2025-11-02")
    assert (moved["due_on"], moved["occurrence_date"]) == ("2025-11-02", "2025-10-31")
    first = completes(ann, moved, at=at("2025-11-05"))["task"]
    back = task(calls(ann, first, "reopen"))
    assert (back["due_on"], back["occurrence_date"], back["occurrence"]) == ("2025-11-02", "2025-10-31", 8)
    again = completes(ann, back, at=at("2025-11-05"))["task"]

    assert (first["due_on"], first["occurrence"]) == ("2025-12-31", 7)
    assert (again["due_on"], again["occurrence"]) == ("2025-12-31", 9)


def test_counted_from_completion_the_31st_becomes_the_28th(ann: Person) -> None:
    found = adds(ann, "FREQ=MONTHLY", recurrence_anchor="completion", due_on="2025-01-31")
    for day in ["2025-02-28", "2025-03-28", "2025-04-28"]:
        found = completes(ann, found, at=at(found["due_on"]))["task"]
        assert found["due_on"] == day


def test_every_three_days_after_done_may_be_due_on_the_same_day_again(ann: Person) -> None:
    plants = adds(ann, "FREQ=DAILY;INTERVAL=3", recurrence_anchor="completion", due_on="2026-03-23")

    done = completes(ann, plants, at=at("2026-03-20"))
    once_more = completes(ann, plants, at=at("2026-03-20"))

    assert (done["task"]["due_on"], done["task"]["occurrence"]) == ("2026-03-23", 2)
    assert once_more == done


@pytest.mark.parametrize(
    ("due_at", "completed_at", "next_at", "skipped"),
    [
        # 02:30 does not exist on 9 March 2025: 03:30 in its place. Completed three days late.
        ("2025-03-06T07:30:00Z", "2025-03-09T06:59:00Z", "2025-03-09T07:30:00+00:00", 2),  # 01:59
        ("2025-03-06T07:30:00Z", "2025-03-09T07:00:00Z", "2025-03-09T07:30:00+00:00", 2),  # 03:00
        ("2025-03-06T07:30:00Z", "2025-03-09T07:30:00Z", "2025-03-10T06:30:00+00:00", 3),  # 03:30
        # It comes once on 2 November 2025, where the hour before comes twice.
        ("2025-10-30T06:30:00Z", "2025-11-02T05:59:00Z", "2025-11-02T07:30:00+00:00", 2),  # 01:59, the first
        ("2025-10-30T06:30:00Z", "2025-11-02T06:59:00Z", "2025-11-02T07:30:00+00:00", 2),  # 01:59, the second
        ("2025-10-30T06:30:00Z", "2025-11-02T07:00:00Z", "2025-11-02T07:30:00+00:00", 2),  # 02:00
        ("2025-10-30T06:30:00Z", "2025-11-02T08:00:00Z", "2025-11-03T07:30:00+00:00", 3),  # 03:00
    ],
)
def test_half_past_two_in_new_york_over_both_changes(
    ann: Person, due_at: str, completed_at: str, next_at: str, skipped: int
) -> None:
    pills = adds(ann, due_at=due_at, time_zone="America/New_York")

    with ThreadPoolExecutor(2) as devices:
        same = list(devices.map(lambda _: completes(ann, pills, at=completed_at), range(2)))
    first = max(same, key=lambda answer: int(answer["skipped"]))
    after = completes(ann, pills, at=completed_at)

    assert first["task"]["due_at"] == next_at
    assert first["task"]["occurrence_date"] == next_at[:11] + "02:30:00"
    assert (first["task"]["occurrence"], first["skipped"]) == (2, skipped)
    assert [one["completion"] for one in (*same, after)] == [first["completion"]] * 3
    assert (after["task"], after["skipped"]) == (first["task"], 0)
    assert ann.get(f"/tasks/{pills['id']}/completions").json() == [first["completion"]]


def test_a_reply_that_was_lost_completes_nothing_twice(ann: Person) -> None:
    found = adds(ann, due_on="2026-03-01")
    headers = {"Idempotency-Key": "once"}

    first = ann.post(f"/tasks/{found['id']}/complete", headers=headers)
    again = ann.post(f"/tasks/{found['id']}/complete", headers=headers)
    other = ann.post(f"/tasks/{found['id']}/complete", headers=headers, json={"missed": "keep"})

    assert (first.status_code, first.json()["task"]["occurrence"]) == (200, 2)
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert again.headers["idempotent-replayed"] == "true"
    refused(other, 422, "idempotency_key_reused")
    assert read(ann, found)["occurrence"] == 2


def test_a_day_that_a_zone_left_out_is_a_day_of_the_series(ann: Person) -> None:
    found = adds(ann, due_at="2011-12-29T20:00:00Z", time_zone="Pacific/Apia")  # 10 o'clock on the 29th
    found = completes(ann, found, missed="keep")["task"]
    assert (found["occurrence_date"], found["due_at"]) == ("2011-12-30T10:00:00", "2011-12-30T20:00:00+00:00")
    found = completes(ann, found, missed="keep")["task"]
    assert (found["occurrence_date"], found["due_at"]) == ("2011-12-31T10:00:00", "2011-12-30T20:00:00+00:00")


# Completing


def test_completing_a_plain_task_makes_it_done(ann: Person) -> None:
    milk = ann.adds("Milk")

    done = ann.post(f"/tasks/{milk['id']}/complete")
    again = ann.post(f"/tasks/{milk['id']}/complete", json={})

    assert done.json()["task"]["status"] == "Done"
    assert (done.json()["completion"], done.json()["skipped"]) == (None, 0)
    assert again.json() == done.json()
    assert again.headers["etag"] == done.headers["etag"] == f'"{done.json()["task"]["version"]}"'


def test_it_may_have_been_done_earlier_and_not_later(ann: Person) -> None:
    earlier, later = ann.adds("Milk"), ann.adds("Bread")
    done = calls(ann, earlier, "complete", at="2026-03-10T18:00:00+01:00").json()["task"]
    assert done["completed_at"] == "2026-03-10T17:00:00+00:00"
    assert calls(ann, later, "complete", at="9999-01-01T00:00:00Z").json()["task"]["completed_at"] < "9999"


def test_a_task_that_recurs_says_which_occurrence_is_meant(ann: Person) -> None:
    found = adds(ann)
    any_version = {"If-Match": "*"}
    for call in ("complete", "skip"):
        path = f"/tasks/{found['id']}/{call}"
        refused(ann.post(path), 428, "precondition_required", "occurrence, If-Match")
        refused(ann.post(path, headers=any_version), 428, "precondition_required")
        refused(ann.post(path, headers={"If-Match": '"1"'}), 412, "version_mismatch")
        refused(ann.post(path, json={"occurrence": 2}), 409, "occurrence_not_open", "is 1")
        refused(ann.post(path, json={"occurrence": 2**53 - 1}), 409, "occurrence_not_open", "is 1")
    done = ann.post(f"/tasks/{found['id']}/complete", headers={"If-Match": f'"{found["version"]}"'})
    assert done.json()["task"]["occurrence"] == 2
    assert ann.post(f"/tasks/{found['id']}/skip", headers={"Idempotency-Key": "k"}).json()["task"]["occurrence"] == 3


def test_a_lower_number_is_answered_as_it_was_completed(ann: Person) -> None:
    found = adds(ann, due_on="2026-03-01")
    first = completes(ann, found, call="skip")
    second = completes(ann, first["task"])

    again = completes(ann, found)

    assert first["completion"]["kind"] == "skipped"
    assert again == {"task": second["task"], "completion": first["completion"], "skipped": 0}
    task(calls(ann, found, "reopen"))
    assert completes(ann, first["task"])["completion"] is None  # it was taken back


@pytest.mark.parametrize(
    ("rule", "fields", "at_day", "days"),
    [
        ("FREQ=DAILY;COUNT=3", {"due_on": "2025-03-01"}, None, []),
        ("FREQ=WEEKLY;BYDAY=MO,TH", {"due_on": "2025-03-03"}, "2025-03-03", ["2025-03-06", "2025-03-10"]),
        ("FREQ=WEEKLY;BYDAY=MO,TH", {"due_on": "2025-03-03"}, "2025-03-06", ["2025-03-10"]),
        ("FREQ=WEEKLY;BYDAY=MO", {"due_on": "2025-03-05"}, "2025-03-05", ["2025-03-10"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", {"due_on": "2025-01-31"}, "2025-01-31", ["2025-02-28"]),
        ("FREQ=MONTHLY;BYDAY=1MO", {"due_on": "2025-03-03"}, "2025-03-03", ["2025-04-07"]),
        ("FREQ=YEARLY", {"due_on": "2024-02-29"}, "2024-02-29", ["2028-02-29"]),
    ],
)
def test_what_follows(ann: Person, rule: str, fields: Task, at_day: str | None, days: list[str]) -> None:
    found = adds(ann, rule, **fields)
    for day in days[:1]:
        found = completes(ann, found, at=at(at_day or day))["task"]
        assert found["due_on"] == day
    if not days:
        done = completes(ann, found)
        assert (done["task"]["status"], done["skipped"]) == ("Done", 2)


def test_the_last_one_makes_the_task_done(ann: Person) -> None:
    found = adds(ann, "FREQ=DAILY;COUNT=2", due_on="2025-03-01")
    second = completes(ann, found, at=at("2025-03-01"))["task"]

    last = completes(ann, second, at=at("2025-03-02"))

    finished = last["task"]
    assert finished["status"] == "Done"
    assert finished["completed_at"] == "2025-03-02T12:00:00+00:00"
    assert (finished["due_on"], finished["occurrence_date"], finished["occurrence"]) == ("2025-03-02", "2025-03-02", 3)
    assert finished["recurrence"] == "FREQ=DAILY;COUNT=2"
    for call in ("complete", "skip"):
        refused(calls(ann, finished, call, occurrence=3), 409, "occurrence_not_open")
        refused(calls(ann, finished, call, occurrence=4), 409, "occurrence_not_open")
        assert calls(ann, finished, call, occurrence=2).json()["completion"] == last["completion"]
    refused(ann.patch(f"/tasks/{found['id']}", json={"status": "Todo"}), 409, "recurring_task")
    assert patched(ann, found, status="Done")["completed_at"] == finished["completed_at"]
    assert ann.get(f"/tasks/{found['id']}/occurrences").json() == []
    whole = task(ann.put(f"/tasks/{found['id']}", json={"title": "Plants"}))
    assert (whole["status"], whole["due_on"], whole["recurrence"]) == ("Done", "2025-03-02", "FREQ=DAILY;COUNT=2")
    refused(ann.put(f"/tasks/{found['id']}", json={"title": "Plants", "status": "Todo"}), 409, "recurring_task")
    back = task(calls(ann, finished, "reopen"))
    assert (back["status"], back["completed_at"], back["due_on"], back["occurrence"]) == ("Todo", None, "2025-03-02", 4)


def test_dates_that_passed_are_counted_also_when_none_is_left(ann: Person) -> None:
    found = adds(ann, "FREQ=DAILY;UNTIL=20250310", due_on="2025-03-01")
    done = completes(ann, found)
    assert (done["task"]["status"], done["skipped"]) == ("Done", 9)


def test_counted_from_completion_a_count_is_of_completions_and_skips(ann: Person) -> None:
    found = adds(ann, "FREQ=DAILY;COUNT=3", recurrence_anchor="completion", due_on="2025-03-01")
    found = completes(ann, found, at=at("2025-03-05"))["task"]
    assert found["due_on"] == "2025-03-06"
    found = completes(ann, found, call="skip", at=at("2025-03-08"))["task"]
    assert found["due_on"] == "2025-03-09"
    found = task(calls(ann, found, "reopen"))
    assert found["due_on"] == "2025-03-06"
    found = completes(ann, found, at=at("2025-03-06"))["task"]
    assert (found["status"], found["due_on"]) == ("Todo", "2025-03-07")
    found = completes(ann, found, at=at("2025-03-07"))["task"]
    assert (found["status"], found["due_on"]) == ("Done", "2025-03-07")


def test_being_fifty_years_late_is_no_error(ann: Person) -> None:
    found = adds(ann, "FREQ=MONTHLY", due_on="0001-01-15")
    done = completes(ann, found, at=at("2026-01-15"))
    assert (done["task"]["due_on"], done["skipped"]) == ("2026-02-15", 2025 * 12)


def test_only_the_first_occurrence_keeps_fractions_of_a_second(ann: Person) -> None:
    found = adds(ann, due_at="2025-03-01T10:00:00.123456Z", time_zone="UTC")
    assert (found["due_at"], found["occurrence_date"]) == ("2025-03-01T10:00:00.123456+00:00", "2025-03-01T10:00:00")
    done = completes(ann, found, at="2025-03-01T10:00:00Z")
    assert done["task"]["due_at"] == "2025-03-02T10:00:00+00:00"
    assert task(calls(ann, found, "reopen"))["due_at"] == "2025-03-01T10:00:00.123456+00:00"


def test_an_end_is_inclusive_as_a_day_in_the_zone_or_as_an_instant(ann: Person) -> None:
    zone = {"due_at": "2025-03-02T01:30:00Z", "time_zone": "America/New_York"}  # 20:30 on the first
    for until, number in [("20250303", 3), ("20250304T013000Z", 3), ("20250304T012959Z", 2), ("20250302T013000Z", 0)]:
        answer = ann.post("/tasks", json={"title": "x", "recurrence": f"FREQ=DAILY;UNTIL={until}", **zone})
        if not number:
            refused(answer, 422, "recurrence_empty")
            continue
        days = ann.get(f"/tasks/{answer.json()['id']}/occurrences").json()
        assert days == [f"2025-03-0{day}T20:30:00" for day in range(2, number + 1)]


# Reopening


def test_a_plain_task_is_reopened(ann: Person) -> None:
    milk = ann.adds("Milk", status="Done")
    back = task(calls(ann, milk, "reopen"))
    assert (back["status"], back["completed_at"]) == ("Todo", None)
    assert task(ann.post(f"/tasks/{milk['id']}/reopen")) == back
    patched(ann, milk, status="InProgress")
    again = ann.post(f"/tasks/{milk['id']}/reopen")
    assert (again.json()["status"], again.headers["etag"]) == ("InProgress", f'"{read(ann, milk)["version"]}"')
    refused(calls(ann, milk, "reopen", occurrence=1), 409, "occurrence_not_latest")


def test_only_the_latest_completion_of_the_present_series_is_taken_back(ann: Person) -> None:
    found = adds(ann, due_on="2026-03-01")
    refused(calls(ann, found, "reopen"), 409, "occurrence_not_latest")
    completes(ann, found)
    found = completes(ann, read(ann, found), call="skip")["task"]
    refused(calls(ann, found, "reopen", occurrence=1), 409, "occurrence_not_latest")
    found = task(calls(ann, found, "reopen", occurrence=2))
    assert found["occurrence"] == 4
    found = patched(ann, found, recurrence="FREQ=DAILY")
    refused(calls(ann, found, "reopen"), 409, "occurrence_not_latest")
    history = ann.get(f"/tasks/{found['id']}/completions").json()
    assert [one["occurrence"] for one in history] == [1]


def test_conditions_and_keys_of_reopening(ann: Person) -> None:
    found = adds(ann, due_on="2026-03-01")
    done = completes(ann, found)["task"]
    path = f"/tasks/{found['id']}/reopen"
    refused(ann.post(path, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    first = ann.post(path, headers={"If-Match": f'"{done["version"]}"', "Idempotency-Key": "back"})
    again = ann.post(path, headers={"Idempotency-Key": "back"})
    assert (first.json()["occurrence"], again.content) == (3, first.content)
    refused(ann.post("/tasks/9007199254740991/reopen"), 404, "task_not_found")


# Series


def test_a_series_starts_where_the_due_is_whether_the_rule_names_it_or_not(ann: Person) -> None:
    found = adds(ann, "byday=mo;freq=weekly;interval=1", due_on="2026-03-10")  # a Tuesday
    assert found["recurrence"] == "FREQ=WEEKLY;BYDAY=MO"
    assert (found["occurrence"], found["occurrence_date"]) == (1, "2026-03-10")
    assert ann.get(f"/tasks/{found['id']}/occurrences?limit=2").json() == ["2026-03-16", "2026-03-23"]


def test_a_new_due_moves_the_open_one_and_a_rule_begins_anew(ann: Person) -> None:
    found = adds(ann, "FREQ=MONTHLY", due_on="2026-01-31")
    moved = patched(ann, found, due_on="2026-02-10")
    assert moved["occurrence_date"] == "2026-01-31"
    begun = patched(ann, found, recurrence="FREQ=MONTHLY")
    assert (begun["occurrence_date"], begun["occurrence"]) == ("2026-02-10", 1)
    other = patched(ann, found, due_at="2026-02-11T12:00:00Z", time_zone="Europe/Warsaw")
    assert (other["occurrence_date"], other["due_on"]) == ("2026-02-11T13:00:00", None)
    there = patched(ann, found, time_zone="America/New_York")
    assert there["occurrence_date"] == "2026-02-11T07:00:00"
    moved = patched(ann, found, due_at="2026-02-12T12:00:00Z", time_zone="America/New_York")
    assert moved["occurrence_date"] == "2026-02-11T07:00:00"  # the same zone
    anchored = patched(ann, found, recurrence_anchor="completion")
    assert anchored["occurrence_date"] == "2026-02-11T07:00:00"
    assert ann.get(f"/tasks/{found['id']}/occurrences").json() == []


def test_a_rule_that_is_set_again_goes_on_with_the_numbers(ann: Person) -> None:
    found = completes(ann, adds(ann, due_on="2026-03-01"))["task"]
    plain = patched(ann, found, recurrence=None)
    assert [plain[name] for name in ("recurrence", "occurrence", "occurrence_date")] == [None, None, None]
    assert calls(ann, found, "complete", occurrence=1).json()["completion"]["occurrence"] == 1
    refused(calls(ann, found, "complete", occurrence=2), 409, "occurrence_not_open")
    refused(calls(ann, found, "skip"), 409, "recurring_task")
    assert read(ann, found)["status"] == "Todo"
    assert patched(ann, found, recurrence="FREQ=DAILY")["occurrence"] == 2


def test_a_rule_on_a_done_task_makes_it_todo(ann: Person) -> None:
    milk = ann.adds("Milk", status="Done", due_on="2026-03-01")
    found = patched(ann, milk, recurrence="FREQ=DAILY")
    assert (found["status"], found["completed_at"], found["occurrence"]) == ("Todo", None, 1)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "needs due_on, or due_at and time_zone"),
        ({"due_at": "2026-03-10T00:00:00Z"}, "needs due_on, or due_at and time_zone"),
        ({"time_zone": "UTC"}, "needs due_on, or due_at and time_zone"),
        ({"due_on": "2026-03-10", "recurrence": "FREQ=DAILY;UNTIL=20261231T000000Z"}, "UNTIL is a day"),
        (
            {"due_on": "2026-03-10", "recurrence": "FREQ=WEEKLY;BYDAY=MO", "recurrence_anchor": "completion"},
            "recurrence_anchor completion",
        ),
        ({"due_on": "2026-03-10", "recurrence": "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU"}, "WKST"),
        ({"due_on": "2026-03-10", "recurrence": "FREQ=DAILY;BYDAY=MO"}, "FREQ=WEEKLY;BYDAY"),
        ({"due_at": "0001-01-01T00:00:00Z", "time_zone": "America/New_York"}, "years 0001 to 9999"),
    ],
)
def test_a_rule_that_does_not_fit_is_refused_by_every_write(ann: Person, fields: Task, told: str) -> None:
    sent = {"recurrence": "FREQ=DAILY", **fields}
    milk = ann.adds("Milk")
    for answer in (
        ann.post("/tasks", json={"title": "x", **sent}),
        ann.put(f"/tasks/{milk['id']}", json={"title": "x", **sent}),
        ann.patch(f"/tasks/{milk['id']}", json=sent),
    ):
        refused(answer, 422, "validation_failed", told)
        assert answer.json()["errors"][0]["loc"] == ["body", "recurrence"]
    assert read(ann, milk) == milk


@pytest.mark.parametrize("rule", ["FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20260310", "FREQ=YEARLY;INTERVAL=51"])
def test_a_rule_that_nothing_follows_is_refused_unless_it_counts_from_completion(ann: Person, rule: str) -> None:
    sent = {"title": "x", "recurrence": rule, "due_on": "2026-03-10"}
    milk = ann.adds("Milk", due_on="2026-03-10")
    refused(ann.post("/tasks", json=sent), 422, "recurrence_empty")
    refused(ann.put(f"/tasks/{milk['id']}", json=sent), 422, "recurrence_empty")
    refused(ann.patch(f"/tasks/{milk['id']}", json={"recurrence": rule}), 422, "recurrence_empty")
    stale = {"If-Match": '"1"'}
    refused(ann.patch(f"/tasks/{milk['id']}", json={"recurrence": rule}, headers=stale), 412, "version_mismatch")
    assert ann.post("/tasks", json={**sent, "recurrence_anchor": "completion"}).status_code == 201


def test_a_status_alone_does_not_end_an_occurrence(ann: Person) -> None:
    found = adds(ann)
    path = f"/tasks/{found['id']}"
    refused(ann.patch(path, json={"status": "Done"}), 409, "recurring_task")
    refused(ann.put(path, json={"title": "x", "status": "Done"}), 409, "recurring_task")
    refused(ann.patch(path, json={"status": "Done", "recurrence": "FREQ=DAILY"}), 409, "recurring_task")
    both = {"title": "x", "status": "Done", "recurrence": "FREQ=DAILY", "due_on": "2026-03-10"}
    refused(ann.put(path, json=both), 409, "recurring_task")
    refused(ann.post("/tasks", json=both), 422, "validation_failed")
    assert read(ann, found) == found
    assert patched(ann, found, status="InProgress")["status"] == "InProgress"
    ended = patched(ann, found, recurrence=None, status="Done")
    assert (ended["status"], ended["recurrence"], ended["due_on"]) == ("Done", None, "2026-01-31")


def test_a_due_is_not_cleared_without_the_rule(ann: Person) -> None:
    found = adds(ann)
    path = f"/tasks/{found['id']}"
    refused(ann.patch(path, json={"due_on": None}), 422, "validation_failed", "needs its due")
    assert patched(ann, found, due_at=None)["due_on"] == "2026-01-31"
    refused(ann.put(path, json={"title": "x", "due_on": None}), 422, "validation_failed", "needs its due")
    plain = patched(ann, found, due_on=None, recurrence=None)
    assert (plain["due_on"], plain["recurrence"]) == (None, None)


def test_a_put_of_an_older_client_leaves_the_series(ann: Person) -> None:
    found = adds(ann, due_at="2026-03-10T12:00:00Z", time_zone="Europe/Warsaw", reminders=[{"minutes_before": 5}])
    whole = task(ann.put(f"/tasks/{found['id']}", json={"title": "Plants"}))
    kept = ("due_at", "time_zone", "recurrence", "occurrence", "occurrence_date", "reminders")
    assert {name: whole[name] for name in kept} == {name: found[name] for name in kept}
    moved = {"title": "Plants", "due_at": "2026-03-11T12:00:00Z", "time_zone": "Europe/Warsaw"}
    whole = task(ann.put(f"/tasks/{found['id']}", json=moved))
    assert (whole["due_at"], whole["occurrence_date"]) == ("2026-03-11T12:00:00+00:00", "2026-03-10T13:00:00")
    without_zone = {"title": "Plants", "due_at": "2026-03-11T12:00:00Z"}
    refused(ann.put(f"/tasks/{found['id']}", json=without_zone), 422, "validation_failed", "time_zone")
    echoed = {name: value for name, value in whole.items() if name in WRITABLE} | {"recurrence": None}
    assert task(ann.put(f"/tasks/{found['id']}", json=echoed))["occurrence"] is None


WRITABLE = (
    *("title", "description", "status", "priority", "due_on", "due_at", "time_zone", "tags"),
    *("recurrence", "recurrence_anchor", "reminders"),
)


# The history


def test_completions_are_listed_page_by_page_newest_first(ann: Person, bob: Person) -> None:
    found = adds(ann, due_on="2025-03-01")
    for day in range(1, 6):
        found = completes(ann, found, at=at(f"2025-03-0{day}"))["task"]
    path = f"/tasks/{found['id']}/completions"

    first = ann.get(f"{path}?limit=2")
    second = ann.get(path + first.links["next"]["url"])
    last = ann.get(path + second.links["next"]["url"])

    pages = [[one["occurrence"] for one in page.json()] for page in (first, second, last)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert "next" not in last.links
    assert last.json() == [
        {
            "task_id": found["id"],
            "occurrence": 1,
            "occurrence_date": "2025-03-01",
            "kind": "done",
            "completed_at": "2025-03-01T12:00:00+00:00",
        }
    ]
    refused(ann.get(f"{path}?cursor=x"), 422, "cursor_invalid")
    refused(ann.get(f"{path}?limit=501"), 422, "validation_failed")
    refused(ann.get(f"{path}?page=2"), 422, "validation_failed")
    refused(bob.get(path), 404, "task_not_found")
    refused(bob.get(f"/tasks/{found['id']}/occurrences"), 404, "task_not_found")
    ann.delete(f"/tasks/{found['id']}")
    refused(ann.get(path), 404, "task_not_found")
    ann.post(f"/tasks/{found['id']}/restore")
    assert len(ann.get(path).json()) == 5  # the trash keeps the history


def test_the_occurrences_that_are_to_come(ann: Person) -> None:
    found = adds(ann, "FREQ=WEEKLY;COUNT=4", due_on="2026-03-10")
    path = f"/tasks/{found['id']}/occurrences"
    assert ann.get(path).json() == ["2026-03-17", "2026-03-24", "2026-03-31"]
    assert ann.get(f"{path}?limit=1").json() == ["2026-03-17"]
    assert len(ann.get(f"/tasks/{adds(ann)['id']}/occurrences").json()) == 10
    for limit in ("0", "51", "x"):
        refused(ann.get(f"{path}?limit={limit}"), 422, "validation_failed")
    assert ann.get(f"/tasks/{ann.adds('Milk')['id']}/occurrences").json() == []
    refused(ann.get("/tasks/9007199254740991/occurrences"), 404, "task_not_found")


# Reminders


KEPT = [
    [],
    [{"at": "2026-03-10t18:00:00.5+01:00"}],
    [{"minutes_before": 0}, {"minutes_before": 40320}],
    [{"days_before": 28, "time": "23:59"}, {"days_before": 0, "time": "00:00"}, {"at": "2026-03-10T18:00:00Z"}],
]
WRONG = [
    None,
    {},
    ["10:00"],
    [{}],
    [{"at": "2026-03-10"}],
    [{"at": "2026-03-10T24:00:00Z"}],
    [{"at": "0001-01-01T00:00:00+00:01"}],
    [{"at": None}],
    [{"minutes_before": -1}],
    [{"minutes_before": 40321}],
    [{"minutes_before": True}],
    [{"minutes_before": "5"}],
    [{"minutes_before": 5, "at": "2026-03-10T18:00:00Z"}],
    [{"days_before": 1}],
    [{"days_before": 29, "time": "10:00"}],
    [{"days_before": 1, "time": "24:00"}],
    [{"days_before": 1, "time": "9:00"}],
    [{"days_before": 1, "time": "10:00", "zone": "UTC"}],
    [{"minutes_before": 5}, {"minutes_before": 5}],
    [{"at": "2026-03-10T18:00:00Z"}, {"at": "2026-03-10T19:00:00+01:00"}],
    [{"minutes_before": number} for number in range(6)],
]


@pytest.mark.parametrize("sent", KEPT)
def test_reminders_are_kept_as_they_were_sent(ann: Person, sent: list[Task]) -> None:
    due = {"due_at": "2026-03-10T19:00:00Z"}
    milk = ann.adds("Milk", **due)
    assert ann.adds("Milk", reminders=sent, **due)["reminders"] == sent
    assert patched(ann, milk, reminders=sent)["reminders"] == sent
    assert task(ann.put(f"/tasks/{milk['id']}", json={"title": "x", "reminders": sent, **due}))["reminders"] == sent
    assert read(ann, milk)["reminders"] == sent


@pytest.mark.parametrize("sent", WRONG)
def test_reminders_that_say_nothing_are_refused(ann: Person, sent: Any) -> None:
    milk = ann.adds("Milk", due_at="2026-03-10T19:00:00Z")
    whole = {"title": "x", "due_at": "2026-03-10T19:00:00Z", "reminders": sent}
    refused(ann.post("/tasks", json=whole), 422, "validation_failed")
    refused(ann.put(f"/tasks/{milk['id']}", json=whole), 422, "validation_failed")
    refused(ann.patch(f"/tasks/{milk['id']}", json={"reminders": sent}), 422, "validation_failed")


def test_minutes_before_need_an_instant_when_they_are_sent(ann: Person) -> None:
    sent = {"reminders": [{"minutes_before": 5}]}
    milk = ann.adds("Milk", due_on="2026-03-10")
    path = f"/tasks/{milk['id']}"
    for answer in (
        ann.post("/tasks", json={"title": "x", **sent}),
        ann.put(path, json={"title": "x", "due_on": "2026-03-10", **sent}),
        ann.patch(path, json=sent),
        ann.patch(path, json={**sent, "recurrence": "FREQ=DAILY"}),
        ann.patch(path, json={**sent, "title": "x", "tags": ["x"]}),
    ):
        refused(answer, 422, "validation_failed", "minutes_before")
        assert answer.json()["errors"][0]["loc"] == ["body", "reminders"]
    patched(ann, milk, due_at="2026-03-10T19:00:00Z", **sent)
    assert patched(ann, milk, due_on="2026-03-10")["reminders"] == sent["reminders"]  # kept, and silent


# Batches


def batch(person: Person, *operations: Task, **headers: str) -> httpx.Response:
    return person.post("/tasks/batch", json={"operations": operations}, headers=headers)


def patch(found: Task, **fields: Any) -> Task:
    return {"op": "patch", "id": found["id"], "patch": fields}


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "batch"}])
def test_a_batch_begins_changes_and_ends_series(ann: Person, headers: dict[str, str]) -> None:
    milk = ann.adds("Milk", due_on="2026-03-10")
    found, other = adds(ann, due_on="2026-03-10"), adds(ann, due_on="2026-03-10")
    new = {"title": "New", "recurrence": "FREQ=WEEKLY", "due_on": "2026-03-11", "reminders": []}
    operations = [
        {"op": "create", "task": new},
        patch(milk, due_on="2026-03-12"),
        patch(milk, recurrence="FREQ=MONTHLY"),  # begins at the due that it has just got
        patch(milk, due_on="2026-03-13"),
        patch(found, due_at="2026-03-14T12:00:00Z", time_zone="Europe/Warsaw"),
        patch(other, recurrence=None, status="Done"),
    ]

    done = [one["task"] for one in results(batch(ann, *operations, **headers))]

    seen = [(one["due_on"], one["occurrence_date"], one["occurrence"], one["status"]) for one in done]
    assert seen == [
        ("2026-03-11", "2026-03-11", 1, "Todo"),
        ("2026-03-12", None, None, "Todo"),
        ("2026-03-12", "2026-03-12", 1, "Todo"),
        ("2026-03-13", "2026-03-12", 1, "Todo"),
        (None, "2026-03-14T13:00:00", 1, "Todo"),
        ("2026-03-10", None, None, "Done"),
    ]
    assert read(ann, milk) == done[3]
    if headers:
        ann.delete(f"/tasks/{milk['id']}")
        again = batch(ann, *operations, **headers)
        assert [one["task"] for one in results(again)] == done


@pytest.mark.parametrize(
    ("patches", "status", "code", "loc"),
    [
        ([{"status": "Done"}], 409, "recurring_task", None),
        ([{"due_on": None}], 422, "validation_failed", "recurrence"),
        ([{"recurrence": "FREQ=DAILY;COUNT=1"}], 422, "recurrence_empty", None),
        ([{"recurrence": "FREQ=DAILY;UNTIL=20261231T000000Z"}], 422, "validation_failed", "recurrence"),
        ([{"reminders": [{"minutes_before": 5}]}], 422, "validation_failed", "reminders"),
        ([{"recurrence": None}, {"status": "Done"}, {"recurrence": "FREQ=DAILY", "due_on": None}], 422, None, None),
        ([{"recurrence": "FREQ=DAILY"}, {"status": "Done"}], 409, "recurring_task", None),
    ],
)
def test_what_a_series_does_not_allow_undoes_the_batch(
    ann: Person, patches: list[Task], status: int, code: str | None, loc: str | None
) -> None:
    found = adds(ann, due_on="2026-03-10")
    operations = [patch(found, title="x"), *(patch(found, **fields) for fields in patches)]
    failing = len(operations) - 1
    answer = batch(ann, *operations)
    problem(answer, status, code or "validation_failed", failing)
    if loc is not None:
        assert answer.json()["errors"][0]["loc"] == ["body", "operations", failing, "patch", loc]
    assert read(ann, found) == found
    gone = {"op": "delete", "id": 2**53 - 1}
    problem(batch(ann, gone, *operations), 404, "task_not_found", 0)
    stale = [{**operation, "if_match": '"1"'} for operation in operations[1:]]
    problem(batch(ann, *stale), 412, "version_mismatch", 0)
    problem(batch(ann, patch({"id": 2**53 - 1}, **patches[-1]), *operations), 404, "task_not_found", 0)


def test_a_rule_that_does_not_fit_a_new_task_undoes_the_batch(ann: Person) -> None:
    answer = batch(ann, {"op": "create", "task": {"title": "x"}}, {"op": "create", "task": {**RULE, "title": "x"}})
    problem(answer, 422, "validation_failed", 1)
    assert answer.json()["errors"][0]["loc"] == ["body", "operations", 1, "task", "recurrence"]
    assert ann.tasks() == []


RULE = {"recurrence": "FREQ=DAILY"}


UID = "6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"


def test_a_task_is_completed_by_its_uid_too(ann: Person, bob: Person) -> None:
    found = adds(ann, due_on="2025-03-01", uid=UID)
    other = adds(bob, due_on="2025-03-01", uid=UID)
    named = {**found, "id": UID}
    done = completes(ann, named, at=at("2025-03-01"))
    assert (done["task"]["id"], done["completion"]["task_id"]) == (found["id"], found["id"])
    assert completes(ann, named) == done
    assert completes(ann, {**done["task"], "id": UID}, call="skip", at=at("2025-03-02"))["task"]["occurrence"] == 3
    assert task(calls(ann, named, "reopen"))["occurrence"] == 4
    assert ann.get(f"/tasks/{UID}/completions").json() == [done["completion"]]
    assert ann.get(f"/tasks/{UID}/occurrences?limit=1").json() == ["2025-03-03"]
    assert patched(ann, named, recurrence="FREQ=WEEKLY")["occurrence_date"] == "2025-03-02"
    assert calls(ann, {"id": ann.adds("Milk", uid=UID.replace("6", "7"))["uid"]}, "complete").status_code == 200
    assert read(bob, other) == other


def test_a_batch_begins_the_series_of_a_task_that_it_creates(ann: Person) -> None:
    operations = [
        {"op": "create", "task": {"title": "x", "uid": UID, "due_on": "2026-03-10"}},
        {"op": "patch", "id": UID, "patch": {"recurrence": "FREQ=WEEKLY"}},
        {"op": "patch", "id": UID, "patch": {"due_at": "2026-03-11T10:00:00Z", "time_zone": "UTC"}},
    ]
    done = [one["task"]["occurrence_date"] for one in results(batch(ann, *operations))]
    assert done == [None, "2026-03-10", "2026-03-11T10:00:00"]
    problem(batch(ann, *operations), 409, "uid_taken", 0)
    problem(batch(ann, {"op": "patch", "id": UID, "patch": {"status": "Done"}}), 409, "recurring_task", 0)
    scheduled = {"title": "x", "uid": UID, "due_on": "2026-03-10", "recurrence": "FREQ=DAILY"}
    refused(ann.post("/tasks", json=scheduled), 409, "uid_taken")
    again = [{"op": "create", "task": {**scheduled, "uid": UID.replace("6", "7")}}]
    assert [one["task"]["occurrence"] for one in results(batch(ann, *again))] == [1]


# What else there is


def test_a_body_may_be_absent_and_is_otherwise_what_it_says(ann: Person) -> None:
    milk = ann.adds("Milk")
    path = f"/tasks/{milk['id']}/complete"
    for wrong in ("null", "[]", '{"occurence": 1}', '{"occurrence": 0}', '{"occurrence": 01}', '{"occurrence": null}'):
        answer = ann.post(path, content=wrong, headers={"Content-Type": "application/json"})
        refused(answer, 422, "validation_failed")
    refused(ann.post(path, content="{}", headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    assert ann.post(path, headers={"Content-Type": "application/json"}).status_code == 200
    refused(ann.post(path + "?x=1"), 422, "validation_failed")


def test_strangers_complete_nothing(ann: Person, bob: Person) -> None:
    found = adds(ann)
    for call in ("complete", "skip", "reopen"):
        refused(calls(bob, found, call, occurrence=1), 404, "task_not_found")
    assert read(ann, found) == found


@pytest.mark.parametrize("path", ["/trash/{id}", "/trash"])
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "erase"}])
def test_the_history_goes_with_the_task(ann: Person, database_url: str, path: str, headers: dict[str, str]) -> None:
    found = completes(ann, adds(ann))["task"]
    ann.delete(f"/tasks/{found['id']}")
    assert ann.delete(path.format(id=found["id"]), headers=headers).status_code == 204
    with psycopg.connect(database_url) as connection:
        left = connection.execute("select count(*) from completions where owner_id = %s", (ann.id,)).fetchone()
    assert left == (0,)


def test_done_subtasks_begin_anew_with_the_next_occurrence(ann: Person, bob: Person) -> None:
    parent = adds(ann, "FREQ=DAILY;COUNT=3", due_on="2025-03-01")
    done, begun = ann.adds("Fill the can", status="Done"), ann.adds("Find the can", status="InProgress")
    finished = completes(ann, adds(ann, "FREQ=DAILY;COUNT=2", due_on="2025-03-01"))["task"]
    trashed, other = ann.adds("Buy a can", status="Done"), ann.adds("Milk", status="Done")
    of_bob = bob.adds("Fill the can", status="Done")
    done, begun, finished, trashed = (
        ann.post(f"/tasks/{one['id']}/move", json={"parent_id": parent["id"]}).json()
        for one in (done, begun, finished, trashed)
    )
    ann.delete(f"/tasks/{trashed['id']}")

    second = completes(ann, parent, at=at("2025-03-01"))["task"]

    again = read(ann, done)
    assert (again["status"], again["completed_at"], again["version"]) == ("Todo", None, second["version"])
    for alone in (begun, finished, other):
        assert read(ann, alone) == alone
    assert read(bob, of_bob) == of_bob
    done = patched(ann, done, status="Done")
    third = completes(ann, second, call="skip", at=at("2025-03-02"))["task"]
    assert read(ann, done)["status"] == "Todo"
    done = patched(ann, done, status="Done")
    task(calls(ann, third, "reopen"))
    assert read(ann, done) == done
    third = completes(ann, read(ann, parent), at=at("2025-03-02"))["task"]
    done = patched(ann, done, status="Done")
    assert completes(ann, third, at=at("2025-03-03"))["task"]["status"] == "Done"
    assert read(ann, done) == done  # after the last one nothing begins


def test_a_change_in_between_is_not_overwritten(ann: Person) -> None:
    """Twenty completions and as many changes of the title at the same time: nothing of either is lost."""
    found = adds(ann, due_on="2025-03-01")
    days = [f"2025-03-{day:02}" for day in range(1, 21)]

    def completes_all() -> None:
        for number, day in enumerate(days, start=1):
            answer = calls(ann, found, "complete", occurrence=number, at=at(day))
            assert answer.status_code == 200, answer.text

    def renames_all() -> None:
        for number in range(20):
            patched(ann, found, title=f"Plants {number}")

    with ThreadPoolExecutor(2) as devices:
        for work in [devices.submit(completes_all), devices.submit(renames_all)]:
            work.result()
    after = read(ann, found)
    assert (after["title"], after["occurrence"], after["due_on"]) == ("Plants 19", 21, "2025-03-21")


def test_completing_takes_two_round_trips_where_a_task_recurs_and_every_other_call_one(
    person: Callable[..., Person], issuer: LocalIssuer, database_url: str
) -> None:
    with proxied(database_url) as proxy, serving(create_app(settings_for(proxy.url), local_issuer=issuer)) as api:
        ann = person("ann", api=api)
        found = adds(ann, due_on="2026-03-01")
        milk = ann.adds("Milk")

        def turns(answer: Callable[[], httpx.Response]) -> int:
            before = proxy.turns
            assert answer().status_code == 200
            return proxy.turns - before

        path, plain = f"/tasks/{found['id']}", f"/tasks/{milk['id']}"
        assert turns(lambda: ann.post(f"{path}/complete", json={"occurrence": 1})) == 2
        assert turns(lambda: ann.post(f"{path}/skip", json={"occurrence": 2})) == 2
        assert turns(lambda: ann.post(f"{path}/complete", json={"occurrence": 1})) == 1
        assert turns(lambda: ann.post(f"{path}/reopen")) == 1
        assert turns(lambda: ann.get(f"{path}/completions")) == 1
        assert turns(lambda: ann.get(f"{path}/occurrences")) == 1
        assert turns(lambda: ann.patch(path, json={"title": "x"})) == 1
        assert turns(lambda: ann.patch(path, json={"due_on": "2027-03-01"})) == 1
        assert turns(lambda: ann.patch(path, json={"status": "InProgress"})) == 1
        assert turns(lambda: ann.put(path, json={"title": "x"})) == 1
        assert turns(lambda: ann.patch(path, json={"recurrence": None})) == 1
        assert turns(lambda: ann.post(f"{plain}/complete")) == 1
        assert turns(lambda: ann.post(f"{plain}/complete")) == 1
        assert turns(lambda: ann.post(f"{plain}/reopen")) == 1
        key = {"Idempotency-Key": "key"}
        assert turns(lambda: ann.post(f"{plain}/complete", headers=key)) == 2
        assert turns(lambda: ann.post(f"{plain}/complete", headers=key)) == 1


def test_now_is_the_time_of_the_request(ann: Person) -> None:
    today = datetime.now(UTC).date()
    found = adds(ann, due_on=(today - timedelta(days=3)).isoformat())
    done = completes(ann, found)
    assert done["task"]["due_on"] in {(today + timedelta(days=days)).isoformat() for days in (1, 2)}  # midnight
    kept = adds(ann, due_on=(today - timedelta(days=3)).isoformat())
    assert completes(ann, kept, missed="keep")["task"]["due_on"] == (today - timedelta(days=2)).isoformat()
