"""What the application is still to be told of an owner: a row while there is something, and none else.

The row is a cursor into the changes of the owner (`feed.py`): what lies behind it was not told yet. A write leaves it
in the same statement that moves the clock, so that no write is committed without it, and it goes when the cursor has
come to where the clock is, looked at with the clock held, so that none slips between.

Who tells claims rows for a while, any number of them at once. Whoever dies with a claim loses it when its time is over.
All times are the database's, so that the hosts that share it need not agree.
"""

from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Select,
    Text,
    Update,
    bindparam,
    delete,
    extract,
    func,
    literal_column,
    null,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlmodel import Field, SQLModel

from taskward.postgres.context import KEEPER_ROLE
from taskward.postgres.encoding import Row
from taskward.postgres.statements import OWNER, Filterable, Statement, compiled, owned
from taskward.resources.clock import CLOCK, MOVE, REMEMBER
from taskward.resources.feed import Position

NOW_OF_ALL = {"server_default": func.now()}
ZERO = {"server_default": text("0")}


class Delivery(SQLModel, table=True):
    __tablename__ = "delivery"
    __table_args__ = (PrimaryKeyConstraint("owner_id", name="delivery_pkey"), Index("delivery_by_due", "due_at"))

    owner_id: str = Field(sa_type=Text, nullable=False)
    told_version: int = Field(sa_type=BigInteger, nullable=False)
    """This and the next three are the position (`feed.py`) up to which all is told."""
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
    """No later than this was what comes next written."""


TABLE = SQLModel.metadata.tables["delivery"]

CURSOR = [TABLE.c.told_version, TABLE.c.told_kind, TABLE.c.told_id, TABLE.c.told_part]
MILLISECOND: ColumnElement[object] = literal_column("interval '1 millisecond'")
CLAIM = bindparam("claim", type_=BigInteger())
IN_MS = func.now() + bindparam("ms", type_=BigInteger()) * MILLISECOND

# With the write

_moved = MOVE.returning(CLOCK.c.version, REMEMBER.label("told")).cte("moved")
_left = insert(TABLE).from_select(["owner_id", "told_version"], select(OWNER, _moved.c.version))
# A row that is there already has its cursor at or before this write.
LEAVING_TICK = compiled(select(_moved.c.told).add_cte(_left.on_conflict_do_nothing().cte("left_for_delivery")))
"""As `TICK`, and what is written is to be told."""

# As the keeper


class Claimed(NamedTuple):
    owner_id: str
    told: Position
    attempts: int
    failing_seconds: float
    """Since the first attempt failed; 0 when none has."""

    @classmethod
    def of(cls, row: Row) -> Self:
        owner_id, *numbers = row
        version, kind, number, part, attempts, failing = (value or b"0" for value in numbers)
        told = Position(int(version), int(kind), int(number), int(part))
        return cls((owner_id or b"").decode(), told, int(attempts), float(failing))


AS_KEEPER = compiled(
    select(func.set_config(literal_column("'role'"), literal_column(f"'{KEEPER_ROLE}'"), literal_column("true")))
)()
"""In front of the statements below, in their transaction; the role of requests comes back with its end."""


def claiming(some: Select[tuple[str]]) -> Update:
    # Rows that somebody else is about to claim are passed over.
    portion = some.where(TABLE.c.due_at <= func.now()).with_for_update(skip_locked=True).scalar_subquery()
    claimed = update(TABLE).values(claim=CLAIM, due_at=IN_MS).where(TABLE.c.owner_id == func.any(func.array(portion)))
    failing = func.coalesce(extract("epoch", func.now() - TABLE.c.failed_at), literal_column("0"))
    return claimed.returning(TABLE.c.owner_id, *CURSOR, TABLE.c.attempts, failing)


_longest_due = select(TABLE.c.owner_id).order_by(TABLE.c.due_at).limit(bindparam("rows", type_=Integer()))
CLAIM_DUE = compiled(claiming(_longest_due))
"""Claimed: some of those whose turn it is, for `ms` milliseconds."""

_named = bindparam("owners", type_=ARRAY(Text()))
CLAIM_OF = compiled(claiming(select(TABLE.c.owner_id).where(TABLE.c.owner_id == func.any(_named))))
"""As `CLAIM_DUE`, of these owners; found without a look at the others, however many wait."""

NEXT = compiled(select(extract("epoch", func.min(TABLE.c.due_at) - func.now())))
"""In how many seconds the first is due; null when there is none."""

PENDING = compiled(select(func.count(), extract("epoch", func.now() - func.min(TABLE.c.since))))
"""Of how many owners something is to be told, and for how many seconds it has been at most."""

# As the owner, by whoever has the claim: they answer a row if it still is theirs


def mine(write: Filterable) -> Filterable:
    return owned(write.where(TABLE.c.claim == CLAIM), TABLE)


def if_mine(write: Update) -> Statement:
    return compiled(mine(write).returning(TABLE.c.owner_id))


_version = bindparam("version", type_=BigInteger())
_written_at = func.to_timestamp(_version / literal_column("1000.0"))
ADVANCE = if_mine(
    update(TABLE).values(
        told_version=_version,
        told_kind=bindparam("kind", type_=Integer()),
        told_id=bindparam("id", type_=BigInteger()),
        told_part=bindparam("part", type_=BigInteger()),
        attempts=literal_column("0"),
        failed_at=null(),
        due_at=IN_MS,
        since=func.greatest(TABLE.c.since, func.least(func.now(), _written_at)),
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

_clock = owned(select(CLOCK.c.version), CLOCK)
HOLD_CLOCK = compiled(_clock.with_for_update(key_share=True))
"""In front of `FINISH`, as a statement of its own, as every write has it: then the clock stands."""

_reached = func.coalesce(_clock.scalar_subquery(), literal_column("0")) <= bindparam("reached", type_=BigInteger())
FINISH = compiled(mine(delete(TABLE).where(_reached)).returning(TABLE.c.owner_id))
"""All is told, if the clock stands no further than at the version `reached`: then the row goes, and is answered."""
