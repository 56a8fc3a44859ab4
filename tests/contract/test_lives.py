"""Two people live with the API at random, and a model in plain Python says what each must see.

Either may try anything on any id, alive or deleted, their own or not: what the model does not hold for them has to
answer like an id that never was. `TASKWARD_EXAMPLES=500 pytest tests/contract/test_lives.py` looks longer, each time
elsewhere.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from support import answers, expected_tasks
from support.answers import Evidence, evidence, problem, results
from support.expected_lists import expected
from support.expected_tasks import Task, moment
from support.people import Person

IS_LONG = "TASKWARD_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TASKWARD_EXAMPLES", "15"))
STEPS = 50

NEVER = 2**53 - 1
"""The largest id there could be, so that nobody has it."""

TEXT = st.characters(codec="utf-8", exclude_characters="\0")
TAGS = ["home", "Home", "ü", "a b", '"', "{},\\"]
DAYS = ["0001-01-01", "2026-03-09", "2026-03-10", "9999-12-31"]
INSTANTS = ["2026-03-10T00:00:00Z", "2026-03-10T01:00:00.000001+01:00", "0001-01-01T00:00:00Z", "9999-12-31t23:59:59z"]
ZONES = ["UTC", "Asia/Kolkata", "Pacific/Kiritimati"]
ANY_INSTANT = st.datetimes(timezones=st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))).filter(
    lambda instant: 1 < instant.year < 9999
)

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["Milk", "oat milk, Bread"])
    | st.text(TEXT, min_size=1, max_size=255).filter(lambda title: not title.isspace()),
    "description": st.text(TEXT, max_size=300) | st.none(),
    "status": st.sampled_from(["Todo", "InProgress", "Done"]),
    "priority": st.sampled_from(["low", "medium", "high", None]),
    "due_on": st.sampled_from([*DAYS, None]),
    "due_at": st.sampled_from([*INSTANTS, None]) | ANY_INSTANT.map(lambda instant: instant.isoformat()),
    "time_zone": st.sampled_from([*ZONES, None]),
    "tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=4)
    | st.lists(st.text(TEXT, min_size=1, max_size=50), unique=True, max_size=20),
}
REQUIRED = {"title": FIELDS["title"]}


def is_due_once(sent: Task) -> bool:
    return sent.get("due_on") is None or sent.get("due_at") is None


WHOLE = st.fixed_dictionaries(
    REQUIRED, optional={name: FIELDS[name] for name in FIELDS if name not in REQUIRED}
).filter(is_due_once)
UIDS = ("0f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34", "9f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34")
"""So few that they are taken, and the same for both."""
NEW_TASK = WHOLE | st.builds(lambda sent, uid: {**sent, "uid": uid}, WHOLE, st.sampled_from([*UIDS, None]))
PART = st.fixed_dictionaries({}, optional=FIELDS).filter(is_due_once).filter(bool)

WRONG: dict[str, tuple[Any, ...]] = {
    "title": (None, "", " \u3000", "x" * 256, "\0", "\ud800", 7),
    "description": (7, [], "x" * 10_001),
    "status": (None, "done", "", 0),
    "priority": ("High", "none", "", 1),
    "due_on": ("", "2026-3-10", "20260310", "2026-02-29", "2026-03-10T00:00:00Z", 20260310, True),
    "due_at": ("", "2026-03-10", "2026-03-10T00:00:00", "2026-03-10T24:00:00Z", "0001-01-01T00:00:00+00:01", 0),
    "time_zone": ("", "europe/berlin", "posix/UTC", "right/UTC", "localtime", "+01:00", 1),
    "uid": (1, "", UIDS[0].replace("-", ""), f"urn:uuid:{UIDS[0]}"),
    "tags": (None, "home", {}, ["a", "a"], [""], ["x" * 51], [None], ["\0"], [*map(str, range(21))]),
    **dict.fromkeys(("owner_id", "user_id", "id", "created_at", "completed_at", "deleted_at", "version", ""), (1,)),
}
"""Of each field; the last ones are no fields of a body."""
NEVER_VALID: list[Any] = [{"title": "x", name: value} for name, values in WRONG.items() for value in values]
NEVER_VALID += [None, [], "x", 0, True, {"title": "x", "due_on": DAYS[0], "due_at": INSTANTS[0]}]

SORTS = ["created_at", "updated_at", "completed_at", "due", "priority", "title"]
FILTERS = {
    "status": st.lists(FIELDS["status"], min_size=1, max_size=2),
    "priority": st.lists(st.sampled_from(["low", "medium", "high", "none"]), min_size=1, max_size=2),
    "tag": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2),
    "due_before": st.sampled_from([*DAYS, INSTANTS[0]]),
    "due_after": st.sampled_from([*DAYS, INSTANTS[0]]),
    "overdue": st.just("true"),
    "q": st.sampled_from(["milk", "BREAD,oa", "-"]),
}
FILTERED = st.sampled_from([*FILTERS]).flatmap(lambda name: st.fixed_dictionaries({name: FILTERS[name]}))
IN_ORDER = st.fixed_dictionaries(
    {"sort": st.sampled_from([way + by for by in SORTS for way in ("", "-")]), "time_zone": st.sampled_from(ZONES)}
)
NO_QUERY: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries({})
QUERY = NO_QUERY | IN_ORDER | FILTERED | st.builds(lambda filtered, order: filtered | order, FILTERED, IN_ORDER)
"""Of GET /tasks. More than one filter would leave nothing of these few tasks."""

T = TypeVar("T")

OTHER = {"ann": "bob", "bob": "ann"}
WHO = st.sampled_from(["ann", "bob"])
KEY = st.sampled_from(["one", "two", "three"])
"""Of Idempotency-Key: few, so that they meet."""


class Subject(NamedTuple):
    """Who asks, and for which task."""

    who: str
    whose: str
    number: int


def subject(often: str) -> st.SearchStrategy[Subject]:
    rarely = ["own", "the other's", "trash", "the other's trash", "gone", "never"]
    return st.builds(Subject, who=WHO, whose=st.sampled_from([often] * 8 + rarely), number=st.integers(0, 20))


LIVE, TRASHED = subject("own"), subject("trash")


class Condition(NamedTuple):
    """A value of If-Match or If-None-Match, from the current entity tag and the one before it."""

    value: Callable[[str, str], str | None]
    matches_strongly: bool
    matches_weakly: bool


ANY = Condition(lambda tag, before: "*", True, True)
NO_CONDITION = Condition(lambda tag, before: None, True, False)
CONDITIONS = {
    "none": NO_CONDITION,
    "the current one": Condition(lambda tag, before: tag, True, True),
    "any": ANY,
    "a list with it": Condition(lambda tag, before: f'"x,y" ,{before},,\t{tag}', True, True),
    "a weak one": Condition(lambda tag, before: f"W/{tag}", False, True),
    "a list with it as weak": Condition(lambda tag, before: f'{before}, W/{tag}, "x"', False, True),
    "a stale one": Condition(lambda tag, before: before, False, False),
    "a list without it": Condition(lambda tag, before: f'"", {before}, W/"*"', False, False),
    "the current one without quotes": Condition(lambda tag, before: tag.strip('"'), False, False),
    "a list without commas": Condition(lambda tag, before: f"{tag} {before}", False, False),
    "any in quotes": Condition(lambda tag, before: '"*"', False, False),
}
CONDITION = st.sampled_from(["none"] * 6 + ["the current one"] * 4 + [*CONDITIONS]).map(CONDITIONS.__getitem__)
MISMATCH = st.sampled_from([condition for condition in CONDITIONS.values() if not condition.matches_strongly])


class Operation(NamedTuple):
    """Of a batch. `sent` is a new task or a patch, None deletes."""

    subject: Subject | None
    condition: Condition
    sent: Task | None


NEW = st.builds(Operation, subject=st.none(), condition=st.just(NO_CONDITION), sent=NEW_TASK)
LIKELY = st.builds(
    Operation,
    subject=LIVE.map(lambda chosen: chosen._replace(whose="own")),
    condition=st.sampled_from([NO_CONDITION, ANY]),
    sent=PART | st.just({}) | st.none(),
)
RISKY = st.builds(Operation, subject=LIVE, condition=CONDITION | MISMATCH, sent=PART | st.just({}) | st.none())
OPERATIONS = (
    st.lists(NEW | LIKELY, min_size=1, max_size=5)
    | st.lists(NEW | LIKELY | RISKY, min_size=1, max_size=4)
    | st.lists(RISKY, min_size=1, max_size=2)
)

Outcomes = Counter[tuple[str, int]]
"""How often each call was answered with each status."""

EXPECTED = {
    *(("POST /tasks", status) for status in (201, 409, 422)),
    *(("GET /tasks", status) for status in (200, 422)),
    *(("GET /tasks/{id}", status) for status in (200, 304, 404)),
    *(("HEAD /tasks/{id}", status) for status in (200, 304, 404)),
    *((f"{method} /tasks/{{id}}", status) for method in ("PUT", "PATCH") for status in (200, 404, 412, 422)),
    *(("DELETE /tasks/{id}", status) for status in (204, 404, 412)),
    *(("POST /tasks/{id}/restore", status) for status in (200, 404)),
    *(("GET /trash", status) for status in (200, 422)),
    *(("DELETE /trash/{id}", status) for status in (204, 404)),
    ("DELETE /trash", 204),
    *(("POST /tasks/batch", status) for status in (200, 404, 409, 412, 422)),
    ("GET /tags", 200),
}


@dataclass
class Retryable:
    """A request that was done under an idempotency key, and its answer."""

    who: str
    key: str
    call: str
    sent: Any
    answer: Evidence


@dataclass
class Walk:
    """Through a list that changes meanwhile."""

    who: str
    path: str
    query: dict[str, Any]
    limit: int
    steady: set[int]
    """What has been in the list all the time, at the same place."""
    rest: str | None = None
    """The query of the next page."""
    seen: list[int] = field(default_factory=list)


class Lives(RuleBasedStateMachine):
    def __init__(self, ann: Person, bob: Person, outcomes: Outcomes) -> None:
        super().__init__()
        self.people = {"ann": ann, "bob": bob}
        self.outcomes = outcomes
        self.tasks: dict[str, dict[int, Task]] = {"ann": {}, "bob": {}}
        self.trash: dict[str, dict[int, Task]] = {"ann": {}, "bob": {}}
        self.gone: list[int] = []
        self.etags: dict[int, list[str]] = {NEVER: ['"1"', '"2"']}
        """All entity tags that a task has had, after one that it never had."""
        self.uids: dict[int, str | None] = {}
        self.walks: list[Walk] = []
        self.retryable: list[Retryable] = []
        self.was_written = False
        self.nothing = evidence(self.ask("ann", "GET", f"/tasks/{NEVER}"))

    def teardown(self) -> None:
        for person in self.people.values():
            person.close()

    @initialize()
    def begin_with_a_few(self) -> None:
        for title in ("Milk", "Bread", "Tea", "Beer"):
            for who in self.people:
                self.create(who, {"title": title, "description": who, "status": "InProgress"})
        for who in self.people:
            self.create(who, {"title": "Jam", "status": "Done"})
            for task_id in sorted(self.tasks[who])[-2:]:
                self.is_deleted(who, task_id, self.ask(who, "DELETE", f"/tasks/{task_id}"))

    # One task

    @rule(who=WHO, sent=NEW_TASK)
    def create(self, who: str, sent: Task) -> None:
        self.is_posted(who, sent, self.ask(who, "POST", "/tasks", sent))

    @rule(who=WHO, sent=NEW_TASK, key=KEY)
    def create_once(self, who: str, sent: Task, key: str) -> None:
        answer = self.ask(who, "POST", "/tasks", sent, {"Idempotency-Key": key})

        if not self.is_retried(who, key, "/tasks", sent, answer):
            self.is_posted(who, sent, answer)

    @precondition(lambda self: self.retryable)
    @rule(number=st.integers(0, 20), spells_defaults_out=st.booleans())
    def retry(self, number: int, spells_defaults_out: bool) -> None:
        done = chosen(self.retryable, number)
        sent = spelled_out(done.sent) if spells_defaults_out else done.sent

        answer = self.ask(done.who, "POST", done.call, sent, {"Idempotency-Key": done.key})

        assert self.is_retried(done.who, done.key, done.call, sent, answer)

    def is_retried(self, who: str, key: str, call: str, sent: Any, answer: httpx.Response) -> bool:
        """Whether the key was used before; when not, it is known from now on if the answer is a success."""
        done = next((done for done in self.retryable if (done.who, done.key) == (who, key)), None)
        if done is None:
            if answer.is_success:
                self.retryable.append(Retryable(who, key, call, sent, evidence(answer)))
            return False
        if expected_tasks.meaning(call, sent) == expected_tasks.meaning(done.call, done.sent):
            assert answer.headers.pop("idempotent-replayed") == "true"
            assert evidence(answer) == done.answer
        else:
            problem(answer, 422, "idempotency_key_reused")
        return True

    def is_posted(self, who: str, sent: Task, answer: httpx.Response) -> None:
        holder = self.holder(who, sent.get("uid"))
        if holder is not None:
            problem(answer, 409, "uid_taken")
            assert answer.headers["location"] == f"/tasks/{holder}"
            return
        task = one(answer, 201)
        assert answer.headers["location"] == f"/tasks/{task['id']}"
        self.is_created(who, sent, task)

    def is_created(self, who: str, sent: Task, task: Task) -> None:
        last_id = max([0, *(task_id for task_id in self.etags if task_id != NEVER)])
        assert expected_tasks.written(task) == expected_tasks.written(expected_tasks.created(sent))
        assert task["id"] > last_id
        assert task["updated_at"] is None
        assert task["completed_at"] == expected_tasks.completed_at(task, None)
        self.etags[task["id"]] = ['"1"']
        self.becomes(who, task)

    def becomes(self, who: str, task: Task) -> None:
        assert in_utc(task)
        self.uids[task["id"]] = task["uid"]
        self.tasks[who][task["id"]] = task
        self.etags[task["id"]].append(etag(task))

    @rule(subject=LIVE, condition=CONDITION)
    def find(self, subject: Subject, condition: Condition) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, "GET", task_id, "If-None-Match", condition)
        without_body = self.ask_if(who, "HEAD", task_id, "If-None-Match", condition)

        assert evidence(without_body) == evidence(answer)._replace(body=b"")
        if task_id not in self.tasks[who]:
            assert evidence(answer) == self.nothing
            return
        assert answer.headers["etag"] == self.etags[task_id][-1]
        if condition.matches_weakly:
            assert (answer.status_code, answer.content) == (304, b"")
        else:
            assert answers.task(answer) == self.tasks[who][task_id]

    @rule(subject=LIVE, condition=CONDITION, sent=WHOLE)
    def replace(self, subject: Subject, condition: Condition, sent: Task) -> None:
        self.write(subject, "PUT", condition, sent, becomes=expected_tasks.replaced)

    @rule(subject=LIVE, condition=CONDITION, sent=PART)
    def change(self, subject: Subject, condition: Condition, sent: Task) -> None:
        self.write(subject, "PATCH", condition, sent, becomes=expected_tasks.changed)

    def write(
        self, subject: Subject, method: str, condition: Condition, sent: Task, *, becomes: Callable[[Task, Task], Task]
    ) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, method, task_id, "If-Match", condition, sent)

        if self.is_done(who, task_id, condition, answer):
            before = self.tasks[who][task_id]
            self.is_changed(who, before, becomes(before, sent), one(answer))

    def is_changed(self, who: str, before: Task, wanted: Task, task: Task) -> None:
        assert expected_tasks.written(task) == expected_tasks.written(wanted)
        assert (task["id"], task["created_at"]) == (before["id"], before["created_at"])
        assert moment(task["updated_at"]) >= moment(before["updated_at"] or before["created_at"])
        assert task["completed_at"] == expected_tasks.completed_at(task, before)
        assert task["version"] > before["version"]
        self.becomes(who, task)
        for walk in self.walks:
            if walk.query:
                walk.steady.discard(task["id"])

    @rule(subject=LIVE, condition=CONDITION)
    def change_nothing(self, subject: Subject, condition: Condition) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, "PATCH", task_id, "If-Match", condition, {})

        if self.is_done(who, task_id, condition, answer):
            assert one(answer) == self.tasks[who][task_id]

    # The trash

    @rule(subject=LIVE, condition=CONDITION)
    def delete(self, subject: Subject, condition: Condition) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, "DELETE", task_id, "If-Match", condition)

        if self.is_done(who, task_id, condition, answer):
            self.is_deleted(who, task_id, answer)

    def is_deleted(self, who: str, task_id: int, answer: httpx.Response) -> None:
        assert (answer.status_code, answer.content) == (204, b"")
        assert "etag" not in answer.headers
        self.lie_in_the_trash(who, [task_id])

    def lie_in_the_trash(self, who: str, task_ids: Collection[int]) -> None:
        """Only the trash tells when they were deleted, and their version since."""
        there = {task["id"]: task for task in self.ask(who, "GET", "/trash?limit=500").json()}
        earlier = [moment(task["deleted_at"]) for task in self.trash[who].values()]
        for task_id in task_ids:
            before, task = self.tasks[who].pop(task_id), there[task_id]
            assert task == before | {name: task[name] for name in ("version", "deleted_at")}
            assert task["version"] > before["version"]
            assert in_utc(task)
            assert moment(task["deleted_at"]) >= max([moment(task["updated_at"] or task["created_at"]), *earlier])
            self.trash[who][task_id] = task
            self.etags[task_id].append(etag(task))
        self.leave("/tasks", task_ids)

    def leave(self, path: str, task_ids: Iterable[int]) -> None:
        for walk in self.walks:
            if walk.path == path:
                walk.steady.difference_update(task_ids)

    @precondition(lambda self: any(self.trash.values()))
    @rule(subject=TRASHED, condition=CONDITION)
    def restore(self, subject: Subject, condition: Condition) -> None:
        """Whatever the condition."""
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, "POST", task_id, "If-Match", condition, below="/restore")

        if self.is_in_trash(who, task_id, answer):
            before = self.trash[who].pop(task_id)
            wanted = {name: value for name, value in before.items() if name != "deleted_at"}
            self.is_changed(who, before, wanted, one(answer))
            self.leave("/trash", [task_id])

    @precondition(lambda self: any(self.trash.values()))
    @rule(subject=TRASHED)
    def erase(self, subject: Subject) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask(who, "DELETE", f"/trash/{self.name(who, task_id)}")

        if self.is_in_trash(who, task_id, answer):
            self.is_erased(who, [task_id], answer)

    @precondition(lambda self: max(map(len, self.trash.values())) > 1)
    @rule(who=WHO)
    def empty_the_trash(self, who: str) -> None:
        answer = self.ask(who, "DELETE", "/trash")

        self.is_erased(who, [*self.trash[who]], answer)

    def is_erased(self, who: str, task_ids: Collection[int], answer: httpx.Response) -> None:
        assert (answer.status_code, answer.content) == (204, b"")
        for task_id in task_ids:
            del self.trash[who][task_id]
        self.gone += task_ids
        self.leave("/trash", task_ids)

    def is_in_trash(self, who: str, task_id: int, answer: httpx.Response) -> bool:
        is_there = task_id in self.trash[who]
        assert is_there or evidence(answer) == self.nothing
        return is_there

    # Many changes at once

    @rule(who=WHO, operations=OPERATIONS, key=st.none() | st.none() | KEY)
    def batch(self, who: str, operations: list[Operation], key: str | None) -> None:
        sent = {"operations": [self.spelled(who, operation) for operation in operations]}
        refusal = self.refusal_of(who, operations)

        answer = self.ask(who, "POST", "/tasks/batch", sent, {} if key is None else {"Idempotency-Key": key})

        if key is not None and self.is_retried(who, key, "/tasks/batch", sent, answer):
            return
        if refusal is not None:
            problem(answer, *refusal)
            return
        done = results(answer)
        assert [result["op"] for result in done] == [operation["op"] for operation in sent["operations"]]
        deleted = []
        for operation, result in zip(sent["operations"], done, strict=True):
            match operation["op"]:
                case "create":
                    self.is_created(who, operation["task"], result["task"])
                case "delete":
                    deleted.append(self.named(who, operation["id"]))
                case _:
                    self.is_patched(who, operation, result["task"])
        self.lie_in_the_trash(who, deleted)

    def is_patched(self, who: str, operation: dict[str, Any], task: Task) -> None:
        before = self.tasks[who][self.named(who, operation["id"])]
        if operation["patch"]:
            self.is_changed(who, before, expected_tasks.changed(before, operation["patch"]), task)
        else:
            assert task == before

    def refusal_of(self, who: str, operations: list[Operation]) -> tuple[int, str, int] | None:
        """Of the lowest operation that fails."""
        deleted, changed, named = set(), set(), set()
        for index, operation in enumerate(operations):
            if operation.subject is None:
                uid = operation.sent and operation.sent.get("uid")
                if uid in named or self.holder(who, uid) is not None:
                    return 409, "uid_taken", index
                named |= {uid} - {None}
                continue
            _, task_id = self.reached(operation.subject._replace(who=who))
            if task_id in deleted or task_id not in self.tasks[who]:
                return 404, "task_not_found", index
            is_met = operation.condition.matches_strongly
            # The version that a change before this one has given nobody knows yet.
            if not is_met or (task_id in changed and operation.condition not in (NO_CONDITION, ANY)):
                return 412, "version_mismatch", index
            if operation.sent is None:
                deleted.add(task_id)
            elif operation.sent:
                changed.add(task_id)
        return None

    def spelled(self, who: str, operation: Operation) -> dict[str, Any]:
        if operation.subject is None:
            return {"op": "create", "task": operation.sent}
        _, task_id = self.reached(operation.subject._replace(who=who))
        kind = {"op": "delete"} if operation.sent is None else {"op": "patch", "patch": operation.sent}
        before, current = self.etags[task_id][-2:]
        value = operation.condition.value(current, before)
        return {**kind, "id": self.name(who, task_id), **({} if value is None else {"if_match": value})}

    # What is refused

    @rule(
        subject=LIVE,
        condition=CONDITION,
        sent=st.sampled_from(NEVER_VALID),
        method=st.sampled_from(["POST", "PUT", "PATCH"]),
        key=KEY,
    )
    def send_what_is_never_valid(
        self, subject: Subject, condition: Condition, sent: Any, method: str, key: str
    ) -> None:
        who, task_id = self.reached(subject)

        if method == "POST":
            answer = self.ask(who, method, "/tasks", sent, {"Idempotency-Key": key})
        else:
            answer = self.ask_if(who, method, task_id, "If-Match", condition, sent)

        problem(answer, 422, "validation_failed")

    @rule(
        who=WHO,
        operations=OPERATIONS,
        sent=st.sampled_from(NEVER_VALID),
        part=st.sampled_from(["task", "patch"]),
        number=st.integers(0, 4),
        key=KEY,
    )
    def batch_what_is_never_valid(
        self, who: str, operations: list[Operation], sent: Any, part: str, number: int, key: str
    ) -> None:
        spelled = [self.spelled(who, operation) for operation in operations]
        index = number % (len(spelled) + 1)
        wrong = {"op": "create", "task": sent} if part == "task" else {"op": "patch", "id": NEVER, "patch": sent}
        body = {"operations": [*spelled[:index], wrong, *spelled[index:], {"op": "none"}]}

        answer = self.ask(who, "POST", "/tasks/batch", body, {"Idempotency-Key": key})

        problem(answer, 422, "validation_failed", index)

    # Lists

    @rule(who=WHO, query=QUERY, skip=st.integers(0, 6), limit=st.integers(1, 6))
    def look_at_a_part(self, who: str, query: dict[str, Any], skip: int, limit: int) -> None:
        answer = self.ask(who, "GET", f"/tasks?{urlencode({**query, 'skip': skip, 'limit': limit}, doseq=True)}")

        tasks = expected([*self.tasks[who].values()], query)
        assert answer.json() == tasks[skip : skip + limit]
        assert (next_query(answer) is not None) == (len(tasks) > skip + limit)

    @rule(who=WHO)
    def look_at_the_tags(self, who: str) -> None:
        assert self.ask(who, "GET", "/tags").json() == expected_tasks.tags_on(self.tasks[who].values())

    @rule(who=WHO, query=QUERY, limit=st.integers(1, 3))
    def begin_a_walk(self, who: str, query: dict[str, Any], limit: int) -> None:
        steady = {task["id"] for task in expected([*self.tasks[who].values()], query)}
        self.begin(Walk(who, "/tasks", query, limit, steady))

    @rule(who=WHO, limit=st.integers(1, 2))
    def begin_a_walk_through_the_trash(self, who: str, limit: int) -> None:
        self.begin(Walk(who, "/trash", {}, limit, set(self.trash[who])))

    def begin(self, walk: Walk) -> None:
        self.walks.append(walk)
        query = urlencode({**walk.query, "limit": walk.limit}, doseq=True)
        self.follow(walk, self.ask(walk.who, "GET", f"{walk.path}?{query}"))

    @precondition(lambda self: self.walks)
    @rule(number=st.integers(0, 20))
    def go_on_with_a_walk(self, number: int) -> None:
        walk = chosen(self.walks, number)
        [cursor] = parse_qs(walk.rest)["cursor"]
        another_list = "/tasks" if walk.path == "/trash" else "/trash"
        another_order = {**walk.query, "sort": "-title" if walk.query.get("sort") == "title" else "title"}

        for who, path in (
            (OTHER[walk.who], f"{walk.path}?{walk.rest}"),
            (walk.who, f"{another_list}?cursor={cursor}"),
            (walk.who, f"/tasks?{urlencode({**another_order, 'cursor': cursor}, doseq=True)}"),
        ):
            problem(self.ask(who, "GET", path), 422, "cursor_invalid")
        self.follow(walk, self.ask(walk.who, "GET", f"{walk.path}?{walk.rest}"))

    def follow(self, walk: Walk, answer: httpx.Response) -> None:
        walk.rest = next_query(answer)
        page, seen = answer.json(), Counter(walk.seen)
        walk.seen += [task["id"] for task in page]

        assert page == self.listed(walk, [task["id"] for task in page])
        assert walk.steady.isdisjoint(task["id"] for task in page if seen[task["id"]])
        if not walk.query:
            assert len(walk.seen) == len(set(walk.seen))
        if walk.rest is None:
            assert walk.steady <= set(walk.seen)
            self.walks.remove(walk)
        else:
            assert len(page) == walk.limit
            assert parse_qs(walk.rest).keys() == {*walk.query, "cursor", "limit"}

    def listed(self, walk: Walk, task_ids: list[int]) -> list[Task]:
        """Those of them that belong there, in the order of the list."""
        if walk.path == "/trash":
            return expected_tasks.latest_first(self.trash[walk.who][task_id] for task_id in task_ids)
        return expected([self.tasks[walk.who][task_id] for task_id in task_ids], walk.query)

    @invariant()
    def everyone_sees_their_own_tasks_in_order(self) -> None:
        if self.was_written:
            for who in self.people:
                assert self.ask(who, "GET", "/tasks?limit=500").json() == expected_tasks.by_id(self.tasks[who].values())
                assert self.ask(who, "GET", "/trash?limit=500").json() == expected_tasks.latest_first(
                    self.trash[who].values()
                )
            self.was_written = False

    def reached(self, subject: Subject) -> tuple[str, int]:
        other = OTHER[subject.who]
        there: dict[str, Collection[int]] = {
            "own": self.tasks[subject.who],
            "the other's": self.tasks[other],
            "trash": self.trash[subject.who],
            "the other's trash": self.trash[other],
            "gone": self.gone,
            "never": (),
        }
        return subject.who, chosen([*there[subject.whose]] or [NEVER], subject.number)

    def holder(self, who: str, uid: str | None) -> int | None:
        """Which of their tasks has the uid."""
        theirs = [*self.tasks[who], *self.trash[who]] if uid is not None else []
        return next((task_id for task_id in theirs if self.uids[task_id] == uid), None)

    def name(self, who: str, task_id: int) -> int | str:
        """Every other time its uid, where that means no other task to them."""
        uid = self.uids.get(task_id)
        is_its = uid is not None and self.holder(who, uid) in (task_id, None)
        return uid if uid is not None and is_its and len(self.etags[task_id]) % 2 else task_id

    def named(self, who: str, name: int | str) -> int:
        holder = self.holder(who, name) if isinstance(name, str) else name
        assert holder is not None
        return holder

    def ask_if(
        self,
        who: str,
        method: str,
        task_id: int,
        header: str,
        condition: Condition,
        sent: Any = ...,
        *,
        below: str = "",
    ) -> httpx.Response:
        before, current = self.etags[task_id][-2:]
        value = condition.value(current, before)
        return self.ask(
            who, method, f"/tasks/{self.name(who, task_id)}{below}", sent, {} if value is None else {header: value}
        )

    def ask(
        self, who: str, method: str, path: str, sent: Any = ..., headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """`...` sends no body."""
        content = None if sent is ... else json.dumps(sent)
        described = {} if sent is ... else {"Content-Type": "application/json"}
        answer = self.people[who].send(method, path, headers={**described, **(headers or {})}, content=content)
        call = re.sub(r"/[0-9][0-9a-f-]*", "/{id}", path.partition("?")[0])
        self.outcomes[f"{method} {call}", answer.status_code] += 1
        self.was_written |= method not in ("GET", "HEAD")
        return answer

    def is_done(self, who: str, task_id: int, condition: Condition, answer: httpx.Response) -> bool:
        """Whether a write must have been done; when not, the answer has to say why."""
        if task_id not in self.tasks[who]:
            assert evidence(answer) == self.nothing
            return False
        if not condition.matches_strongly:
            problem(answer, 412, "version_mismatch")
            return False
        return True


def chosen(things: list[T], number: int) -> T:
    return things[number % len(things)]


def next_query(answer: httpx.Response) -> str | None:
    assert answer.status_code == 200, answer.text
    found = re.fullmatch(
        r'<\?(cursor=[A-Za-z0-9_-]+&limit=[0-9]+(?:&[^>]+)?)>; rel="next"', answer.headers.get("link", "")
    )
    assert found or "link" not in answer.headers
    return found and found[1]


def one(answer: httpx.Response, status: int = 200) -> Task:
    task = answers.task(answer, status)
    assert answer.headers["etag"] == etag(task)
    return task


def etag(task: Task) -> str:
    return f'"{task["version"]}"'


def in_utc(task: Task) -> bool:
    return all(time is None or time.endswith("+00:00") for name, time in task.items() if name.endswith("_at"))


def spelled_out(sent: Any) -> Any:
    """With the defaults of new tasks, alone or in a batch."""
    if "operations" not in sent:
        return expected_tasks.created(sent)
    operations = [dict(operation) for operation in sent["operations"]]
    for operation in operations:
        if operation["op"] == "create":
            operation["task"] = expected_tasks.created(operation["task"])
    return {"operations": operations}


def live(person: Callable[[str], Person], *, examples: int, is_repeatable: bool) -> Outcomes:
    """Lives that many lives. Those that are repeatable are the same each time."""
    outcomes: Outcomes = Counter()
    run_state_machine_as_test(
        lambda: Lives(person("ann"), person("bob"), outcomes),  # type: ignore[arg-type]  # it takes any that makes one
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            derandomize=is_repeatable,
            database=None,
            deadline=None,
        ),
    )
    return outcomes


@pytest.mark.long
@pytest.mark.timeout(400 + EXAMPLES)  # a failure is made as short as it can be, which takes Hypothesis 300 s at most
def test_whatever_two_people_do_each_sees_what_the_contract_says(person: Callable[[str], Person]) -> None:
    outcomes = live(person, examples=EXAMPLES, is_repeatable=not IS_LONG)
    for _ in range(5):  # so few lives may miss a rare outcome, and which they miss changes with the code that is loaded
        if outcomes.keys() >= EXPECTED:
            break
        outcomes += live(person, examples=EXAMPLES, is_repeatable=False)

    assert outcomes.keys() == EXPECTED
