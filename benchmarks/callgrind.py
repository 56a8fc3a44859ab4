"""Processes whose instructions callgrind counts.

A worker as `taskward serve` starts it, with this process as its supervisor; and the server process of PostgreSQL that
serves its one connection.
"""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from campaigns.processes import PostgreSQL, end

from taskward.operations import worker
from taskward.operations.supervisor import HEARTBEAT

# Entry points of CPython's allocator and of the C library's. What is larger than 512 bytes passes both.
ALLOCATORS = {"_PyObject_Malloc", "_PyObject_Calloc", "malloc", "calloc"}


DUMP_SECONDS = 60


class Dump(NamedTuple):
    instructions: int
    allocations: int
    """0 when the interpreter has no symbols."""


class Worker:
    """Ends with this process, however that ends."""

    def __init__(self, application: str, settings: Mapping[str, str], folder: Path, *, is_counted: bool) -> None:
        name = f"{application.partition(':')[0]}{'-counted' if is_counted else ''}"
        self.log, self.profile = folder / f"{name}.log", folder / f"{name}.callgrind"
        self.vgdb_prefix = f"--vgdb-prefix={folder / 'vgdb'}"
        self.dumps = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        # As `operations.supervisor` has them.
        self.channel, of_worker = socket.socketpair()
        # Its environment is there already.
        socket.send_fds(self.channel, [b"{}\n"], [self.listener.fileno()])
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", self.vgdb_prefix]
        command = [sys.executable, "-P", "-m", worker.__name__, application, str(of_worker.fileno())]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*valgrind, f"--callgrind-out-file={self.profile}", *command] if is_counted else command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=settings,
                pass_fds=[of_worker.fileno()],
                start_new_session=True,
            )
        of_worker.close()

    def port(self) -> int:
        """As soon as it answers."""
        if self.channel.recv(1) != HEARTBEAT:
            raise RuntimeError(f"a worker did not start: {self.log.read_text()[-2000:]}")
        return int(self.listener.getsockname()[1])

    def begin_counting(self) -> None:
        self.tell("instrumentation", "on")

    def forget(self) -> None:
        """What was counted so far."""
        self.tell("zero")

    def dump(self) -> Dump:
        """What was counted since the last dump, or since it was told to forget."""
        self.tell("dump")
        self.dumps += 1
        return read_dump(Path(f"{self.profile}.{self.dumps}").read_text().splitlines())

    def tell(self, *command: str) -> None:
        vgdb = ["vgdb", self.vgdb_prefix, f"--pid={self.process.pid}", *command]  # as callgrind_control does
        subprocess.run(vgdb, capture_output=True, check=True)

    def close(self) -> None:
        end(self.process)
        self.listener.close()
        self.channel.close()


class CountedServer:
    """PostgreSQL, run by callgrind: each of its processes dumps what it has counted when it is told to log its memory.

    A process that sleeps would not hear of vgdb, and a signal is what wakes it.
    """

    LOGS_MEMORY = "ProcessLogMemoryContextInterrupt"

    def __init__(self, server: PostgreSQL) -> None:
        """Starts it, when it was running without callgrind."""
        self.server = server
        self.folder = server.folder / "callgrind"
        self.folder.mkdir()
        if server.account:
            os.chown(self.folder, server.account.uid, server.account.gid)
        end(server.process)
        server.runner = [
            "valgrind",
            "--tool=callgrind",
            "--vgdb=no",
            f"--dump-before={self.LOGS_MEMORY}",
            f"--dump-after={self.LOGS_MEMORY}",
            f"--callgrind-out-file={self.folder}/%p",
        ]
        server.start()
        asyncio.run(server.comes_back())
        self.dumps: Counter[int] = Counter()

    def dump(self, pid: int) -> Dump:
        """What this process, which must be idle, has counted since the last dump, or since it began."""
        self.server.rows(f"select pg_log_backend_memory_contexts({pid})")
        # The second has what it took to log.
        first, second = (Path(f"{self.folder}/{pid}.{self.dumps[pid] + number}") for number in (1, 2))
        self.dumps[pid] += 2
        ends_at = time.monotonic() + DUMP_SECONDS
        while not second.exists() or "\ntotals: " not in second.read_text():
            if time.monotonic() > ends_at:
                raise TimeoutError(f"PostgreSQL's process {pid} has not dumped what it counted")
            time.sleep(0.05)
        return read_dump(first.read_text().splitlines())


@contextmanager
def working(
    application: str, settings: Mapping[str, str], folder: Path, *, is_counted: bool = False
) -> Iterator[Worker]:
    """`application` is `module:function`, as a worker takes it."""
    started = Worker(application, settings, folder, is_counted=is_counted)
    try:
        yield started
    finally:
        started.close()


def read_dump(lines: Iterable[str]) -> Dump:
    """Callgrind Format Specification: a name stands behind its number once; `calls=` belongs to the `cfn=` before it.

    Raises:
        ValueError: there is no summary.
    """
    names: dict[str, str] = {}
    calls: Counter[str] = Counter()
    function, total = "", None
    for line in lines:
        if named := re.match(r"c?fn=\((\d+)\)(?: ([^']+))?", line):  # behind ' stands the depth of a recursion
            if named[2]:
                names[named[1]] = named[2]
            function = names[named[1]]
        elif line.startswith("calls="):
            calls[function] += int(line[6:].split()[0])
        elif line.startswith("summary: "):  # `totals:` has some of what a thread counted before it was told to forget
            total = int(line[9:])
    if total is None:
        raise ValueError("The dump has no summary.")
    return Dump(total, sum(calls[name] for name in ALLOCATORS))
