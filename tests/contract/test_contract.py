"""What every call has in common: errors and their order, headers, CORS, slashes, HEAD, the operator's pages."""

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import psycopg
import pytest

from conftest import settings_for
from support.answers import problem, task
from support.people import Person
from support.serving import serving
from support.signing import Signer
from support.wire import answer_on, ask, connected, exchange
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.migrations import migrate
from taskward.settings import SettingsError, read_settings

ORIGIN = "http://localhost:3000"
TOO_LARGE = b'{"title":"Milk"}'.ljust(64 * 1024 + 1)

CALLS = [
    ("GET", "/tasks"),
    ("HEAD", "/tasks"),
    ("POST", "/tasks"),
    ("GET", "/tasks/1"),
    ("HEAD", "/tasks/1"),
    ("PUT", "/tasks/1"),
    ("PATCH", "/tasks/1"),
    ("DELETE", "/tasks/1"),
]
OPEN_PATHS = ["/health", "/ready", "/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"]

ALLOWED = {
    "/tasks": "GET, HEAD, POST",
    "/tasks/1": "DELETE, GET, HEAD, PATCH, PUT",
    "/tasks/no-id": "DELETE, GET, HEAD, PATCH, PUT",
    "/health": "GET, HEAD",
    "/ready": "GET, HEAD",
    "/openapi.json": "GET, HEAD",
    "/docs": "GET, HEAD",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY", "PROPFIND", "PURGE")


@pytest.fixture(scope="module")
def strict_api(database_url: str, issuer: LocalIssuer) -> Iterator[str]:
    settings = settings_for(database_url, require_if_match=True, api_prefix="/api/v1")
    with serving(create_app(settings, local_issuer=issuer)) as address:
        yield address


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


@pytest.fixture
def visitor(api: str) -> Iterator[httpx.Client]:
    """Somebody without a token."""
    with httpx.Client(base_url=api, trust_env=False, verify=False) as client:
        yield client


# Errors


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
        assert document["detail"] == "There is nothing at this path."


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
    strict_api: str,
    person: Callable[..., Person],
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
) -> None:
    ann = person("ann", api=f"{strict_api}/api/v1")
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
    answer = ask(strict_api, method.encode(), target.encode(), headers=lines, body=body)

    assert answer.status_code == status, answer.text
    problem(answer, status, answer.json()["code"])


def test_a_bug_is_told_as_500_without_what_happened_and_the_server_goes_on(
    new_database: Callable[..., str], issuer: LocalIssuer, person: Callable[..., Person]
) -> None:
    url = new_database()
    migrate(url)
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
        assert time.monotonic() - began < 2.5
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


# Headers


def answers_of_every_kind(ann: Person) -> list[httpx.Response]:
    milk = f"/tasks/{ann.adds('Milk')['id']}"
    stranger = {"Authorization": ""}
    return [
        ann.get("/tasks"),
        ann.post("/tasks", json={"title": "Milk"}),
        ann.get(milk),
        ann.send("HEAD", milk),
        ann.get(milk, headers={"If-None-Match": "*"}),
        ann.put(milk, json={"title": "Milk"}),
        ann.patch(milk, json={}),
        ann.patch(milk, json={"title": "Milk"}, headers={"If-Match": "x"}),
        ann.delete(milk),
        ann.get(milk),
        ann.get(milk, headers=stranger),
        ann.patch("/tasks"),
        ann.post("/tasks", content=b"{}"),
        ann.post("/tasks", json={}),
        ann.post("/tasks", content=TOO_LARGE, headers={"Content-Type": "application/json"}),
        ann.get("/nowhere", headers=stranger),
        *(ann.get(path, headers=stranger) for path in OPEN_PATHS),
        ann.send("OPTIONS", "/tasks", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}),
        ann.send("OPTIONS", "/tasks", headers={"Origin": "http://evil", "Access-Control-Request-Method": "GET"}),
    ]


