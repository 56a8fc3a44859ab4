"""What is no HTTP, and what goes on after it on a connection."""

import socket

import pytest

from support.answers import problem
from support.people import Person
from support.wire import answer_on, answers_on, chunked, connected, exchange


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


OFFERS = {
    "websocket": b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    "unknown": b"Connection: Upgrade\r\nUpgrade: foo\r\n",
    "curl": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
    "twice": b"Upgrade: h2c\r\nconnection: keep-alive, upgrade\r\nUPGRADE: TLS/1.3, h2c\r\n",
}
BODY = b'{"title": "Milk"}'
BODIES = {
    "length": b"Content-Length: %d\r\n\r\n%b" % (len(BODY), BODY),
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY, size=5),
    "trailer": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(BODY, size=5)[:-2] + b"Upgrade: h2c\r\n\r\n",
}


def adding(ann: Person, lines: bytes, version: bytes = b"1.1") -> bytes:
    """The head of a request that adds a task, without its end."""
    head = b"POST /tasks HTTP/%b\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Type: application/json\r\n%b"
    return head % (version, ann.token.encode(), lines)


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_an_offer_to_upgrade_is_ignored_and_the_request_answered_body_and_all(
    api: str, ann: Person, offer: bytes, body: bytes
) -> None:
    """As curl and Java's HttpClient send it; several in one packet, and the connection goes on."""
    request = adding(ann, offer + body)
    with connected(api) as connection:
        for number in (1, 3):
            connection.sendall(request * number)
            answers = answers_on(connection, number)

            assert [answer.status_code for answer in answers] == [201] * number
            assert not any("connection" in answer.headers or "upgrade" in answer.headers for answer in answers)
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + offer + b"\r\n")
        assert answer_on(connection).json() == {"status": "ok"}
    assert len(ann.tasks()) == 4


def test_an_offer_is_ignored_wherever_the_network_cuts_it(api: str, ann: Person) -> None:
    request = adding(ann, OFFERS["curl"] + BODIES["chunked"])
    with connected(api) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for cut in range(1, len(request), 7):
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + request[:cut])
            assert answer_on(connection).status_code == 200  # so the server has read all that was sent
            connection.sendall(request[cut:])
            assert answer_on(connection).status_code == 201


def test_who_offers_and_waits_for_100_gets_it(api: str, ann: Person) -> None:
    with connected(api) as connection:
        head = b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(BODY)
        connection.sendall(adding(ann, OFFERS["curl"] + head))
        interim = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert connection.recv(len(interim), socket.MSG_WAITALL) == interim
        connection.sendall(BODY)

        assert answer_on(connection).status_code == 201


def test_an_offer_changes_nothing_else_about_a_request(api: str, ann: Person) -> None:
    offer = OFFERS["curl"]
    for version, line in ((b"1.0", b""), (b"1.1", b"Connection: close\r\n")):
        with connected(api) as connection:
            connection.sendall(adding(ann, line + offer + BODIES["length"], version))
            assert answer_on(connection).status_code == 201
            assert connection.recv(1) == b""
    problem(exchange(api, adding(ann, offer) + b"Content-Length: 70000\r\n\r\n"), 413, "body_too_large")
    filler = b"X-Filler: %b\r\n" % (b"x" * 16 * 1024)
    problem(exchange(api, adding(ann, filler + offer + BODIES["length"])), 431, "header_too_large")
    assert exchange(api, adding(ann, offer) + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab").status_code == 400
    assert exchange(api, adding(ann, offer) + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n").status_code == 400
    asked = b"BREW /tasks HTTP/1.1\r\nHost: x\r\n" + offer + b"\r\n"
    problem(exchange(api, asked), 405, "method_not_allowed")


def test_what_stands_in_the_body_of_an_offer_is_not_taken_for_a_request(api: str, ann: Person) -> None:
    smuggled = adding(ann, BODIES["length"])
    for framing in (
        b"Content-Length: %d\r\n\r\n%b" % (len(smuggled), smuggled),
        b"Transfer-Encoding: chunked\r\n\r\n" + chunked(smuggled, size=50),
    ):
        with connected(api) as connection:
            connection.sendall(b"POST /tasks HTTP/1.1\r\nHost: x\r\n" + OFFERS["websocket"] + framing)
            problem(answer_on(connection), 401, "token_missing")
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer_on(connection).json() == {"status": "ok"}
    assert ann.tasks() == []


def test_a_packet_full_of_offers_is_answered_to_its_last(api: str) -> None:
    offer = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
    with connected(api) as connection:
        connection.sendall(offer * 600)

        assert [answer.status_code for answer in answers_on(connection, 600)] == [200] * 600


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
