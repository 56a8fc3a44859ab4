"""Lists of tasks, the second resource: what is theirs alone. What each resource has is in `test_every_resource.py`."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.answers import evidence, problem
from support.databases import asked
from support.people import Person
from taskward.lists.actions import MAX_LISTS
from taskward.lists.model import ListRead

NEVER_GIVEN = 2**53 - 1


def a_list(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The list of an answer that must hold just one, with its ETag, after a look at its shape."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"{found["version"]}"'
    assert list(found) == list(ListRead.model_fields)
    ListRead.model_validate(found)
    return found


def adds(person: Person, name: str, **fields: Any) -> dict[str, Any]:
    return a_list(person.post("/lists", json={"name": name, **fields}), 201)


def names(person: Person) -> list[str]:
    return [found["name"] for found in person.get("/lists").json()]


def test_a_list_is_made_found_changed_and_replaced(ann: Person) -> None:
    made = adds(ann, "Errands", color="#2E7D32")
    path = f"/lists/{made['id']}"

    assert (made["name"], made["color"], made["uid"], made["updated_at"]) == ("Errands", "#2e7d32", None, None)
    assert a_list(ann.get(path)) == made
    changed = a_list(ann.patch(path, json={"name": "Shops"}))
    assert (changed["name"], changed["color"]) == ("Shops", "#2e7d32")
    replaced = a_list(ann.put(path, json={"name": "Town"}))
    assert (replaced["name"], replaced["color"]) == ("Town", None)
    assert made["version"] < changed["version"] < replaced["version"]
    for name in ("id", "position", "created_at"):
        assert made[name] == changed[name] == replaced[name]
    assert a_list(ann.patch(path, json={"color": "#ABCDEF"}))["color"] == "#abcdef"
    assert a_list(ann.patch(path, json={"color": None}))["color"] is None


def test_all_of_them_are_listed_in_their_order_the_newest_last(ann: Person, bob: Person) -> None:
    assert ann.get("/lists").json() == []
    made = [adds(ann, name) for name in ("b", "a", "b")]
    adds(bob, "of Bob")

    answer = ann.get("/lists")

    assert (answer.status_code, answer.json()) == (200, made)
    assert [found["position"] for found in made] == sorted(found["position"] for found in made)
    assert "link" not in answer.headers
    assert ann.get("/lists/").json() == made
    assert ann.send("HEAD", "/lists").headers["content-length"] == str(len(answer.content))


def test_an_id_is_of_a_sequence_of_its_own(ann: Person) -> None:
    task, made = ann.adds("Milk"), adds(ann, "Errands")

    problem(ann.get(f"/lists/{task['id'] + 10**9}"), 404, "list_not_found")
    assert ann.get(f"/tasks/{task['id']}").json() == task
    assert ann.get(f"/lists/{made['id']}").json() == made


def test_two_spellings_of_a_color_are_one_request(ann: Person) -> None:
    key = {"Idempotency-Key": str(uuid4())}

    first = ann.post("/lists", json={"name": "Errands", "color": "#ABCDEF"}, headers=key)
    again = ann.post("/lists", json={"name": "Errands", "color": "#abcdef"}, headers=key)

    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert names(ann) == ["Errands"]


# As many as there may be


def fills(person: Person, url: str, count: int) -> None:
    made = "insert into lists (owner_id, name, version) select %s, number, number from generate_series(1, %s) number"
    asked(url, made, person.id, count)


def test_there_are_500_and_no_more(ann: Person, bob: Person, database_url: str) -> None:
    fills(ann, database_url, MAX_LISTS - 1)

    adds(ann, "the last")
    document = problem(ann.post("/lists", json={"name": "one too many"}), 409, "limit_reached")

    assert document["detail"] == "There are 500 lists, which is as many as one owner may have; delete one first."
    assert len(names(ann)) == MAX_LISTS
    adds(bob, "of Bob")


def test_a_refusal_is_not_remembered_and_a_replay_is_answered_at_the_limit(ann: Person, database_url: str) -> None:
    first, second = ({"Idempotency-Key": str(uuid4())} for _ in range(2))
    fills(ann, database_url, MAX_LISTS - 1)
    made = ann.post("/lists", json={"name": "the last"}, headers=first)

    assert ann.post("/lists", json={"name": "the last"}, headers=first).content == made.content
    problem(ann.post("/lists", json={"name": "more"}, headers=second), 409, "limit_reached")
    problem(ann.post("/lists", json={"name": "another"}, headers=first), 422, "idempotency_key_reused")
    asked(database_url, "update lists set deleted_at = now() where owner_id = %s and name = '1'", ann.id)
    again = ann.post("/lists", json={"name": "more"}, headers=second)
    assert (again.status_code, "idempotent-replayed" in again.headers) == (201, False)


@pytest.mark.parametrize("has_keys", [False, True])
def test_writers_at_the_same_time_never_make_one_too_many(ann: Person, database_url: str, has_keys: bool) -> None:
    fills(ann, database_url, MAX_LISTS - 3)

    def add(number: int) -> int:
        headers = {"Idempotency-Key": f"{number}"} if has_keys else {}
        return ann.post("/lists", json={"name": f"{number}"}, headers=headers).status_code

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(add, range(16)))

    assert sorted(statuses) == [201] * 3 + [409] * 13
    assert len(names(ann)) == MAX_LISTS


# Strangers


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("GET", None),
        ("HEAD", None),
        ("PUT", {"name": "Stolen"}),
        ("PATCH", {"name": "Stolen"}),
        ("PATCH", {}),
    ],
)
@pytest.mark.parametrize("condition", [{}, {"If-Match": "{}"}, {"If-Match": "*"}, {"If-None-Match": "{}"}])
def test_a_strangers_list_does_not_exist(
    ann: Person, bob: Person, method: str, body: Any, condition: dict[str, str]
) -> None:
    made = adds(ann, "Errands")
    headers = {name: value.format(f'"{made["version"]}"') for name, value in condition.items()}
    options = {} if body is None else {"json": body}

    found = [
        evidence(bob.send(method, f"/lists/{list_id}", headers=headers, **options))
        for list_id in (made["id"], NEVER_GIVEN)
    ]

    assert found[0] == found[1]
    assert found[0].status == 404
    assert (ann.get("/lists").json(), bob.get("/lists").json()) == ([made], [])
