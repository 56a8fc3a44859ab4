"""CORS: preflights, and who may read answers."""

import httpx
import pytest
from starlette.datastructures import Headers

from support.answers import problem
from support.every_answer import ORIGIN, answers_of_every_kind
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.http.cors import Cors
from taskward.settings import Settings


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/tasks", "/tasks/1", "/health", "/nowhere"])
def test_a_preflight_needs_no_token(visitor: httpx.Client, method: str, path: str) -> None:
    asked = (
        "authorization, content-type,if-match, If-None-Match, idempotency-key, x-request-id, baggage, sentry-trace, "
        "traceparent, tracestate, x-requested-with, cache-control, pragma, accept, accept-language"
    )
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


def test_a_listed_page_may_call_into_a_private_network(visitor: httpx.Client) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}

    allowed = visitor.options("/tasks", headers=asked | {"Origin": ORIGIN})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-private-network"] == "true"
    assert "access-control-request-private-network" in listed(allowed, "vary")

    other = visitor.options("/tasks", headers=asked | {"Origin": "http://evil.example"})
    problem(other, 400, "preflight_refused")
    assert "access-control-allow-private-network" not in other.headers
    del asked["Access-Control-Request-Private-Network"]
    for value in ({}, {"Access-Control-Request-Private-Network": "false"}):
        answer = visitor.options("/tasks", headers=asked | {"Origin": ORIGIN} | value)
        assert answer.status_code == 200
        assert "access-control-allow-private-network" not in answer.headers


def test_too_large_a_preflight_is_told_so(visitor: httpx.Client) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST", "X-Filler": "x" * 16 * 1024}

    answer = visitor.options("/tasks", headers=asked)

    problem(answer, 431, "header_too_large")
    assert answer.headers["connection"] == "close"
    assert answer.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize(
    ("origin", "method", "headers", "reasons"),
    [
        ("http://evil.example", "GET", "", "the origin http://evil.example is not among CORS_ORIGINS"),
        ("null", "GET", "", "the origin null is not"),
        ("http://localhost", "GET", "", "the origin http://localhost is not"),
        ("https://localhost:3000", "GET", "", "the origin https://localhost:3000 is not"),
        ("http://localhost:3000.evil.example", "GET", "", "the origin http://localhost:3000.evil.example is not"),
        ("HTTP://LOCALHOST:3000", "GET", "", "its origin is not"),
        ("http://<script>", "GET", "", "its origin is not"),
        (ORIGIN, "TRACE", "", "the method TRACE is not one of DELETE, GET, HEAD, PATCH, POST, PUT."),
        (ORIGIN, "get", "", "the method get is not one of"),
        (ORIGIN, "<GET>", "", "its method is not one of"),
        (ORIGIN, "GET", "x-other", "the header x-other is not among those that pages may send, nor in CORS_HEADERS."),
        (ORIGIN, "GET", "authorization, cookie", "the header cookie is not"),
        (ORIGIN, "GET", "a<b", "its header is not"),
        ("http://a.example", "BREW", "x-1, x-2", "a.example is not|method BREW is not|header x-1 is not|header x-2 is"),
    ],
)
def test_a_refused_preflight_is_a_problem_document_that_says_why(
    visitor: httpx.Client, origin: str, method: str, headers: str, reasons: str
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    answer = visitor.options("/tasks", headers=asked | ({"Access-Control-Request-Headers": headers} if headers else {}))

    detail = problem(answer, 400, "preflight_refused")["detail"]
    assert all(reason in detail for reason in reasons.split("|")), detail
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
                "etag", "link", "location", "retry-after", "www-authenticate", "x-request-id", "idempotent-replayed",
                "x-total-count",
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


def test_a_star_stands_for_part_of_one_label_and_nothing_else(database_url: str, issuer: LocalIssuer) -> None:
    written = "https://*-acme.vercel.app, http://localhost:*, https://*.b.example:8443, https://c.example"
    settings = settings_for(database_url, cors_origins=written)
    allowed = (
        *("https://x-acme.vercel.app", "https://git-main_2-acme.vercel.app", "https://-acme-acme.vercel.app"),
        *("http://localhost:5173", "http://localhost:1", "https://a.b.example:8443", "https://c.example"),
    )
    refused = (
        *("https://-acme.vercel.app", "https://a.x-acme.vercel.app", "http://x-acme.vercel.app"),
        *("https://x-acme.vercel.app.evil.example", "https://evil.example/x-acme.vercel.app"),
        *("https://evil.example:1-acme.vercel.app", "https://evil@x-acme.vercel.app", "https://x-acmeXvercel.app"),
        *("https://x-acme.vercel.app:8443", "https://evil.example?https://x-acme.vercel.app"),
        *("http://localhost", "http://localhost:", "http://localhost:80.evil.example", "http://localhost:80/x"),
        *("https://b.example:8443", "https://.b.example:8443", "https://a.b.example", "https://xc.example", "null"),
    )

    with serving(create_app(settings, local_issuer=issuer)) as address:
        for origin in (*allowed, *refused):
            asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
            answers = [httpx.get(f"{address}/nowhere", headers=asked), httpx.options(f"{address}/tasks", headers=asked)]
            told = {answer.headers.get("access-control-allow-origin") for answer in answers}
            assert told == {origin if origin in allowed else None}, origin
            assert answers[1].status_code == (200 if origin in allowed else 400)


def test_further_headers_can_be_allowed(database_url: str, issuer: LocalIssuer) -> None:
    settings = settings_for(database_url, cors_headers="X-Acme-Tenant, x-b")
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}

    with serving(create_app(settings, local_issuer=issuer)) as address:
        name = "Access-Control-Request-Headers"
        allowed = httpx.options(f"{address}/tasks", headers=asked | {name: "x-acme-tenant,authorization"})
        refused = httpx.options(f"{address}/tasks", headers=asked | {name: "x-b, x-c"})

    assert allowed.status_code == 200
    assert listed(allowed, "access-control-allow-headers") >= {"x-acme-tenant", "x-b", "authorization"}
    assert "the header x-c is not" in problem(refused, 400, "preflight_refused")["detail"]


