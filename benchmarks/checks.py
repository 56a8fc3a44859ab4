"""What is measured must be the work: real answers, right in status, shape and effect, before and after."""

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

import httpx

from benchmarks.data import FIRST_NEWCOMER, NOBODY, Filled
from benchmarks.load import CHANGES, NEW_TASK, People, WrongAnswers
from benchmarks.servers import Issuer, Server
from taskward.tasks.model import TaskRead

FIELDS = {"id", "title", "description", "status", "created_at", "updated_at"}
"""Of a task as those answer it who do not do the same work."""

NOT_WRITTEN = {"recurrence", "recurrence_anchor", "reminders", "completed_at", "uid", "list_id", "parent_id"}
"""What a new task may have, and Taskward alone writes."""

FULL_TASK = {
    "title": "Zażółć Straße № ½: 東京タワー2号 and the null of “Καφές”",
    "description": "Two litres,\nand the receipt.",
    "status": "Done",
    "priority": "high",
    "due_on": None,
    "due_at": "2026-03-10T18:00:00+01:00",
    "time_zone": "Europe/Warsaw",
    "tags": ["home", "Büro"],
}
NEW_TASKS: Sequence[dict[str, Any]] = (NEW_TASK, FULL_TASK)
PATCHES: Sequence[dict[str, Any]] = (
    CHANGES,
    {"status": "Done"},
    {"due_on": "2026-03-11", "priority": "low"},
    {"due_at": "2026-03-12T07:30:00.25Z", "time_zone": "Asia/Tokyo", "tags": ["a"], "description": "ひらがな"},
    {"title": "x", "description": None, "status": "Todo", "priority": None, "due_at": None, "tags": []},
)
RECURRING = {"title": "Water the plants", "due_on": "2026-03-10", "recurrence": "FREQ=WEEKLY"}


def expect(is_right: bool, server: Server, what: str, answer: httpx.Response) -> None:
    if not is_right:
        told = f"{server.peer.title}: {what} was answered {answer.status_code} {answer.text[:300]}"
        raise WrongAnswers(f"{told}\n{server.log.read_text()[-1000:]}")


def expect_fields(task: dict[str, Any], server: Server, what: str) -> None:
    """Of a task that was answered: all that it should have, and no other."""
    expected = set(TaskRead.model_fields) if server.peer.is_strict else FIELDS
    differences = {"without": expected - task.keys(), "with": task.keys() - expected}
    if told := " and ".join(f"{how} {', '.join(sorted(names))}" for how, names in differences.items() if names):
        raise WrongAnswers(
            f"{server.peer.title}: {what} was answered {told}. A peer of the same work answers what TaskRead has, each "
            f"field from the column of its name, and any other peer {', '.join(sorted(FIELDS))}: mend what "
            f"benchmarks/peers/{server.peer.name} reads."
        )


