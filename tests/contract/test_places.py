"""Two people put their tasks into order at random, and a model of thirty lines says what each must see.

`TASKWARD_EXAMPLES=500 pytest tests/contract/test_places.py` looks longer, and each time elsewhere.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from support.answers import problem
from support.people import Person
from support.writes import NEVER_GIVEN

IS_LONG = "TASKWARD_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TASKWARD_EXAMPLES", "8"))
STEPS = 40

Kept = Literal["kept"]


# The model


@dataclass
class Order:
    """Of one person: ids in lists, and what belongs to what."""

    lists: dict[int | None, list[int]] = field(default_factory=lambda: {None: []})
    parent: dict[int, int | None] = field(default_factory=dict)
    trash: dict[int, tuple[int, int | None, int | None]] = field(default_factory=dict)
    """With which task it went there, its parent, and its list."""

    def list_of(self, task: int | None) -> int | None:
        return next(name for name, order in self.lists.items() if task in order)

    def subtasks(self, task: int) -> list[int]:
        return [other for order in self.lists.values() for other in order if self.parent[other] == task]

    def refusal(
        self, task: int, to: int | None, parent: int | None, anchor: int | None, *, is_sent: bool
    ) -> str | None:
        if is_sent and parent is not None and (parent == task or self.parent[parent] or self.subtasks(task)):
            return "too_deep"
        return "anchor_elsewhere" if anchor is not None and anchor not in self.lists[to] else None

    def move(self, task: int, to: int | None, parent: int | None, goes: str, anchor: int | None) -> None:
        left, order = self.list_of(task), self.lists[to]
        along = self.subtasks(task) if left != to else []
        self.parent[task] = parent
        if anchor != task:
            self.lists[left].remove(task)
            at = {"first": 0, "last": len(order)}.get(goes)
            order.insert(order.index(anchor or 0) + (goes == "after") if at is None else at, task)
        self.lists[left] = [other for other in self.lists[left] if other not in along] if along else self.lists[left]
        order.extend(along)

    def delete(self, task: int) -> None:
        for gone in (task, *self.subtasks(task)):
            self.trash[gone] = (task, self.parent.pop(gone), self.list_of(gone))
            self.lists[self.list_of(gone)].remove(gone)

    def delete_list(self, name: int, to: str) -> None:
        if to == "inbox":
            self.lists[None] += self.lists[name]
        else:
            for task in [task for task in self.lists[name] if self.parent[task] is None]:
                self.delete(task)
        del self.lists[name]

    def restored(self, task: int) -> dict[int, int | None]:
        """What comes back, and to which parent."""
        _, parent, _ = self.trash[task]
        fits = parent in self.parent and self.parent[parent] is None
        along = [other for other, (with_task, _, _) in self.trash.items() if with_task == task != other]
        return {task: parent if fits else None, **dict.fromkeys(along, task)}


# What is tried

WHO = st.sampled_from(["ann", "bob"])
NUMBER = st.integers(0, 30)
PLACE = st.sampled_from(["after", "before", "first", "last", ""])
CHOICE = st.none() | st.just("kept") | NUMBER


class Orders(RuleBasedStateMachine):
    def __init__(self, ann: Person, bob: Person, outcomes: Counter[tuple[str, str]]) -> None:
        super().__init__()
        self.people, self.outcomes = {"ann": ann, "bob": bob}, outcomes
        self.orders = {"ann": Order(), "bob": Order()}
        self.positions: dict[int, str] = {}

    def teardown(self) -> None:
        for person in self.people.values():
            person.close()

    @initialize()
    def begin_with_a_few(self) -> None:
        for who, person in self.people.items():
            for name in ("Home", "Work"):
                self.orders[who].lists[person.post("/lists", json={"name": name}).json()["id"]] = []
            for number in range(6):
                self.create(who, to=number % 3 or None, parent=None)

    def sent(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        answer = self.people[who].send(method, path, **({} if body is None else {"json": body}))
        code = answer.json().get("code", "") if answer.status_code >= 400 else ""
        call = path.rpartition("/")[2]
        self.outcomes[method if call[0].isdecimal() else f"{method} {call}", code] += 1
        return answer

    def list_at(self, who: str, number: int | None) -> int | None:
        lists = list(self.orders[who].lists)
        return None if number is None else lists[number % len(lists)]

    def task_at(self, who: str, number: int) -> int:
        """Mostly one of theirs."""
        mine = self.orders[who]
        stranger = self.orders["bob" if who == "ann" else "ann"]
        theirs = [*sorted(mine.trash)[:2], *sorted(stranger.parent)[:1], NEVER_GIVEN]
        tasks = [*sorted(mine.parent), *sorted(mine.parent), *theirs]
        return tasks[number % len(tasks)]

    @rule(who=WHO, to=st.none() | NUMBER, parent=st.none() | NUMBER)
    def create(self, who: str, to: int | None, parent: int | None) -> None:
        mine, body = self.orders[who], {"title": "x", "list_id": self.list_at(who, to)}
        if parent is not None:
            body = {"title": "x", "parent_id": self.task_at(who, parent)}
        answer = self.sent(who, "POST", "/tasks", body)
        under: Any = body.get("parent_id")
        if under is not None and under not in mine.parent:
            problem(answer, 422, "reference_not_found")
            return
        if under is not None and mine.parent[under] is not None:
            problem(answer, 409, "too_deep")
            return
        task = answer.json()
        mine.parent[task["id"]] = under
        mine.lists[mine.list_of(under) if under is not None else task["list_id"]].append(task["id"])

    @rule(who=WHO, task=NUMBER, goes=PLACE, anchor=NUMBER, to=CHOICE, parent=CHOICE)
    def move(
        self, who: str, task: int, goes: str, anchor: int, to: int | Kept | None, parent: int | Kept | None
    ) -> None:
        mine, moved = self.orders[who], self.task_at(who, task)
        body: dict[str, Any] = {}
        at = self.task_at(who, anchor) if goes in ("after", "before") else None
        if goes:
            body |= {goes: at} if at is not None else {"to": goes}
        if to != "kept":
            body["list_id"] = self.list_at(who, to)
        if parent != "kept":
            body["parent_id"] = None if parent is None else self.task_at(who, parent)
        answer = self.sent(who, "POST", f"/tasks/{moved}/move", body)
        if moved not in mine.parent:
            problem(answer, 404, "task_not_found")
            return
        under = body.get("parent_id")
        if not {under, at} - {None} <= mine.parent.keys():
            problem(answer, 422, "reference_not_found")
            return
        left = mine.list_of(moved)
        target = body.get("list_id", left) if under is None else mine.list_of(under)
        if under is not None and body.get("list_id", target) != target:
            problem(answer, 422, "validation_failed")
            return
        new_parent = under if "parent_id" in body else mine.parent[moved] if target == left else None
        refusal = mine.refusal(moved, target, new_parent, at, is_sent="parent_id" in body)
        if refusal is not None:
            problem(answer, 409, refusal)
            return
        assert answer.status_code == 200, answer.text
        mine.move(moved, target, new_parent, goes or "last", at)

    @rule(who=WHO, task=NUMBER)
    def delete(self, who: str, task: int) -> None:
        mine, gone = self.orders[who], self.task_at(who, task)
        answer = self.sent(who, "DELETE", f"/tasks/{gone}")
        if gone not in mine.parent:
            problem(answer, 404, "task_not_found")
            return
        assert answer.status_code == 204
        mine.delete(gone)

    @rule(who=WHO, number=NUMBER)
    def restore(self, who: str, number: int) -> None:
        mine = self.orders[who]
        task = ([*sorted(mine.trash), self.task_at(who, number)])[number % (len(mine.trash) + 1)]
        answer = self.sent(who, "POST", f"/tasks/{task}/restore")
        if task not in mine.trash:
            problem(answer, 404, "task_not_found")
            return
        back = mine.restored(task)
        for each, parent in back.items():
            found = self.people[who].get(f"/tasks/{each}").json()
            assert (found["parent_id"], found["position"]) == (parent, self.positions[each])
            _, _, left = mine.trash.pop(each)
            assert found["list_id"] == (mine.list_of(parent) if parent else left if left in mine.lists else None)
            mine.parent[each] = parent
            place = sum(self.positions[other] < found["position"] for other in mine.lists[found["list_id"]])
            mine.lists[found["list_id"]].insert(place, each)

    @rule(who=WHO, number=NUMBER, to=st.sampled_from(["inbox", "trash"]), is_replaced=st.booleans())
    def delete_list(self, who: str, number: int, to: str, *, is_replaced: bool) -> None:
        mine, name = self.orders[who], self.list_at(who, number)
        if name is None or len(mine.lists) < 3:
            return
        if mine.lists[name]:
            problem(self.sent(who, "DELETE", f"/lists/{name}"), 409, "list_not_empty")
        assert self.sent(who, "DELETE", f"/lists/{name}?tasks={to}").status_code == 204
        mine.delete_list(name, to)
        if is_replaced:
            mine.lists[self.people[who].post("/lists", json={"name": "New"}).json()["id"]] = []

    @rule(who=WHO, number=NUMBER)
    def erase(self, who: str, number: int) -> None:
        mine = self.orders[who]
        task = ([*sorted(mine.trash), self.task_at(who, number)])[number % (len(mine.trash) + 1)]
        answer = self.sent(who, "DELETE", f"/trash/{task}")
        if task not in mine.trash:
            problem(answer, 404, "task_not_found")
            return
        del mine.trash[task]

    @invariant()
    def each_sees_their_order(self) -> None:
        for who, mine in self.orders.items():
            for name, order in mine.lists.items():
                found = self.people[who].tasks(list="inbox" if name is None else name, sort="position", limit=500)
                assert [task["id"] for task in found] == order
                assert found == sorted(found, key=lambda task: task["position"].encode())
                assert {task["id"]: task["parent_id"] for task in found} == {task: mine.parent[task] for task in order}
                self.positions |= {task["id"]: task["position"] for task in found}
            trashed = self.people[who].get("/trash?limit=500").json()
            assert {task["id"] for task in trashed} == mine.trash.keys()


@pytest.mark.long
@pytest.mark.timeout(400 + EXAMPLES)  # a failure is made as short as it can be, which takes Hypothesis 300 s at most
def test_whatever_two_people_do_each_has_their_order(person: Callable[[str], Person]) -> None:
    outcomes: Counter[tuple[str, str]] = Counter()
    run_state_machine_as_test(
        lambda: Orders(person("ann"), person("bob"), outcomes),  # type: ignore[arg-type]  # it takes any that makes one
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=not IS_LONG, database=None, deadline=None
        ),
    )

    # All of it was met, or the test would be worth less than it looks.
    refusals = ("task_not_found", "reference_not_found", "validation_failed", "too_deep", "anchor_elsewhere")
    assert all(outcomes["POST move", code] for code in ("", *refusals)), outcomes
    assert all(outcomes[call, ""] for call in ("POST tasks", "DELETE", "POST restore")), outcomes
