"""What is somebody else's does not exist."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.answers import evidence
from support.people import Person
from support.writes import NEVER_GIVEN, WRITES, etag_of, path_of, write
from taskward.app import openapi_document
from taskward.settings import read_settings


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("HEAD", None), *WRITES, ("PUT", {"title": ""}), ("PATCH", {"title": None})]
)
@pytest.mark.parametrize(
    "condition", [{}, {"If-Match": "{}"}, {"If-Match": "*"}, {"If-Match": '"1"'}, {"If-None-Match": "{}"}]
)
def test_a_strangers_task_does_not_exist(
    ann: Person, bob: Person, method: str, body: Any, condition: dict[str, str]
) -> None:
    milk = ann.adds("Milk")
    version = etag_of(ann, milk)
    headers = {name: value.format(version) for name, value in condition.items()}
    options = {} if body is None else {"json": body}

    strangers = bob.send(method, path_of(milk), headers=headers, **options)
    never_given = bob.send(method, f"/tasks/{NEVER_GIVEN}", headers=headers, **options)

    assert evidence(strangers) == evidence(never_given)
    assert strangers.status_code in (404, 422)
    assert (ann.tasks(), etag_of(ann, milk)) == ([milk], version)
    assert bob.tasks() == []


DOCUMENT = openapi_document(read_settings())
CALLS_ON_ONE = [
    (method, path)
    for path, operations in DOCUMENT["paths"].items()
    for method in operations
    if re.search(r"\{(task|list)_id\}", path)
]


def body_for(method: str, path: str) -> dict[str, Any]:
    """The first example of it in the document."""
    schema = str(DOCUMENT["paths"][path][method].get("requestBody", ""))
    shape = re.search(r"#/components/schemas/(\w+)", schema)
    return {"json": DOCUMENT["components"]["schemas"][shape[1]]["examples"][0]} if shape else {}


@pytest.mark.parametrize(("method", "path"), CALLS_ON_ONE)
def test_every_call_on_one_row_takes_its_uid_and_knows_no_strangers(
    ann: Person, bob: Person, method: str, path: str
) -> None:
    uid, nobodys = str(uuid4()), str(uuid4())
    is_list, in_trash = "list_id" in path, path.startswith("/trash") or path.endswith("/restore")
    new = {"name": "Errands"} if is_list else {"title": "Milk", "due_on": "2026-03-10", "recurrence": "FREQ=DAILY"}
    made = ann.post("/lists" if is_list else "/tasks", json={**new, "uid": uid}).json()
    if in_trash:
        assert ann.delete(f"/tasks/{uid}").status_code == 204

    def call(person: Person, name: str | int, **headers: str) -> httpx.Response:
        asked = re.sub(r"\{(task|list)_id\}", str(name), path)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return person.send(method.upper(), asked, headers=sent, **body_for(method, path))

    for headers in ({}, {"If_Match": "*"}, {"If_Match": f'"{made["version"]}"'}, {"Idempotency_Key": str(uuid4())}):
        absent = evidence(call(bob, NEVER_GIVEN, **headers))
        assert evidence(call(bob, nobodys, **headers)) == absent
        assert evidence(call(bob, uid, **headers)) == absent
        assert evidence(call(bob, made["id"], **headers)) == absent
        assert absent.status == 404
    assert call(ann, uid, Idempotency_Key=str(uuid4())).status_code in (200, 204, 409, 422)


def test_a_deleted_task_is_as_one_that_never_was(ann: Person, bob: Person) -> None:
    milk = ann.adds("Milk")
    ann.delete(path_of(milk))

    for person in (ann, bob):
        for method, body in [("GET", None), *WRITES]:
            assert evidence(write(person, path_of(milk), method, body)) == evidence(
                write(person, f"/tasks/{NEVER_GIVEN}", method, body)
            )


def test_lists_hold_ones_own_tasks_alone(ann: Person, bob: Person) -> None:
    for title in ("one", "two", "three"):
        ann.adds(f"{title} of Ann")
        bob.adds(f"{title} of Bob")

    for person, name in ((ann, "Ann"), (bob, "Bob")):
        for query in ({}, {"skip": 0}, {"limit": 500}):
            assert [found["title"] for found in person.tasks(**query)] == [
                f"{title} of {name}" for title in ("one", "two", "three")
            ]
