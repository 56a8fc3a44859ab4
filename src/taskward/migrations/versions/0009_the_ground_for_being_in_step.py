"""Tasks gain a name of the client's choice, a list, a parent and a place; what is erased leaves a trace; lists.

The older release may serve meanwhile, but it removes tasks without a trace, so it has to be gone before anybody is told
what was removed. `tasks` is written anew in one transaction, and requests for tasks wait as long as that takes
(`docs/database.md`).

Revision ID: 0009
Revises: 0008
"""

from alembic import op

from taskward.migrations.roles import force_policies

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

WHITE_SPACE = (
    r"\u0009\u000a\u000b\u000c\u000d\u001c\u001d\u001e\u001f\u0020\u0085\u00a0\u1680\u2000\u2001"
    r"\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
DOMAINS = {
    "list_name": ("text", f"char_length(value) <= 255 and btrim(value, E'{WHITE_SPACE}') <> ''"),
    "list_color": ("text", "value ~ '^#[0-9a-f]{6}$'"),
}

LIGHTER = {
    "owner_name": "value <> '' and char_length(value) <= 320",
    "task_due_on": "value <@ daterange('0001-01-01', '9999-12-31', '[]')",
    "task_due_at": "value <@ tstzrange('0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z', '[]')",
    "task_time_zone": "value ~ '^.{1,255}$'",
}

# The version of the write that makes the row, in as many digits for all, so that what is new comes last.
LAST = "('5' || lpad(coalesce(current_setting('app.version', true), '0'), 16, '0'))"

LISTS = f"""
create table lists (
    owner_id text not null,
    id bigint generated always as identity (maxvalue 9007199254740991),
    uid uuid,
    name list_name not null,
    color list_color,
    position text collate "C" not null default {LAST},
    created_at timestamptz not null default now(),
    updated_at timestamptz,
    version version_number not null,
    deleted_at timestamptz,
    constraint lists_pkey primary key (owner_id, id)
)
"""

ADDED = """
alter table tasks
    add column uid uuid,
    add column list_id bigint,
    add column parent_id bigint,
    add column position text,
    add column erased_at timestamptz
"""

# A change of type writes every row anew, also those that forced policies hide from the table's owner. The tasks that
# there are lie before all that come, in the order of their ids.
FILLED = f"""
alter table tasks
    alter column position type text collate "C" using '5' || lpad(id::text, 16, '0'),
    alter column position set default {LAST},
    alter column position set not null,
    add constraint tasks_list_id_fkey foreign key (owner_id, list_id)
        references lists (owner_id, id) on delete set null (list_id),
    add constraint tasks_parent_id_fkey foreign key (owner_id, parent_id)
        references tasks (owner_id, id) on delete set null (parent_id)
"""

INDEXES = """
create unique index lists_by_uid on lists (owner_id, uid) where uid is not null and deleted_at is null;
create unique index tasks_by_uid on tasks (owner_id, uid) where uid is not null and erased_at is null;
create index tasks_by_position on tasks (owner_id, list_id, position, id) where deleted_at is null;
create index tasks_by_parent on tasks (owner_id, parent_id) where parent_id is not null
"""

TRASH_DAYS = "nullif(current_setting('app.trash_days', true), '')::int"

# What left before this may be removed: nobody's copy goes on from there any more, not even from a token that was given
# out between the removal and its commit. Null without the setting, which `greatest` would leave out.
HEARD_UNTIL = f"now() - make_interval(days => {TRASH_DAYS} + greatest(30 - {TRASH_DAYS}, 0), hours => 1)"

# taskward_keeper finds whose rows have expired, and removes none: that happens as their owner, with a trace.
KEEPER = f"""
drop policy expired_rows on tasks;
revoke select, delete on tasks from taskward_keeper;
create policy expired_rows on tasks for select to taskward_keeper
    -- without the setting nothing has expired
    using (
        case
            when erased_at is null then deleted_at <= now() - make_interval(days => {TRASH_DAYS})
            else erased_at <= {HEARD_UNTIL}
        end
    );
create policy expired_rows on lists for select to taskward_keeper
    using (deleted_at <= {HEARD_UNTIL});
create policy every_owner on owner for select to taskward_keeper using (true);
grant select (owner_id) on owner, lists, tasks to taskward_keeper
"""

KEEPER_BEFORE = f"""
drop policy every_owner on owner;
drop policy expired_rows on tasks;
revoke select (owner_id) on owner, tasks from taskward_keeper;
create policy expired_rows on tasks to taskward_keeper
    using (deleted_at <= now() - make_interval(days => {TRASH_DAYS}));
grant select, delete on tasks to taskward_keeper
"""

BEFORE = """
alter table tasks
    drop column uid, drop column list_id, drop column parent_id, drop column position, drop column erased_at
"""


def upgrade() -> None:
    # An owner's removals up to this version have no trace any more.
    op.execute("alter table owner add column feed_floor bigint not null default 0")
    for name, (base, check) in DOMAINS.items():
        op.execute(f"create domain {name} as {base} constraint {name}_check check ({check})")
    for name, check in LIGHTER.items():
        op.execute(f"alter domain {name} drop constraint {name}_check")
        op.execute(f"alter domain {name} add constraint {name}_check check ({check})")
    op.execute(LISTS)
    op.execute(force_policies("lists"))
    op.execute("grant select, insert, update, delete on lists to taskward_app")
    op.execute(ADDED)
    op.execute(FILLED)
    op.execute(INDEXES)
    op.execute(KEEPER)


def downgrade() -> None:
    """Lists are gone, and with them what tasks were in; to the older release an erased task is gone too."""
    op.execute("alter table tasks no force row level security")
    op.execute("delete from tasks where erased_at is not null")
    op.execute(KEEPER_BEFORE)
    op.execute(BEFORE)
    op.execute("drop table lists")
    for name in DOMAINS:
        op.execute(f"drop domain {name}")
    op.execute("alter table owner drop column feed_floor")
    op.execute("alter table tasks force row level security")
