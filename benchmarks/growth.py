"""What becomes of the figures with ten times the rows, with an owner of very many tasks, and with a second core."""

import os
import statistics
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from campaigns.processes import PostgreSQL, temporary_folder

from benchmarks.checks import Checker
from benchmarks.data import COMPARED, LARGE_OWNER, Database, Rows, postgresql
from benchmarks.load import CALLS, People, Reading, Request, measured, require_wrk, write_requests, write_workloads
from benchmarks.machine import description, pin, resident_bytes, two_cores
from benchmarks.noise import noise_of
from benchmarks.servers import TASKWARD_PEER, Issuer, Server, issuer, serving

OWNERS = 1_000
"""Who ask, in the small database and in the large one."""

PAGE = 100


@dataclass(frozen=True, slots=True)
class Plan:
    small: Rows
    large: Rows
    rounds: int
    seconds: int


FULL = Plan(COMPARED, Rows(owners=10_000, each=190, of_large_owner=100_000), rounds=3, seconds=5)
SHORT = Plan(Rows(owners=1_000, each=101), Rows(owners=2_000, each=101, of_large_owner=2_000), rounds=1, seconds=1)


def grow(plan: Plan) -> dict[str, Any]:
    require_wrk()
    cores = two_cores()
    os.sched_setaffinity(0, {cores[0]})
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql())
        folder = stack.enter_context(temporary_folder(None))
        tokens = stack.enter_context(issuer())
        sizes = {}
        for name, rows in (("small", plan.small), ("large", plan.large)):
            print(f"filling the {name} database: {rows.last_id:,} tasks", file=sys.stderr, flush=True)
            sizes[name] = Size(Database(postgres, name, rows), tokens, folder / name)
            sizes[name].server = stack.enter_context(
                serving(TASKWARD_PEER, sizes[name].database.url, tokens, sizes[name].folder, cores=[cores[1]])
            )
        before = {name: resident_bytes(size.server.process.pid) for name, size in sizes.items()}
        calls = measure_calls(sizes, plan)
        after = {name: resident_bytes(size.server.process.pid) for name, size in sizes.items()}
        taken = [reading["taken"] for by_size in calls.values() for reading in by_size.values()]
        return {
            "machine": description(postgres.version),
            "small": asdict(plan.small),
            "large": asdict(plan.large),
            "noise": noise_of(taken)._asdict(),
            "calls": calls,
            "pages": measure_pages(sizes["large"], tokens, plan),
            "resident_mib": {
                name: {"before": round(before[name] / 2**20, 1), "after": round(after[name] / 2**20, 1)}
                for name in sizes
            },
            "workers": measure_workers(sizes["small"], postgres, tokens, cores, plan),
        }


class Size:
    """A database of one size, and the server in front of it."""

    server: Server

    def __init__(self, database: Database, tokens: Issuer, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.database = database
        self.people = People(database.rows, [tokens.token(database.rows.owner(number)) for number in range(OWNERS)])
        self.files = write_workloads(folder, self.people, CALLS)

    def measured(self, server: Server, workload: str, seconds: int) -> Reading:
        with Checker(server, self.people) as checker:
            checker.check(workload)
            found = measured(
                server.address,
                self.files[workload],
                seconds=seconds,
                server_pid=server.process.pid,
                database_pid=self.database.server.process.pid,
            )
            checker.check(workload)
        return found


def measure_calls(sizes: dict[str, Size], plan: Plan) -> dict[str, dict[str, Any]]:
    """Of each call in each database, in turns."""
    readings: dict[str, dict[str, list[Reading]]] = {call: {name: [] for name in sizes} for call in CALLS}
    for call in CALLS:
        for size in sizes.values():
            size.measured(size.server, call, 1)
    for number in range(plan.rounds):
        for call in CALLS:
            for name in sorted(sizes, reverse=number % 2 == 0):
                size = sizes[name]
                readings[call][name].append(size.measured(size.server, call, plan.seconds))
        print(f"growth, round {number + 1} of {plan.rounds}", file=sys.stderr, flush=True)
    return {call: {name: means(found) for name, found in by_size.items()} for call, by_size in readings.items()}


def means(readings: Iterable[Reading]) -> dict[str, float]:
    figures = [asdict(reading) for reading in readings]
    return {name: round(statistics.mean(each[name] for each in figures), 3) for name in figures[0]}


def measure_pages(size: Size, tokens: Issuer, plan: Plan) -> dict[str, Any]:
    """The first and the last page of the owner with very many tasks, one request at a time."""
    token = tokens.token(LARGE_OWNER)
    first = f"/tasks?limit={PAGE}"
    last, pages = last_page(size.server, token, first)
    files = {
        name: write_requests(size.folder / f"{name}.requests", [Request("GET", path, token)])
        for name, path in (("first", first), ("last", last))
    }
    found: dict[str, list[Reading]] = {name: [] for name in files}
    for number in range(plan.rounds):
        for name in sorted(files, reverse=number % 2 == 0):
            server = size.server
            reading = measured(
                server.address,
                files[name],
                seconds=plan.seconds,
                server_pid=server.process.pid,
                database_pid=size.database.server.process.pid,
                connections=1,
            )
            found[name].append(reading)
    return {"pages": pages, "tasks_a_page": PAGE, **{name: means(readings) for name, readings in found.items()}}


def last_page(server: Server, token: str, path: str) -> tuple[str, int]:
    """By following every link, and how many pages there were."""
    pages = 1
    with httpx.Client(base_url=server.address, headers={"Authorization": f"Bearer {token}"}) as client:
        while True:
            answer = client.get(path).raise_for_status()
            assert len(answer.json()) == PAGE
            if "next" not in answer.links:
                return path, pages
            path = f"/tasks{answer.links['next']['url']}"
            pages += 1


def measure_workers(
    size: Size, postgres: PostgreSQL, tokens: Issuer, cores: tuple[int, int], plan: Plan
) -> dict[str, dict[str, float]]:
    """GET one by one worker and by two, when everything shares both cores."""
    os.sched_setaffinity(0, set(cores))
    pin(postgres.process.pid, cores)
    found: dict[str, list[Reading]] = {"one": [], "two": []}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(
                serving(TASKWARD_PEER, size.database.url, tokens, size.folder, cores=cores, workers=workers)
            )
            for name, workers in (("one", 1), ("two", 2))
        }
        for server in servers.values():
            size.measured(server, "GET one", 1)
        for _ in range(plan.rounds):
            for name, server in servers.items():
                found[name].append(size.measured(server, "GET one", plan.seconds))
    return {name: means(readings) for name, readings in found.items()}
