"""The end of a list, and a place for it among the others."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from support.answers import problem
from support.databases import asked
from support.people import Person

NEVER_GIVEN = 2**53 - 1


def a_list(person: Person, name: str = "Errands", **fields: Any) -> dict[str, Any]:
    answer = person.post("/lists", json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(person: Person) -> list[str]:
    return [found["name"] for found in person.get("/lists").json()]


def titles(person: Person, **query: Any) -> list[str]:
    return [task["title"] for task in person.get("/tasks", params={"sort": "position", **query}).json()]


def fills(person: Person, list_id: int, count: int) -> None:
    for start in range(0, count, 100):
        numbers = range(start, min(start + 100, count))
        tasks = [{"op": "create", "task": {"title": f"{number:05}", "list_id": list_id}} for number in numbers]
        assert person.post("/tasks/batch", json={"operations": tasks}).status_code == 200


# Moving


@pytest.mark.parametrize(
    ("place", "order"),
    [
        ({"to": "first"}, ["c", "a", "b", "d"]),
        ({"to": "last"}, ["a", "b", "d", "c"]),
        ({"after": "a"}, ["a", "c", "b", "d"]),
        ({"before": "b"}, ["a", "c", "b", "d"]),
        ({"after": "d"}, ["a", "b", "d", "c"]),
        ({"after": "c"}, ["a", "b", "c", "d"]),
        ({"before": "c"}, ["a", "b", "c", "d"]),
    ],
)
def test_a_list_goes_to_its_place(ann: Person, place: dict[str, str], order: list[str]) -> None:
    lists = {name: a_list(ann, name, uid=str(uuid4())) for name in "abcd"}
    asked_for: dict[str, Any] = {key: lists[name]["id"] if key != "to" else name for key, name in place.items()}
    by_uid = {key: lists[name]["uid"] if key != "to" else name for key, name in place.items()}

    moved = ann.post(f"/lists/{lists['c']['id']}/move", json=asked_for)

    assert moved.status_code == 200
    assert moved.json()["version"] > lists["c"]["version"]
    assert moved.headers["etag"] == f'"{moved.json()["version"]}"'
    assert names(ann) == order
    positions = [found["position"] for found in ann.get("/lists").json()]
    assert positions == sorted(positions)
    assert ann.post(f"/lists/{lists['c']['uid']}/move", json=by_uid).status_code == 200
    assert names(ann) == order


@pytest.mark.parametrize("body", [{}, {"to": "first", "after": 1}, {"to": "middle"}, {"after": None}, {"at": 1}, []])
def test_a_move_names_one_place(ann: Person, body: Any) -> None:
    path = f"/lists/{a_list(ann)['id']}/move"

    assert problem(ann.post(path, json=body), 422, "validation_failed")


def test_an_anchor_that_is_not_there_is_told_where_it_stands(ann: Person, bob: Person) -> None:
    path, his = f"/lists/{a_list(ann)['id']}/move", a_list(bob, uid=str(uuid4()))
    gone = a_list(ann)["id"]
    assert ann.delete(f"/lists/{gone}").status_code == 204

    answers = [
        problem(ann.post(path, json={"after": anchor}), 422, "reference_not_found")
        for anchor in (NEVER_GIVEN, gone, his["id"], his["uid"], str(uuid4()))
    ]

    assert answers[0]["errors"][0]["loc"] == ["body", "after"]
    assert all(answer == answers[0] for answer in answers)


def test_a_move_looks_at_if_match_and_happens_once_under_a_key(ann: Person, bob: Person) -> None:
    first, second = a_list(ann, "a"), a_list(ann, "b")
    path = f"/lists/{second['id']}/move"

    problem(ann.post(path, json={"to": "first"}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    problem(bob.post(path, json={"to": "first"}), 404, "list_not_found")
    keyed = {"If-Match": f'"{second["version"]}"', "Idempotency-Key": "move"}
    moved = ann.post(path, json={"to": "first"}, headers=keyed)
    assert ann.post(f"/lists/{first['id']}/move", json={"to": "first"}).status_code == 200
    again = ann.post(path, json={"to": "first"}, headers=keyed)

    assert (moved.status_code, again.content) == (200, moved.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert names(ann) == ["a", "b"]


# Deleting


def test_an_empty_list_goes_and_one_with_tasks_asks_where_they_go(ann: Person, bob: Person) -> None:
    made = a_list(ann, uid=str(uuid4()))
    path = f"/lists/{made['id']}"
    task = ann.adds("Milk", list_id=made["id"])

    document = problem(ann.delete(path), 409, "list_not_empty")
    assert "tasks=inbox" in document["detail"]
    problem(bob.delete(path), 404, "list_not_found")
    problem(ann.delete(path, params={"tasks": "elsewhere"}), 422, "validation_failed")
    problem(ann.delete(path, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert ann.delete(f"/tasks/{task['id']}").status_code == 204
    answer = ann.delete(path, headers={"If-Match": f'"{made["version"]}"'})

    assert (answer.status_code, answer.content) == (204, b"")
    problem(ann.delete(path), 404, "list_not_found")
    assert ann.get("/lists").json() == []
    # Its task in the trash is of no list, and comes back into the inbox.
    [trashed] = ann.get("/trash").json()
    assert trashed["list_id"] is None
    assert ann.post(f"/tasks/{task['id']}/restore").json()["list_id"] is None
    # The uid is free again.
    assert a_list(ann, uid=made["uid"])["id"] != made["id"]


def test_what_was_deleted_keeps_no_name(ann: Person, database_url: str) -> None:
    made = a_list(ann, "Surprise party", color="#ff0000")

    ann.delete(f"/lists/{made['id']}")

    [row] = asked(
        database_url, "select name, color, version, deleted_at is not null from lists where id = %s", made["id"]
    )
    assert (row[0], row[1], row[3]) == ("deleted", None, True)
    assert row[2] > made["version"]


def test_to_the_inbox_they_go_behind_what_is_there_in_their_order(ann: Person) -> None:
    made = a_list(ann)["id"]
    for title in ("a", "b", "c"):
        ann.adds(title, list_id=made)
    parent = ann.adds("p", list_id=made)["id"]
    child = ann.adds("p1", parent_id=parent)
    assert ann.post(f"/tasks/{child['id']}/move", json={"to": "first"}).status_code == 200
    ann.adds("Inbox")

    answer = ann.delete(f"/lists/{made}", params={"tasks": "inbox"})

    assert answer.status_code == 204
    assert titles(ann, list="inbox") == ["Inbox", "p1", "a", "b", "c", "p"]
    assert ann.get(f"/tasks/{child['id']}").json()["parent_id"] == parent
    assert ann.get(f"/tasks/{child['id']}").json()["version"] > child["version"]


def test_to_the_trash_families_go_together_and_come_back_together(ann: Person) -> None:
    made = a_list(ann)["id"]
    parent, other = ann.adds("p", list_id=made)["id"], ann.adds("o", list_id=made)["id"]
    children = [ann.adds(f"p{number}", parent_id=parent)["id"] for number in range(3)]

    assert ann.delete(f"/lists/{made}", params={"tasks": "trash"}).status_code == 204
    assert ann.tasks() == []
    assert len(ann.get("/trash").json()) == 5
    assert ann.post(f"/tasks/{parent}/restore").status_code == 200

    assert [task["id"] for task in ann.tasks()] == [parent, *children]
    assert {task["list_id"] for task in ann.tasks()} == {None}
    assert [task["id"] for task in ann.get("/trash").json()] == [other]


@pytest.mark.parametrize("destination", ["inbox", "trash"])
def test_many_tasks_go_in_portions_of_a_thousand(ann: Person, destination: str) -> None:
    made = a_list(ann)
    path, query = f"/lists/{made['id']}", {"tasks": destination}
    fills(ann, made["id"], 2_050)

    first = ann.delete(path, params=query, headers={"Idempotency-Key": "1"})
    again = ann.delete(path, params=query, headers={"Idempotency-Key": "1"})
    # What somebody puts there in the meantime goes too.
    late = ann.adds("late", list_id=made["id"])
    second = ann.delete(path, params=query, headers={"Idempotency-Key": "2", "If-Match": f'"{made["version"]}"'})
    last = ann.delete(path, params=query)

    assert (first.status_code, first.json()) == (200, {"left": 1_050})
    assert (again.json(), again.headers["idempotent-replayed"]) == ({"left": 1_050}, "true")
    assert (second.status_code, second.json()) == (200, {"left": 51})
    assert last.status_code == 204
    if destination == "inbox":
        got = titles(ann, list="inbox", limit=500)
        assert got == [f"{number:05}" for number in range(500)]
        assert ann.get(f"/tasks/{late['id']}").json()["list_id"] is None
    else:
        assert ann.tasks() == []


def test_a_family_is_never_cut(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    made = a_list(ann)["id"]
    for number in range(3):
        parent = ann.adds(f"{number}", list_id=made)["id"]
        tasks = [{"op": "create", "task": {"title": f"{number}.{child}", "parent_id": parent}} for child in range(100)]
        for _ in range(4):
            assert ann.post("/tasks/batch", json={"operations": tasks}).status_code == 200
    # Three families of 401: two of them fit.
    answer = ann.delete(f"/lists/{made}", params={"tasks": "trash"})

    assert (answer.status_code, answer.json()) == (200, {"left": 401})
    live = {task["id"] for task in ann.get("/tasks", params={"limit": 500}).json()}
    assert len(live) == 401
    assert {task["parent_id"] for task in ann.get("/tasks", params={"limit": 500}).json()} <= live | {None}


def test_whoever_puts_a_task_there_meanwhile_finds_the_list_or_is_told_that_it_is_gone(ann: Person) -> None:
    made = a_list(ann)["id"]
    fills(ann, made, 1_200)

    def puts(number: int) -> int:
        return ann.post("/tasks", json={"title": f"late {number}", "list_id": made}).status_code

    def deletes(_: int) -> int:
        return ann.delete(f"/lists/{made}", params={"tasks": "trash"}).status_code

    with ThreadPoolExecutor(6) as pool:
        written = [pool.submit(puts, number) for number in range(30)]
        deleted = [pool.submit(deletes, number) for number in range(6)]
        statuses = [each.result() for each in written]
        ends = [each.result() for each in deleted]

    assert set(statuses) <= {201, 422}
    assert ends.count(204) == 1
    assert set(ends) <= {200, 204, 404}
    assert ann.tasks() == []
    assert len(ann.get("/trash", params={"limit": 500}).json()) == 500
