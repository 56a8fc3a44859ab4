"""The end of a list, and of the tasks in it: what becomes of them, in portions, whatever else is written meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.answers import evidence, problem
from support.databases import asked
from support.people import Person

NEVER_GIVEN = 2**53 - 1


def adds(person: Person, name: str = "Errands", **fields: Any) -> dict[str, Any]:
    answer = person.post("/lists", json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def path_of(made: dict[str, Any]) -> str:
    return f"/lists/{made['id']}"


def titles(person: Person, **query: Any) -> list[str]:
    return [task["title"] for task in person.tasks(limit=500, sort="position", **query)]


def fills(url: str, made: dict[str, Any], person: Person, count: int, *, family: int = 1) -> None:
    """Tasks called 1 to `count`, of which each `family` in a row are one with its subtasks."""
    many = """
        insert into tasks (owner_id, title, status, version, list_id, position)
        select %s, n, 'Todo', 1, %s, '5' || lpad(n::text, 16, '0') from generate_series(1, %s) n
    """
    asked(url, many, person.id, made["id"], count)
    if family > 1:
        asked(
            url,
            f"""
            update tasks set parent_id = families.head
            from (
                select id, first_value(id) over (partition by (title::int - 1) / {family} order by title::int) as head
                from tasks where owner_id = %s and list_id = %s
            ) families
            where tasks.owner_id = %s and tasks.id = families.id and families.id <> families.head
            """,
            person.id,
            made["id"],
            person.id,
        )


def rows(url: str, person: Person, condition: str) -> int:
    [(count,)] = asked(url, f"select count(*) from tasks where owner_id = %s and {condition}", person.id)
    return int(count)


STRAYS = """
    select count(*) from tasks join tasks parent on parent.owner_id = tasks.owner_id and parent.id = tasks.parent_id
    where tasks.owner_id = %s and tasks.deleted_at is null
        and (parent.deleted_at is not null or parent.list_id is distinct from tasks.list_id)