def test_every_answer_forbids_to_store_and_to_guess_and_carries_its_request_id_once(ann: Person) -> None:
    answers = answers_of_every_kind(ann)

    assert {answer.status_code for answer in answers} >= {200, 201, 204, 304, 400, 401, 404, 405, 412, 413, 415, 422}
    for answer in answers:
        headers = [name for name, _ in answer.headers.multi_items()]
        assert answer.headers["cache-control"] == "no-store"
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
    assert steady(head) == steady(got) == steady(slashed)


def steady(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}


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


# CORS


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/tasks", "/tasks/1", "/health", "/nowhere"])
def test_a_preflight_needs_no_token(visitor: httpx.Client, method: str, path: str) -> None:
    asked = "authorization, content-type,if-match, If-None-Match, idempotency-key, x-request-id"
    answer = visitor.options(
        path,
        headers={"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": asked},
    )

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-max-age"] == "600"
    assert listed(answer, "access-control-allow-methods") == {"get", "head", "post", "put", "patch", "delete"}
    assert listed(answer, "access-control-allow-headers") >= {part.strip().lower() for part in asked.split(",")}
    assert "origin" in listed(answer, "vary")


def test_a_preflight_may_list_names_on_several_lines_with_nothing_between_commas(visitor: httpx.Client) -> None:
    name = "Access-Control-Request-Headers"
    for lines in ([""], [","], ["authorization,"], ["authorization, ,content-type", "if-match"]):
        asked = [("Origin", ORIGIN), ("Access-Control-Request-Method", "POST"), *((name, line) for line in lines)]
        assert visitor.options("/tasks", headers=asked).status_code == 200
    asked = [("Origin", ORIGIN), ("Access-Control-Request-Method", "POST"), (name, "if-match"), (name, "cookie")]
    problem(visitor.options("/tasks", headers=asked), 400, "preflight_refused")


def test_too_large_a_preflight_is_told_so(visitor: httpx.Client) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "X-Filler": "x" * 16 * 1024}

    answer = visitor.options("/tasks", headers=asked)

    problem(answer, 431, "header_too_large")
    assert answer.headers["connection"] == "close"
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        ("http://evil.example", "GET", ""),
        ("null", "GET", ""),
        ("http://localhost", "GET", ""),
        ("https://localhost:3000", "GET", ""),
        ("http://localhost:3000.evil.example", "GET", ""),
        ("HTTP://LOCALHOST:3000", "GET", ""),
        (ORIGIN, "TRACE", ""),
        (ORIGIN, "get", ""),
        (ORIGIN, "GET", "x-other"),
        (ORIGIN, "GET", "authorization, cookie"),
    ],
)
def test_a_refused_preflight_is_a_problem_document(
    visitor: httpx.Client, origin: str, method: str, headers: str
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    answer = visitor.options("/tasks", headers=asked | ({"Access-Control-Request-Headers": headers} if headers else {}))

    problem(answer, 400, "preflight_refused")
    assert answer.headers.get("access-control-allow-origin") == (ORIGIN if origin == ORIGIN else None)
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_listed_origin_may_read_every_answer_and_no_other(ann: Person) -> None:
    ann.http.headers["Origin"] = ORIGIN
    for answer in answers_of_every_kind(ann)[:-1]:
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "origin" in listed(answer, "vary")
        if answer.request.method != "OPTIONS":
            assert listed(answer, "access-control-expose-headers") == {
                "etag", "link", "location", "retry-after", "www-authenticate", "x-request-id", "idempotent-replayed"
            }  # fmt: skip

    ann.http.headers["Origin"] = "http://evil.example"
    for answer in answers_of_every_kind(ann)[:-2]:
        assert "access-control-allow-origin" not in answer.headers


def test_the_origins_are_those_of_the_settings(database_url: str, issuer: LocalIssuer) -> None:
    settings = settings_for(database_url, cors_origins="https://A.example/, capacitor://localhost")

    with serving(create_app(settings, local_issuer=issuer)) as address:
        allowed = {
            origin: httpx.get(f"{address}/health", headers={"Origin": origin}).headers.get(
                "access-control-allow-origin"
            )
            for origin in ("https://a.example", "capacitor://localhost", ORIGIN)
        }

    assert allowed == {
        "https://a.example": "https://a.example",
        "capacitor://localhost": "capacitor://localhost",
        ORIGIN: None,
    }


def listed(answer: httpx.Response, header: str) -> set[str]:
    return {part.strip().lower() for part in answer.headers[header].split(",")}


# The operator's pages


def test_health_and_ready_say_so(visitor: httpx.Client) -> None:
    health, ready = visitor.get("/health"), visitor.get("/ready")

    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert health.headers["content-type"] == ready.headers["content-type"] == "application/json"


def test_ready_says_what_is_missing_when_the_schema_goes(
    new_database: Callable[..., str], issuer: LocalIssuer, person: Callable[..., Person]
) -> None:
    url = new_database()
    migrate(url)
    with serving(create_app(settings_for(url), local_issuer=issuer)) as address:
        ann = person("ann", api=address)
        ann.adds("Milk")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("drop table tasks")

        ready, call = ann.get("/ready"), ann.get("/tasks")

    assert "taskward migrate" in problem(ready, 503, "database_unavailable")["detail"]
    problem(call, 503, "database_unavailable")


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_docs_page_loads_all_it_needs_from_here(visitor: httpx.Client, path: str) -> None:
    page = visitor.get(path)

    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"(src|href|url|action)\s*[=:]\s*[\"'](https?:)?//", page.text)
    loaded = re.findall(r"(?:src|href|url)\s*[=:]\s*[\"']([^\"']+)", page.text)
    assert len(loaded) == 4
    for found in loaded:
        assert visitor.get(str(page.url.join(found))).status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())


