"""The order of tasks, and moving them to other places, lists and parents (CONTRACT: lists, subtasks and order)."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from support.answers import problem
from support.databases import asked
from support.pages import walked
from support.people import Person
from support.writes import NEVER_GIVEN, etag_of, path_of

UID = "6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"
OTHER_UID = "7a1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"


def new_list(url: str, person: Person, *, uid: str | None = None) -> int:
    with psycopg.connect(url, autocommit=True) as admin:
        [(list_id,)] = admin.execute(
            "insert into lists (owner_id, name, version, uid) values (%s, 'Home', 1, %s) returning id", [person.id, uid]
        ).fetchall()
        return int(list_id)


def move(person: Person, task: dict[str, Any], body: dict[str, Any], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.post(f"{path_of(task)}/move", json=body, headers=named)


def moved(person: Person, task: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = move(person, task, body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["etag"] == f'"{found["version"]}"'
    return found


def order(person: Person, in_list: int | str = "inbox", **query: Any) -> str:
    """The titles, in the order that the server tells, which is that of the positions as bytes."""
    found = person.tasks(list=in_list, sort="position", **query)
    assert found == sorted(found, key=lambda task: (task["position"].encode(), task["id"]))
    return "".join(task["title"] for task in found)


def adds_all(person: Person, titles: str, **fields: Any) -> dict[str, dict[str, Any]]:
    return {title: person.adds(title, **fields) for title in titles}


def adds_many(person: Person, count: int, **fields: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for start in range(0, count, 100):
        titles = range(start, min(start + 100, count))
        operations = [{"op": "create", "task": {"title": f"{number}", **fields}} for number in titles]
        results = person.post("/tasks/batch", json={"operations": operations}).json()["results"]
        found += [result["task"] for result in results]
    return found


# Places


def test_what_is_new_is_last(ann: Person) -> None:
    adds_all(ann, "abc")
    assert order(ann) == "abc"


def test_a_task_goes_to_the_place_that_is_named(ann: Person) -> None:
    tasks = adds_all(ann, "abcd")

    for title, body, expected in (
        ("a", {"after": "c"}, "bcad"),
        ("d", {"before": "b"}, "dbca"),
        ("b", {"to": "first"}, "bdca"),
        ("d", {"to": "last"}, "bcad"),
        ("b", {}, "cadb"),
        ("c", {"after": "c"}, "cadb"),
        ("d", {"before": "d"}, "cadb"),
        ("c", {"after": "b"}, "adbc"),
        ("c", {"before": "a"}, "cadb"),
    ):
        named = {name: tasks[value]["id"] if value in tasks else value for name, value in body.items()}
        before = ann.get(path_of(tasks[title])).json()
        found = moved(ann, tasks[title], **named)
        assert order(ann) == expected
        assert found["version"] > before["version"]
        assert found["updated_at"] is not None
        assert {**found, "version": 0, "updated_at": None, "position": ""} == {
            **before,
            "version": 0,
            "updated_at": None,
            "position": "",
        }


def test_a_list_is_ordered_by_itself(ann: Person, database_url: str) -> None:
    home = new_list(database_url, ann)
    tasks = adds_all(ann, "ab") | adds_all(ann, "xyz", list_id=home)
    assert (order(ann), order(ann, home)) == ("ab", "xyz")

    assert moved(ann, tasks["b"], list_id=home, before=tasks["y"]["id"])["list_id"] == home
    assert (order(ann), order(ann, home)) == ("a", "xbyz")
    assert moved(ann, tasks["z"], list_id=None, to="first")["list_id"] is None
    assert (order(ann), order(ann, home)) == ("za", "xby")
    assert order(ann, home, limit=1) == "x"
    pages = walked(ann, f"/tasks?list={home}&sort=position&limit=1")
    assert [[task["title"] for task in page] for page in pages] == [["x"], ["b"], ["y"]]
    backwards = walked(ann, "/tasks?list=inbox&sort=-position&limit=1")
    assert [[task["title"] for task in page] for page in backwards] == [["a"], ["z"]]


def test_what_lies_in_the_trash_comes_back_to_its_place_after_the_list_is_numbered_anew(
    ann: Person, database_url: str
) -> None:
    """Behind one task some 140 others find room, until those around it get new positions."""
    home = new_list(database_url, ann)
    first, *others, last = (task["id"] for task in adds_many(ann, 222, list_id=home))

    def puts_behind_first(task_ids: list[int]) -> None:
        operations = [{"op": "move", "id": task_id, "move": {"after": first}} for task_id in task_ids]
        for start in range(0, len(operations), 100):
            ann.post("/tasks/batch", json={"operations": operations[start : start + 100]}).raise_for_status()

    puts_behind_first(others[:60])
    trashed = [others[10], others[30], others[31], others[200]]
    for task_id in trashed:
        assert ann.delete(f"/tasks/{task_id}").status_code == 204
    versions = {task["id"]: task["version"] for task in ann.tasks(list=home, limit=500)}
    puts_behind_first(others[60:190])
    now = {task["id"]: task["version"] for task in ann.tasks(list=home, limit=500)}
    assert now[last] > versions[last], "no list was numbered anew"

    for task_id in reversed(trashed):
        ann.post(f"/tasks/{task_id}/restore").raise_for_status()

    in_order = [task["id"] for task in ann.tasks(list=home, sort="position", limit=500)]
    assert in_order == [first, *reversed(others[:190]), *others[190:], last]


# Subtasks


def test_a_family_moves_together_and_keeps_its_order(ann: Person, database_url: str) -> None:
    home = new_list(database_url, ann)
    parent, other = ann.adds("p"), ann.adds("o")
    subtasks = adds_all(ann, "abc", parent_id=parent["id"])
    assert {task["list_id"] for task in subtasks.values()} == {None}
    moved(ann, subtasks["c"], to="first")
    adds_all(ann, "xy", list_id=home)

    assert order(ann) == "cpoab"
    moved(ann, parent, after=other["id"])
    assert order(ann) == "copab"
    moved(ann, parent, list_id=home, to="first")
    assert (order(ann), order(ann, home)) == ("o", "pxycab")
    assert [task["parent_id"] for task in ann.tasks(parent=parent["id"])] == [parent["id"]] * 3


def test_to_another_list_a_subtask_goes_alone_and_to_a_parent_into_its_list(ann: Person, database_url: str) -> None:
    home = new_list(database_url, ann)
    parent, there = ann.adds("p", list_id=home), ann.adds("t")
    subtask = ann.adds("s", parent_id=parent["id"])
    assert (subtask["list_id"], subtask["parent_id"]) == (home, parent["id"])

    assert moved(ann, subtask, list_id=home)["parent_id"] == parent["id"]
    assert moved(ann, subtask, to="first")["parent_id"] == parent["id"]
    alone = moved(ann, subtask, list_id=None)
    assert (alone["list_id"], alone["parent_id"]) == (None, None)
    under = moved(ann, subtask, parent_id=parent["id"])
    assert (under["list_id"], under["parent_id"]) == (home, parent["id"])
    freed = moved(ann, subtask, parent_id=None)
    assert (freed["list_id"], freed["parent_id"]) == (home, None)
    under = moved(ann, subtask, parent_id=there["id"], list_id=None)
    assert (under["list_id"], under["parent_id"]) == (None, there["id"])
    problem(move(ann, subtask, {"parent_id": parent["id"], "list_id": None}), 422, "validation_failed")
    problem(move(ann, there, {"parent_id": parent["id"]}), 409, "too_deep")
    problem(move(ann, parent, {"parent_id": parent["id"]}), 409, "too_deep")
    problem(move(ann, parent, {"parent_id": subtask["id"]}), 409, "too_deep")
    problem(ann.post("/tasks", json={"title": "x", "parent_id": subtask["id"]}), 409, "too_deep")


def test_an_anchor_is_in_the_list_to_which_the_task_goes(ann: Person, database_url: str) -> None:
    home = new_list(database_url, ann)
    here, there = ann.adds("h"), ann.adds("t", list_id=home)
    problem(move(ann, here, {"after": there["id"]}), 409, "anchor_elsewhere")
    problem(move(ann, here, {"before": here["id"], "list_id": home}), 409, "anchor_elsewhere")
    moved(ann, here, after=there["id"], list_id=home)
    assert order(ann, home) == "th"


# Families in the trash


def trashed(person: Person) -> str:
    return "".join(sorted(task["title"] for task in person.get("/trash").json()))


def restored(person: Person, task: dict[str, Any]) -> dict[str, Any]:
    answer = person.post(f"{path_of(task)}/restore")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_family_goes_into_the_trash_together_and_comes_back_as_it_was(ann: Person) -> None:
    parent = ann.adds("p")
    subtasks = adds_all(ann, "abc", parent_id=parent["id"])
    ann.adds("x")
    moved(ann, subtasks["c"], before=subtasks["a"]["id"])
    assert ann.delete(path_of(subtasks["b"])).status_code == 204
    assert order(ann) == "pcax"

    assert ann.delete(path_of(parent)).status_code == 204
    assert (order(ann), trashed(ann)) == ("x", "abcp")
    assert restored(ann, parent)["parent_id"] is None
    assert (order(ann), trashed(ann)) == ("pcax", "b")
    assert restored(ann, subtasks["b"])["parent_id"] == parent["id"]
    assert order(ann) == "pcabx"


def test_what_a_batch_deletes_before_the_parent_did_not_go_with_it(ann: Person) -> None:
    parent = ann.adds("p")
    subtasks = adds_all(ann, "ab", parent_id=parent["id"])
    operations = [{"op": "delete", "id": subtasks["a"]["id"]}, {"op": "delete", "id": parent["id"]}]
    assert ann.post("/tasks/batch", json={"operations": operations}).status_code == 200
    assert trashed(ann) == "abp"
    restored(ann, parent)
    assert (order(ann), trashed(ann)) == ("pb", "a")


def test_a_restored_subtask_whose_parent_is_not_there_is_a_task_by_itself(ann: Person) -> None:
    parent = ann.adds("p")
    subtasks = adds_all(ann, "abc", parent_id=parent["id"])
    assert ann.delete(path_of(parent)).status_code == 204
    assert restored(ann, subtasks["a"])["parent_id"] is None
    assert ann.delete(f"/trash/{parent['id']}").status_code == 204
    assert trashed(ann) == "bc"
    assert restored(ann, subtasks["b"])["parent_id"] is None
    assert order(ann) == "ab"


def test_in_the_trash_a_subtask_names_its_parent_until_that_is_erased(ann: Person, database_url: str) -> None:
    erased, expired, kept = ann.adds("e"), ann.adds("x"), ann.adds("k")
    subtasks = {one["id"]: ann.adds("s", parent_id=one["id"]) for one in (erased, expired, kept)}

    def parents() -> list[int | None]:
        found = {task["id"]: task["parent_id"] for task in ann.get("/trash").json()}
        return [found[subtask["id"]] for subtask in subtasks.values()]

    for one in (*subtasks.values(), erased, kept):
        assert ann.delete(path_of(one)).status_code == 204
    assert parents() == [erased["id"], expired["id"], kept["id"]]

    assert ann.delete(f"/trash/{erased['id']}").status_code == 204
    assert ann.delete(path_of(expired)).status_code == 204
    asked(database_url, "update tasks set deleted_at = now() - interval '31 days' where id = %s", expired["id"])

    assert parents() == [None, None, kept["id"]]


def test_a_restored_subtask_that_no_longer_fits_is_a_task_by_itself(ann: Person, database_url: str) -> None:
    home = new_list(database_url, ann)
    parent, other = ann.adds("p"), ann.adds("o", list_id=home)
    subtasks = adds_all(ann, "ab", parent_id=parent["id"])
    for subtask in subtasks.values():
        assert ann.delete(path_of(subtask)).status_code == 204
    moved(ann, parent, list_id=home)
    followed = restored(ann, subtasks["a"])
    assert (followed["parent_id"], followed["list_id"]) == (parent["id"], home)
    moved(ann, subtasks["a"], parent_id=other["id"])
    assert ann.delete(path_of(subtasks["a"])).status_code == 204
    moved(ann, parent, parent_id=other["id"])
    alone = restored(ann, subtasks["b"])
    assert (alone["parent_id"], alone["list_id"]) == (None, None)


# References


def missing(ann: Person, bob: Person, url: str) -> dict[str, tuple[list[Any], list[Any]]]:
    """What cannot be referred to, as a list and as a task: a stranger's, what was deleted, and what never was."""
    theirs = new_list(url, bob, uid=UID), bob.adds("theirs", uid=UID)["id"]
    gone = ann.adds("gone", uid=OTHER_UID)
    ann.delete(path_of(gone))
    deleted_list = new_list(url, ann, uid=OTHER_UID)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute("update lists set deleted_at = now() where owner_id = %s and id = %s", [ann.id, deleted_list])
    return {
        "list_id": [theirs[0], UID, deleted_list, OTHER_UID, NEVER_GIVEN, UID.replace("6f", "00")],
        "task": [theirs[1], UID, gone["id"], OTHER_UID, NEVER_GIVEN, UID.replace("6f", "00")],
    }


