"""POST /tasks/batch (CONTRACT: everyday tasks): all or nothing, in order, in one round trip."""

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import ValidationError

from support.answers import problem, results
from support.database_proxy import proxied
from support.expected_tasks import WRITABLE
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.tasks.batch import Batch

NEVER_GIVEN = 2**53 - 1

Operation = dict[str, Any]


def create(title: str, **fields: Any) -> Operation:
    return {"op": "create", "task": {"title": title, **fields}}


def patch(found: dict[str, Any], if_match: str | None = None, **fields: Any) -> Operation:
    condition = {} if if_match is None else {"if_match": if_match}
    return {"op": "patch", "id": found["id"], "patch": fields, **condition}


def delete(found: dict[str, Any], if_match: str | None = None) -> Operation:
    return {"op": "delete", "id": found["id"]} | ({} if if_match is None else {"if_match": if_match})


def batch(person: Person, *operations: Any, key: str | None = None) -> httpx.Response:
    headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
    # Escaped, so that half of a surrogate pair can be sent too.
    return person.post("/tasks/batch", content=json.dumps({"operations": operations}), headers=headers)


def key() -> str:
    return secrets.token_hex(8)


# What is done


def test_operations_are_done_in_order(ann: Person) -> None:
    milk, eggs, bread = (ann.adds(title) for title in ("Milk", "Eggs", "Bread"))

    found = results(
        batch(
            ann,
            create("Beer", tags=["party"], due_on="2026-03-10"),
            patch(milk, status="Done", tags=["home"]),
            delete(eggs),
            patch(bread),
        )
    )

    assert [result["op"] for result in found] == ["create", "patch", "delete", "patch"]
    beer, changed, unchanged = (found[index]["task"] for index in (0, 1, 3))
    assert (beer["title"], beer["tags"], beer["due_on"], beer["updated_at"]) == ("Beer", ["party"], "2026-03-10", None)
    assert (changed["status"], changed["tags"], changed["title"]) == ("Done", ["home"], "Milk")
    assert changed["completed_at"] == changed["updated_at"] is not None
    assert unchanged == bread
    assert ann.tasks() == [changed, bread, beer]
    assert [task["id"] for task in ann.get("/trash").json()] == [eggs["id"]]


def test_operations_see_what_those_before_them_did(ann: Person) -> None:
    milk = ann.adds("Milk")

    found = results(
        batch(ann, patch(milk, title="Oat milk"), patch(milk, status="Done"), patch(milk, due_on="2026-03-10"))
    )

    assert [result["task"]["title"] for result in found] == ["Oat milk"] * 3
    assert [result["task"]["status"] for result in found] == ["Todo", "Done", "Done"]
    assert ann.tasks() == [found[-1]["task"]]
    problem(batch(ann, delete(milk), patch(milk, title="Milk")), 404, "task_not_found", 1)
    problem(batch(ann, delete(milk), delete(milk)), 404, "task_not_found", 1)
    assert len(ann.tasks()) == 1


def test_no_version_has_two_contents(ann: Person) -> None:
    """A client may keep any task of the answer, and ask by its version whether it still is the current one."""
    milk = ann.adds("Milk")

    first, second = results(batch(ann, patch(milk, title="a"), patch(milk, title="b")))

    assert milk["version"] < first["task"]["version"] < second["task"]["version"]
    path = f"/tasks/{milk['id']}"
    assert ann.get(path, headers={"If-None-Match": f'"{second["task"]["version"]}"'}).status_code == 304
    assert ann.get(path, headers={"If-None-Match": f'"{first["task"]["version"]}"'}).json()["title"] == "b"
    later = ann.patch(path, json={"title": "c"}).json()
    assert later["version"] > second["task"]["version"]


