"""`taskward dev` and `taskward serve` as a user starts them."""

import json
import shlex
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.programs import TASKWARD, Program, environment, eventually, is_running, running
from support.settings import PATIENT
from support.signing import SECRET, signed
from taskward.auth.issuer import local_issuer
from taskward.operations.listener import listen

NOWHERE = "postgresql://app:open-sesame@127.0.0.1:1/app"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
ISSUER = "https://app.example.com"


class Api:
    """A running server, as somebody with one token meets it."""

    def __init__(self, program: Program, base: str) -> None:
        self.program = program
        self.base = base

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.base + path, headers=headers, timeout=60, trust_env=False, **options)


@contextmanager
def dev(*arguments: str, cwd: Path, **settings: str) -> Iterator[Api]:
    with running(
        TASKWARD, "dev", "--port", "0", *arguments, env=environment(**(PATIENT | settings)), cwd=cwd
    ) as program:
        base = program.said(r"^Taskward is at (http://\S+),")[1]
        program.said(r"^curl ")
        yield Api(program, base)
        if program.process.poll() is None:
            assert program.end() == 0
        assert "Traceback" not in "".join(program.err)


@contextmanager
def serve(*arguments: str, **settings: str) -> Iterator[Api]:
    with running(
        TASKWARD, "serve", "--host", "127.0.0.1", "--port", "0", *arguments, env=environment(**(PATIENT | settings))
    ) as program:
        base = json.loads(program.said(r".*listening at http.*")[0])["message"].rpartition(" ")[2]
        program.said(r"worker \d+ is ready")
        yield Api(program, base)
        if program.process.poll() is None:
            assert program.end() == 0


def local_token(data_dir: Path) -> str:
    return local_issuer(data_dir).token("alice", expires_in_seconds=60, now=time.time())


def answers(url: str) -> bool:
    """Whether a PostgreSQL listens there."""
    parts = urlsplit(url)
    try:
        httpx.get(f"http://127.0.0.1:{parts.port}", trust_env=False, timeout=5)
    except httpx.ConnectError:
        return False
    except httpx.HTTPError:
        pass
    return True


# dev


def test_dev_gives_a_token_and_a_curl_line_that_work_and_leaves_no_process(tmp_path: Path) -> None:
    with dev(cwd=tmp_path) as api:
        line = next(line for line in api.program.out if line.startswith("curl "))
        _, url, *options = shlex.split(line)
        headers = dict(option.split(": ", 1) for option in options if ": " in option and not option.startswith("{"))
        created = httpx.post(url, headers=headers, content=options[-1], trust_env=False)

        assert created.status_code == 201
        assert created.json()["title"] == "Buy milk"
        assert api.call("GET", "/docs").status_code == 200
        token = local_token(tmp_path / ".taskward")
        assert api.call("GET", "/tasks", token).json() == [created.json()]

        postgres = (tmp_path / ".taskward" / "postgres" / "port").read_text().strip()
        assert api.program.end(signal.SIGINT) == 0
        assert not answers(f"postgresql://127.0.0.1:{postgres}")

    checkout = tmp_path / "checkout"
    checkout.mkdir(mode=0o555)
    with dev("--data-dir", str(tmp_path / ".taskward"), cwd=checkout, BETTER_AUTH_URL=ISSUER) as api:
        assert any(ISSUER in line for line in api.program.out)
        assert "Pages of http://localhost:3000 may call it: CORS_ORIGINS names them." in api.program.out
        assert api.call("GET", "/tasks", token).json() == [created.json()]
        assert list(checkout.iterdir()) == []


def test_dev_reads_an_env_file_and_the_environment_wins(tmp_path: Path, database_url: str) -> None:
    place = urlsplit(database_url)
    (tmp_path / ".env").write_text(
        f"API_PREFIX=/from-file\nLOG_FORMAT=json\nDATABASE_URL={database_url}&pgbouncer=true\nJWT_HS256_SECRET={SECRET}\n"
    )

    with dev(cwd=tmp_path, LOG_FORMAT="console") as api:
        said = "\n".join([*api.program.out, *api.program.err])
        assert f"Migrating the database taskward on 127.0.0.1:{place.port}." in api.program.out
        assert f"{api.base}/from-file/tasks" in said
        assert "pgbouncer" in said
        assert not any(line.startswith("{") for line in api.program.err)
        assert str(place.password) not in said

        assert "JWT_HS256_SECRET are accepted; the local issuer is off." in said
        assert "eyJ" not in said
        assert SECRET not in said
        assert api.call("GET", "/from-file/tasks", local_token(tmp_path / ".taskward")).status_code == 401
        assert api.call("GET", "/from-file/tasks", signed("ann")).status_code == 200


def test_an_empty_variable_wins_over_the_env_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("API_PREFIX=/from-file\nDATABASE_URL=postgresql://127.0.0.1:1/never\n")

    with dev(cwd=tmp_path, API_PREFIX="", DATABASE_URL="") as api:
        assert api.call("GET", "/tasks", local_token(tmp_path / ".taskward")).json() == []


