"""The parent of `serve`: it keeps as many workers (`worker.py`) as were asked for.

The supervisor owns the listening socket and hands it to every worker, so that no connection is refused
while workers come and go. It replaces a worker that dies, renews all of them on SIGHUP (a new one is
ready before an old one retires) and ends them on SIGTERM.
"""

import json
import logging
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Self

from taskward.operations.lines import CHANGED, HEARTBEAT, LEFT, REFUSAL, UNWATCH, WATCH, Lines

log = logging.getLogger("taskward.operations.supervisor")

STOP_SECONDS = 8.5
"""A worker that still runs so long after SIGTERM is killed, so that the whole ends within 10 s."""

START_SECONDS = 60
SILENT_SECONDS = 30
"""A worker that takes longer to start, or whose event loop stands still for longer, is killed and replaced."""

OPEN_FILES = 65_536
"""So many a worker may have, if the hard limit of the machine allows it."""

BACKOFF_SECONDS = 2
"""Before the next attempt when a worker has died during its start."""

WORKER = "TASKWARD_WORKER"
"""The environment variable with a worker's number: of those that run at once each has its own, from 0 up, and one
that has ended leaves its number to another."""


class StartRefused(Exception):
    """The application does not start, for a reason that an operator can mend: one sentence."""


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
    lines: Lines
    """To the worker goes what it begins with, the listening socket among it. Each end is closed when the process at the
    other is gone."""
    generation: int
    has_begun: bool = False
    watching: set[bytes] = field(default_factory=set)
    """The owners for whose changes somebody waits there, by their digests."""
    refusal: str = ""
    last_heartbeat_at: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    is_retiring: bool = False

    def is_hung(self) -> bool:
        return time.monotonic() - self.last_heartbeat_at > (SILENT_SECONDS if self.is_ready else START_SECONDS)


