"""A function by which a statement refuses and undoes its transaction, and idempotency keys for rows of any resource.

The older release may serve meanwhile: it goes on with `task_id`, which this one writes and reads too.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Volatile: else PostgreSQL would call it while it plans, whichever branch of a case it stands in.
REFUSE = """
create function refuse(code text) returns text language plpgsql volatile as $$
begin
    raise exception using errcode = code, message = 'refused';
end $$
"""


def upgrade() -> None:
    op.execute(REFUSE)
    op.execute("grant execute on function refuse(text) to taskward_app")
    op.execute("alter table idempotency_keys add column row_id bigint")


def downgrade() -> None:
    op.execute("alter table idempotency_keys drop column row_id")
    op.execute("drop function refuse(text)")
