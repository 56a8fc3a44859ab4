"""Nothing that a client can send gives 500."""

import httpx
import pytest

from support.answers import problem
from support.people import Person
from support.wire import ask

BODIES = [
    b"", b"\0", b"\xff", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"{", b"NaN", b"1e400", b"9" * 5000, b"null", b"[]",
    rb'{"title":"a\u0000b"}', rb'{"title":"\ud800"}', rb'{"\ud800":1}', b'{"title":"a","title":"b"}', b"[" * 65_000,
    b'{"a":' * 13_000, b'{"title":' + b"[" * 32 + b"]" * 32 + b"}", b'{"title":"' + b"x" * 65_000 + b'"}',
    b"[" + b"0," * 30_000 + b"0]", b'{"x":' + b"1" * 60_000 + b"}",
]  # fmt: skip
"""One of each type; `unit/test_task_bodies.py` has the others."""


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


def is_of_the_server(answer: httpx.Response) -> bool:
    """The server below the application refuses what is no HTTP."""
    return answer.status_code == 400 and answer.headers["content-type"].startswith("text/plain")
