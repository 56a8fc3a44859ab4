"""Answers are kept with their idempotency keys for a day.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from taskward.migrations.roles import force_policies

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "key", name="idempotency_keys_pkey"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["owner.owner_id"], name="idempotency_keys_owner_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint("char_length(key) between 1 and 255", name="idempotency_keys_key_length"),
        sa.CheckConstraint("char_length(fingerprint) = 64", name="idempotency_keys_fingerprint_length"),
    )
    op.execute(force_policies("idempotency_keys"))
    op.execute("grant select, insert, update, delete on idempotency_keys to taskward_app")
    # Whoever cleans up sees what has expired, and nothing else, of anybody.
    op.execute(
        "create policy expired_rows on idempotency_keys to taskward_keeper "
        "using (created_at <= now() - interval '24 hours')"
    )
    op.execute("grant select, delete on idempotency_keys to taskward_keeper")


def downgrade() -> None:
    op.drop_table("idempotency_keys")
