"""Programs under test, started as a user starts them, bounded in time, and never left behind."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

TASKWARD = str(Path(sys.executable).with_name("taskward"))

# What must not leak from the tester's own environment into the program.
OURS = re.compile(
    r"(?i)DATABASE_|BETTER_AUTH_|JWT_|API_PREFIX|CORS_|REQUIRE_|REQUEST_|DATA_DIR|LOG_|RATE_|TRASH_|METRICS_"
    r"|PROMETHEUS_|WEBHOOK_|ROOT_PATH|PUBLIC_|MCP$|PG[A-Z]+$|(HOST|PORT|WORKERS)$"
)


def environment(**settings: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not OURS.match(name)} | settings


T = TypeVar("T")

PATIENCE_SECONDS = 120
"""For an event that must come. A crowded machine may take a minute over what is done in a moment elsewhere, and a test
that passes waits no longer for a larger limit."""


def eventually(find: Callable[[], T], *, within_seconds: float = PATIENCE_SECONDS) -> T:
    """The first true value of `find`, which is looked for the more seldom the longer it takes."""
    began_at = time.monotonic()
    while not (found := find()):
        waited = time.monotonic() - began_at
        assert waited < within_seconds, f"not within {within_seconds} s"
        time.sleep(min(max(0.01, waited / 10), 0.1))
    return found


class Ended(NamedTuple):
    status: int
    out: str
    err: str


class Program:
    """A running program and the lines that it has written so far."""

    def __init__(self, *arguments: str, env: Mapping[str, str], cwd: Path | None = None) -> None:
        self.process = subprocess.Popen(
            arguments,
            env=env,
            cwd=cwd,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.out: list[str] = []
        self.err: list[str] = []
        pairs = ((self.process.stdout, self.out), (self.process.stderr, self.err))
        self.readers = [threading.Thread(target=collect, args=pair, daemon=True) for pair in pairs]
        for reader in self.readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    def said(self, pattern: str, *, within_seconds: float = PATIENCE_SECONDS) -> "re.Match[str]":
        """The first match in a line of its output, as soon as there is one."""

        def find() -> "re.Match[str] | None":
            hits = (re.search(pattern, line) for line in [*self.out, *self.err])
            hit = next((hit for hit in hits if hit), None)
            assert hit or self.process.poll() is None, f"it ended with {self.process.poll()}: {self.err}"
            return hit

        hit = eventually(find, within_seconds=within_seconds)
        assert hit
        return hit

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self, number: signal.Signals = signal.SIGTERM, *, within_seconds: float = PATIENCE_SECONDS) -> int:
        """Its exit status after the signal."""
        self.send(number)
        return self.wait(within_seconds=within_seconds)

    def wait(self, *, within_seconds: float = PATIENCE_SECONDS) -> int:
        status = self.process.wait(timeout=within_seconds)
        for reader in self.readers:
            reader.join(timeout=PATIENCE_SECONDS)
        return status


def collect(stream: Any, lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip("\n"))  # noqa: PERF401 - others read along
    stream.close()


@contextmanager
def running(*arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Iterator[Program]:
    program = Program(*arguments, env=environment() if env is None else env, cwd=cwd)
    try:
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
        program.wait()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # A container's first process may never collect an orphan that has ended.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()
