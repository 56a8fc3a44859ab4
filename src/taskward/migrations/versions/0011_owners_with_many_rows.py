"""PostgreSQL plans for owners with many rows, however many owners have few (docs/decisions/0022).

The older release may serve meanwhile, and nobody waits: nothing is written but statistics.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = ("tasks", "lists", "completions")

EACH_PARTITION = """
do $$
declare
    part regclass;
begin
    for part in select '{table}'::regclass union select relid from pg_partition_tree('{table}') loop
        execute format('alter table %s alter column owner_id {change}', part);
    end loop;
end $$
"""
"""Of a table without partitions the tree is empty; a change of these options leaves partitions out."""


def upgrade() -> None:
    change("set (n_distinct = 100)")


def downgrade() -> None:
    change("reset (n_distinct)")


def change(what: str) -> None:
    for table in TABLES:
        op.execute(EACH_PARTITION.format(table=table, change=what))
        op.execute(f"analyze {table}")
