"""A TCP proxy in front of PostgreSQL: it counts round trips, and does what networks and servers do on bad days."""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal, TypeVar, cast
from urllib.parse import urlsplit, urlunsplit

T = TypeVar("T")

BACKEND_KEY = re.compile(rb"(K\x00\x00\x00.)....", re.DOTALL)
"""PostgreSQL §54.7, BackendKeyData: its length and the pid of the server's process."""


class DatabaseProxy:
    """Runs in a thread of its own; its methods return when what they do is done.

    `turns` counts how often clients spoke after they had been silent or spoken to: round trips, one each.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname or "localhost", parts.port or 5432)
        self.turns = 0
        self.accepted = 0
        self.delay_seconds = 0.0
        self.cuts_at: Literal["request", "reply"] | None = None
        self.cuts_left = 0
        self.is_frozen = False
        self.makes_up_pids = False
        """As a pooler does, whose clients have no server process of their own."""
        self.sides: set[Side] = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.port = 0
        self.listener: socket.socket | None = None
        self.listen()
        host = f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{self.port}"
        self.url = urlunsplit(parts._replace(netloc=host))

    def listen(self) -> None:
        """Accepts connections (again), at the same port."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=200)
        listener.setblocking(False)
        self.listener, self.port = listener, listener.getsockname()[1]
        self.call(lambda: self.loop.add_reader(listener, self.accept, listener))

    def accept(self, listener: socket.socket) -> None:
        with suppress(BlockingIOError, ConnectionAbortedError):
            client, _ = listener.accept()
            self.connecting = self.loop.create_task(self.connect(client))

    async def connect(self, client: socket.socket) -> None:
        await self.loop.connect_accepted_socket(lambda: Side(self), client)

    def refuse(self) -> None:
        """Cuts every connection and refuses new ones."""

        def stop() -> None:
            if self.listener is not None:
                self.loop.remove_reader(self.listener)
                self.listener.close()
                self.listener = None
            self.cut_now()

        self.call(stop)

    def cut(self) -> None:
        """Cuts every connection at once."""
        self.call(self.cut_now)

    def cut_next(self, at: Literal["request", "reply"], *, times: int = 1) -> None:
        """Cuts a connection in place of passing on its next request, or its next reply."""
        self.cuts_at, self.cuts_left = at, times

    def freeze(self) -> None:
        """From now on nothing gets through, and nobody is told."""

        def stop() -> None:
            self.is_frozen = True
            for side in self.sides:
                side.transport.pause_reading()

        self.call(stop)

    def thaw(self) -> None:
        def go_on() -> None:
            self.is_frozen = False
            for side in self.sides:
                side.transport.resume_reading()

        self.call(go_on)

    def close(self) -> None:
        async def finish() -> None:
            while self.sides or len(asyncio.all_tasks()) > 1:
                self.cut_now()
                await asyncio.sleep(0.001)

        self.refuse()
        asyncio.run_coroutine_threadsafe(finish(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()

    def call(self, do: Callable[[], T]) -> T:
        async def called() -> T:
            return do()

        return asyncio.run_coroutine_threadsafe(called(), self.loop).result(10)

    def cut_now(self) -> None:
        for side in self.sides:
            side.transport.abort()


class Side(asyncio.Protocol):
    """One of a pair: the client's, which dials the server's."""

    def __init__(self, proxy: DatabaseProxy, client: "Side | None" = None) -> None:
        self.proxy = proxy
        self.other = client
        self.is_client = client is None
        self.is_made = False
        self.spoke_last = False
        self.has_sent_pid = False
        self.waiting: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.is_made = True
        self.proxy.sides.add(self)
        # Not here and now: asyncio up to Python 3.11.2 begins to read behind `connection_made`, whatever that said.
        self.proxy.loop.call_soon(self.pause_when_frozen)
        if self.is_client and self.proxy.listener is None:
            self.transport.abort()
        elif self.is_client:
            self.proxy.accepted += 1
            self.dialling = self.proxy.loop.create_task(self.dial())
        elif self.other is not None:
            if not self.other.is_made:
                self.transport.abort()
            for data in self.waiting:
                self.transport.write(data)

    def pause_when_frozen(self) -> None:
        if self.proxy.is_frozen:
            self.transport.pause_reading()

    async def dial(self) -> None:
        self.other = other = Side(self.proxy, self)
        try:
            await self.proxy.loop.create_connection(lambda: other, *self.proxy.target)
        except OSError:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        other = self.other
        assert other is not None
        if self.is_client and not self.spoke_last:
            self.proxy.turns += 1
        self.spoke_last, other.spoke_last = True, False
        if self.proxy.makes_up_pids and not self.is_client and not self.has_sent_pid:
            data, found = BACKEND_KEY.subn(b"\\1\x7f\xff\xff\xff", data, count=1)
            self.has_sent_pid = bool(found)
        if self.proxy.cuts_left and self.proxy.cuts_at == ("request" if self.is_client else "reply"):
            self.proxy.cuts_left -= 1
            for side in {self, other} & self.proxy.sides:
                side.transport.abort()
        elif self.proxy.delay_seconds:
            self.proxy.loop.call_later(self.proxy.delay_seconds, other.say, data)
        else:
            other.say(data)

    def say(self, data: bytes) -> None:
        if self.is_made:
            self.transport.write(data)
        else:
            self.waiting.append(data)

    def connection_lost(self, _: Exception | None) -> None:
        self.is_made = False
        self.proxy.sides.discard(self)
        if self.other is not None and self.other.is_made:
            self.other.transport.close()


@contextmanager
def proxied(url: str) -> Iterator[DatabaseProxy]:
    proxy = DatabaseProxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
