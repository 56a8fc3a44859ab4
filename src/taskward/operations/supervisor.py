"""How the API runs: in one process for `dev`, as a supervisor with its workers for `serve`.

The supervisor owns the listening socket and hands it to every worker, so that no connection is refused
while workers come and go. It replaces a worker that dies, renews all of them on SIGHUP (a new one is
ready before an old one retires) and ends them on SIGTERM. Workers end when the supervisor is gone,
however it went.
"""

import asyncio
import contextlib
import errno
import gc
import logging
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.importer import import_from_string

from taskward import logs
from taskward.http.protocol import Protocol
from taskward.settings import Settings, read_settings

log = logging.getLogger("taskward.operations.supervisor")

BACKLOG = 2048
KEEP_ALIVE_SECONDS = 65
"""Longer than the 60 s after which common load balancers close an idle connection: they, not we, should be first."""

DRAIN_SECONDS = 5
"""How long a retiring worker waits for idle clients to send one more request and be told to reconnect."""

GRACE_SECONDS = 6
"""How long requests in work may take to finish when a process ends."""

STOP_SECONDS = 8.5
"""After SIGTERM whoever still runs is killed, so that the whole ends within 10 s."""

ORPHAN_SECONDS = 1.5
"""How long requests in work may take to finish when the supervisor was killed."""

START_SECONDS = 60
SILENT_SECONDS = 30
"""A worker that takes longer to start, or whose event loop stands still for longer, is killed and replaced."""

OPEN_FILES = 65_536
"""So many a worker may have, if the hard limit of the machine allows it."""

PAUSE_SECONDS = 2
"""Before the next attempt when a worker has died during its start."""

WORKER = "TASKWARD_WORKER"
"""The environment variable with a worker's number: of those that run at once each has its own, from 0 up, and one
that has ended leaves its number to another."""

Application = Callable[[dict[str, Any], Callable[..., Any], Callable[..., Any]], Awaitable[None]]


class CannotListen(Exception):
    """The address cannot be had; one sentence."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        CannotListen: the port is taken or privileged, or the host is not of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise CannotListen(f"The host {host} is not known: give an address of this machine with --host.") from None
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = {
            errno.EADDRINUSE: f"Port {port} is in use: stop what uses it, or choose another with --port.",
            errno.EACCES: f"Port {port} is not open to this user: choose one above 1023 with --port.",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine: choose another with --host.",
        }.get(error.errno or 0, f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}.")
        raise CannotListen(reason) from None
    return listener


def run(application: Application, listener: socket.socket, *, ready: Callable[[], None]) -> None:
    """Serves in this process until SIGTERM or SIGINT. `ready` is called when requests are answered.

    Raises:
        SystemExit: the application did not start; the log says why.
    """
    pending = [ready]

    async def tell() -> None:
        while pending:
            pending.pop()()

    Server(configuration(application, tell)).run_until_told(listener)


def configuration(application: Application, beat: Callable[[], Awaitable[None]]) -> uvicorn.Config:
    """`beat` is called when the server has started, and every second from then on."""
    return uvicorn.Config(
        refusal_as_sentence(application),
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
        callback_notify=beat,
        timeout_notify=1,
    )


def refusal_as_sentence(application: Application) -> Application:
    """The application, whose refusal to start is told as its sentence; Starlette would tell its traceback."""

    async def wrapped(scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "lifespan":
            await application(scope, receive, send)
            return

        from taskward.postgres.failures import DatabaseRefused  # the application has it already, the supervisor has not

        async def without_traceback(message: dict[str, Any]) -> None:
            if message["type"] != "lifespan.startup.failed":
                await send(message)

        try:
            await application(scope, receive, without_traceback)
        except DatabaseRefused as refusal:
            await send({"type": "lifespan.startup.failed", "message": str(refusal)})

    return wrapped


class Server(uvicorn.Server):
    """uvicorn's server, which can also retire: it tells clients to reconnect before it closes their connections."""

    is_retiring = False

    def run_until_told(self, listener: socket.socket) -> None:
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


def supervise(
    listener: socket.socket,
    *,
    workers: int,
    application: str = "taskward.operations.supervisor:application",
    meanwhile: Callable[[], None] = lambda: None,
    ended: Callable[[int], None] = lambda number: None,
) -> int:
    """Serves with `workers` processes until SIGTERM or SIGINT, and returns the exit status.

    `application` is `module:function`; each worker calls it with the settings that it reads from its environment.
    `meanwhile` is called while the first ones import it; if it raises, they end before they have called it.
    `ended` is called with the number (`WORKER`) of each that has ended.
    """
    allow_open_files()
    supervisor = Supervisor(listener, workers, application, ended)
    supervisor.adjust()
    try:
        meanwhile()
    except BaseException:
        supervisor.abandon()
        raise
    os.close(supervisor.gate)
    return supervisor.run()


