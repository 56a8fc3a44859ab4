"""What every answer must look like, whatever it was asked for."""

from typing import Any

import httpx

from taskward.tasks.model import TaskRead

PROBLEM_MEMBERS = {"type", "title", "status", "code", "detail"}
SHAPE = set(TaskRead.model_fields)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document (RFC 9457) of an answer that must be one, of this status and code."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    document: dict[str, Any] = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["type"].startswith("urn:")
    assert document["title"]
    assert isinstance(document["detail"], str)
    assert document["detail"].endswith(".")
    assert document.keys() - PROBLEM_MEMBERS == ({"errors"} if code == "validation_failed" else set())
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


def refused(answer: httpx.Response, status: int, code: str, operation: int | None) -> dict[str, Any]:
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert (answer.status_code, document["status"], document["code"]) == (status, status, code), answer.text
    assert document.get("operation") == operation
    assert ("operation" in document) is (operation is not None)
    assert document["detail"].endswith(".")
    return document
