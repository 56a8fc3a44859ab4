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


def supervise(
    listener: socket.socket,
    *,
    workers: int,
    application: str = "taskward.operations.worker:application",
    check: Callable[[], None] = lambda: None,
    on_worker_exit: Callable[[int], None] = lambda number: None,
) -> int:
    """Serves with `workers` processes until SIGTERM or SIGINT, and returns the exit status.

    `application` is `module:function`; each worker calls it with the settings that it reads from its environment.
    `check` is called while the first ones import it; if it raises, they end before they have called it.
    `on_worker_exit` is called with the number (`WORKER`) of each that has ended.
    """
    allow_open_files()
    supervisor = Supervisor(listener, workers, application, on_worker_exit)
    supervisor.reconcile()
    try:
        check()
    except BaseException:
        supervisor.kill_workers()
        raise
    supervisor.let_workers_start()
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
    heartbeat: int
    """Where the worker writes a byte every second. It ends with the worker."""
    generation: int
    last_heartbeat_at: float = field(default_factory=time.monotonic)
    is_ready: bool = False
    is_retiring: bool = False

    def is_hung(self) -> bool:
        return time.monotonic() - self.last_heartbeat_at > (SILENT_SECONDS if self.is_ready else START_SECONDS)


class Supervisor:
    def __init__(
        self, listener: socket.socket, worker_count: int, application: str, on_worker_exit: Callable[[int], None]
    ) -> None:
        self.listener = listener
        self.worker_count = worker_count
        self.application = application
        self.on_worker_exit = on_worker_exit
        self.workers: list[Worker] = []
        self.generation = 0
        self.has_been_ready = False
        self.retry_at = 0.0
        self.kill_at: float | None = None
        self.status = 0
        self.selector = selectors.DefaultSelector()
        # Nobody writes here. Workers see the end of it when this process is gone.
        self.parent_alive, self.parent_alive_writer = os.pipe()
        # Nor here: workers wait at the barrier until its writer is closed.
        self.start_barrier, self.start_barrier_writer = os.pipe()

    def let_workers_start(self) -> None:
        os.close(self.start_barrier_writer)

    def kill_workers(self) -> None:
        for worker in self.workers:
            worker.process.kill()
            worker.process.wait()

    def run(self) -> int:
        signals, wakeup = socket.socketpair()
        wakeup.setblocking(False)  # as set_wakeup_fd asks for
        signal.set_wakeup_fd(wakeup.fileno())
        for handled in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(handled, lambda *_: None)  # `signals` has its number; it is handled in the loop below only
        self.selector.register(signals, selectors.EVENT_READ)

        while self.kill_at is None or self.workers:
            self.reconcile()
            for key, _ in self.selector.select(timeout=0.5):
                if key.fileobj is signals:
                    for number in signals.recv(64):
                        self.handle_signal(number)
                else:
                    self.read_heartbeat(key.data)

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
        self.selector.register(worker.heartbeat, selectors.EVENT_READ, worker)

    def spawn(self) -> Worker:
        number = min({*range(len(self.workers) + 1)} - {worker.number for worker in self.workers})
        heartbeat, heartbeat_writer = os.pipe()
        descriptors = (self.listener.fileno(), heartbeat_writer, self.parent_alive, self.start_barrier)
        arguments = [self.application, *map(str, descriptors)]
        command = [sys.executable, "-P", "-m", "taskward.operations.worker", *arguments]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                env={**os.environ, WORKER: str(number)},
                pass_fds=descriptors,
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, which then ends its workers
            )
        except OSError:
            os.close(heartbeat)
            raise
        finally:
            os.close(heartbeat_writer)
        return Worker(number, process, heartbeat, self.generation)

    def read_heartbeat(self, worker: Worker) -> None:
        if not os.read(worker.heartbeat, 4096):
            self.reap(worker)
            return
        worker.last_heartbeat_at = time.monotonic()
        if not worker.is_ready:
            worker.is_ready = self.has_been_ready = True
            log.info("worker %d is ready", worker.process.pid)

    def reap(self, worker: Worker) -> None:
        self.selector.unregister(worker.heartbeat)
        os.close(worker.heartbeat)
        self.workers.remove(worker)
        status = worker.process.wait()
        self.on_worker_exit(worker.number)
        if self.kill_at is not None or worker.is_retiring:
            log.info("worker %d has ended", worker.process.pid)
            return
        if worker.is_ready:
            log.error("worker %d died (status %d), another takes its place", worker.process.pid, status)
            return
        log.error("worker %d died (status %d) during its start", worker.process.pid, status)
        if status > 0 and not self.has_been_ready:
            self.stop(status=1)  # it would fail the same way each time
            return
        self.retry_at = time.monotonic() + BACKOFF_SECONDS
        for other in self.workers:  # a renewal that fails leaves those that serve where they are
            other.generation = self.generation
