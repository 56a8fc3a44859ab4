"""One clock per owner: every write moves it first and stamps what it changes with its value.

The row lock makes commit order the order of versions, two writes of one owner never deadlock, and a
version never comes back with other content: it follows real time (after a restored backup
`operations/restored.py` lifts it).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    MetaData,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, SQLModel

from taskward.postgres.statements import OWNER, Statement, compiled, domain

LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259 §6)."""

MAX_OWNER_LENGTH = 320
"""Characters of an owner: the 255 that a claim may say, behind the name of the claim (`auth/caller.py`)."""

OWNER_NAME = domain("owner_name", Text(), f"value <> '' and char_length(value) <= {MAX_OWNER_LENGTH}")
VERSION_NUMBER = domain("version_number", BigInteger(), f"value between 1 and {LARGEST_INTEGER}")


class OwnerClock(SQLModel, table=True):
    __tablename__ = "owner"
    __table_args__ = (Index("owner_by_news", "news_since", postgresql_where=text("news_since is not null")),)
    # No table refers to it: a row that is stamped proves that the clock was moved, and a foreign key would look again.

    owner_id: str = Field(primary_key=True, sa_type=OWNER_NAME)
    version: int = Field(sa_type=VERSION_NUMBER, nullable=False)
    feed_floor: int = Field(sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": text("0")})
    """Of removals up to this version some have no trace any more. At first the first version: who was forgotten and
    comes back has lost all before it."""
    news_since: int | None = Field(sa_type=BigInteger, nullable=True)
    """From this version on the application is to be told; what it was told since, `deliveries.py` knows."""


CLOCK = SQLModel.metadata.tables["owner"]

# It ends with the transaction, so a write in which the clock has not moved has no version, and fails.
_setting: ColumnElement[Any] = literal_column("'app.version'")

_now_ms = bindparam("now_ms", type_=BigInteger())
_remember = func.set_config(_setting, cast(CLOCK.c.version, Text), true())


def ticking(*, is_told: bool) -> Statement:
    first = insert(CLOCK).values(owner_id=OWNER, version=_now_ms, feed_floor=_now_ms)
    version = func.greatest(CLOCK.c.version + literal_column("1"), first.excluded.version)
    moved: dict[str, ColumnElement[Any]] = {"version": version}
    if is_told:
        first = first.values(news_since=_now_ms)
        moved["news_since"] = func.coalesce(CLOCK.c.news_since, version)
    # A statement of its own: folded into the change as a CTE it would work on a snapshot that is older than the lock.
    return compiled(first.on_conflict_do_update(index_elements=[CLOCK.c.owner_id], set_=moved).returning(_remember))


TICK = ticking(is_told=False)
"""Answers the version."""
NEWS_TICK = ticking(is_told=True)
"""As `TICK`, and the application is to be told of what is written."""

NOW = cast(func.current_setting(_setting), BigInteger)
"""The version that the write in progress stamps."""


def owned_tables(metadata: MetaData = SQLModel.metadata) -> list[str]:
    """Names of the tables whose rows have an owner, which a pool guards. Only of the modules that are imported.

    In this order all rows of an owner can be removed: what refers to a table comes before it, and last the clock, which
    is locked meanwhile.
    """
    names = [table.name for table in reversed(metadata.sorted_tables) if "owner_id" in table.c]
    return sorted(names, key=lambda name: name == CLOCK.name)