def test_a_refused_page_is_in_the_log_with_what_would_allow_it(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, x-other"}
    with serving(create_app(settings)) as address:  # its own, which has refused nothing yet
        for origin in ("http://localhost:5173", "http://localhost:5173", ORIGIN, "http://a\xe9" + "x" * 1000):
            httpx.options(f"{address}/tasks", headers=[("Origin", origin.encode("latin-1")), *asked.items()])

    lines = [record.getMessage() for record in caplog.records if record.name == "taskward.cors"]
    header = "the header x-other is not among those that pages may send, nor in CORS_HEADERS"
    assert lines[:2] == [
        "a page of 'http://localhost:5173' may not call: the origin http://localhost:5173 is not among CORS_ORIGINS; "
        + header,
        f"a page of '{ORIGIN}' may not call: {header}",
    ]
    assert lines[2].startswith(r"a page of 'http://a\xe9xxxx")
    assert all(len(line) < 300 and line.isascii() for line in lines)


def test_invented_origins_do_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    seconds = [0.0]
    cors = Cors(origins=(ORIGIN,), clock=lambda: seconds[0])

    def refused(origin: str) -> None:
        cors.preflight(Headers({"Origin": origin, "Access-Control-Request-Method": "GET"}))

    for number in range(1000):
        refused(f"https://{number % 500}.example")
    assert len(caplog.messages) == 5

    seconds[0] = 61
    refused("https://0.example")
    assert caplog.messages[5:] == [
        "990 more preflights were refused",
        "a page of 'https://0.example' may not call: the origin https://0.example is not among CORS_ORIGINS",
    ]
    for number in range(6):
        refused(f"https://{number}.example")
    seconds[0] = 121
    refused("https://0.example")
    assert caplog.messages[-2] == "1 more preflight was refused"


def listed(answer: httpx.Response, header: str) -> set[str]:
    return {part.strip().lower() for part in answer.headers[header].split(",")}
