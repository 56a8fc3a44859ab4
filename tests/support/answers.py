"""What every answer must look like, whatever it was asked for."""

from typing import Any, NamedTuple

import httpx

from taskward.tasks.model import TaskRead

PROBLEM_MEMBERS = {"type", "title", "status", "code", "detail"}
SHAPE = set(TaskRead.model_fields)


def problem(answer: httpx.Response, status: int, code: str, operation: int | None = None) -> dict[str, Any]:
    """The problem document (RFC 9457) of an answer that must be one, of this status and code.

    `operation` is the one of a batch that it must name; None when it may name none.
    """
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"].startswith("urn:")
    assert document["title"]
    assert isinstance(document["detail"], str)
    assert document["detail"].endswith(".")
    assert document.keys() - PROBLEM_MEMBERS == {
        *(["errors"] if code in ("validation_failed", "reference_not_found") else []),
        *(["operation"] if operation is not None else []),
    }
    assert document.get("operation") == operation
    for error in document.get("errors", ()):
        assert error.keys() == {"loc", "message", "type"}
        assert error["loc"][0] in ("body", "path", "query", "header")
        assert error["message"].endswith(".")
    return document


def task(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The task of an answer that must hold just one, with its ETag."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    assert answer.headers["etag"].strip('"').isdecimal()
    return shaped(answer.json())


def shaped(found: dict[str, Any]) -> dict[str, Any]:
    """The same, after a look at its shape: every member of TaskRead, no other, and times in UTC."""
    assert found.keys() == SHAPE
    TaskRead.model_validate(found)
    for name in ("created_at", "updated_at"):
        assert found[name] is None or found[name].endswith("+00:00")
    return found


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), answer.text
    assert answer.json().keys() == {"results"}
    found: list[dict[str, Any]] = answer.json()["results"]
    for result in found:
        if result["op"] == "delete":
            assert result == {"op": "delete", "status": 204}
        else:
            assert result.keys() == {"op", "status", "task"}
            assert result["status"] == {"create": 201, "patch": 200}[result["op"]]
            shaped(result["task"])
    return found


class Evidence(NamedTuple):
    """All that an answer tells, but for what differs between any two requests."""

    status: int
    headers: dict[str, str]
    body: bytes


def evidence(answer: httpx.Response) -> Evidence:
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return Evidence(answer.status_code, headers, answer.content)