"""
"""Live subtasks that are not where their parent is."""


def deletes(person: Person, made: dict[str, Any], **query: Any) -> list[int]:
    """How many tasks were left after each call but the last."""
    left = []
    while (answer := person.delete(path_of(made), params=query)).status_code == 200:
        assert answer.json().keys() == {"left"}
        left.append(answer.json()["left"])
    assert (answer.status_code, answer.content) == (204, b"")
    return left


# Without tasks


@pytest.mark.parametrize("query", [{}, {"tasks": "inbox"}, {"tasks": "trash"}])
def test_a_list_without_tasks_is_gone_at_once(ann: Person, query: dict[str, str]) -> None:
    made, other = adds(ann), adds(ann, "Other")
    ann.adds("in the inbox")

    assert deletes(ann, made, **query) == []

    assert ann.get("/lists").json() == [other]
    for method, body in (("GET", None), ("PUT", {"name": "x"}), ("PATCH", {}), ("DELETE", None)):
        problem(ann.send(method, path_of(made), json=body), 404, "list_not_found")
    assert titles(ann, list="inbox") == ["in the inbox"]


def test_what_stays_of_a_list_tells_nothing_of_it(ann: Person, database_url: str) -> None:
    uid = str(uuid4())
    made = adds(ann, "A secret", color="#2e7d32", uid=uid)
    deletes(ann, made)

    kept = "select name::text, color::text, uid::text, version, deleted_at is not null from lists where owner_id = %s"
    [(name, color, kept_uid, version, is_deleted)] = asked(database_url, kept, ann.id)
    assert (name, color, kept_uid, is_deleted) == ("deleted", None, uid, True)
    assert version > made["version"]


def test_the_uid_of_a_deleted_list_may_be_given_again(ann: Person) -> None:
    uid = str(uuid4())
    first = adds(ann, uid=uid)
    refused = ann.post("/lists", json={"name": "Twice", "uid": uid})
    problem(refused, 409, "uid_taken")
    assert "trash" not in refused.json()["detail"]  # which lists have none of

    assert ann.delete(f"/lists/{uid}").status_code == 204
    problem(ann.delete(f"/lists/{uid}"), 404, "list_not_found")
    again = adds(ann, "Again", uid=uid)

    assert again["id"] != first["id"]
    assert ann.get(f"/lists/{uid}").json() == again
    assert ann.delete(f"/lists/{uid}").status_code == 204


def test_a_deleted_list_makes_room_for_another(ann: Person, database_url: str) -> None:
    many = "insert into lists (owner_id, name, version) select %s, n, n from generate_series(1, 499) n"
    made = adds(ann)
    asked(database_url, many, ann.id)
    problem(ann.post("/lists", json={"name": "more"}), 409, "limit_reached")

    deletes(ann, made)

    adds(ann, "more")


# What becomes of its tasks


def test_a_list_with_tasks_goes_only_when_it_is_said_where_they_go(ann: Person) -> None:
    made = adds(ann)
    milk = ann.adds("Milk", list_id=made["id"])

    document = problem(ann.delete(path_of(made)), 409, "list_not_empty")
    assert document["detail"] == "The list has tasks in it: say with tasks=inbox or tasks=trash where they go."
    for wrong in ("", "Inbox", "none", "erase", "inbox&tasks=trash"):
        problem(ann.delete(f"{path_of(made)}?tasks={wrong}"), 422, "validation_failed")
    problem(ann.delete(path_of(made), params={"list": "inbox"}), 422, "validation_failed")
    assert ann.get("/lists").json() == [made]
    assert ann.tasks() == [milk]
    ann.delete(f"/tasks/{milk['id']}")
    assert ann.delete(path_of(made)).status_code == 204


def test_tasks_go_behind_those_of_the_inbox_in_their_order(ann: Person) -> None:
    made = adds(ann)
    ids = {title: ann.adds(title, list_id=made["id"])["id"] for title in "abcd"}
    done = ann.patch(f"/tasks/{ids['b']}", json={"status": "Done"}).json()
    ann.adds("e", parent_id=ids["a"])
    ann.post(f"/tasks/{ids['d']}/move", json={"to": "first"})
    before = {task["id"]: task for task in ann.tasks()}
    ann.adds("already here")

    deletes(ann, made, tasks="inbox")
    ann.adds("new")

    assert titles(ann, list="inbox") == ["already here", "d", "a", "b", "c", "e", "new"]
    for task in ann.tasks():
        if task["id"] in before:
            old = before[task["id"]]
            assert task["version"] > old["version"]
            assert task["updated_at"] > old["created_at"]
            assert (task["list_id"], task["parent_id"]) == (None, old["parent_id"])
            assert task["completed_at"] == (done["completed_at"] if task["id"] == done["id"] else None)


def test_there_is_room_between_tasks_that_went_together(ann: Person) -> None:
    made = adds(ann)
    ids = {title: ann.adds(title, list_id=made["id"])["id"] for title in "abcd"}
    deletes(ann, made, tasks="inbox")

    assert ann.post(f"/tasks/{ids['d']}/move", json={"after": ids["a"]}).status_code == 200
    assert ann.post(f"/tasks/{ids['a']}/move", json={"before": ids["c"]}).status_code == 200

    assert titles(ann, list="inbox") == list("dbac")


def test_what_is_trashed_with_its_list_restores_into_the_inbox_by_families(ann: Person) -> None:
    made = adds(ann)
    parent = ann.adds("parent", list_id=made["id"])
    for title in ("one", "two"):
        ann.adds(title, parent_id=parent["id"])
    apart = ann.adds("apart", parent_id=parent["id"])
    ann.delete(f"/tasks/{apart['id']}")
    alone = ann.adds("alone", list_id=made["id"])
    earlier = ann.adds("earlier", list_id=made["id"])
    ann.delete(f"/tasks/{earlier['id']}")

    deletes(ann, made, tasks="trash")

    trash = ann.get("/trash").json()
    assert {task["title"] for task in trash} == {"parent", "one", "two", "apart", "alone", "earlier"}
    assert {task["list_id"] for task in trash} == {None}
    assert ann.tasks() == []
    restored = ann.post(f"/tasks/{parent['id']}/restore").json()
    assert (restored["list_id"], restored["version"] > parent["version"]) == (None, True)
    assert {task["title"]: task["parent_id"] for task in ann.tasks(list="inbox")} == {
        "parent": None,
        "one": parent["id"],
        "two": parent["id"],
    }
    for task in (alone, earlier):
        assert ann.post(f"/tasks/{task['id']}/restore").json()["list_id"] is None
    assert [task["title"] for task in ann.get("/trash").json()] == ["apart"]
    # What comes back into the inbox does so for every other call.
    assert ann.patch(f"/tasks/{alone['id']}", json={"status": "Done"}).json()["list_id"] is None
    assert ann.post(f"/tasks/{alone['id']}/move", json={"to": "first"}).status_code == 200


def test_a_task_in_the_trash_keeps_its_list_as_long_as_there_is_one(ann: Person) -> None:
    made = adds(ann)
    milk = ann.adds("Milk", list_id=made["id"])
    ann.delete(f"/tasks/{milk['id']}")

    assert [task["list_id"] for task in ann.get("/trash").json()] == [made["id"]]
    assert ann.post(f"/tasks/{milk['id']}/restore").json()["list_id"] == made["id"]


@pytest.mark.parametrize("tasks", ["inbox", "trash"])
def test_nothing_enters_a_deleted_list(ann: Person, tasks: str) -> None:
    made = adds(ann)
    milk = ann.adds("Milk")
    ann.adds("Bread", list_id=made["id"])
    deletes(ann, made, tasks=tasks)

    problem(ann.post("/tasks", json={"title": "Eggs", "list_id": made["id"]}), 422, "reference_not_found")
    problem(ann.post(f"/tasks/{milk['id']}/move", json={"list_id": made["id"]}), 422, "reference_not_found")
    assert ann.tasks(list=made["id"]) == []


# Portions


@pytest.mark.parametrize(("tasks", "family", "left"), [("inbox", 1, [1500, 500]), ("trash", 7, [1506, 512])])
def test_many_tasks_go_in_portions_of_whole_families(
    ann: Person, database_url: str, tasks: str, family: int, left: list[int]
) -> None:
    made = adds(ann)
    fills(database_url, made, ann, 2500, family=family)
    total = 2500

    for expected in left:
        answer = ann.delete(path_of(made), params={"tasks": tasks})
        assert (answer.status_code, answer.json()) == (200, {"left": expected})
        assert rows(database_url, ann, f"list_id = {made['id']} and deleted_at is null") == expected
        assert asked(database_url, STRAYS, ann.id) == [(0,)]
        found = ann.get(path_of(made))
        assert (found.status_code, found.headers["etag"]) == (200, f'"{made["version"]}"')
        assert total - expected <= 1000
        total = expected
    assert ann.delete(path_of(made), params={"tasks": tasks}).status_code == 204

    assert rows(database_url, ann, "deleted_at is null") == (2500 if tasks == "inbox" else 0)
    if tasks == "inbox":
        assert [int(title) for title in in_order(database_url, ann)] == list(range(1, 2501))
    else:
        [(parent,)] = asked(database_url, "select id from tasks where owner_id = %s and title = '8'", ann.id)
        ann.post(f"/tasks/{parent}/restore")
        assert sorted(map(int, titles(ann, list="inbox"))) == list(range(8, 15))


def in_order(url: str, person: Person) -> list[str]:
    live = "select title from tasks where owner_id = %s and deleted_at is null order by position, id"
    return [title for (title,) in asked(url, live, person.id)]


def test_a_family_stays_together_however_far_apart_it_lies(ann: Person, database_url: str) -> None:
    made = adds(ann)
    fills(database_url, made, ann, 1100)
    far = "update tasks set parent_id = (select id from tasks where owner_id = %s and title = %s) "
    # The last is a subtask of the first, and the second one of the last but one.
    for subtask, parent in (("1100", "1"), ("2", "1099")):
        asked(database_url, far + "where owner_id = %s and title = %s", ann.id, parent, ann.id, subtask)

    answer = ann.delete(path_of(made), params={"tasks": "inbox"})

    assert answer.json() == {"left": 100}
    assert asked(database_url, STRAYS, ann.id) == [(0,)]
    assert rows(database_url, ann, "list_id is null and title in ('1', '1100')") == 2
    assert rows(database_url, ann, "list_id is null and title in ('2', '1099')") == 0
    assert ann.delete(path_of(made), params={"tasks": "inbox"}).status_code == 204


def test_the_largest_families_fit(ann: Person, database_url: str) -> None:
    made = adds(ann)
    fills(database_url, made, ann, 3 * 501, family=501)

    assert deletes(ann, made, tasks="trash") == [1002, 501]
    assert asked(database_url, STRAYS, ann.id) == [(0,)]


def test_each_portion_has_a_key_of_its_own_and_a_retry_is_none(ann: Person, database_url: str) -> None:
    made = adds(ann)
    fills(database_url, made, ann, 1500)

    def send(key: str, **query: str) -> httpx.Response:
        return ann.delete(path_of(made), params=query, headers={"Idempotency-Key": key})

    first, again = send("1", tasks="trash"), send("1", tasks="trash")
    assert (first.status_code, first.json()) == (200, {"left": 500})
    assert (again.status_code, again.content, again.headers["idempotent-replayed"]) == (200, first.content, "true")
    assert "idempotent-replayed" not in first.headers
    assert rows(database_url, ann, "deleted_at is null") == 500
    problem(send("1", tasks="inbox"), 422, "idempotency_key_reused")
    problem(send("2"), 409, "list_not_empty")
    for replayed in (None, "true"):
        last = send("3", tasks="trash")
        assert (last.status_code, last.content, last.headers.get("idempotent-replayed")) == (204, b"", replayed)
    assert send("1", tasks="trash").json() == {"left": 500}
    problem(send("2"), 404, "list_not_found")  # what was refused is not remembered


def test_if_match_is_looked_at_and_holds_over_the_portions(ann: Person, database_url: str) -> None:
    made = adds(ann)
    fills(database_url, made, ann, 1001)
    tag = {"If-Match": f'"{made["version"]}"'}

    problem(ann.delete(path_of(made), params={"tasks": "inbox"}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    problem(ann.delete(path_of(made), headers={"If-Match": '"1"'}), 412, "version_mismatch")  # before 409
    problem(ann.delete(path_of(made), headers=tag), 409, "list_not_empty")
    answers = [ann.delete(path_of(made), params={"tasks": "inbox"}, headers=tag) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 204, 404]
    assert len(in_order(database_url, ann)) == 1001


def test_it_is_required_where_the_settings_say_so(person: Callable[..., Person], careful_api: str) -> None:
    ann = person("ann", api=careful_api)
    made = adds(ann)

    problem(ann.delete(path_of(made)), 428, "precondition_required")
    assert ann.delete(path_of(made), headers={"If-Match": f'"{made["version"]}"'}).status_code == 204


@pytest.mark.parametrize("tasks", ["inbox", "trash"])
def test_what_is_put_into_it_meanwhile_goes_with_a_later_portion(ann: Person, database_url: str, tasks: str) -> None:
    made = adds(ann)
    fills(database_url, made, ann, 2500)
    statuses: list[int] = []

    def puts(number: int) -> None:
        answer = ann.post("/tasks", json={"title": f"{number}", "list_id": made["id"]})
        statuses.append(answer.status_code)

    with ThreadPoolExecutor(3) as threads:
        writing = [threads.submit(puts, 10_000 + number) for number in range(60)]
        deletes(ann, made, tasks=tasks)
        for each in writing:
            each.result()

    assert set(statuses) <= {201, 422}
    made_in_time = statuses.count(201)
    assert rows(database_url, ann, f"list_id = {made['id']} and deleted_at is null") == 0
    assert rows(database_url, ann, "deleted_at is null") == (2500 + made_in_time if tasks == "inbox" else 0)
    assert rows(database_url, ann, "true") == 2500 + made_in_time
    positions = asked(database_url, "select position from tasks where owner_id = %s", ann.id)
    assert len(set(positions)) == len(positions)


def test_two_who_delete_it_at_once_end_it_once(ann: Person, database_url: str) -> None:
    made = adds(ann)
    fills(database_url, made, ann, 2500)

    with ThreadPoolExecutor(4) as threads:
        path = f"{path_of(made)}?tasks=inbox"
        statuses = [answer.status_code for answer in threads.map(lambda _: ann.delete(path), range(6))]

    assert sorted(statuses) == [200, 200, 204, 404, 404, 404]
    assert in_order(database_url, ann) == [str(number) for number in range(1, 2501)]


# Strangers


@pytest.mark.parametrize("query", ["", "?tasks=inbox", "?tasks=trash"])
def test_a_strangers_list_does_not_exist(ann: Person, bob: Person, query: str) -> None:
    made = adds(ann, uid=str(uuid4()))
    milk = ann.adds("Milk", list_id=made["id"])

    for condition in ({}, {"If-Match": f'"{made["version"]}"'}, {"If-Match": "*"}, {"Idempotency-Key": "1"}):
        answers = [
            evidence(bob.delete(f"/lists/{name}{query}", headers=condition))
            for name in (made["id"], NEVER_GIVEN, made["uid"], uuid4())
        ]
        assert answers == [answers[0]] * 4
        assert answers[0].status == 404

    assert ann.get("/lists").json() == [made]
    assert ann.tasks() == [milk]
