"""What has changed: the rows of one owner, of every kind, in the order of their versions; and first copies of them all.

The rows are the feed (`docs/decisions/0017-the-rows-are-the-feed.md`): a live one is its own newest state, one that was
deleted its own removal. What purging took away entirely lies below `owner.feed_floor`: who may have missed it begins
anew.

A walk is a first copy, or what follows a token, page by page. Each page is one statement, and so one moment: after the
last its client has what the server held then. A first copy goes by id, and ends with what has changed since it began.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql import ClauseElement

from taskward.errors import Problem
from taskward.postgres.statements import LazyStatement, compiled, json_of_columns, owned
from taskward.resources.clock import CLOCK
from taskward.resources.errors import CursorInvalid
from taskward.resources.paging import LIMIT, cursor_for, position_in
from taskward.resources.resource import Resource
from taskward.resources.session import Session

MAX_BYTES = 4 * 1024 * 1024
"""Of the changes in one answer, which has at least one change."""

TOKENS = "changes"
"""What the tokens belong to, as `cursor_for` asks."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
BEYOND_IDS = 2**63 - 1

DONE_SINCE = bindparam("done_since", type_=DateTime(timezone=True))
"""From when on what is done belongs to a first copy."""
EVER = "-infinity"


class SyncReset(Problem):
    status, code, title = 410, "sync_reset", "Copy out of date"

    def __init__(self) -> None:
        super().__init__(
            "What has changed since this token cannot be told any more: throw the copy away and start without since."
        )


class TokenInvalid(CursorInvalid):
    def __init__(self) -> None:
        super().__init__("This token was not given out here for this owner; start without since.")


# What resources contribute