class Checker:
    """Asks one server, as any of its people."""

    def __init__(self, server: Server, people: People) -> None:
        self.server = server
        self.people = people
        self.dice = random.Random(server.address)
        self.client = httpx.Client(base_url=server.address, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def answer(self, method: str, path: str, token: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def check(self, workload: str) -> None:
        match workload:
            case "GET one":
                self.reads_one()
            case "list 50" | "list 100":
                self.lists(int(workload.removeprefix("list ")))
            case "POST":
                self.creates()
            case "PATCH":
                self.changes()
            case _:
                self.reads_one()
                self.lists(50)
                self.creates()
                self.changes()

    def reads_one(self) -> None:
        token, task_id = self.people.any_task(self.dice)
        answer = self.answer("GET", f"/tasks/{task_id}", token)
        self.is_task(answer, 200, "GET one", {"id": task_id})

    def lists(self, limit: int) -> None:
        number = self.dice.randrange(len(self.people.tokens))
        answer = self.answer("GET", f"/tasks?limit={limit}", self.people.tokens[number])
        expected = [self.people.rows.task(number, turn) for turn in range(limit)]
        is_right = answer.status_code == httpx.codes.OK and [task["id"] for task in answer.json()] == expected
        has_link = not self.server.peer.is_strict or 'rel="next"' in answer.headers.get("link", "")
        expect(is_right and has_link, self.server, f"the list of {limit}", answer)
        expect_fields(answer.json()[0], self.server, f"the list of {limit}")

    def creates(self) -> None:
        token, _ = self.people.any_task(self.dice)
        answer = self.answer("POST", "/tasks", token, json=NEW_TASK)
        self.is_task(answer, 201, "POST", {**NEW_TASK, "status": "Todo", "updated_at": None})
        is_refused = self.answer("POST", "/tasks", token, json={"title": ""})
        expect(is_refused.status_code in (400, 422), self.server, "an empty title", is_refused)

    def changes(self) -> None:
        token, task_id = self.people.any_task(self.dice)
        path = f"/tasks/{task_id}"
        before = self.answer("GET", path, token)
        answer = self.answer("PATCH", path, token, json=CHANGES)
        self.is_task(answer, 200, "PATCH", {"id": task_id, **CHANGES})
        expect(self.answer("GET", path, token).json() == answer.json(), self.server, "PATCH and then GET", answer)
        if self.server.peer.is_strict:
            too_late = self.answer("PATCH", path, token, json=CHANGES, headers={"If-Match": before.headers["etag"]})
            expect(too_late.status_code == 412, self.server, "an old ETag", too_late)
            in_time = self.answer("PATCH", path, token, json=CHANGES, headers={"If-Match": answer.headers["etag"]})
            expect(in_time.status_code == 200, self.server, "a current ETag", in_time)

    def is_task(self, answer: httpx.Response, status: int, what: str, values: dict[str, Any]) -> None:
        is_right = answer.status_code == status and answer.headers["content-type"].startswith("application/json")
        is_right = is_right and values.items() <= answer.json().items()
        has_etag = not self.server.peer.is_strict or "etag" in answer.headers
        expect(is_right and has_etag, self.server, what, answer)
        expect_fields(answer.json(), self.server, what)


def is_isolated(server: Server, people: People, issuer: Issuer) -> None:
    """An owner without rows sees none, a stranger's id is not there, a broken signature is nobody's.

    Raises:
        WrongAnswers: one of it does not hold.
    """
    with Checker(server, people) as checker:
        token, task_id = people.any_task(checker.dice)
        nobody = issuer.token(NOBODY)
        empty = checker.answer("GET", "/tasks", nobody)
        expect(empty.status_code == 200 and empty.json() == [], server, "an owner without rows", empty)
        for method, body in (("GET", None), ("PATCH", CHANGES)):
            strange = checker.answer(method, f"/tasks/{task_id}", nobody, json=body)
            expect(strange.status_code == 404, server, f"a stranger's {method}", strange)
        forged = checker.answer("GET", f"/tasks/{task_id}", broken(token))
        expect(forged.status_code == 401, server, "a broken signature", forged)


def broken(token: str) -> str:
    """The token with another first character of its signature."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def do_the_same(servers: Sequence[Server], issuer: Issuer, database: Filled) -> None:
    """Each of the servers, of which the first is Taskward, answers the same to the same, and leaves the same rows.

    Raises:
        WrongAnswers: one does not.
    """
    taskward, *others = [written_by(server, issuer, nth, database) for nth, server in enumerate(servers)]
    for server, told in zip(servers[1:], others, strict=True):
        for what, ours in taskward.items():
            expect_alike(server, what, ours, told[what])
    owner = issuer.token(newcomer(0))
    with Checker(servers[0], People(database.rows, [owner])) as checker:
        series = checker.answer("POST", "/tasks", owner, json=RECURRING)
        checker.is_task(series, 201, "a task that recurs", {"occurrence": 1})
    for server in servers:
        with Checker(server, People(database.rows, [owner])) as checker:
            refused = checker.answer("PATCH", f"/tasks/{series.json()['id']}", owner, json={"status": "Done"})
            expect(refused.status_code == 409, server, "a status that would end an occurrence", refused)


def newcomer(nth: int) -> str:
    """Nobody has seen them: their first write makes their clock."""
    return str(FIRST_NEWCOMER + nth)


def written_by(server: Server, issuer: Issuer, nth: int, database: Filled) -> dict[str, dict[str, Any]]:
    """What the server answers to a newcomer and leaves in the database, by what it was asked."""
    owner = newcomer(nth)
    token = issuer.token(owner)
    names = {owner: "the owner"}
    found: dict[str, dict[str, Any]] = {}
    with Checker(server, People(database.rows, [token])) as checker:
        path = "/tasks"
        for number, body in enumerate((*NEW_TASKS, *PATCHES), start=1):
            method = "POST" if number <= len(NEW_TASKS) else "PATCH"
            answer = checker.answer(method, "/tasks" if method == "POST" else path, token, json=body)
            expect(answer.is_success, server, f"{method} {body}", answer)
            task = answer.json()
            path = f"/tasks/{task['id']}"
            version = task["version"]
            names |= {str(version): f"version {number}", f"5{version:016}": f"the place of version {number}"}
            names.setdefault(str(task["id"]), f"id {number}")
            row = database.row(f"select to_jsonb(tasks) from tasks where id = {task['id']}")
            clock = database.row(f"select to_jsonb(owner) from owner where owner_id = '{owner}'")
            for what, values in (("the answer", task), ("the row", row), ("the clock", clock)):
                found[f"{what} after {method} {body}"] = comparable(values, names)
    return found


def comparable(values: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """With names for what belongs to one server alone, and instants to the millisecond, as JavaScript has them."""
    moments = {"created_at", "updated_at", "completed_at", "marked_done_at"}
    named = {name: "a moment" if value and name in moments else value for name, value in values.items()}
    return {name: names.get(str(value), instant(value)) for name, value in named.items()}


def instant(value: Any) -> Any:
    if not isinstance(value, str) or "T" not in value:
        return value
    try:
        return datetime.fromisoformat(value).timestamp()
    except ValueError:
        return value


def expect_alike(server: Server, what: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    names = sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
    if names:
        told = ", ".join(f"{name} is {theirs.get(name)!r}, not {ours.get(name)!r}" for name in names)
        raise WrongAnswers(
            f"{server.peer.title}: {what} is not what Taskward has there: {told}. A peer of the same work writes the "
            f"same: mend benchmarks/peers/{server.peer.name}."
        )
