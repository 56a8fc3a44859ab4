"""What is asked, by whom, and how fast it is answered: wrk with requests that were made beforehand."""

import json
import random
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks.data import Rows
from benchmarks.machine import cpu_seconds, require_program
from benchmarks.noise import Watch

CONNECTIONS = 32
OWNERS = 100
REQUESTS = 20_000
"""Made beforehand; a run begins again with the first when it has sent the last."""

SCRIPT = Path(__file__).with_name("wrk.lua")

NEW_TASK = {"title": "Fetch the parcel from the neighbours", "description": "They are home after six."}
CHANGES = {"title": "Fetch both parcels from the neighbours", "status": "InProgress"}


@dataclass(frozen=True, slots=True)
class People:
    """Owners who ask, with their tokens."""

    rows: Rows
    tokens: Sequence[str]
    """Of owners 0, 1, 2, ... of the rows."""

    def any_task(self, dice: random.Random) -> tuple[str, int]:
        """Somebody's token, and the id of a task that is theirs."""
        number = dice.randrange(len(self.tokens))
        return self.tokens[number], self.rows.task(number, dice.randrange(self.rows.each))


class Request(NamedTuple):
    method: str
    path: str
    token: str
    body: dict[str, Any] | None = None

    def encoded(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.token}"]
        content = b""
        if self.body is not None:
            content = json.dumps(self.body).encode()
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content

    def send(self, client: httpx.Client) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return client.request(self.method, self.path, headers=headers, json=self.body)


def get_one(people: People, dice: random.Random) -> Request:
    token, task_id = people.any_task(dice)
    return Request("GET", f"/tasks/{task_id}", token)


def list_50(people: People, dice: random.Random) -> Request:
    return Request("GET", "/tasks?limit=50", dice.choice(people.tokens))


def list_100(people: People, dice: random.Random) -> Request:
    return Request("GET", "/tasks?limit=100", dice.choice(people.tokens))


def post(people: People, dice: random.Random) -> Request:
    return Request("POST", "/tasks", dice.choice(people.tokens), NEW_TASK)


def patch(people: People, dice: random.Random) -> Request:
    token, task_id = people.any_task(dice)
    return Request("PATCH", f"/tasks/{task_id}", token, CHANGES)


Workload = Callable[[People, random.Random], Request]

CALLS: dict[str, Workload] = {
    "GET one": get_one,
    "list 50": list_50,
    "list 100": list_100,
    "POST": post,
    "PATCH": patch,
}

MIXED = "mixed day"
MIX = {"GET one": 50, "list 50": 30, "POST": 10, "PATCH": 10}
"""In per cent: reading, and some writing."""


def mixed_day(people: People, dice: random.Random) -> Request:
    [chosen] = dice.choices(list(MIX), weights=list(MIX.values()))
    return CALLS[chosen](people, dice)


WORKLOADS: dict[str, Workload] = {**CALLS, MIXED: mixed_day}


def write_requests(file: Path, requests: Iterable[Request]) -> Path:
    """As `wrk.lua` reads them: each with its length in front."""
    encoded = [request.encoded() for request in requests]
    file.write_bytes(b"".join(b"%d\n%b" % (len(request), request) for request in encoded))
    return file


def write_workloads(folder: Path, people: People, names: Iterable[str] = WORKLOADS) -> dict[str, Path]:
    """A file of requests for each workload, the same whenever they are made."""
    files = {}
    for name in names:
        dice = random.Random(name)
        requests = (WORKLOADS[name](people, dice) for _ in range(REQUESTS))
        files[name] = write_requests(folder / f"{name.replace(' ', '-')}.requests", requests)
    return files


@dataclass(frozen=True, slots=True)
class Reading:
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    server_us: float
    """Of CPU, a request."""
    database_us: float
    taken: float
    """Cores that others took meanwhile."""


class WrongAnswers(Exception):
    """What was measured was not the work; one sentence."""


def measured(
    address: str, requests: Path, *, seconds: int, server_pid: int, database_pid: int, connections: int = CONNECTIONS
) -> Reading:
    """
    Raises:
        WrongAnswers: a request was answered with an error, or not at all.
    """
    watch = Watch()
    before = cpu_seconds(server_pid), cpu_seconds(database_pid)
    found = wrk(address, requests, seconds=seconds, connections=connections)
    used = cpu_seconds(server_pid) - before[0], cpu_seconds(database_pid) - before[1]
    taken = watch.taken()
    if found["failures"] or not found["requests"]:
        raise WrongAnswers(f"{found['failures']} of {found['requests']} requests of {requests.stem} failed")
    return Reading(
        requests=found["requests"],
        per_second=found["requests"] / found["seconds"],
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
        server_us=used[0] / found["requests"] * 1e6,
        database_us=used[1] / found["requests"] * 1e6,
        taken=taken,
    )


def require_wrk() -> None:
    require_program("wrk", "makes the load: install the package wrk")


def wrk(address: str, requests: Path, *, seconds: int, connections: int) -> dict[str, Any]:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPT), address]
    output = subprocess.run([*command, "--", str(requests)], capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found
