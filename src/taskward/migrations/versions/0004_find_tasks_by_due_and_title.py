"""Find the tasks of one owner by when they are due, and list them by title.

Writes of tasks wait while the indexes are made, some seconds for a million tasks.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain columns alone: under row-level security the function of an expression keeps an index from being searched.
    for column in ("due_on", "due_at"):
        op.execute(
            f"create index tasks_by_{column} on tasks (owner_id, {column}, id) "
            f"where {column} is not null and deleted_at is null"
        )
    op.execute('create index tasks_by_title on tasks (owner_id, title collate "C", id) where deleted_at is null')


def downgrade() -> None:
    for name in ("tasks_by_due_on", "tasks_by_due_at", "tasks_by_title"):
        op.execute(f"drop index {name}")
