"""A list of tasks: its row."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Index, PrimaryKeyConstraint, Text, Uuid, func, text
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from taskward.postgres.statements import domain
from taskward.resources.clock import LARGEST_INTEGER, VERSION_NUMBER
from taskward.resources.positions import LAST, POSITION
from taskward.resources.shapes import WHITE_SPACE_ESCAPES

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
