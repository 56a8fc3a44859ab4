"""What is wrong with a request, as its reader is told: a sentence about what was sent, in words for it."""

from typing import Any

import pytest

from support.answers import problem
from support.refusals import BODY_METHODS, refusal

LONG = "x" * 10_001
BLANK = "At least one character must be one that is not white space."
DAY_OR_INSTANT = (
    "A day is written as YYYY-MM-DD, and an instant as YYYY-MM-DDThh:mm:ss with an offset: Z, +hh:mm or -hh:mm."
)


@pytest.mark.parametrize(
    ("field", "value", "most"),
    [("title", LONG, 255), ("description", LONG, 10_000), ("time_zone", LONG, 255), ("recurrence", LONG, 255)],
)
def test_a_text_that_is_too_long_is_told_in_characters(field: str, value: str, most: int) -> None:
    for method, path in BODY_METHODS:
        document = problem(refusal(method, path, {"title": "Milk", field: value}), 422, "validation_failed")
        assert document["detail"] == f"body.{field}: String should have at most {most} characters."


def test_a_text_that_is_too_long_is_told_in_characters_in_a_batch_too() -> None:
    answer = refusal("POST", "/tasks/batch", {"operations": [{"op": "create", "task": {"title": LONG}}]})

    document = problem(answer, 422, "validation_failed", operation=0)
    assert document["detail"] == "body.operations.0.task.title: String should have at most 255 characters."


@pytest.mark.parametrize(
    ("method", "target", "body", "detail"),
    [
        ("POST", "/lists", {"name": LONG}, "body.name: String should have at most 255 characters."),
        ("PATCH", "/lists/1", {"name": ""}, f"body.name: {BLANK}"),
        ("POST", "/tasks", {"title": ""}, f"body.title: {BLANK}"),
        (
            *("POST", "/tasks", {"title": "Milk", "tags": ["home", LONG]}),
            "body.tags.1: String should have at most 50 characters.",
        ),
        ("POST", "/tasks/batch", {"operations": []}, "body.operations: List should have at least 1 item."),
        (
            *("POST", "/tasks/batch", {"operations": [{"op": "delete", "id": 1}] * 101}),
            "body.operations: List should have at most 100 items.",
        ),
        (
            *("POST", "/tasks", {"title": "a", "recurrence": "FREQ=DAILY", "due_on": "2026-03-01", "status": "Done"}),
            "body.status: A task that begins to recur is not Done, and a new series makes it Todo: "
            "leave out recurrence, or the status.",
        ),
        ("POST", "/tasks", b'{"title": "Milk",\n "status": }', "body: It is not valid JSON, at line 2, column 12."),
        ("POST", "/tasks", b"\xef\xbb\xbf{}", "body: It is not valid JSON: it begins with a byte order mark."),
        ("GET", f"/tasks?limit={'9' * 17}", ..., "query.limit: This number is too large."),
        ("GET", f"/changes?wait={'9' * 5000}", ..., "query.wait: This number is too large."),
        ("GET", "/tasks?due_before=tomorrow", ..., f"query.due_before: {DAY_OR_INSTANT}"),
        ("GET", "/changes?done_since=", ..., f"query.done_since: {DAY_OR_INSTANT}"),
    ],
)
def test_a_refusal_says_what_to_send(method: str, target: str, body: Any, detail: str) -> None:
    document = problem(refusal(method, target, body), 422, "validation_failed")

    assert document["detail"] == detail


@pytest.mark.parametrize(
    ("method", "target", "values"),
    [
        ("GET", "/tasks?overdue=false", "'true'"),
        ("GET", "/tasks?count=1", "'true'"),
        ("DELETE", "/lists/1?tasks=x", "'inbox' or 'trash'"),
    ],
)
def test_a_value_that_is_none_of_a_parameters_is_one_error(method: str, target: str, values: str) -> None:
    document = problem(refusal(method, target), 422, "validation_failed")

    assert [error["message"] for error in document["errors"]] == [f"Input should be {values}."]


@pytest.mark.parametrize("key", ["", " ", "two words", "é", "k" * 256])
def test_an_idempotency_key_that_is_none_is_told_what_one_is(key: str) -> None:
    answer = refusal("POST", "/tasks", {"title": "Milk"}, headers={"Idempotency-Key": key})

    assert problem(answer, 422, "validation_failed")["detail"] == (
        "header.Idempotency-Key: A key has 1 to 255 visible characters of ASCII, and no space."
    )
