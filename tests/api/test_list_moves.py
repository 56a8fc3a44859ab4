"""The order of lists, and who may be named as a place in it."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from support.answers import evidence, problem
from support.people import Person
from support.refusals import refusal

NEVER_GIVEN = 2**53 - 1


def adds(person: Person, *names: str) -> dict[str, dict[str, Any]]:
    made = {}
    for name in names:
        answer = person.post("/lists", json={"name": name, "uid": str(uuid4())})
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()
    return made


def names(person: Person) -> str:
    found = person.get("/lists").json()
    assert found == sorted(found, key=lambda each: (each["position"].encode(), each["id"]))
    return "".join(each["name"] for each in found)


@pytest.mark.parametrize("key", ["id", "uid"])
def test_a_list_goes_behind_or_in_front_of_another_or_to_an_end(ann: Person, key: str) -> None:
    made = adds(ann, *"abcd")

    for name, move, order in [
        ("d", {"after": made["a"][key]}, "adbc"),
        ("a", {"before": made["c"][key]}, "dbac"),
        ("c", {"to": "first"}, "cdba"),
        ("d", {"to": "last"}, "cbad"),
        ("d", {"to": "last"}, "cbad"),
        ("c", {"before": made["b"][key]}, "cbad"),
        ("b", {"after": made["d"][key]}, "cadb"),
    ]:
        before = ann.get(f"/lists/{made[name]['id']}").json()
        answer = ann.post(f"/lists/{made[name][key]}/move", json=move)
        moved = answer.json()
        assert (answer.status_code, answer.headers["etag"]) == (200, f'"{moved["version"]}"')
        assert moved["version"] > before["version"]
        assert moved == {**before, **{field: moved[field] for field in ("position", "version", "updated_at")}}
        assert names(ann) == order


def test_behind_or_in_front_of_itself_it_stays_and_counts_as_changed(ann: Person) -> None:
    made = adds(ann, *"abc")["b"]

    for move in ({"after": made["id"]}, {"before": made["uid"]}):
        moved = ann.post(f"/lists/{made['id']}/move", json=move).json()
        assert (moved["position"], moved["version"] > made["version"]) == (made["position"], True)
        assert moved["updated_at"] is not None
    assert names(ann) == "abc"


def test_a_new_list_is_last_whatever_was_moved(ann: Person) -> None:
    made = adds(ann, *"abc")
    ann.post(f"/lists/{made['a']['id']}/move", json={"to": "last"})

    adds(ann, "d")

    assert names(ann) == "bcad"


def test_moves_by_chance_are_those_of_a_plain_list(ann: Person) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    made = adds(ann, *"abcdef")
    order = list("abcdef")

    for _ in range(60):
        name, anchor = chance.choice(order), chance.choice(order)
        goes = chance.choice(["after", "before", "first", "last"])
        move = {"to": goes} if goes in ("first", "last") else {goes: made[anchor]["id"]}
        assert ann.post(f"/lists/{made[name]['id']}/move", json=move).status_code == 200
        if goes in ("first", "last") or anchor != name:
            order.remove(name)
            at = {"first": 0, "last": len(order)}.get(goes)
            order.insert(order.index(anchor) + (goes == "after") if at is None else at, name)
        assert names(ann) == "".join(order)


def test_writers_at_the_same_time_make_no_two_places_alike(ann: Person) -> None:
    made = adds(ann, *"abcdefgh")
    anchor = made["a"]["id"]

    with ThreadPoolExecutor(4) as threads:
        moving = [f"/lists/{made[name]['id']}/move" for name in "bcdefgh" * 4]
        answers = list(threads.map(lambda path: ann.post(path, json={"after": anchor}), moving))

    assert {answer.status_code for answer in answers} == {200}
    assert len({each["position"] for each in ann.get("/lists").json()}) == 8
    assert names(ann)[0] == "a"


def test_a_move_is_made_once_under_a_key(ann: Person) -> None:
    made = adds(ann, *"abc")
    path, key = f"/lists/{made['c']['id']}/move", {"Idempotency-Key": str(uuid4())}

    first = ann.post(path, json={"to": "first"}, headers=key)
    ann.post(path, json={"to": "last"})
    again = ann.post(path, json={"to": "first"}, headers=key)

    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert again.headers["idempotent-replayed"] == "true"
    assert names(ann) == "abc"
    problem(ann.post(path, json={"to": "last"}, headers=key), 422, "idempotency_key_reused")


def test_if_match_is_looked_at_before_the_anchor(ann: Person) -> None:
    made = adds(ann, "a")["a"]
    path, move = f"/lists/{made['id']}/move", {"after": NEVER_GIVEN}

    problem(ann.post(path, json=move, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    missing(ann.post(path, json=move, headers={"If-Match": f'"{made["version"]}"'}), "after")
    problem(ann.post(f"/lists/{NEVER_GIVEN}/move", json=move), 404, "list_not_found")
    assert ann.get("/lists").json() == [made]
    moved = ann.post(path, json={"to": "last"}, headers={"If-Match": f'"{made["version"]}"'})
    assert moved.status_code == 200


def test_if_match_is_required_where_the_settings_say_so(person: Callable[..., Person], careful_api: str) -> None:
    ann = person("ann", api=careful_api)
    made = adds(ann, "a")["a"]

    problem(ann.post(f"/lists/{made['id']}/move", json={"to": "last"}), 428, "precondition_required")


def missing(answer: Any, field: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (422, "reference_not_found"), answer.text
    message = "There is no such list."
    assert answer.json()["errors"] == [{"loc": ["body", field], "message": message, "type": "reference_not_found"}]
    assert answer.json()["detail"] == f"body.{field}: {message}"


@pytest.mark.parametrize("field", ["after", "before"])
def test_an_anchor_that_is_absent_deleted_or_a_strangers_is_one_and_the_same(
    ann: Person, bob: Person, field: str
) -> None:
    made, hers = adds(ann, *"abc"), adds(bob, "x")["x"]
    ann.delete(f"/lists/{made['b']['id']}")
    path = f"/lists/{made['a']['id']}/move"
    anchors = [hers["id"], hers["uid"], made["b"]["id"], made["b"]["uid"], NEVER_GIVEN, str(uuid4())]

    answers = [ann.post(path, json={field: anchor}) for anchor in anchors]

    for answer in answers:
        missing(answer, field)
        assert evidence(answer) == evidence(answers[0])
    key = {"Idempotency-Key": str(uuid4())}
    missing(ann.post(path, json={field: NEVER_GIVEN}, headers=key), field)
    assert ann.post(path, json={"to": "first"}, headers=key).status_code == 200  # a refusal is not remembered
    assert names(ann) == "ac"


def test_a_strangers_list_is_not_moved(ann: Person, bob: Person) -> None:
    made = adds(ann, *"ab")["a"]

    for move in ({"to": "last"}, {"after": made["id"]}):
        answers = [
            evidence(bob.post(f"/lists/{name}/move", json=move))
            for name in (made["id"], made["uid"], NEVER_GIVEN, uuid4())
        ]
        assert answers == [answers[0]] * 4
        assert answers[0].status == 404
    assert names(ann) == "ab"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"after": 1, "before": 2},
        {"after": 1, "to": "last"},
        {"to": "middle"},
        {"to": None},
        {"after": None},
        {"after": 0},
        {"after": "1"},
        {"after": "6f1d3c1e8a4b4c579d0e2b7f5a9c1e34"},
        {"after": True},
        {"list_id": 1},
        {"to": "last", "position": "5"},
        [],
        None,
    ],
)
def test_a_move_names_one_place(body: Any) -> None:
    problem(refusal("POST", "/lists/1/move", body), 422, "validation_failed")


def test_a_move_takes_no_parameters() -> None:
    problem(refusal("POST", "/lists/1/move?to=last", {"to": "last"}), 422, "validation_failed")
