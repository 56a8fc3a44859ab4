"""`Tasks.json` of Google Takeout: lists, and in each its tasks.

Google knows days alone, writes them as midnights, and has subtasks of one level. What was deleted there stays away.
"""

from typing import Any

from taskward.operations.files.json_stream import JsonStream
from taskward.operations.files.records import MAX_PLACE, Entries, Flawed, LeftOut, Record, uid_from
from taskward.operations.files.source import Source
from taskward.strict_json import NotStrict, flaw_in

KNOWN = {"id", "title", "notes", "status", "due", "completed", "created", "parent", "position", "deleted"}
OF_GOOGLE = {"kind", "etag", "selfLink", "task_type", "updated"}
"""What says nothing of the task itself, or when Google last touched it."""

STATUS = {"needsAction": "Todo", "completed": "Done"}

MOST_LISTS = 10_000
LONGEST = 1_000
"""Lists whose titles are read ahead, and characters of these: a longer one is refused when its turn comes."""


def check(source: Source) -> None:
    """
    Raises:
        FileRefused: it is no file of Google's.
    """
    try:
        titles = list_titles(source)
    except NotStrict as flaw:
        raise source.refuse(f"is no Tasks.json of Google Takeout. {flaw}") from None
    if titles is None:
        raise source.refuse('is no Tasks.json of Google Takeout: it has no "items" with lists.')


def list_titles(source: Source) -> dict[int, tuple[str, Any]] | None:
    """Of each list, in their order, its id and its title, which may stand behind its tasks. None: there are none."""
    stream, titles = JsonStream(source), None
    for name in stream.members():
        if name != "items" or titles is not None:
            stream.value()
            continue
        titles = {}
        for number, _ in enumerate(stream.elements()):
            if number >= MOST_LISTS:
                raise NotStrict("There are too many lists.")
            known: dict[str, Any] = {}
            for member in stream.members():
                if member == "items":
                    for _ in stream.elements():
                        stream.value()
                elif member in ("id", "title"):
                    value = stream.value()
                    known[member] = value[:LONGEST] if isinstance(value, str) else value
                else:
                    stream.value()
            titles[number] = (str(known.get("id") or number), known.get("title"))
    if stream.peek():
        raise NotStrict("Something stands behind its end.")
    return titles


def read(source: Source) -> Entries:
    """Of a file that was checked."""
    titles = list_titles(source) or {}
    stream = JsonStream(source)
    seen_items = False
    place = 0
    for name in stream.members():
        if name != "items" or seen_items:
            stream.value()
            continue
        seen_items = True
        for number, _ in enumerate(stream.elements()):
            stream.peek()
            list_id, title = titles.get(number, ("", None))
            list_uid = uid_from("google-tasks list", list_id)
            yield Record(stream.count_lines(), "list", {"uid": list_uid, "name": title})
            for member in stream.members():
                if member != "items":
                    stream.value()
                    continue
                for _ in stream.elements():
                    stream.peek()
                    line = stream.count_lines()
                    place += 1
                    yield entry(line, stream.value(), list_uid, place)


def entry(line: int, task: Any, list_uid: str, place: int) -> Record | Flawed | LeftOut:
    if not isinstance(task, dict):
        return Flawed(line, "A task must be an object.")
    flaw = flaw_in(task)
    if flaw is not None:
        return Flawed(line, flaw.reason)
    task_id = task.get("id")
    if not isinstance(task_id, str) or not task_id:
        return Flawed(line, "id: This field is required.")
    if task.get("deleted") is True:
        return LeftOut(line, "deleted in Google Tasks")
    left_out = [
        name for name, value in task.items() if name not in KNOWN | OF_GOOGLE and value not in (None, False, [], "")
    ]
    status = task.get("status", "needsAction")
    fields: dict[str, Any] = {
        "uid": uid_from("google-tasks", task_id),
        "title": task.get("title", ""),
        "description": task.get("notes"),
        "status": STATUS.get(status, status) if isinstance(status, str) else status,
        "list_uid": list_uid,
        "place": place_in(task.get("position"), place),
    }
    if task.get("due") is not None:
        fields["due_on"] = task["due"][:10] if isinstance(task["due"], str) else task["due"]
    if fields["status"] == "Done" and task.get("completed") is not None:
        fields["completed_at"] = task["completed"]
    if task.get("created") is not None:
        fields["created_at"] = task["created"]
    if isinstance(task.get("parent"), str) and task["parent"]:
        fields["parent_uid"] = uid_from("google-tasks", task["parent"])
    return Record(line, "task", fields, left_out, rises=True)


def place_in(position: Any, otherwise: int) -> int:
    """Google's positions are numbers that order the tasks of one list, or of one parent."""
    is_number = isinstance(position, str) and position.isascii() and position.isdigit()
    return min(int(position), MAX_PLACE) if is_number and len(position) <= 30 else otherwise
