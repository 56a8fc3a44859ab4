"""The embedded PostgreSQL as processes use it, and what tests ask about it. Its fixtures are in `embedded_fixtures`."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from support.programs import Program
from support.requirements import missing
from taskward.operations.embedded import cluster as embedded
from taskward.operations.embedded import programs as postgresql
from taskward.operations.embedded import supervisor as parent
from taskward.operations.embedded.cluster import EmbeddedPostgres

# Another process that uses the database: it says what `start` gave, and closes it on SIGTERM.
USER_OF_THE_DATABASE = """
import ctypes, json, os, resource, signal, subprocess, sys
import psycopg
from taskward.operations.embedded import cluster as embedded

orders = json.loads(os.environ["ORDERS"])
if "without_capability" in orders:
    # PR_CAPBSET_DROP takes effect with the next exec.
    assert ctypes.CDLL(None).prctl(24, orders.pop("without_capability")) == 0
    os.environ["ORDERS"] = json.dumps(orders)
    os.execv(sys.executable, sys.orig_argv)
if "session" in orders:
    os.setsid()
if "umask" in orders:
    os.umask(orders["umask"])
if "largest_file" in orders:
    resource.setrlimit(resource.RLIMIT_FSIZE, (orders["largest_file"],) * 2)
if "uid" in orders:
    os.setgroups([])
    os.setgid(orders["gid"])
    os.setuid(orders["uid"])
sys.executable = orders.get("python", sys.executable)

said = []
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
try:
    with embedded.start(orders["data_dir"], say=said.append) as database:
        told = {"url": database.url, "folder": str(database.folder), "said": said}
        if "child" in orders:
            nowhere = subprocess.DEVNULL
            told["child"] = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=nowhere, stderr=nowhere).pid
        print(json.dumps(told), flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            with psycopg.connect(database.url) as connection:
                print("finished", connection.execute("select 'its work'").fetchone()[0], flush=True)
except embedded.EmbeddedError as error:
    print(json.dumps({"error": str(error), "said": said}), flush=True)
"""

is_root = os.geteuid() == 0

Use = Callable[..., Program]


def python_for(account: postgresql.Account) -> str:
    pythons = [sys.executable, *(shutil.which("python3", path=path) for path in ("/usr/local/bin", "/usr/bin"))]
    for python in filter(None, pythons):
        try:
            check = "import ctypes, fcntl, sys; sys.exit(sys.version_info < (3, 11))"
            if postgresql.run([python, "-I", "-c", check], account).returncode == 0:
                return str(python)
        except OSError:
            continue
    return missing("No Python 3.11 or newer is where an ordinary user can reach it (as in /usr/bin).")


def start(data_dir: Path | str, said: list[str] | None = None) -> EmbeddedPostgres:
    return embedded.start(Path(data_dir), say=print if said is None else said.append)


def answer(program: Program) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(program.said(r"^\{.*").group())
    return found


def answer_all(*programs: Program) -> list[dict[str, Any]]:
    return [answer(program) for program in programs]


def refusal(program: Program) -> str:
    sentence: str = answer(program)["error"]
    assert program.wait() == 0
    assert "Traceback" not in "".join(program.err)
    assert "\n" not in sentence
    return sentence


def value_of(database: EmbeddedPostgres | str, query: str) -> Any:
    url = database if isinstance(database, str) else database.url
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def keep(url: str, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (number int)")
        connection.execute("insert into kept values (%s)", [number])


def kept(url: str) -> int:
    count: int = value_of(url, "select sum(number) from kept")
    return count


def answers(url: str) -> bool:
    try:
        return bool(value_of(url, "select 1"))
    except psycopg.OperationalError:
        return False


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def supervisor(folder: Path) -> int:
    return next(pid for pid, command in processes_with(str(folder)).items() if parent.__name__ in command)


def processes_of(folder: Path) -> dict[int, str]:
    return processes_with(str(folder)) | processes_with(parent.cluster_name(folder))


def processes_with(text: str) -> dict[int, str]:
    """Process ids and command lines that hold the text. Zombies have no command line."""
    if Path("/proc/self/cmdline").exists():
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                found[int(process.name)] = (
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except (FileNotFoundError, ProcessLookupError):
                continue
    else:
        listed = subprocess.run(["ps", "-Awwo", "pid=,command="], capture_output=True, text=True, check=True).stdout
        found = {int(pid): command for pid, command in (line.split(maxsplit=1) for line in listed.splitlines())}
    return {pid: command for pid, command in found.items() if text in command}


def shadowed(place: Path, **installs: Path | None) -> dict[str, str]:
    """An environment in which each wheel's package, in front of the real one, has this `pginstall` folder or none."""
    for name in postgresql.WHEELS:
        package = place / "site" / name
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        if install := installs.get(name):
            (package / "pginstall").symlink_to(install)
    return {"PYTHONPATH": str(place / "site")}


def wheel() -> Path:
    """The folder `bin` of an installed wheel's PostgreSQL."""
    for programs, _ in postgresql.installations():
        if programs.parent.name.startswith("pginstall"):
            return Path(programs)
    return missing("No wheel with PostgreSQL is installed (make setup does it).")
