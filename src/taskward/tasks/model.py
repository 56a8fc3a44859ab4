"""A task: its row and its wire shapes, side by side. A new field is written here and in one migration."""

from datetime import datetime
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKeyConstraint, Identity, PrimaryKeyConstraint, Text
from sqlalchemy import func as sql
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from taskward.core.clock import LARGEST_INTEGER

Status = Literal["Todo", "InProgress", "Done"]

WHITE_SPACE = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""What a title may not consist of alone; the constraint lists the same characters, whatever the locale."""
WHITE_SPACE_ESCAPES = "".join(f"\\u{ord(character):04x}" for character in WHITE_SPACE)

# Published alone, for whoever makes requests by the document: `strict_json.py` and `not_blank` see to it here.
ANY_TEXT = r"^[^\u0000]*$"
TITLE_TEXT = rf"^[^\u0000]*[^\u0000{WHITE_SPACE_ESCAPES}][^\u0000]*$"


class Task(SQLModel, table=True):
    __tablename__ = "tasks"
    __table_args__ = (
        # The owner first: a stranger's rows take no part in a key check, and the table can be split by owner.
        PrimaryKeyConstraint("owner_id", "id", name="tasks_pkey"),
        ForeignKeyConstraint(["owner_id"], ["owner.owner_id"], name="tasks_owner_id_fkey", ondelete="CASCADE"),
        CheckConstraint(f"id between 1 and {LARGEST_INTEGER}", name="tasks_id_range"),
        CheckConstraint("char_length(title) between 1 and 255", name="tasks_title_length"),
        CheckConstraint(f"btrim(title, E'{WHITE_SPACE_ESCAPES}') <> ''", name="tasks_title_not_blank"),
        CheckConstraint("char_length(description) <= 10000", name="tasks_description_length"),
        CheckConstraint(f"status in {get_args(Status)}", name="tasks_status_known"),
        CheckConstraint(f"version between 1 and {LARGEST_INTEGER}", name="tasks_version_range"),
    )

    owner_id: str = Column(sa_type=Text, nullable=False)
    id: int = Column(
        sa_type=BigInteger, sa_column_args=[Identity(always=True, maxvalue=LARGEST_INTEGER)], nullable=False
    )
    title: str = Column(sa_type=Text, nullable=False)
    description: str | None = Column(sa_type=Text, nullable=True)
    status: str = Column(sa_type=Text, nullable=False)
    created_at: datetime = Column(
        sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": sql.now()}
    )
    updated_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    version: int = Column(sa_type=BigInteger, nullable=False)


def not_blank(title: str) -> str:
    if not title.strip(WHITE_SPACE):
        raise ValueError("A title needs at least one character that is not white space")
    return title


Title = Annotated[
    str,
    AfterValidator(not_blank),
    Field(
        min_length=1,
        max_length=255,
        description="Kept as sent; at least one character is not white space.",
        json_schema_extra={"pattern": TITLE_TEXT, "examples": ["Buy milk"]},
    ),
]
Description = Annotated[str, Field(max_length=10_000, json_schema_extra={"pattern": ANY_TEXT})]


# Wire shapes are Pydantic's own models: SQLModel's take a field that is named "cls" for an argument, and fail.


class TaskCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: Title
    description: Description | None = None
    status: Status = "Todo"


class TaskReplace(TaskCreate):
    """The whole task: an omitted optional field takes its default."""


class TaskPatch(BaseModel):
    """Only what changes: an absent field stays as it is, null clears a field that may be null."""

    model_config = ConfigDict(extra="forbid")

    # The defaults are never read: what was not sent is not in `model_fields_set`.
    title: Title = Field(default_factory=str)
    description: Description | None = None
    status: Status = Field(default_factory=lambda: "Todo")


class TaskRead(BaseModel):
    id: int = Field(ge=1, le=LARGEST_INTEGER, description="From one sequence for all owners, never reused.")
    title: str
    description: str | None
    status: Status
    created_at: datetime = Field(description="In UTC.")
    updated_at: datetime | None = Field(description="In UTC; null until the first change.")