class Supervisor:
    """As a context it has a first worker, which imports the application and waits for `run` to say with what to serve,
    and in the end no worker any more.

    `application` is `module:function`; each worker calls it with the settings that it reads from its environment.
    """

    def __init__(self, application: str = "taskward.operations.served:application") -> None:
        self.application = application
        self.listener: socket.socket | None = None
        self.worker_count = 1
        self.environment: Mapping[str, str] = MappingProxyType({})
        self.ready: Callable[[], None] = lambda: None
        self.on_worker_exit: Callable[[int], None] = lambda number: None
        self.workers: list[Worker] = []
        self.generation = 0
        self.has_been_ready = False
        self.retry_at = 0.0
        self.kill_at: float | None = None
        self.status = 0
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        allow_open_files()
        self.reconcile()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            worker.process.kill()
            worker.process.wait()
            worker.lines.channel.close()
        self.selector.close()

    def run(
        self,
        listener: socket.socket,
        *,
        workers: int,
        environment: Mapping[str, str] = MappingProxyType({}),
        ready: Callable[[], None] = lambda: None,
        on_worker_exit: Callable[[int], None] = lambda number: None,
    ) -> int:
        """Serves until SIGTERM or SIGINT, and returns the exit status.

        `environment` is what each worker has beside this process' own. `ready` is called when requests are answered,
        `on_worker_exit` with the number (`WORKER`) of each that has ended.

        Raises:
            StartRefused: a worker refuses to start, and none has served yet.
        """
        self.listener, self.worker_count, self.environment = listener, workers, environment
        self.ready, self.on_worker_exit = ready, on_worker_exit
        for worker in self.workers:
            self.begin(worker)
        signals, wakeup = socket.socketpair()
        wakeup.setblocking(False)  # as set_wakeup_fd asks for
        signal.set_wakeup_fd(wakeup.fileno())
        for handled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(handled, lambda *_: None)  # `signals` has its number; it is handled in the loop below only
        self.selector.register(signals, selectors.EVENT_READ)

        while self.kill_at is None or self.workers:
            self.reconcile()
            for key, events in self.selector.select(timeout=0.5):
                if key.fileobj is signals:
                    for number in signals.recv(64):
                        self.handle_signal(number)
                    continue
                if events & selectors.EVENT_WRITE and not key.data.lines.flush():
                    self.selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                if events & selectors.EVENT_READ:
                    self.read(key.data)

        signal.set_wakeup_fd(-1)
        return self.status

    def handle_signal(self, number: int) -> None:
        if number == signal.SIGHUP:
            log.info("renewing the workers")
            self.generation += 1
        elif number in (signal.SIGTERM, signal.SIGINT):
            log.info("stopping")
            self.stop(status=0)

    def stop(self, *, status: int) -> None:
        if self.kill_at is None:
            self.status, self.kill_at = status, time.monotonic() + STOP_SECONDS
        if self.listener is not None:
            self.listener.close()
        for worker in self.workers:
            worker.process.terminate()

    def reconcile(self) -> None:
        """Starts, retires and kills, one step at a time, until the workers are as many and as new as they should be."""
        now = time.monotonic()
        for worker in self.workers:
            if worker.is_hung() or (self.kill_at is not None and now > self.kill_at):
                log.error("killing worker %d, which does not answer", worker.process.pid)
                worker.process.kill()
        if self.kill_at is not None:
            return

        staying = [worker for worker in self.workers if not worker.is_retiring]
        outdated = [worker for worker in staying if worker.generation < self.generation]
        for _ in range(len(staying), self.worker_count + bool(outdated)):
            if now >= self.retry_at:
                self.start()
        if outdated and len(staying) > self.worker_count and all(worker.is_ready for worker in staying):
            outdated[0].is_retiring = True
            outdated[0].process.send_signal(signal.SIGUSR1)

    def start(self) -> None:
        try:
            worker = self.spawn()
        except OSError as error:  # no memory, no descriptors, no processes left
            log.error("no worker could be started: %s", os.strerror(error.errno or 0))
            self.retry_at = time.monotonic() + BACKOFF_SECONDS
            return
        self.workers.append(worker)
        self.selector.register(worker.lines.channel, selectors.EVENT_READ, worker)
        self.begin(worker)

    def spawn(self) -> Worker:
        number = min({*range(len(self.workers) + 1)} - {worker.number for worker in self.workers})
        channel, of_worker = socket.socketpair()
        descriptor = of_worker.fileno()
        command = [sys.executable, "-P", "-m", "taskward.operations.worker", self.application, str(descriptor)]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[descriptor],
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, which then ends its workers
            )
        except OSError:
            channel.close()
            raise
        finally:
            of_worker.close()
        return Worker(number, process, Lines(channel), self.generation)

    def begin(self, worker: Worker) -> None:
        if self.listener is None:
            return
        worker.last_heartbeat_at = time.monotonic()  # until now it waited for us
        message = json.dumps({**self.environment, WORKER: str(worker.number)}).encode() + b"\n"
        with suppress(OSError):  # it has died already, which its end of the channel tells
            socket.send_fds(worker.lines.channel, [message], [self.listener.fileno()])
        worker.has_begun = True
        for key in set().union(*(other.watching for other in self.workers)):
            self.say(worker, WATCH + key)

    def read(self, worker: Worker) -> None:
        lines = worker.lines.hear()
        if lines is None:
            self.reap(worker)
        for line in lines or ():
            self.hear(worker, line)

    def hear(self, worker: Worker, line: bytes) -> None:
        kind, said = line[:1], line[1:]
        if kind == HEARTBEAT:
            self.note_heartbeat(worker)
        elif kind == REFUSAL:
            worker.refusal = said.decode()
        elif kind == WATCH:
            worker.watching.add(said)
            # To all others at each time: they tell what they have written before they heard of it.
            for other in self.workers:
                if other is not worker:
                    self.say(other, line)
        elif kind == UNWATCH:
            self.unwatch(worker, said)
        elif kind == LEFT:
            for other in self.workers:
                if other is not worker:
                    self.say(other, line)
        elif kind == CHANGED:
            for other in self.workers:
                if other is not worker and said.partition(b" ")[0] in other.watching:
                    self.say(other, line)

    def unwatch(self, worker: Worker, key: bytes) -> None:
        worker.watching.discard(key)
        if not any(key in other.watching for other in self.workers):
            for other in self.workers:
                self.say(other, UNWATCH + key)

    def say(self, worker: Worker, line: bytes) -> None:
        if worker.has_begun and worker.lines.say(line):
            both = selectors.EVENT_READ | selectors.EVENT_WRITE
            self.selector.modify(worker.lines.channel, both, worker)

    def note_heartbeat(self, worker: Worker) -> None:
        worker.last_heartbeat_at = time.monotonic()
        if not worker.is_ready:
            if not self.has_been_ready:
                self.ready()
            worker.is_ready = self.has_been_ready = True
            log.info("worker %d is ready", worker.process.pid)

    def reap(self, worker: Worker) -> None:
        self.selector.unregister(worker.lines.channel)
        worker.lines.channel.close()
        self.workers.remove(worker)
        for key in tuple(worker.watching):
            self.unwatch(worker, key)
        status = worker.process.wait()
        self.on_worker_exit(worker.number)
        if self.kill_at is not None or worker.is_retiring:
            log.info("worker %d has ended", worker.process.pid)
            return
        if worker.is_ready:
            log.error("worker %d died (status %d), another takes its place", worker.process.pid, status)
            return
        if worker.refusal:
            if not self.has_been_ready:
                raise StartRefused(worker.refusal)
            log.error("worker %d does not start: %s", worker.process.pid, worker.refusal)
        else:
            log.error("worker %d died (status %d) during its start", worker.process.pid, status)
        if status > 0 and not self.has_been_ready:
            self.stop(status=1)  # it would fail the same way each time
            return
        self.retry_at = time.monotonic() + BACKOFF_SECONDS
        for other in self.workers:  # a renewal that fails leaves those that serve where they are
            other.generation = self.generation
