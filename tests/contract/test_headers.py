"""Headers that every answer has; slashes at the end of a path; HEAD."""

import re

import pytest

from support.answers import evidence, problem, task
from support.every_answer import OPEN_PATHS, answers_of_every_kind
from support.people import Person
from support.wire import answer_on, ask, connected


def test_every_answer_forbids_to_store_and_to_guess_and_carries_its_request_id_once(ann: Person) -> None:
    answers = answers_of_every_kind(ann)

    assert {answer.status_code for answer in answers} >= {200, 201, 204, 304, 400, 401, 404, 405, 412, 413, 415, 422}
    for answer in answers:
        headers = [name for name, _ in answer.headers.multi_items()]
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.headers["x-request-id"])
        assert len(headers) == len(set(headers))
        if answer.status_code >= 400 and answer.request.method != "HEAD":
            problem(answer, answer.status_code, answer.json()["code"])
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)


@pytest.mark.parametrize("sane", ["a", "0", "A-b_c.9", "x" * 128, "..", "018f4d5e-7e0c-7c1a-9d2f-3b6a5c4d3e2f"])
def test_a_sane_request_id_comes_back(ann: Person, sane: str) -> None:
    for path in ("/tasks", "/tasks/0", "/nowhere", "/health"):
        assert ann.get(path, headers={"X-Request-ID": sane}).headers["x-request-id"] == sane


@pytest.mark.parametrize(
    "value", [b"", b"a b", b"x" * 129, b"a,b", b"a/b", b"\xe9", b"<script>", b"a;b", b"${jndi:x}", b"%0d%0a"]
)
def test_an_insane_request_id_is_replaced(api: str, value: bytes) -> None:
    answer = ask(api, b"GET", b"/health", headers=[b"X-Request-ID: " + value])

    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    "path",
    ["/tasks", "{milk}", "/tasks/0", "/tasks/9007199254740991", "/tasks?limit=0", *OPEN_PATHS, "/nowhere", "/docs/x"],
)
def test_a_path_is_the_same_with_a_slash_at_its_end_and_head_is_get_without_a_body(ann: Person, path: str) -> None:
    path = path.format(milk=f"/tasks/{ann.adds('Milk')['id']}")
    name, _, query = path.partition("?")

    got, slashed, head = ann.get(path), ann.get(f"{name}/?{query}"), ann.send("HEAD", path)

    assert not got.has_redirect_location
    assert (slashed.status_code, slashed.content) == (got.status_code, got.content)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert evidence(head).headers == evidence(got).headers == evidence(slashed).headers


def test_writes_take_a_slash_too(ann: Person) -> None:
    milk = task(ann.post("/tasks/", json={"title": "Milk"}), 201)
    path = f"/tasks/{milk['id']}/"

    assert task(ann.put(path, json={"title": "a"}))["title"] == "a"
    assert task(ann.patch(path, json={"title": "b"}))["title"] == "b"
    assert ann.delete(path).status_code == 204


def test_head_spares_a_reader_too(ann: Person) -> None:
    milk = ann.adds("Milk")

    answer = ann.send("HEAD", f"/tasks/{milk['id']}", headers={"If-None-Match": "*"})

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"]


def test_after_head_or_a_refused_body_the_connection_still_serves(api: str, ann: Person) -> None:
    authorization = f"Host: localhost\r\nAuthorization: Bearer {ann.token}\r\n".encode()
    smuggled = b"DELETE /tasks HTTP/1.1\r\n\r\n"
    with connected(api) as connection:
        connection.sendall(b"HEAD /tasks HTTP/1.1\r\n" + authorization + b"\r\n")
        first = answer_on(connection, is_head=True)
        connection.sendall(
            b"POST /tasks HTTP/1.1\r\n"
            + authorization
            + b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(smuggled)
            + smuggled
        )
        second = answer_on(connection)
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        third = answer_on(connection)

    assert [first.status_code, second.status_code, third.status_code] == [200, 415, 200]
