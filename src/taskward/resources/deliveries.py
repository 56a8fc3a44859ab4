"""What the application is still to be told of an owner, and who tells it.

A write notes in its owner's clock from which version on something is to be told (`owner.news_since`), in the same
statement that moves it, so that no write is committed without it. Whoever tells makes a row here, a cursor into the
owner's changes (`feed.py`), and claims it for a while. Both go when the cursor has come to where the clock is, looked
at with the clock held, so that no write slips between.

Any number may tell at once. Whoever dies with a claim loses it when its time is over. All times are the database's, so
that the hosts that share it need not agree.
"""

from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Text,
    Update,
    bindparam,
    delete,
    exists,
    extract,
    func,
    literal_column,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql import ClauseElement
from sqlmodel import Field, SQLModel

from taskward.postgres.context import KEEPER_ROLE
from taskward.postgres.encoding import Row
from taskward.postgres.statements import Filterable, LazyStatement, compiled, owned
from taskward.resources.clock import CLOCK
from taskward.resources.feed import Position

NOW_OF_ALL = {"server_default": func.now()}
ZERO = {"server_default": text("0")}


class Delivery(SQLModel, table=True):
    __tablename__ = "delivery"
    __table_args__ = (PrimaryKeyConstraint("owner_id", name="delivery_pkey"), Index("delivery_by_due", "due_at"))

    owner_id: str = Field(sa_type=Text, nullable=False)
    told_version: int | None = Field(sa_type=BigInteger, nullable=True)
    """This and the next three are the position (`feed.py`) up to which all is told; null is before `news_since`."""
    told_kind: int = Field(sa_type=Integer, nullable=False, sa_column_kwargs=ZERO)
    told_id: int = Field(sa_type=BigInteger, nullable=False, sa_column_kwargs=ZERO)
    told_part: int = Field(sa_type=BigInteger, nullable=False, sa_column_kwargs=ZERO)
    due_at: datetime = Field(sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs=NOW_OF_ALL)
    """From when on it may be claimed: the end of a claim, or the next attempt."""
    claim: int | None = Field(sa_type=BigInteger, nullable=True)
    """The number by which whoever has claimed it knows that it is still theirs."""
    attempts: int = Field(sa_type=Integer, nullable=False, sa_column_kwargs=ZERO)
    """That have failed, of what comes next."""
    failed_at: datetime | None = Field(sa_type=DateTime(timezone=True), nullable=True)
    """When the first of them did."""
    since: datetime = Field(sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs=NOW_OF_ALL)
    """No later than this was what comes next there to be told."""
    arms: bool = Field(sa_type=Boolean, nullable=False, sa_column_kwargs={"server_default": text("false")})
    """The owner's tasks from before are to be looked at, for their reminders (`tasks/reminding.py`)."""


TABLE = SQLModel.metadata.tables["delivery"]

CURSOR = [TABLE.c.told_version, TABLE.c.told_kind, TABLE.c.told_id, TABLE.c.told_part]
MILLISECOND: ColumnElement[object] = literal_column("interval '1 millisecond'")
CLAIM = bindparam("claim", type_=BigInteger())
ROWS = bindparam("rows", type_=Integer())
IN_MS = func.now() + bindparam("ms", type_=BigInteger()) * MILLISECOND

# As the keeper


class Claimed(NamedTuple):
    owner_id: str
    told: Position | None
    """None before the first is told: then all from `news_since` on."""
    attempts: int
    failing_seconds: float
    """Since the first attempt failed; 0 when none has."""

    @classmethod
    def of(cls, row: Row) -> Self:
        owner_id, version, *rest = row
        kind, number, part, attempts, failing = (value or b"0" for value in rest)
        told = None if version is None else Position(int(version), int(kind), int(number), int(part))
        return cls((owner_id or b"").decode(), told, int(attempts), float(failing))


AS_KEEPER = compiled(
    select(func.set_config(literal_column("'role'"), literal_column(f"'{KEEPER_ROLE}'"), literal_column("true")))
)()
"""In front of the statements below, in their transaction; the role of requests comes back with its end."""


CLAIMED = (
    TABLE.c.owner_id,
    *CURSOR,
    TABLE.c.attempts,
    func.coalesce(extract("epoch", func.now() - TABLE.c.failed_at), literal_column("0")),
)

_longest_due = (
    select(TABLE.c.owner_id)
    .where(TABLE.c.due_at <= func.now())
    .order_by(TABLE.c.due_at)
    .limit(ROWS)
    # Rows that somebody else is about to claim are passed over.
    .with_for_update(skip_locked=True)
)
CLAIM_DUE = LazyStatement(
    lambda: (
        update(TABLE)
        .values(claim=CLAIM, due_at=IN_MS)
        .where(TABLE.c.owner_id == func.any(func.array(_longest_due.scalar_subquery())))
        .returning(*CLAIMED)
    )
)
"""Claimed: some of those whose turn it is, for `ms` milliseconds."""


