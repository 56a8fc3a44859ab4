"""The machine: which core does what, what processes used of it, and what it is."""

import importlib.util
import os
import platform
import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

LOAD_BEFORE = os.getloadavg()[0]
"""Of the last minute before anything was measured: what others used of the machine."""


class Missing(Exception):
    """What the machine lacks; one sentence."""


def require_group() -> None:
    """
    Raises:
        Missing: the packages of the dependency group `bench` are not there.
    """
    if any(importlib.util.find_spec(name) is None for name in ("matplotlib", "psycopg2")):
        raise Missing("The dependency group bench is not installed: run make bench, which does it.")


def require_program(program: str, why: str) -> None:
    """
    Raises:
        Missing: it is not on PATH.
    """
    if shutil.which(program) is None:
        raise Missing(f"{program} is missing, which {why}.")


def two_cores() -> tuple[int, int]:
    """One for PostgreSQL and the load, one for the server under test.

    Raises:
        Missing: there is only one.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Missing("The comparison needs two cores: one for PostgreSQL and the load, one for the server.")
    return cores[0], cores[1]


def pin(pid: int, cores: Iterable[int]) -> None:
    """The process, its children, and those that they will have."""
    chosen = set(cores)
    for each in family(pid):
        os.sched_setaffinity(each, chosen)


def family(pid: int) -> list[int]:
    """The process, its children and theirs."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        each = int(folder.name)
        children.setdefault(int(stat(each)[1]), []).append(each)
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def cpu_seconds(pid: int) -> float:
    """Of the process and all that it has and had for children, as far as it has waited for those."""
    return sum(sum(map(int, stat(each)[11:15])) for each in family(pid)) / TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    return sum(int(stat(each)[21]) for each in family(pid)) * PAGE_BYTES


def stat(pid: int) -> list[str]:
    """From the third field on (proc(5)); a process that has just ended used nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["0"] * 50


def description(postgresql: str | None = None) -> dict[str, Any]:
    """Without anything that tells whose machine it is. What took no part is None."""
    has_node = postgresql is not None and shutil.which("node") is not None
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True) if has_node else None
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES / 2**30),
        "load_before": round(LOAD_BEFORE, 2),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "taskward": metadata.version("taskward"),
        "python": platform.python_version(),
        "postgresql": postgresql,
        "node": node and node.stdout.strip().removeprefix("v"),
    }


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
