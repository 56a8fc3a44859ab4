"""Two people live with the API at random, and a model in plain Python says what each must see.

Either may try anything on any id, alive or deleted, their own or not: what the model does not hold for them has to
answer like an id that never was. `TASKWARD_EXAMPLES=500 pytest tests/test_lives.py` looks longer, each time elsewhere.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

import answers
import model
from model import Task
from people import Person

IS_LONG = "TASKWARD_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TASKWARD_EXAMPLES", "15"))
STEPS = 50

NEVER = 2**53 - 1
"""The largest id there could be, so that nobody has it."""

TEXT = st.characters(codec="utf-8", exclude_characters="\0")
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": st.text(TEXT, min_size=1, max_size=255).filter(lambda title: not title.isspace()),
    "description": st.text(TEXT, max_size=300) | st.none(),
    "status": st.sampled_from(["Todo", "InProgress", "Done"]),
}
REQUIRED = {"title": FIELDS["title"]}
WHOLE = st.fixed_dictionaries(REQUIRED, optional={name: FIELDS[name] for name in FIELDS if name not in REQUIRED})
PART = st.fixed_dictionaries({}, optional=FIELDS).filter(bool)

WRONG: dict[str, tuple[Any, ...]] = {
    "title": (None, "", " \u3000", "x" * 256, "\0", "\ud800", 7),
    "description": (7, [], "x" * 10_001),
    "status": (None, "done", "", 0),
    **dict.fromkeys(("owner_id", "user_id", "id", "created_at", ""), (1,)),  # no fields of a body
}
NEVER_VALID: list[Any] = [{"title": "x", name: value} for name, values in WRONG.items() for value in values]
NEVER_VALID += [None, [], "x", 0, True]

T = TypeVar("T")

OTHER = {"ann": "bob", "bob": "ann"}
WHO = st.sampled_from(["ann", "bob"])
KEY = st.sampled_from(["one", "two"])
"""Of Idempotency-Key: few, so that they meet."""


class Subject(NamedTuple):
    """Who asks, and for which task."""

    who: str
    whose: str
    number: int


SUBJECT = st.builds(
    Subject,
    who=WHO,
    whose=st.sampled_from(["own"] * 6 + ["the other's"] * 2 + ["deleted", "never"]),
    number=st.integers(0, 20),
)


class Condition(NamedTuple):
    """A value of If-Match or If-None-Match, from the current entity tag and the one before it."""

    value: Callable[[str, str], str | None]
    matches_strongly: bool
    matches_weakly: bool


CONDITIONS = {
    "none": Condition(lambda tag, before: None, True, False),
    "the current one": Condition(lambda tag, before: tag, True, True),
    "any": Condition(lambda tag, before: "*", True, True),
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

Outcomes = Counter[tuple[str, int]]
"""How often each method was answered with each status."""

EXPECTED = {
    *(("POST", status) for status in (201, 422)),
    *(("GET", status) for status in (200, 304, 404, 422)),
    *(("HEAD", status) for status in (200, 304, 404)),
    *((method, status) for method in ("PUT", "PATCH") for status in (200, 404, 412, 422)),
    *(("DELETE", status) for status in (204, 404, 412)),
}


class Evidence(NamedTuple):
    """All that an answer tells, but for what differs between any two requests."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Retryable:
    """A request that was done under an idempotency key, and its answer."""

    who: str
    key: str
    sent: Task
    answer: Evidence


@dataclass
class Walk:
    """Through a list that changes meanwhile."""

    who: str
    limit: int
    there_all_the_time: set[int]
    cursor: str | None = None
    seen: list[int] = field(default_factory=list)


