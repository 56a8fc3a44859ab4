"""The program as a user starts it."""

import asyncio
import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import httpx
import jwt
import pytest

from support.programs import TASKWARD, Program, environment, eventually, is_running, running
from support.signing import SECRET, signed
from taskward.auth.issuer import local_issuer
from taskward.migrations import HEAD
from taskward.operations.cli import check_database, main
from taskward.operations.supervisor import listen
from taskward.postgres.failures import DatabaseRefused
from taskward.settings import Settings

NOWHERE = "postgresql://app:open-sesame@127.0.0.1:1/app"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
ISSUER = "https://app.example.com"


class Ended(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def taskward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs a command to its end, in a folder of its own and in this process: to start another takes a second or two."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> Ended:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        return Ended(int(ended.value.code or 0), *capfd.readouterr())

    return run


@pytest.fixture
def refusal(taskward: Callable[..., Ended]) -> Callable[..., str]:
    """Runs a command that is refused, and gives its sentence."""

    def run(*arguments: str, **settings: str) -> str:
        status, out, err = taskward(*arguments, **settings)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert err.endswith(".\n")
        return err

    return run


class Api:
    """A running server, as somebody with one token meets it."""

    def __init__(self, program: Program, base: str) -> None:
        self.program = program
        self.base = base

    def call(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, self.base + path, headers=headers, timeout=20, trust_env=False, **options)


@contextmanager
def dev(*arguments: str, cwd: Path, **settings: str) -> Iterator[Api]:
    with running(TASKWARD, "dev", "--port", "0", *arguments, env=environment(**settings), cwd=cwd) as program:
        base = program.said(r"^Taskward is at (http://\S+),")[1]
        program.said(r"^curl ")
        yield Api(program, base)
        if program.process.poll() is None:
            assert program.end() == 0
        assert "Traceback" not in "".join(program.err)


@contextmanager
def serve(*arguments: str, **settings: str) -> Iterator[Api]:
    with running(
        TASKWARD, "serve", "--host", "127.0.0.1", "--port", "0", *arguments, env=environment(**settings)
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


# Small commands


def test_the_program_tells_its_version_and_its_commands() -> None:
    def out(*arguments: str) -> str:
        return subprocess.run([TASKWARD, *arguments], capture_output=True, text=True, check=True, timeout=30).stdout

    assert out("--version") == f"{metadata.version('taskward')}\n"
    assert all(command in out("--help") for command in ("dev", "serve", "migrate", "doctor", "token", "openapi"))


def test_token_prints_one_token_of_the_local_issuer_and_nothing_else(
    taskward: Callable[..., Ended], tmp_path: Path
) -> None:
    status, out, err = taskward("token", "--user", "bob", "--expires-in", "60", "--data-dir", str(tmp_path))

    assert (status, out.count("\n"), err) == (0, 1, "")
    issuer = local_issuer(tmp_path)
    claims = jwt.decode(out.strip(), issuer.private_key, algorithms=["EdDSA"], audience=issuer.audience)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("bob", 60)


def test_token_looks_into_an_env_file_for_the_folder_as_dev_does(
    taskward: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("DATA_DIR=elsewhere\n")

    taskward("token")

    assert (tmp_path / "elsewhere" / "issuer.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--user", ""),
        ("--user", "x" * 256),
        ("--user", "a\nb"),
        ("--user", " ann"),
        ("--expires-in", "0"),
        ("--expires-in", "999999999999"),
    ],
)
def test_token_refuses_what_no_token_may_say(refusal: Callable[..., str], arguments: tuple[str, str]) -> None:
    assert refusal("token", *arguments)


def test_openapi_prints_the_document_without_a_database(taskward: Callable[..., Ended], tmp_path: Path) -> None:
    document = json.loads(taskward("openapi", API_PREFIX="/api/v1").out)

    assert document["openapi"].startswith("3.1")
    assert "/api/v1/tasks" in document["paths"]
    assert list(tmp_path.iterdir()) == []


# Refusals


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "BETTER_AUTH_URL"),
        ({"BETTER_AUTH_JWKS_URL": f"{ISSUER}/keys"}, "BETTER_AUTH_ISSUER"),
        ({"BETTER_AUTH_URL": "app.example.com"}, "BETTER_AUTH_URL"),
        ({"BETTER_AUTH_URL": ISSUER, "DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE"),
        ({"JWT_HS256_SECRET": "open-sesame"}, "JWT_HS256_SECRET"),
        ({"JWT_HS256_SECRET": SECRET, "BETTER_AUTH_JWKS_URL": ISSUER}, "BETTER_AUTH_JWKS_URL"),
    ],
)
def test_serve_names_the_setting_that_is_wrong(
    refusal: Callable[..., str], settings: dict[str, str], named: str
) -> None:
    sentence = refusal("serve", **settings)

    assert named in sentence
    assert "open-sesame" not in sentence
    assert SECRET not in sentence


