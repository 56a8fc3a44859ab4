"""`/metrics` for Prometheus, at an address of its own, so that no proxy in front of the API passes it on by accident.

Each process writes its numbers into files of one folder (`core/metrics.py`), and whoever asks here reads them all: the
multiprocess mode of Prometheus' Python client.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from taskward.server import CannotListen

log = logging.getLogger("taskward.metrics")

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which the client finds the folder: it must be set before the client is imported."""


@contextmanager
def exposed(address: tuple[str, int] | None) -> Iterator[Callable[[int], None]]:
    """Meanwhile the processes that begin here count, and `/metrics` answers at the address; None is nowhere.

    Yields what is to be called with the pid of one that has ended: what it was doing is no more, what it has counted
    stays.

    Raises:
        CannotListen: the address cannot be had.
    """
    os.environ.pop(FOLDER, None)
    if address is None:
        yield lambda pid: None
        return
    folder = tempfile.mkdtemp(prefix="taskward-metrics-")
    os.environ[FOLDER] = folder
    try:
        from prometheus_client.multiprocess import mark_process_dead

        with served(address, folder):
            yield lambda pid: mark_process_dead(pid, path=folder)  # type: ignore[no-untyped-call]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def served(address: tuple[str, int], folder: str) -> Iterator[None]:
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.multiprocess import MultiProcessCollector

    host, port = address
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise CannotListen(f"METRICS_ADDRESS cannot be had: {error.strerror}.") from None
    log.info("metrics at http://%s:%d/metrics", f"[{host}]" if ":" in host else host, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
