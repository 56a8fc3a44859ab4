"""What is somebody else's does not exist."""

from typing import Any

import pytest

from support.answers import evidence
from support.people import Person
from support.writes import NEVER_GIVEN, WRITES, etag_of, path_of, write


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
