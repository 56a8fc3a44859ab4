"""What the application is told, event by event: changes of an owner in the words of Standard Webhooks 1.0.

An event is made of the row alone, so that its id and its bytes are the same whenever it is told again while the row
stands.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from taskward.resources.feed import Position
from taskward.tasks.reminding import Reminder

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

TYPES = {
    ("task", "put"): "task.changed",
    ("task", "remove"): "task.removed",
    ("completion", "put"): "task.completed",
    ("list", "put"): "list.changed",
    ("list", "remove"): "list.removed",
}
"""By kind and op of a change. Of a completion that was taken back tells its task, which has changed with it."""

LAST_MOMENT_MS = 253_402_300_799_999
"""Of the year 9999, where the times of RFC 3339 end. A version may lie beyond."""


@dataclass(frozen=True, slots=True)
class Event:
    type: str
    id: str
    """`webhook-id`: the same for the same event, however often it is told."""
    body: bytes


def event_of(owner_id: str, position: Position, read: Mapping[str, Any]) -> Event | None:
    """None of a change that is not told."""
    kind, op = read["kind"], read["op"]
    name = TYPES.get((kind, op))
    if name is None:
        return None
    told = read[kind] if op == "put" else {"id": read["id"], "uid": read["uid"], "version": position.version}
    return event(name, owner_id, kind, told, at_ms=position.version, key=(position.id, position.part))


def event_of_reminder(owner_id: str, reminder: Reminder) -> Event:
    at_ms = (reminder.at - EPOCH) // MILLISECOND
    key = (reminder.task_id, reminder.occurrence or 0, reminder.at.isoformat())
    return event("reminder.due", owner_id, "reminder", json.loads(reminder.json), at_ms=at_ms, key=key)


def event(name: str, owner_id: str, kind: str, told: dict[str, Any], *, at_ms: int, key: Iterable[int | str]) -> Event:
    """`key` tells it from the others of this name, owner and millisecond."""
    identity = json.dumps([name, owner_id, at_ms, *key], ensure_ascii=False)
    return Event(
        name,
        f"msg_{sha256(identity.encode()).hexdigest()[:32]}",
        body_of(name, at_ms=at_ms, data={"owner": owner_id, kind: told}),
    )


def body_of(name: str, *, at_ms: int, data: dict[str, Any]) -> bytes:
    message = {"type": name, "timestamp": instant(at_ms), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def instant(ms: int) -> str:
    """RFC 3339, in UTC with milliseconds."""
    seconds, rest = divmod(min(ms, LAST_MOMENT_MS), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"