class Lives(RuleBasedStateMachine):
    def __init__(self, ann: Person, bob: Person, outcomes: Outcomes) -> None:
        super().__init__()
        self.people = {"ann": ann, "bob": bob}
        self.outcomes = outcomes
        self.tasks: dict[str, dict[int, Task]] = {"ann": {}, "bob": {}}
        self.deleted: list[int] = []
        self.tags: dict[int, list[str]] = {NEVER: ['"1"', '"2"']}
        """All entity tags that a task has had, after one that it never had."""
        self.walks: list[Walk] = []
        self.retryable: list[Retryable] = []
        self.was_written = False
        self.nothing = evidence(self.ask("ann", "GET", f"/tasks/{NEVER}"))

    def teardown(self) -> None:
        for person in self.people.values():
            person.close()

    @initialize()
    def begin_with_a_few(self) -> None:
        for title in ("Milk", "Bread", "Tea"):
            for who in self.people:
                self.create(who, {"title": title, "description": who, "status": "InProgress"})

    @rule(who=WHO, sent=WHOLE)
    def create(self, who: str, sent: Task) -> None:
        self.is_created(who, sent, self.ask(who, "POST", "/tasks", sent))

    @rule(who=WHO, sent=WHOLE, key=KEY)
    def create_once(self, who: str, sent: Task, key: str) -> None:
        answer = self.ask(who, "POST", "/tasks", sent, {"Idempotency-Key": key})

        done = next((done for done in self.retryable if (done.who, done.key) == (who, key)), None)
        if done is None:
            self.is_created(who, sent, answer)
            self.retryable.append(Retryable(who, key, sent, evidence(answer)))
        elif model.created(sent) == model.created(done.sent):
            assert answer.headers.pop("idempotent-replayed") == "true"
            assert evidence(answer) == done.answer
        else:
            answers.problem(answer, 422, "idempotency_key_reused")

    @rule(number=st.integers(0, 20), spells_defaults_out=st.booleans())
    def retry(self, number: int, spells_defaults_out: bool) -> None:
        if self.retryable:
            done = chosen(self.retryable, number)
            self.create_once(done.who, model.created(done.sent) if spells_defaults_out else done.sent, done.key)

    def is_created(self, who: str, sent: Task, answer: httpx.Response) -> None:
        last_id = max([0, *(task_id for task_id in self.tags if task_id != NEVER)])
        task = answers.task(answer, 201)
        assert model.written(task) == model.created(sent)
        assert task["id"] > last_id
        assert task["updated_at"] is None
        assert answer.headers["location"] == f"/tasks/{task['id']}"
        self.tasks[who][task["id"]] = task
        self.tags[task["id"]] = ['"1"', answer.headers["etag"]]

    @rule(subject=SUBJECT, condition=CONDITION)
    def find(self, subject: Subject, condition: Condition) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, "GET", task_id, "If-None-Match", condition)
        without_body = self.ask_if(who, "HEAD", task_id, "If-None-Match", condition)

        assert evidence(without_body) == evidence(answer)._replace(body=b"")
        if task_id not in self.tasks[who]:
            assert evidence(answer) == self.nothing
            return
        assert answer.headers["etag"] == self.tags[task_id][-1]
        if condition.matches_weakly:
            assert (answer.status_code, answer.content) == (304, b"")
        else:
            assert answers.task(answer) == self.tasks[who][task_id]

    @rule(subject=SUBJECT, condition=CONDITION, sent=WHOLE)
    def replace(self, subject: Subject, condition: Condition, sent: Task) -> None:
        self.write(subject, "PUT", condition, sent, becomes=model.replaced)

    @rule(subject=SUBJECT, condition=CONDITION, sent=PART)
    def change(self, subject: Subject, condition: Condition, sent: Task) -> None:
        self.write(subject, "PATCH", condition, sent, becomes=model.changed)

    def write(
        self, subject: Subject, method: str, condition: Condition, sent: Task, *, becomes: Callable[[Task, Task], Task]
    ) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, method, task_id, "If-Match", condition, sent)

        if self.is_done(who, task_id, condition, answer):
            before, task = self.tasks[who][task_id], answers.task(answer)
            assert model.written(task) == model.written(becomes(before, sent))
            assert (task["id"], task["created_at"]) == (task_id, before["created_at"])
            assert moment(task["updated_at"]) >= moment(before["updated_at"] or before["created_at"])
            assert version(answer.headers["etag"]) > version(self.tags[task_id][-1])
            self.tasks[who][task_id] = task
            self.tags[task_id].append(answer.headers["etag"])

    @rule(subject=SUBJECT, condition=CONDITION)
    def change_nothing(self, subject: Subject, condition: Condition) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, "PATCH", task_id, "If-Match", condition, {})

        if self.is_done(who, task_id, condition, answer):
            assert answers.task(answer) == self.tasks[who][task_id]
            assert answer.headers["etag"] == self.tags[task_id][-1]

    @rule(subject=SUBJECT, condition=CONDITION)
    def delete(self, subject: Subject, condition: Condition) -> None:
        who, task_id = self.reached(subject)

        answer = self.ask_if(who, "DELETE", task_id, "If-Match", condition)

        if self.is_done(who, task_id, condition, answer):
            assert (answer.status_code, answer.content) == (204, b"")
            assert "etag" not in answer.headers
            del self.tasks[who][task_id]
            self.deleted.append(task_id)
            for walk in self.walks:
                walk.there_all_the_time.discard(task_id)

    @rule(
        subject=SUBJECT,
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

        answers.problem(answer, 422, "validation_failed")

    @rule(who=WHO, skip=st.integers(0, 6), limit=st.integers(1, 6))
    def look_at_a_part(self, who: str, skip: int, limit: int) -> None:
        answer = self.ask(who, "GET", f"/tasks?skip={skip}&limit={limit}")

        tasks = list(self.tasks[who].values())
        assert answer.json() == tasks[skip : skip + limit]
        assert (next_cursor(answer) is not None) == (len(tasks) > skip + limit)

    @rule(who=WHO, limit=st.integers(1, 3))
    def begin_a_walk(self, who: str, limit: int) -> None:
        walk = Walk(who, limit, set(self.tasks[who]))
        self.walks.append(walk)

        self.follow(walk, self.ask(who, "GET", f"/tasks?limit={limit}"))

    @rule(number=st.integers(0, 20))
    def go_on_with_a_walk(self, number: int) -> None:
        if self.walks:
            walk = chosen(self.walks, number)
            rest = f"/tasks?cursor={walk.cursor}&limit={walk.limit}"

            answers.problem(self.ask(OTHER[walk.who], "GET", rest), 422, "cursor_invalid")
            self.follow(walk, self.ask(walk.who, "GET", rest))

    def follow(self, walk: Walk, answer: httpx.Response) -> None:
        page, tasks = answer.json(), self.tasks[walk.who]
        walk.seen += [task["id"] for task in page]
        walk.cursor = next_cursor(answer)

        assert page == [tasks[task["id"]] for task in page]
        assert walk.seen == sorted(set(walk.seen))
        if walk.cursor is None:
            assert walk.there_all_the_time <= set(walk.seen)
            self.walks.remove(walk)
        else:
            assert len(page) == walk.limit

    @invariant()
    def everyone_sees_their_own_tasks_in_order(self) -> None:
        if self.was_written:
            for who, tasks in self.tasks.items():
                assert self.ask(who, "GET", "/tasks?limit=500").json() == list(tasks.values())
            self.was_written = False

    def reached(self, subject: Subject) -> tuple[str, int]:
        there: dict[str, Collection[int]] = {
            "own": self.tasks[subject.who],
            "the other's": self.tasks[OTHER[subject.who]],
            "deleted": self.deleted,
            "never": (),
        }
        return subject.who, chosen([*there[subject.whose]] or [NEVER], subject.number)

    def ask_if(
        self, who: str, method: str, task_id: int, header: str, condition: Condition, sent: Any = ...
    ) -> httpx.Response:
        before, tag = self.tags[task_id][-2:]
        value = condition.value(tag, before)
        return self.ask(who, method, f"/tasks/{task_id}", sent, {} if value is None else {header: value})

    def ask(
        self, who: str, method: str, path: str, sent: Any = ..., headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """`...` sends no body."""
        content = None if sent is ... else json.dumps(sent)
        described = {} if sent is ... else {"Content-Type": "application/json"}
        answer = self.people[who].send(method, path, headers={**described, **(headers or {})}, content=content)
        self.outcomes[method, answer.status_code] += 1
        self.was_written |= method not in ("GET", "HEAD")
        return answer

    def is_done(self, who: str, task_id: int, condition: Condition, answer: httpx.Response) -> bool:
        """Whether a write must have been done; when not, the answer has to say why."""
        if task_id not in self.tasks[who]:
            assert evidence(answer) == self.nothing
            return False
        if not condition.matches_strongly:
            answers.problem(answer, 412, "version_mismatch")
            return False
        return True


def chosen(things: list[T], number: int) -> T:
    return things[number % len(things)]


def evidence(answer: httpx.Response) -> Evidence:
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return Evidence(answer.status_code, headers, answer.content)


def next_cursor(answer: httpx.Response) -> str | None:
    assert answer.status_code == 200, answer.text
    found = re.fullmatch(r'<\?cursor=([A-Za-z0-9_-]+)&limit=[0-9]+>; rel="next"', answer.headers.get("link", ""))
    assert found or "link" not in answer.headers
    return found and found[1]


def version(tag: str) -> int:
    return int(tag.strip('"'))


def moment(time: str) -> datetime:
    return datetime.fromisoformat(time)


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


@pytest.mark.timeout(400 + EXAMPLES)  # a failure is made as short as it can be, which takes Hypothesis 300 s at most
def test_whatever_two_people_do_each_sees_what_the_contract_says(person: Callable[[str], Person]) -> None:
    outcomes = live(person, examples=EXAMPLES, is_repeatable=not IS_LONG)

    assert outcomes.keys() == EXPECTED
