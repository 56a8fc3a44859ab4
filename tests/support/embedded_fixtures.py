"""Fixtures for the tests of the embedded PostgreSQL, which name this module in `pytest_plugins`."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from support.embedded import USER_OF_THE_DATABASE, Use, is_root, processes_with, python_for, start
from support.programs import Program, environment, eventually, running
from support.requirements import missing
from taskward.operations.embedded import cluster as embedded
from taskward.operations.embedded import programs as postgresql


def scratch() -> str:
    """In memory, if there is room and programs may run there: a disk takes long to copy and to remove a database."""
    try:
        memory = os.statvfs("/dev/shm")
    except OSError:
        return "/tmp"
    is_roomy = memory.f_bavail * memory.f_frsize > 2**30
    return "/dev/shm" if is_roomy and not memory.f_flag & os.ST_NOEXEC else "/tmp"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may use, as pytest's own are not. Nothing runs in it when the test is over."""
    folder = Path(tempfile.mkdtemp(prefix="taskward-", dir=scratch()))
    folder.chmod(0o777)
    yield folder
    eventually(lambda: not processes_with(str(folder)))
    shutil.rmtree(folder)


@pytest.fixture
def new_data_dir(place: Path) -> Path:
    return place / "data"


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A folder with a database, to be copied because making one takes long."""
    with tempfile.TemporaryDirectory(prefix="taskward-", dir=scratch()) as folder:
        Path(folder).chmod(0o711)
        with start(Path(folder) / "data") as database, psycopg.connect(database.url) as connection:
            connection.execute("create table kept as select 7 as number")
        yield Path(folder) / "data"


@pytest.fixture
def data_dir(template: Path, new_data_dir: Path) -> Path:
    """Its database has kept 7, and does not run."""
    subprocess.run(["cp", "-Rp", template, new_data_dir], check=True)
    (new_data_dir / "postgres" / "port").unlink()
    return new_data_dir


@pytest.fixture
def use(new_data_dir: Path) -> Iterator[Use]:
    """Starts processes that use the database of `data_dir`; `orders` are those of USER_OF_THE_DATABASE."""
    with ExitStack() as programs:

        def start(*, env: dict[str, str] | None = None, **orders: Any) -> Program:
            orders = {"data_dir": str(new_data_dir)} | orders
            variables = environment(**(env or {}), ORDERS=json.dumps(orders))
            return programs.enter_context(running(sys.executable, "-c", USER_OF_THE_DATABASE, env=variables))

        yield start


@pytest.fixture
def root() -> None:
    if not is_root:
        missing("This is about the program run by root, and the tests run as an ordinary user.")


@pytest.fixture
def ordinary(place: Path) -> dict[str, Any]:
    """Orders for a process that runs as an ordinary user, with a Python and programs that this user can reach."""
    if not is_root:
        return {}
    account = postgresql.account_for(None)
    assert account
    # Checkout, virtual environment and Python may all be in a closed home.
    package = place / "site" / "taskward" / "operations" / "embedded"
    shutil.copytree(Path(embedded.__file__).parent, package)
    programs = next(iter(postgresql.installations()))[0]
    if programs.parent.name.startswith("pginstall"):
        (postgresql.link_wheel(programs, place / "wheel").parents[1] / "__init__.py").touch()
    env = {"PYTHONPATH": f"{place / 'site'}:{place / 'wheel'}", "COVERAGE_PROCESS_CONFIG": ""}
    return {"uid": account.uid, "gid": account.gid, "python": python_for(account), "env": env}
