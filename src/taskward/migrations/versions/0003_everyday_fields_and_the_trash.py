"""Tasks gain priority, due day or instant, tags, completion, the words to search by, and a trash.

The older release may serve meanwhile. What it writes has no words, so a search finds it after its next change; it sees
what lies in the trash. The table is written anew in one transaction, and requests for tasks wait as long as that takes:
some seconds for 20,000 tasks.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# PostgreSQL reads the checks of a table anew for each statement that writes to it, which took a third of the time of an
# insert; those of a domain once for each connection.
WHITE_SPACE = (
    r"\u0009\u000a\u000b\u000c\u000d\u001c\u001d\u001e\u001f\u0020\u0085\u00a0\u1680\u2000\u2001"
    r"\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
DOMAINS = {
    "task_title": ("text", f"char_length(value) <= 255 and btrim(value, E'{WHITE_SPACE}') <> ''"),
    "task_description": ("text", "char_length(value) <= 10000"),
    "task_status": ("text", "value in ('Todo', 'InProgress', 'Done')"),
    "task_priority": ("text", "value in ('low', 'medium', 'high')"),
    "task_due_on": ("date", "value between '0001-01-01' and '9999-12-31'"),
    "task_due_at": ("timestamptz", "value between '0001-01-01T00:00:00Z' and '9999-12-31T23:59:59.999999Z'"),
    "task_time_zone": ("text", "char_length(value) between 1 and 255"),
    "task_tags": ("text[]", "value = '{}' or tags_are_valid(value)"),
    "version_number": ("bigint", "value between 1 and 9007199254740991"),
}

ADDED = """
alter table tasks
    add column marked_done_at timestamptz,
    add column title_words tsvector not null default '',
    add column description_words tsvector not null default ''
"""

# A change of type writes every row anew, also those that forced policies hide from the table's owner.
FILLED = """
alter table tasks
    drop constraint tasks_title_length,
    drop constraint tasks_title_not_blank,
    drop constraint tasks_description_length,
    drop constraint tasks_status_known,
    drop constraint tasks_version_range,
    -- the identity has the same bounds
    drop constraint tasks_id_range,
    alter column title type task_title,
    alter column description type task_description,
    alter column status type task_status,
    alter column version type version_number,
    alter column marked_done_at type timestamptz
        using case when status = 'Done' then coalesce(updated_at, created_at) end,
    alter column title_words type tsvector using words_in(title),
    alter column description_words type tsvector using words_in(description),
    add column priority task_priority,
    add column due_on task_due_on,
    add column due_at task_due_at,
    add column time_zone task_time_zone,
    add column tags task_tags not null default '{}',
    add column deleted_at timestamptz,
    -- Made from the status, which the older release changes without a word about completion.
    add column completed_at timestamptz generated always as
        (case when status = 'Done' then coalesce(marked_done_at, updated_at, created_at) end) stored,
    add constraint tasks_due_once check (due_on is null or due_at is null)
"""

CLOCK = """
alter table owner
    drop constraint owner_version_range,
    alter column version type version_number
"""

BEFORE = rf"""
alter table tasks
    drop column completed_at, drop column priority, drop column due_on, drop column due_at, drop column time_zone,
    drop column tags, drop column deleted_at, drop column marked_done_at, drop column title_words,
    drop column description_words,
    alter column title type text,
    alter column description type text,
    alter column status type text,
    alter column version type bigint,
    add constraint tasks_title_length check (char_length(title) between 1 and 255),
    add constraint tasks_title_not_blank check (btrim(title, E'{WHITE_SPACE}') <> ''),
    add constraint tasks_description_length check (char_length(description) <= 10000),
    add constraint tasks_status_known check (status in ('Todo', 'InProgress', 'Done')),
    add constraint tasks_version_range check (version between 1 and 9007199254740991),
    add constraint tasks_id_range check (id between 1 and 9007199254740991)
"""

CLOCK_BEFORE = """
alter table owner
    alter column version type bigint,
    add constraint owner_version_range check (version between 1 and 9007199254740991)
"""

# A check cannot hold a subquery.
TAGS_ARE_VALID = """
create function tags_are_valid(tags text[]) returns boolean language sql immutable parallel safe as $$
    select coalesce(array_ndims(tags), 1) = 1
        and cardinality(tags) <= 20
        and (
            select count(*) = count(distinct tag collate "C")
                and count(*) = count(*) filter (where char_length(tag) between 1 and 50)
            from unnest(tags) as tag
        )
$$
"""

EXPIRED_TRASH = """
create policy expired_rows on tasks to taskward_keeper
    -- without the setting nothing has expired
    using (deleted_at <= now() - make_interval(days => nullif(current_setting('app.trash_days', true), '')::int))
"""


# Of other texts a later revision makes the words, in every script.
WORDS_IN = """
create function words_in(given text) returns tsvector language sql as $$
    select coalesce(array_to_tsvector(array_agg(left(word[1], 100))), '')
    from regexp_matches(
        translate(given, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), '[a-z0-9]+', 'g') as word
    where octet_length(given) = char_length(given)
$$
"""


def upgrade() -> None:
    op.execute(TAGS_ARE_VALID)
    op.execute("grant execute on function tags_are_valid(text[]) to taskward_app")
    for name, (base, check) in DOMAINS.items():
        op.execute(f"create domain {name} as {base} constraint {name}_check check ({check})")
    op.execute(ADDED)
    op.execute(WORDS_IN)
    op.execute(FILLED)
    op.execute(CLOCK)
    op.execute("drop function words_in(text)")
    op.execute("create index tasks_in_trash on tasks (owner_id, deleted_at, id) where deleted_at is not null")
    op.execute(EXPIRED_TRASH)
    op.execute("grant select, delete on tasks to taskward_keeper")
    # The answer to a batch is about no single task.
    op.execute("alter table idempotency_keys alter column task_id drop not null, alter column version drop not null")


def downgrade() -> None:
    """To the older release a deleted task is gone, and what was answered to a batch means nothing."""
    for table in ("tasks", "idempotency_keys"):
        op.execute(f"alter table {table} no force row level security")
    op.execute("delete from idempotency_keys where task_id is null")
    op.execute("delete from tasks where deleted_at is not null")
    op.execute("alter table idempotency_keys alter column task_id set not null, alter column version set not null")
    op.execute("revoke select, delete on tasks from taskward_keeper")
    op.execute("drop policy expired_rows on tasks")
    op.execute(BEFORE)
    op.execute(CLOCK_BEFORE)
    for name in DOMAINS:
        op.execute(f"drop domain {name}")
    op.execute("drop function tags_are_valid(text[])")
    for table in ("tasks", "idempotency_keys"):
        op.execute(f"alter table {table} force row level security")