def test_what_the_docs_page_loads_has_its_type(visitor: httpx.Client) -> None:
    for path, media_type in [
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/swagger-ui.css", "text/css"),
        ("/docs/favicon-32x32.png", "image/png"),
        ("/openapi.json", "application/json"),
    ]:
        assert visitor.get(path).headers["content-type"].partition(";")[0] == media_type


def test_an_application_needs_a_database() -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL is missing: .*\.$"):
        create_app(read_settings())


def test_below_a_prefix_are_the_tasks_alone(strict_api: str, person: Callable[..., Person]) -> None:
    ann = person("ann", api=strict_api)

    created = ann.post("/api/v1/tasks", json={"title": "Milk"})

    assert ann.get(created.headers["location"]).json() == task(created, 201)
    for path in OPEN_PATHS:
        assert ann.get(path).status_code == 200
        problem(ann.get(f"/api/v1{path}"), 404, "route_not_found")
    problem(ann.get("/tasks"), 404, "route_not_found")
    assert ann.patch("/api/v1/tasks/").headers["allow"] == "GET, HEAD, POST"


# Nothing a client can send gives 500

BODIES = [
    b"", b" ", b"\0", b"\xff", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), "{}".encode("utf-32"), b"{", b"}", b"[]]",
    b"nul", b"NaN", b"-Infinity", b"1e400", b"-1e400", b"9" * 400, b"9" * 5000, b"-0", b"0.1e-400", b"null", b"[]",
    b'""', b"0", b'{"title":NaN}', b'{"title":1e400}', b'{"title":' + b"9" * 5000 + b"}", rb'{"title":"\u0000"}',
    rb'{"title":"a\u0000b"}', rb'{"title":"\ud800"}', rb'{"title":"\udfff\ud800"}', b'{"title":"\xed\xa0\x80"}',
    b'{"title":"\xff"}', rb'{"\ud800":1}', rb'{"\u0000":1}', b'{"title":"a","title":"b"}',
    b'{"title":"a","x":{"y":[{"z":1,"z":1}]}}', b"[" * 32 + b"]" * 32, b"[" * 33 + b"]" * 33, b"[" * 65_000,
    b'{"a":' * 13_000, b"[" * 30_000 + b"]" * 30_000, b'{"title":' + b"[" * 31 + b"]" * 31 + b"}",
    b'{"title":' + b"[" * 32 + b"]" * 32 + b"}", b'{"title":"' + b"x" * 65_000 + b'"}',
    b'{"description":"' + b"\xf0\x9f\xa7\x80" * 16_000 + b'"}', b'{"title":"a","cls":1}', b'{"self":1}',
    b'{"__class__":1}', b'{"":1}', b'{"title":"a\n"}', b'{"status":"\xc3\xa9"}', b'{"title":{"title":{"title":"a"}}}',
    b"[" + b"0," * 30_000 + b"0]", b'{"x":' + b"1" * 60_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:24]))
