"""Errors of every call and their order: tokens, paths, methods, and what the server lacks."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from support.answers import problem
from support.every_answer import OPEN_PATHS, ORIGIN, TOO_LARGE
from support.people import Person
from support.serving import serving
from support.settings import DEADLINE_SECONDS, settings_for
from support.signing import Signer
from support.wire import ask
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer

CALLS = [
    ("GET", "/tasks"),
    ("HEAD", "/tasks"),
    ("POST", "/tasks"),
    ("GET", "/tasks/1"),
    ("HEAD", "/tasks/1"),
    ("PUT", "/tasks/1"),
    ("PATCH", "/tasks/1"),
    ("DELETE", "/tasks/1"),
    ("GET", "/lists"),
    ("POST", "/lists"),
    ("GET", "/lists/1"),
    ("PUT", "/lists/1"),
    ("PATCH", "/lists/1"),
    ("DELETE", "/lists/1"),
    ("POST", "/lists/1/move"),
]
ALLOWED = {
    "/tasks": "GET, HEAD, POST",
    "/tasks/1": "DELETE, GET, HEAD, PATCH, PUT",
    "/tasks/no-id": "DELETE, GET, HEAD, PATCH, PUT",
    "/lists": "GET, HEAD, POST",
    "/lists/1": "DELETE, GET, HEAD, PATCH, PUT",
    "/health": "GET, HEAD",
    "/ready": "GET, HEAD",
    "/openapi.json": "GET, HEAD",
    "/docs": "GET, HEAD",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "PROPFIND", "PURGE")


@pytest.fixture(scope="module")
def stranded_api(issuer: LocalIssuer) -> Iterator[str]:
    """The API whose database does not answer."""
    with closed_port() as port:
        settings = settings_for(f"postgresql://nobody:hunter2@127.0.0.1:{port}/nothing")
        with serving(create_app(settings, local_issuer=issuer)) as address:
            yield address


class closed_port:  # noqa: N801 - reads as a function
    """A port that nobody listens to, kept so."""

    def __enter__(self) -> int:
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        return int(self.socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.socket.close()


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("Basic dXNlcjpwYXNz", "token_missing"),
        ("Bearer", "token_missing"),
        ("Bearer x", "token_invalid"),
        ("Bearer a.b.c", "token_invalid"),
        ("bearer {token}x", "token_invalid"),
        ("Bearer {expired}", "token_expired"),
    ],
)
def test_every_call_on_tasks_needs_a_valid_token(
    visitor: httpx.Client, ann: Person, issuer: LocalIssuer, authorization: str | None, code: str
) -> None:
    expired = issuer.token(ann.id, expires_in_seconds=60, now=time.time() - 3600)
    headers = {} if authorization is None else {"Authorization": authorization.format(token=ann.token, expired=expired)}
    challenge = "Bearer" if code == "token_missing" else 'Bearer error="invalid_token"'

    for method, path in CALLS:
        answer = visitor.request(method, path, headers=headers, content=b"{")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)
        if method != "HEAD":
            problem(answer, 401, code)
            assert ann.token not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "BeArEr"])
def test_the_scheme_of_a_token_is_taken_in_any_case(visitor: httpx.Client, ann: Person, scheme: str) -> None:
    assert visitor.get("/tasks", headers={"Authorization": f"{scheme} {ann.token}"}).status_code == 200


def test_a_token_in_the_query_or_a_cookie_is_no_token(visitor: httpx.Client, ann: Person) -> None:
    for query in ("access_token", "token", "authorization"):
        problem(visitor.get("/tasks", params={query: ann.token}), 401, "token_missing")
    problem(visitor.get("/tasks", headers={"Cookie": f"token={ann.token}"}), 401, "token_missing")


@pytest.mark.parametrize("path", OPEN_PATHS)
def test_the_operators_pages_need_no_token(visitor: httpx.Client, path: str) -> None:
    for authorization in ({}, {"Authorization": "Bearer x"}):
        assert visitor.get(path, headers=authorization).status_code == 200


@pytest.mark.parametrize("path", ALLOWED)
def test_a_method_that_a_path_does_not_take_is_told_those_it_takes(api: str, path: str) -> None:
    for method in set(METHODS) - set(ALLOWED[path].split(", ")):
        for slash in ("", "/"):
            answer = ask(api, method.encode(), f"{path}{slash}".encode())
            document = problem(answer, 405, "method_not_allowed")
            assert answer.headers["allow"] == ALLOWED[path]
            assert document["detail"] == f"This path takes {ALLOWED[path]}."


NOWHERE = """/ // /task /tasks/1/2 /tasks// //tasks /Tasks /tasks/1// /api/v1/tasks /docs/x /docs/x/y /redoc /health/x
    /favicon.ico /.env /docs/.. /docs/%2e%2e%2fapp.py /tasks%0A /tasks%0A/ /health%0A /health%0A/ /docs%0A/ /docs/%0A
    /docs/swagger-ui.css%0A /tasks%00 /tasks%3Fskip=1 /%ff /% /tasks;x=1 /tasks%20 /tasks%0D *"""


@pytest.mark.parametrize("path", [*NOWHERE.split(), "/a" * 3000])
def test_a_path_that_leads_nowhere_is_not_found_even_without_a_token(api: str, path: str) -> None:
    for method in (b"GET", b"POST", b"DELETE", b"OPTIONS"):
        document = problem(ask(api, method, path.encode()), 404, "route_not_found")
        assert document["detail"] == "There is nothing at this path; the documentation is at /docs."


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        # 404 and 405 of the route come before 401
        ("POST", "/nowhere", {"authorization": None, "content": TOO_LARGE}, 404),
        ("PATCH", "/tasks", {"authorization": None, "content": b"{"}, 405),
        ("POST", "/tasks/no-id", {"authorization": "Bearer x"}, 405),
        # 401 before 415
        ("POST", "/tasks", {"authorization": None, "media_type": "text/plain"}, 401),
        ("PUT", "/tasks/no-id", {"authorization": "Bearer x", "content": TOO_LARGE}, 401),
        ("GET", "/tasks/no-id", {"authorization": None}, 401),
        ("GET", "/tasks?limit=x", {"authorization": None}, 401),
        # 415 before 413
        ("POST", "/tasks", {"media_type": "text/plain", "content": TOO_LARGE}, 415),
        ("PUT", "/tasks/no-id", {"media_type": None, "content": TOO_LARGE}, 415),
        # 413 before 422
        ("PATCH", "/tasks/no-id", {"content": TOO_LARGE}, 413),
        ("POST", "/tasks", {"content": b"{" * 70_000}, 413),
        # 422 before 428
        ("PATCH", "/tasks/no-id", {}, 422),
        ("PATCH", "/tasks/1", {"content": b"{"}, 422),
        ("PATCH", "/tasks/1", {"content": b'{"title":""}'}, 422),
        ("DELETE", "/tasks/0", {}, 422),
        # 428 before 404 of the task
        ("PUT", "/tasks/9007199254740991", {}, 428),
        ("PATCH", "/tasks/9007199254740991", {"content": b"{}"}, 428),
        ("DELETE", "/tasks/9007199254740991", {}, 428),
        # 404 of the task before 412
        ("DELETE", "/tasks/9007199254740991", {"if_match": '"1"'}, 404),
        ("PATCH", "/tasks/9007199254740991", {"if_match": "x"}, 404),
        # and 412 at last
        ("PATCH", "{milk}", {"if_match": '"1"'}, 412),
    ],
)
def test_of_several_errors_the_first_in_order_is_answered(
    careful_api: str,
    person: Callable[..., Person],
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
) -> None:
    ann = person("ann", api=careful_api)
    milk = ann.adds("Milk")
    headers = {"Authorization": f"Bearer {ann.token}", "Content-Type": "application/json", "If-Match": None}
    headers |= {
        {"authorization": "Authorization", "media_type": "Content-Type", "if_match": "If-Match"}[name]: value
        for name, value in options.items()
        if name != "content"
    }
    lines = [f"{name}: {value}".encode() for name, value in headers.items() if value is not None]
    body = options.get("content", b'{"title":"Milk"}' if method in ("POST", "PUT", "PATCH") else b"")

    target = "/api/v1" + path.format(milk=f"/tasks/{milk['id']}")
    answer = ask(careful_api, method.encode(), target.encode(), headers=lines, body=body)

    assert answer.status_code == status, answer.text
    problem(answer, status, answer.json()["code"])


def test_a_bug_is_told_as_500_without_what_happened_and_the_server_goes_on(
    new_database: Callable[..., str], issuer: LocalIssuer, person: Callable[..., Person]
) -> None:
    url = new_database(is_migrated=True)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter table tasks add constraint nobody_expects check (title <> 'hunter2')")

    with serving(create_app(settings_for(url, database_pool_size=1), local_issuer=issuer)) as address:
        ann = person("ann", api=address)
        answer = ann.post("/tasks", json={"title": "hunter2"}, headers={"Origin": ORIGIN, "X-Request-ID": "r-1"})
        after = ann.adds("Milk")

        document = problem(answer, 500, "internal_error")
        assert not re.search("hunter2|nobody_expects|constraint|Traceback|sql", json.dumps(document), re.IGNORECASE)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["x-request-id"] == "r-1"
        assert ann.tasks() == [after]


def test_without_a_database_calls_say_so_within_the_deadline(stranded_api: str, person: Callable[..., Person]) -> None:
    ann = person("ann", api=stranded_api)

    for method, path, body in [
        ("GET", "/tasks", None),
        ("POST", "/tasks", {"title": "Milk"}),
        ("GET", "/tasks/1", None),
        ("PUT", "/tasks/1", {"title": "Milk"}),
        ("PATCH", "/tasks/1", {}),
        ("PATCH", "/tasks/1", {"title": "Milk"}),
        ("DELETE", "/tasks/1", None),
    ]:
        began = time.monotonic()
        answer = ann.send(method, path, json=body, headers={"Origin": ORIGIN})
        document = problem(answer, 503, "database_unavailable")
        assert time.monotonic() - began < DEADLINE_SECONDS
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert not re.search("hunter2|nobody|nothing|127", document["detail"])


def test_without_a_database_everything_that_needs_none_still_works(
    stranded_api: str, person: Callable[..., Person]
) -> None:
    ann = person("ann", api=stranded_api)

    ready = ann.get("/ready")
    problem(ready, 503, "database_unavailable")
    assert "hunter2" not in ready.text
    assert int(ready.headers["retry-after"]) >= 1
    assert ann.get("/health").json() == {"status": "ok"}
    assert ann.get("/docs").status_code == ann.get("/openapi.json").status_code == 200
    problem(ann.get("/tasks", headers={"Authorization": "Bearer x"}), 401, "token_invalid")
    problem(ann.get("/nowhere"), 404, "route_not_found")
    problem(ann.patch("/tasks"), 405, "method_not_allowed")
    problem(ann.post("/tasks", content=b"{}"), 415, "unsupported_media_type")
    problem(ann.post("/tasks", content=TOO_LARGE, headers={"Content-Type": "application/json"}), 413, "body_too_large")
    problem(ann.post("/tasks", json={}), 422, "validation_failed")
    problem(ann.get("/tasks/0"), 422, "validation_failed")
    problem(ann.get("/tasks?cursor=x"), 422, "cursor_invalid")


def test_without_keys_a_call_says_so(database_url: str, issuer: LocalIssuer) -> None:
    with closed_port() as port:
        signer = Signer(f"http://127.0.0.1:{port}")
        with serving(create_app(settings_for(database_url, better_auth_url=signer.origin))) as address:
            answer = httpx.get(f"{address}/tasks", headers={"Authorization": f"Bearer {signer.token()}"})

    problem(answer, 503, "keys_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers
