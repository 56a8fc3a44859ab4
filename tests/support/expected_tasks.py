"""What the contract says of one person's tasks, in plain Python: no HTTP, no SQL, nothing of Taskward's own.

A task is the JSON that a client must read. What only the server knows (`GIVEN`) is taken over from its answer,
and `contract/test_lives.py` says what must hold of it. Which of them a list shows, `expected_lists.py` says.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Task = dict[str, Any]

DEFAULTS: Mapping[str, Any] = {
    "description": None,
    "status": "Todo",
    "priority": None,
    "due_on": None,
    "due_at": None,
    "time_zone": None,
    "tags": [],
    "recurrence": None,
    "recurrence_anchor": "due",
    "reminders": [],
}
WRITABLE = ("title", *DEFAULTS)
"""Every field that all bodies have, in the order in which the document and refusals tell them."""
GIVEN = ("id", "created_at", "updated_at", "completed_at", "version", "occurrence", "occurrence_date", "position")


def created(sent: Task) -> Task:
    return {**DEFAULTS, "uid": None, "list_id": None, "parent_id": None, **sent}


def replaced(task: Task, sent: Task) -> Task:
    return {**task, **DEFAULTS, **sent}


def changed(task: Task, sent: Task) -> Task:
    """A day takes the place of an instant, and the other way round."""
    other = {"due_on": "due_at", "due_at": "due_on"}
    cleared = {other[name]: None for name in other if sent.get(name) is not None}
    return {**task, **sent, **cleared}


def written(task: Task) -> Task:
    """Only what a client can write, the same for two spellings of one instant."""
    return {name: told(name, value) for name, value in task.items() if name not in GIVEN}


def told(name: str, value: Any) -> Any:
    return moment(value) if name == "due_at" and value is not None else value


def completed_at(task: Task, before: Task | None) -> str | None:
    """Since when it is done: since this change, unless it was done before it."""
    if task["status"] != "Done":
        return None
    if before is not None and before["status"] == "Done":
        return str(before["completed_at"])
    return str(task["updated_at"] or task["created_at"])


def meaning(call: str, sent: Any) -> Any:
    """The same for two requests that an idempotency key does not tell apart."""
    if call == "/tasks":
        return call, written(created(sent))
    means = {"task": lambda task: written(created(task)), "patch": written}
    return call, [
        {name: means[name](part) if name in means else part for name, part in operation.items()}
        for operation in sent["operations"]
    ]


def latest_first(trash: Iterable[Task]) -> list[Task]:
    return sorted(trash, key=lambda task: (moment(task["deleted_at"]), task["id"]), reverse=True)


def by_id(tasks: Iterable[Task]) -> list[Task]:
    return sorted(tasks, key=lambda task: int(task["id"]))


def tags_on(tasks: Iterable[Task]) -> list[str]:
    return sorted({tag for task in tasks for tag in task["tags"]})


def moment(time: str) -> datetime:
    return datetime.fromisoformat(time.upper())
