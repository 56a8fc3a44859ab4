"""What is no HTTP, and what goes on after it on a connection."""

import socket
from contextlib import suppress

import pytest

from support.answers import problem
from support.people import Person
from support.wire import answer_on, begun, connected, exchange


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
            begun(connection)
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
