"""A client names its tasks itself: the uid stands wherever an id may."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from support.answers import evidence, problem, results, task
from support.databases import asked
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from support.writes import WRITES, path_of, write
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer


def at(uid: str) -> str:
    return f"/tasks/{uid}"


def test_a_task_is_found_and_changed_by_either_of_its_names(ann: Person) -> None:
    uid = str(uuid4())

    created = ann.post("/tasks", json={"title": "Milk", "uid": uid.upper()})
    assert (task(created, 201)["uid"], created.headers["location"]) == (uid, path_of(created.json()))

    for name in (uid, uid.upper(), uid.capitalize(), uid.replace("-", "%2D")):
        assert ann.get(f"{at(name)}").json() == ann.get(f"{at(name)}/").json() == created.json()
    assert ann.get(at(uid), headers={"If-None-Match": created.headers["etag"]}).status_code == 304
    assert ann.send("HEAD", at(uid)).headers["etag"] == created.headers["etag"]

    patched = ann.patch(at(uid), json={"status": "Done", "description": "Two", "priority": "low"})
    assert (task(patched)["id"], patched.json()["uid"]) == (created.json()["id"], uid)
    assert task(ann.patch(at(uid), json={}))["version"] == patched.json()["version"]
    replaced = ann.put(at(uid), json={"title": "Bread"}, headers={"If-Match": patched.headers["etag"]})
    assert (task(replaced)["title"], replaced.json()["uid"]) == ("Bread", uid)
    problem(ann.patch(at(uid), json={"title": "x"}, headers={"If-Match": '"1"'}), 412, "version_mismatch")
    assert ann.tasks() == [replaced.json()]

    assert ann.delete(at(uid)).status_code == 204
    problem(ann.get(at(uid)), 404, "task_not_found")
    assert [found["uid"] for found in ann.get("/trash").json()] == [uid]
    assert task(ann.post(f"{at(uid)}/restore"))["id"] == created.json()["id"]
    assert ann.delete(at(uid)).status_code == ann.delete(f"/trash/{uid}").status_code == 204
    problem(ann.post(f"{at(uid)}/restore"), 404, "task_not_found")


UID = "6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"
NO_UIDS = [
    *(
        "",
        "x",
        f"urn:uuid:{UID}",
        f"{{{UID}}}",
        f"{UID} ",
        f" {UID}",
        f"{UID}\n",
        f"{UID}0",
        f"-{UID}",
        f"{UID}-",
        UID[1:],
    ),
    *(UID.replace("-", sign) for sign in ("", "_", ":", "\u2010", "--")),
    *(UID.replace("6", digit) for digit in ("g", "\uff16", "\u0666", "o")),
    "6f1d3c1e8a4b-4c57-9d0e-2b7f-5a9c1e34",
]


@pytest.mark.parametrize("wrong", NO_UIDS)
def test_no_other_spelling_is_a_uid_in_a_body(ann: Person, wrong: str) -> None:
    created = problem(ann.post("/tasks", json={"title": "Milk", "uid": wrong}), 422, "validation_failed")
    operation = {"op": "delete", "id": wrong}
    batch = problem(ann.post("/tasks/batch", json={"operations": [operation]}), 422, "validation_failed", 0)

    assert created["detail"].startswith("body.uid: A uid is a UUID")
    assert batch["detail"].startswith("body.operations.0.id: This must be an id, which is a whole number from 1 to ")


@pytest.mark.parametrize("value", [0, 7, True, 1.5, [], {}, [UID]])
def test_a_uid_is_a_string(ann: Person, value: Any) -> None:
    problem(ann.post("/tasks", json={"title": "Milk", "uid": value}), 422, "validation_failed")


def test_a_uid_never_changes(ann: Person) -> None:
    uid = str(uuid4())
    milk = ann.adds("Milk", uid=uid)

    for method, value in ((method, value) for method in ("PUT", "PATCH") for value in (uid, str(uuid4()), None)):
        refused = problem(write(ann, at(uid), method, {"title": "x", "uid": value}), 422, "validation_failed")
        assert "allowed are title, description," in refused["detail"]
    assert ann.get(at(uid)).json() == milk


def test_null_is_no_uid_and_stands_in_nobodys_way(ann: Person) -> None:
    for _ in range(2):
        assert ann.adds("Milk", uid=None)["uid"] is None


# A uid that is taken


def test_a_uid_is_taken_until_its_task_is_erased(ann: Person, bob: Person) -> None:
    uid = str(uuid4())
    milk = ann.adds("Milk", uid=uid)

    def refused(spelling: str = uid) -> str:
        answer = ann.post("/tasks/", json={"title": "Bread", "uid": spelling})
        problem(answer, 409, "uid_taken")
        location: str = answer.headers["location"]
        return location

    assert refused() == refused(uid.upper()) == path_of(milk)
    assert ann.get("/tasks").json() == [milk]
    ann.delete(at(uid))
    assert refused() == path_of(milk)
    assert bob.adds("Bread", uid=uid)["uid"] == uid
    assert ann.delete(f"/trash/{uid}").status_code == 204
    bread = ann.adds("Bread", uid=uid)
    assert ann.get(at(uid)).json() == bread
    assert bread["id"] != milk["id"]


def test_what_has_waited_in_the_trash_too_long_has_its_uid_until_it_is_purged(database_url: str, ann: Person) -> None:
    uid = str(uuid4())
    milk = ann.adds("Milk", uid=uid)
    ann.delete(at(uid))
    asked(
        database_url,
        "update tasks set deleted_at = now() - interval '1000 days' where owner_id = %s and id = %s",
        ann.id,
        milk["id"],
    )

    answer = ann.post("/tasks", json={"title": "Bread", "uid": uid})

    problem(answer, 409, "uid_taken")
    assert answer.headers["location"] == path_of(milk)


def test_under_a_key_the_same_request_is_answered_again_and_another_finds_the_uid_taken(ann: Person) -> None:
    uid, key = str(uuid4()), {"Idempotency-Key": str(uuid4())}
    new = {"title": "Milk", "uid": uid}

    first = ann.post("/tasks", json=new, headers=key)
    replay = ann.post("/tasks", json={**new, "uid": uid.upper()}, headers=key)
    another = {"Idempotency-Key": str(uuid4())}
    for _ in range(2):  # what was refused is not remembered
        refused = ann.post("/tasks", json=new, headers=another)
        problem(refused, 409, "uid_taken")
        assert (refused.headers["location"], "idempotent-replayed" in refused.headers) == (path_of(first.json()), False)
    ann.delete(at(uid))
    ann.delete(f"/trash/{uid}")
    made = ann.post("/tasks", json=new, headers=another)

    assert (replay.status_code, replay.content, replay.headers["idempotent-replayed"]) == (201, first.content, "true")
    assert (made.status_code, made.json()["id"] != first.json()["id"]) == (201, True)
    problem(ann.post("/tasks", json={"title": "Milk"}, headers=key), 422, "idempotency_key_reused")
    assert ann.post("/tasks", json=new, headers=key).content == first.content


def test_many_at_once_make_one_task(ann: Person) -> None:
    uid = str(uuid4())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ann.post("/tasks", json={"title": "Milk", "uid": uid}), range(8)))

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    assert {answer.headers["location"] for answer in answers} == {path_of(ann.get(at(uid)).json())}


@pytest.fixture(scope="module")
def behind_proxy(database_url: str, issuer: LocalIssuer) -> Iterator[str]:
    settings = settings_for(database_url, root_path="/todo-api", api_prefix="/api/v1")
    with serving(create_app(settings, local_issuer=issuer)) as address:
        yield address


def test_the_location_of_what_has_the_uid_is_as_that_of_what_is_new(
    behind_proxy: str, person: Callable[..., Person]
) -> None:
    ann, new = person("ann", api=behind_proxy), {"title": "Milk", "uid": str(uuid4())}

    created = ann.post("/api/v1/tasks", json=new)
    taken = ann.post("/api/v1/tasks", json=new)
    taken_in_batch = ann.post("/api/v1/tasks/batch", json={"operations": [{"op": "create", "task": new}]})

    assert created.headers["location"].startswith("/todo-api/api/v1/tasks/")
    for refused in (taken, taken_in_batch):
        assert (refused.status_code, refused.headers["location"]) == (409, created.headers["location"])


# In a batch


def batch(person: Person, *operations: dict[str, Any], **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.post("/tasks/batch", json={"operations": operations}, headers=sent)


@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "one"}])
def test_an_operation_names_what_one_before_it_has_created(ann: Person, headers: dict[str, str]) -> None:
    milk, bread = str(uuid4()), str(uuid4())
    operations: list[dict[str, Any]] = [
        {"op": "create", "task": {"title": "Milk", "uid": milk}},
        {"op": "patch", "id": milk.upper(), "patch": {"title": "Oat milk"}},
        {"op": "patch", "id": milk, "patch": {"status": "Done", "priority": "low", "tags": ["a"]}},
        {"op": "patch", "id": milk, "patch": {}},
        {"op": "create", "task": {"title": "Bread", "uid": bread}},
        {"op": "delete", "id": bread},
    ]

    found = results(batch(ann, *operations, **headers))

    assert [result["task"]["title"] for result in found if "task" in result] == ["Milk", *["Oat milk"] * 3, "Bread"]
    assert ann.tasks() == [ann.get(at(milk)).json()] == [found[3]["task"]]
    assert [trashed["uid"] for trashed in ann.get("/trash").json()] == [bread]
    if headers:
        replayed = batch(ann, *operations, **headers)
        assert (replayed.json()["results"], replayed.headers["idempotent-replayed"]) == (found, "true")
    refused = batch(ann, *operations)
    problem(refused, 409, "uid_taken", 0)


def test_a_uid_that_is_taken_undoes_the_batch(ann: Person) -> None:
    uid, twice = str(uuid4()), str(uuid4())
    milk = ann.adds("Milk", uid=uid)
    bread = {"op": "create", "task": {"title": "Bread"}}

    taken = batch(ann, bread, {"op": "create", "task": {"title": "Eggs", "uid": uid}})
    again = batch(ann, *[{"op": "create", "task": {"title": "Eggs", "uid": twice}}] * 2)

    assert "Location" in problem(taken, 409, "uid_taken", 1)["detail"]
    assert taken.headers["location"] == path_of(milk)
    assert "operation before this one" in problem(again, 409, "uid_taken", 1)["detail"]
    assert "location" not in again.headers
    assert ann.tasks() == [milk]
    freed = batch(ann, {"op": "delete", "id": uid}, {"op": "create", "task": {"title": "Eggs", "uid": uid}})
    problem(freed, 409, "uid_taken", 1)  # it is in the trash
    assert ann.tasks() == [milk]


# Somebody else's


def test_a_strangers_uid_is_as_one_that_nobody_has(ann: Person, bob: Person) -> None:
    live, trashed, nobodys = (str(uuid4()) for _ in range(3))
    milk, bread = ann.adds("Milk", uid=live), ann.adds("Bread", uid=trashed)
    ann.delete(at(trashed))

    def tried(uid: str) -> Iterator[Any]:
        for condition in (
            {},
            {"If_Match": "*"},
            {"If_Match": f'"{milk["version"]}"'},
            {"Idempotency_Key": str(uuid4())},
        ):
            for method, body in [("GET", None), ("HEAD", None), *WRITES]:
                yield evidence(write(bob, at(uid), method, body, **condition))
            yield evidence(write(bob, f"{at(uid)}/restore", "POST", None, **condition))
            yield evidence(write(bob, f"/trash/{uid}", "DELETE", None, **condition))
        for operation in ({"op": "patch", "patch": {}}, {"op": "patch", "patch": {"title": "x"}}, {"op": "delete"}):
            for if_match in ({}, {"if_match": "*"}, {"if_match": '"1"'}):
                yield evidence(batch(bob, {**operation, "id": uid, **if_match}))

    absent = list(tried(nobodys))
    assert {answer.status for answer in absent} == {404}
    assert list(tried(live)) == list(tried(trashed)) == absent
    assert absent[0] == evidence(bob.get("/tasks/9007199254740991"))
    assert bob.tasks() == []
    assert (ann.tasks(), [found["id"] for found in ann.get("/trash").json()]) == ([milk], [bread["id"]])
