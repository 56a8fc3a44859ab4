"""One task, from its creation to its end, and its id."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.answers import problem, task
from support.expected_tasks import DEFAULTS
from support.people import Person
from support.wire import ask
from support.writes import NEVER_GIVEN, WRITES, etag_of, path_of, write


def test_a_task_lives_from_its_creation_to_its_end(ann: Person) -> None:
    began = datetime.now(UTC)

    answer = ann.post("/tasks", json={"title": "Buy milk"})
    created = task(answer, 201)
    assert answer.headers["location"] == path_of(created)
    assert created | {"id": 0, "created_at": ""} == {
        **DEFAULTS,
        "id": 0,
        "title": "Buy milk",
        "created_at": "",
        "updated_at": None,
        "completed_at": None,
        "occurrence": None,
        "occurrence_date": None,
        "version": int(answer.headers["etag"].strip('"')),
        "uid": None,
        "list_id": None,
        "parent_id": None,
        "position": created["position"],
    }
    assert abs(datetime.fromisoformat(created["created_at"]) - began) < timedelta(minutes=1)

    found = ann.get(answer.headers["location"])
    assert (task(found), found.headers["etag"]) == (created, answer.headers["etag"])
    assert ann.tasks() == [created]

    patched = ann.patch(path_of(created), json={"status": "InProgress", "description": "Two litres"})
    assert task(patched) == created | {"status": "InProgress", "description": "Two litres"} | given(patched.json())
    assert datetime.fromisoformat(patched.json()["updated_at"]) >= datetime.fromisoformat(created["created_at"])

    replaced = ann.put(path_of(created), json={"title": "Buy oat milk"})
    assert task(replaced) == created | {"title": "Buy oat milk"} | given(replaced.json())
    assert replaced.json()["updated_at"] > patched.json()["updated_at"]
    assert len({answer.headers["etag"], patched.headers["etag"], replaced.headers["etag"]}) == 3
    assert task(ann.get(path_of(created))) == ann.tasks()[0] == replaced.json()

    deleted = ann.delete(path_of(created))
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert not {"content-type", "etag", "content-length"} & deleted.headers.keys()
    for method, body in [("GET", None), ("HEAD", None), *WRITES]:
        assert write(ann, path_of(created), method, body).status_code == 404
    assert ann.tasks() == []


def given(changed: dict[str, Any]) -> dict[str, Any]:
    """What a change makes by itself."""
    return {name: changed[name] for name in ("updated_at", "completed_at", "version")}


@pytest.mark.parametrize("status", ["Todo", "InProgress", "Done"])
@pytest.mark.parametrize("description", [None, "", " ", "x" * 10_000, "🧀" * 10_000])
def test_a_task_is_kept_as_it_was_sent(ann: Person, status: str, description: str | None) -> None:
    sent = {"title": "Milk", "description": description, "status": status}

    created = task(ann.post("/tasks", json=sent), 201)

    assert {name: created[name] for name in sent} == sent
    assert task(ann.get(path_of(created))) == created


TITLES = [
    "x",
    "x" * 255,
    "🧀" * 255,
    "  spaces around  ",
    "\t\n a \r\n",
    "Zażółć gęślą jaźń",
    "\u200b",
    "\ufeff",
    "e\u0301 is not \u00e9",
    "\u202egnirts",
    '"\\/\b\f\x01\x7f\u2028\u2029<script>&amp;',
    "'; drop table tasks; --",
    "%s %(title)s {title} $1 :title",
    "\ufffe\uffff\U0010ffff",
    "null",
]


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_kept_to_the_letter(ann: Person, title: str) -> None:
    created = ann.adds(title)

    assert created["title"] == title
    assert task(ann.patch(path_of(created), json={"title": title}))["title"] == title
    assert task(ann.put(path_of(created), json={"title": title}))["title"] == title
    assert ann.tasks()[0]["title"] == title


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": "🧀" * 256}, "title"),
    ({"title": " \u3000"}, "title"),
    ({"title": None}, "title"),
    ({"title": 1}, "title"),
    ({"description": "x" * 10_001}, "description"),
    ({"description": 0}, "description"),
    ({"status": None}, "status"),
    ({"status": "todo"}, "status"),
    ({"status": 0}, "status"),
    ({"owner_id": "bob"}, "owner_id"),
]
"""One of each type of wrongness; `unit/test_task_bodies.py` has the others."""


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_a_wrong_field_is_refused_by_every_write_and_changes_nothing(
    ann: Person, wrong: dict[str, Any], field: str
) -> None:
    milk = ann.adds("Milk")

    for method, path, sent in [
        ("POST", "/tasks", {"title": "Milk", **wrong}),
        ("PUT", path_of(milk), {"title": "Milk", **wrong}),
        ("PATCH", path_of(milk), wrong),
    ]:
        document = problem(write(ann, path, method, sent), 422, "validation_failed")
        assert [error["loc"] for error in document["errors"]] == [["body", field]]
        assert document["detail"].startswith(f"body.{field}: ")

    assert ann.tasks() == [milk]


def test_a_task_that_was_done_elsewhere_keeps_since_when(ann: Person) -> None:
    done = {"title": "Buy milk", "status": "Done", "completed_at": "2019-03-10T18:00:00+01:00"}

    created = task(ann.post("/tasks", json=done), 201)
    [in_a_batch] = ann.post("/tasks/batch", json={"operations": [{"op": "create", "task": done}]}).json()["results"]

    assert created["completed_at"] == in_a_batch["task"]["completed_at"] == "2019-03-10T17:00:00+00:00"
    assert task(ann.patch(path_of(created), json={"title": "x"}))["completed_at"] == created["completed_at"]
    replaced = ann.put(path_of(created), json={"title": "x", "status": "Done"})
    assert task(replaced)["completed_at"] == created["completed_at"]
    assert task(ann.patch(path_of(created), json={"status": "Todo"}))["completed_at"] is None


def test_a_completion_in_the_future_counts_as_now(ann: Person) -> None:
    done = {"title": "Buy milk", "status": "Done"}
    from_the_future = task(ann.post("/tasks", json=done | {"completed_at": "2999-01-01T00:00:00Z"}), 201)
    absent = task(ann.post("/tasks", json=done | {"completed_at": None}), 201)

    assert from_the_future["completed_at"] == from_the_future["created_at"]
    assert absent["completed_at"] == absent["created_at"]


@pytest.mark.parametrize("status", [{}, {"status": "Todo"}, {"status": "InProgress"}])
def test_only_a_task_that_is_done_was_completed(ann: Person, status: dict[str, str]) -> None:
    sent = {"title": "Buy milk", "completed_at": "2019-03-10T18:00:00Z", **status}

    assert "status Done" in problem(ann.post("/tasks", json=sent), 422, "validation_failed")["detail"]
    assert ann.tasks() == []


def test_when_a_task_was_completed_is_said_at_its_creation_alone(ann: Person) -> None:
    made = ann.adds("Milk")
    sent = {"title": "Milk", "status": "Done", "completed_at": "2019-03-10T18:00:00Z"}

    for method in "PUT", "PATCH":
        assert "completed_at" in problem(write(ann, path_of(made), method, sent), 422, "validation_failed")["detail"]


@pytest.mark.parametrize("body", [{}, {"status": "Done"}, {"description": "Two litres"}, {"titel": "Milk"}])
def test_a_title_is_required_and_put_points_to_patch(ann: Person, body: dict[str, Any]) -> None:
    milk = ann.adds("Milk")

    created = problem(ann.post("/tasks", json=body), 422, "validation_failed")
    replaced = problem(ann.put(path_of(milk), json=body), 422, "validation_failed")

    assert created["detail"] == "body.title: This field is required."
    assert "PATCH" in replaced["detail"]
    assert ann.tasks() == [milk]


def test_put_gives_an_omitted_field_its_default(ann: Person) -> None:
    milk = ann.adds("Milk", description="Two litres", status="Done")

    replaced = task(ann.put(path_of(milk), json={"title": "Milk"}))

    assert (replaced["description"], replaced["status"]) == (None, "Todo")
    assert (replaced["id"], replaced["created_at"]) == (milk["id"], milk["created_at"])


def test_put_never_creates(ann: Person) -> None:
    problem(ann.put(f"/tasks/{NEVER_GIVEN}", json={"title": "Milk"}), 404, "task_not_found")

    assert ann.tasks() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_to_the_same_values_is_a_change(ann: Person, method: str) -> None:
    milk = ann.adds("Milk")
    before = etag_of(ann, milk)

    first, second = (write(ann, path_of(milk), method, {"title": "Milk"}) for _ in range(2))

    assert task(first) | {"updated_at": None, "version": milk["version"]} == milk
    assert first.json()["updated_at"] is not None
    assert second.json()["updated_at"] > first.json()["updated_at"]
    assert len({before, first.headers["etag"], second.headers["etag"]}) == 3


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "Cheese"},
        {"description": "Old"},
        {"description": None},
        {"description": ""},
        {"status": "Todo"},
        {"title": "Cheese", "description": None, "status": "Done"},
    ],
)
def test_patch_changes_what_is_sent_and_no_more(ann: Person, sent: dict[str, Any]) -> None:
    milk = ann.adds("Milk", description="Two litres", status="InProgress")

    patched = task(ann.patch(path_of(milk), json=sent))

    assert patched == milk | sent | given(patched)
    assert patched["updated_at"] is not None
    assert ann.tasks() == [patched]


def test_an_empty_patch_changes_nothing_at_all(ann: Person) -> None:
    milk = ann.adds("Milk")
    before = etag_of(ann, milk)

    answer = ann.patch(path_of(milk), json={})

    assert (task(answer), answer.headers["etag"]) == (milk, before)
    assert etag_of(ann, milk) == before


def test_ids_come_from_one_sequence_and_are_never_given_again(ann: Person, bob: Person) -> None:
    given = []
    for person in (ann, bob, ann):
        given.append(person.adds("Milk"))
        person.delete(path_of(given[-1]))

    assert given[0]["id"] < given[1]["id"] < given[2]["id"]


def test_only_the_token_says_whose_a_task_is(ann: Person, bob: Person) -> None:
    created = task(ann.post(f"/tasks?owner_id={bob.id}", json={"title": "Milk"}, headers={"X-User-ID": bob.id}), 201)

    assert ann.tasks() == [created]
    assert bob.tasks() == []


# Ids in paths

WRONG_IDS = [
    *("0", "01", "-1", "1.0", "abc", "..", "9007199254740992", "9" * 5000),
    *("%20", "1%0A", "%00", "%EF%BC%91", "%ff", "1%3Fx=1", "%25%31"),
]
"""One of each type; `unit/test_parameters.py` has the others."""


@pytest.mark.parametrize("task_id", WRONG_IDS)
def test_an_id_that_can_be_none_is_refused(api: str, ann: Person, task_id: str) -> None:
    for method, body in [
        (b"GET", b""),
        (b"HEAD", b""),
        (b"DELETE", b""),
        (b"PUT", b'{"title":"x"}'),
        (b"PATCH", b"{}"),
    ]:
        answer = ask(api, method, f"/tasks/{task_id}".encode(), token=ann.token, body=body, is_json=bool(body))

        assert answer.status_code == 422
        if method != b"HEAD":
            document = problem(answer, 422, "validation_failed")
            assert document["errors"][0]["loc"] == ["path", "task_id"]


@pytest.mark.parametrize("task_id", [1, 9, 10, 2**31, 2**32, 2**53 - 1])
def test_an_id_that_was_not_given_to_me_is_not_found(ann: Person, task_id: int) -> None:
    problem(ann.get(f"/tasks/{task_id}"), 404, "task_not_found")


def test_an_id_means_the_same_when_it_is_percent_encoded(api: str, ann: Person) -> None:
    milk = ann.adds("Milk")
    encoded = "".join(f"%{ord(digit):02X}" for digit in str(milk["id"])).encode()

    assert task(ask(api, b"GET", b"/tasks/" + encoded, token=ann.token)) == milk
