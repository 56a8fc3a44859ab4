"""How the tests run: in which surroundings, in which order, on how many processes.

What they share is in `support/fixtures.py`.
"""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.programs import OURS

# The tester's own settings must not reach what is tested.
for name in [name for name in os.environ if OURS.match(name)]:
    del os.environ[name]

# Else every process would compile the tests anew, and each of hundreds of programs what it imports of this package.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# Programs inherit that SIGINT is ignored, as a shell has it for what it runs in the background.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    """xdist's own process runs no test: it begins two seconds earlier without what tests import."""
    if hasattr(config, "workerinput") or config.getoption("dist", "no") == "no":
        config.pluginmanager.import_plugin("support.fixtures")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is collected stays: to look for garbage in it takes seconds of each process, now and later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


FOLDERS = ("processes", "contract", "database", "api", "unit")
"""Each is a marker of the tests in it. The longest tests are in the first, the shortest in the last."""


def folder_of(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(folder_of(item))


def pytest_xdist_auto_num_workers() -> int | None:
    """Twice as many as there are cores, because tests of processes wait for most of their time."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else 2 * (os.cpu_count() or 1)


@pytest.hookimpl(trylast=True)  # after pytest-randomly
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests first on every worker: one that began last would leave the other cores idle.

    xdist cuts the list into equal parts, and each worker begins at the start of its own. Long tests are dealt out one
    by one. Of the others files stay whole, because what one shares is made once a worker; unit tests fill the parts up.
    """
    workers: int = getattr(config, "workerinput", {"workercount": 1})["workercount"]
    files: dict[pytest.Item | Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item if is_long(item) else item.path, []).append(item)
    ordered = sorted(files.values(), key=lambda tests: (not is_long(tests[0]), FOLDERS.index(folder_of(tests[0]))))
    parts: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for number, tests in enumerate(tests for tests in ordered if folder_of(tests[0]) != "unit"):
        parts[number % workers] += tests
    short = [item for item in items if folder_of(item) == "unit"]
    for number, part in enumerate(parts, start=1):
        room = len(short) if number == workers else max(0, len(items) // workers - len(part))
        part += short[:room]
        del short[:room]
    items[:] = [item for part in parts for item in part]


def is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Started by root, a database may lie outside the tests' own folder, which would keep it for good."""
    factory: pytest.TempPathFactory | None = getattr(session.config, "_tmp_path_factory", None)
    if factory is None or hasattr(session.config, "workerinput"):
        return
    for folder, _, _ in os.walk(factory.getbasetemp()):  # tolerates that a folder goes meanwhile
        place = Path(folder, "postgres")
        if place.is_symlink():
            shutil.rmtree(place.resolve(), ignore_errors=True)
