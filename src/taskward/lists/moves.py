"""Moving a list to another place among the others. One call to the database.

A statement under the owner's clock looks up and writes. A second one, in the same round trip, tells why nothing was
written.
"""

from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator
from sqlalchemy import CTE, ColumnElement, Select, Text, bindparam, case, select, true

from taskward.lists.actions import LISTS
from taskward.lists.errors import ListNotFound
from taskward.lists.model import TABLE
from taskward.postgres.statements import owned
from taskward.resources.errors import ReferenceNotFound, VersionMismatch
from taskward.resources.idempotency import Idempotency
from taskward.resources.positions import placed
from taskward.resources.references import ONE_ROW, Named, Reference, RowStatement, named
from taskward.resources.refusals import NO_ANCHOR, NOT_AS_EXPECTED, NOT_FOUND, code
from taskward.resources.resource import Versioned, answered, is_expected
from taskward.resources.session import Session
from taskward.resources.shapes import Patch, RowId

PLACES = ("after", "before", "to")

ONE_PLACE: dict[str, JsonValue] = {"minProperties": 1, "maxProperties": 1}


class ListMove(Patch):
    """The one place to which a list goes."""

    model_config = ConfigDict(json_schema_extra=ONE_PLACE | {"examples": [{"to": "first"}]})

    # The defaults are never read: what was not sent is not in `model_fields_set`.
    after: RowId = Field(default_factory=int, description="Behind this list.")
    before: RowId = Field(default_factory=int, description="In front of this list.")
    to: Literal["first", "last"] = Field(default_factory=lambda: "last")

    @model_validator(mode="after")
    def has_one_place(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("A list goes to one place: send one of after, before and to")
        return self


async def move(
    session: Session,
    list_id: Reference,
    asked: ListMove,
    *,
    expected: list[int] | None,
    idempotency: Idempotency | None = None,
) -> Versioned:
    """
    Raises:
        ListNotFound, VersionMismatch
        ReferenceNotFound: the list that it is to stand behind or in front of.
        IdempotencyKeyReused: the key came with another request before.
    """
    [place] = asked.model_fields_set
    anchor = None if place == "to" else getattr(asked, place)
    goes = asked.to if place == "to" else place
    values = {"id": list_id, "expected": expected, "goes": goes, **named("anchor", anchor)}
    calls = MOVE.bound(idempotency, **values), WHY_NOT(**values)
    rows, [[refusal]] = await session.write(*calls, is_repeatable=idempotency is not None)
    if rows:
        return answered(rows[0], idempotency)
    if refusal == NO_ANCHOR.encode():
        raise ReferenceNotFound(place, ListNotFound.noun)
    raise ListNotFound if refusal == NOT_FOUND.encode() else VersionMismatch(ListNotFound.noun)


ANCHOR = Named("anchor", TABLE, "position")


def judged() -> CTE:
    """One row: the list, where it goes, and the `refusal`, null if it may."""
    found: Select[Any] = select(TABLE).where(LISTS.is_the_one, LISTS.is_live)
    the_list = owned(found, TABLE).subquery("the_list")
    refusal = case(
        (the_list.c.id.is_(None), code(NOT_FOUND)),
        (~is_expected(the_list.c.version), code(NOT_AS_EXPECTED)),
        (ANCHOR.is_missing, code(NO_ANCHOR)),
    )
    return (
        select(
            the_list.c.id,
            the_list.c.position,
            bindparam("goes", type_=Text()).label("goes"),
            ANCHOR.found.c.id.label("anchor_id"),
            ANCHOR.found.c.position.label("anchor_position"),
            refusal.label("refusal"),
        )
        .select_from(ONE_ROW.outerjoin(the_list, true()).outerjoin(ANCHOR.found, true()))
        .cte("judged")
    )


def moving(judged: CTE, *conditions: ColumnElement[bool]) -> CTE:
    """The list as it is then, if nothing refuses it."""
    move = select(judged).where(judged.c.refusal.is_(None), *conditions).cte("move")
    places = placed(move, TABLE)
    moved = LISTS.changing({"position": places.c.position}).where(TABLE.c.id == places.c.id)
    written = owned(moved, TABLE).returning(*LISTS.shape).cte("written")
    the_list: Select[Any] = select(written).where(written.c.id == select(move.c.id).scalar_subquery())
    return the_list.cte("moved")


MOVE = LISTS.write_of(lambda *conditions: moving(judged(), *conditions))
WHY_NOT = RowStatement(lambda: select(judged().c.refusal))
