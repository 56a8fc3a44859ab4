"""What a file holds, as formats tell it: records whose fields are named and written as the API's, and what is none."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field
from sqlalchemy import BigInteger, ColumnElement, FromClause, cast, extract, literal_column

from taskward.lists.model import ListCreate
from taskward.resources.clock import LARGEST_INTEGER
from taskward.resources.shapes import Body, Uid
from taskward.tasks.completions import CompletionKind
from taskward.tasks.model import DueOn, Instant, TaskCreate
from taskward.tasks.recurring import OccurrenceNumber

Kind = Literal["list", "task", "completion"]

NAMESPACE = uuid5(NAMESPACE_URL, "urn:taskward:files")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

MAX_PLACE = 10**20 - 1

Id = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER)]


@dataclass(slots=True)
class Record:
    """A row that is to be made. `line` is where it stands in the file."""

    line: int
    kind: Kind
    fields: dict[str, Any]
    left_out: list[str] = field(default_factory=list)
    """Fields that the row has in the file and will not have here, by name."""
    rises: bool = False
    """Whether a subtask of a subtask becomes one of the task above both, and one whose parent is not there a task of
    its own."""


@dataclass(slots=True)
class Flawed:
    """A row of which no record can be made."""

    line: int
    reason: str


@dataclass(slots=True)
class LeftOut:
    """A row that is nothing for a list of tasks."""

    line: int
    name: str


Entries = Iterator[Record | Flawed | LeftOut]


class ListLine(ListCreate):
    created_at: Instant | None = None
    id: Id | None = None
    """In the file, as `TaskLine.id`."""


class TaskLine(TaskCreate):
    """A new task with its history. Those of another program have less of it."""

    id: Id | None = None
    """In the database that the file was written from: of rows that had no uid there."""
    created_at: Instant | None = None
    deleted_at: Instant | None = None
    list_uid: Uid | None = None
    parent_uid: Uid | None = None
    place: Annotated[int, Field(strict=True, ge=0, le=MAX_PLACE)] = 0
    """Its order among the rows of the file that come to one list."""
    occurrence: OccurrenceNumber | None = None
    occurrence_date: str | None = None
    last_occurrence: OccurrenceNumber | None = None
    series_start: str | None = None
    series_first: OccurrenceNumber | None = None


class CompletionLine(Body):
    task_uid: Uid
    task_id: Id | None = None
    occurrence: OccurrenceNumber
    occurrence_date: str
    kind: CompletionKind
    completed_at: Instant
    due_on: DueOn | None = None
    due_at: Instant | None = None


SHAPES: dict[Kind, type[Body]] = {"list": ListLine, "task": TaskLine, "completion": CompletionLine}


def uid_from(*source: str) -> str:
    """The same for the same source, wherever and whenever it is read. A uid is an owner's own, so no owner is in it."""
    return str(uuid5(NAMESPACE, "\n".join(source)))


def uid_of_row(kind: str, row_id: int, created_us: int) -> UUID:
    """Of a row without a uid. An id alone comes again in another database; not with the microsecond of its creation."""
    return uuid5(NAMESPACE, f"{kind}\n{row_id}\n{created_us}")


def naming(table: FromClause) -> list[ColumnElement[Any]]:
    """What a row is called by in a file: its id, its uid, and where that is null the microsecond for `uid_of_row`."""
    created_us = cast(extract("epoch", table.c.created_at) * literal_column("1000000"), BigInteger)
    return [table.c.id, table.c.uid, created_us]


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND
