"""Files that survive a kill: locks that the kernel lets go of, and folders that are there whole or not at all."""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taskward.operations.embedded import EmbeddedError

LOCK_SECONDS = 60
POLL_SECONDS = 0.01


def lock(path: Path, operation: int) -> int:
    """A file with a flock, which no program that this process starts inherits."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + LOCK_SECONDS
    while not try_lock(file, operation):
        if time.monotonic() > deadline:
            os.close(file)
            raise EmbeddedError(f"Another process is starting or stopping PostgreSQL in {path.parent} for too long.")
        time.sleep(POLL_SECONDS)
    return file


def try_lock(file: int, operation: int) -> bool:
    try:
        fcntl.flock(file, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(path: Path) -> bool:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return not try_lock(file, fcntl.LOCK_SH)
    finally:
        os.close(file)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """A new folder that becomes `target` when the block ends well: a kill in the middle leaves nothing half made."""
    new = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
    try:
        yield new
        new.rename(target)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    parent = os.open(target.parent, os.O_RDONLY)
    os.fsync(parent)  # else a power cut could undo the new name, and with it everything committed since
    os.close(parent)


def digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
