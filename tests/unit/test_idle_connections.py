"""A connection to a client is closed when nothing was asked on it for as long as the server keeps one."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from support.stepping import SteppingLoop, stepping
from taskward.http.protocol import Protocol

KEPT_SECONDS = 65
POST = b"POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"
"""Without its body."""
REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Wire(asyncio.Transport):
    """What the client has got."""

    def __init__(self) -> None:
        super().__init__()
        self.got = b""
        self.is_closed = False

    def write(self, data: Any) -> None:
        self.got += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Client:
    """A connection, and what it needs of the server behind it: answers wait for `may_answer`."""

    def __init__(self, loop: SteppingLoop) -> None:
        self.loop, self.wire, self.may_answer = loop, Wire(), asyncio.Event()
        self.may_answer.set()
        options: dict[str, Any] = {"http": Protocol, "interface": "asgi3", "log_config": None}
        config = uvicorn.Config(self.answer, timeout_keep_alive=KEPT_SECONDS, **options)
        self.protocol = Protocol(config, ServerState(), {}, loop)
        self.protocol.connection_made(self.wire)

    async def answer(self, _: Any, __: Any, send: Any) -> None:
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    def asks(self, data: bytes = REQUEST) -> None:
        self.protocol.data_received(data)
        self.loop.step()

    @property
    def answers(self) -> int:
        return self.wire.got.count(b"200 OK")


@pytest.fixture
def client() -> Iterator[Client]:
    with stepping() as loop:
        yield Client(loop)


def test_a_connection_is_kept_from_its_last_answer_on(client: Client) -> None:
    for number in range(1, 6):
        client.asks()
        assert client.answers == number
        client.loop.step(40)

    client.loop.step(24)
    assert not client.wire.is_closed
    client.loop.step(1)
    assert client.wire.is_closed


def test_a_connection_is_not_closed_while_a_request_is_answered(client: Client) -> None:
    client.asks()
    client.loop.step(60)
    client.may_answer.clear()
    client.asks()

    client.loop.step(1000)
    assert not client.wire.is_closed
    client.may_answer.set()
    client.loop.step()
    assert client.answers == 2
    client.loop.step(64)
    assert not client.wire.is_closed
    client.loop.step(1)
    assert client.wire.is_closed


def test_a_request_that_began_before_the_last_answer_is_not_cut_off(client: Client) -> None:
    client.may_answer.clear()
    client.asks(REQUEST + REQUEST[:20])
    client.may_answer.set()
    client.loop.step()
    client.may_answer.clear()
    client.asks(REQUEST[20:])

    client.loop.step(1000)
    assert client.answers == 1
    assert not client.wire.is_closed


def test_a_request_that_began_in_time_is_not_cut_off(client: Client) -> None:
    """Its head has a time of its own."""
    client.asks()
    client.loop.step(64)
    client.asks(REQUEST[:20])

    client.loop.step(5)
    assert not client.wire.is_closed
    client.asks(REQUEST[20:])
    assert client.answers == 2


def test_requests_in_a_row_are_answered_and_then_the_connection_is_kept(client: Client) -> None:
    client.asks(REQUEST * 3)

    assert client.answers == 3
    client.loop.step(64)
    assert not client.wire.is_closed
    client.loop.step(1)
    assert client.wire.is_closed


def test_a_connection_is_kept_from_the_end_of_a_body_that_was_answered_before_it(client: Client) -> None:
    client.asks(POST)
    assert client.answers == 1
    client.loop.step(5)
    client.asks(b"body")

    client.loop.step(64)
    assert not client.wire.is_closed
    client.loop.step(1)
    assert client.wire.is_closed


def test_a_request_behind_such_a_body_is_not_cut_off(client: Client) -> None:
    client.asks(POST)
    client.may_answer.clear()
    client.asks(b"body" + REQUEST)

    client.loop.step(1000)
    assert not client.wire.is_closed
    client.may_answer.set()
    client.loop.step()
    assert client.answers == 2


def test_an_offer_of_another_protocol_is_no_idle_time(client: Client) -> None:
    client.asks()
    client.may_answer.clear()
    client.asks(REQUEST[:-2] + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\n")

    client.loop.step(1000)
    assert not client.wire.is_closed
    client.may_answer.set()
    client.loop.step()
    assert client.answers == 2


def test_a_connection_that_is_gone_leaves_no_timer(client: Client) -> None:
    client.asks()
    client.protocol.connection_lost(None)

    assert client.protocol.idle_timer is None
    client.loop.step(100)
    assert client.protocol.idle_timer is None
