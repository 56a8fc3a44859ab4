"""How long one waits: `taskward dev` with and without a database from before, and `taskward serve`."""

import compileall
import shutil
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from campaigns.processes import free_port, start, temporary_folder

import taskward
from benchmarks.data import postgresql
from benchmarks.machine import description
from benchmarks.noise import Watch, noise_of
from benchmarks.servers import TASKWARD_PEER, Issuer, issuer, taskward_command, wait_until_ok
from support.programs import TASKWARD, environment
from taskward.migrations import migrate
from taskward.operations.embedded.programs import account_for

TIMES = 5


def start_up(times: int = TIMES) -> dict[str, Any]:
    # The account that PostgreSQL runs as enters the folder; else it would be kept elsewhere, and stay.
    # As pip installs it; where PYTHONDONTWRITEBYTECODE is set, each start compiled its source anew.
    compileall.compile_dir(Path(taskward.__file__).parent, quiet=1)
    with temporary_folder(account_for(None)) as folder, issuer() as tokens:
        found: dict[str, list[float]] = {"dev_cold": [], "dev_warm": [], "serve_ready": []}
        with postgresql() as postgres:
            migrate(postgres.url)
            watch = Watch()
            for number in range(times):
                data_dir = folder / str(number)
                found["dev_cold"].append(dev(data_dir, folder))
                found["dev_warm"].append(dev(data_dir, folder))
                found["serve_ready"].append(serve(postgres.url, tokens, folder))
                shutil.rmtree(data_dir)
                print(f"start-up, {number + 1} of {times}", file=sys.stderr, flush=True)
            noise = noise_of([watch.taken()])
            machine = description(postgres.version)
    seconds = {
        name: {"median": round(statistics.median(each), 3), "all": [round(value, 3) for value in each]}
        for name, each in found.items()
    }
    return {"machine": machine, "noise": noise._asdict(), "seconds": seconds}


def dev(data_dir: Path, folder: Path) -> float:
    """Seconds from the command to the first answer of `/health`."""
    port = free_port()
    command = [TASKWARD, "dev", "--port", str(port), "--data-dir", str(data_dir)]
    return seconds_until_ok(command, environment(), f"http://127.0.0.1:{port}/health", folder)


def serve(database_url: str, tokens: Issuer, folder: Path) -> float:
    """Seconds from the command until `/ready` says so."""
    port = free_port()
    settings = environment(**TASKWARD_PEER.environment(database_url, tokens))
    return seconds_until_ok(taskward_command(port, 1), settings, f"http://127.0.0.1:{port}/ready", folder)


def seconds_until_ok(command: Sequence[str], settings: dict[str, str], url: str, folder: Path) -> float:
    log = folder / "program.log"
    began_at = time.monotonic()
    process = start(command, env=settings, log=log, account=None)
    try:
        wait_until_ok(url, process, log)
        return time.monotonic() - began_at
    finally:
        process.terminate()
        process.wait(timeout=30)
