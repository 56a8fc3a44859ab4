"""What became of a file, row by row."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from taskward.operations.files.temporary import temporary_tables

MOST_NAMES = 200
"""Of what is left out: a file can make up as many names as it has lines."""

LINES_TOLD = 5

NOUNS = (
    ("list", "list", "lists"),
    ("task", "task", "tasks"),
    ("trashed", "in the trash", "in the trash"),
    ("completion", "completion", "completions"),
)

LONGEST_NAME = 120

OTHER_NAMES = "others"

NO_REASONS = (
    "  why could not be kept until here: there is no room for temporary files. Set TMPDIR to a folder with more, "
    "and run the same command again."
)


@dataclass
class Named:
    count: int = 0
    lines: list[int] = field(default_factory=list)
    """The first of them."""

    def add(self, line: int) -> None:
        self.count += 1
        if len(self.lines) < LINES_TOLD and line not in self.lines:
            self.lines.append(line)

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.lines) else ""
        return f"{self.count} (line {', '.join(map(str, self.lines))}{more})"


class Report:
    """`failures` wait for the end in a file, in the order of their lines: there may be more of them than memory."""

    def __init__(self, failures: sqlite3.Connection) -> None:
        self.made: Counter[str] = Counter()
        self.there: Counter[str] = Counter()
        self.failed = 0
        self.failures = failures
        failures.execute("create table failure (line int, reason text)")
        self.left_out_fields: dict[str, Named] = {}
        self.left_out_rows: dict[str, Named] = {}

    @property
    def rows(self) -> int:
        left_out = sum(named.count for named in self.left_out_rows.values())
        return self.made.total() + self.there.total() + self.failed + left_out

    def fail(self, line: int, reason: str) -> None:
        self.failed += 1
        with suppress(sqlite3.OperationalError):  # there is no room, which `reasons` tells
            self.failures.execute("insert into failure values (?, ?)", (line, reason))

    def leave_out_row(self, line: int, name: str) -> None:
        add(self.left_out_rows, name, line)

    def leave_out_fields(self, line: int, names: list[str]) -> None:
        for name in names:
            add(self.left_out_fields, name, line)

    def lines(self, *, is_dry_run: bool) -> Iterator[str]:
        yield f"{'would be made' if is_dry_run else 'made':<15}{counted(self.made)}"
        yield f"{'there already':<15}{counted(self.there)}"
        yield f"{'failed':<15}{self.failed}"
        yield from self.reasons()
        for title, found in (("rows left out", self.left_out_rows), ("fields left out", self.left_out_fields)):
            if found:
                yield title
                yield from (f"  {name}: {found[name]}" for name in sorted(found))

    def reasons(self) -> Iterator[str]:
        try:
            for line, reason in self.failures.execute("select line, reason from failure order by line, rowid"):
                yield f"  line {line}: {reason}"
        except sqlite3.OperationalError:
            yield NO_REASONS


def add(found: dict[str, Named], name: str, line: int) -> None:
    name = "".join(filter(str.isprintable, name[:LONGEST_NAME]))
    if name not in found and len(found) >= MOST_NAMES:
        name = OTHER_NAMES
    found.setdefault(name, Named()).add(line)


def counted(numbers: Counter[str]) -> str:
    parts = [f"{numbers[kind]} {noun if numbers[kind] == 1 else nouns}" for kind, noun, nouns in NOUNS if numbers[kind]]
    return ", ".join(parts) or "nothing"


@contextmanager
def reporting() -> Iterator[Report]:
    with temporary_tables() as tables:
        yield Report(tables)
