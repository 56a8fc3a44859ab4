"""Tasks that recur live at random, and a model in plain Python says what must become of them.

Two devices of one person complete, skip, reopen, move and change them, and repeat what they have sent already.
`TASKWARD_EXAMPLES=5000` takes so many steps, each time others.
"""

import os
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest

from support.answers import problem
from support.expected_series import Recurring
from support.people import Person

STEPS = int(os.environ.get("TASKWARD_EXAMPLES", "180"))
SEED = None if "TASKWARD_EXAMPLES" in os.environ else 3310
STEPS_OF_A_TASK = 60
LATEST = datetime(2026, 1, 1, tzinfo=UTC)
"""What is later than the time of a request would count as that."""

RULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3;COUNT=5",
    "FREQ=DAILY;UNTIL=20211231",
    "FREQ=WEEKLY;COUNT=3",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;INTERVAL=12",
    "FREQ=MONTHLY;BYMONTHDAY=-1,15",
    "FREQ=MONTHLY;BYDAY=-1FR,1MO",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;COUNT=2;BYMONTH=6;BYDAY=4SU",
]
ZONES = ["America/New_York", "Pacific/Auckland", "Australia/Lord_Howe", "Europe/Dublin"]
CLOCKS = [(0, 30), (1, 59), (2, 30), (3, 0), (12, 0), (23, 45)]


