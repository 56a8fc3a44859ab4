"""A list of tasks: its row and its wire shapes, side by side."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from sqlalchemy import BigInteger, DateTime, Identity, Index, PrimaryKeyConstraint, Text, Uuid, func, text
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from taskward.postgres.statements import domain
from taskward.resources.clock import LARGEST_INTEGER, VERSION_NUMBER
from taskward.resources.positions import LAST, POSITION
from taskward.resources.shapes import NULL, TEXT_NOT_BLANK, WHITE_SPACE_ESCAPES, Body, Patch, Uid, not_blank

NAME = domain("list_name", Text(), f"char_length(value) <= 255 and btrim(value, E'{WHITE_SPACE_ESCAPES}') <> ''")
COLOR = domain("list_color", Text(), "value ~ '^#[0-9a-f]{6}$'")


class List(SQLModel, table=True):
    """What was deleted stays, without its name, for as long as somebody may not have heard of it (`deleted_at`)."""

    __tablename__ = "lists"
    __table_args__ = (
        PrimaryKeyConstraint("owner_id", "id", name="lists_pkey"),
        Index(
            "lists_by_uid",
            "owner_id",
            "uid",
            unique=True,
            postgresql_where=text("uid is not null and deleted_at is null"),
        ),
        # A client that makes and deletes lists all day leaves many that nobody looks at.
        Index("lists_by_position", "owner_id", "position", "id", postgresql_where=text("deleted_at is null")),
        {"info": {"expires": True}},  # a policy of taskward_keeper says when
    )

    owner_id: str = Column(sa_type=Text, nullable=False)
    id: int = Column(
        sa_type=BigInteger, sa_column_args=[Identity(always=True, maxvalue=LARGEST_INTEGER)], nullable=False
    )
    uid: UUID | None = Column(sa_type=Uuid, nullable=True)
    name: str = Column(sa_type=NAME, nullable=False)
    color: str | None = Column(sa_type=COLOR, nullable=True)
    position: str = Column(sa_type=POSITION, nullable=False, sa_column_kwargs={"server_default": LAST})
    created_at: datetime = Column(
        sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": func.now()}
    )
    updated_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)
    version: int = Column(sa_type=VERSION_NUMBER, nullable=False)
    deleted_at: datetime | None = Column(sa_type=DateTime(timezone=True), nullable=True)


TABLE = SQLModel.metadata.tables["lists"]


HEXADECIMAL = "^#[0-9A-Fa-f]{6}$"


def lower_hexadecimal(color: str) -> str:
    if not re.fullmatch(HEXADECIMAL.strip("^$"), color):
        raise ValueError("A color is written as #rrggbb, in hexadecimal digits")
    return color.lower()


Name = Annotated[
    str,
    Field(
        max_length=255,
        description="Kept as sent; at least one character is not white space. Names need not differ.",
        json_schema_extra={"minLength": 1, "pattern": TEXT_NOT_BLANK, "examples": ["Errands"]},
    ),
    AfterValidator(not_blank),
]
Color = Annotated[str, AfterValidator(lower_hexadecimal), Field(json_schema_extra={"pattern": HEXADECIMAL})]

UID = Field(
    description="A name of your own for the list, which may stand wherever its id may. It never changes, and no other "
    "list of yours can have it.",
    examples=["6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"],
)
COLOR_SENT = Field(description="`#rrggbb`, in either case; answered in lower case.", examples=["#2E7D32"])

EXAMPLE: dict[str, JsonValue] = {"name": "Errands", "color": "#2e7d32"}
CREATED_EXAMPLE: dict[str, JsonValue] = {
    "id": 3,
    "uid": NULL,
    **EXAMPLE,
    "position": "51773045000204000",
    "created_at": "2026-03-09T08:30:00.204518+00:00",
    "updated_at": NULL,
    "version": 1773045000204,
}
READ_EXAMPLE: dict[str, JsonValue] = {
    **CREATED_EXAMPLE,
    "updated_at": "2026-03-10T17:02:11.512063+00:00",
    "version": 1773162131512,
}


class ListReplace(Body):
    """The whole list: an omitted color is none."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    color: Annotated[Color | None, COLOR_SENT] = None


class ListCreate(ListReplace):
    """A new list."""

    uid: Annotated[Uid | None, UID] = None


class ListPatch(Patch):
    """Only what changes: an absent field stays as it is, null clears the color."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"color": NULL}]})

    # The defaults are never read: what was not sent is not in `model_fields_set`.
    name: Name = Field(default_factory=str)
    color: Annotated[Color | None, COLOR_SENT] = None


class ListRead(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [READ_EXAMPLE]})

    id: int = Field(ge=1, le=LARGEST_INTEGER, description="From one sequence for all owners, never reused.")
    uid: UUID | None = Field(description="The name that its client gave it.")
    name: str
    color: str | None = Field(description="`#rrggbb` in lower case.")
    position: str = Field(description="The order of lists: compare as plain strings, ties by id. Opaque otherwise.")
    created_at: datetime = Field(description="In UTC.")
    updated_at: datetime | None = Field(description="In UTC; null until the first change.")
    version: int = Field(
        ge=1, le=LARGEST_INTEGER, description="Grows with every change, with gaps. The `ETag` is this number in quotes."
    )
