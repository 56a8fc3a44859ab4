"""The small commands of the program, and what it refuses."""

import json
import subprocess
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import jwt
import pytest

from support.databases import with_database
from support.programs import TASKWARD, Ended, environment, running
from support.receiver import SECRET as WEBHOOK_SECRET
from support.receiver import receiving
from support.signing import SECRET
from taskward.auth.issuer import local_issuer
from taskward.migrations import HEAD
from taskward.operations.listener import listen

pytest_plugins = ["support.commands"]

NOWHERE = "postgresql://app:open-sesame@127.0.0.1:1/app"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
ISSUER = "https://app.example.com"


# Small commands


def test_the_program_tells_its_version_and_its_commands() -> None:
    def out(*arguments: str) -> str:
        return subprocess.run([TASKWARD, *arguments], capture_output=True, text=True, check=True, timeout=120).stdout

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
        ({"JWT_HS256_SECRET": SECRET, "PORT": "http"}, "PORT"),
        ({"JWT_HS256_SECRET": SECRET, "PORT": "65536"}, "PORT"),
        ({"JWT_HS256_SECRET": SECRET, "WORKERS": "0"}, "WORKERS"),
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
            timeout=120,
        )

    assert ended.returncode == 1
    assert ended.stderr == f"Port {port} is in use: stop what uses it, or choose another with --port or PORT.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host"])
def test_a_host_that_is_not_of_this_machine_is_told_with_its_setting(tmp_path: Path, host: str) -> None:
    env = environment(JWT_HS256_SECRET=SECRET, HOST=host, PORT="0")
    with running(TASKWARD, "serve", env=env, cwd=tmp_path) as program:
        assert program.wait() == 1

    (sentence,) = program.err
    assert host in sentence
    assert sentence.endswith("with --host or HOST.")
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


def test_serve_refuses_a_database_that_refuses_it(new_database: Callable[..., str]) -> None:
    migrated, never_migrated = new_database(is_migrated=True), new_database()
    wrong_password = migrated.replace(str(urlsplit(migrated).password), "open-sesame")
    missing = urlunsplit(urlsplit(migrated)._replace(path="/no-such-database"))

    refused = [
        serve_until_it_ends(DATABASE_URL=url, JWT_HS256_SECRET=SECRET)
        for url in (never_migrated, wrong_password, missing)
    ]

    for said, expected in zip(refused, ["taskward migrate", "password", "no-such-database"], strict=True):
        [sentence] = said
        assert expected in sentence
        assert "open-sesame" not in sentence


def serve_until_it_ends(*options: str, **settings: str) -> list[str]:
    """What it wrote to standard error before it ended with status 1."""
    with running(TASKWARD, "serve", "--port", "0", *options, env=environment(**settings)) as program:
        assert program.wait() == 1
    return program.err


def test_a_refusal_is_told_once_however_many_workers_meet_it(new_database: Callable[..., str]) -> None:
    assert len(serve_until_it_ends("--workers", "3", DATABASE_URL=new_database(), JWT_HS256_SECRET=SECRET)) == 1


# Which setting names the database


ON_THE_DATABASE = (("migrate",), ("doctor",), ("purge",), ("forget", "ann", "--yes"))


@pytest.mark.parametrize("arguments", ON_THE_DATABASE, ids=lambda arguments: arguments[0])
def test_each_command_names_the_setting_of_a_database_that_it_does_not_get(
    taskward: Callable[..., Ended], database_url: str, arguments: tuple[str, ...]
) -> None:
    wrong = with_database(database_url, "nowhere")

    def last_line(**settings: str) -> str:
        status, out, err = taskward(*arguments, **settings)
        assert status == 1
        return (out + err).splitlines()[-1]

    said = last_line(DATABASE_URL=wrong)
    assert "the database nowhere on 127.0.0.1" in said.lower()
    assert '(DATABASE_URL of the environment) refuses the connection: database "nowhere" does not exist' in said
    assert str(urlsplit(wrong).password) not in said

    direct = last_line(DATABASE_URL=database_url, DATABASE_DIRECT_URL=wrong)
    assert "(DATABASE_DIRECT_URL of the environment) refuses the connection" in direct

    worked_out = last_line(DATABASE_URL="postgresql://u:sesame@ep-a-pooler.nowhere.invalid/d")
    if arguments != ("doctor",):
        expected = "on ep-a.nowhere.invalid (worked out from DATABASE_URL of the environment, without -pooler): "
        assert expected in worked_out


