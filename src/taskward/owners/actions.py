"""What can be done with an owner as a whole: to be forgotten, with everything that is theirs."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Table, delete, exists, literal_column, select
from sqlalchemy.sql import ClauseElement
from sqlmodel import SQLModel

import taskward.owners.calendar_links
import taskward.resources.deliveries
import taskward.tasks.alarms
import taskward.tasks.recurring  # noqa: F401 - fills SQLModel.metadata
from taskward.postgres.statements import LazyStatement, owned
from taskward.resources.clock import owned_tables
from taskward.resources.portions import ROWS, in_portions, is_in
from taskward.resources.session import Session


async def forget(session: Session) -> None:
    """Removes every row of the owner, for good, as `taskward forget` does.

    Raises:
        DatabaseUnavailable: the deadline comes before the end; the same request goes on.
    """
    await in_portions(session, lambda rows: [statement(rows=rows) for statement in FORGET.values()], is_repeatable=True)


def forgetting(tables: Sequence[Table]) -> dict[str, LazyStatement]:
    """By the name of each table the removal of some rows, and of none while a table before it still has any, which may
    refer to them. The last table has the owner's own row: it is answered when it is removed, which is when nothing else
    is left.
    """
    *parts, whole = tables
    statements = {table.name: removing_some(table, after=parts[:number]) for number, table in enumerate(parts)}

    def the_owner() -> ClauseElement:
        return owned(delete(whole).where(*map(has_none, parts)), whole).returning(whole.c.owner_id)

    return statements | {whole.name: LazyStatement(the_owner, is_prepared=False)}


def removing_some(table: Table, *, after: Sequence[Table]) -> LazyStatement:
    def written() -> ClauseElement:
        some = table.alias("portion")
        # Along the key, wherever the rows lie among those of others.
        key = [some.c[column.name] for column in table.primary_key]
        portion = owned(select(literal_column("portion.ctid")).select_from(some), some).order_by(*key).limit(ROWS)
        return owned(delete(table).where(is_in(table, portion), *map(has_none, after)), table)

    return LazyStatement(written, is_prepared=False)


def has_none(table: Table) -> ColumnElement[bool]:
    return ~exists(owned(select(literal_column("1")).select_from(table), table))


FORGET = forgetting([SQLModel.metadata.tables[name] for name in owned_tables()])