def test_a_database_that_cannot_be_migrated_is_refused_without_its_password(refusal: Callable[..., str]) -> None:
    sentence = refusal("migrate", DATABASE_URL=NOWHERE)

    assert "127.0.0.1" in sentence
    assert "open-sesame" not in sentence


def test_a_direct_url_alone_is_enough_for_migrate_only(refusal: Callable[..., str]) -> None:
    assert refusal("doctor", DATABASE_DIRECT_URL=NOWHERE).startswith("DATABASE_URL is missing")


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_a_port_in_use_is_told_before_anything_is_made(tmp_path: Path, command: str) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [TASKWARD, command, "--host", "127.0.0.1", "--port", str(port)],
            cwd=tmp_path,
            env=environment(JWT_HS256_SECRET=SECRET),
            capture_output=True,
            text=True,
            timeout=30,
        )

    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} is in use: stop what uses it, or choose another with --port.\n"
    assert list(tmp_path.iterdir()) == []


def test_dev_beyond_this_machine_needs_better_auth(tmp_path: Path) -> None:
    with running(TASKWARD, "dev", "--host", EVERYWHERE, "--port", "0", env=environment(), cwd=tmp_path) as program:
        assert program.wait() == 1

    assert "BETTER_AUTH_URL" in " ".join(program.err)
    assert len(program.err) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_env_file_that_cannot_be_read_is_named(refusal: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DATA_DIR=\xff\xfe")

    assert ".env" in refusal("token")


def test_serve_refuses_a_database_that_refuses_it(new_database: Callable[[], str]) -> None:
    url = new_database()

    with running(
        TASKWARD, "serve", "--port", "0", env=environment(DATABASE_URL=url, JWT_HS256_SECRET=SECRET)
    ) as program:
        assert program.wait() == 1

    assert len(program.err) == 1
    assert "taskward migrate" in program.err[0]


def test_a_wrong_password_and_a_missing_database_are_refusals(
    new_database: Callable[[], str], settings: Settings
) -> None:
    url = new_database()
    wrong_password = url.replace(str(urlsplit(url).password), "open-sesame")
    missing = urlunsplit(urlsplit(url)._replace(path="/no-such-database"))

    with pytest.raises(DatabaseRefused, match="password"):
        asyncio.run(check_database(settings, wrong_password))
    with pytest.raises(DatabaseRefused, match="no-such-database"):
        asyncio.run(check_database(settings, missing))


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


def test_serve_leaves_nothing_behind_when_it_is_killed(tmp_path: Path) -> None:
    with serve(DATA_DIR=str(tmp_path), JWT_HS256_SECRET=SECRET) as api:
        workers = eventually(lambda: ready_workers(api.program, 1))
        port = (tmp_path / "postgres" / "port").read_text().strip()

        api.program.send(signal.SIGKILL)

        eventually(lambda: not any(map(is_running, workers)), within_seconds=10)
        eventually(lambda: not answers(f"postgresql://127.0.0.1:{port}"), within_seconds=10)
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


# migrate and doctor


def test_migrate_tells_what_it_did(taskward: Callable[..., Ended], new_database: Callable[[], str]) -> None:
    url = new_database()

    first = taskward("migrate", DATABASE_URL=url)
    second = taskward("migrate", DATABASE_DIRECT_URL=url)

    assert (first.status, second.status) == (0, 0)
    assert first.out.startswith("Migrated the database test_")
    assert first.out.endswith(f"from nothing to {HEAD}.\n")
    assert f"is at {HEAD} already" in second.out


def test_migrate_prints_its_sql_and_needs_no_database_for_it(taskward: Callable[..., Ended]) -> None:
    assert "create table tasks" in taskward("migrate", "--sql", DATABASE_URL=NOWHERE).out.lower()


def test_migrate_and_doctor_work_on_the_embedded_database(taskward: Callable[..., Ended], tmp_path: Path) -> None:
    ill = taskward("doctor")
    migrated = taskward("migrate")
    well = taskward("doctor")

    assert (ill.status, migrated.status, well.status) == (1, 0, 0)
    assert "run `taskward migrate`" in ill.out
    assert HEAD in migrated.out
    assert all(line.startswith(("ok  ", "warn")) for line in well.out.splitlines())
    password = (tmp_path / ".taskward" / "postgres" / "password").read_text()
    assert password not in "".join([ill.out, migrated.out, well.out, well.err])
