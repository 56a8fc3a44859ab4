"""A task: its row and its wire shapes, side by side. A new field is written here and in one migration."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Literal, Self, get_args
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    event,
    text,
)
from sqlalchemy import func as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlmodel import Field as Column
from sqlmodel import SQLModel
from typing_extensions import TypeAliasType

from taskward.lists.model import TABLE as LISTS
from taskward.postgres.statements import domain
from taskward.resources.clock import LARGEST_INTEGER, VERSION_NUMBER
from taskward.resources.positions import LAST, POSITION
from taskward.resources.shapes import (
    ANY_TEXT,
    NULL,
    TEXT_NOT_BLANK,
    WHITE_SPACE_ESCAPES,
    Body,
    Patch,
    RowId,
    Uid,
    at_most,
    not_blank,
)
from taskward.tasks import zones
from taskward.tasks.recurrence import MOST_CHARACTERS, parsed
from taskward.tasks.reminders import Reminder, Reminders

# Named types: each has its own schema in OpenAPI.
Status = TypeAliasType("Status", Literal["Todo", "InProgress", "Done"])
Priority = TypeAliasType("Priority", Literal["low", "medium", "high"])
RecurrenceAnchor = TypeAliasType("RecurrenceAnchor", Literal["due", "completion"])

# What one column must hold is said by its type: PostgreSQL reads the checks of a table anew for each statement that
# writes to it, and those of a domain once for each connection. Of these each function costs a write a little too.
TITLE = domain("task_title", Text(), f"char_length(value) <= 255 and btrim(value, E'{WHITE_SPACE_ESCAPES}') <> ''")
DESCRIPTION = domain("task_description", Text(), "char_length(value) <= 10000")
STATUS = domain("task_status", Text(), f"value in {get_args(Status.__value__)}")
PRIORITY = domain("task_priority", Text(), f"value in {get_args(Priority.__value__)}")
DUE_DAY = domain("task_due_on", Date(), "value <@ daterange('0001-01-01', '9999-12-31', '[]')")
DUE_INSTANT = domain(
    "task_due_at",
    DateTime(timezone=True),
    "value <@ tstzrange('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z', '[]')",
)
ZONE_NAME = domain("task_time_zone", Text(), "value ~ '^.{1,255}$'")
TAG_LIST = domain("task_tags", ARRAY(Text()), "value = '{}' or tags_are_valid(value)")


IS_LIVE = "deleted_at is null"


class Task(SQLModel, table=True):
    __tablename__ = "tasks"
    __table_args__ = (
        # The owner first: a stranger's rows take no part in a key check, and the table can be split by owner.
        PrimaryKeyConstraint("owner_id", "id", name="tasks_pkey"),
        ForeignKeyConstraint(
            ["owner_id", "list_id"],
            [LISTS.c.owner_id, LISTS.c.id],
            name="tasks_list_id_fkey",
            ondelete="SET NULL (list_id)",
        ),
        ForeignKeyConstraint(
            ["owner_id", "parent_id"],
            ["tasks.owner_id", "tasks.id"],
            name="tasks_parent_id_fkey",
            ondelete="SET NULL (parent_id)",
        ),
        CheckConstraint("due_on is null or due_at is null", name="tasks_due_once"),
        Index("tasks_in_trash", "owner_id", "deleted_at", "id", postgresql_where=text("deleted_at is not null")),
        *(
            Index(f"tasks_by_{due}", "owner_id", due, "id", postgresql_where=text(f"{due} is not null and {IS_LIVE}"))
            for due in ("due_on", "due_at")
        ),
        Index("tasks_by_title", "owner_id", text('title collate "C"'), "id", postgresql_where=text(IS_LIVE)),
        Index("tasks_by_position", "owner_id", "list_id", "position", "id", postgresql_where=text(IS_LIVE)),
        Index("tasks_by_parent", "owner_id", "parent_id", postgresql_where=text("parent_id is not null")),
        Index(
            "tasks_by_uid",
            "owner_id",
            "uid",
            unique=True,
            postgresql_where=text("uid is not null and erased_at is null"),
        ),
        {"info": {"expires": True}},  # a policy of taskward_keeper says when
    )

    owner_id: str = Column(sa_type=Text, nullable=False)
    id: int = Column(
        sa_type=BigInteger, sa_column_args=[Identity(always=True, maxvalue=LARGEST_INTEGER)], nullable=False
    )
    title: str = Column(sa_type=TITLE, nullable=False)
    description: str | None = Column(sa_type=DESCRIPTION, nullable=True)
    status: str = Column(sa_type=STATUS, nullable=False)
    created_at: datetime = Column(
        sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": sql.now()}
    )
    updated_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    version: int = Column(sa_type=VERSION_NUMBER, nullable=False)
    priority: str | None = Column(sa_type=PRIORITY, nullable=True)
    due_on: date | None = Column(sa_type=DUE_DAY, nullable=True)
    due_at: datetime | None = Column(sa_type=DUE_INSTANT, nullable=True)
    time_zone: str | None = Column(sa_type=ZONE_NAME, nullable=True)
    tags: list[str] = Column(sa_type=TAG_LIST, nullable=False, sa_column_kwargs={"server_default": text("'{}'")})
    marked_done_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    completed_at: datetime | None = Column(
        sa_type=DateTime(timezone=True),
        # Made of the status, so that the two cannot disagree, whatever release writes the row.
        sa_column_args=[
            Computed(
                "case when status = 'Done' then coalesce(marked_done_at, updated_at, created_at) end", persisted=True
            )
        ],
        nullable=True,
    )
    # Without checks, which every write of a task would pay for: only `series.py` makes what stands in these.
    recurrence: str | None = Column(sa_type=Text, nullable=True)
    recurrence_anchor: str = Column(sa_type=Text, nullable=False, sa_column_kwargs={"server_default": text("'due'")})
    occurrence: int | None = Column(sa_type=BigInteger, nullable=True)
    """The number of the open one; of a series that is finished the one behind the last, under which nothing is open."""
    occurrence_date: str | None = Column(sa_type=Text, nullable=True)
    last_occurrence: int | None = Column(sa_type=BigInteger, nullable=True)
    """The highest number so far, which stays when the task recurs no more."""
    series_start: str | None = Column(sa_type=Text, nullable=True)
    """As `occurrence_date`: where the present series has its first."""
    series_first: int | None = Column(sa_type=BigInteger, nullable=True)
    """The number with which the present series began."""
    reminders: list[Any] = Column(sa_type=JSONB, nullable=False, sa_column_kwargs={"server_default": text("'[]'")})
    deleted_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    title_words: str = Column(sa_type=TSVECTOR, nullable=False, sa_column_kwargs={"server_default": text("''")})
    description_words: str = Column(sa_type=TSVECTOR, nullable=False, sa_column_kwargs={"server_default": text("''")})
    title_unspaced: str | None = Column(sa_type=Text, nullable=True)
    description_unspaced: str | None = Column(sa_type=Text, nullable=True)
    uid: UUID | None = Column(sa_type=Uuid, nullable=True)
    list_id: int | None = Column(sa_type=BigInteger, nullable=True)
    parent_id: int | None = Column(sa_type=BigInteger, nullable=True)
    position: str = Column(sa_type=POSITION, nullable=False, sa_column_kwargs={"server_default": LAST})
    erased_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)


TABLE = SQLModel.metadata.tables["tasks"]

# A check cannot hold a subquery, so it calls a function, which the migration makes.
event.listen(
    SQLModel.metadata,
    "before_create",
    DDL(  # type: ignore[no-untyped-call]
        "create function tags_are_valid(tags text[]) returns boolean language sql immutable as 'select true'"
    ),
    insert=True,  # before the domains
)


DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# No day has an hour 24, which Python takes from 3.14 on.
INSTANT = re.compile(DAY.pattern + r"[Tt]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-5][0-9])")
INSTANT_FORM = "YYYY-MM-DDThh:mm:ss with an offset: Z, +hh:mm or -hh:mm"


def day(value: Any) -> date:
    """`YYYY-MM-DD` and no other spelling."""
    if not isinstance(value, str) or not DAY.fullmatch(value):
        raise ValueError("A day is written as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such day in the calendar") from None


def instant(value: Any) -> datetime:
    """RFC 3339 §5.6, in UTC. What is finer than a microsecond is cut off; PostgreSQL has no leap seconds."""
    if not isinstance(value, str) or not INSTANT.fullmatch(value):
        raise ValueError(f"An instant is written as {INSTANT_FORM}")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such instant in the years 0001 to 9999") from None


def day_or_instant(value: str) -> date | datetime:
    """In a query."""
    if len(value) == len("2026-03-10"):
        return day(value)
    # A plus that was not encoded has become a space, which can stand nowhere else.
    value = re.sub(r" (?=[0-9]{2}:[0-9]{2}\Z)", "+", value)
    if not INSTANT.fullmatch(value):
        raise ValueError(f"A day is written as YYYY-MM-DD, and an instant as {INSTANT_FORM}")
    return instant(value)


def known_zone(name: str) -> str:
    if not zones.is_known(name):
        raise ValueError("This is no IANA time zone")
    return name


def normal_rule(text: str) -> str:
    return parsed(text).told()


def all_different(tags: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(tags)) < len(tags):
        raise ValueError("The same tag stands twice")
    return tags


# The bounds of a text come first: behind a validator Pydantic takes it for anything that has a length.
Title = Annotated[
    str,
    Field(
        max_length=255,
        description="Kept as sent; at least one character is not white space.",
        json_schema_extra={"minLength": 1, "pattern": TEXT_NOT_BLANK, "examples": ["Buy milk"]},
    ),
    AfterValidator(not_blank),
]
Description = Annotated[str, Field(max_length=10_000, json_schema_extra={"pattern": ANY_TEXT})]
DueOn = Annotated[date, BeforeValidator(day)]
Instant = Annotated[datetime, BeforeValidator(instant)]
TimeZone = Annotated[str, Field(max_length=255), AfterValidator(known_zone)]
Recurrence = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(normal_rule)]

# Said of the fields, not of the types: generators of clients do not look for it in one branch of "or null".
DUE_ON = Field(
    description="A day, inclusive, that no time zone shifts. A task has a day or an instant, not both.",
    examples=["2026-03-10"],
)
DUE_AT = Field(
    description="An instant with its offset; answered in UTC, to the microsecond.",
    examples=["2026-03-10T18:00:00+01:00"],
)
COMPLETED_AT = Field(
    description="Since when the status is Done, which it must be: so an import keeps its history. "
    "Later than now counts as now.",
    examples=["2026-03-09T08:30:00Z"],
)
UID = Field(
    description="A name of your own for the task, which may stand wherever its id may. It never changes, and no other "
    "task of yours can have it, until this one is erased from the trash.",
    examples=["6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"],
)
LIST_ID = Field(description="Null is the inbox; with `parent_id` that of the parent.", examples=[3])
PARENT_ID = Field(
    description="It becomes a subtask of this task, which has no parent itself, and at most 500 subtasks.",
    examples=[NULL],
)
TIME_ZONE = Field(description="The IANA name of the zone in which `due_at` was meant.", examples=["Europe/Warsaw"])
RECURRENCE = Field(
    description="A rule of RFC 5545 by which the task comes again when it is completed, without `RRULE:`. It needs "
    "`due_on`, or `due_at` and `time_zone`. Sent again, even as it is, it starts a new series at the present due.",
    examples=["FREQ=WEEKLY;BYDAY=MO,TH"],
)
RECURRENCE_ANCHOR = Field(description="From where the next one is counted: where it was due, or when it was completed.")
Tag = Annotated[str, Field(min_length=1, max_length=50, json_schema_extra={"pattern": ANY_TEXT})]
MOST_TAGS = 20
Tags = Annotated[
    tuple[Tag, ...],
    Field(
        max_length=MOST_TAGS,
        description="All different; case and order are kept.",
        json_schema_extra={"uniqueItems": True, "examples": [["home", "shopping"]]},
    ),
    AfterValidator(all_different),
    at_most(MOST_TAGS),
]


def due_once(due_on: date | None, due_at: datetime | None) -> None:
    if due_on is not None and due_at is not None:
        raise ValueError("A task is due on a day or at an instant, not both: leave out due_on or due_at")


# The same, for programs that make requests by the document.
DUE_ONCE: dict[str, JsonValue] = {
    "not": {
        "required": ["due_on", "due_at"],
        "properties": {"due_on": {"type": "string"}, "due_at": {"type": "string"}},
    }
}

ONLY_WHEN_DONE: dict[str, JsonValue] = {
    "if": {"required": ["completed_at"], "properties": {"completed_at": {"type": "string"}}},
    "then": {"required": ["status"], "properties": {"status": {"const": "Done"}}},
}

# Of whole bodies: put together from the fields' own examples, a task would be due on a day and at an instant.
EXAMPLE: dict[str, JsonValue] = {
    "title": "Buy milk",
    "description": "Two litres",
    "status": "Todo",
    "priority": "high",
    "due_on": "2026-03-10",
    "tags": ["home", "shopping"],
}
PATCH_EXAMPLE: dict[str, JsonValue] = {"status": "Done", "due_on": NULL}
CREATED_EXAMPLE: dict[str, JsonValue] = {
    "id": 7,
    **EXAMPLE,
    "due_at": NULL,
    "time_zone": NULL,
    "recurrence": NULL,
    "recurrence_anchor": "due",
    "occurrence": NULL,
    "occurrence_date": NULL,
    "reminders": [],
    "created_at": "2026-03-09T08:30:00.204518+00:00",
    "updated_at": NULL,
    "completed_at": NULL,
    "version": 1773045000204,
    "uid": NULL,
    "list_id": 3,
    "parent_id": NULL,
    "position": "50001773045000204",
}
READ_EXAMPLE: dict[str, JsonValue] = {
    **CREATED_EXAMPLE,
    "status": "Done",
    "updated_at": "2026-03-10T17:02:11.512063+00:00",
    "completed_at": "2026-03-10T17:02:11.512063+00:00",
    "version": 1773162131512,
}
MOVED_EXAMPLE: dict[str, JsonValue] = {
    **READ_EXAMPLE,
    "position": "49998226837868487",
    "version": 1773162131513,
}
TRASHED_EXAMPLE: dict[str, JsonValue] = {**READ_EXAMPLE, "deleted_at": "2026-03-12T06:15:40.090377+00:00"}


MOVES = "List, parent and place of a task are changed by POST /tasks/{id}/move, and its uid never"
MOVED_ELSEWHERE = dict.fromkeys(("uid", "list_id", "parent_id", "position"), MOVES)

# Wire shapes are Pydantic's own models: SQLModel's take a field that is named "cls" for an argument, and fail.


class TaskReplace(Body):
    """The whole task: an omitted optional field takes its default."""

    model_config = ConfigDict(json_schema_extra=DUE_ONCE | {"examples": [EXAMPLE]})

    elsewhere: ClassVar[Mapping[str, str]] = MOVED_ELSEWHERE

    title: Title
    description: Description | None = None
    status: Status = "Todo"
    priority: Priority | None = None
    due_on: Annotated[DueOn | None, DUE_ON] = None
    due_at: Annotated[Instant | None, DUE_AT] = None
    time_zone: Annotated[TimeZone | None, TIME_ZONE] = None
    tags: Tags = ()
    recurrence: Annotated[Recurrence | None, RECURRENCE] = None
    recurrence_anchor: Annotated[RecurrenceAnchor, RECURRENCE_ANCHOR] = "due"
    reminders: Reminders = ()

    @model_validator(mode="after")
    def is_due_once(self) -> Self:
        due_once(self.due_on, self.due_at)
        return self


class TaskCreate(TaskReplace):
    """A new task: an omitted optional field takes its default."""

    model_config = ConfigDict(json_schema_extra=DUE_ONCE | ONLY_WHEN_DONE | {"examples": [EXAMPLE]})

    elsewhere: ClassVar[Mapping[str, str]] = {}

    completed_at: Annotated[Instant | None, COMPLETED_AT] = None
    uid: Annotated[Uid | None, UID] = None
    list_id: Annotated[RowId | None, LIST_ID] = None
    parent_id: Annotated[RowId | None, PARENT_ID] = None

    @model_validator(mode="after")
    def is_completed_when_done(self) -> Self:
        if self.completed_at is not None and self.status != "Done":
            raise ValueError("Only a task that is Done was completed: send status Done, or leave out completed_at")
        return self


class TaskPatch(Patch):
    """Only what changes: an absent field stays as it is, null clears a field that may be null."""

    model_config = ConfigDict(json_schema_extra=DUE_ONCE | {"examples": [PATCH_EXAMPLE]})

    elsewhere: ClassVar[Mapping[str, str]] = MOVED_ELSEWHERE

    # The defaults are never read: what was not sent is not in `model_fields_set`.
    title: Title = Field(default_factory=str)
    description: Description | None = None
    status: Status = Field(default_factory=lambda: "Todo")
    priority: Priority | None = None
    due_on: Annotated[DueOn | None, DUE_ON] = None
    due_at: Annotated[Instant | None, DUE_AT] = None
    time_zone: Annotated[TimeZone | None, TIME_ZONE] = None
    tags: Tags = Field(default_factory=tuple)
    recurrence: Annotated[Recurrence | None, RECURRENCE] = None
    recurrence_anchor: Annotated[RecurrenceAnchor, RECURRENCE_ANCHOR] = Field(default_factory=lambda: "due")
    reminders: Reminders = Field(default_factory=tuple)

    @model_validator(mode="after")
    def is_due_once(self) -> Self:
        due_once(self.due_on, self.due_at)
        return self


class TaskRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [READ_EXAMPLE]})

    id: int = Field(ge=1, le=LARGEST_INTEGER, description="From one sequence for all owners, never reused.")
    title: str
    description: str | None
    status: Status
    created_at: datetime = Field(description="In UTC.")
    updated_at: datetime | None = Field(description="In UTC; null until the first change.")
    priority: Priority | None
    due_on: date | None = Field(description="A day, inclusive, that no time zone shifts.")
    due_at: datetime | None = Field(description="In UTC. A task has a day or an instant, not both.")
    time_zone: str | None = Field(description="The IANA name of the zone in which `due_at` was meant.")
    tags: list[str] = Field(description="All different, in the order in which they were sent.")
    completed_at: datetime | None = Field(description="In UTC: since when the status is Done. Null when it is not.")
    recurrence: str | None = Field(
        description="A rule of RFC 5545 in its normal form. Null when the task is done once."
    )
    recurrence_anchor: RecurrenceAnchor = Field(description="From where the next one is counted.")
    occurrence: int | None = Field(
        description="The number of the occurrence that is open, by which `complete` and `skip` name it. It only grows."
    )
    occurrence_date: str | None = Field(
        description="Where the series has the open one, whatever its due was moved to: a day, or a wall time in "
        "`time_zone`.",
        examples=["2026-03-10", "2026-03-10T18:00:00"],
    )
    reminders: list[Reminder] = Field(description="As they were sent.")
    version: int = Field(
        ge=1, le=LARGEST_INTEGER, description="Grows with every change, with gaps. The `ETag` is this number in quotes."
    )
    uid: UUID | None = Field(description="What the task was named when it was created, in lower case.")
    list_id: int | None = Field(description="Null is the inbox.")
    parent_id: int | None = Field(description="Of a subtask: the task that it belongs to, and whose list it is in.")
    position: str = Field(
        description="The order within its list: compare as plain strings, ties by id. Opaque otherwise.",
        json_schema_extra={"pattern": "^[0-9]+$"},
    )


class TrashedTask(TaskRead):
    model_config = ConfigDict(json_schema_extra={"examples": [TRASHED_EXAMPLE]})

    deleted_at: datetime = Field(description="In UTC.")