@dataclass(frozen=True, eq=False)
class Kind:
    """Rows of a table that changes tell of. `number` orders kinds within a version; tokens hold it: 1 to 9, always."""

    name: str
    number: int
    table: Table
    key: Sequence[Column[int]]
    """The id, and in what is part of it a number."""
    shape: Sequence[Column[Any]]
    is_live: ColumnElement[bool]
    removal: Mapping[str, Column[Any]]
    """What a removal tells, by the names of members."""
    conditions: Sequence[ColumnElement[bool]] = ()
    """Rows for which these do not hold are no part of a copy: what they belong to has taken them along."""
    long_text: ColumnElement[Any] | None = None
    """A column that can be much longer than all others together."""
    was_done_before: ColumnElement[bool] | None = None
    """What a first copy leaves out, by `DONE_SINCE`."""

    def columns(self) -> list[ColumnElement[Any]]:
        """Where a row stands in the order of changes, and the least that it can take in an answer."""
        is_short = self.long_text is None
        length = number(0) if is_short else func.coalesce(func.octet_length(self.long_text), number(0))
        return [
            self.table.c.version,
            number(self.number).label("kind"),
            self.id.label("id"),
            self.part.label("part"),
            length.label("length"),
        ]

    @property
    def id(self) -> ColumnElement[int]:
        return self.key[0]

    @property
    def part(self) -> ColumnElement[int]:
        return self.key[1] if len(self.key) > 1 else number(0)

    def is_row(self, of: CTE) -> ColumnElement[bool]:
        return and_(*(column == named for column, named in zip(self.key, (of.c.id, of.c.part), strict=False)))

    def change(self) -> ColumnElement[Any]:
        """What is told of a row."""
        removal = [each for name, column in self.removal.items() for each in (word(name), column)]
        return case(
            (self.is_live, self.object("put", word(self.name), json_of_columns(self.shape, self.table))),
            else_=self.object("remove", *removal),
        )

    def object(self, op: str, *members: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.json_build_object(word("kind"), word(self.name), word("op"), word(op), *members)


def kind_of(
    resource: Resource,
    name: str,
    number: int,
    *,
    long_text: ColumnElement[Any] | None = None,
    was_done_before: ColumnElement[bool] | None = None,
) -> Kind:
    """The rows of a resource."""
    table = resource.table
    return Kind(
        name,
        number,
        table,
        key=[table.c.id],
        shape=resource.shape,
        is_live=resource.is_live,
        removal={"id": table.c.id, "uid": table.c.uid},
        long_text=long_text,
        was_done_before=was_done_before,
    )


def word(text: str) -> ColumnElement[Any]:
    return literal_column(f"'{text}'", Text())


def number(value: int) -> ColumnElement[int]:
    return literal_column(str(value), Integer())


# Tokens


class Position(NamedTuple):
    """A row in the order of changes, behind which a walk goes on."""

    version: int
    kind: int = 0
    id: int = 0
    part: int = 0
    """Of what is part of the row with that id."""


@dataclass(frozen=True, slots=True)
class Following:
    """Who has everything up to `began_at`, and is told what follows. `behind` is the last row that was told already."""

    began_at: int
    behind: Position | None = None

    def text(self) -> str:
        return ".".join(map(str, [self.began_at, *(self.behind or ())]))


@dataclass(frozen=True, slots=True)
class Copying:
    """A first copy in its middle. It goes by kind and id: of `behind` the version says nothing."""

    began_at: int
    behind: Position
    done_since: datetime | None

    def text(self) -> str:
        since = "" if self.done_since is None else (self.done_since - EPOCH) // MICROSECOND
        return f"{self.began_at}.{self.behind.kind}.{self.behind.id}.{self.behind.part}/{since}"


NUMBER = "(0|[1-9][0-9]{0,15})"
PLACE = rf"([0-9])\.{NUMBER}\.{NUMBER}"
FOLLOWING = re.compile(rf"{NUMBER}(?:\.{NUMBER}\.{PLACE})?")
COPYING = re.compile(rf"{NUMBER}\.{PLACE}/(-?[0-9]{{1,18}})?")


def walk_of(token: str, owner_id: str) -> Following | Copying:
    """
    Raises:
        TokenInvalid: it was not given out to this owner, or was altered.
    """
    try:
        text = position_in(token, owner_id=owner_id, of=TOKENS)
        # A token for any text can be forged.
        if (found := FOLLOWING.fullmatch(text)) is not None:
            began_at, *place = (int(number) for number in found.groups() if number is not None)
            return Following(began_at, Position(*place) if place else None)
        if (found := COPYING.fullmatch(text)) is not None:
            began_at, *place = map(int, found.groups()[:4])
            done_since = None if found[5] is None else EPOCH + int(found[5]) * MICROSECOND
            return Copying(began_at, Position(began_at, *place), done_since)
    except (CursorInvalid, OverflowError):
        pass
    raise TokenInvalid


# Statements


class FeedRow(NamedTuple):
    """What both statements of a feed answer, in one row."""

    version: bytes | None
    """Of the owner's clock; None, as the floor, without one."""
    floor: bytes | None
    changes: bytes | None
    """None when there are none."""
    last: bytes | None
    """The position of the last."""
    has_more: bytes


class EachRow(NamedTuple):
    """What `each_following` answers, in a row for each change."""

    version: bytes
    """Of the owner's clock."""
    position: bytes | None
    """None, as the change, when there is none."""
    change: bytes | None
    has_more: bytes


BY_VERSION = ("version", "kind", "id", "part")
BY_ID = ("kind", "id", "part")


def following(kinds: Sequence[Kind]) -> ClauseElement:
    """What has changed behind a position."""
    clock = clock_row()
    return page_of(kinds, rows_behind(kinds, VERSION, clock), BY_VERSION, clock)


def each_following(kinds: Sequence[Kind]) -> ClauseElement:
    """EachRow: what has changed behind a position, or without one what the application is to be told. None at all of an
    owner without a clock.
    """
    since = func.coalesce(VERSION, CLOCK.c.news_since).label("since")
    clock = owned(select(CLOCK.c.version, since), CLOCK).cte("clock")
    rows = rows_behind(kinds, select(clock.c.since).scalar_subquery(), clock)
    ahead, page = rendered_page(kinds, rows, BY_VERSION)
    return (
        select(clock.c.version, page.c.position, page.c.change, has_more(ahead, page))
        .select_from(clock.outerjoin(page, true()))
        .order_by(page.c.number)
    )


VERSION = bindparam("version", type_=BigInteger())
"""Of the position."""


def rows_behind(kinds: Sequence[Kind], version: ColumnElement[int], clock: CTE) -> list[Select[Any]]:
    """When the clock has not reached the version of the position, no row is looked at."""
    ids = (bindparam(name, type_=BigInteger()) for name in ("id", "part"))
    behind = tuple_(version, bindparam("kind", type_=Integer()), *ids)
    has_moved = select(clock.c.version).scalar_subquery() >= version
    rows = []
    for kind in kinds:
        is_behind = tuple_(kind.table.c.version, number(kind.number), kind.id, kind.part) > behind
        # The version by itself too, which says no of most rows with one comparison.
        found = select(*kind.columns()).where(has_moved, kind.table.c.version >= version, is_behind, *kind.conditions)
        rows.append(owned(found, kind.table))
    return rows


def copying(kinds: Sequence[Kind]) -> ClauseElement:
    """The live rows of each kind behind an id."""
    rows = []
    for kind in kinds:
        found = select(*kind.columns()).where(kind.is_live, is_after(kind), *kind.conditions)
        if kind.was_done_before is not None:
            found = found.where(kind.was_done_before.is_not(true()))
        rows.append(owned(found, kind.table))
    return page_of(kinds, rows, BY_ID, clock_row())


def is_after(kind: Kind) -> ColumnElement[bool]:
    """Along the key."""
    after = [bindparam(f"{name}_{kind.name}", type_=BigInteger()) for name in ("after", "part_of")]
    return tuple_(*kind.key) > tuple_(*after) if len(kind.key) > 1 else kind.id > after[0]


def clock_row() -> CTE:
    return owned(select(CLOCK.c.version, CLOCK.c.feed_floor), CLOCK).cte("clock")


def page_of(kinds: Sequence[Kind], rows: Sequence[Select[Any]], order: Sequence[str], clock: CTE) -> ClauseElement:
    """FeedRow: the first of the rows, as many as fit, and whether more follow."""
    ahead, page = rendered_page(kinds, rows, order)
    return select(
        select(clock.c.version).scalar_subquery(),
        select(clock.c.feed_floor).scalar_subquery(),
        select(func.string_agg(page.c.change, aggregate_order_by(word(", "), page.c.number))).scalar_subquery(),
        select(page.c.position).order_by(page.c.number.desc()).limit(number(1)).scalar_subquery(),
        has_more(ahead, page),
    )


def has_more(ahead: CTE, page: CTE) -> ColumnElement[bool]:
    return (
        select(func.count()).select_from(ahead).scalar_subquery()
        > select(func.count()).select_from(page).scalar_subquery()
    )


def rendered_page(kinds: Sequence[Kind], rows: Sequence[Select[Any]], order: Sequence[str]) -> tuple[CTE, CTE]:
    """The first of the rows, one more than asked for, and of these as many as fit, rendered.

    Only these are rendered, and none that could not fit whatever it holds.
    """
    one_more = LIMIT + number(1)
    first = [
        found.order_by(*(found.selected_columns[name] for name in order)).limit(one_more).subquery(f"of_{kind.name}")
        for kind, found in zip(kinds, rows, strict=True)
    ]
    found = union_all(*map(select, first)).subquery("found")
    ordered = select(found).order_by(*(found.c[name] for name in order)).limit(one_more).subquery("ordered")
    in_order = [ordered.c[name] for name in order]
    ahead = select(
        ordered,
        func.row_number().over(order_by=in_order).label("number"),
        func.sum(ordered.c.length).over(order_by=in_order).label("bytes"),
    ).cte("ahead")
    may_fit = ahead.c.bytes - ahead.c.length < number(MAX_BYTES)
    position = func.concat_ws(word("."), *(ahead.c[name] for name in BY_VERSION)).label("position")
    changes = case(*((ahead.c.kind == number(kind.number), change_of(kind, ahead)) for kind in kinds))
    rendered = (
        select(ahead.c.number, position, cast(changes, Text).label("change"))
        .where(ahead.c.number <= LIMIT, may_fit)
        .cte("rendered")
        # Or each row would be rendered once more to be measured.
        .prefix_with("MATERIALIZED")
    )
    measured = select(
        rendered, func.sum(func.octet_length(rendered.c.change)).over(order_by=rendered.c.number).label("bytes")
    ).subquery("measured")
    fits = or_(measured.c.bytes <= number(MAX_BYTES), measured.c.number == number(1))
    return ahead, select(measured).where(fits).cte("page")


def change_of(kind: Kind, ahead: CTE) -> ColumnElement[Any]:
    return owned(select(kind.change()).where(kind.is_row(ahead)), kind.table).correlate(ahead).scalar_subquery()


# Of an owner of many rows PostgreSQL would read the whole table, with everybody's, and start workers of its own for it
# before it knew that nothing is new.
PLAINLY = compiled(
    select(
        *(
            func.set_config(literal_column(f"'{name}'"), literal_column(f"'{value}'"), literal_column("true"))
            for name, value in {"max_parallel_workers_per_gather": "0", "enable_seqscan": "off", "jit": "off"}.items()
        )
    )
)()


# What runs them


class Changes(NamedTuple):
    """What is answered: the changes, with commas between them, and the token of what follows."""

    json: bytes
    next: str
    has_more: bool
    version: int
    """Of the owner's clock at that moment; 0 without one."""


class Feed:
    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.kinds = sorted(kinds, key=lambda kind: kind.number)
        self.FOLLOWING = LazyStatement(lambda: following(self.kinds))
        self.COPYING = LazyStatement(lambda: copying(self.kinds))

    async def begin(self, session: Session, *, limit: int, done_since: datetime | None = None) -> Changes:
        """The beginning of a first copy, without what was done before."""
        return await self.copy(session, Copying(-1, Position(0), done_since), limit)

    async def go_on(self, session: Session, token: str, *, limit: int) -> Changes:
        """
        Raises:
            TokenInvalid: it was not given out to this owner, or was altered.
            SyncReset: what has changed since cannot be told any more.
        """
        walk = walk_of(token, session.owner_id)
        if isinstance(walk, Copying):
            return await self.copy(session, walk, limit)
        return await self.follow(session, walk, limit)

    async def copy(self, session: Session, walk: Copying, limit: int) -> Changes:
        behind, after = walk.behind, {}
        for kind in self.kinds:
            place = (behind.id, behind.part) if kind.number == behind.kind else (0, 0)
            after[f"after_{kind.name}"], after[f"part_of_{kind.name}"] = (
                place if kind.number >= behind.kind else (BEYOND_IDS, 0)
            )
        call = self.COPYING(limit=limit, done_since=walk.done_since or EVER, **after)
        _, [row] = await session.read(PLAINLY, call)
        found = FeedRow._make(row)
        version = int(found.version or 0)
        began_at = walk.began_at
        if began_at < 0:
            began_at = version
        else:
            refuse_if_reset(found, began_at=began_at, reached=began_at)
        if found.has_more == b"t" and found.last is not None:
            ahead: Following | Copying = Copying(began_at, position_of(found.last), walk.done_since)
        else:
            ahead = Following(began_at)
            if found.changes is None and began_at < version:
                return await self.follow(session, ahead, limit)
        return changes(session, found, ahead, has_more=found.has_more == b"t" or began_at < version)

    async def follow(self, session: Session, walk: Following, limit: int) -> Changes:
        behind = walk.behind or Position(walk.began_at + 1)
        _, [row] = await session.read(PLAINLY, self.FOLLOWING(limit=limit, **behind._asdict()))
        found = FeedRow._make(row)
        # Who had nothing when the walk began can have missed nothing before.
        began_at = walk.began_at if walk != NOTHING_YET else int(found.floor or 0)
        reached = walk.began_at if walk.behind is None else walk.behind.version
        refuse_if_reset(found, began_at=began_at, reached=reached)
        if found.has_more == b"t" and found.last is not None:
            return changes(session, found, Following(began_at, position_of(found.last)), has_more=True)
        return changes(session, found, Following(int(found.version or 0)), has_more=False)


NOTHING_YET = Following(0)
"""The walk of an owner who had no rows."""


def refuse_if_reset(found: FeedRow, *, began_at: int, reached: int) -> None:
    """
    Raises:
        SyncReset: of the removals since the walk began some have no trace, or it has reached what the owner never had:
            in the life before a backup was restored, or the owner forgotten.
    """
    if began_at < int(found.floor or 0) or reached > int(found.version or 0):
        raise SyncReset


def position_of(last: bytes) -> Position:
    return Position(*map(int, last.decode().split(".")))


def changes(session: Session, found: FeedRow, ahead: Following | Copying, *, has_more: bool) -> Changes:
    token = cursor_for(ahead.text(), owner_id=session.owner_id, of=TOKENS)
    return Changes(found.changes or b"", token, has_more, int(found.version or 0))
