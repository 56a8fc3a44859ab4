"""The fields of everyday tasks (CONTRACT: everyday tasks): what they take and refuse, how they change together."""

import json
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import errors

from support.answers import problem, task
from support.expected_tasks import DEFAULTS
from support.people import Person


def patched(person: Person, found: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return task(person.patch(f"/tasks/{found['id']}", json=fields))


def every_write(person: Person, **fields: Any) -> list[httpx.Response]:
    milk = f"/tasks/{person.adds('Milk')['id']}"
    whole = {"title": "Milk"} | fields
    return [person.post("/tasks", json=whole), person.put(milk, json=whole), person.patch(milk, json=fields)]


KEPT: list[dict[str, Any]] = [
    {"priority": "low"},
    {"priority": "high"},
    {"due_on": "2026-03-10"},
    {"due_on": "0001-01-01"},
    {"due_on": "9999-12-31"},
    {"due_on": "2024-02-29"},
    {"time_zone": "Europe/Warsaw"},
    {"time_zone": "UTC"},
    {"time_zone": "America/Argentina/ComodRivadavia"},
    {"tags": ["home"]},
    {"tags": ["b", "a", "B", " ", "b "]},
    {"tags": ["a,b", '"quoted" \\ {}', "NULL", "null", "\n", "🧀" * 50, "e\u0301", "\u00e9"]},
    {"tags": [f"{number}" for number in range(20)]},
    dict(DEFAULTS),
]


@pytest.mark.parametrize("sent", KEPT)
def test_a_field_is_kept_as_it_was_sent(ann: Person, sent: dict[str, Any]) -> None:
    for answer in every_write(ann, **sent):
        written = task(answer, answer.status_code)
        found = task(ann.get(f"/tasks/{written['id']}"))
        assert {name: written[name] for name in DEFAULTS} == DEFAULTS | sent
        assert {name: found[name] for name in DEFAULTS} == DEFAULTS | sent


# As PostgreSQL writes them; `unit/test_task_bodies.py` has more spellings.
INSTANTS = [
    ("2026-03-10T18:00:00+01:00", "2026-03-10T17:00:00+00:00"),
    ("2026-03-10T18:00:00.123456Z", "2026-03-10T18:00:00.123456+00:00"),
    ("2026-03-10T00:00:00.5+23:59", "2026-03-09T00:01:00.5+00:00"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
    ("0999-06-01T12:00:00-05:00", "0999-06-01T17:00:00+00:00"),
    ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999+00:00"),
]


@pytest.mark.parametrize(("sent", "answered"), INSTANTS)
def test_an_instant_is_answered_in_utc_to_the_microsecond(ann: Person, sent: str, answered: str) -> None:
    for answer in every_write(ann, due_at=sent):
        assert task(answer, answer.status_code)["due_at"] == answered


WRONG: dict[str, list[Any]] = {
    "priority": ["urgent", 1, []],
    "due_on": ["2026-3-10", "2026-02-30", 20260310, {}],
    "due_at": ["2026-03-10T18:00:00", "2026-02-29T00:00:00Z", "9999-12-31T23:59:59-00:01", 1773100800, {}],
    "time_zone": ["europe/warsaw", "x" * 10_000, 1],
    "tags": [None, "home", [1], [""], ["x" * 51], ["a", "a"], [f"{number}" for number in range(21)]],
}
"""One value of each type of wrongness; `unit/test_task_bodies.py` has the others."""


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_what_a_field_does_not_take_is_refused_by_every_write(ann: Person, field: str, value: Any) -> None:
    answers = every_write(ann, **{field: value})

    for answer in answers:
        document = problem(answer, 422, "validation_failed")
        assert document["errors"][0]["loc"][:2] == ["body", field]
        assert "2026-" not in answer.text
    assert [found["title"] for found in ann.tasks()] == ["Milk"]


@pytest.mark.parametrize("body", [rb'{"title":"x","tags":["\u0000"]}', rb'{"title":"x","tags":["\ud800"]}'])
def test_a_tag_is_text_that_can_be_stored(ann: Person, body: bytes) -> None:
    problem(ann.post("/tasks", content=body, headers={"Content-Type": "application/json"}), 422, "validation_failed")


# A day or an instant


def test_a_day_and_an_instant_in_one_body_are_refused(ann: Person) -> None:
    for answer in every_write(ann, due_on="2026-03-10", due_at="2026-03-10T18:00:00Z"):
        problem(answer, 422, "validation_failed")


DAY = {"due_on": "2026-03-10", "due_at": None}
INSTANT = {"due_on": None, "due_at": "2026-03-10T18:00:00+00:00"}
NEITHER = {"due_on": None, "due_at": None}


@pytest.mark.parametrize(
    ("before", "sent", "after"),
    [
        (DAY, {"due_at": INSTANT["due_at"]}, INSTANT),
        (INSTANT, {"due_on": DAY["due_on"]}, DAY),
        (DAY, {"due_at": INSTANT["due_at"], "due_on": None}, INSTANT),
        (INSTANT, {"due_on": DAY["due_on"], "due_at": None}, DAY),
        (DAY, {"due_at": None}, DAY),
        (INSTANT, {"due_on": None}, INSTANT),
        (DAY, {"due_on": None}, NEITHER),
        (INSTANT, {"due_at": None}, NEITHER),
        (DAY, NEITHER, NEITHER),
        (DAY, {"title": "Oat milk"}, DAY),
        (INSTANT, {"status": "Done"}, INSTANT),
    ],
)
def test_a_patch_of_one_takes_the_place_of_the_other_and_null_clears_its_own(
    ann: Person, before: dict[str, Any], sent: dict[str, Any], after: dict[str, Any]
) -> None:
    milk = ann.adds("Milk", **before, time_zone="Asia/Tokyo")

    found = patched(ann, milk, **sent)

    assert {name: found[name] for name in NEITHER} == after
    assert found["time_zone"] == "Asia/Tokyo"


def test_put_resets_what_it_does_not_name(ann: Person) -> None:
    full = {"priority": "high", "due_on": "2026-03-10", "time_zone": "UTC", "tags": ["a"], "status": "Done"}
    milk = ann.adds("Milk", **full)

    replaced = task(ann.put(f"/tasks/{milk['id']}", json={"title": "Milk"}))

    assert {name: replaced[name] for name in DEFAULTS} == DEFAULTS
    assert replaced["completed_at"] is None


@pytest.mark.parametrize("field", ["priority", "due_on", "time_zone"])
def test_null_clears_one_field_alone(ann: Person, field: str) -> None:
    milk = ann.adds("Milk", priority="low", due_on="2026-03-10", time_zone="UTC", tags=["a"])

    found = patched(ann, milk, **{field: None})

    assert {name: found[name] for name in DEFAULTS} == {name: milk[name] for name in DEFAULTS} | {field: None}


# Completion


def test_completion_follows_the_status(ann: Person) -> None:
    milk = ann.adds("Milk")
    assert milk["completed_at"] is None

    done = patched(ann, milk, status="Done")
    assert done["completed_at"] == done["updated_at"]

    path = f"/tasks/{milk['id']}"
    again = [
        patched(ann, milk, status="Done"),
        patched(ann, milk, title="Oat milk"),
        task(ann.put(path, json={"title": "Milk", "status": "Done"})),
        patched(ann, milk),
    ]
    assert {found["completed_at"] for found in again} == {done["completed_at"]}

    assert patched(ann, milk, status="InProgress")["completed_at"] is None
    later = patched(ann, milk, status="Done")
    assert later["completed_at"] == later["updated_at"] > done["completed_at"]
    assert task(ann.put(path, json={"title": "Milk"}))["completed_at"] is None


def test_a_task_can_be_done_from_the_beginning(ann: Person) -> None:
    milk = ann.adds("Milk", status="Done")

    assert milk["completed_at"] == milk["created_at"]
    assert milk["updated_at"] is None


# Version


def test_the_version_is_the_entity_tag_and_grows(ann: Person) -> None:
    milk = ann.adds("Milk")
    path = f"/tasks/{milk['id']}"

    answers = [
        ann.get(path),
        ann.patch(path, json={"title": "Milk"}),
        ann.put(path, json={"title": "Milk"}),
        ann.get(path),
    ]

    assert all(answer.headers["etag"] == f'"{answer.json()["version"]}"' for answer in answers)
    first, second, third, fourth = (answer.json()["version"] for answer in answers)
    assert milk["version"] == first < second < third == fourth <= 2**53 - 1
    assert ann.tasks()[0]["version"] == fourth
    assert ann.delete(path, headers={"If-Match": f'"{ann.tasks()[0]["version"]}"'}).status_code == 204


# Tags of all tasks


def test_tags_are_listed_once_each_by_code_point(ann: Person, bob: Person) -> None:
    ann.adds("Milk", tags=["b", "a", "Z", "é"])
    ann.adds("Eggs", tags=["a", "z", "ż", " "])
    gone = ann.adds("Bread", tags=["gone"])
    ann.delete(f"/tasks/{gone['id']}")
    bob.adds("Beer", tags=["secret"])

    answer = ann.get("/tags")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == sorted({"b", "a", "Z", "é", "z", "ż", " "})
    assert ann.get("/tags/").content == answer.content
    assert (ann.send("HEAD", "/tags").status_code, ann.send("HEAD", "/tags").content) == (200, b"")
    problem(ann.get("/tags?limit=1"), 422, "validation_failed")


def test_nobody_without_tags_has_any(ann: Person) -> None:
    ann.adds("Milk")

    assert ann.get("/tags").content == b"[]"


# What the database itself forbids

FORBIDDEN = [
    ("title = e'\\t\\u2003'", "task_title_check"),
    ("title = repeat('x', 256)", "task_title_check"),
    ("description = repeat('x', 10001)", "task_description_check"),
    ("status = 'done'", "task_status_check"),
    ("version = 0", "version_number_check"),
    ("priority = 'urgent'", "task_priority_check"),
    ("due_on = '2026-03-10', due_at = now()", "tasks_due_once"),
    ("due_on = 'infinity'", "task_due_on_check"),
    ("due_on = '0001-01-01 BC'", "task_due_on_check"),
    ("due_at = '-infinity'", "task_due_at_check"),
    ("due_at = '10000-01-01T00:00:00Z'", "task_due_at_check"),
    ("time_zone = ''", "task_time_zone_check"),
    ("tags = array['a', null]", "task_tags_check"),
    ("tags = array['a', 'a']", "task_tags_check"),
    ("tags = array['']", "task_tags_check"),
    ("tags = array[repeat('x', 51)]", "task_tags_check"),
    ("tags = array[array['a', 'b']]", "task_tags_check"),
    ("tags = (select array_agg(n::text) from generate_series(1, 21) n)", "task_tags_check"),
]


@pytest.mark.parametrize(("change", "constraint"), FORBIDDEN)
def test_the_rules_are_constraints(ann: Person, database_url: str, change: str, constraint: str) -> None:
    milk = ann.adds("Milk")

    with psycopg.connect(database_url) as admin, pytest.raises(errors.CheckViolation) as violation:
        admin.execute(f"update tasks set {change} where id = {milk['id']}".encode())

    assert violation.value.diag.constraint_name == constraint


def test_completion_cannot_be_written_apart_from_the_status(ann: Person, database_url: str) -> None:
    milk = ann.adds("Milk")

    with psycopg.connect(database_url) as admin, pytest.raises(errors.GeneratedAlways):
        admin.execute("update tasks set completed_at = now() where id = %s", [milk["id"]])


def test_the_words_of_a_task_follow_its_text(ann: Person, database_url: str) -> None:
    def words(found: dict[str, Any]) -> tuple[str | None, ...]:
        with psycopg.connect(database_url) as admin:
            columns = "title_words, title_unspaced, description_words, description_unspaced"
            [row] = admin.execute(f"select {columns} from tasks where id = %s".encode(), [found["id"]]).fetchall()
            return row

    milk = ann.adds("Oat milk, OAT!", description="Ζωή 搬家")
    assert words(milk) == ("'milk' 'oat'", None, "'ζωη'", " 搬家")

    patched(ann, milk, title="买milk")
    assert words(milk) == ("'milk'", " 买|milk", "'ζωη'", " 搬家")
    patched(ann, milk, title="搬家", status="Todo", priority="high")  # no statement of its own
    assert words(milk) == ("", " 搬家", "'ζωη'", " 搬家")
    patched(ann, milk, description=None, status="Done")
    assert words(milk) == ("", " 搬家", "", None)
    ann.put(f"/tasks/{milk['id']}", json={"title": "Bread", "description": "a-b"})
    assert words(milk) == ("'bread'", None, "'a' 'b'", None)
    operations = [{"op": "patch", "id": milk["id"], "patch": {"title": "ข้าว"}}]
    assert ann.post("/tasks/batch", json={"operations": operations}).status_code == 200
    assert words(milk) == ("", " ข้าว", "'a' 'b'", None)


def test_a_retry_with_defaults_spelled_out_is_the_same_request(ann: Person) -> None:
    def post(**fields: Any) -> httpx.Response:
        return ann.post("/tasks", json={"title": "Milk"} | fields, headers={"Idempotency-Key": "one"})

    first, second, other = post(), post(**DEFAULTS), post(tags=["a"])

    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    problem(other, 422, "idempotency_key_reused")


def test_two_spellings_of_an_instant_are_the_same_request(ann: Person) -> None:
    def post(due_at: str) -> httpx.Response:
        body = json.dumps({"title": "Milk", "due_at": due_at})
        headers = {"Idempotency-Key": "one", "Content-Type": "application/json"}
        return ann.post("/tasks", content=body, headers=headers)

    assert post("2026-03-10T18:00:00Z").content == post("2026-03-10T19:00:00+01:00").content
