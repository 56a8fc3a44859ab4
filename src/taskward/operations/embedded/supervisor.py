"""PostgreSQL's parent process, in a session of its own, run as a program with nothing but the standard library.

It starts a server that died again, and stops it as soon as it gets `sharers.lock` for itself.
"""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from taskward.operations.embedded.files import POLL_SECONDS, digest, lock, try_lock
from taskward.operations.embedded.programs import Account, popen_options

STOP_SECONDS = 5
USERS_POLL_SECONDS = 0.1
RESTARTS = 8
RESTART_PAUSE_SECONDS = 0.5


def supervise(folder: Path, programs: Path, account: Account | None) -> None:
    """Returns at once; a child goes on, with `port` locked, until nobody uses the server or it starts no more."""
    port = lock(folder / "port", fcntl.LOCK_EX)
    # Without its line end until there is a server: what answers at this port now was left behind, and is going.
    os.ftruncate(port, len(os.pread(port, 5, 0)))
    users = os.open(folder / "sharers.lock", os.O_RDWR)
    if os.fork():
        return
    # An init system sends SIGTERM to everybody, and the app needs the server until its work is finished.
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, lambda *_: None)
    for _ in range(RESTARTS):
        server = serve(folder, programs, account, port)
        while server.poll() is None:
            if try_lock(users, fcntl.LOCK_EX):
                stop(server)
                return
            time.sleep(USERS_POLL_SECONDS)
        if server.returncode == 0:  # somebody told it to stop
            return
        time.sleep(RESTART_PAUSE_SECONDS)  # what is left of a killed one takes a moment to go


def serve(folder: Path, programs: Path, account: Account | None, port_file: int) -> "subprocess.Popen[bytes]":
    port = choose_port(folder, os.pread(port_file, 5, 0))
    os.pwrite(port_file, b"%5d\n" % port, 0)
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",  # their paths would have to be short
        "cluster_name": cluster_name(folder),
        "max_connections": 200,
        "jit": "off",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return subprocess.Popen(
        [programs / "postgres", "-D", folder / "data", *options],
        preexec_fn=stop_with_parent if sys.platform == "linux" else None,
        **popen_options(account),
    )


def cluster_name(folder: Path) -> str:
    return f"taskward-{digest(folder)}"


def stop_with_parent() -> None:
    """prctl(PR_SET_PDEATHSIG): a fast shutdown when the supervisor itself is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGINT)


def stop(server: "subprocess.Popen[bytes]") -> None:
    # A fast shutdown, an immediate one, the end. The last two only make the next start read more of its log.
    for signal_number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 2), (signal.SIGKILL, 2)):
        server.send_signal(signal_number)
        with suppress(subprocess.TimeoutExpired):
            server.wait(seconds)
            return


def choose_port(folder: Path, remembered: bytes) -> int:
    """The remembered port, which processes that use the server know; another one when it is somebody else's."""
    wanted = int(remembered) if remembered.strip().isdigit() else 0
    deadline = time.monotonic() + STOP_SECONDS
    # A server whose supervisor was killed takes a moment to go.
    while not (port := free_port(wanted)) and (folder / "data" / "postmaster.pid").exists():
        if time.monotonic() > deadline:
            break
        time.sleep(POLL_SECONDS)
    return port or free_port(0)


def free_port(port: int) -> int:
    """The port, or for 0 any that is free; 0 when there is none."""
    with socket.socket() as probe, suppress(OSError, OverflowError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, port != 0)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
    return 0


if __name__ == "__main__":
    owner = Account(int(sys.argv[3]), int(sys.argv[4])) if sys.argv[3:] else None
    supervise(Path(sys.argv[1]), Path(sys.argv[2]), owner)
