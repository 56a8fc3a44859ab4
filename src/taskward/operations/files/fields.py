"""What formats of other programs do alike with what has no field of its own here."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from taskward.tasks.model import MOST_TAGS
from taskward.tasks.recurrence import RuleRefused
from taskward.tasks.series import Series

MAX_DESCRIPTION, MAX_TAG = 10_000, 50

KEPT = "kept in the description"


def add_text(fields: dict[str, Any], text: str) -> bool:
    """To the description, if there is room."""
    before = fields.get("description") or ""
    if not text or len(before) + len(text) + 2 > MAX_DESCRIPTION:
        return False
    fields["description"] = f"{before}\n\n{text}" if before else text
    return True


def keep(fields: dict[str, Any], name: str, text: str, why: str = "") -> str:
    """Puts it into the description, and says what of it is left out."""
    is_kept = add_text(fields, f"{name}: {text}")
    return f"{name}{why}{f', {KEPT}' if is_kept else ''}"


def tags_in(found: Iterable[str], left_out: list[str], *, of: str) -> list[str]:
    tags = [tag for tag in dict.fromkeys(found) if tag]
    fitting = [tag for tag in tags if len(tag) <= MAX_TAG][:MOST_TAGS]
    if len(fitting) < len(tags):
        left_out.append(f"{of} over {MOST_TAGS}, or over {MAX_TAG} characters")
    return fitting


def fits(rule: str, fields: Mapping[str, Any], *, counts_from_completion: bool = False) -> bool:
    """Whether the task that these make can recur so."""
    due_on, due_at = fields.get("due_on"), fields.get("due_at")
    try:
        series = Series.begun(
            rule,
            due_on=date.fromisoformat(due_on) if due_on else None,
            due_at=datetime.fromisoformat(due_at) if due_at else None,
            zone=fields.get("time_zone"),
            counts_from_completion=counts_from_completion,
        )
    except RuleRefused:
        return False
    return not series.is_empty
