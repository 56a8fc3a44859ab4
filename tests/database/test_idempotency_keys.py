"""Idempotency keys while release 0.1 serves beside this one: it knows `task_id` alone, which was before `row_id`."""

from uuid import uuid4

from support.databases import asked
from support.people import Person


def test_an_answer_that_0_1_has_remembered_is_replayed_whole(database_url: str, ann: Person) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = ann.post("/tasks", json={"title": "Milk"}, headers=key)
    asked(database_url, "update idempotency_keys set row_id = null where owner_id = %s", ann.id)

    again = ann.post("/tasks", json={"title": "Milk"}, headers=key)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    for name in ("location", "etag"):
        assert again.headers[name] == first.headers[name]


def test_0_1_finds_what_is_remembered_here(database_url: str, ann: Person) -> None:
    created = ann.post("/tasks", json={"title": "Milk"}, headers={"Idempotency-Key": "one"})
    ann.delete(created.headers["location"])
    ann.post(f"{created.headers['location']}/restore", headers={"Idempotency-Key": "two"})

    found = asked(database_url, "select row_id, task_id from idempotency_keys where owner_id = %s", ann.id)

    assert found == [(created.json()["id"], created.json()["id"])] * 2
