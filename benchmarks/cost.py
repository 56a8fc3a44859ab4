"""Instructions that a worker and PostgreSQL spend on a request, which do not depend on who else is at work here.

It has the default settings. One client asks over one connection, one request at a time. Nothing is deducted.
"""

import http.client
import platform
import random
import socket
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from campaigns.processes import SERVICE_CONNECTIONS, PostgreSQL, temporary_folder

from benchmarks.callgrind import CountedServer, Dump, Worker, working
from benchmarks.data import Database, Rows, postgresql
from benchmarks.load import CALLS, CHANGES, NEW_TASK, People, Request, WrongAnswers
from benchmarks.machine import description, family, require_program
from benchmarks.servers import PEERS, Issuer, issuer
from support.programs import environment

REQUESTS = 100
"""Of each call in a round, and before the first."""

ROUNDS = 3
WARM = 10
"""Requests of each call once callgrind counts, when it translates the code anew."""

TOLERANCE = 0.03
LEAST = 5_000
"""Instructions that are no difference: the server looks around ten times a second, so a busy machine adds as many."""

ROWS = Rows(owners=10, each=200)
PACKAGES = ("fastapi", "httptools", "psycopg", "pydantic", "sqlalchemy", "starlette", "uvicorn", "uvloop")
FLOOR = "constant bytes"
NOT_ASKING = ("401", "/health")

Figures = dict[str, Any]


class Call(NamedTuple):
    status: int
    requests: Sequence[bytes]
    """Of one round."""