def test_dev_has_a_local_issuer_only_where_its_tokens_have_an_owner(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_URL": ISSUER}
    with dev(cwd=tmp_path, **settings, OWNER_CLAIM="org.id,sub") as api:
        assert api.call("GET", "/tasks", local_token(tmp_path / ".taskward")).status_code == 200
    with dev(cwd=tmp_path, **settings, OWNER_CLAIM="org.id") as api:
        assert "the local issuer is off" in "\n".join(api.program.out)
        assert api.call("GET", "/tasks", local_token(tmp_path / ".taskward")).status_code == 401


def test_dev_beyond_this_machine_trusts_better_auth_alone(tmp_path: Path, database_url: str) -> None:
    with dev("--host", EVERYWHERE, cwd=tmp_path, DATABASE_URL=database_url, BETTER_AUTH_URL=ISSUER) as api:
        assert any(ISSUER in line and "off" in line for line in api.program.out)
        assert not any("eyJ" in line for line in api.program.out)
        assert api.call("GET", "/tasks", local_token(tmp_path / ".taskward")).status_code == 401


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_dev_ends_when_it_is_interrupted_while_it_starts(tmp_path: Path, number: signal.Signals, status: int) -> None:
    with running(TASKWARD, "dev", "--port", "0", env=environment(), cwd=tmp_path) as program:
        program.said("Making a database")

        assert program.end(number) == status
        assert "Traceback" not in "".join(program.err)


# serve


def test_serve_migrates_the_embedded_database_and_never_trusts_the_local_issuer(tmp_path: Path) -> None:
    with serve("--workers", "2", DATA_DIR=str(tmp_path), JWT_HS256_SECRET=SECRET, LOG_LEVEL="debug") as api:
        workers = eventually(lambda: ready_workers(api.program, 2))
        api.program.said(rf'"warning".*DATABASE_URL is not set: serving from the embedded database in {tmp_path}"')
        token = signed("ann")

        assert api.call("GET", "/ready").status_code == 200
        assert api.call("POST", "/tasks", token, json={"title": "Milk"}).status_code == 201
        assert api.call("GET", "/tasks", token[:-8] + "AAAAAAAA").status_code == 401
        assert api.call("GET", "/tasks", local_token(tmp_path)).status_code == 401

        assert api.program.end() == 0
        assert not any(map(is_running, workers))

    assert api.program.out == []
    assert all(json.loads(line)["level"] for line in api.program.err)
    logged = "".join(api.program.err)
    for secret in SECRET, token.rpartition(".")[2], (tmp_path / "postgres" / "password").read_text():
        assert secret not in logged


def test_host_port_and_workers_of_the_environment_stand_where_no_option_does() -> None:
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    named = {"HOST": "127.0.0.1", "PORT": str(port), "WORKERS": "2"}

    with running(TASKWARD, "serve", env=environment(DATABASE_URL=NOWHERE, JWT_HS256_SECRET=SECRET, **named)) as program:
        program.said(rf"listening at http://127\.0\.0\.1:{port}\b")
        eventually(lambda: ready_workers(program, 2))
        assert program.end() == 0

    # Port 1 is not even looked at.
    with serve("--workers", "1", DATABASE_URL=NOWHERE, JWT_HS256_SECRET=SECRET, **named | {"PORT": "1"}) as api:
        assert api.call("GET", "/health").status_code == 200
        assert not ready_workers(api.program, 2)


def test_dev_takes_its_port_of_the_environment(tmp_path: Path, database_url: str) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        env = environment(PORT=port, DATABASE_URL=database_url, HOST=EVERYWHERE)  # HOST is for serve alone
        with running(TASKWARD, "dev", env=env, cwd=tmp_path) as program:
            assert program.wait() == 1

    assert program.err == [f"Port {port} is in use: stop what uses it, or choose another with --port or PORT."]


def test_serve_leaves_nothing_behind_when_it_is_killed(tmp_path: Path) -> None:
    with serve(DATA_DIR=str(tmp_path), JWT_HS256_SECRET=SECRET) as api:
        workers = eventually(lambda: ready_workers(api.program, 1))
        port = (tmp_path / "postgres" / "port").read_text().strip()

        api.program.send(signal.SIGKILL)

        eventually(lambda: not any(map(is_running, workers)))
        eventually(lambda: not answers(f"postgresql://127.0.0.1:{port}"))
        with listen("127.0.0.1", urlsplit(api.base).port or 0):
            pass


def test_serve_starts_without_its_database_and_says_so() -> None:
    with serve(DATABASE_URL=NOWHERE, JWT_HS256_SECRET=SECRET) as api:
        assert api.call("GET", "/health").status_code == 200
        assert api.call("GET", "/ready").status_code == 503
        assert api.call("GET", "/tasks", signed("ann")).json()["code"] == "database_unavailable"
        assert any("does not answer yet" in line for line in api.program.err)

        assert api.program.end() == 0
        assert "open-sesame" not in "".join(api.program.err)


def ready_workers(program: Program, count: int) -> list[int]:
    messages = [json.loads(line)["message"] for line in program.err]
    found = [int(message.split()[1]) for message in messages if message.endswith("is ready")]
    return found if len(found) >= count else []
