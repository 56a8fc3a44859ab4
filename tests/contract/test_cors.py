"""CORS: preflights, and who may read answers."""

import httpx
import pytest

from support.answers import problem
from support.every_answer import ORIGIN, answers_of_every_kind
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer


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