@pytest.mark.parametrize("count", [1, 100])
def test_a_batch_has_one_to_a_hundred_operations(ann: Person, count: int) -> None:
    found = results(batch(ann, *(create(f"{number}") for number in range(count))))

    assert [result["task"]["title"] for result in found] == [f"{number}" for number in range(count)]
    assert len({result["task"]["id"] for result in found}) == count
    assert ann.tasks(limit=500) == [result["task"] for result in found]


def test_a_slash_at_the_end_is_the_same_path(ann: Person) -> None:
    assert ann.post("/tasks/batch/", json={"operations": [create("Milk")]}).status_code == 200


# All or nothing


def test_the_lowest_that_fails_undoes_all(ann: Person, bob: Person) -> None:
    milk, his = ann.adds("Milk"), bob.adds("Beer")

    answers = [
        batch(ann, create("a"), patch(milk, title="b"), patch({"id": task_id}, title="c"), delete(his))
        for task_id in (his["id"], NEVER_GIVEN)
    ]

    for answer in answers:
        problem(answer, 404, "task_not_found", 2)
    assert answers[0].content == answers[1].content
    assert ann.tasks() == [milk]
    assert bob.tasks() == [his]


@pytest.mark.parametrize("make", [delete, patch, lambda found, tag: patch(found, tag, title="b")])
def test_if_match_is_honoured(ann: Person, make: Callable[[dict[str, Any], str], Operation]) -> None:
    milk = ann.adds("Milk")
    current = f'"{milk["version"]}"'

    for wrong in ('"1"', f"W/{current}", current.strip('"'), "", "nonsense", '"é"', f"{current} {current}"):
        problem(batch(ann, create("a"), make(milk, wrong)), 412, "version_mismatch", 1)
        problem(batch(ann, make({"id": NEVER_GIVEN}, wrong)), 404, "task_not_found", 0)
    assert ann.tasks() == [milk]
    for right in ("*", f'"1", {current}', current):
        milk = ann.adds("Milk")
        tag = right.replace(current, f'"{milk["version"]}"')
        results(batch(ann, make(milk, tag)))


def test_if_match_is_about_the_state_that_the_operation_sees(ann: Person) -> None:
    milk = ann.adds("Milk")
    tag = f'"{milk["version"]}"'

    problem(batch(ann, patch(milk, tag, title="a"), patch(milk, tag, title="b")), 412, "version_mismatch", 1)

    assert ann.tasks() == [milk]
    results(batch(ann, patch(milk, tag), patch(milk, tag, title="a")))


def test_batches_at_once_are_each_whole(ann: Person) -> None:
    tasks = [ann.adds(f"{number}") for number in range(4)]

    def rename(number: int) -> int:
        turned = tasks if number % 2 else tasks[::-1]
        return batch(ann, *(patch(task, title=f"{number}") for task in turned)).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(rename, range(16)))

    assert statuses == {200}
    assert len({task["title"] for task in ann.tasks()}) == 1


# Shapes


WRONG: list[tuple[Any, list[Any]]] = [
    (3, []),
    ({"op": "put", "task": {"title": "x"}}, []),
    ({"op": "create"}, ["task"]),
    ({"op": "create", "task": {"title": ""}}, ["task", "title"]),
    ({"op": "create", "task": {"title": "x"}, "id": 1}, ["id"]),
    ({"op": "patch", "id": 1, "patch": {"tags": [""]}}, ["patch", "tags", 0]),
    ({"op": "patch", "id": 1, "patch": {}, "if_match": None}, ["if_match"]),
    *(({"op": "delete", "id": wrong}, ["id"]) for wrong in (0, 2**53, 1.5, "1", None)),
    ("\0", []),
    ({"op": "create", "\0": 1}, []),
    ({"op": "create", "task": {"title": "\ud800"}}, ["task", "title"]),
    ({"op": "create", "task": {"title": "a", "tags": ["b", "\0"]}}, ["task", "tags", 1]),
]
"""One of each type; `unit/test_batch_bodies.py` has the others."""