def measure(*, requests: int = REQUESTS, rounds: int = ROUNDS) -> Figures:
    """
    Raises:
        Missing: valgrind is not installed.
    """
    require_program("valgrind", "counts instructions: install the package valgrind")
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql())
        folder = stack.enter_context(temporary_folder(None))
        tokens = stack.enter_context(issuer())
        settings = settings_of(Database(postgres, "cost", ROWS), tokens)
        calls = calls_of(People(ROWS, [tokens.token(ROWS.owner(number)) for number in range(ROWS.owners)]), requests)

        with working("taskward.operations.served:application", settings, folder) as worker:
            microseconds = database_microseconds(worker, calls, postgres.process.pid, rounds)
        # Both start at once, which takes a good part of the time, and are then asked one after the other.
        with (
            working("taskward.operations.served:application", settings, folder, is_counted=True) as counted,
            working("constant:create", settings, folder, is_counted=True) as floor,
        ):
            found = spent(counted, calls, rounds)
            # More of them, or it would depend on whether the garbage collector comes by.
            found = spent(floor, {FLOOR: Call(200, calls["GET one"].requests * 5)}, rounds) | found
        by_postgresql = spent_by_postgresql(postgres, settings, calls, folder, rounds)
        machine = description(postgres.version)
    return {
        "machine": machine,
        "kind": kind(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "requests": requests,
        "rounds": rounds,
        "calls": {
            name: {
                **each,
                "postgresql_instructions": by_postgresql.get(name),
                "postgresql_us": microseconds.get(name),
            }
            for name, each in found.items()
        },
    }


def settings_of(database: Database, tokens: Issuer) -> dict[str, str]:
    return environment(
        DATABASE_URL=database.url,
        BETTER_AUTH_URL=tokens.origin,
        BETTER_AUTH_JWKS_URL=tokens.jwks_url,
        REQUEST_DEADLINE_SECONDS="60",  # callgrind makes everything some fifty times as slow
        PYTHONHASHSEED="0",
        PYTHONPATH=str(PEERS),
    )


def calls_of(people: People, requests: int) -> dict[str, Call]:
    """The same whenever they are made, but for the tokens."""
    dice = random.Random(0)
    statuses = {"GET one": 200, "list 50": 200, "POST": 201, "PATCH": 200}
    calls = {
        name: Call(status, [CALLS[name](people, dice).encoded() for _ in range(requests)])
        for name, status in statuses.items()
    }
    calls["batch of 100"] = Call(200, [batch(people, dice).encoded() for _ in range(max(1, requests // 10))])
    calls["401, no token"] = Call(401, [b"GET /tasks HTTP/1.1\r\nHost: localhost\r\n\r\n"] * requests)
    calls["/health"] = Call(200, [b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"] * requests)
    return calls


def batch(people: People, dice: random.Random) -> Request:
    """As many new tasks as changes."""
    number = dice.randrange(len(people.tokens))
    turns = dice.sample(range(people.rows.each), 50)
    operations: list[Figures] = [{"op": "create", "task": NEW_TASK} for _ in turns]
    operations += [{"op": "patch", "id": people.rows.task(number, turn), "patch": CHANGES} for turn in turns]
    return Request("POST", "/tasks/batch", people.tokens[number], {"operations": operations})


class Client:
    """One connection, kept alive. Each request is sent in one piece, so that it is read in one."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)

    def ask(self, call: Call, requests: Iterable[bytes]) -> None:
        """
        Raises:
            WrongAnswers: one has another status than the call should have.
        """
        for request in requests:
            self.socket.sendall(request)
            with http.client.HTTPResponse(self.socket) as response:
                response.begin()
                content = response.read()
            if response.status != call.status:
                raise WrongAnswers(f"{response.status} in place of {call.status}: {content[:500]!r}")

    def wait_for(self, call: Call) -> None:
        """Until it is answered: so slow a worker may need more than one fetch until it has the keys."""
        for _ in range(10):
            with suppress(WrongAnswers):
                self.ask(call, call.requests[:1])
                break
            time.sleep(5)


def spent(worker: Worker, calls: dict[str, Call], rounds: int) -> Figures:
    """What the worker spends on a request of each call."""
    client = Client(worker.port())
    client.wait_for(next(iter(calls.values())))
    for call in calls.values():
        client.ask(call, call.requests)
    worker.begin_counting()
    for call in calls.values():
        client.ask(call, call.requests[:WARM])
    dumps: dict[str, list[Dump]] = {name: [] for name in calls}
    for number in range(rounds):
        for name, call in calls.items():
            worker.forget()
            client.ask(call, call.requests)
            dumps[name].append(worker.dump())
        print(f"cost of {', '.join(calls)}: {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return {name: of_a_request(dumps[name], len(call.requests)) for name, call in calls.items()}


def spent_by_postgresql(
    server: PostgreSQL, settings: dict[str, str], calls: dict[str, Call], folder: Path, rounds: int
) -> dict[str, int]:
    """What the process that serves a worker's one connection, a direct one, spends on a request of each call."""
    counted = CountedServer(server)
    asking = {name: call for name, call in calls.items() if not name.startswith(NOT_ASKING)}
    with working("taskward.operations.served:application", settings | {"DATABASE_POOL_SIZE": "1"}, folder) as worker:
        client = Client(worker.port())
        client.wait_for(calls["GET one"])
        for call in asking.values():
            client.ask(call, call.requests)
        [(pid,)] = server.rows(SERVICE_CONNECTIONS.replace("count(*)", "pid"))
        counted.dump(int(str(pid)))
        found: dict[str, list[int]] = {name: [] for name in asking}
        for _ in range(rounds):
            for name, call in asking.items():
                client.ask(call, call.requests)
                found[name].append(counted.dump(int(str(pid))).instructions)
    return {name: round(statistics.median(each) / len(calls[name].requests)) for name, each in found.items()}


def of_a_request(dumps: Sequence[Dump], requests: int) -> Figures:
    """The median of the rounds, and how far they lie apart."""
    counts = [dump.instructions for dump in dumps]
    allocations = statistics.median(dump.allocations for dump in dumps)
    return {
        "instructions": round(statistics.median(counts) / requests),
        "spread": round((max(counts) - min(counts)) / statistics.median(counts), 4),
        "allocations": round(allocations / requests) or None,
    }


def database_microseconds(worker: Worker, calls: dict[str, Call], postmaster: int, rounds: int) -> dict[str, float]:
    """CPU of all its processes for a request of each call: a time, and so only as good as the day."""
    client = Client(worker.port())
    used: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        client.ask(call, call.requests)
    for _ in range(rounds):
        for name, call in calls.items():
            before = cpu_nanoseconds(postmaster)
            client.ask(call, call.requests)
            after = cpu_nanoseconds(postmaster)
            added = sum(after[pid] - before.get(pid, 0) for pid in after)
            used[name].append(added / 1000 / len(call.requests))
    return {name: round(statistics.median(each), 1) for name, each in used.items()}


def cpu_nanoseconds(pid: int) -> dict[int, int]:
    """Of the process and its children, as the scheduler counts (Linux, Documentation/scheduler/sched-stats.rst)."""
    found = {}
    for each in family(pid):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found[each] = int(Path(f"/proc/{each}/schedstat").read_text().split()[0])
    return found


def kind() -> dict[str, str]:
    """Figures of another kind of machine say nothing about a change of the code."""
    arguments = (sysconfig.get_config_var("CONFIG_ARGS") or "").split("'")
    options = sorted(argument for argument in arguments if argument.startswith("--") and "=" not in argument)
    valgrind = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return {
        "machine": platform.machine(),
        "python": " ".join([platform.python_version(), platform.python_compiler()]),
        "options of its build": " ".join(options),
        "C library": " ".join(platform.libc_ver()),
        "valgrind": valgrind.stdout.strip(),
    }


class Comparison(NamedTuple):
    dearer: list[str]
    """A sentence for each call that costs more than is recorded, beyond the tolerance."""
    remarks: list[str]


def compare(found: Figures, recorded: Figures) -> Comparison:
    other_kind = changes(found["kind"], recorded["kind"])
    if other_kind:
        return Comparison([], [f"Not compared with the record, which is of another kind of machine: {other_kind}."])
    dearer, remarks = [], []
    for name, reading in found["calls"].items():
        now = reading["instructions"]
        before = recorded["calls"].get(name, reading)["instructions"]
        if abs(now - before) > max(LEAST, before * TOLERANCE):
            sentence = f"{name}: {now:,} instructions, {now / before - 1:+.1%} of the {before:,} recorded."
            (dearer if now > before else remarks).append(sentence)
    if dearer or remarks:
        packages = changes(found["packages"], recorded["packages"])
        remarks += [f"Since the record: {packages}."] if packages else []
        remarks.append("`make cost` renews the record. A commit with which a call becomes dearer says why.")
    return Comparison(dearer, remarks)


def changes(now: dict[str, str], before: dict[str, str]) -> str:
    changed = {name: value for name, value in now.items() if value != before.get(name)}
    return ", ".join(f"{name} {before.get(name)} -> {value}" for name, value in changed.items())
