"""Which tasks a list must hold, in which order: filters and sorts of GET /tasks in plain Python."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

from support.expected_tasks import Task
from taskward.tasks import zones

MICROSECOND = timedelta(microseconds=1)


def micro(instant: str) -> int:
    return (datetime.fromisoformat(instant) - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND


def end_of(day: str, zone: str) -> int:
    """The last microsecond before the next day."""
    return zones.start_of_day(date.fromisoformat(day).toordinal() + 1, zone) - 1


def due_of(task: Task, zone: str) -> int | None:
    if task["due_on"] is not None:
        return end_of(task["due_on"], zone)
    return None if task["due_at"] is None else micro(task["due_at"])


def is_due_before(task: Task, bound: str, zone: str) -> bool:
    if len(bound) > 10:
        due = due_of(task, zone)
        return due is not None and due < micro(bound)
    if task["due_on"] is not None:
        return bool(task["due_on"] < bound)
    return task["due_at"] is not None and micro(task["due_at"]) < zones.start_of_day(
        date.fromisoformat(bound).toordinal(), zone
    )


def is_due_after(task: Task, bound: str, zone: str) -> bool:
    if len(bound) > 10:
        due = due_of(task, zone)
        return due is not None and due > micro(bound)
    if task["due_on"] is not None:
        return bool(task["due_on"] > bound)
    return task["due_at"] is not None and micro(task["due_at"]) > end_of(bound, zone)


def words_in(text: str) -> list[str]:
    kept = [c if unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nd" else " " for c in text]
    return [word.lower()[:100] for word in "".join(kept).split(" ") if word]


def is_wanted(task: Task, query: dict[str, Any]) -> bool:
    zone = query.get("time_zone", "UTC")
    text = words_in(f"{task['title']} {task['description'] or ''}")
    return (
        ("status" not in query or task["status"] in query["status"])
        and ("priority" not in query or (task["priority"] or "none") in query["priority"])
        and all(tag in task["tags"] for tag in query.get("tag", ()))
        and ("due_before" not in query or is_due_before(task, query["due_before"], zone))
        and ("due_after" not in query or is_due_after(task, query["due_after"], zone))
        and (
            "overdue" not in query
            or (task["status"] != "Done" and is_due_before(task, datetime.now(UTC).isoformat(), zone))
        )
        and all(any(word.startswith(start) for word in text) for start in words_in(query.get("q", "")))
    )


def in_order(tasks: list[Task], query: dict[str, Any]) -> list[Task]:
    sort = query.get("sort", "created_at")
    by, is_descending = sort.removeprefix("-"), sort.startswith("-")

    def key(task: Task) -> Any:
        match by:
            case "due":
                return due_of(task, query.get("time_zone", "UTC"))
            case "priority":
                return {"high": 1, "medium": 2, "low": 3, None: None}[task["priority"]]
            case "created_at" | "title":
                return task["id"] if by == "created_at" else task["title"]
        return None if task[by] is None else micro(task[by])

    by_id = sorted(tasks, key=lambda task: int(task["id"]), reverse=is_descending)
    with_key = sorted((task for task in by_id if key(task) is not None), key=key)
    if is_descending:
        with_key = sorted((task for task in by_id if key(task) is not None), key=key, reverse=True)
    return with_key + [task for task in by_id if key(task) is None]


def expected(tasks: list[Task], query: dict[str, Any]) -> list[Task]:
    return in_order([task for task in tasks if is_wanted(task, query)], query)