def written_at(version: ColumnElement[int]) -> ColumnElement[datetime]:
    return func.least(func.now(), func.to_timestamp(version / literal_column("1000.0")))


WITH_NEWS = select(CLOCK.c.owner_id, written_at(CLOCK.c.news_since).label("since")).where(
    CLOCK.c.news_since.is_not(None)
)

_named = WITH_NEWS.where(CLOCK.c.owner_id == func.any(bindparam("owners", type_=ARRAY(Text()))))
_claiming = insert(TABLE).from_select(
    ["owner_id", "since", "claim", "due_at"],
    # In an order, or two that claim the same at once could wait for each other.
    _named.add_columns(CLAIM.label("claim"), IN_MS.label("due_at")).order_by(CLOCK.c.owner_id),
)
CLAIM_OF = LazyStatement(
    lambda: _claiming.on_conflict_do_update(
        index_elements=[TABLE.c.owner_id],
        set_={"claim": CLAIM, "due_at": IN_MS},
        where=TABLE.c.due_at <= func.now(),
    ).returning(*CLAIMED)
)
"""As `CLAIM_DUE`, those of these owners of whom something is to be told; without a look at others, however many."""

_has_begun = exists(select(literal_column("1")).where(TABLE.c.owner_id == CLOCK.c.owner_id))
_some = WITH_NEWS.where(~_has_begun).order_by(CLOCK.c.owner_id).limit(ROWS)
_made = insert(TABLE).from_select(["owner_id", "since"], _some).on_conflict_do_nothing().returning(TABLE.c.owner_id)
GATHER = LazyStatement(lambda: select(func.count()).select_from(_made.cte("made")))
"""A row for some of the owners with news of whom nobody has begun to tell; how many."""

NEXT = LazyStatement(lambda: select(extract("epoch", func.min(TABLE.c.due_at) - func.now())))
"""In how many seconds the first is due; null when there is none."""

_news = WITH_NEWS.subquery("news")
_both = _news.outerjoin(TABLE, TABLE.c.owner_id == _news.c.owner_id, full=True)
_oldest = func.min(func.coalesce(TABLE.c.since, _news.c.since))
PENDING = LazyStatement(lambda: select(func.count(), extract("epoch", func.now() - _oldest)).select_from(_both))
"""Of how many owners something is to be told, and for how many seconds it has been at most."""

# As the owner, by whoever has the claim: they answer a row if it still is theirs


def mine(write: Filterable) -> Filterable:
    return owned(write.where(TABLE.c.claim == CLAIM), TABLE)


def if_mine(write: Update) -> LazyStatement:
    return LazyStatement(lambda: mine(write).returning(TABLE.c.owner_id))


_version = bindparam("version", type_=BigInteger())
ADVANCE = if_mine(
    update(TABLE).values(
        told_version=_version,
        told_kind=bindparam("kind", type_=Integer()),
        told_id=bindparam("id", type_=BigInteger()),
        told_part=bindparam("part", type_=BigInteger()),
        attempts=literal_column("0"),
        failed_at=null(),
        due_at=IN_MS,
        since=func.greatest(TABLE.c.since, written_at(_version)),
    )
)
"""All up to a position is told. The claim goes on, for `ms` milliseconds."""

SETTLE = if_mine(update(TABLE).values(due_at=IN_MS, attempts=literal_column("0"), failed_at=null()))
"""What came next is told, and was no change. The claim goes on."""

EXTEND = if_mine(update(TABLE).values(due_at=IN_MS))
"""The claim goes on."""

FAIL = if_mine(
    update(TABLE).values(
        claim=null(),
        due_at=IN_MS,
        attempts=TABLE.c.attempts + literal_column("1"),
        failed_at=func.coalesce(TABLE.c.failed_at, func.now()),
    )
)
"""What comes next was not told, and is attempted again in `ms` milliseconds."""

GIVE_BACK = if_mine(update(TABLE).values(claim=null(), due_at=func.now()))

HOLD_CLOCK = LazyStatement(lambda: owned(select(CLOCK.c.version), CLOCK).with_for_update(key_share=True))
"""In front of `FINISH`, as a statement of its own: then the clock stands, at what is answered."""

IS_AHEAD = exists(
    owned(
        select(literal_column("1")).where(
            CLOCK.c.news_since.is_not(None), CLOCK.c.version > bindparam("reached", type_=BigInteger())
        ),
        CLOCK,
    )
)
_calm = owned(update(CLOCK).values(news_since=null()), CLOCK).where(CLOCK.c.news_since.is_not(None))


def finishing(*conditions: ColumnElement[bool]) -> LazyStatement:
    def written() -> ClauseElement:
        gone = mine(delete(TABLE).where(~IS_AHEAD, *conditions)).returning(TABLE.c.owner_id).cte("gone")
        calm = _calm.where(exists(select(gone.c.owner_id))).returning(CLOCK.c.owner_id).cte("calm")
        return select(gone.c.owner_id).add_cte(calm)

    return LazyStatement(written)


FINISH = finishing()
"""All is told, unless something is beyond the version `reached`: then the row goes, and is answered."""
