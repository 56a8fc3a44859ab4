"""How a route reads a request; unit/test_task_bodies.py and unit/test_parameters.py have more values of each type."""

import json
import time
from itertools import islice, product
from string import ascii_letters
from typing import Any

import pytest

from support.answers import problem, task
from support.people import Person
from support.wire import ask, chunked, connected, exchange
from taskward.http.bodies import MAX_BODY_BYTES
from taskward.resources.shapes import MAX_ERRORS
from taskward.tasks.model import TaskCreate

JSON = {"Content-Type": "application/json"}
FIELDS = f"allowed are {', '.join(TaskCreate.model_fields)}"
PARAMETERS = (
    "known are count, cursor, due_after, due_before, limit, list, overdue, parent, priority, q, skip, sort, status, "
    "tag, time_zone"
)


def padded(size: int) -> bytes:
    """The same task in a body of so many bytes."""
    return b'{"title":"Milk"}'.ljust(size)


def refusal(person: Person, body: Any, *, method: str = "POST", path: str = "/tasks") -> dict[str, Any]:
    answer = person.send(method, path, content=body if isinstance(body, bytes) else json.dumps(body), headers=JSON)
    return problem(answer, 422, "validation_failed")


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json ; charset=UTF-16",
        "application/merge-patch+json",
    ],
)
def test_a_body_that_is_called_json_is_read_as_json(ann: Person, media_type: str) -> None:
    task(ann.post("/tasks", content=padded(20), headers={"Content-Type": media_type}), 201)


@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "application/jsonp",
        "application/json, text/plain",
        "multipart/form-data; boundary=json",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_that_is_not_called_json_is_not_read(ann: Person, method: str, media_type: str | None) -> None:
    path = "/tasks" if method == "POST" else "/tasks/1"
    headers = {} if media_type is None else {"Content-Type": media_type}

    document = problem(ann.send(method, path, content=b"{", headers=headers), 415, "unsupported_media_type")

    assert "application/json" in document["detail"]


def test_a_body_may_be_as_large_as_the_limit_and_no_larger(api: str, ann: Person) -> None:
    def chunks(size: int) -> list[bytes]:
        return [padded(size)[:1000], padded(size)[1000:]]

    task(ann.post("/tasks", content=padded(MAX_BODY_BYTES), headers=JSON), 201)
    task(ann.post("/tasks", content=iter(chunks(MAX_BODY_BYTES)), headers=JSON), 201)
    problem(ann.post("/tasks", content=padded(MAX_BODY_BYTES + 1), headers=JSON), 413, "body_too_large")
    problem(ann.post("/tasks", content=iter(chunks(MAX_BODY_BYTES + 1)), headers=JSON), 413, "body_too_large")
    assert len(ann.tasks()) == 2


def test_a_body_that_is_too_large_is_refused_before_it_has_come(api: str, ann: Person) -> None:
    head = (
        "POST /tasks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {ann.token}\r\n"
    ).encode()

    announced = exchange(api, head + b"Content-Length: 10000000000\r\n\r\n")
    endless = exchange(api, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(padded(70_000), size=4_000)[:-5])

    problem(announced, 413, "body_too_large")
    problem(endless, 413, "body_too_large")


def test_a_client_that_leaves_within_its_body_harms_nobody(api: str, ann: Person) -> None:
    for start in (b"", b'{"title":'):
        with connected(api) as connection:
            connection.sendall(
                b"POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
                b"Authorization: Bearer " + ann.token.encode() + b"\r\n\r\n" + start
            )

    assert ann.tasks() == []


