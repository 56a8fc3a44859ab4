"""Reminders of a task: when somebody wants to be told. They are kept as they were sent."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema
from typing_extensions import TypeAliasType

from taskward.resources.shapes import at_most

MOST = 5
MOST_MINUTES = 40_320
MOST_DAYS = 28
INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-5][0-9])"
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"

KINDS = (
    'A reminder is {"at": instant}, {"minutes_before": 0 to 40320}, or {"days_before": 0 to 28, "time": "HH:MM"}, '
    "and has no other field"
)


def kind_schema(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


REMINDER_SCHEMA: dict[str, Any] = {
    "anyOf": [
        kind_schema(at={"type": "string", "format": "date-time"}),
        kind_schema(minutes_before={"type": "integer", "minimum": 0, "maximum": MOST_MINUTES}),
        kind_schema(
            days_before={"type": "integer", "minimum": 0, "maximum": MOST_DAYS},
            time={"type": "string", "pattern": f"^{CLOCK}$"},
        ),
    ]
}


def reminder(value: Any) -> dict[str, Any]:
    match value:
        case {"at": str(at), **others} if not others:
            moment(at)
            return {"at": at}
        case {"minutes_before": minutes, **others} if not others and is_number(minutes, MOST_MINUTES):
            return {"minutes_before": int(minutes)}
        case {"days_before": days, "time": str(time), **others} if not others and is_number(days, MOST_DAYS):
            if re.fullmatch(CLOCK, time):
                return {"days_before": int(days), "time": time}
    raise ValueError(KINDS)


def is_number(value: Any, most: int) -> bool:
    # JSON knows no integers: 7.0 is the number 7. And true is none.
    return type(value) in (int, float) and 0 <= value <= most and value == int(value)


def moment(at: str) -> datetime:
    if not re.fullmatch(INSTANT, at):
        raise ValueError(KINDS)
    try:
        return datetime.fromisoformat(at.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(KINDS) from None


def all_different(reminders: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
    """Two spellings of one instant are the same."""
    told = [json.dumps({**one, **({"at": str(moment(one["at"]))} if "at" in one else {})}) for one in reminders]
    if len(set(told)) < len(told):
        raise ValueError("The same reminder stands twice")
    return reminders


Reminder = TypeAliasType(
    "Reminder", Annotated[dict[str, Any], PlainValidator(reminder), WithJsonSchema(REMINDER_SCHEMA)]
)
Reminders = Annotated[
    tuple[Reminder, ...],
    Field(
        max_length=MOST,
        description="All different; kept as they were sent, in their order. `minutes_before` needs `due_at`; the time "
        "of `days_before` is in `time_zone`, in UTC without one.",
        json_schema_extra={"uniqueItems": True, "examples": [[{"days_before": 1, "time": "18:00"}]]},
    ),
    AfterValidator(all_different),
    at_most(MOST),
]


def as_json(reminders: Iterable[Mapping[str, Any]]) -> str:
    return json.dumps(list(reminders))


def need_instant(reminders: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of them counts from `due_at`."""
    return any("minutes_before" in one for one in reminders)