def allow_open_files() -> None:
    """Each client is one. What a shell or systemd allows at first, 1,024, is meant for programs that use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@dataclass(eq=False)
class Worker:
    number: int
    process: subprocess.Popen[bytes]
    pulse: int
    """Where the worker writes a byte every second. It ends with the worker."""
    generation: int
    seen_at: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    is_retiring: bool = False

    def is_hung(self) -> bool:
        return time.monotonic() - self.seen_at > (SILENT_SECONDS if self.is_ready else START_SECONDS)


class Supervisor:
    def __init__(self, listener: socket.socket, count: int, application: str, ended: Callable[[int], None]) -> None:
        self.listener = listener
        self.count = count
        self.application = application
        self.ended = ended
        self.workers: list[Worker] = []
        self.generation = 0
        self.was_ready = False
        self.paused_until = 0.0
        self.stop_at: float | None = None
        self.status = 0
        self.selector = selectors.DefaultSelector()
        # Nobody writes here. Workers see its end when this process is gone.
        self.life, self.held = os.pipe()
        # Nor here: a worker goes on when this end is closed.
        self.start_line, self.gate = os.pipe()

    def run(self) -> int:
        inbox, wakeup = socket.socketpair()
        wakeup.setblocking(False)  # as set_wakeup_fd asks for
        signal.set_wakeup_fd(wakeup.fileno())
        for handled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(handled, lambda *_: None)  # `inbox` has its number; work is done in the loop below only
        self.selector.register(inbox, selectors.EVENT_READ)

        while self.stop_at is None or self.workers:
            self.adjust()
            for key, _ in self.selector.select(timeout=0.5):
                if key.fileobj is inbox:
                    for number in inbox.recv(64):
                        self.obey(number)
                else:
                    self.hear(key.data)

        signal.set_wakeup_fd(-1)
        return self.status

    def obey(self, number: int) -> None:
        if number == signal.SIGHUP:
            log.info("renewing the workers")
            self.generation += 1
        elif number in (signal.SIGTERM, signal.SIGINT):
            log.info("stopping")
            self.stop(status=0)

    def stop(self, *, status: int) -> None:
        if self.stop_at is None:
            self.status, self.stop_at = status, time.monotonic() + STOP_SECONDS
        self.listener.close()
        for worker in self.workers:
            worker.process.terminate()

    def abandon(self) -> None:
        for worker in self.workers:
            worker.process.kill()
            worker.process.wait()

    def adjust(self) -> None:
        """Starts, retires and kills, one step at a time, until the workers are as many and as new as they should be."""
        now = time.monotonic()
        for worker in self.workers:
            if worker.is_hung() or (self.stop_at is not None and now > self.stop_at):
                log.error("killing worker %d, which does not answer", worker.process.pid)
                worker.process.kill()
        if self.stop_at is not None:
            return

        staying = [worker for worker in self.workers if not worker.is_retiring]
        outdated = [worker for worker in staying if worker.generation < self.generation]
        for _ in range(len(staying), self.count + bool(outdated)):
            if now >= self.paused_until:
                self.start()
        if outdated and len(staying) > self.count and all(worker.is_ready for worker in staying):
            outdated[0].is_retiring = True
            outdated[0].process.send_signal(signal.SIGUSR1)

    def start(self) -> None:
        try:
            worker = self.spawn()
        except OSError as error:  # no memory, no descriptors, no processes left
            log.error("no worker could be started: %s", os.strerror(error.errno or 0))
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            return
        self.workers.append(worker)
        self.selector.register(worker.pulse, selectors.EVENT_READ, worker)

    def spawn(self) -> Worker:
        number = min({*range(len(self.workers) + 1)} - {worker.number for worker in self.workers})
        pulse, beat = os.pipe()
        descriptors = (self.listener.fileno(), beat, self.life, self.start_line)
        try:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "taskward.operations.supervisor",
                    self.application,
                    *map(str, descriptors),
                ],
                stdin=subprocess.DEVNULL,
                env={**os.environ, WORKER: str(number)},
                pass_fds=descriptors,
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, which then ends its workers
            )
        except OSError:
            os.close(pulse)
            raise
        finally:
            os.close(beat)
        return Worker(number, process, pulse, self.generation)

    def hear(self, worker: Worker) -> None:
        if not os.read(worker.pulse, 4096):
            self.bury(worker)
            return
        worker.seen_at = time.monotonic()
        if not worker.is_ready:
            worker.is_ready = self.was_ready = True
            log.info("worker %d is ready", worker.process.pid)

    def bury(self, worker: Worker) -> None:
        self.selector.unregister(worker.pulse)
        os.close(worker.pulse)
        self.workers.remove(worker)
        status = worker.process.wait()
        self.ended(worker.number)
        if self.stop_at is not None or worker.is_retiring:
            log.info("worker %d has ended", worker.process.pid)
            return
        if worker.is_ready:
            log.error("worker %d died (status %d), another takes its place", worker.process.pid, status)
            return
        log.error("worker %d died (status %d) during its start", worker.process.pid, status)
        if status > 0 and not self.was_ready:
            self.stop(status=1)  # it would fail the same way each time
            return
        self.paused_until = time.monotonic() + PAUSE_SECONDS
        for other in self.workers:  # a renewal that fails leaves those that serve where they are
            other.generation = self.generation


def work(application: str, listener: int, pulse: int, supervisor: int, start_line: int) -> None:
    """A worker: serves on the inherited socket, writes its pulse, and ends with the supervisor."""
    gc.disable()  # what start-up makes stays; the application turns it on when it has started
    threading.Thread(target=end_with, args=(supervisor,), daemon=True).start()
    settings = read_settings()
    logs.configure(format=settings.log_format or "json", level=settings.log_level)
    create: Callable[[Settings], Application] = import_from_string(application)
    os.read(start_line, 1)
    os.set_blocking(pulse, False)

    async def beat() -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(pulse, b".")

    server = Server(configuration(create(settings), beat))
    signal.signal(signal.SIGUSR1, server.retire)
    server.run_until_told(socket.socket(fileno=listener))


def application(settings: Settings) -> Application:
    """What a worker serves."""
    from taskward.app import create_app
    from taskward.operations.exposition import observe

    return create_app(settings, observe=observe)


def end_with(supervisor: int) -> None:
    os.read(supervisor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    work(sys.argv[1], *map(int, sys.argv[2:]))
