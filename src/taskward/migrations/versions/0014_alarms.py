"""What is armed of the reminders of tasks, for whoever tells the application of them.

Nothing is written while no webhook is set up, so the older release may serve meanwhile.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

from taskward.migrations.roles import force_policies

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ALARMS = """
create table alarms (
    owner_id text not null,
    task_id bigint not null,
    remind_at timestamptz,
    memory text not null,
    reminder text,
    constraint alarms_pkey primary key (owner_id, task_id),
    constraint alarms_task_id_fkey foreign key (owner_id, task_id)
        references tasks (owner_id, id) on delete cascade
);
create index alarms_by_time on alarms (remind_at) where remind_at is not null;
create index alarms_of_owner_by_time on alarms (owner_id, remind_at) where remind_at is not null;
-- Plan for owners with many (0011).
alter table alarms alter column owner_id set (n_distinct = 100)
"""

# Of an owner who had tasks before anybody was told of them, these are still to be looked at.
ARMS = "alter table delivery add column arms boolean not null default false"

# One row, once all owners were looked at: what was written up to then is armed.
ARMING = """
create table arming (
    only_one boolean not null default true,
    armed_until timestamptz not null,
    constraint arming_pkey primary key (only_one),
    constraint arming_has_one_row check (only_one)
)
"""

# taskward_keeper finds whose turn it is, and of which owners somebody has to look at the tasks.
KEEPER = """
create policy set_alarms on alarms for select to taskward_keeper using (remind_at is not null);
grant select (owner_id, remind_at) on alarms to taskward_keeper;
grant select (version) on owner to taskward_keeper;
grant update (arms) on delivery to taskward_keeper;
grant select, insert, update on arming to taskward_keeper
"""


def upgrade() -> None:
    op.execute(ALARMS)
    op.execute(force_policies("alarms"))
    op.execute("grant select, insert, update, delete on alarms to taskward_app")
    op.execute(ARMS)
    op.execute(ARMING)
    op.execute(KEEPER)


def downgrade() -> None:
    """Reminders are told no more."""
    # As in 0010: requests take `owner` first.
    op.execute("lock table owner in access exclusive mode")
    op.execute("revoke select (version) on owner from taskward_keeper")
    op.execute("drop table arming")
    op.execute("alter table delivery drop column arms")
    op.execute("drop table alarms")
