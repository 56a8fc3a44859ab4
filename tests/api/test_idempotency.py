"""A POST with an Idempotency-Key happens once, however often it is sent (CONTRACT: concurrency and retries)."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest

from support.people import Person

SAME_ANSWER = ("location", "etag", "content-type")


def key() -> str:
    return secrets.token_hex(8)


def post(someone: Person, key: str, **body: Any) -> httpx.Response:
    return someone.post("/tasks", json={"title": "Milk"} | body, headers={"Idempotency-Key": key})


def test_a_retry_gets_the_first_answer_and_makes_no_second_task(ann: Person) -> None:
    sent = key()

    first, second = post(ann, sent), post(ann, sent)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert [first.headers[name] for name in SAME_ANSWER] == [second.headers[name] for name in SAME_ANSWER]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert [task["id"] for task in ann.tasks()] == [first.json()["id"]]


def test_a_default_that_is_spelled_out_is_the_same_request(ann: Person) -> None:
    sent = key()

    first, second = post(ann, sent), post(ann, sent, status="Todo", description=None)

    assert second.headers["idempotent-replayed"] == "true"
    assert first.content == second.content


def test_another_body_under_the_same_key_is_refused_and_changes_nothing(ann: Person) -> None:
    sent = key()
    post(ann, sent)

    refused = post(ann, sent, title="Bread")

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert [task["title"] for task in ann.tasks()] == ["Milk"]


def test_a_replay_answers_though_the_task_was_changed_or_deleted(ann: Person) -> None:
    sent = key()
    first = post(ann, sent)
    ann.patch(first.headers["location"], json={"title": "Oat milk"})
    after_a_change = post(ann, sent)
    ann.delete(first.headers["location"])
    after_the_end = post(ann, sent)

    assert first.content == after_a_change.content == after_the_end.content
    assert ann.tasks() == []


def test_a_strangers_equal_key_is_another_key(ann: Person, bob: Person) -> None:
    sent = key()

    hers, his = post(ann, sent), post(bob, sent, title="Bread")

    assert (hers.status_code, his.status_code) == (201, 201)
    assert "idempotent-replayed" not in his.headers
    assert his.json()["title"] == "Bread"


def test_only_a_success_is_remembered(ann: Person) -> None:
    sent = key()

    refused, accepted = post(ann, sent, title=""), post(ann, sent)

    assert (refused.status_code, accepted.status_code) == (422, 201)
    assert "idempotent-replayed" not in accepted.headers


def test_equal_keys_in_flight_wait_for_the_first(ann: Person) -> None:
    sent = key()
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: post(ann, sent), range(36)))

    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert len(ann.tasks()) == 1


def test_a_key_is_free_again_after_a_day(ann: Person, database_url: str) -> None:
    sent = key()
    first = post(ann, sent)
    age(database_url, ann, hours=24)

    second = post(ann, sent, title="Bread")

    assert second.status_code == 201
    assert "idempotent-replayed" not in second.headers
    assert second.json()["id"] != first.json()["id"]
    assert post(ann, sent, title="Bread").content == second.content


def test_a_key_is_kept_for_nearly_a_day(ann: Person, database_url: str) -> None:
    sent = key()
    first = post(ann, sent)
    age(database_url, ann, hours=23)

    assert post(ann, sent).content == first.content


@pytest.mark.parametrize("sent", ["", "a b", "é", "x" * 256, "tab\there"])
def test_a_key_that_is_none_is_refused(ann: Person, sent: str) -> None:
    refused = ann.post("/tasks", json={"title": "Milk"}, headers=[(b"Idempotency-Key", sent.encode())])

    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    assert ann.tasks() == []


@pytest.mark.parametrize("sent", ["!", "~" * 255, '"quoted"', "a,b"])
def test_every_visible_character_may_stand_in_a_key(ann: Person, sent: str) -> None:
    assert post(ann, sent).status_code == 201
    assert post(ann, sent).headers["idempotent-replayed"] == "true"


def test_two_keys_are_refused(ann: Person) -> None:
    lines = [("Idempotency-Key", key()), ("Idempotency-Key", key())]

    refused = ann.post("/tasks", json={"title": "Milk"}, headers=lines)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")


def age(database_url: str, someone: Person, *, hours: int) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "update idempotency_keys set created_at = now() - %s * interval '1 hour' where owner_id = %s",
            (hours, someone.id),
        )


def test_the_trash_is_emptied_once_under_a_key(ann: Person) -> None:
    def trashed(title: str) -> int:
        made = ann.adds(title)
        ann.delete(f"/tasks/{made['id']}")
        return int(made["id"])

    trashed("Milk")
    sent = {"Idempotency-Key": key()}

    first = ann.delete("/trash", headers=sent)
    bread = trashed("Bread")
    again = ann.delete("/trash", headers=sent)

    assert (first.status_code, again.status_code) == (204, 204)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert [task["id"] for task in ann.get("/trash").json()] == [bread]
    assert ann.delete("/trash", headers={"Idempotency-Key": key()}).status_code == 204
    assert ann.get("/trash").json() == []


def test_equal_keys_of_changes_in_flight_change_once(ann: Person) -> None:
    path = f"/tasks/{ann.adds('Milk')['id']}"
    sent = {"Idempotency-Key": key()}

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: ann.patch(path, json={"status": "Done"}, headers=sent), range(8)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count("true") == 7


def test_a_key_on_a_read_means_nothing(ann: Person) -> None:
    made = ann.adds("Milk")

    for _ in range(2):
        answer = ann.get(f"/tasks/{made['id']}", headers={"Idempotency-Key": "same"})
        assert (answer.status_code, "idempotent-replayed" in answer.headers) == (200, False)


def test_a_restore_is_repeated_without_harm(ann: Person, bob: Person) -> None:
    task = ann.adds("Milk")
    path, sent = f"/tasks/{task['id']}", key()

    def restore(someone: Person, key: str = sent, path: str = path) -> httpx.Response:
        return someone.post(f"{path}/restore", headers={"Idempotency-Key": key})

    assert restore(ann).status_code == 404
    ann.delete(path)
    assert restore(bob).status_code == 404
    first = restore(ann)
    ann.patch(path, json={"title": "Oat milk"})
    again = restore(ann)

    assert (first.status_code, first.json()["title"]) == (200, "Milk")
    assert "idempotent-replayed" not in first.headers
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert again.headers["idempotent-replayed"] == "true"
    assert ann.get(path).json()["title"] == "Oat milk"

    ann.delete(path)
    assert restore(ann).headers["idempotent-replayed"] == "true"
    assert ann.get(path).status_code == 404
    assert restore(ann, key()).status_code == 200
    another = ann.adds("Bread")
    ann.delete(f"/tasks/{another['id']}")
    reused = restore(ann, path=f"/tasks/{another['id']}")
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
    assert post(ann, sent).json()["code"] == "idempotency_key_reused"
    assert restore(ann, "a b").json()["code"] == "validation_failed"
