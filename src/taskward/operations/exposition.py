"""`/metrics` for Prometheus, at an address of its own, so that no proxy in front of the API passes it on by accident.

Each process writes its numbers into files of one folder (`metrics.py`), and each scrape reads them all: the
multiprocess mode of Prometheus' Python client.
"""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from taskward.operations.listener import CannotListen
from taskward.operations.supervisor import WORKER

if TYPE_CHECKING:
    from taskward.app import Observer
    from taskward.http.context import Services

log = logging.getLogger("taskward.metrics")

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which the client finds the folder: it must be set before the client is imported."""

PREFIX = "taskward-metrics-"

FILES = ("counter", "histogram", "gauge_livesum", "gauge_livemin", "gauge_livemax")
"""By what the client calls them, with the worker's number behind: one for each kind of metric in `metrics.py`."""

FILE_BYTES = 1024 * 1024
"""Several times of what the series of all routes and statuses need."""


@contextmanager
def exposed(address: tuple[str, int] | None) -> Iterator[Callable[[int], None]]:
    """Meanwhile the processes that begin here count, and `/metrics` answers at the address; None is nowhere.

    Yields what is to be called with the number of a worker that has ended: what it was doing is no more, what it has
    counted stays, and the next with its number goes on from there.

    Raises:
        CannotListen: the address cannot be had.
    """
    os.environ.pop(FOLDER, None)
    if address is None:
        yield lambda number: None
        return
    with own_folder() as folder:
        os.environ[FOLDER] = folder
        from prometheus_client.multiprocess import mark_process_dead

        with served(address, folder):
            yield lambda number: mark_process_dead(number, path=folder)  # type: ignore[no-untyped-call]


@contextmanager
def own_folder() -> Iterator[str]:
    """Held by a lock, which also keeps systemd-tmpfiles away; folders that nobody holds any more are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError), held(left):
            shutil.rmtree(left)
    # Under another name until it is held, or a process that begins at the same time would take it for one that is left.
    folder = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
    try:
        with held(folder):
            folder = folder.rename(folder.with_name(folder.name.removeprefix("new-")))
            yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Raises OSError when somebody else holds it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def observe(services: "Services") -> "Observer | None":
    """None when nobody asked for metrics, or their files cannot be had: a process that cannot count still serves."""
    if services.settings.metrics_address is None:
        return None
    try:
        reserve_files()
        from taskward.operations.metrics import Metrics  # Prometheus' client, for those who want it

        return Metrics(services)
    except OSError as error:
        log.error("this process has no metrics: %s", error)
        return None


def reserve_files() -> None:
    """Makes the files of this process, whole: touching a page that a full disk has no room for would kill it.

    Named by the worker's number, because with pids each renewal would leave more; a process that is no worker has its
    pid.

    Raises:
        OSError: they cannot be had.
    """
    folder = os.environ.get(FOLDER)
    if folder is None:
        return  # then the client counts in memory
    number = int(os.environ.get(WORKER, os.getpid()))
    for name in FILES:
        with Path(folder, f"{name}_{number}.db").open("ab") as file:
            file.write(bytes(max(0, FILE_BYTES - file.tell())))
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]


@contextmanager
def served(address: tuple[str, int], folder: str) -> Iterator[None]:
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    host, port = address
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    try:
        server, thread = start_http_server(port, host, registry)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "the host is not known"
        raise CannotListen(f"METRICS_ADDRESS {host}:{port} cannot be had: {reason}.") from None
    log.info("metrics at http://%s:%d/metrics", f"[{host}]" if ":" in host else host, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