def test_what_cannot_be_referred_to_is_one_and_the_same(ann: Person, bob: Person, database_url: str) -> None:
    absent = missing(ann, bob, database_url)
    task, before = ann.adds("t"), ann.tasks()

    for field, references in (
        ("list_id", absent["list_id"]),
        *((name, absent["task"]) for name in ("parent_id", "after", "before")),
    ):
        for path in [f"{path_of(task)}/move", *(["/tasks"] if field in ("list_id", "parent_id") else [])]:
            title = {"title": "x"} if path == "/tasks" else {}
            answers = [ann.post(path, json={**title, field: reference}) for reference in references]
            found = problem(answers[0], 422, "reference_not_found")
            assert found["errors"][0]["loc"] == ["body", field]
            assert {answer.content for answer in answers} == {answers[0].content}
            assert {tuple(sorted(answer.headers)) for answer in answers} == {tuple(sorted(answers[0].headers))}
        for operation in ("move", "create"):
            answers = [
                batch(ann, referring(operation, task, field, reference))
                for reference in references
                if operation == "move" or field in ("list_id", "parent_id")
            ]
            assert {(answer.status_code, answer.content) for answer in answers} == {
                (422, answer.content) for answer in answers[:1]
            }
    for field, references in (("list_id", absent["list_id"]), ("parent_id", absent["task"])):
        name = field.removesuffix("_id")
        assert [ann.tasks(**{name: reference}) for reference in references] == [[]] * len(references)
    assert ann.tasks()[: len(before)] == before


