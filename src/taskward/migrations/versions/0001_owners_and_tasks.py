"""Owners with their clock, tasks, the role that may see only its owner's rows, and the one that cleans up.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from taskward.migrations.roles import create_roles, force_policies
from taskward.migrations.version_table import DROP_WHAT_IS_LEFT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OWNED_TABLES = ("owner", "tasks")


def upgrade() -> None:
    op.execute(create_roles("taskward_app", "taskward_keeper"))
    op.create_table(
        "owner",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name="owner_pkey"),
        sa.CheckConstraint("char_length(owner_id) between 1 and 255", name="owner_id_length"),
        sa.CheckConstraint("version between 1 and 9007199254740991", name="owner_version_range"),
    )
    op.create_table(
        "tasks",
        sa.Column("owner_id", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True, maxvalue=2**53 - 1), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "id", name="tasks_pkey"),
        sa.ForeignKeyConstraint(["owner_id"], ["owner.owner_id"], name="tasks_owner_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint("id between 1 and 9007199254740991", name="tasks_id_range"),
        sa.CheckConstraint("char_length(title) between 1 and 255", name="tasks_title_length"),
        sa.CheckConstraint(
            # Every character that Unicode or ASCII calls white space: what a locale thinks of it must not matter.
            r"btrim(title, E'\u0009\u000a\u000b\u000c\u000d\u001c\u001d\u001e\u001f\u0020\u0085\u00a0\u1680\u2000\u2001"
            r"\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000') <> ''",
            name="tasks_title_not_blank",
        ),
        sa.CheckConstraint("char_length(description) <= 10000", name="tasks_description_length"),
        sa.CheckConstraint("status in ('Todo', 'InProgress', 'Done')", name="tasks_status_known"),
        sa.CheckConstraint("version between 1 and 9007199254740991", name="tasks_version_range"),
    )
    for table in OWNED_TABLES:
        op.execute(force_policies(table))
    op.execute("grant select, insert, update, delete on owner to taskward_app")
    op.execute("grant select, insert, update, delete on tasks to taskward_app")
    op.execute("grant select on taskward_version to taskward_app")


def downgrade() -> None:
    # The roles stay: they belong to the whole cluster, where another database may use them.
    op.execute("revoke select on taskward_version from taskward_app")
    op.execute(DROP_WHAT_IS_LEFT)
    for table in reversed(OWNED_TABLES):
        op.drop_table(table)
