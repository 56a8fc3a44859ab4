"""What the server does not let in: too many requests, too large heads, and senders that take their time."""

import asyncio
import concurrent.futures
import json
import re
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import jwt
import pytest

from support.answers import problem, task
from support.database_proxy import proxied
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from support.wire import answer_on, begun, connected
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.http.admission import IN_FLIGHT_PER_CONNECTION
from taskward.http.application import MAX_HEADER_BYTES
from taskward.http.bodies import BODY_SECONDS
from taskward.http.protocol import HEAD_SECONDS, LINGER_SECONDS, MAX_HEAD_BYTES
from taskward.settings import Settings

ORIGIN = {"Origin": "http://localhost:3000"}


# Requests of one owner


@pytest.fixture(scope="module")
def three_a_minute(database_url: str, issuer: LocalIssuer) -> Iterator[str]:
    settings = settings_for(database_url, rate_limit_per_minute=3)
    with serving(create_app(settings, local_issuer=issuer)) as address:
        yield address


def test_an_owner_may_make_so_many_requests_a_minute(three_a_minute: str, person: Callable[..., Person]) -> None:
    ann, bob = person("ann", api=three_a_minute), person("bob", api=three_a_minute)

    assert [ann.get("/tasks").status_code for _ in range(3)] == [200] * 3
    refused = ann.get("/tasks", headers=ORIGIN)
    document = problem(refused, 429, "rate_limited")

    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "Retry-After" in document["detail"]
    assert "Retry-After" in refused.headers["access-control-expose-headers"]
    assert bob.get("/tasks").status_code == 200
    assert httpx.get(f"{three_a_minute}/health").status_code == 200


def test_every_request_of_an_owner_counts_whatever_becomes_of_it(
    three_a_minute: str, person: Callable[..., Person]
) -> None:
    ann = person("ann", api=three_a_minute)

    statuses = [
        ann.get("/tasks/9007199254740991").status_code,
        ann.post("/tasks", json={}).status_code,
        ann.get("/tasks", params={"limit": "0"}).status_code,
    ]

    assert statuses == [404, 422, 422]
    problem(ann.post("/tasks", content=b"{", headers={"Content-Type": "text/plain"}), 429, "rate_limited")
    assert ann.put("/tasks").status_code == 405


def test_what_is_not_authenticated_counts_for_nobody(three_a_minute: str, person: Callable[..., Person]) -> None:
    ann = person("ann", api=three_a_minute)

    for _ in range(5):
        assert httpx.get(f"{three_a_minute}/tasks").status_code == 401
        assert httpx.get(f"{three_a_minute}/tasks", headers={"Authorization": "Bearer a.b.c"}).status_code == 401

    assert [ann.get("/tasks").status_code for _ in range(4)] == [200, 200, 200, 429]


# Requests in work


def test_more_requests_than_can_be_answered_in_time_are_refused_at_once(
    database_url: str, issuer: LocalIssuer, person: Callable[..., Person]
) -> None:
    with proxied(database_url) as proxy:
        settings = settings_for(proxy.url, database_pool_size=1)
        with serving(create_app(settings, local_issuer=issuer)) as address:
            ann = person("ann", api=address)
            assert ann.get("/tasks").status_code == 200
            proxy.freeze()

            first, others = asyncio.run(asked_together(address, ann.token, refused=20, meanwhile=proxy.thaw))

    for answer in first:
        problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"
    assert [answer.status_code for answer in others] == [200] * IN_FLIGHT_PER_CONNECTION


async def asked_together(
    address: str, token: str, *, refused: int, meanwhile: Callable[[], None]
) -> tuple[list[httpx.Response], list[httpx.Response]]:
    """As many answers as are to be refused, which come before the others can be given, and the others."""
    count = IN_FLIGHT_PER_CONNECTION + refused
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(max_connections=count)) as client:
        headers = {"Authorization": f"Bearer {token}"}
        answers = asyncio.as_completed([client.get("/tasks", headers=headers) for _ in range(count)])
        first = [await next(answers) for _ in range(refused)]
        await asyncio.to_thread(meanwhile)
        return first, [await answer for answer in answers]


# Heads


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([b"GET /tasks HTTP/1.1", *lines]) + b"\r\n\r\n"


def lines_of(size: int) -> list[bytes]:
    """Header lines of so many bytes as the contract counts them, which is as they are sent."""
    lines = [b"Host: localhost", b"Origin: http://localhost:3000"]
    rest = size - sum(len(line) + 2 for line in lines)
    return [*lines, b"X-Filler: " + b"x" * (rest - 12)]


def test_headers_may_be_as_large_as_the_limit_and_no_larger(api: str) -> None:
    with connected(api) as connection:
        connection.sendall(head(*lines_of(MAX_HEADER_BYTES)))
        assert answer_on(connection).status_code == 401
        connection.sendall(head(*lines_of(MAX_HEADER_BYTES + 1)))
        answer = answer_on(connection)

        problem(answer, 431, "header_too_large")
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert answer.headers["connection"] == "close"
        assert connection.recv(1) == b""


