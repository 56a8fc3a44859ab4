"""What the contract says of one person's tasks, in plain Python: no HTTP, no SQL, nothing of Taskward's own.

A task is the JSON that a client must read. What only the server knows (`GIVEN`) is taken over from its answer,
and `test_lives.py` says what must hold of it.
"""

from collections.abc import Mapping
from typing import Any

Task = dict[str, Any]

DEFAULTS: Mapping[str, Any] = {"description": None, "status": "Todo"}
GIVEN = ("id", "created_at", "updated_at")


def created(sent: Task) -> Task:
    return {**DEFAULTS, **sent}


def replaced(task: Task, sent: Task) -> Task:
    return {**task, **DEFAULTS, **sent}


def changed(task: Task, sent: Task) -> Task:
    return {**task, **sent}


def written(task: Task) -> Task:
    """Only what a client can write."""
    return {name: value for name, value in task.items() if name not in GIVEN}