def referring(operation: str, task: dict[str, Any], field: str, reference: Any) -> dict[str, Any]:
    if operation == "move":
        return {"op": "move", "id": task["id"], "move": {field: reference}}
    return {"op": "create", "task": {"title": "x", field: reference}}


def test_a_reference_takes_a_uid(ann: Person, database_url: str) -> None:
    home = new_list(database_url, ann, uid=UID)
    parent = ann.adds("p", uid=UID, list_id=UID.upper())
    subtask = ann.adds("s", parent_id=UID, list_id=UID)
    assert (parent["list_id"], subtask["list_id"], subtask["parent_id"]) == (home, home, parent["id"])
    assert moved(ann, subtask, before=UID)["position"] < parent["position"]
    assert moved(ann, subtask, after=UID, list_id=UID, parent_id=UID)["parent_id"] == parent["id"]
    assert [found["id"] for found in ann.tasks(parent=UID)] == [subtask["id"]]
    assert order(ann, UID) == order(ann, home) == "ps"


def test_a_subtask_is_in_the_list_of_its_parent(ann: Person, database_url: str) -> None:
    home, other = new_list(database_url, ann), new_list(database_url, ann)
    parent = ann.adds("p", list_id=home)
    answer = ann.post("/tasks", json={"title": "x", "parent_id": parent["id"], "list_id": other})
    found = problem(answer, 422, "validation_failed")
    assert found["errors"][0]["loc"] == ["body", "list_id"]
    assert ann.adds("s", parent_id=parent["id"], list_id=None)["list_id"] == home


