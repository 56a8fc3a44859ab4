"""What makes a request valid and an OpenAPI document cannot say, for Schemathesis, which loads this file itself.

A request that it means to be valid then names the current version in If-Match, a cursor that was given out with the
query that it belongs to, a short wait, a known time zone, and an Idempotency-Key that is new; it refers to no list and
to no other task. What it means to be invalid stays as it is.
"""

import json
import re
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import schemathesis
from schemathesis import Case, HookContext, Response

numbers = count()
OURS = httpx.Client(trust_env=False, verify=False)
etags: dict[str, str] = {}
next_pages: dict[str, dict[str, list[str]]] = {}
"""The query of the latest link, of each path that has given one out."""
tokens: list[str] = []
"""Of /changes, as they were given out."""
TIME_ZONE = "Europe/Warsaw"
idempotency_keys: set[str] = set()


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if case.operation.path in ("/tasks/{task_id}/restore", "/trash/{task_id}"):
        case.path_parameters["task_id"] = str(in_trash((case.operation.base_url or "").rstrip("/")))
    if case.operation.path in ("/tasks/{task_id}/complete", "/tasks/{task_id}/skip"):
        case.path_parameters["task_id"] = str(recurring((case.operation.base_url or "").rstrip("/")))
        case.headers.setdefault("Idempotency-Key", f"another-{next(numbers)}")
    if case.operation.path == "/me":  # in the middle of the life of others' tasks, so somebody else's it is
        case.headers["Authorization"] = authorization_of(1)
    if "If-Match" in case.headers:
        case.headers["If-Match"] = etags.get(case.formatted_path, "*")
    if case.headers.get("Idempotency-Key") in idempotency_keys:
        case.headers["Idempotency-Key"] = f"another-{next(numbers)}"
    idempotency_keys.add(case.headers.get("Idempotency-Key", ""))
    if "cursor" in case.query:
        del case.query["cursor"]
        if case.formatted_path in next_pages:
            case.query = dict(next_pages[case.formatted_path])
    if "since" in case.query:
        del case.query["since"]
        if tokens:
            case.query["since"] = tokens[-1]
            case.query.pop("done_since", None)
    if "wait" in case.query:  # no longer than Schemathesis does
        case.query["wait"] = "1"
    if isinstance(case.query.get("time_zone"), str):
        case.query["time_zone"] = TIME_ZONE
    if str(case.query.get("sort")).endswith("position"):
        case.query["list"] = ["inbox"]
    mend(case.body)


def in_trash(api: str) -> int:
    """The id of a new task that lies in the trash. Nobody else has met it: there is no use after the end of others."""
    headers = {"Authorization": authorization_of(0)}
    created = OURS.post(f"{api}/tasks", json={"title": "Trash"}, headers=headers)
    OURS.delete(f"{api}{created.headers['location']}", headers=headers)
    task_id: int = created.json()["id"]
    return task_id


def recurring(api: str) -> int:
    """The id of a new task that recurs."""
    weekly = {"title": "Weekly", "recurrence": "FREQ=WEEKLY", "due_on": "2026-03-10"}
    created = OURS.post(f"{api}/tasks", json=weekly, headers={"Authorization": authorization_of(0)})
    task_id: int = created.json()["id"]
    return task_id


def authorization_of(number: int) -> str:
    """Of one of the people."""
    [header] = json.loads(Path("people.json").read_text())["auth"][number]["fixedHeaders"]
    value: str = header["value"]
    return value


def mend(body: Any) -> None:
    """A task, or a batch of operations on tasks."""
    if not isinstance(body, dict):
        return
    if isinstance(body.get("time_zone"), str):
        body["time_zone"] = TIME_ZONE
    if isinstance(body.get("recurrence"), str):
        body.update(recurrence="FREQ=DAILY", due_on="2026-03-10", due_at=None, status="Todo")
        body.pop("completed_at", None)
    elif body.keys() & {"due_on", "due_at", "time_zone"}:
        body["recurrence"] = None  # or what it is sent to might recur, and need what is cleared here
    if any("minutes_before" in reminder for reminder in body.get("reminders", ())):
        body["reminders"] = [{"days_before": 1, "time": "18:00"}]
    for reference in ("list_id", "parent_id", "after", "before"):
        body.pop(reference, None)
    for operation in body.get("operations", ()):
        if "if_match" in operation:
            operation["if_match"] = "*"
        mend(operation.get("task") or operation.get("patch") or operation.get("move"))


@schemathesis.hook
def after_call(_: HookContext, case: Case[Any], response: Response) -> None:
    for etag in response.headers.get("etag", ()):
        [path] = response.headers.get("location", [case.formatted_path])
        etags[path] = etag
    if case.operation.path == "/changes" and response.status_code == 200 and response.content:  # to HEAD there is none
        tokens.append(response.json()["next"])
    for link in response.headers.get("link", ()):
        [query] = re.findall(r"<\?([^>]+)>", link)
        next_pages[case.formatted_path] = parse_qs(query)
