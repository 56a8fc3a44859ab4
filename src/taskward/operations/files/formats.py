"""The formats, by the names that `--format` takes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from taskward.operations.files import google_tasks, icalendar_todos, taskward_lines, todoist_csv
from taskward.operations.files.records import Entries
from taskward.operations.files.source import Source


@dataclass(frozen=True, slots=True)
class Format:
    check: Callable[[Source], None]
    read: Callable[[Source, datetime], Entries]
    """Of a file that was checked; what is relative in it, to this moment. The same each time."""
    mark: Callable[[Source], str] = lambda source: source.stem
    """What tells this file from others of its format."""


FORMATS = {
    "taskward": Format(taskward_lines.check, lambda source, _: taskward_lines.read(source), taskward_lines.mark_of),
    "todoist-csv": Format(todoist_csv.check, todoist_csv.read),
    "google-tasks": Format(google_tasks.check, lambda source, _: google_tasks.read(source)),
    "ics": Format(icalendar_todos.check, lambda source, _: icalendar_todos.read(source)),
}