def test_a_task_has_at_most_500_subtasks(ann: Person, database_url: str) -> None:
    parent, other = ann.adds("p"), ann.adds("o")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "insert into tasks (owner_id, title, status, version, parent_id, position) "
            "select %s, 's', 'Todo', 1, %s, '5' || lpad(i::text, 16, '0') from generate_series(1, 499) i",
            [ann.id, parent["id"]],
        )
    last = ann.adds("l", parent_id=parent["id"])
    problem(ann.post("/tasks", json={"title": "x", "parent_id": parent["id"]}), 409, "limit_reached")
    problem(move(ann, other, {"parent_id": parent["id"]}), 409, "limit_reached")
    assert moved(ann, last, parent_id=parent["id"], to="first")["parent_id"] == parent["id"]
    assert ann.delete(path_of(last)).status_code == 204
    moved(ann, other, parent_id=parent["id"])
    assert restored(ann, last)["parent_id"] is None
    assert ann.delete(path_of(parent)).status_code == 204
    assert restored(ann, parent)["parent_id"] is None
    assert len(ann.tasks(parent=parent["id"], limit=500)) == 500


# Conditions


def test_a_move_looks_at_if_match_before_it_looks_at_references(ann: Person, bob: Person) -> None:
    task = ann.adds("t")
    stale = etag_of(ann, task)
    assert move(ann, task, {}, If_Match=stale).status_code == 200
    problem(move(ann, task, {}, If_Match=stale), 412, "version_mismatch")
    problem(move(ann, task, {"after": NEVER_GIVEN}, If_Match=stale), 412, "version_mismatch")
    problem(move(ann, task, {"after": NEVER_GIVEN}, If_Match=etag_of(ann, task)), 422, "reference_not_found")
    problem(move(ann, task, {"parent_id": task["id"], "after": NEVER_GIVEN}), 422, "reference_not_found")
    problem(move(ann, bob.adds("theirs"), {"after": NEVER_GIVEN}), 404, "task_not_found")
    problem(move(ann, bob.adds("theirs"), {}, If_Match=stale), 404, "task_not_found")


