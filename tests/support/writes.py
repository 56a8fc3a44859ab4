"""Every way to write to a task that is there, for tests of what all of them have in common."""

from typing import Any

import httpx

from support.people import Person

NEVER_GIVEN = 2**53 - 1
"""The largest id there could be, so that no task has it."""

WRITES: list[tuple[str, Any]] = [
    ("PUT", {"title": "Mine"}),
    ("PATCH", {"title": "Mine"}),
    ("PATCH", {}),
    ("DELETE", None),
]


def write(person: Person, path: str, method: str, body: Any, **headers: str) -> httpx.Response:
    """`headers` with `_` for `-` in their names."""
    options = {} if body is None else {"json": body}
    return person.send(
        method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}, **options
    )


def path_of(task: dict[str, Any]) -> str:
    return f"/tasks/{task['id']}"


def etag_of(person: Person, task: dict[str, Any]) -> str:
    """The current one."""
    return str(person.get(path_of(task)).headers["etag"])
