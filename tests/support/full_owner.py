"""An owner with everything that a task can have: for what has to keep it all."""

from support.people import Person


def fills(person: Person) -> None:
    """Lists, subtasks (one older than its parent), order, dues, series in their middle and at their end, the trash."""
    errands, garden = (made(person, "/lists", {"name": name}) for name in ("Errands", "Garden"))
    made(person, f"/lists/{garden}/move", {"to": "first"})
    odd = 'x\u2028y "q" \\ 😀 \x1b[31m\x7f'
    parent = made(
        person,
        "/tasks",
        {"title": odd, "description": odd * 9, "list_id": errands, "tags": [odd[:9], "b"], "priority": "high"},
    )
    made(person, "/tasks", {"title": "Subtask", "parent_id": parent})
    done = {"title": "Done long ago", "parent_id": parent, "status": "Done", "completed_at": "2020-01-01T00:00:00.5Z"}
    made(person, f"/tasks/{made(person, '/tasks', done)}/move", {"to": "first"})
    elder = made(person, "/tasks", {"title": "Older than its parent", "uid": "6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"})
    made(person, f"/tasks/{elder}/move", {"parent_id": made(person, "/tasks", {"title": "Younger"}), "after": elder})
    reminders = [{"minutes_before": 30}, {"at": "2026-01-01T00:00:00+01:00"}, {"days_before": 1, "time": "18:00"}]
    due = {
        "title": "Due",
        "due_at": "2026-03-10T18:00:00.123456+01:00",
        "time_zone": "Europe/Warsaw",
        "reminders": reminders,
    }
    made(person, "/tasks", due)
    silent = made(person, "/tasks", due)
    person.patch(f"/tasks/{silent}", json={"due_at": None}).raise_for_status()
    weekly = {"title": "Weekly", "due_on": "2026-01-01", "recurrence": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH"}
    series = made(person, "/tasks", weekly)
    for call, number in (("complete", 1), ("skip", 2), ("complete", 3)):
        made(person, f"/tasks/{series}/{call}", {"occurrence": number, "missed": "keep"})
    made(person, f"/tasks/{series}/reopen", {})
    person.patch(f"/tasks/{series}", json={"due_on": "2027-05-05"}).raise_for_status()
    twice = {"title": "Twice", "due_at": "2026-01-01T10:00:00Z", "time_zone": "UTC", "recurrence": "FREQ=DAILY;COUNT=2"}
    ended = made(person, "/tasks", twice)
    for number in (1, 2):
        made(person, f"/tasks/{ended}/complete", {"occurrence": number, "missed": "keep"})
    plain = made(person, "/tasks", {"title": "Once daily", "due_on": "2026-01-01", "recurrence": "FREQ=DAILY"})
    made(person, f"/tasks/{plain}/complete", {"occurrence": 1})
    person.patch(f"/tasks/{plain}", json={"recurrence": None}).raise_for_status()
    family = made(person, "/tasks", {"title": "Trashed", "list_id": garden})
    made(person, "/tasks", {"title": "Trashed along", "parent_id": family})
    alone = made(person, "/tasks", {"title": "Trashed alone", "parent_id": parent})
    erased = made(person, "/tasks", {"title": "Erased"})
    for trashed in (family, alone, erased):
        person.delete(f"/tasks/{trashed}").raise_for_status()
    person.delete(f"/trash/{erased}").raise_for_status()
    person.delete(f"/lists/{made(person, '/lists', {'name': 'Deleted'})}").raise_for_status()


def made(person: Person, path: str, body: object) -> int:
    answer = person.post(path, json=body)
    answer.raise_for_status()
    found = answer.json()
    return int(found.get("task", found)["id"])
