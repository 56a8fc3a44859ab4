"""Where the revision of the schema is kept: a table of Taskward's own, beside which another Alembic has its table.

Release 0.1 kept it in Alembic's own table. That one is taken over, and left as it is for a 0.1 that still serves.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

VERSION_TABLE = "taskward_version"

LEFT_FOR_0_1 = "Left by Taskward for its release 0.1: drop it when no 0.1 serves any more."
"""The comment on the table that was taken over: what tells it from another application's."""

DROP_WHAT_IS_LEFT = f"""
do $$
begin
    if obj_description(to_regclass('alembic_version'), 'pg_class') = '{LEFT_FOR_0_1}' then
        drop table alembic_version;
    end if;
end $$
"""

HAS_TABLE_OF_0_1 = """
select to_regclass(quote_ident(current_schema()) || '.alembic_version') is not null
    and (
        select count(*) = 2 from pg_policy join pg_class on polrelid = pg_class.oid
        where polname = 'own_rows' and relname in ('owner', 'tasks')
            and relnamespace = quote_ident(current_schema())::regnamespace
    )
"""


def options(connection: "Connection") -> dict[str, Any]:
    """What Alembic is told: the table is that of this schema, not one elsewhere on the search path."""
    schema = connection.exec_driver_sql("select current_schema()").scalar()
    return {"version_table": VERSION_TABLE, "version_table_schema": schema}


def has_version_table(connection: "Connection") -> bool:
    from sqlalchemy import inspect

    return inspect(connection).has_table(VERSION_TABLE, schema=options(connection)["version_table_schema"])


def revision_of_0_1(connection: "Connection", known: Collection[str]) -> str | None:
    """The revision in Alembic's own table; None when that is another application's, or there is none."""
    if not connection.exec_driver_sql(HAS_TABLE_OF_0_1).scalar():
        return None
    found = connection.exec_driver_sql("select version_num from alembic_version").scalars().all()
    return found[0] if len(found) == 1 and found[0] in known else None


def take_over(connection: "Connection", known: Collection[str]) -> None:
    """Begins the table with the revision that 0.1 left, if the schema is one of 0.1 and has no such table yet."""
    if has_version_table(connection):
        return
    revision = revision_of_0_1(connection, known)
    if revision is None:
        return
    for statement in (
        f"create table {VERSION_TABLE} (version_num varchar(32) not null, "
        f"constraint {VERSION_TABLE}_pkc primary key (version_num))",
        f"insert into {VERSION_TABLE} values ('{revision}')",
        f"grant select on {VERSION_TABLE} to taskward_app",
        f"comment on table alembic_version is '{LEFT_FOR_0_1}'",
    ):
        connection.exec_driver_sql(statement)
