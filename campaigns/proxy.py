"""A TCP proxy on loopback between the service and its database, which fails as networks and sleeping servers do."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

NO_LINGER = struct.pack("ii", 1, 0)
"""Closing then sends RST in place of FIN."""


class Link:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.client = client
        self.server: asyncio.StreamWriter | None = None
        self.is_dead = False
        """Whatever is sent on it is lost from now on."""
        self.is_cut_at_reply = False

    def cut(self, *, reset: bool = False) -> None:
        for side in (self.client, self.server):
            if side is not None:
                if reset:
                    side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                side.transport.abort()


class Proxy:
    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.links: set[Link] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.delay_seconds = 0.0
        """Each way."""
        self.wake_seconds = 0.0
        """How long the next connection takes, and with it those that come meanwhile."""
        self.awake_at = 0.0
        self.is_black_hole = False
        self.swallowed = 0
        """How often something that was sent got lost."""
        self.on_request: Callable[[Link, bytes], None] | None = None
        """Is shown what the service sends, before the database gets it."""
        self.on_reply_lost: Callable[[bytes], None] | None = None

    async def listen(self) -> None:
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """From now on, until `listen`, new connections are refused; the others stay."""
        self.server.close()

    def swallow(self) -> None:
        """From now on, until `deliver`, what is sent is lost, and the connections that there are meanwhile stay so."""
        self.is_black_hole = True
        for link in self.links:
            link.is_dead = True

    def deliver(self) -> None:
        self.is_black_hole = False

    def cut_all(self, *, reset: bool = False) -> int:
        links = tuple(self.links)
        for link in links:
            link.cut(reset=reset)
        return len(links)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine always runs in one
        self.tasks.add(task)
        link = Link(writer)
        link.is_dead = self.is_black_hole
        self.links.add(link)
        try:
            if self.wake_seconds:
                self.awake_at, self.wake_seconds = time.monotonic() + self.wake_seconds, 0.0
            await asyncio.sleep(self.awake_at - time.monotonic())
            from_server, link.server = await asyncio.open_connection("127.0.0.1", self.target_port)
            directions = (
                self.pump(link, reader, link.server, is_request=True),
                self.pump(link, from_server, writer, is_request=False),
            )
            pumps = [asyncio.ensure_future(direction) for direction in directions]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass
        finally:
            link.cut()
            self.links.discard(link)
            self.tasks.discard(task)

    async def pump(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_request: bool
    ) -> None:
        """Returns when the connection has ended or is to be cut."""
        while data := await reader.read(65536):
            if self.delay_seconds:
                await asyncio.sleep(self.delay_seconds)
            if link.is_dead:
                self.swallowed += 1
                continue
            if is_request and self.on_request is not None:
                self.on_request(link, data)
            if not is_request and link.is_cut_at_reply:
                if self.on_reply_lost is not None:
                    self.on_reply_lost(data)
                return
            writer.write(data)
            await writer.drain()

    async def close(self) -> None:
        self.server.close()
        self.cut_all()
        await asyncio.gather(*self.tasks)


@asynccontextmanager
async def proxy(target_port: int) -> AsyncIterator[Proxy]:
    made = Proxy(target_port)
    await made.listen()
    try:
        yield made
    finally:
        await made.close()
