"""The servers that are compared, each one process on one core, and what signs the tokens for all of them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from campaigns.processes import START_SECONDS, Process, end, free_port, start

from benchmarks.machine import Missing, require_program
from support.key_server import running_key_server
from support.programs import TASKWARD, environment
from support.signing import Signer
from taskward.tasks.model import TaskRead

PEERS = Path(__file__).parent / "peers"

PERSON: dict[str, Any] = {"name": "Ann Example", "email": "ann@example.com", "emailVerified": False, "image": None}
"""What Better Auth's tokens say besides."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Everybody's: the same tokens, and the same keys from the same key server."""

    origin: str
    jwks_url: str
    signer: Signer

    def token(self, owner: str) -> str:
        now = int(time.time())
        token: str = self.signer.token(sub=owner, iat=now, exp=now + 24 * 3600, **PERSON)
        return token


@contextmanager
def issuer() -> Iterator[Issuer]:
    with running_key_server() as server:
        signer = Signer(server.origin)
        server.keys = signer.public_keys(["EdDSA"])
        yield Issuer(server.origin, server.url, signer)


class Table(NamedTuple):
    name: str
    owner: str
    """The column."""


TASKS = Table("tasks", "owner_id")


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that offers the endpoints of `/tasks`."""

    name: str
    title: str
    table: Table
    """Taskward's own, or one that the program makes for itself."""
    command: Callable[[int, int], list[str]]
    """By port and number of workers."""
    environment: Callable[[str, Issuer], dict[str, str]]

    @property
    def is_strict(self) -> bool:
        """Has row-level security, ETags and cursors."""
        return self.table is TASKS


def taskward_environment(database_url: str, issuer: Issuer) -> dict[str, str]:
    """As it ships: a line of JSON for each request in the log, which is a file, and each counted for its limit."""
    return {
        "DATABASE_URL": database_url,
        "BETTER_AUTH_URL": issuer.origin,
        "BETTER_AUTH_JWKS_URL": issuer.jwks_url,
        # Only so high that the load, which a hundred people make, does not come up against it.
        "RATE_LIMIT_PER_MINUTE": "1000000",
    }


def peer_environment(database_url: str, issuer: Issuer) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "ORIGIN": issuer.origin,
        "JWKS_URL": issuer.jwks_url,
        "NODE_ENV": "production",
        "TASK_FIELDS": json.dumps(fields_answered()),
    }


def tutorial_environment(driver: str) -> Callable[[str, Issuer], dict[str, str]]:
    """With the driver of SQLAlchemy's that has this name."""
    return lambda url, issuer: peer_environment(url.replace("postgresql:", f"postgresql+{driver}:"), issuer)


def fields_answered() -> dict[str, dict[str, Any]]:
    """Each field of `TaskRead` as a schema of OpenAPI 3.0, of which Fastify makes what writes it."""
    document = TaskRead.model_json_schema(mode="serialization")
    return {name: shape_of(field, document["$defs"]) for name, field in document["properties"].items()}


def shape_of(field: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """Without what only a reader checks. What has no type of its own may be any JSON."""
    [shape, *null] = field["anyOf"] if {"type": "null"} in field.get("anyOf", []) else [field]
    shape = named[shape["$ref"].rpartition("/")[2]] if "$ref" in shape else shape
    kept = {key: shape[key] for key in ("type", "format") if key in shape}
    items = {"items": shape_of(shape["items"], named)} if "items" in shape else {}
    return kept | items | ({"nullable": True} if null else {})


def taskward_command(port: int, workers: int) -> list[str]:
    return [TASKWARD, "serve", "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]


def tutorial_command(port: int, workers: int) -> list[str]:
    uvicorn = [sys.executable, "-m", "uvicorn", "--app-dir", str(PEERS / "tutorial"), "app:app"]
    return [*uvicorn, "--port", str(port), "--workers", str(workers), "--log-level", "warning", "--no-access-log"]


def node_command(name: str) -> Callable[[int, int], list[str]]:
    return lambda port, _: ["node", str(PEERS / name / "server.js"), str(port)]


TASKWARD_PEER = Peer("taskward", "Taskward", TASKS, taskward_command, taskward_environment)
TUNED = Peer("tuned", "Tuned Node.js", TASKS, node_command("tuned"), peer_environment)
FASTIFY = Peer("fastify", "Careful Fastify", TASKS, node_command("fastify"), peer_environment)
BARE = Peer("bare", "Bare Fastify", Table("bare_tasks", "owner_id"), node_command("bare"), peer_environment)
TUTORIAL = Peer("tutorial", "Tutorial", Table("todo", "user_id"), tutorial_command, tutorial_environment("psycopg2"))
PEERS_COMPARED = (TASKWARD_PEER, TUNED, FASTIFY, BARE, TUTORIAL)
PEERS_FAR_AWAY = (TASKWARD_PEER, TUNED, FASTIFY, BARE)
"""The tutorial is as slow as it is wherever the database is."""


@dataclass(frozen=True, slots=True)
class Server:
    peer: Peer
    address: str
    process: Process
    log: Path


def install_packages() -> None:
    """For each peer in Node.js what its `package-lock.json` names, beside it.

    Raises:
        Missing: there is no Node.js, or the packages cannot be had.
    """
    require_program("node", "runs the peers in Node.js: install version 20.12 or newer")
    require_program("npm", "installs what the peers in Node.js need: install it with Node.js")
    for lock in sorted(PEERS.glob("*/package-lock.json")):
        installed = lock.parent / "node_modules" / ".package-lock.json"
        if installed.exists() and installed.stat().st_mtime > lock.stat().st_mtime:
            continue
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=lock.parent, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Missing(f"npm could not install what {lock.parent.name} needs: {done.stderr.strip()[-500:]}")
        installed.touch()


@contextmanager
def serving(
    peer: Peer, database_url: str, issuer: Issuer, folder: Path, *, cores: Iterable[int], workers: int = 1
) -> Iterator[Server]:
    """The peer on these cores, once it answers."""
    port = free_port()
    log = folder / f"{peer.name}-{port}.log"
    command = ["taskset", "-c", ",".join(map(str, cores)), *peer.command(port, workers)]
    process = start(command, env=environment(**peer.environment(database_url, issuer)), log=log, account=None)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_ok(f"{address}/health", process, log)
        yield Server(peer, address, process, log)
    finally:
        end(process)


def wait_until_ok(url: str, process: Process, log: Path) -> None:
    """Until a server that is starting answers 200."""
    ends_at = time.monotonic() + START_SECONDS
    with httpx.Client(timeout=1, trust_env=False) as client:
        while True:
            with suppress(httpx.HTTPError):
                if client.get(url).status_code == httpx.codes.OK:
                    return
            if process.poll() is not None or time.monotonic() > ends_at:
                raise RuntimeError(f"a server did not start: {log.read_text()[-2000:]}")
            time.sleep(0.005)


def wait_for_line(log: Path, process: Process) -> str:
    """The first whole line that a program has written."""
    ends_at = time.monotonic() + START_SECONDS
    while "\n" not in (written := log.read_text()):
        if process.poll() is not None or time.monotonic() > ends_at:
            raise RuntimeError(f"a program did not start: {written[-2000:]}")
        time.sleep(0.02)
    return written.partition("\n")[0]
