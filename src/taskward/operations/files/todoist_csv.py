"""A project as Todoist exports it, in CSV: tasks with their indent, sections, and comments on the task above.

There is no id in it: a task is known again by its project, its place and its content.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from taskward.operations.files.english_dates import When, when
from taskward.operations.files.fields import KEPT, add_text, fits, keep, tags_in
from taskward.operations.files.records import Entries, Flawed, LeftOut, Record, uid_from
from taskward.operations.files.source import MAX_LINE_BYTES, Source, TooLong
from taskward.operations.numbers import number_of
from taskward.tasks import zones
from taskward.tasks.model import instant as instant_in
from taskward.tasks.series import instant, local

NEEDED = {"TYPE", "CONTENT"}
TAKEN = {
    "TYPE",
    "CONTENT",
    "DESCRIPTION",
    "PRIORITY",
    "INDENT",
    "DATE",
    "DATE_LANG",
    "TIMEZONE",
    "DEADLINE",
    "DEADLINE_LANG",
}
PRIORITIES = {"1": "high", "2": "medium", "3": "low"}

MOST_COLUMNS = 100


class Lines(Iterator[str]):
    """For the CSV reader, which goes on behind a line that is too long."""

    def __init__(self, source: Source) -> None:
        self.lines = source.lines()
        self.number = 0

    def __next__(self) -> str:
        line = next(self.lines)
        self.number = line.number
        if line.text is None:
            raise TooLong(line.number)
        return line.text


@dataclass(slots=True)
class Row:
    line: int
    cells: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "").strip()


@dataclass(slots=True)
class Project:
    """Where the reader is."""

    name: str
    list_uid: str
    now: datetime
    number: int = 0
    section: str = ""
    parent_uid: str | None = None
    """Of the last task of the first level."""
    waiting: Record | None = None
    """The task whose comments may follow."""
    names: list[str] = field(default_factory=list)


def check(source: Source) -> None:
    """
    Raises:
        FileRefused: it is no file of Todoist's.
    """
    if not source.stem:
        raise source.refuse("has no name, which is that of the project: give the file itself.")
    header_of(source)


def header_of(source: Source) -> tuple[str, list[str]]:
    """The delimiter, and the names of the columns.

    Raises:
        FileRefused
    """
    first = next(source.lines())
    for delimiter in ",;\t":
        try:
            names = next(csv.reader([first.text or ""], delimiter=delimiter), [])
        except csv.Error:
            continue
        names = [name.strip().upper() for name in names]
        if set(names) >= NEEDED and len(names) <= MOST_COLUMNS:
            return delimiter, names
    raise source.refuse("is no project that Todoist exported: its first line must have the columns TYPE and CONTENT.")


def read(source: Source, now: datetime) -> Entries:
    """Of a file that was checked."""
    csv.field_size_limit(MAX_LINE_BYTES)
    delimiter, names = header_of(source)
    list_uid = uid_from("todoist-csv list", source.stem)
    project = Project(source.stem, list_uid, now, names=names)
    yield Record(1, "list", {"uid": list_uid, "name": source.stem})
    lines = Lines(source)
    next(lines)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except TooLong as long:
            yield Flawed(long.line, str(long))
            continue
        except csv.Error:
            yield Flawed(line, "This is no line of CSV, or a cell in it is not closed.")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            yield Flawed(line, f"There are {len(cells)} cells, and the file has {number_of(len(names), 'column')}.")
            continue
        yield from entries(project, Row(line, dict(zip(names, cells, strict=False))))
    if project.waiting is not None:
        yield project.waiting


def entries(project: Project, row: Row) -> Entries:
    kind = row["TYPE"].lower()
    if kind == "note" and project.waiting is not None:
        if add_text(project.waiting.fields, row["CONTENT"]):
            yield LeftOut(row.line, f"a comment, {KEPT} of its task")
        else:
            yield LeftOut(row.line, "a comment for which the description has no room")
        return
    if kind == "task":
        if project.waiting is not None:
            yield project.waiting
        project.waiting = task_in(project, row)
        return
    if kind == "section":
        if project.waiting is not None:
            yield project.waiting
            project.waiting = None
        project.section, project.parent_uid = row["CONTENT"], None
        yield LeftOut(row.line, "a section, kept as a tag of its tasks")
    elif kind == "note":
        yield LeftOut(row.line, "a comment on the project")
    elif kind == "meta" or ("=" in row["CONTENT"] and not kind):
        yield LeftOut(row.line, "how the project looks in Todoist")
    else:
        yield Flawed(row.line, "TYPE: This must be task, section or note.")


def task_in(project: Project, row: Row) -> Record:
    project.number += 1
    title, tags = title_and_labels(row["CONTENT"])
    fields: dict[str, Any] = {
        "uid": uid_from("todoist-csv", project.name, str(project.number), row["CONTENT"]),
        "title": title,
        "description": row["DESCRIPTION"] or None,
        "list_uid": project.list_uid,
        "place": project.number,
    }
    left_out = [name for name, cell in row.cells.items() if name not in TAKEN and cell.strip()]
    if row["PRIORITY"] in PRIORITIES:
        fields["priority"] = PRIORITIES[row["PRIORITY"]]
    elif row["PRIORITY"] not in ("", "4"):
        left_out.append("PRIORITY")
    if project.section:
        tags.append(project.section)
    fields["tags"] = tags_in(tags, left_out, of="labels and sections")
    indent = int(row["INDENT"]) if re.fullmatch("[0-9]{1,3}", row["INDENT"]) else 1
    if indent > 1 and project.parent_uid is not None:
        fields["parent_uid"] = project.parent_uid
        if indent > 2:
            left_out.append("INDENT over 2: it has become a subtask of the task of the first level")
    else:
        project.parent_uid = fields["uid"]
    set_due(fields, row, project.now, left_out)
    return Record(row.line, "task", fields, left_out)


def title_and_labels(content: str) -> tuple[str, list[str]]:
    """Labels are words that begin with @, which Todoist writes behind the name."""
    words = content.split(" ")
    labels: list[str] = []
    while len(words) > 1 and words[-1].startswith("@") and len(words[-1]) > 1:
        labels.insert(0, words.pop()[1:])
    return " ".join(words).rstrip() if labels else content, labels


def set_due(fields: dict[str, Any], row: Row, now: datetime, left_out: list[str]) -> None:
    zone = row["TIMEZONE"] if zones.is_known(row["TIMEZONE"]) else None
    if row["TIMEZONE"] and zone is None:
        left_out.append("TIMEZONE")
    today = local(now, zone or "UTC").date()
    for name in ("DATE", "DEADLINE"):
        text = row[name]
        if not text:
            continue
        has_due, exact = "due_on" in fields or "due_at" in fields, exact_in(text)
        if exact is not None and not has_due:
            fields |= {"due_at": exact, "time_zone": zone}
            continue
        found = due_in(text, row[f"{name}_LANG"], today)
        if found is None or has_due:
            left_out.append(keep(fields, name, text))
            continue
        moment = None if found.clock is None or zone is None else instant(found.day, found.clock, zone)
        if moment is not None:
            fields |= {"due_at": moment.isoformat(), "time_zone": zone}
        else:
            fields["due_on"] = found.day.isoformat()
        if found.rule is not None and not fits(found.rule, fields, counts_from_completion=found.is_from_completion):
            left_out.append(keep(fields, name, text))
            continue
        if found.rule is not None:
            fields["recurrence"] = found.rule
            fields["recurrence_anchor"] = "completion" if found.is_from_completion else "due"
        if moment is None and found.clock is not None:
            left_out.append(keep(fields, name, text, " with a time of no TIMEZONE"))


def due_in(text: str, language: str, today: date) -> When | None:
    """In another language than English only what is in none."""
    return when(text, today) if language.lower() in ("", "en") or text[:4].isdigit() else None


def exact_in(text: str) -> str | None:
    """`2026-03-10T17:00:00Z`, which is an instant whatever the zone."""
    try:
        return instant_in(text).isoformat()
    except ValueError:
        return None
