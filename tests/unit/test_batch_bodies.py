"""What the bodies of batches take and refuse. A value of each type goes over HTTP in tests/api."""

from typing import Any

import httpx
import pytest

from support.answers import problem
from support.refusals import refusal

NEVER_GIVEN = 2**53 - 1


def refused(*operations: Any) -> httpx.Response:
    return refusal("POST", "/tasks/batch", {"operations": operations})


def create(title: str) -> dict[str, Any]:
    return {"op": "create", "task": {"title": title}}


def nested_lists(depth: int) -> list[Any]:
    return [] if depth == 1 else [nested_lists(depth - 1)]


WRONG: list[tuple[Any, list[Any]]] = [
    (3, []),
    (None, []),
    ([], []),
    ({}, []),
    ({"op": "put", "task": {"title": "x"}}, []),
    ({"op": None}, []),
    ({"op": ["create"]}, []),
    ({"task": {"title": "x"}}, []),
    ({"op": "create"}, ["task"]),
    ({"op": "create", "task": None}, ["task"]),
    ({"op": "create", "task": {}}, ["task", "title"]),
    ({"op": "create", "task": {"title": ""}}, ["task", "title"]),
    ({"op": "create", "task": {"title": "x", "id": 1}}, ["task", "id"]),
    ({"op": "create", "task": {"title": "x"}, "if_match": "*"}, ["if_match"]),
    ({"op": "create", "task": {"title": "x"}, "id": 1}, ["id"]),
    ({"op": "patch", "patch": {}}, ["id"]),
    ({"op": "patch", "id": 1}, ["patch"]),
    ({"op": "patch", "id": 1, "patch": []}, ["patch"]),
    ({"op": "patch", "id": 1, "patch": {"title": None}}, ["patch", "title"]),
    ({"op": "patch", "id": 1, "patch": {"tags": [""]}}, ["patch", "tags", 0]),
    ({"op": "patch", "id": 1, "patch": {"due_on": "2026-03-10", "due_at": "2026-03-10T00:00:00Z"}}, ["patch"]),
    ({"op": "patch", "id": 1, "patch": {}, "if_match": None}, ["if_match"]),
    ({"op": "patch", "id": 1, "patch": {}, "if_match": 3}, ["if_match"]),
    ({"op": "patch", "id": 1, "patch": {}, "if_match": ["*"]}, ["if_match"]),
    *(({"op": "delete", "id": wrong}, ["id"]) for wrong in (0, -1, 2**53, 1.5, 1e300, "1", True, None, [1], 10**40)),
    ({"op": "delete", "id": 1, "task": {}}, ["task"]),
    ("\0", []),
    ({"op": "\0"}, ["op"]),
    ({"op": "create", "\0": 1}, []),
    ({"op": "create", "task": {"title": "a\0b"}}, ["task", "title"]),
    ({"op": "create", "task": {"title": "\ud800"}}, ["task", "title"]),
    ({"op": "create", "task": {"title": "a", "tags": ["b", "\0"]}}, ["task", "tags", 1]),
    ({"op": "patch", "id": 1, "patch": {"description": "\0"}}, ["patch", "description"]),
    ({"op": "patch", "id": 1, "patch": {"of no kind 2718": "\0"}}, ["patch"]),
    ({"op": "delete", "id": 1, "if_match": "\0"}, ["if_match"]),
    ({"op": "create", "task": nested_lists(30)}, ["task", *[0] * 29]),
]


@pytest.mark.parametrize(("wrong", "place"), WRONG)
def test_shapes_come_first_for_all_operations(wrong: Any, place: list[Any]) -> None:
    answer = refused({"op": "delete", "id": NEVER_GIVEN}, create("Milk"), wrong, {"op": "of_no_kind_2718"})

    document = problem(answer, 422, "validation_failed", 2)
    problem(refused(wrong, create("a\0b")), 422, "validation_failed", 0)
    assert document["errors"][0]["loc"] == ["body", "operations", 2, *place]
    assert {tuple(error["loc"][:3]) for error in document["errors"]} == {("body", "operations", 2)}
    assert all(error["message"].endswith(".") for error in document["errors"])
    assert "2718" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operations": []},
        {"operations": [{"op": "create", "task": {"title": "x"}}] * 101},
        {"operations": [0] * 101},
        {"operations": {}},
        {"operations": None},
        {"operations": [{"op": "create", "task": {"title": "x"}}], "atomic": True},
        {"operations": [{"op": "create", "task": {"title": ""}}], "atomic": True},
        {"operations": [{"op": "create", "task": {"title": "\0"}}], "atomic": True},
        {"operations": [{"op": "create", "task": {"title": "x"}}] * 100 + [{"op": "create", "task": {"title": "\0"}}]},
        [],
        [{"op": "create", "task": {"title": "x"}}],
        None,
        "x",
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_names_no_operation(body: Any) -> None:
    problem(refusal("POST", "/tasks/batch", body), 422, "validation_failed", None)
