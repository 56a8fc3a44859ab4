"""Owners may have an address at which calendar programs read.

The older release may serve meanwhile, which knows of none. No row is written.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

from taskward.migrations.roles import force_policies

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LINKS = """
create table calendar_links (
    owner_id text not null,
    digest text not null,
    created_at timestamptz not null default now(),
    constraint calendar_links_pkey primary key (owner_id),
    constraint calendar_links_digest_length check (char_length(digest) = 64)
);
create unique index calendar_links_by_digest on calendar_links (digest)
"""

# Who asks for a calendar has a secret and no token. taskward_keeper looks whose it is, and sees the one row whose
# digest is presented to it: nothing without the setting.
KEEPER = """
create policy presented_link on calendar_links for select to taskward_keeper
    using (digest = nullif(current_setting('app.presented_digest', true), ''));
grant select (owner_id, digest) on calendar_links to taskward_keeper
"""


def upgrade() -> None:
    op.execute(LINKS)
    op.execute(force_policies("calendar_links"))
    op.execute("grant select, insert, update, delete on calendar_links to taskward_app")
    op.execute(KEEPER)


def downgrade() -> None:
    """Calendar programs find nothing any more, and each owner makes an address anew after the next upgrade."""
    op.execute("drop table calendar_links")
