"""What became of the occurrences of a task: which were completed or skipped, and when."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Text,
)
from sqlmodel import Field as Column
from sqlmodel import SQLModel
from typing_extensions import TypeAliasType

from taskward.resources.clock import LARGEST_INTEGER, VERSION_NUMBER
from taskward.tasks.model import TABLE as TASK_TABLE

CompletionKind = TypeAliasType("CompletionKind", Literal["done", "skipped"])


class Completion(SQLModel, table=True):
    """Of one occurrence. What was taken back stays, so that it can be told that it was."""

    __tablename__ = "completions"
    __table_args__ = (
        PrimaryKeyConstraint("owner_id", "task_id", "occurrence", name="completions_pkey"),
        ForeignKeyConstraint(
            ["owner_id", "task_id"],
            [TASK_TABLE.c.owner_id, TASK_TABLE.c.id],
            name="completions_task_id_fkey",
            ondelete="CASCADE",
        ),
        CheckConstraint("kind in ('done', 'skipped')", name="completions_kind_known"),
    )

    owner_id: str = Column(sa_type=Text, nullable=False)
    task_id: int = Column(sa_type=BigInteger, nullable=False)
    occurrence: int = Column(sa_type=BigInteger, nullable=False)
    occurrence_date: str = Column(sa_type=Text, nullable=False)
    kind: str = Column(sa_type=Text, nullable=False)
    completed_at: datetime = Column(sa_type=DateTime(timezone=True), nullable=False)
    due_on: date | None = Column(sa_type=Date, nullable=True)
    """The due that the task had, which it has again when this is taken back; as `due_at`."""
    due_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    taken_back_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    version: int = Column(sa_type=VERSION_NUMBER, nullable=False)


TABLE = SQLModel.metadata.tables["completions"]

COMPLETION_EXAMPLE: dict[str, JsonValue] = {
    "task_id": 7,
    "occurrence": 14,
    "occurrence_date": "2026-03-10",
    "kind": "done",
    "completed_at": "2026-03-10T17:02:11.512063+00:00",
}


class CompletionRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [COMPLETION_EXAMPLE]})

    task_id: int = Field(ge=1, le=LARGEST_INTEGER)
    occurrence: int = Field(ge=1, le=LARGEST_INTEGER)
    occurrence_date: str = Field(description="Where the series had it: a day, or a wall time in `time_zone`.")
    kind: CompletionKind
    completed_at: datetime = Field(description="In UTC: when it was done, or skipped.")