@pytest.mark.parametrize("body", [b"null", b"[]", b'""', b"0", b"true"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_that_is_no_object_is_refused(ann: Person, method: str, body: bytes) -> None:
    document = refusal(ann, body, method=method, path="/tasks" if method == "POST" else "/tasks/1")

    assert document["detail"] == "body: The body must be a JSON object."
    assert [error["loc"] for error in document["errors"]] == [["body"]]


def test_an_empty_body_is_no_json(ann: Person) -> None:
    assert refusal(ann, b"")["detail"] == "body: It is not valid JSON."


def test_detail_is_the_first_of_all_errors(ann: Person) -> None:
    document = refusal(ann, {"title": "", "description": 5, "status": "done"})

    assert document["detail"].startswith("body.title: ")
    assert [error["loc"] for error in document["errors"]] == [
        ["body", "title"],
        ["body", "description"],
        ["body", "status"],
    ]
    assert document["detail"].endswith(document["errors"][0]["message"])


@pytest.mark.parametrize("name", ["owner_id", "Title", "x" * 64])
def test_an_unknown_field_is_named_with_those_that_are_allowed(ann: Person, name: str) -> None:
    document = refusal(ann, {"title": "Milk", name: "hunter2"})

    assert document["detail"] == f"body.{name}: Unknown field; {FIELDS}."
    assert document["errors"][0]["loc"] == ["body", name]


@pytest.mark.parametrize(
    "name",
    ["cls", "self", "__class__", "kwargs", "model_config"],
)
def test_an_unknown_field_may_have_a_name_that_means_something_in_python(ann: Person, name: str) -> None:
    refusal(ann, {"title": "Milk", name: 1})
    refusal(ann, {"title": "Milk", name: {name: 1}}, method="PUT", path="/tasks/1")
    refusal(ann, {name: None}, method="PATCH", path="/tasks/1")


@pytest.mark.parametrize("name", ["", "<script>", "é", "x" * 65])
def test_an_unknown_field_with_an_odd_name_is_not_repeated(ann: Person, name: str) -> None:
    document = refusal(ann, {"title": "Milk", name: 1})

    assert document["errors"][0]["loc"] == ["body"]
    assert document["detail"] == f"body: Unknown field; {FIELDS}."


def test_only_so_many_errors_are_told(ann: Person) -> None:
    names = ("".join(letters) for letters in product(ascii_letters, repeat=3))
    body = dict.fromkeys(islice(names, 6000), 1)

    document = refusal(ann, json.dumps(body, separators=(",", ":")).encode())

    assert len(document["errors"]) == MAX_ERRORS


@pytest.mark.parametrize(
    "body",
    [
        {"title": "hunter2" * 100},
        {"title": "Milk", "owner_id": "hunter2"},
        ["hunter2"],
        b'{"title": "hunter2',
        b'{"title": "hunter2", "title": "hunter2"}',
    ],
)
def test_no_refusal_repeats_what_was_sent(ann: Person, body: Any) -> None:
    for method, path in (("POST", "/tasks"), ("PUT", "/tasks/1"), ("PATCH", "/tasks/1")):
        assert "hunter2" not in json.dumps(refusal(ann, body, method=method, path=path))


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=1&sk%69p=1&skip=1", "query.skip: This parameter may stand only once."),
        ("page=1", f"query.page: Unknown parameter; {PARAMETERS}."),
        ("limit%00=1", f"query: Unknown parameter; {PARAMETERS}."),
        ("%ff=1", f"query: Unknown parameter; {PARAMETERS}."),
        ("limit=1;skip=1", "query.limit: This must be a whole number in digits."),
    ],
)
def test_a_query_says_each_thing_once_and_nothing_unknown(ann: Person, query: str, detail: str) -> None:
    assert problem(ann.get(f"/tasks?{query}"), 422, "validation_failed")["detail"] == detail


@pytest.mark.parametrize("query", ["", "&&", "_=1", "_=1&_=2&_nocache", "limit=1&", "_limit=x"])
def test_a_parameter_with_an_underscore_belongs_to_somebody_else(ann: Person, query: str) -> None:
    assert ann.get(f"/tasks?{query}").json() == []


@pytest.mark.timeout(10)
def test_a_very_long_query_takes_no_time(api: str, ann: Person) -> None:
    began = time.monotonic()

    answer = ask(api, b"GET", b"/tasks?" + b"_=1&" * 10_000 + b"limit=1", token=ann.token)

    assert answer.status_code == 200
    assert time.monotonic() - began < 5