@pytest.mark.parametrize(("wrong", "place"), WRONG)
def test_shapes_come_first_for_all_operations(ann: Person, wrong: Any, place: list[Any]) -> None:
    """Though the first operation would not be found."""
    answer = batch(ann, delete({"id": NEVER_GIVEN}), create("Milk"), wrong, {"op": "of_no_kind_2718"})

    document = problem(answer, 422, "validation_failed", 2)
    problem(batch(ann, wrong, create("a\0b")), 422, "validation_failed", 0)
    assert document["errors"][0]["loc"] == ["body", "operations", 2, *place]
    assert {tuple(error["loc"][:3]) for error in document["errors"]} == {("body", "operations", 2)}
    assert all(error["message"].endswith(".") for error in document["errors"])
    assert "2718" not in answer.text
    assert ann.tasks() == []


READ_ONLY = "read only: leave out id, created_at, updated_at"


def test_an_unknown_field_is_told_the_known_ones_of_its_place(ann: Person) -> None:
    def told(operation: Operation) -> str:
        detail: str = problem(batch(ann, operation), 422, "validation_failed", 0)["detail"]
        return detail

    assert "op, task." in told({**create("Milk"), "x": 1})
    assert "op, id, patch, if_match." in told({**patch({"id": 1}), "x": 1})
    assert "op, id, if_match." in told({**delete({"id": 1}), "x": 1})
    assert f"allowed are {', '.join(WRITABLE)}, completed_at, uid, list_id, parent_id." in told(create("Milk", x=1))
    assert f"allowed are {', '.join(WRITABLE)}." in told(patch({"id": 1}, x=1))
    assert "Unknown field; allowed are op, task." in told({**create("Milk"), "id": 1})
    assert f"{READ_ONLY}, occurrence, occurrence_date, version, position;" in told(create("Milk", id=1))
    assert f"{READ_ONLY}, completed_at, occurrence, occurrence_date, version;" in told(patch({"id": 1}, id=1))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"operations": []},
        {"operations": [{"op": "create", "task": {"title": "x"}}] * 101},
        {"operations": [{"op": "create", "task": {"title": "\0"}}], "atomic": True},
        [{"op": "create", "task": {"title": "x"}}],
        None,
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_names_no_operation(ann: Person, body: Any) -> None:
    answer = ann.post("/tasks/batch", content=json.dumps(body), headers={"Content-Type": "application/json"})

    problem(answer, 422, "validation_failed", None)
    assert ann.tasks() == []


def test_a_batch_takes_no_parameters_and_needs_json_and_a_token(ann: Person) -> None:
    body = {"operations": [create("Milk")]}

    problem(ann.post("/tasks/batch?dry_run=1", json=body), 422, "validation_failed", None)
    problem(ann.post("/tasks/batch", content=json.dumps(body)), 415, "unsupported_media_type", None)
    problem(ann.post("/tasks/batch", json=body, headers={"Authorization": ""}), 401, "token_missing", None)
    assert ann.tasks() == []


def of_size(size: int) -> bytes:
    body = json.dumps({"operations": [create("Milk")]}).encode()
    return body + b" " * (size - len(body))


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "create", "task": {"title": "a", "tags": [1] * 20_000}},
        {"op": "create", "task": {"title": "a", "tags": [""] * 20_000}},
        {"op": "patch", "id": 1, "patch": {"tags": [None] * 20_000}},
        {"op": "create", "task": {"title": "a"} | {f"f{number}": 1 for number in range(9_000)}},
        {"op": "delete", "id": 1} | {f"f{number}": 1 for number in range(9_000)},
        {"op": [{}] * 20_000},
    ],
    ids=lambda operation: str(operation)[:50],
)
def test_what_is_wrong_thousands_of_times_is_looked_at_a_few_times(ann: Person, operation: Operation) -> None:
    """An error for each would take seconds, in which nobody else is answered."""
    with pytest.raises(ValidationError) as wrong:
        Batch.model_validate({"operations": [operation]})
    assert wrong.value.error_count() <= 30

    document = problem(batch(ann, operation), 422, "validation_failed", 0)

    assert 1 <= len(document["errors"]) <= 20


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_batch_has_at_most_one_mebibyte(ann: Person, is_chunked: bool) -> None:
    def post(size: int) -> httpx.Response:
        content = iter([of_size(size)]) if is_chunked else of_size(size)
        return ann.post("/tasks/batch", content=content, headers={"Content-Type": "application/json"})

    results(post(2**20))
    problem(post(2**20 + 1), 413, "body_too_large", None)
    assert len(ann.tasks()) == 1


