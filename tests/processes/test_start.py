"""What a process that serves has done by the time it is ready, counted in modules and statements, never in seconds."""

import json
import subprocess
import sys
from typing import NamedTuple

import pytest

from support.programs import environment
from support.signing import SECRET

SERVE = """
import gc, json, os, socket, sys
from taskward.operations import served, worker
from taskward.postgres.statements import Statement
from taskward.resources.news import News
from taskward.settings import read_settings

def ready():
    compiled = [each.sql.decode() for each in gc.get_objects() if isinstance(each, Statement)]
    print(json.dumps([list(sys.modules), compiled]), flush=True)
    os._exit(0)

news = News()
gc.freeze = lambda: None  # what is frozen is not told
worker.run(served.application(read_settings(), news), socket.create_server(("127.0.0.1", 0)), ready=ready, news=news)
"""


class Start(NamedTuple):
    modules: set[str]
    compiled: list[str]
    """The SQL of each statement."""


@pytest.fixture(scope="module")
def start(database_url: str) -> Start:
    env = environment(DATABASE_URL=database_url, JWT_HS256_SECRET=SECRET, LOG_LEVEL="error")
    done = subprocess.run([sys.executable, "-c", SERVE], env=env, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    modules, compiled = json.loads(done.stdout)
    return Start(set(modules), compiled)


def test_what_is_off_is_not_even_imported(start: Start) -> None:
    off = {"taskward.doors.mcp", "taskward.doors.webhook", "taskward.tasks.reminding", "taskward.operations.metrics"}
    of_these = {"mcp", "mcp_types", "httpx", "httpx2", "httpcore2", "h11", "icalendar", "prometheus_client"}

    assert not start.modules & (off | of_these)


def test_what_is_for_commands_is_not_imported_by_who_serves(start: Start) -> None:
    commands = {f"taskward.operations.{name}" for name in ("cli", "doctor", "importing", "exporting", "retention")}
    of_these = {"alembic", "mako", "typer", "rich", "pygments", "fastapi_swagger", "sqlalchemy.dialects.sqlite"}

    assert not start.modules & (commands | of_these | {"taskward.operations.embedded", "taskward.migrations.env"})


def test_no_statement_is_compiled_before_somebody_asks_for_it(start: Start) -> None:
    """But for those of every request, and of the look at the database."""
    looks = ("pg_dist_partition", "row_security_active")

    assert 1 < len(start.compiled) < 20
    assert not [sql for sql in start.compiled if "tasks" in sql and not any(look in sql for look in looks)]