def test_no_body_is_a_bug(api: str, ann: Person, body: bytes) -> None:
    for method, target in ((b"POST", b"/tasks"), (b"PUT", b"/tasks/1"), (b"PATCH", b"/tasks/1")):
        lines = [b"Content-Type: application/json"] + ([] if body else [b"Content-Length: 0"])
        problem(ask(api, method, target, token=ann.token, headers=lines, body=body), 422, "validation_failed")
    assert ann.tasks() == []


QUERIES = [
    b"skip=-1", b"limit=0", b"limit=501", b"limit=1e2", b"skip=2147483648", b"skip=%00", b"limit=%ff",
    b"skip=1&skip=1", b"cursor=%00", b"cursor=%ff%fe", b"cursor=%ED%A0%80", b"cursor=a&cursor=b",
    b"cursor=" + b"A" * 30_000, b"cursor", b"skip", b"unknown=1", b"%ff=%ff", b"%00", b"=", b"a=b=c", b"skip=%",
    b"skip=%zz", b"skip=%u0031", b"limit[$gt]=1", b"limit=1&limit", b"limit=1+1", b"sort=id;drop%20table",
    b"&".join(b"x%d=1" % number for number in range(3000)),
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: repr(query[:24]))
def test_no_query_is_a_bug(api: str, ann: Person, query: bytes) -> None:
    answer = ask(api, b"GET", b"/tasks?" + query, token=ann.token)

    problem(answer, 422, answer.json()["code"])


HEADERS = [
    b'If-Match: "', b"If-Match: \xff", b"If-Match:", b'If-Match: "' + b"9" * 5000 + b'"',
    b"If-Match: " + b'"1",' * 5000, b"If-Match: " + b"," * 10_000, b"If-Match: *, *", b'If-None-Match: "\xff", W/"',
    b"If-None-Match: " + b'W/"' * 5000, b"If-Modified-Since: never", b"If-Range: x", b"Range: bytes=0-1,2-",
    b"Accept: text/html", b"Accept: \xff", b"TE: trailers", b"Accept-Encoding: identity;q=0, *;q=0",
    b"Content-Encoding: gzip", b"Expect: 100-continue", b"Expect: 200-ok",
    b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13", b"Upgrade: h2c", b"Cookie: \xff=;;;=",
    b"X-Forwarded-For: \xff", b"X-Forwarded-Proto: javascript", b"X-Forwarded-Host: [", b"Forwarded: for=\"",
    b"Origin: \xff", b"Host: [", b"Host: a b", b"Host: \xff", b"Host:", b"X-HTTP-Method-Override: DELETE",
    b"X-Original-URL: /health", b"Idempotency-Key: \xff", b"Content-Type: \xff",
    b"Content-Type: application/json\xff", b"Date: \xff", b"Via: " + b"x" * 10_000, b"X: " + b"\xff" * 10_000,
    b"\r\n".join(b"X-%d: y" % number for number in range(500)), b"X-Request-ID: \xff",
]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: repr(header[:24]))
def test_no_header_is_a_bug(api: str, ann: Person, header: bytes) -> None:
    for title in "ab":
        ann.adds(title)
    milk = f"/tasks/{ann.adds('Milk')['id']}".encode()

    for method, target, body in [
        (b"GET", milk, b""),
        (b"GET", b"/tasks?limit=1", b""),
        (b"GET", b"/health", b""),
        (b"OPTIONS", b"/tasks", b""),
        (b"PATCH", milk, b'{"title":"x"}'),
        (b"DELETE", milk, b""),
    ]:
        answer = ask(api, method, target, token=ann.token, headers=[header], body=body, is_json=bool(body))
        assert answer.status_code < 500
        if answer.status_code >= 400 and not is_of_the_server(answer):
            problem(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /tasks\r\n\r\n",
        b"GET  /tasks HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /tasks HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /tasks HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /tasks HTTP/1.1\r\nX: a\0b\r\n\r\n",
        b"GET /ta sks HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /tasks\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /tasks?x=\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET tasks HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1_0\r\n\r\n",
        b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /tasks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
    ],
    ids=lambda request: repr(request[:40]),
)
def test_what_is_no_http_is_refused_by_the_server(api: str, request_bytes: bytes) -> None:
    answer = exchange(api, request_bytes)

    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("method", ["FOO", "get", "BREW", "M-SEARCH", "CONNECT", "PROPFIND", "X" * 64])
