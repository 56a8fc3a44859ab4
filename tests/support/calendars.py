"""Calendars as programs read them: by icalendar and python-dateutil, by vobject, and by ical.js."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import icalendar
import vobject
from dateutil import rrule, tz

from support import npm
from taskward.doors.calendar_entries import Document, Form, uid_of
from taskward.tasks import zones
from taskward.tasks.due import DueTask

ICAL_JS = Path(__file__).parents[1] / "unit" / "ical_js"
NOW = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


class Entry(NamedTuple):
    """As a program tells it."""

    uid: str
    summary: str
    description: str | None
    categories: list[str]
    times: list[str]
    """By its own rule the first of them: days, or instants in UTC as JavaScript writes them."""


def due_task(title: str = "Milk", **fields: Any) -> DueTask:
    given = dict.fromkeys(DueTask._fields) | {
        "id": 7,
        "title": title,
        "status": "Todo",
        "tags": [],
        "reminders": [],
        "recurrence_anchor": "due",
        "created_at": NOW,
    }
    return DueTask(**(given | fields))


def calendar_of(*tasks: DueTask, form: Form = "todos") -> bytes:
    document = Document(form, uids={task.id: uid_of(task, "ann") for task in tasks}, release="1.0")
    for task in tasks:
        document.add(task)
    for zone in document.zones_used:
        document.add_zone(zone)
    return document.bytes()


def told(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


# icalendar, with the rules of python-dateutil and the zones that the server has


def read_by_icalendar(calendar: bytes, *, count: int = 10) -> list[Entry]:
    [root] = icalendar.Calendar.from_ical(calendar, multiple=True)
    return [
        Entry(
            str(entry["uid"]),
            str(entry["summary"]),
            str(entry["description"]) if "description" in entry else None,
            [str(tag) for tag in entry["categories"].cats] if "categories" in entry else [],
            [told(moment) for moment in islice(times_by_dateutil(entry), count)],
        )
        for entry in root.subcomponents
        if entry.name in ("VTODO", "VEVENT")
    ]


def times_by_dateutil(entry: icalendar.Component) -> Iterator[date]:
    due = entry.get("due", entry.get("dtstart"))
    first = due.dt
    if "TZID" in due.params:
        first = first.replace(tzinfo=zones.rules_of(due.params["TZID"]))
    if "rrule" not in entry:
        yield first
        return
    text = entry["rrule"].to_ical().decode()
    assert entry["dtstart"].dt == due.dt
    begins = first if isinstance(first, datetime) else datetime.combine(first, time())
    for moment in rrule.rrulestr(text, dtstart=begins):
        yield moment if isinstance(first, datetime) else moment.date()


# vobject, which python-caldav reads with: it takes the zones out of the calendar


def read_by_vobject(calendar: bytes, *, count: int = 10) -> list[Entry]:
    root = vobject.readOne(calendar.decode())
    return [
        Entry(
            entry.uid.value,
            entry.summary.value,
            entry.description.value if hasattr(entry, "description") else None,
            list(entry.categories.value) if hasattr(entry, "categories") else [],
            [told(moment) for moment in islice(times_by_vobject(root, entry), count)],
        )
        for name in ("vtodo", "vevent")
        for entry in root.contents.get(name, [])
    ]


def times_by_vobject(root: Any, entry: Any) -> Iterator[date]:
    due = entry.due.value if hasattr(entry, "due") else entry.dtstart.value
    if isinstance(due, datetime) and due.tzinfo is not tz.UTC:  # vobject may have found the zone elsewhere
        due = due.replace(tzinfo=root.vtimezone.tzinfo)
    if "rrule" not in entry.contents:
        yield due
        return
    for moment in entry.getrruleset():
        if isinstance(due, datetime):
            yield tz.resolve_imaginary(moment.replace(tzinfo=root.vtimezone.tzinfo))
        else:
            yield moment.date()


# ical.js, which Thunderbird reads with


def read_by_ical_js(calendars: Sequence[bytes], *, count: int = 10) -> list[list[Entry]]:
    npm.install(ICAL_JS, what="ical.js, which judges calendars")
    lines = [json.dumps({"calendar": calendar.decode(), "count": count}) for calendar in calendars]
    run = subprocess.run(
        ["node", "read.mjs"], cwd=ICAL_JS, input="\n".join(lines), capture_output=True, text=True, check=True
    )
    return [[Entry(**entry) for entry in json.loads(line)] for line in run.stdout.splitlines()]
