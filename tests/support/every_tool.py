"""One call of every tool, each about what those before it have made."""

from collections.abc import Iterator
from typing import Any

Calls = Iterator[tuple[str, dict[str, Any]]]


def every_tool() -> Any:
    """A generator of tools and arguments, that is sent what each has answered."""
    first = yield "add_list", {"name": "Errands", "color": "#2E7D32", "request_id": "a-list"}
    list_id = first["list"]["id"]
    new = [
        {"title": "Milk", "list_id": list_id, "tags": ["shop"], "due_on": "2026-03-10", "priority": "high"},
        {"title": "Rent", "due_on": "2026-03-01", "recurrence": "FREQ=MONTHLY", "description": "By transfer"},
        {"title": "Call", "due_at": "2026-03-10T18:00:00+01:00", "time_zone": "Europe/Warsaw",
         "reminders": [{"minutes_before": 10}]},
    ]  # fmt: skip
    milk, rent, call = (yield "add_tasks", {"tasks": new, "request_id": "three tasks".replace(" ", "-")})["tasks"]
    found = yield "find_tasks", {"text": "milk", "status": ["Todo"], "due_before": "2026-03-11", "list_id": list_id}
    assert [task["id"] for task in found["tasks"]] == [milk["id"]]
    assert (yield "list_lists", {})["lists"] == [first["list"]]
    changed = yield (
        "change_task",
        {
            "task_id": rent["id"],
            "description": "By standing order",
            "version": rent["version"],
            "clear": ["priority"],
        },
    )
    assert changed["task"]["description"] == "By standing order"
    completed = yield "complete_task", {"task_id": rent["id"], "occurrence": 1}
    assert completed["completion"]["occurrence"] == 1
    moved = yield "move_task", {"task_id": call["id"], "list_id": list_id, "after": milk["id"]}
    assert moved["task"]["list_id"] == list_id
    trashed = yield "trash_task", {"task_id": milk["id"], "version": milk["version"]}
    assert trashed == {"task_id": milk["id"], "is_in_trash": True}
    restored = yield "restore_task", {"task_id": milk["id"]}
    assert restored["task"]["title"] == "Milk"
    last = yield "get_task", {"task_id": milk["id"]}
    assert last == restored