def test_the_largest_tasks_fit_into_a_batch(ann: Person) -> None:
    found = results(batch(ann, *(create("x" * 255, description="word " * 2000) for _ in range(100)), key=key()))

    assert len(found) == 100


# Retries


def test_a_retry_gets_the_first_answer_and_does_nothing_twice(ann: Person) -> None:
    milk, eggs = ann.adds("Milk"), ann.adds("Eggs")
    sent = key()
    operations = [create("Beer"), patch(milk, title="Oat milk"), patch(milk), delete(eggs)]

    first = batch(ann, *operations, key=sent)
    ann.patch(f"/tasks/{milk['id']}", json={"title": "Milk"})
    before = ann.tasks()
    second = batch(ann, *operations, key=sent)

    assert len(results(first)) == 4
    assert (second.status_code, second.content) == (200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert ann.tasks() == before
    assert results(batch(ann, patch(milk), key=key())) == results(batch(ann, patch(milk)))


MEANINGS = [
    [create("Milk")],
    [create("Milk"), create("Milk")],
    [create("Milk", status="Done")],
    [{"op": "patch", "id": 1, "patch": {}}],
    [{"op": "patch", "id": 1, "patch": {"status": "Todo"}}],
    [{"op": "patch", "id": 1, "patch": {"description": None}}],
    [{"op": "patch", "id": 1, "patch": {"tags": []}}],
    [{"op": "patch", "id": 1, "patch": {}, "if_match": ""}],
    [{"op": "delete", "id": 1}],
    [{"op": "delete", "id": 1, "if_match": "*"}],
    [{"op": "delete", "id": 2}],
]


def test_another_body_or_call_under_the_same_key_is_refused(ann: Person) -> None:
    sent = key()
    results(batch(ann, create("Milk"), key=sent))

    for operations in MEANINGS[1:]:
        problem(batch(ann, *operations, key=sent), 422, "idempotency_key_reused", None)
    alone = ann.post("/tasks", json={"title": "Milk"}, headers={"Idempotency-Key": sent})
    problem(alone, 422, "idempotency_key_reused", None)
    assert len(ann.tasks()) == 1
    other = key()
    ann.post("/tasks", json={"title": "Milk"}, headers={"Idempotency-Key": other})
    problem(batch(ann, create("Milk"), key=other), 422, "idempotency_key_reused", None)


def test_every_difference_in_meaning_is_a_difference(ann: Person) -> None:
    meanings = {Batch.model_validate({"operations": operations}).meaning() for operations in MEANINGS}

    assert len(meanings) == len(MEANINGS)


def test_a_default_that_is_spelled_out_in_a_new_task_is_the_same_request(ann: Person) -> None:
    sent = key()

    first = batch(ann, create("Milk"), key=sent)
    second = batch(ann, create("Milk", status="Todo", tags=[], priority=None), key=sent)

    assert first.content == second.content


def test_only_a_success_is_remembered(ann: Person) -> None:
    sent = key()
    milk = ann.adds("Milk")

    problem(batch(ann, delete(milk), delete(milk), key=sent), 404, "task_not_found", 1)
    answer = batch(ann, delete(milk), key=sent)

    assert results(answer)
    assert "idempotent-replayed" not in answer.headers


def test_equal_keys_in_flight_wait_for_the_first(ann: Person, bob: Person) -> None:
    sent = key()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: batch(ann, create("a"), create("b"), key=sent), range(16)))

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(ann.tasks()) == 2
    assert "idempotent-replayed" not in batch(bob, create("a"), create("b"), key=sent).headers


