"""The parent of `serve`: it keeps as many workers (`worker.py`) as were asked for.

The supervisor owns the listening socket and hands it to every worker, so that no connection is refused
while workers come and go. It replaces a worker that dies, renews all of them on SIGHUP (a new one is
ready before an old one retires) and ends them on SIGTERM.
"""

import logging
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

log = logging.getLogger("taskward.operations.supervisor")

STOP_SECONDS = 8.5
"""After SIGTERM whoever still runs is killed, so that the whole ends within 10 s."""

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


def supervise(
    listener: socket.socket,
    *,
    workers: int,
    application: str = "taskward.app:create_app",
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
                    "taskward.operations.worker",
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
