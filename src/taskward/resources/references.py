"""How a client names a row: by the id that it was given here, or by the uid that the client gave it itself.

A statement about one row is written once, and asked either way.
"""

import re
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, ColumnElement, FromClause, Uuid, and_, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from taskward.postgres.statements import Bound, Statement, compiled
from taskward.resources.clock import LARGEST_INTEGER

Reference = int | UUID
"""The id of a row, or its uid."""

ID_TEXT = re.compile(r"[1-9][0-9]{0,15}")
# Python would take braces, `urn:uuid:` and digits without dashes for UUIDs too.
UID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


NO_REFERENCE = f"This must be an id, which is a whole number from 1 to {LARGEST_INTEGER}, or a uid with its dashes"


def reference_in(text: str) -> Reference:
    """Of a path or a query."""
    if ID_TEXT.fullmatch(text) and (number := int(text)) <= LARGEST_INTEGER:
        return number
    if UID_TEXT.fullmatch(text):
        return UUID(text)
    raise ValueError(NO_REFERENCE)


class IsTheOne(ColumnElement[bool]):
    """The row that the parameter `id` names. Which column that is in, `RowStatement` says when it compiles."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, table: FromClause) -> None:
        self.by_id = table.c.id == bindparam("id", type_=BigInteger())
        self.by_uid = and_(table.c.uid == bindparam("id", type_=Uuid()), has_its_uid(table))


def has_its_uid(table: FromClause) -> ColumnElement[bool]:
    """In these words the index by uid has it: once a row is gone for good another may be named as it was."""
    gone_at = "erased_at" if "erased_at" in table.c else "deleted_at"
    return table.c[gone_at].is_(None)


@compiles(IsTheOne)
def sql_of(one: IsTheOne, compiler: SQLCompiler, *, by_uid: bool = False, **options: Any) -> str:
    return compiler.process(one.by_uid if by_uid else one.by_id, by_uid=by_uid, **options)


class RowStatement:
    """About the one row (`IsTheOne`): its parameter `id` takes a `Reference`."""

    def __init__(self, statement: ClauseElement, *, is_quick: bool = False) -> None:
        self.statement, self.is_quick = statement, is_quick
        self.by_id = compiled(statement, is_quick=is_quick)

    @cached_property
    def by_uid(self) -> Statement:
        """Compiled when it is first asked for: most clients name no rows."""
        return compiled(self.statement, is_quick=self.is_quick, by_uid=True)

    def __call__(self, **values: Any) -> Bound:
        return Bound(self.by_id if type(values["id"]) is int else self.by_uid, values)
