"""A process that answers requests: uvicorn's server on a socket that was opened before, alone or under a supervisor.

It sends its supervisor a heartbeat every second, retires without a lost request, and ends when the supervisor is
gone, however it went.
"""

import asyncio
import gc
import json
import logging
import os
import select
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
from taskward.operations.lines import HEARTBEAT, REFUSAL, Lines
from taskward.operations.listener import BACKLOG
from taskward.operations.neighbours import Neighbours
from taskward.operations.supervisor import StartRefused
from taskward.resources.news import News
from taskward.settings import Settings, SettingsError, read_settings

KEEP_ALIVE_SECONDS = 65
"""Longer than the 60 s after which common load balancers close an idle connection: they, not we, should be first."""

DRAIN_SECONDS = 5
"""How long a retiring worker waits for idle clients to send one more request and be told to reconnect."""

GRACE_SECONDS = 6
"""How long requests in flight may take to finish when a process ends."""

ORPHAN_SECONDS = 1.5
"""How long requests in flight may take to finish when the supervisor was killed."""

Application = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]


def run(application: Application, listener: socket.socket, *, ready: Callable[[], None], news: News) -> None:
    """Serves in this process until SIGTERM or SIGINT. `ready` is called when requests are answered.

    Raises:
        StartRefused: the application does not start.
    """
    pending = [ready]

    async def notify() -> None:
        while pending:
            pending.pop()()

    Server(application, notify, news).run_until_signal(listener)


def work(application: str, channel: int) -> None:
    """A worker: serves on the supervisor's socket, sends its heartbeat, and ends with the supervisor."""
    gc.disable()  # what start-up makes stays; the application turns it on when it has started
    create: Callable[[Settings, News], Application] = import_from_string(application)
    supervisor = socket.socket(fileno=channel)
    message, descriptors, _, _ = socket.recv_fds(supervisor, 65_536, maxfds=1)
    while b"\n" not in message:
        message += supervisor.recv(65_536) or sys.exit(1)  # the supervisor is gone
    message, _, rest = message.partition(b"\n")
    os.environ.update(json.loads(message))
    lines = Lines(supervisor, unread=rest)
    threading.Thread(target=exit_with, args=(supervisor,), daemon=True).start()
    settings = read_settings()
    logs.configure(format=settings.log_format or "json", level=settings.log_level)

    async def notify() -> None:
        lines.say(HEARTBEAT)

    news = News()
    try:
        server = Server(create(settings, news), notify, news, neighbours=Neighbours(lines, news))
        signal.signal(signal.SIGUSR1, server.retire)
        server.run_until_signal(socket.socket(fileno=descriptors[0]))
    except (SettingsError, StartRefused) as refusal:
        lines.say(REFUSAL + str(refusal).encode())
        sys.exit(1)


def exit_with(supervisor: socket.socket) -> None:
    gone = select.poll()
    gone.register(supervisor, 0)
    gone.poll()  # what it says is heard elsewhere: this returns when it is gone
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)


class Server(uvicorn.Server):
    """uvicorn's server, which can also retire: it tells clients to reconnect before it closes their connections."""

    refusal: StartRefused | None = None
    is_retiring = False

    def __init__(
        self,
        application: Application,
        notify: Callable[[], Awaitable[None]],
        news: News,
        *,
        neighbours: Neighbours | None = None,
    ) -> None:
        """`notify` is called when the server has started, and every second from then on. `news` is what requests wait
        for, which ends with the server.
        """
        self.news = news
        self.neighbours = neighbours

        def called(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> Awaitable[None]:
            # Requests have one frame less: each is resumed through all of them.
            if scope["type"] != "lifespan":
                return application(scope, receive, send)
            return self.live(application, scope, receive, send)

        super().__init__(
            uvicorn.Config(
                called,
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
        )

    async def live(
        self, application: Application, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]
    ) -> None:
        """The application's life, whose refusal to start is kept as its sentence; Starlette tells its traceback."""

        async def without_traceback(message: dict[str, Any]) -> None:
            if message["type"] != "lifespan.startup.failed":
                await send(message)

        try:
            await application(scope, receive, without_traceback)
        except Exception as error:
            from taskward.postgres.failures import DatabaseRefused  # who raises it has loaded it already

            if not isinstance(error, DatabaseRefused):
                raise
            self.refusal = StartRefused(str(error))
            logging.disable()  # it is told once, as the last words
            await send({"type": "lifespan.startup.failed", "message": ""})

    def run_until_signal(self, listener: socket.socket) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            # uvicorn listens to them only while it serves, and raises them once more at the end.
            signal.signal(number, self.handle_exit)
        try:
            self.run(sockets=[listener])
        except SystemExit:
            logging.disable(logging.NOTSET)
            raise (self.refusal or SystemExit(1)) from None

    def retire(self, *_: object) -> None:
        self.is_retiring = self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.is_retiring = False
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.neighbours is not None:
            self.neighbours.open()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        self.news.stop()
        # RFC 9112 §9.6: a client that has read this sends nothing more here; one that only saw the connection
        # close cannot know whether its request was lost.
        self.config.encoded_headers.append((b"connection", b"close"))
        ends_at = time.monotonic() + DRAIN_SECONDS
        while self.is_retiring and self.server_state.connections and time.monotonic() < ends_at:
            await self.on_tick(0)  # takes over the changed headers
            await asyncio.sleep(0.1)
        await super().shutdown(sockets)


if __name__ == "__main__":
    work(sys.argv[1], int(sys.argv[2]))