@pytest.mark.parametrize("command", ["serve", "dev"])
def test_who_serves_names_the_setting_of_a_database_that_refuses(
    database_url: str, tmp_path: Path, command: str
) -> None:
    wrong, env = with_database(database_url, "nowhere"), {"JWT_HS256_SECRET": SECRET}
    source = "the environment" if command == "serve" else ".env"
    if command == "serve":
        env["DATABASE_URL"] = wrong
    else:
        (tmp_path / ".env").write_text(f"DATABASE_URL={wrong}\n")

    with running(TASKWARD, command, "--port", "0", env=environment(**env), cwd=tmp_path) as program:
        assert program.wait() == 1

    [said] = program.err
    assert f'(DATABASE_URL of {source}) refuses the connection: database "nowhere" does not exist' in said


def test_serve_names_the_setting_of_a_database_that_does_not_answer() -> None:
    env = environment(DATABASE_URL=NOWHERE, JWT_HS256_SECRET=SECRET)
    with running(TASKWARD, "serve", "--port", "0", env=env) as program:
        program.said(
            r"the database app on 127.0.0.1:1 \(DATABASE_URL of the environment\) does not answer yet: "
            "requests get 503 until it does"
        )


# migrate and doctor


def test_migrate_tells_what_it_did(taskward: Callable[..., Ended], new_database: Callable[..., str]) -> None:
    url = new_database()

    first = taskward("migrate", DATABASE_URL=url)
    second = taskward("migrate", DATABASE_DIRECT_URL=url)

    assert (first.status, second.status) == (0, 0)
    said = first.out.splitlines()[-1]  # before that it may have waited for somebody else who migrates
    assert said.startswith("Migrated the database test_")
    assert said.endswith(f"from nothing to {HEAD}.")
    assert f"is at {HEAD} already" in second.out


def test_migrate_prints_its_sql_and_needs_no_database_for_it(taskward: Callable[..., Ended]) -> None:
    assert "create table tasks" in taskward("migrate", "--sql", DATABASE_URL=NOWHERE).out.lower()


def test_migrate_and_doctor_work_on_the_embedded_database(taskward: Callable[..., Ended], tmp_path: Path) -> None:
    migrated = taskward("migrate")
    well = taskward("doctor")

    assert (migrated.status, well.status) == (0, 0)
    assert HEAD in migrated.out
    assert all(line.startswith(("ok  ", "warn")) for line in well.out.splitlines())
    assert f"`taskward serve` uses the embedded database in {tmp_path}/.taskward." in well.out
    password = (tmp_path / ".taskward" / "postgres" / "password").read_text()
    assert password not in "".join([migrated.out, well.out, well.err])


def test_doctor_makes_nothing_and_says_where_serve_would(taskward: Callable[..., Ended], tmp_path: Path) -> None:
    status, out, err = taskward("doctor", JWT_HS256_SECRET=SECRET)

    assert (status, err) == (0, "")
    last = out.splitlines()[-1]
    assert last.startswith("warn  database    DATABASE_URL is not set: ")
    assert last.endswith(f"`taskward serve` would make an embedded database in {tmp_path}/.taskward.")
    assert list(tmp_path.iterdir()) == []


# The webhook


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (None, 0, "has taken an event of type webhook.test: it answered 204 in"),
        ("500", 1, "has not taken it: it answered 500 in"),
        ("redirect", 1, "answered 307, and redirects are not followed: set WEBHOOK_URL to where it leads."),
        ("reset", 1, "cannot be reached, or speaks no HTTP: ConnectionResetError."),
    ],
)
def test_webhook_test_sends_one_event_and_says_what_was_answered(
    taskward: Callable[..., Ended], fault: str | None, status: int, said: str
) -> None:
    with receiving() as receiver:
        receiver.fault = fault
        ended = taskward("webhook", "test", WEBHOOK_URL=receiver.url, WEBHOOK_SECRET=WEBHOOK_SECRET)

    assert ended.status == status
    sentence = (ended.out if status == 0 else ended.err).strip()
    assert sentence.startswith(f"http://127.0.0.1:{receiver.server_port} {said}")
    assert "hook?for" not in sentence
    [told] = receiver.attempts
    message = json.loads(told.body)
    assert (message["type"], message["data"]) == ("webhook.test", {})


def test_webhook_test_needs_a_webhook(refusal: Callable[..., str]) -> None:
    assert refusal("webhook", "test") == "WEBHOOK_URL is not set: it says where your application is told of changes.\n"
    sentence = refusal("webhook", "test", WEBHOOK_URL="https://app.example.com", WEBHOOK_SECRET="hunter2")
    assert sentence.startswith("WEBHOOK_SECRET must be whsec_")
    assert "hunter2" not in sentence
