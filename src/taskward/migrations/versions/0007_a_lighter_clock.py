"""The clock of an owner is lighter to move: no check that is read anew, no foreign key to a row that was just written.

The older release may serve meanwhile. No row is written anew and no index made: the tables are held for as long as it
takes to look through the clocks, a second for some millions of owners.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

LENGTH = "between 1 and 320"

POLICY = """
create policy own_rows on owner to taskward_app
    using (owner_id = nullif(current_setting('app.user_id', true), ''))
    with check (owner_id = nullif(current_setting('app.user_id', true), ''))
"""


def upgrade() -> None:
    # Whoever stamps a row has moved the clock in the same transaction, or has no version to stamp it with.
    for table in ("tasks", "idempotency_keys"):
        op.execute(f"alter table {table} drop constraint if exists {table}_owner_id_fkey")
    # A change to a domain that has a rule already would write the table and its key anew.
    op.execute("create domain owner_name as text")
    op.execute("drop policy own_rows on owner")  # it stands in the way of a change of type
    op.execute("alter table owner drop constraint owner_id_length, alter column owner_id type owner_name")
    op.execute(f"alter domain owner_name add constraint owner_name_check check (char_length(value) {LENGTH})")
    op.execute(POLICY)
    # Each write makes a new version of this row; beside the old one, no index hears of it. Pages to come have room.
    op.execute("alter table owner set (fillfactor = 50)")


def downgrade() -> None:
    op.execute("alter table owner reset (fillfactor)")
    op.execute("drop policy own_rows on owner")
    op.execute(
        "alter table owner alter column owner_id type text, "
        f"add constraint owner_id_length check (char_length(owner_id) {LENGTH})"
    )
    op.execute("drop domain owner_name")
    op.execute(POLICY)
    for table in ("tasks", "idempotency_keys"):
        op.execute(
            f"alter table {table} add constraint {table}_owner_id_fkey "
            "foreign key (owner_id) references owner (owner_id) on delete cascade"
        )
