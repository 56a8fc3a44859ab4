"""Our own format, which `exporting.py` writes: a line of JSON for each row."""

from typing import Any

from taskward.operations.files.records import SHAPES, Entries, Flawed, Kind, Record
from taskward.operations.files.source import FileRefused, Line, Source
from taskward.operations.numbers import number_of
from taskward.strict_json import NotStrict, parse

FORMAT = "taskward/1"

NEW_HERE = {"id", "version", "position", "list_id", "parent_id"}
"""What a row has anew wherever it is: it is not left out."""

KEPT_TO_BE_FOUND = {"list": ("id",), "task": ("id", "parent_id"), "completion": ("task_id",)}

STARTS = {"{": "google-tasks", "BEGIN:VCALENDAR": "ics", "TYPE,": "todoist-csv", "TYPE;": "todoist-csv"}


def check(source: Source) -> None:
    """Whether it is whole.

    Raises:
        FileRefused
    """
    first: Any = None
    last = ""
    count = -1
    for line in source.lines():
        if line.text is not None and not line.text.strip():
            continue
        if count < 0:
            first = begun(source, line)
        last = line.text or ""
        count += 1
    if first is None:
        raise source.refuse("is empty.")
    end = object_in(last)
    number = end.get("lines") if count > 0 else None
    if type(number) is not int or len(end) != 1:
        raise source.refuse("is cut: the last line, which says how many there are, is missing.")
    if number != count - 1:
        raise source.refuse(
            f"is not whole: it has {number_of(count - 1, 'row')}, and had {number} when it was written."
        )


def begun(source: Source, line: Line) -> dict[str, Any]:
    """
    Raises:
        FileRefused: it is of another format.
    """
    text = line.text or ""
    first = object_in(text)
    if first.get("format") == FORMAT:
        return first
    if isinstance(first.get("format"), str) and first["format"].startswith("taskward/"):
        raise source.refuse("was written by a newer release than this, which does not know its format.")
    for start, name in STARTS.items():
        if text.lstrip().upper().startswith(start) and not first:
            raise source.refuse(f"is not of the format {FORMAT}. If it is another's, say so: --format {name}.")
    raise source.refuse(f"is not of the format {FORMAT}, which `taskward export` writes.")


def object_in(text: str) -> dict[str, Any]:
    try:
        value = parse(text.encode())
    except NotStrict:
        return {}
    return value if isinstance(value, dict) else {}


def mark_of(source: Source) -> str:
    """The same for the same export."""
    for line in source.lines():
        return line.text or ""
    raise FileRefused


def read(source: Source) -> Entries:
    rows = (line for line in source.lines() if line.text is None or line.text.strip())
    next(rows)
    before = None
    for line in rows:  # the last is no row
        if before is not None:
            yield entry(before)
        before = line


def entry(line: Line) -> Record | Flawed:
    if line.text is None:
        return Flawed(line.number, "The line is longer than that of any task.")
    try:
        value = parse(line.text.encode())
    except NotStrict as flaw:
        return Flawed(line.number, str(flaw))
    kind = next(iter(value)) if isinstance(value, dict) and len(value) == 1 else None
    if kind not in SHAPES or not isinstance(value[kind], dict):
        return Flawed(line.number, 'This must be {"list": {…}}, {"task": {…}} or {"completion": {…}}.')
    return record(line.number, kind, value[kind])


def record(line: int, kind: Kind, row: dict[str, Any]) -> Record:
    known = SHAPES[kind].model_fields.keys() - (NEW_HERE - set(KEPT_TO_BE_FOUND[kind]))
    fields = {name: value for name, value in row.items() if name in known}
    left_out = [name for name, value in row.items() if name not in known | NEW_HERE and value is not None]
    return Record(line, kind, fields, left_out)
