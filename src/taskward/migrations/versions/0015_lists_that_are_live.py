"""Lists that were deleted are not read with those that are live.

The older release may serve meanwhile. No row is written.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("create index lists_by_position on lists (owner_id, position, id) where deleted_at is null")


def downgrade() -> None:
    op.execute("drop index lists_by_position")