def test_a_method_that_nobody_knows_is_not_allowed(api: str, method: str) -> None:
    """Also on a connection that goes on."""
    request = f"{method} /tasks HTTP/1.1\r\nHost: x\r\nOrigin: http://localhost:3000\r\n\r\n".encode()
    with connected(api) as connection:
        for _ in range(2):
            connection.sendall(request)
            answer = answer_on(connection)

            problem(answer, 405, "method_not_allowed")
            assert answer.headers["allow"] == "GET, HEAD, POST"
            assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        connection.sendall(request.replace(b"/tasks", b"/nowhere"))
        problem(answer_on(connection), 404, "route_not_found")


def test_requests_in_a_row_are_read_alike_wherever_the_network_cuts_them(api: str) -> None:
    first = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    second = b"GET /tasks HTTP/1.1\r\nHost: localhost\r\nX-Words: some words here\r\nX-Request-ID: second\r\n\r\n"
    with connected(api) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(second)):
            connection.sendall(first + second[:cut])
            assert answer_on(connection).status_code == 200  # so the server has read all that was sent
            connection.sendall(second[cut:])
            answer = answer_on(connection)

            problem(answer, 401, "token_missing")
            assert answer.headers["x-request-id"] == "second"


@pytest.mark.parametrize(
    "upgrade",
    [
        b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
        b"Connection: Upgrade\r\nUpgrade: foo\r\n",
        b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    ],
)
def test_nothing_behind_a_request_to_upgrade_is_taken_for_a_request(api: str, ann: Person, upgrade: bytes) -> None:
    """Who asks for another protocol gets HTTP, and a connection that ends."""
    smuggled = b"POST /tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
    smuggled = smuggled % ann.token.encode() + b'Content-Length: 17\r\n\r\n{"title": "Milk"}'
    for framing in (b"Content-Length: %d\r\n" % len(smuggled), b"Transfer-Encoding: chunked\r\n", b""):
        with connected(api) as connection:
            connection.sendall(b"POST /tasks HTTP/1.1\r\nHost: x\r\n" + upgrade + framing + b"\r\n")
            time.sleep(0.05)
            with suppress(ConnectionError):
                connection.sendall(smuggled)
            answer = answer_on(connection)

            problem(answer, 401, "token_missing")
            assert answer.headers["connection"] == "close"
            with suppress(ConnectionError):
                assert connection.recv(1000) == b""
    assert ann.tasks() == []


def test_who_says_nothing_more_after_a_request_still_gets_its_answer(api: str, ann: Person) -> None:
    """As `printf … | nc -N` does."""
    body = b'{"title": "Milk"}'
    head = b"POST /tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n"
    for _ in range(5):
        with connected(api) as connection:
            connection.sendall(head % ann.token.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            connection.shutdown(socket.SHUT_WR)

            assert answer_on(connection).status_code == 201
            assert connection.recv(1) == b""


@pytest.mark.parametrize("body", [b"zz\r\n", b"5\r\nab\r\n0\r\n\r\n", b"-1\r\n", b"fffffffffffffffffff\r\n"])
def test_a_broken_chunk_ends_the_connection_and_nothing_else(api: str, ann: Person, body: bytes) -> None:
    head = (
        "POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: Bearer {ann.token}\r\n\r\n"
    ).encode()

    assert exchange(api, head + body).status_code == 400
    assert ann.tasks() == []


def is_of_the_server(answer: httpx.Response) -> bool:
    """The server below the application refuses what is no HTTP."""
    return answer.status_code == 400 and answer.headers["content-type"].startswith("text/plain")
