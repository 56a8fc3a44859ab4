"""To-dos of a calendar (RFC 5545 §3.6.2). Events, journals and the like are no tasks, and are told of by name."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from icalendar import vDDDTypes
from icalendar.parser import Contentline
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from taskward.operations.files.fields import fits, keep, tags_in
from taskward.operations.files.records import Entries, Flawed, LeftOut, Record, uid_from
from taskward.operations.files.source import Source
from taskward.tasks import zones
from taskward.tasks.reminders import MOST as MOST_REMINDERS
from taskward.tasks.reminders import MOST_DAYS, MOST_MINUTES
from taskward.tasks.series import instant, wall_time

LARGEST_COMPONENT = 256 * 1024
"""Characters: without its attachments none is as long."""

MOST_ALARMS = 100

DAY_MINUTES = 24 * 60

TAKEN = {
    "UID", "SUMMARY", "DESCRIPTION", "STATUS", "COMPLETED", "PERCENT-COMPLETE", "PRIORITY", "DUE", "DTSTART",
    "DURATION", "CATEGORIES", "RRULE", "RELATED-TO", "CREATED",
}  # fmt: skip
OF_THE_FORMAT = {"DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "BEGIN", "END"}
"""What says nothing of the to-do itself, or when it was last touched."""

STATUS = {"NEEDS-ACTION": "Todo", "IN-PROCESS": "InProgress", "COMPLETED": "Done", "CANCELLED": "Done"}


class Property(NamedTuple):
    name: str
    parameters: dict[str, str]
    value: str
    """As it stands in the file: of texts still with its backslashes."""

    @property
    def text(self) -> str:
        """RFC 5545 §3.3.11."""
        return re.sub(r"\\(.)", lambda escaped: "\n" if escaped[1] in "nN" else escaped[1], self.value, flags=re.DOTALL)


@dataclass(slots=True)
class Component:
    line: int
    name: str
    properties: list[Property] = field(default_factory=list)
    alarms: list[list[Property]] = field(default_factory=list)
    flaw: str | None = None

    def get(self, name: str) -> Property | None:
        return next((found for found in self.properties if found.name == name), None)

    def all(self, name: str) -> list[Property]:
        return [found for found in self.properties if found.name == name]


class Calendar(NamedTuple):
    name: str
    zone: str | None


def check(source: Source) -> None:
    """
    Raises:
        FileRefused: it is no calendar.
    """
    for line in source.lines():
        if line.text is not None and not line.text.strip():
            continue
        if (line.text or "").strip().upper() == "BEGIN:VCALENDAR":
            return
        break
    raise source.refuse("is no calendar: it must begin with BEGIN:VCALENDAR.")


def read(source: Source) -> Entries:
    """Of a file that was checked."""
    calendar = calendar_of(source)
    list_uid = None
    if calendar.name:
        list_uid = uid_from("ics list", calendar.name)
        yield Record(1, "list", {"uid": list_uid, "name": calendar.name})
    for place, component in enumerate(components(source), start=1):
        if component.name == "VTIMEZONE":
            continue  # zones go by their names
        if component.name != "VTODO":
            yield LeftOut(component.line, f"{component.name[:50]}, which is no to-do")
        elif component.flaw is not None:
            yield Flawed(component.line, component.flaw)
        elif component.get("RECURRENCE-ID") is not None:
            yield LeftOut(component.line, "a changed occurrence of a series (RECURRENCE-ID)")
        else:
            yield record(component, calendar, list_uid, place)


def calendar_of(source: Source) -> Calendar:
    """What it says of itself, which may stand behind its components (RFC 7986 §5.1)."""
    said: dict[str, str] = {}
    depth = 0
    for _, text in unfolded(source):
        name = text[:6].upper()
        depth += {"BEGIN:": 1}.get(name, -1 if name.startswith("END:") else 0)
        if depth == 1 and re.match(r"(X-WR-CALNAME|NAME|X-WR-TIMEZONE)[;:]", text, re.IGNORECASE):
            found = property_in(text)
            if found is not None:
                said.setdefault(found.name, found.text.strip())
    zone = said.get("X-WR-TIMEZONE", "")
    return Calendar(said.get("NAME") or said.get("X-WR-CALNAME") or "", zone if zones.is_known(zone) else None)


def components(source: Source) -> Iterator[Component]:
    """Those of the calendars in the file, each by itself, and what they hold in it."""
    stack: list[str] = []
    current: Component | None = None
    size = 0
    for number, text in unfolded(source):
        upper = text[:80].strip().upper()
        if upper.startswith("BEGIN:"):
            name = upper[6:]
            if current is None and name != "VCALENDAR":
                current, size, stack = Component(number, name), 0, []
            elif current is not None:
                stack.append(name)
                if len(stack) > 20:
                    current.flaw = "It is nested too deep."
                    stack.pop()
                elif name == "VALARM" and current.name == "VTODO" and len(stack) == 1:
                    if len(current.alarms) == MOST_ALARMS:
                        current.flaw = f"It has more than {MOST_ALARMS} alarms."
                    else:
                        current.alarms.append([])
            continue
        if upper.startswith("END:"):
            if current is None:
                continue
            if stack:
                stack.pop()
            else:
                if upper[4:] != current.name:
                    current.flaw = current.flaw or "It does not end where it should."
                yield current
                current = None
            continue
        if current is None or current.name != "VTODO":
            continue
        size += len(text)
        if size > LARGEST_COMPONENT or len(current.properties) > 5000:
            current.flaw = "It is longer than a to-do may be; attachments are better left out of it."
            current.properties.clear()
            current.alarms.clear()
            size = LARGEST_COMPONENT
            continue
        found = property_in(text)
        if found is None:
            current.flaw = current.flaw or "A line of it is no content line."
        elif not stack:
            current.properties.append(found)
        elif stack == ["VALARM"] and current.alarms:
            current.alarms[-1].append(found)
    if current is not None:
        current.flaw = "The file ends in the middle of it."
        if current.name == "VTODO":
            yield current


def unfolded(source: Source) -> Iterator[tuple[int, str]]:
    """Content lines (RFC 5545 §3.1), each with the number of its first line. One that is too long is cut."""
    first, size = 0, 0
    parts: list[str] = []
    for line in source.lines():
        text = "" if line.text is None else line.text.rstrip("\r\n")
        if text[:1] in (" ", "\t") and parts:
            size += len(text)
            if size <= LARGEST_COMPONENT + 1024:
                parts.append(text[1:])
            continue
        if parts and parts[0]:
            yield first, "".join(parts)
        first, parts, size = line.number, [text], len(text)
        if line.text is None:
            parts = ["X-TOO-LONG:" + "x" * (LARGEST_COMPONENT + 1)]
    if parts and parts[0]:
        yield first, "".join(parts)


def property_in(text: str) -> Property | None:
    try:
        name, parameters, value = Contentline(text).raw_parts()  # type: ignore[no-untyped-call]
    except ValueError:
        return None
    plain = {key.upper(): found if isinstance(found, str) else ",".join(found) for key, found in parameters.items()}
    return Property(name.upper(), plain, value)


def record(todo: Component, calendar: Calendar, list_uid: str | None, place: int) -> Record:
    left_out = [found.name for found in todo.properties if found.name not in TAKEN | OF_THE_FORMAT]
    left_out += [found.name for name in TAKEN - {"CATEGORIES", "RELATED-TO"} for found in todo.all(name)[1:]]
    source_uid = todo.get("UID")
    content = repr(todo.properties).encode(errors="replace")
    named = source_uid.text if source_uid is not None else hashlib.sha256(content).hexdigest()
    summary, description, created = todo.get("SUMMARY"), todo.get("DESCRIPTION"), todo.get("CREATED")
    fields: dict[str, Any] = {
        "uid": uid_from("ics", named),
        "title": "" if summary is None else summary.text,
        "description": description.text if description is not None and description.text else None,
        "tags": tags_of(todo, left_out),
        "list_uid": list_uid,
        "place": place,
    }
    set_status(fields, todo, left_out)
    set_priority(fields, todo, left_out)
    moment = None if created is None else moment_in(created, calendar)
    if isinstance(moment, Moment) and moment.at is not None:
        fields["created_at"] = moment.at.isoformat()
    related = todo.all("RELATED-TO")
    parents = [found.text for found in related if found.parameters.get("RELTYPE", "PARENT").upper() == "PARENT"]
    if parents and parents[0]:
        fields |= {"parent_uid": uid_from("ics", parents[0]), "list_uid": None}
    left_out += ["RELATED-TO"] * (len(related) - len(parents[:1]))
    set_due(fields, todo, calendar, left_out)
    set_recurrence(fields, todo, left_out)
    set_reminders(fields, todo, calendar, left_out)
    return Record(todo.line, "task", fields, left_out, rises=True)


def tags_of(todo: Component, left_out: list[str]) -> list[str]:
    found = [
        re.sub(r"\\(.)", r"\1", part).strip()
        for each in todo.all("CATEGORIES")
        for part in re.split(r"(?<!\\),", each.value)
    ]
    return tags_in(found, left_out, of="CATEGORIES")


def set_status(fields: dict[str, Any], todo: Component, left_out: list[str]) -> None:
    status, completed, percent = todo.get("STATUS"), todo.get("COMPLETED"), todo.get("PERCENT-COMPLETE")
    if status is not None:
        value = status.value.strip().upper()
        fields["status"] = STATUS.get(value, "Todo")
        if value == "CANCELLED":
            left_out.append("STATUS CANCELLED: it is Done")
        elif value not in STATUS:
            left_out.append("STATUS")
    elif completed is not None or (percent is not None and percent.value.strip() == "100"):
        fields["status"] = "Done"
    if completed is not None:
        moment = moment_in(completed, Calendar("", "UTC"))
        if moment is not None and moment.at is not None and fields.get("status") == "Done":
            fields["completed_at"] = moment.at.isoformat()
        else:
            left_out.append("COMPLETED")
    if percent is not None and percent.value.strip() not in ("0", "100"):
        left_out.append("PERCENT-COMPLETE")


def set_priority(fields: dict[str, Any], todo: Component, left_out: list[str]) -> None:
    """RFC 5545 §3.8.1.9: 1 to 4 is high, 5 medium, 6 to 9 low, 0 none."""
    priority = todo.get("PRIORITY")
    if priority is None:
        return
    value = priority.value.strip()
    if re.fullmatch("[1-9]", value):
        fields["priority"] = "high" if value < "5" else "medium" if value == "5" else "low"
    elif value != "0":
        left_out.append("PRIORITY")


class Moment(NamedTuple):
    day: date
    at: datetime | None = None
    """None: it is a day, or a wall time of no zone."""
    zone: str | None = None
    has_lost_time: bool = False


def moment_in(found: Property, calendar: Calendar) -> Moment | None:
    """None: it cannot be read."""
    try:
        value = typed(found)
    except (ValueError, OverflowError, TypeError):
        return None
    if isinstance(value, datetime):
        if value.tzinfo is not None:  # in UTC
            return Moment(value.date(), value.astimezone(UTC))
        name = found.parameters.get("TZID")
        zone = calendar.zone if name is None else zone_named(name)
        at = None if zone is None else instant(value.date(), value.time(), zone)
        if at is None:
            return Moment(value.date(), has_lost_time=True)
        return Moment(value.date(), at, zone)
    return Moment(value) if isinstance(value, date) else None


def typed(found: Property) -> Any:
    """A day, a moment or a length of time. The library is told of no zone: its rules are not those of `zones.py`.

    Raises:
        ValueError, OverflowError, TypeError: it is none.
    """
    return vDDDTypes.from_ical(found.value.strip())  # type: ignore[no-untyped-call]


def zone_named(name: str) -> str | None:
    """IANA's name: the name itself, what stands at its end behind its maker's, or what Windows calls it."""
    parts = name.strip().strip("/").split("/")
    candidates = ["/".join(parts[start:]) for start in range(min(len(parts), 6))]
    candidates.append(WINDOWS_TO_OLSON.get(name.strip(), ""))
    return next((candidate for candidate in candidates if zones.is_known(candidate)), None)


def set_due(fields: dict[str, Any], todo: Component, calendar: Calendar, left_out: list[str]) -> None:
    due, start, duration = todo.get("DUE"), todo.get("DTSTART"), todo.get("DURATION")
    moment = None
    if due is not None:
        moment = moment_in(due, calendar)
        if moment is None:
            left_out.append("DUE")
        left_out += [found.name for found in (start, duration) if found is not None]
    elif start is not None:
        moment = moment_in(start, calendar)
        if moment is None:
            left_out.append("DTSTART")
        elif duration is not None:
            moment = after(moment, duration, left_out)
    elif duration is not None:
        left_out.append("DURATION")
    if moment is None:
        return
    if moment.at is not None:
        fields |= {"due_at": moment.at.isoformat(), "time_zone": moment.zone}
    else:
        fields["due_on"] = moment.day.isoformat()
        if moment.has_lost_time:
            left_out.append("the time of DUE, which is in no time zone")


def after(moment: Moment, duration: Property, left_out: list[str]) -> Moment:
    try:
        length = typed(duration)
        if not isinstance(length, timedelta):
            raise ValueError
        if moment.at is not None:
            at = moment.at + length
            return Moment(wall_time(at, moment.zone).date() if moment.zone else at.date(), at, moment.zone)
        return moment._replace(day=moment.day + length)
    except (ValueError, OverflowError, TypeError):
        left_out.append("DURATION")
        return moment


def set_recurrence(fields: dict[str, Any], todo: Component, left_out: list[str]) -> None:
    rule = todo.get("RRULE")
    if rule is None:
        return
    text = rule.value.strip().upper()
    if "due_on" in fields:  # with a day the end of the series is one too
        text = re.sub(r"(UNTIL=[0-9]{8})T[0-9]{6}Z?", r"\1", text)
    if fields.get("status") == "Done":
        why = " of a to-do that is done"
    elif "due_on" not in fields and (fields.get("due_at") is None or fields.get("time_zone") is None):
        why = " without a due, or with a due in no time zone"
    elif fits(text, fields):
        fields["recurrence"] = text
        return
    else:
        why = " of a kind that is not known here"
    left_out.append(keep(fields, "RRULE", text, why))


def set_reminders(fields: dict[str, Any], todo: Component, calendar: Calendar, left_out: list[str]) -> None:
    reminders: list[dict[str, Any]] = []
    for alarm in todo.alarms:
        trigger = next((found for found in alarm if found.name == "TRIGGER"), None)
        reminder = None if trigger is None else reminder_of(trigger, fields, calendar)
        if reminder is None or len(reminders) == MOST_REMINDERS:
            left_out.append("VALARM")
        elif reminder not in reminders:
            reminders.append(reminder)
    if reminders:
        fields["reminders"] = reminders


def reminder_of(trigger: Property, fields: dict[str, Any], calendar: Calendar) -> dict[str, Any] | None:
    try:
        value = typed(trigger)
    except (ValueError, OverflowError, TypeError):
        return None
    if isinstance(value, datetime):
        moment = moment_in(trigger, calendar)
        return None if moment is None or moment.at is None else {"at": moment.at.isoformat()}
    if not isinstance(value, timedelta):
        return None
    minutes = round(-value.total_seconds() / 60)
    if fields.get("due_at") is not None:
        return {"minutes_before": minutes} if 0 <= minutes <= MOST_MINUTES else None
    if fields.get("due_on") is None:
        return None
    days, clock = -(-minutes // DAY_MINUTES), -minutes % DAY_MINUTES
    return {"days_before": days, "time": f"{clock // 60:02}:{clock % 60:02}"} if 0 <= days <= MOST_DAYS else None