def test_a_token_may_take_all_the_room_of_the_headers(database_url: str) -> None:
    """As with an image in a claim: it is too large for a request, or fine, and never refused for its size."""
    secret = "a secret of more than thirty-two bytes"
    now = int(time.time())

    def status(letters: int) -> int:
        claims = {"sub": "ann", "iat": now, "exp": now + 60, "picture": "a" * letters}
        token = jwt.encode(claims, secret, "HS256")
        return httpx.get(f"{address}/tasks", headers={"Authorization": f"Bearer {token}"}).status_code

    settings = settings_for(database_url, jwt_hs256_secret=secret)
    with serving(create_app(settings)) as address:
        assert [status(letters) for letters in (100, 7_000, 11_500, 13_000)] == [200, 200, 200, 431]


def test_many_small_headers_are_large_together(api: str) -> None:
    with connected(api) as connection:
        connection.sendall(head(b"Host: localhost", *(b"X-%04d: y" % number for number in range(1500))))
        problem(answer_on(connection), 431, "header_too_large")


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/tasks/1"])
def test_too_large_a_head_is_told_before_anything_else(api: str, path: str) -> None:
    answer = httpx.delete(api + path, headers={"X-Filler": "x" * MAX_HEADER_BYTES, "X-Request-ID": "mine"})

    problem(answer, 431, "header_too_large")
    assert answer.headers["x-request-id"] == "mine"


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES + 1, 20_000_000])
@pytest.mark.parametrize("line", [b"GET /tasks HTTP/1.1\r\nX-Filler: ", b"GET /tasks?q="])
def test_a_head_without_an_end_is_refused_when_it_is_too_large(api: str, line: bytes, size: int) -> None:
    with connected(api) as connection:
        try:
            connection.sendall(line + b"x" * size)
        except (BrokenPipeError, ConnectionResetError):
            assert size > MAX_HEAD_BYTES + 1  # it was refused, and no longer read
        answer = answer_on(connection)

        problem(answer, 431, "header_too_large")
        assert answer.headers["connection"] == "close"
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
        assert answer.headers["date"].endswith(" GMT")