def test_a_server_that_requires_if_match_requires_it_of_moves(careful_api: str, person: Callable[..., Person]) -> None:
    carol = person("carol", api=careful_api)
    task = carol.adds("t")
    problem(move(carol, task, {}), 428, "precondition_required")
    problem(move(carol, {"id": NEVER_GIVEN}, {}), 428, "precondition_required")
    operation = {"op": "move", "id": task["id"], "move": {}}
    problem(batch(carol, operation), 428, "precondition_required", operation=0)
    assert move(carol, task, {}, If_Match=etag_of(carol, task)).status_code == 200
    assert batch(carol, {**operation, "if_match": etag_of(carol, task)}).status_code == 200


def test_a_move_happens_once_for_a_key(ann: Person) -> None:
    first, second = ann.adds("a"), ann.adds("b")
    body = {"after": second["id"]}
    answer = move(ann, first, body, Idempotency_Key="move")
    moved(ann, second, to="last")
    again = move(ann, first, body, Idempotency_Key="move")
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
    assert order(ann) == "ab"
    problem(move(ann, first, {"before": second["id"]}, Idempotency_Key="move"), 422, "idempotency_key_reused")
    problem(move(ann, first, {"after": NEVER_GIVEN}, Idempotency_Key="refused"), 422, "reference_not_found")
    assert move(ann, first, body, Idempotency_Key="refused").status_code == 200


