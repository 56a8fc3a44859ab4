"""Taskward beside what one would write instead, and beside the limit: in turns, on one database, in one session."""

import os
import random
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from campaigns.processes import end, start, temporary_folder

from benchmarks.checks import Checker, do_the_same, is_isolated
from benchmarks.data import COMPARED, Database, postgresql
from benchmarks.limit import Pgbench, what_taskward_sends
from benchmarks.load import (
    CONNECTIONS,
    MIXED,
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
from benchmarks.noise import Noise, noise_of
from benchmarks.servers import (
    PEERS_COMPARED,
    PEERS_FAR_AWAY,
    Issuer,
    Peer,
    Server,
    install_packages,
    issuer,
    serving,
    wait_for_line,
)
from support.database_proxy import proxied

ROOT = Path(__file__).parent.parent
DELAY_MS = 2
"""Each way, as between a server and a database in the same region."""

LIMIT = "limit"
FAR_AWAY = ("GET one", "list 50", "POST", "PATCH")
NEAR = (*FAR_AWAY, MIXED)

COUNTED = 20
"""Requests over which round trips are counted."""

STEADY = 0.05
"""Two slots of the same load that lie less far apart: caches are filled, code is compiled, statements are planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int
    seconds: int
    """For each workload of each server in each round."""
    most_to_warm_up: int
    """Slots of a mixed day that each server gets at most until it is steady."""


FULL = Plan(rounds=3, seconds=3, most_to_warm_up=6)
SHORT = Plan(rounds=1, seconds=2, most_to_warm_up=0)
WARM_SECONDS = 2

Readings = dict[str, dict[str, list[Reading]]]
"""By workload and peer, one for each round."""


def compare(plan: Plan) -> dict[str, Any]:
    require_group()
    require_wrk()
    install_packages()
    database_core, server_core = two_cores()
    os.sched_setaffinity(0, {database_core})  # wrk, PostgreSQL and the proxy inherit it
    with ExitStack() as stack:
        postgres = stack.enter_context(postgresql())
        folder = stack.enter_context(temporary_folder(None))
        database = Database(postgres, "compared", COMPARED)
        tokens = stack.enter_context(issuer())
        people = People(COMPARED, [tokens.token(COMPARED.owner(number)) for number in range(OWNERS)])
        course = Course(database, tokens, people, folder, server_core)
        for peer in PEERS_COMPARED:
            course.fill_table(peer)
        round_trips = {peer.name: course.round_trips(peer) for peer in PEERS_COMPARED}
        far_url = stack.enter_context(far_away(database.url, folder))
        near = [stack.enter_context(course.serving(peer, database.url)) for peer in PEERS_COMPARED]
        far = [stack.enter_context(course.serving(peer, far_url)) for peer in PEERS_FAR_AWAY]
        for server in (*near, *far):
            is_isolated(server, people, tokens)
        do_the_same([server for server in near if server.peer.is_strict], tokens, database)
        sent = what_taskward_sends(database, tokens, folder, core=server_core)
        limit = Pgbench(database, postgres.programs, sent, folder, core=server_core)
        warm_up = {
            place: {server.peer.name: course.warm_up(server, plan.most_to_warm_up) for server in servers}
            for place, servers in (("loopback", near), ("far", far))
        }
        loopback, distant = course.run(plan, near, far, limit)
        return {
            "machine": description(postgres.version),
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "delay_ms": DELAY_MS,
            "noise": noise_between(loopback, distant)._asdict(),
            "warm_up": warm_up,
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

    def fill_table(self, peer: Peer) -> None:
        """That of a peer which makes one for itself when it starts."""
        if not peer.is_strict:
            with self.serving(peer, self.database.url):
                self.database.copy_tasks_to(*peer.table)

    def round_trips(self, peer: Peer) -> dict[str, float]:
        """To the database, a request, when its connection is there already."""
        found = {}
        dice = random.Random(peer.name)
        with (
            proxied(self.database.url) as proxy,
            self.serving(peer, proxy.url) as server,
            Checker(server, self.people) as checker,
        ):
            for name in NEAR:
                checker.check(name)
                before = proxy.turns
                for _ in range(COUNTED):
                    WORKLOADS[name](self.people, dice).send(checker.client).raise_for_status()
                found[name] = (proxy.turns - before) / COUNTED
        return found

    def warm_up(self, server: Server, most: int) -> list[float]:
        """Its requests a second in each slot of a mixed day, until they are steady."""
        rates: list[float] = []
        while len(rates) < most and not is_steady(rates):
            rates.append(round(self.slot(server, MIXED, WARM_SECONDS).per_second, 1))
        if rates:
            print(f"warmed up {server.peer.title}: {rates}", file=sys.stderr, flush=True)
        return rates

    def run(self, plan: Plan, near: list[Server], far: list[Server], limit: Pgbench) -> tuple[Readings, Readings]:
        loopback: Readings = {name: {} for name in NEAR}
        distant: Readings = {name: {} for name in FAR_AWAY}
        for number in range(plan.rounds):
            self.database.remove_what_was_added({server.peer.table.name for server in near})
            for name in NEAR:
                # Nobody is always the first after somebody's writes.
                for server in rotated(near, number):
                    loopback[name].setdefault(server.peer.name, []).append(self.slot(server, name, plan.seconds))
                reached = limit.measured(name, seconds=plan.seconds, database_pid=self.database.server.process.pid)
                loopback[name].setdefault(LIMIT, []).append(reached)
                for server in rotated(far, number) if name in FAR_AWAY else ():
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
        return self.database.count(f"select count(*) from {server.peer.table.name}")


def is_steady(rates: Sequence[float]) -> bool:
    """The last two, which lie next to each other."""
    return len(rates) > 1 and abs(rates[-1] - rates[-2]) < STEADY * rates[-2]


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


def noise_between(*places: Readings) -> Noise:
    compared = [rounds for readings in places for by_peer in readings.values() for rounds in by_peer.values()]
    taken = [reading.taken for rounds in compared for reading in rounds]
    return noise_of(taken, [[reading.per_second for reading in rounds] for rounds in compared])


def as_json(readings: Readings) -> dict[str, Any]:
    """The mean over the rounds of each figure, and how far requests a second went up and down."""
    return {name: {peer: summary(rounds) for peer, rounds in peers.items()} for name, peers in readings.items()}


def summary(rounds: list[Reading]) -> dict[str, Any]:
    figures = [asdict(reading) for reading in rounds]
    means = {name: round(statistics.mean(each[name] for each in figures), 3) for name in figures[0]}
    rates = [reading.per_second for reading in rounds]
    return {**means, "per_second_of_rounds": [round(rate, 1) for rate in rates]}
