"""What the application is still to be told of each owner, when it wants to be told of changes.

The older release may serve meanwhile, but of what it writes nobody is told. Writes wait while all owners are looked
through: a third of a second for a million.

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
    told_version bigint,
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

# taskward_keeper finds of whom something is to be told, and claims them; what it is, is read as themselves.
KEEPER = """
create policy every_delivery on delivery to taskward_keeper using (true);
grant select, insert, update (due_at, claim) on delivery to taskward_keeper;
grant select (news_since) on owner to taskward_keeper
"""


def upgrade() -> None:
    op.execute("alter table owner add column news_since bigint")
    # A clock that moves on while there is news already moves in place all the same, and so does each without a webhook.
    op.execute("create index owner_by_news on owner (news_since) where news_since is not null")
    op.execute(DELIVERY)
    op.execute("create index delivery_by_due on delivery (due_at)")
    op.execute(force_policies("delivery"))
    op.execute("grant select, insert, update, delete on delivery to taskward_app")
    op.execute(KEEPER)


def downgrade() -> None:
    # Requests take `owner` before `delivery`.
    op.execute("alter table owner drop column news_since")
    op.execute("drop table delivery")