@pytest.mark.parametrize("bodies", [({}, {"to": "last"}), ({"to": "last"}, {})])
def test_a_place_that_is_left_out_is_the_last_under_a_key_too(ann: Person, bodies: tuple[dict[str, str], ...]) -> None:
    task = ann.adds("a")
    first, again = (move(ann, task, body, Idempotency_Key="move") for body in bodies)
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (200, "true"), again.text
    assert again.content == first.content
    problem(move(ann, task, {"to": "first"}, Idempotency_Key="move"), 422, "idempotency_key_reused")

    operations = ({"op": "move", "id": task["id"], "move": body} for body in bodies)
    first, again = (batch(ann, operation, **{"Idempotency-Key": "batch"}) for operation in operations)
    assert (again.status_code, again.headers.get("idempotent-replayed")) == (200, "true"), again.text
    assert again.content == first.content


def test_a_creation_under_a_parent_happens_once_for_a_key(ann: Person) -> None:
    parent = ann.adds("p")
    body = {"title": "s", "parent_id": parent["id"], "uid": UID}
    answers = [ann.post("/tasks", json=body, headers={"Idempotency-Key": "sub"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(ann.tasks(parent=parent["id"])) == 1
    found = ann.post("/tasks", json=body)
    problem(found, 409, "uid_taken")
    assert found.headers["location"].endswith(f"/tasks/{answers[0].json()['id']}")


@pytest.mark.parametrize(
    "body",
    [
        {"to": "up"},
        {"after": None},
        {"after": 1, "to": "last"},
        {"after": 1, "before": 1},
        {"position": "5"},
        {"list_id": "inbox"},
        {"parent_id": 0},
        {"after": True},
    ],
)
def test_what_is_no_place_is_refused(ann: Person, body: dict[str, Any]) -> None:
    problem(move(ann, ann.adds("t"), body), 422, "validation_failed")


@pytest.mark.parametrize("field", ["uid", "list_id", "parent_id", "position"])
def test_a_change_names_the_call_that_moves(ann: Person, field: str) -> None:
    task = ann.adds("t")
    for answer in (
        ann.put(path_of(task), json={"title": "t", field: None}),
        ann.patch(path_of(task), json={field: None}),
    ):
        assert "POST /tasks/{id}/move" in problem(answer, 422, "validation_failed")["detail"]
    operations = [{"op": "patch", "id": task["id"], "patch": {field: None}}]
    answer = batch(ann, *operations)
    assert "POST /tasks/{id}/move" in problem(answer, 422, "validation_failed", operation=0)["detail"]


def test_a_change_leaves_list_parent_and_place(ann: Person, database_url: str) -> None:
    parent = ann.adds("p", list_id=new_list(database_url, ann))
    subtask = ann.adds("s", parent_id=parent["id"])
    for answer in (ann.put(path_of(subtask), json={"title": "t"}), ann.patch(path_of(subtask), json={"title": "u"})):
        assert all(answer.json()[name] == subtask[name] for name in ("list_id", "parent_id", "position"))


# Finding


def test_tasks_are_found_by_list_and_parent(ann: Person, database_url: str) -> None:
    home, work = new_list(database_url, ann), new_list(database_url, ann, uid=UID)
    parent = ann.adds("p")
    ann.adds("s", parent_id=parent["id"])
    ann.adds("h", list_id=home)
    ann.adds("w", list_id=work)

    for query, expected in (
        ({"list": "inbox"}, "ps"),
        ({"list": home}, "h"),
        ({"list": UID}, "w"),
        ({"list": [home, UID]}, "hw"),
        ({"list": ["inbox", UID]}, "psw"),
        ({"list": [home, home]}, "h"),
        ({"parent": "none"}, "phw"),
        ({"parent": parent["id"]}, "s"),
        ({"parent": "none", "list": "inbox"}, "p"),
        ({"parent": parent["id"], "list": home}, ""),
        ({"parent": "none", "list": ["inbox", home], "status": "Todo", "sort": "-title"}, "ph"),
    ):
        answer = ann.get("/tasks", params={**query, "count": "true"})
        assert "".join(task["title"] for task in answer.json()) == expected, query
        assert answer.headers["x-total-count"] == str(len(expected))


@pytest.mark.parametrize(
    "query",
    [
        "list=none",
        "list=0",
        "list=",
        "parent=inbox",
        "parent=1&parent=1",
        "parent=x",
        "sort=position",
        "sort=-position&list=1&list=inbox",
        "list={" + UID + "}",
    ],
)
def test_what_is_no_list_or_parent_is_refused(ann: Person, query: str) -> None:
    problem(ann.get(f"/tasks?{query}"), 422, "validation_failed")


def test_a_cursor_belongs_to_its_lists_and_parent(ann: Person) -> None:
    parent = ann.adds("p")
    adds_all(ann, "abc", parent_id=parent["id"])
    query = f"list=inbox&parent={parent['id']}&sort=position&limit=1"
    assert [[task["title"] for task in page] for page in walked(ann, f"/tasks?{query}")] == [["a"], ["b"], ["c"]]
    cursor = ann.get(f"/tasks?{query}").headers["link"].split("cursor=")[1].split("&")[0].split(">")[0]
    assert ann.get(f"/tasks?{query}&cursor={cursor}").status_code == 200
    for was, other in (("inbox", "1"), ("=position", "=-position"), ("parent=", "parent=1")):
        problem(ann.get(f"/tasks?{query.replace(was, other)}&cursor={cursor}"), 422, "cursor_invalid")


# Batches


def batch(person: Person, *operations: dict[str, Any], **headers: str) -> httpx.Response:
    return person.post("/tasks/batch", json={"operations": list(operations)}, headers=headers)


def test_a_batch_makes_a_family_and_moves_it(ann: Person, database_url: str) -> None:
    home = new_list(database_url, ann)
    answer = batch(
        ann,
        {"op": "create", "task": {"title": "p", "uid": UID, "list_id": home}},
        {"op": "create", "task": {"title": "s", "parent_id": UID}},
        {"op": "create", "task": {"title": "x", "list_id": home}},
        {"op": "move", "id": UID, "move": {"list_id": None}},
    )
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [(result["op"], result["status"]) for result in results] == [("create", 201)] * 3 + [("move", 200)]
    assert results[1]["task"]["parent_id"] == results[0]["task"]["id"]
    assert results[3]["task"]["list_id"] is None
    assert (order(ann), order(ann, home)) == ("ps", "x")


def test_a_batch_that_refers_to_what_is_not_there_says_where(ann: Person) -> None:
    task = ann.adds("t")
    fine = {"op": "patch", "id": task["id"], "patch": {"title": "changed"}}
    for operation, status, code, loc in (
        (
            {"op": "move", "id": task["id"], "move": {"after": NEVER_GIVEN}},
            422,
            "reference_not_found",
            ["move", "after"],
        ),
        ({"op": "move", "id": task["id"], "move": {"list_id": UID}}, 422, "reference_not_found", ["move", "list_id"]),
        ({"op": "create", "task": {"title": "x", "parent_id": UID}}, 422, "reference_not_found", ["task", "parent_id"]),
        ({"op": "create", "task": {"title": "x", "list_id": 1}}, 422, "reference_not_found", ["task", "list_id"]),
        ({"op": "move", "id": task["id"], "move": {"parent_id": task["id"]}}, 409, "too_deep", None),
        ({"op": "move", "id": NEVER_GIVEN, "move": {}}, 404, "task_not_found", None),
        ({"op": "move", "id": task["id"], "move": {}, "if_match": '"1"'}, 412, "version_mismatch", None),
        ({"op": "move", "id": task["id"], "move": {"to": "up"}}, 422, "validation_failed", None),
    ):
        found = problem(batch(ann, fine, operation), status, code, operation=1)
        if loc is not None:
            assert found["errors"][0]["loc"] == ["body", "operations", 1, *loc]
        assert ann.get(path_of(task)).json() == task


def test_a_batch_of_moves_happens_once_for_a_key(ann: Person) -> None:
    task, other = ann.adds("a"), ann.adds("b")
    operation = {"op": "move", "id": task["id"], "move": {"to": "last"}}
    answers = [batch(ann, operation, **{"Idempotency-Key": "moves"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert order(ann) == "ba"
    assert etag_of(ann, other) == f'"{other["version"]}"'
