"""What the application is still to be told of each owner, when it wants to be told of changes.

The older release may serve meanwhile, but of what it writes nobody is told.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

from taskward.migrations.roles import force_policies

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

DELIVERY = """
create table delivery (
    owner_id text not null,
    told_version bigint not null,
    told_kind integer not null default 0,
    told_id bigint not null default 0,
    told_part bigint not null default 0,
    due_at timestamptz not null default now(),
    claim bigint,
    attempts integer not null default 0,
    failed_at timestamptz,
    since timestamptz not null default now(),
    constraint delivery_pkey primary key (owner_id)
)
"""

# taskward_keeper finds whose turn it is and claims them; what they are told is read as themselves.
KEEPER = """
create policy every_delivery on delivery to taskward_keeper using (true);
grant select, update (due_at, claim) on delivery to taskward_keeper
"""


def upgrade() -> None:
    op.execute(DELIVERY)
    op.execute("create index delivery_by_due on delivery (due_at)")
    op.execute(force_policies("delivery"))
    op.execute("grant select, insert, update, delete on delivery to taskward_app")
    op.execute(KEEPER)


def downgrade() -> None:
    # Requests take `owner` before `delivery`.
    op.execute("lock table owner in access exclusive mode")
    op.execute("drop table delivery")
