"""A process that answers requests: uvicorn's server on a socket that was opened before, alone or under a supervisor.

It sends its supervisor a heartbeat every second, retires without a lost request, and ends when the supervisor is
gone, however it went.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.importer import import_from_string

from taskward import logs
from taskward.http.protocol import Protocol
from taskward.operations.listener import BACKLOG
from taskward.settings import Settings, read_settings

KEEP_ALIVE_SECONDS = 65
"""Longer than the 60 s after which common load balancers close an idle connection: they, not we, should be first."""

DRAIN_SECONDS = 5
"""How long a retiring worker waits for idle clients to send one more request and be told to reconnect."""

GRACE_SECONDS = 6
"""How long requests in flight may take to finish when a process ends."""

ORPHAN_SECONDS = 1.5
"""How long requests in flight may take to finish when the supervisor was killed."""

Application = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]


def run(application: Application, listener: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serves in this process until SIGTERM or SIGINT. `ready` is called when requests are answered.

    Raises:
        SystemExit: the application did not start; the log says why.
    """
    pending = [ready]

    async def notify() -> None:
        while pending:
            pending.pop()()

    Server(configuration(application, notify)).run_until_signal(listener)


def work(application: str, listener: int, heartbeat: int, parent_alive: int, start_barrier: int) -> None:
    """A worker: serves on the inherited socket, sends its heartbeat, and ends with the supervisor."""
    gc.disable()  # what start-up makes stays; the application turns it on when it has started
    threading.Thread(target=exit_with_parent, args=(parent_alive,), daemon=True).start()
    settings = read_settings()
    logs.configure(format=settings.log_format or "json", level=settings.log_level)
    create: Callable[[Settings], Application] = import_from_string(application)
    os.read(start_barrier, 1)
    os.set_blocking(heartbeat, False)

    async def notify() -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(heartbeat, b".")

    server = Server(configuration(create(settings), notify))
    signal.signal(signal.SIGUSR1, server.retire)
    server.run_until_signal(socket.socket(fileno=listener))


def application(settings: Settings) -> Application:
    """What a worker serves."""
    from taskward.app import create_app
    from taskward.operations.exposition import observe

    return create_app(settings, observe=observe)


def exit_with_parent(parent_alive: int) -> None:
    os.read(parent_alive, 1)  # returns when the last writer, the supervisor, is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)


def configuration(application: Application, notify: Callable[[], Awaitable[None]]) -> uvicorn.Config:
    """`notify` is called when the server has started, and every second from then on."""
    return uvicorn.Config(
        with_refusal_as_sentence(application),
        http=Protocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=None,
        access_log=False,
        # Nothing here depends on the client's address, so nothing a client sends may change it.
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        callback_notify=notify,
        timeout_notify=1,
    )


def with_refusal_as_sentence(application: Application) -> Application:
    """The application, whose refusal to start is told as its sentence; Starlette would tell its traceback."""

    def called(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> Awaitable[None]:
        # Requests have one frame less: each is resumed through all of them.
        return application(scope, receive, send) if scope["type"] != "lifespan" else lives(scope, receive, send)

    async def lives(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        from taskward.postgres.failures import DatabaseRefused  # the application has it already, the supervisor has not

        async def without_traceback(message: dict[str, Any]) -> None:
            if message["type"] != "lifespan.startup.failed":
                await send(message)

        try:
            await application(scope, receive, without_traceback)
        except DatabaseRefused as refusal:
            await send({"type": "lifespan.startup.failed", "message": str(refusal)})

    return called


class Server(uvicorn.Server):
    """uvicorn's server, which can also retire: it tells clients to reconnect before it closes their connections."""

    is_retiring = False

    def run_until_signal(self, listener: socket.socket) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn listens to them only while it serves, and raises them once more at the end.
            signal.signal(number, self.handle_exit)
        self.run(sockets=[listener])

    def retire(self, *_: object) -> None:
        self.is_retiring = self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.is_retiring = False
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        # RFC 9112 §9.6: a client that has read this sends nothing more here; one that only saw the connection
        # close cannot know whether its request was lost.
        self.config.encoded_headers.append((b"connection", b"close"))
        ends_at = time.monotonic() + DRAIN_SECONDS
        while self.is_retiring and self.server_state.connections and time.monotonic() < ends_at:
            await self.on_tick(0)  # takes over the changed headers
            await asyncio.sleep(0.1)
        await super().shutdown(sockets)


if __name__ == "__main__":
    work(sys.argv[1], *map(int, sys.argv[2:]))
