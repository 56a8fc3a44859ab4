"""What can be done with an owner as a whole: to be forgotten, with everything that is theirs."""

import asyncio
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Integer, Table, bindparam, delete, exists, func, literal_column, select
from sqlmodel import SQLModel

import taskward.tasks.actions  # noqa: F401 - fills SQLModel.metadata
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.postgres.statements import Statement, compiled, owned
from taskward.resources.clock import owned_tables
from taskward.resources.session import Session

FIRST_ROWS, MOST_ROWS = 200, 2_000
"""Of each table in one round trip: a few hundred of the longest take as long as thousands of the usual ones."""

QUICK_SECONDS = 0.05
"""After a round trip that took less, the next is for twice as many."""

ROWS = bindparam("rows", type_=Integer())

UNFINISHED = "There is so much to remove that it is not done yet: send the same request again, and it goes on."


async def forget(session: Session) -> None:
    """Removes every row of the owner, for good, as `taskward forget` does.

    In portions, because one statement would outlast the deadline where there are many: what is removed stays removed,
    and the same request goes on. Another write of the owner comes before it, between two portions or after it.

    Raises:
        DatabaseUnavailable: the deadline comes before the end.
    """
    time, rows, has_begun = asyncio.get_running_loop().time, FIRST_ROWS, False
    while True:
        began = time()
        calls = [statement(rows=rows) for statement in FORGET.values()]
        try:
            *_, the_owner = await session.write(*calls, is_repeatable=True)
        except DatabaseUnavailable as failure:
            if has_begun and failure.reason in (Reason.NO_CONNECTION_IN_TIME, Reason.NO_ANSWER_IN_TIME):
                raise DatabaseUnavailable(Reason.UNFINISHED, UNFINISHED) from None
            raise
        if the_owner:
            return
        has_begun = True
        took = time() - began
        if took < QUICK_SECONDS:
            rows, took = min(2 * rows, MOST_ROWS), 2 * took
        if time() + took > session.deadline:
            raise DatabaseUnavailable(Reason.UNFINISHED, UNFINISHED)


def forgetting(tables: Sequence[Table]) -> dict[str, Statement]:
    """By the name of each table the removal of some rows, and of none while a table before it still has any, which may
    refer to them. The last table has the owner's own row: it is answered when it is removed, which is when nothing else
    is left.
    """
    *parts, whole = tables
    statements = {table.name: removing_some(table, after=parts[:number]) for number, table in enumerate(parts)}
    the_owner = owned(delete(whole).where(*map(has_none, parts)), whole)
    return statements | {whole.name: compiled(the_owner.returning(whole.c.owner_id), is_prepared=False)}


def removing_some(table: Table, *, after: Sequence[Table]) -> Statement:
    some = table.alias("portion")
    # Along the key, wherever the rows lie among those of others.
    key = [some.c[column.name] for column in table.primary_key]
    portion = owned(select(literal_column("portion.ctid")).select_from(some), some).order_by(*key).limit(ROWS)
    is_one = literal_column(f"{table.name}.ctid") == func.any(func.array(portion.scalar_subquery()))
    return compiled(owned(delete(table).where(is_one, *map(has_none, after)), table), is_prepared=False)


def has_none(table: Table) -> ColumnElement[bool]:
    return ~exists(owned(select(literal_column("1")).select_from(table), table))


FORGET = forgetting([SQLModel.metadata.tables[name] for name in owned_tables()])
