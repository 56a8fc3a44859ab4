"""Tasks recur, and remember which occurrences were completed; reminders.

The older release may serve meanwhile: what it writes has no recurrence. No row is written anew.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

from taskward.migrations.roles import force_policies

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = {
    "recurrence": "text",
    "recurrence_anchor": "text not null default 'due'",
    "occurrence": "bigint",
    "occurrence_date": "text",
    "last_occurrence": "bigint",
    "series_start": "text",
    "series_first": "bigint",
    "reminders": "jsonb not null default '[]'",
}

COMPLETIONS = """
create table completions (
    owner_id text not null,
    task_id bigint not null,
    occurrence bigint not null,
    occurrence_date text not null,
    kind text not null,
    completed_at timestamptz not null,
    due_on date,
    due_at timestamptz,
    taken_back_at timestamptz,
    version version_number not null,
    constraint completions_pkey primary key (owner_id, task_id, occurrence),
    constraint completions_task_id_fkey foreign key (owner_id, task_id)
        references tasks (owner_id, id) on delete cascade,
    constraint completions_kind_known check (kind in ('done', 'skipped'))
)
"""


def upgrade() -> None:
    added = ", ".join(f"add column {name} {kind}" for name, kind in COLUMNS.items())
    op.execute(f"alter table tasks {added}")
    op.execute(COMPLETIONS)
    op.execute(force_policies("completions"))
    op.execute("grant select, insert, update, delete on completions to taskward_app")


def downgrade() -> None:
    """Tasks recur no more, and the history of their occurrences is gone."""
    # Requests take `owner` before `tasks`, and 0009 comes to `owner` last: each would wait for the other.
    op.execute("lock table owner in access exclusive mode")
    op.execute("drop table completions")
    op.execute(f"alter table tasks {', '.join(f'drop column {name}' for name in COLUMNS)}")
