"""What Taskward is compared with starts, and does the work that it is said to do, before anybody measures it."""

import importlib.util
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks.checks import FULL_TASK, NOT_WRITTEN, Checker, do_the_same, is_isolated
from benchmarks.data import Filled, Rows
from benchmarks.limit import Pgbench, Wiretap, what_is_sent
from benchmarks.load import CALLS, CONNECTIONS, MIXED, OWNERS, People
from benchmarks.servers import (
    PEERS,
    PEERS_COMPARED,
    TASKWARD_PEER,
    TUTORIAL,
    Issuer,
    Peer,
    Server,
    issuer,
    serving,
    tutorial_environment,
)

from support.databases import asked, with_database
from support.npm import install
from taskward.operations.embedded.programs import find_programs, installations
from taskward.tasks.model import TABLE, TaskCreate, TaskPatch, TaskRead

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
ROWS = Rows(owners=OWNERS, each=51)
"""One more than a page."""


@dataclass(frozen=True)
class Everybody:
    database: Filled
    people: People
    tokens: Issuer
    tap: Wiretap
    """Between Taskward and the database."""
    servers: dict[str, Server]


@pytest.fixture(scope="module")
def everybody(cluster: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everybody]:
    for lock in sorted(PEERS.glob("*/package-lock.json")):
        install(lock.parent, what="what Taskward is compared with")
    name = f"peers_{secrets.token_hex(6)}"
    asked(cluster, f"create database {name} template {migrated_template}")
    # Other drivers do not know what libpq may be told besides.
    url = with_database(cluster, name).partition("?")[0] + "?sslmode=disable"
    database = Filled(url, ROWS)
    folder = tmp_path_factory.mktemp("peers")
    with ExitStack() as stack:
        stack.callback(asked, cluster, f"drop database {name} with (force)")
        tokens = stack.enter_context(issuer())
        people = People(ROWS, [tokens.token(ROWS.owner(number)) for number in range(OWNERS)])
        tap = Wiretap(database.url)
        stack.callback(tap.close)
        servers = {}
        for peer in PEERS_COMPARED:
            url = tap.url if peer is TASKWARD_PEER else database.url
            started = serving(as_installed(peer), url, tokens, folder, cores=os.sched_getaffinity(0))
            servers[peer.name] = stack.enter_context(started)
            if not peer.is_strict:
                database.copy_tasks_to(*peer.table)
        yield Everybody(database, people, tokens, tap, servers)


def as_installed(peer: Peer) -> Peer:
    """The tutorial's driver is of the dependency group `bench`; without it SQLAlchemy has another one here."""
    if peer is not TUTORIAL or importlib.util.find_spec("psycopg2"):
        return peer
    return replace(peer, environment=tutorial_environment("psycopg"))


@pytest.mark.parametrize("peer", PEERS_COMPARED, ids=lambda peer: peer.name)
def test_a_peer_answers_what_it_is_said_to_answer(everybody: Everybody, peer: Peer) -> None:
    server = everybody.servers[peer.name]

    is_isolated(server, everybody.people, everybody.tokens)
    with Checker(server, everybody.people) as checker:
        checker.check(MIXED)


def test_peers_of_the_same_work_write_and_answer_what_taskward_does(everybody: Everybody) -> None:
    strict = [server for server in everybody.servers.values() if server.peer.is_strict]

    do_the_same(strict, everybody.tokens, everybody.database)


def test_the_limit_takes_every_statement_that_taskward_sends(everybody: Everybody, tmp_path: Path) -> None:
    database, tap = everybody.database, everybody.tap
    sent = what_is_sent(everybody.servers["taskward"], tap, ROWS, everybody.tokens)
    programs, _ = find_programs(installations(), tmp_path, None, None)

    limit = Pgbench(database, programs, sent, tmp_path, core=min(os.sched_getaffinity(0)))
    # In turns by lot: that a call is missing among so many happens once in a trillion times.
    done, _, _ = limit.run(dict.fromkeys(CALLS, 1), "--transactions=4")

    assert done == 4 * CONNECTIONS


def test_every_field_that_a_task_may_be_sent_with_is_compared_or_told_to_be_left_out() -> None:
    unknown = TaskCreate.model_fields.keys() ^ (FULL_TASK.keys() | NOT_WRITTEN)
    assert not unknown, (
        f"{', '.join(sorted(unknown))}: let the peers of the same work write it (`writable` in tuned and fastify, and "
        "FULL_TASK and PATCHES of benchmarks/checks.py), or name it in NOT_WRITTEN there and in docs/performance.md."
    )
    assert not FULL_TASK.keys() - TaskPatch.model_fields.keys()


def test_the_page_tells_how_wide_a_row_and_an_answer_are() -> None:
    page = " ".join(PAGE.read_text().split())

    assert f"rows of {len(TABLE.c)} columns" in page
    assert f"An answer has {len(TaskRead.model_fields)} of them" in page