@pytest.mark.parametrize("size", [65_000, 65_540, 200_000, 300_000, 3_000_000])
def test_a_url_is_told_when_it_is_too_large_whoever_counts_it(
    api: str, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The parser counts to 65,535."""
    with connected(api) as connection:
        connection.sendall(b"GET /tasks?q=".ljust(size, b"x") + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = answer_on(connection)

    if size < 65_535:
        problem(answer, 401, "token_missing")
    else:
        problem(answer, 431, "header_too_large")
    # What goes wrong behind the answer goes wrong before the next is given.
    assert httpx.get(f"{api}/health").status_code == 200
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_head_that_is_refused_waits_for_the_answer_before(
    api: str, ann: Person, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"operations": [{"op": "create", "task": {"title": "Milk"}}] * 100}).encode()
    post = (
        b"POST /tasks/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %b\r\nContent-Length: %d\r\n\r\n" % (ann.token.encode(), len(body))
    )
    for refused in (
        b"GET /tasks?q=" + b"x" * (MAX_HEAD_BYTES + 1),
        b"POST /tasks HTTP/1.1\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n",
        b"no HTTP at all\r\n\r\n",
    ):
        with connected(api) as connection:
            connection.sendall(post + body + refused)
            answer = answer_on(connection)
            rest = connection.recv(1000)

        assert answer.status_code == 200
        assert len(answer.json()["results"]) == 100
        assert rest == b""
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_body_of_more_bytes_than_the_parser_can_count_is_told_so(api: str) -> None:
    with connected(api) as connection:
        connection.sendall(b"POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 20 + b"\r\n\r\n")
        answer = answer_on(connection)

    problem(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"


def test_a_head_in_small_pieces_is_read_when_it_comes_in_time(api: str) -> None:
    with connected(api) as connection:
        for byte in head(b"Host: localhost"):
            connection.sendall(bytes([byte]))
        assert answer_on(connection).status_code == 401


def test_large_bodies_and_many_requests_do_not_count_for_the_head(ann: Person) -> None:
    for _ in range(3):
        task(ann.post("/tasks", json={"title": "Milk", "description": "x" * 10_000}), 201)
    body = json.dumps({"title": "Milk"}).ljust(60_000)
    for _ in range(3):
        task(ann.post("/tasks", content=body, headers={"Content-Type": "application/json"}), 201)


# Slow senders


@pytest.mark.long
def test_what_comes_too_slowly_and_can_have_no_answer_ends_with_its_connection(api: str) -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(connected(api))
        started = stack.enter_context(connected(api))
        started.sendall(b"GET /tasks HTTP/1.1\r\nX-Slow: ")
        second = stack.enter_context(connected(api))
        second.sendall(head(b"Host: localhost"))
        assert answer_on(second).status_code == 401
        second.sendall(b"GET /tasks HTTP/1.1\r\nX-Slow: ")
        answered = stack.enter_context(connected(api))
        answered.sendall(b"POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n")
        assert answer_on(answered).status_code == 401

        with concurrent.futures.ThreadPoolExecutor() as pool:
            seconds = list(pool.map(seconds_until_closed, [silent, started, second, answered], [b"", b"x", b"x", b"x"]))

    assert all(HEAD_SECONDS - 1 < took < HEAD_SECONDS + 15 for took in seconds)


def seconds_until_closed(connection: socket.socket, dribble: bytes) -> float:
    """What dribbles in meanwhile buys no time."""
    began = time.monotonic()
    connection.settimeout(1)
    while time.monotonic() - began < HEAD_SECONDS + 20:
        try:
            if connection.recv(1000) == b"":
                break
        except TimeoutError:
            if time.monotonic() - began > 2:
                connection.sendall(dribble)
        except (ConnectionResetError, BrokenPipeError):
            break
    return time.monotonic() - began


@pytest.mark.long
def test_a_body_that_comes_too_slowly_is_told_so_and_holds_nobody_up(api: str, ann: Person) -> None:
    start = [
        b"POST /tasks HTTP/1.1",
        b"Host: localhost",
        b"Origin: http://localhost:3000",
        b"Authorization: Bearer " + ann.token.encode(),
        b"Content-Type: application/json",
    ]
    bodies = [
        (b"Content-Length: 20", b""),
        (b"Content-Length: 20", b'{"title":'),
        (b"Transfer-Encoding: chunked", b""),
        (b"Transfer-Encoding: chunked", b'9\r\n{"title":\r\n'),
    ]
    with ExitStack() as stack, concurrent.futures.ThreadPoolExecutor() as pool:
        began = time.monotonic()
        connections = []
        for length, body in bodies * 25:
            connection = stack.enter_context(connected(api))
            connection.settimeout(BODY_SECONDS + 20)
            connection.sendall(b"\r\n".join([*start, length]) + b"\r\n\r\n" + body)
            connections.append(connection)
        task(ann.post("/tasks", json={"title": "Milk"}), 201)
        assert select.select(connections[-1:], [], [], 0)[0] == []

        answers: list[Any] = list(pool.map(answer_on, connections))

        assert BODY_SECONDS - 1 < time.monotonic() - began < BODY_SECONDS + 15
        for answer in answers:
            problem(answer, 408, "request_timeout")
            assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
            assert answer.headers["connection"] == "close"


def test_a_body_that_takes_longer_than_a_request_may_is_still_served(
    settings: Settings, issuer: LocalIssuer, person: Callable[..., Person]
) -> None:
    """The time that an answer may take begins when the body is there."""
    hurried = settings.model_copy(update={"request_deadline_seconds": 5})

    def slowly() -> Iterator[bytes]:
        yield b'{"title":'
        time.sleep(5.1)
        yield b'"Milk"}'

    with serving(create_app(hurried, local_issuer=issuer)) as address:
        ann = person("ann", api=address)
        task(ann.post("/tasks", content=slowly(), headers={"Content-Type": "application/json"}), 201)


def test_the_refusal_of_a_head_waits_for_a_client_that_still_sends(api: str) -> None:
    with connected(api) as connection:
        connection.sendall(b"GET /tasks?q=" + b"x" * (MAX_HEAD_BYTES + 1))
        began = time.monotonic()
        assert answer_on(connection).status_code == 431
        while time.monotonic() - began < LINGER_SECONDS + 15:
            try:
                connection.sendall(b"x" * 1000)
            except OSError:
                break
            time.sleep(0.1)

    assert LINGER_SECONDS - 0.5 < time.monotonic() - began < LINGER_SECONDS + 10


def test_an_answer_before_the_end_of_a_body_waits_for_a_client_that_still_sends(api: str) -> None:
    """A reset would take the answer with it."""
    head = b"POST /tasks HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n"
    with connected(api) as connection:
        connection.sendall(head + b"x" * 10_000)
        begun(connection)
        for _ in range(9):
            connection.sendall(b"x" * 10_000)
        answer = answer_on(connection)

    problem(answer, 401, "token_missing")
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize(
    "last",
    [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /health HTTP/1.0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nX-A: " + b"a" * (MAX_HEAD_BYTES + 1) + b"\r\n\r\n",
    ],
    ids=["close", "1.0", "too large"],
)
@pytest.mark.parametrize(
    "rest", [b"GET /tasks HT", b"POST /tasks HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"], ids=["head", "body"]
)
def test_nothing_is_carried_out_behind_the_last_answer(
    api: str, ann: Person, caplog: pytest.LogCaptureFixture, last: bytes, rest: bytes
) -> None:
    body = b'{"title": "Never"}'
    head = f"POST /tasks HTTP/1.1\r\nAuthorization: Bearer {ann.token}\r\nContent-Type: application/json\r\n"
    write = head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body

    with connected(api) as connection:
        connection.sendall(last + write + rest)
        answers = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answers.count(b"HTTP/1.1 ") == 1
    assert ann.tasks() == []
    assert "failed unexpectedly" not in caplog.text