@pytest.mark.long
@pytest.mark.timeout(300 + STEPS)
def test_what_becomes_of_tasks_that_recur_is_what_the_contract_says(ann: Person) -> None:
    random = Random(SEED)  # noqa: S311
    met: Counter[str] = Counter()
    for _ in range(STEPS // STEPS_OF_A_TASK):
        lives(ann, random, met)
    assert {"200 complete", "200 skip", "200 reopen", "200 patch", "409 complete", "428 skip"} <= met.keys(), met


def lives(person: Person, random: Random, met: Counter[str]) -> None:
    due, zone = any_due(random), random.choice([None, *ZONES])
    model = Recurring(due, zone)
    path = f"/tasks/{person.adds('Water the plants', **wire(due), time_zone=zone)['id']}"
    repeated: list[tuple[str, dict[str, Any], dict[str, str], httpx.Response]] = []
    said: list[Any] = []
    for _ in range(STEPS_OF_A_TASK):
        if repeated and random.random() < 0.1:
            call, body, headers, first = random.choice(repeated)
            answer = person.post(f"{path}/{call}", json=body, headers=headers)
            assert (answer.content, answer.headers["idempotent-replayed"]) == (first.content, "true")
        else:
            step = random.choice([completes] * 6 + [reopens] * 2 + [patches] * 3)
            call, sent, headers, answer = step(person, path, model, random, said)
            met[f"{answer.status_code} {call}"] += 1
            if "Idempotency-Key" in headers and answer.status_code == 200:
                repeated.append((call, sent, headers, answer))
        found = person.get(path).json()
        assert {name: found[name] for name in model.fields()} == model.fields(), said
        if random.random() < 0.2:
            history = person.get(f"{path}/completions").json()
            assert [(one["occurrence"], one["occurrence_date"], one["kind"]) for one in history] == model.completions()
            assert person.get(f"{path}/occurrences?limit=3").json() == model.following(3), said


Step = tuple[str, dict[str, Any], dict[str, str], httpx.Response]


def completes(person: Person, path: str, model: Recurring, random: Random, said: list[Any]) -> Step:
    call = random.choice(["complete", "complete", "skip"])
    now = datetime.combine(model.open_day if model.rule else as_day(model.due), datetime.min.time(), UTC)
    now += timedelta(minutes=random.randrange(-3 * 1440, 40 * 1440) if random.random() < 0.5 else 600)
    now = min(now, LATEST)
    body: dict[str, Any] = {"at": now.isoformat()}
    occurrence = random.choice([model.number] * 6 + [None, None, model.number + 1, max(1, model.number - 1), 1])
    if occurrence is not None:
        body["occurrence"] = occurrence
    missed = random.choice([None, None, "skip", "keep"])
    if missed is not None:
        body["missed"] = missed
    headers = named(person, path, random)
    said.append((call, body, headers))

    kind = "done" if call == "complete" else "skipped"
    expected = model.complete(kind=kind, occurrence=occurrence, is_named=bool(headers), missed=missed, now=now)
    answer = person.post(f"{path}/{call}", json=body, headers=headers)

    if isinstance(expected[0], int):
        problem(answer, expected[0], str(expected[1]))
    else:
        assert answer.status_code == 200, (answer.text, said)
        found, (done, skipped) = answer.json(), expected
        assert found["skipped"] == skipped, said
        assert completion_of(found["completion"]) == (done and (done.day, done.kind, done.at)), said
        assert {name: found["task"][name] for name in model.fields()} == model.fields(), said
    return call, body, headers, answer


def completion_of(found: dict[str, Any] | None) -> Any:
    return found and (found["occurrence_date"], found["kind"], datetime.fromisoformat(found["completed_at"]))


def reopens(person: Person, path: str, model: Recurring, random: Random, said: list[Any]) -> Step:
    body = random.choice([{}, {"occurrence": max(model.history, default=1)}, {"occurrence": 1}])
    headers = named(person, path, random)
    said.append(("reopen", body, headers))
    expected = model.reopen(body.get("occurrence"))
    answer = person.post(f"{path}/reopen", json=body, headers=headers)
    agree(answer, expected, model, said)
    return "reopen", body, headers, answer


def patches(person: Person, path: str, model: Recurring, random: Random, said: list[Any]) -> Step:
    choices: dict[str, Any] = {
        "due": any_due(random),
        "recurrence": random.choice([*RULES, *RULES, None]),
        "recurrence_anchor": random.choice(["due", "completion"]),
        "time_zone": random.choice([model.zone, *ZONES]),
        "status": random.choice(["Todo", "InProgress", "Done"]),
    }
    weights = {"due": 2, "recurrence": 3, "recurrence_anchor": 1, "time_zone": 1, "status": 1}
    names = random.sample([*weights], k=random.choice([1, 1, 1, 2, 3]), counts=[*weights.values()])
    sent = {name: choices[name] for name in names}
    body = {name: value for name, value in sent.items() if name != "due"} | wire(sent.get("due"))
    said.append(("patch", body))
    expected = model.patch(sent)
    answer = person.patch(path, json=body)
    agree(answer, expected, model, said)
    return "patch", body, {}, answer


def agree(answer: httpx.Response, expected: tuple[int, str] | None, model: Recurring, said: list[Any]) -> None:
    if expected is not None:
        assert answer.status_code == expected[0], (answer.text, said)
        problem(answer, *expected)
    else:
        assert answer.status_code == 200, (answer.text, said)
        found = answer.json()
        assert {name: found[name] for name in model.fields()} == model.fields(), said


def named(person: Person, path: str, random: Random) -> dict[str, str]:
    """By what a call is not repeated, but for the number of an occurrence."""
    match random.choice(["", "", "version", "key"]):
        case "version":
            return {"If-Match": person.get(path).headers["etag"]}
        case "key":
            return {"Idempotency-Key": str(random.getrandbits(64))}
    return {}


def any_due(random: Random) -> date | datetime:
    day = date(2020, 1, 1) + timedelta(days=random.randrange(700))
    if random.random() < 0.5:
        return random.choice([day, date(2020, 1, 31), date(2020, 2, 29), date(2021, 12, 30)])
    hour, minute = random.choice(CLOCKS)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def as_day(due: date | datetime) -> date:
    return due.date() if isinstance(due, datetime) else due


def wire(due: date | datetime | None) -> dict[str, str]:
    if due is None:
        return {}
    return {"due_at" if isinstance(due, datetime) else "due_on": due.isoformat()}