def test_a_key_is_free_again_after_a_day(ann: Person, database_url: str) -> None:
    sent = key()
    first = batch(ann, create("Milk"), key=sent)
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "update idempotency_keys set created_at = now() - interval '24 hours' where owner_id = %s", [ann.id]
        )

    second = batch(ann, create("Bread"), key=sent)

    assert results(first)[0]["task"]["id"] < results(second)[0]["task"]["id"]
    assert batch(ann, create("Bread"), key=sent).content == second.content


def test_what_a_batch_gathers_ends_with_it(
    person: Callable[..., Person], issuer: LocalIssuer, database_url: str
) -> None:
    settings = settings_for(database_url, database_pool_size=1)
    with serving(create_app(settings, local_issuer=issuer)) as address:
        ann, bob = person("ann", api=address), person("bob", api=address)

        results(batch(ann, create("a secret"), key=key()))
        [his] = results(batch(bob, create("Beer"), key=key()))

        assert his["task"]["title"] == "Beer"


# When If-Match is required


def test_without_if_match_a_patch_or_delete_is_refused_where_it_is_required(
    careful_api: str, person: Callable[..., Person]
) -> None:
    carol = person("carol", api=careful_api)
    [milk] = [result["task"] for result in results(batch(carol, create("Milk")))]
    tag = f'"{milk["version"]}"'

    for without in (patch(milk, title="x"), patch(milk), delete(milk), delete({"id": NEVER_GIVEN})):
        problem(batch(carol, create("a"), patch(milk, tag, title="b"), without), 428, "precondition_required", 2)
    problem(batch(carol, delete(milk), create("")), 422, "validation_failed", 1)
    problem(batch(carol, delete({"id": NEVER_GIVEN}, tag), delete(milk)), 404, "task_not_found", 0)
    problem(batch(carol, delete(milk, '"1"'), delete(milk)), 412, "version_mismatch", 0)
    problem(batch(carol, delete(milk), delete({"id": NEVER_GIVEN}, tag)), 428, "precondition_required", 0)
    assert carol.tasks() == [milk]
    results(batch(carol, patch(milk, tag, title="b"), patch(milk, "*", title="c")))


def test_a_key_that_was_used_is_told_before_a_missing_if_match(careful_api: str, person: Callable[..., Person]) -> None:
    carol, sent = person("carol", api=careful_api), key()
    [milk] = [result["task"] for result in results(batch(carol, create("Milk"), key=sent))]

    problem(batch(carol, delete(milk), key=sent), 422, "idempotency_key_reused", None)
    problem(batch(carol, delete(milk), key=key()), 428, "precondition_required", 0)


# Round trips


@pytest.mark.parametrize("sent", [None, "one"])
def test_a_batch_is_one_round_trip(
    person: Callable[..., Person], issuer: LocalIssuer, database_url: str, sent: str | None
) -> None:
    with proxied(database_url) as proxy:
        settings = settings_for(proxy.url, database_pool_size=1)
        with serving(create_app(settings, local_issuer=issuer)) as address:
            carol = person("carol", api=address)
            milk = carol.adds("Milk")
            before = proxy.turns

            results(batch(carol, create("a"), patch(milk, title="b"), patch(milk), delete(milk), key=sent))

            assert proxy.turns - before == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_path_takes_nothing_but_post_whoever_asks(api: str, method: str, slash: str) -> None:
    answer = httpx.request(method, f"{api}/tasks/batch{slash}")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    if method != "HEAD":
        problem(answer, 405, "method_not_allowed", None)
