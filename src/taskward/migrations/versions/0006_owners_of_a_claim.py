"""Owners of 320 characters: the name of a claim may stand in front of what the claim says.

The older release may serve meanwhile, and goes on with its owners of 255. Writes wait while all owners are looked
through: half a second for a million.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # One look through the table, not two, and nothing is written.
    op.execute("""
alter table owner
    drop constraint owner_id_length,
    add constraint owner_id_length check (char_length(owner_id) between 1 and 320)
""")


def downgrade() -> None:
    # Not valid: what the older release would not write stays, and it never looks for it.
    op.execute("""
alter table owner
    drop constraint owner_id_length,
    add constraint owner_id_length check (char_length(owner_id) between 1 and 255) not valid
""")
