"""Taskward beside what one would write instead, and beside the limit: in turns, on one database, in one session."""

import os
import random
import statistics
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from campaigns.processes import end, start, temporary_folder

from benchmarks.checks import Checker, is_isolated
from benchmarks.data import COMPARED, Database, postgresql
from benchmarks.limit import Pgbench
from benchmarks.load import (
    CONNECTIONS,
    OWNERS,
    WORKLOADS,
    People,
    Reading,
    WrongAnswers,
    measured,
    require_wrk,
    write_workloads,
)
from benchmarks.machine import description, require_group, two_cores
from benchmarks.servers import (
    PEERS_COMPARED,
    TUTORIAL,
    Issuer,
    Peer,
    Server,
    install_fastify,
    issuer,
    serving,
    wait_for_line,
)
from support.database_proxy import proxied

ROOT = Path(__file__).parent.parent
DELAY_MS = 2
"""Each way, as between a server and a database in the same region."""

LIMIT = "limit"
COUNTED = 20
"""Requests over which round trips are counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int
    seconds: int
    """For each workload of each server in each round."""
    warms_up: bool
    """First a second of everything, in which caches are filled and code is compiled."""


FULL = Plan(rounds=3, seconds=5, warms_up=True)
SHORT = Plan(rounds=1, seconds=1, warms_up=False)

Readings = dict[str, dict[str, list[Reading]]]
"""By workload and peer, one for each round."""


def compare(plan: Plan) -> dict[str, Any]:
    require_group()
    require_wrk()
    install_fastify()
    database_core, server_core = two_cores()
    os.sched_setaffinity(0, {database_core})  # wrk, PostgreSQL and the proxy inherit it
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql())
        folder = stack.enter_context(temporary_folder(None))
        database = Database(postgres, "compared", COMPARED)
        tokens = stack.enter_context(issuer())
        people = People(COMPARED, [tokens.token(COMPARED.owner(number)) for number in range(OWNERS)])
        course = Course(database, tokens, people, folder, server_core)
        course.prepare_the_tutorial()
        round_trips = {peer.name: course.round_trips(peer) for peer in PEERS_COMPARED}
        far_url = stack.enter_context(far_away(database.url, folder))
        near = [stack.enter_context(course.serving(peer, database.url)) for peer in PEERS_COMPARED]
        far = [stack.enter_context(course.serving(peer, far_url)) for peer in PEERS_COMPARED]
        for server in (*near, *far):
            if server.peer.is_strict:
                is_isolated(server, people, tokens)
        limit = Pgbench(database, tokens, folder, core=server_core)
        loopback, distant = course.run(plan, near, far, limit)
        return {
            "machine": description(postgres.version),
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "delay_ms": DELAY_MS,
            "round_trips": round_trips,
            "loopback": as_json(loopback),
            "far": as_json(distant),
        }


class Course:
    """What everybody has to go through."""

    def __init__(self, database: Database, tokens: Issuer, people: People, folder: Path, server_core: int) -> None:
        self.database = database
        self.tokens = tokens
        self.people = people
        self.folder = folder
        self.server_core = server_core
        self.files = write_workloads(folder, people)

    def serving(self, peer: Peer, url: str) -> AbstractContextManager[Server]:
        return serving(peer, url, self.tokens, self.folder, cores=[self.server_core])

    def prepare_the_tutorial(self) -> None:
        with self.serving(TUTORIAL, self.database.url):
            self.database.copy_for_the_tutorial()

    def round_trips(self, peer: Peer) -> dict[str, float]:
        """To the database, a request, when its connection is there already."""
        found = {}
        dice = random.Random(peer.name)
        with (
            proxied(self.database.url) as proxy,
            self.serving(peer, proxy.url) as server,
            Checker(server, self.people) as checker,
        ):
            for name, workload in WORKLOADS.items():
                checker.check(name)
                before = proxy.turns
                for _ in range(COUNTED):
                    workload(self.people, dice).send(checker.client).raise_for_status()
                found[name] = (proxy.turns - before) / COUNTED
        return found

    def run(self, plan: Plan, near: list[Server], far: list[Server], limit: Pgbench) -> tuple[Readings, Readings]:
        if plan.warms_up:
            for server in (*near, *far):
                for name in WORKLOADS:
                    self.slot(server, name, 1)
        loopback: Readings = {name: {} for name in WORKLOADS}
        distant: Readings = {name: {} for name in WORKLOADS}
        for number in range(plan.rounds):
            self.database.remove_what_was_added()
            for name in WORKLOADS:
                # Nobody is always the first after somebody's writes.
                for server in rotated(near, number):
                    loopback[name].setdefault(server.peer.name, []).append(self.slot(server, name, plan.seconds))
                loopback[name].setdefault(LIMIT, []).append(limit.measured(name, seconds=plan.seconds))
                for server in rotated(far, number):
                    distant[name].setdefault(server.peer.name, []).append(self.slot(server, name, plan.seconds))
                print(f"round {number + 1} of {plan.rounds}, {name}", file=sys.stderr, flush=True)
        return loopback, distant

    def slot(self, server: Server, workload: str, seconds: int) -> Reading:
        with Checker(server, self.people) as checker:
            checker.check(workload)
            tasks_before = self.tasks_of(server)
            found = measured(
                server.address,
                self.files[workload],
                seconds=seconds,
                server_pid=server.process.pid,
                database_pid=self.database.server.process.pid,
            )
            added = self.tasks_of(server) - tasks_before
            # wrk ends while some are on their way.
            if workload == "POST" and not found.requests <= added <= found.requests + CONNECTIONS:
                raise WrongAnswers(f"{server.peer.title} answered {found.requests} POSTs and added {added} tasks")
            checker.check(workload)
        return found

    def tasks_of(self, server: Server) -> int:
        return self.database.count(f"select count(*) from {'tasks' if server.peer.is_strict else 'todo'}")


def rotated(servers: list[Server], by: int) -> list[Server]:
    return [servers[(place + by) % len(servers)] for place in range(len(servers))]


@contextmanager
def far_away(url: str, folder: Path) -> Iterator[str]:
    """The database's URL behind a delay each way."""
    log = folder / "proxy.log"
    command = [sys.executable, "-m", "benchmarks.proxy", url, str(DELAY_MS)]
    process = start(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, log=log, account=None)
    try:
        yield wait_for_line(log, process)
    finally:
        end(process)


def as_json(readings: Readings) -> dict[str, Any]:
    """The mean over the rounds of each figure, and how far requests a second went up and down."""
    return {name: {peer: summary(rounds) for peer, rounds in peers.items()} for name, peers in readings.items()}


def summary(rounds: list[Reading]) -> dict[str, Any]:
    figures = [asdict(reading) for reading in rounds]
    means = {name: round(statistics.mean(each[name] for each in figures), 3) for name in figures[0]}
    rates = [reading.per_second for reading in rounds]
    return {**means, "per_second_of_rounds": [round(rate, 1) for rate in rates]}
