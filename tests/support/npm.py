"""Packages of npm for tests: exactly those of a lock file, installed once."""

import fcntl
import subprocess
from pathlib import Path

from support.requirements import missing, require_program

NODE = (20, 19)
INSTALL_SECONDS = 300


def install(folder: Path, *, what: str) -> None:
    """Makes the folder's `node_modules` what its lock file says, once for all processes that ask at the same time."""
    node = require_program("node", f"run {what}")
    npm = require_program("npm", f"install {what}")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, version.lstrip("v").split(".")[:2])) < NODE:
        missing(f"node is {version}, and {what} needs 20.19 or newer.")
    locked, installed = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with locked.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # npm writes its own copy of the lock file last, so that half an installation has none.
        if installed.exists() and installed.stat().st_mtime >= locked.stat().st_mtime:
            return
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        except subprocess.TimeoutExpired:
            missing(f"npm could not install {what} within {INSTALL_SECONDS} s.")
        if run.returncode:
            missing(f"npm could not install {what}: {run.stderr.strip()[-500:]}")
