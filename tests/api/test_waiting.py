"""`GET /changes?wait=`: an answer that comes with the first change."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from support.answers import problem
from support.copies import Copy
from support.database_proxy import DatabaseProxy
from support.databases import asked
from support.people import Person
from support.programs import eventually
from support.serving import serving
from support.settings import settings_for
from taskward.app import routed, served, services_of
from taskward.auth.issuer import LocalIssuer
from taskward.http.context import Services
from taskward.resources.news import MAX_WAITING
from taskward.settings import Settings

LONG = 25


@dataclass(frozen=True)
class Server:
    address: str
    services: Services

    def waiting(self) -> int:
        return self.services.news.count()

    def waits(self, count: int) -> None:
        eventually(lambda: self.waiting() == count and self.services.admission.in_flight == 0)


@contextmanager
def server_with(settings: Settings, issuer: LocalIssuer) -> Iterator[Server]:
    services = services_of(settings, local_issuer=issuer)
    with serving(served(routed(settings, services), services)) as address:
        yield Server(address, services)


@pytest.fixture(scope="module")
def server(settings: Settings, issuer: LocalIssuer) -> Iterator[Server]:
    with server_with(settings, issuer) as server:
        yield server


@pytest.fixture
def ann(person: Callable[..., Person], server: Server) -> Person:
    return person("ann", api=server.address)


@pytest.fixture
def bob(person: Callable[..., Person], server: Server) -> Person:
    return person("bob", api=server.address)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as threads:
        yield threads


@dataclass
class Asked:
    answer: httpx.Response
    seconds: float


@pytest.fixture
def asks(threads: ThreadPoolExecutor) -> Callable[..., Future[Asked]]:
    """Begins a call that waits, on a connection of its own."""

    def ask(person: Person, since: str | None, wait: int = LONG) -> Future[Asked]:
        def call() -> Asked:
            began = time.monotonic()
            headers, params = dict(person.http.headers), {"since": since or "", "wait": wait}
            with httpx.Client(base_url=person.http.base_url, timeout=60, trust_env=False, verify=False) as http:
                answer = http.get("/changes", headers=headers, params=params)
            return Asked(answer, time.monotonic() - began)

        return threads.submit(call)

    return ask


def token_of(person: Person) -> str:
    copy = Copy(person)
    copy.catch_up()
    assert copy.token
    return copy.token


def test_the_answer_comes_with_the_first_change(
    ann: Person, server: Server, asks: Callable[..., Future[Asked]]
) -> None:
    call = asks(ann, token_of(ann))
    server.waits(1)

    milk = ann.adds("Milk")

    asked = call.result()
    assert asked.answer.json()["changes"] == [{"kind": "task", "op": "put", "task": milk}]
    assert asked.seconds < LONG - 5
    server.waits(0)


def test_without_a_change_it_comes_after_so_many_seconds_with_the_same_token_and_has_asked_once(
    proxy: DatabaseProxy, issuer: LocalIssuer, person: Callable[..., Person], asks: Callable[..., Future[Asked]]
) -> None:
    with server_with(settings_for(proxy.url), issuer) as server:
        ann = person("ann", api=server.address)
        ann.adds("Milk")
        token = token_of(ann)
        turns = proxy.turns

        asked = asks(ann, token, wait=1).result()

        assert asked.answer.json() == {"changes": [], "next": token, "more": False}
        assert asked.seconds >= 1
        assert proxy.turns == turns + 1


def test_what_is_there_already_is_answered_at_once(ann: Person, asks: Callable[..., Future[Asked]]) -> None:
    token = token_of(ann)
    ann.adds("Milk")

    assert len(asks(ann, token).result().answer.json()["changes"]) == 1


def test_a_first_copy_does_not_wait(ann: Person) -> None:
    began = time.monotonic()

    assert ann.get("/changes", params={"wait": LONG}).json()["changes"] == []
    assert time.monotonic() - began < LONG - 5


def test_a_write_that_changes_nothing_lets_it_wait_on(
    ann: Person, server: Server, asks: Callable[..., Future[Asked]]
) -> None:
    milk = ann.adds("Milk")
    call = asks(ann, token_of(ann))
    server.waits(1)

    ann.patch(f"/tasks/{milk['id']}", json={"title": "x"}, headers={"If-Match": '"1"'})
    with pytest.raises(TimeoutError):
        call.result(timeout=0.5)
    server.waits(1)
    ann.delete(f"/tasks/{milk['id']}")

    assert [change["op"] for change in call.result().answer.json()["changes"]] == ["remove"]


def test_a_stranger_wakes_nobody(ann: Person, bob: Person, server: Server, asks: Callable[..., Future[Asked]]) -> None:
    call = asks(ann, token_of(ann))
    server.waits(1)

    bob.adds("Milk")
    server.waits(1)
    assert not call.done()
    bread = ann.adds("Bread")

    assert call.result().answer.json()["changes"] == [{"kind": "task", "op": "put", "task": bread}]


def test_four_calls_of_an_owner_wait_and_a_further_one_is_answered_at_once(
    ann: Person, bob: Person, server: Server, asks: Callable[..., Future[Asked]]
) -> None:
    token = token_of(ann)
    calls = [asks(ann, token) for _ in range(MAX_WAITING)]
    server.waits(MAX_WAITING)
    others = asks(bob, token_of(bob))
    server.waits(MAX_WAITING + 1)

    further = asks(ann, token).result()
    assert further.answer.json() == {"changes": [], "next": token, "more": False}
    assert further.seconds < LONG - 5
    ann.adds("Milk")
    assert [len(call.result().answer.json()["changes"]) for call in calls] == [1] * MAX_WAITING
    assert not others.done()
    bob.adds("Milk")
    others.result()


def test_waiting_calls_are_not_in_flight_and_hold_no_connection_and_ask_nothing(
    ann: Person, server: Server, asks: Callable[..., Future[Asked]], database_url: str
) -> None:
    token = token_of(ann)
    calls = [asks(ann, token) for _ in range(MAX_WAITING)]
    server.waits(MAX_WAITING)

    pool = server.services.pool.stats()
    assert (pool.busy, pool.waiting, server.services.admission.in_flight) == (0, 0, 0)
    eventually(lambda: server.services.pool.stats().opening == 0)  # for calls that came at the same time
    last = last_query(database_url, server)
    time.sleep(1)
    assert last_query(database_url, server) == last
    assert server.waiting() == MAX_WAITING
    ann.adds("Milk")
    assert [len(call.result().answer.json()["changes"]) for call in calls] == [1] * MAX_WAITING


def last_query(url: str, server: Server) -> Any:
    """When a connection of this server was last asked something."""
    pids = [connection.pgconn.backend_pid for connection in server.services.pool.connections]
    return asked(url, "select pid, query_start from pg_stat_activity where pid = any(%s) order by pid", pids)


def test_a_waiting_call_counts_once_for_the_rate_limit(
    settings: Settings, issuer: LocalIssuer, person: Callable[..., Person], asks: Callable[..., Future[Asked]]
) -> None:
    limited = settings.model_copy(update={"rate_limit_per_minute": 5})
    with server_with(limited, issuer) as server:
        ann = person("ann", api=server.address)
        token = token_of(ann)
        call = asks(ann, token)
        server.waits(1)
        ann.adds("Milk")
        call.result()
        assert [ann.get("/changes").status_code for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize("wait", ["-1", "26", "1.5", "x", ""])
def test_it_waits_up_to_25_seconds(ann: Person, wait: str) -> None:
    problem(ann.get("/changes", params={"since": token_of(ann), "wait": wait}), 422, "validation_failed")
    assert ann.get("/changes", params={"since": token_of(ann), "wait": "0"}).status_code == 200


@pytest.mark.parametrize("says", ["closes", "resets", "says that it sends no more"])
def test_a_client_that_has_gone_gives_its_place_back(ann: Person, server: Server, says: str) -> None:
    token = token_of(ann)
    lines = f"GET /changes?since={token}&wait={LONG} HTTP/1.1", "Host: x", f"Authorization: Bearer {ann.token}", "", ""
    for at_once in (False, True):
        connection = socket.create_connection(urlsplit(server.address).netloc.split(":"))
        connection.sendall("\r\n".join(lines).encode())
        if not at_once:
            server.waits(1)
        if says == "closes":
            connection.close()
        elif says == "resets":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            connection.close()
        else:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(20)
            assert b"200 OK" in connection.recv(100)
            connection.close()
        began = time.monotonic()
        server.waits(0)
        assert time.monotonic() - began < LONG - 5


def test_whoever_is_forgotten_meanwhile_is_told_to_begin_anew(
    ann: Person, server: Server, asks: Callable[..., Future[Asked]]
) -> None:
    ann.adds("Milk")
    call = asks(ann, token_of(ann))
    server.waits(1)

    ann.delete("/me", params={"confirm": "everything"})

    problem(call.result().answer, 410, "sync_reset")


def test_a_token_that_is_wrong_or_reset_is_told_at_once(ann: Person) -> None:
    problem(ann.get("/changes", params={"since": "x", "wait": LONG}), 422, "cursor_invalid")
    ann.adds("Milk")
    token = token_of(ann)
    ann.delete("/me", params={"confirm": "everything"})
    problem(ann.get("/changes", params={"since": token, "wait": LONG}), 410, "sync_reset")


def test_a_database_that_dies_during_a_wait_is_not_noticed_and_one_that_is_dead_at_a_change_is_503(
    proxy: DatabaseProxy,
    issuer: LocalIssuer,
    person: Callable[..., Person],
    asks: Callable[..., Future[Asked]],
    settings: Settings,
) -> None:
    with server_with(settings_for(proxy.url), issuer) as server:
        ann = person("ann", api=server.address)
        token = token_of(ann)
        for count, wait in enumerate((2, 6, 18), start=2):
            calls = asks(ann, token, wait), asks(ann, token)
            eventually(lambda: calls[0].done() or server.waiting() == count)  # noqa: B023
            proxy.cut()
            proxy.refuse()
            if not calls[0].done():
                break
            proxy.listen()  # a crowded machine has taken longer than that
            eventually(lambda: ann.get("/tasks").status_code == 200)
        assert calls[0].result().answer.json() == {"changes": [], "next": token, "more": False}

        server.services.news.changed(ann.id, b"9007199254740990")
        problem(calls[1].result().answer, 503, "database_unavailable")


def test_a_server_that_stops_ends_every_wait_at_once(
    settings: Settings, issuer: LocalIssuer, person: Callable[..., Person], asks: Callable[..., Future[Asked]]
) -> None:
    with server_with(settings, issuer) as server:
        ann = person("ann", api=server.address)
        token = token_of(ann)
        calls = [asks(ann, token) for _ in range(2)]
        server.waits(2)
        asyncio.run(stop(server))
        nothing = {"changes": [], "next": token, "more": False}
        assert [call.result().answer.json() for call in calls] == [nothing] * 2
        assert asks(ann, token).result().answer.json() == nothing


async def stop(server: Server) -> None:
    [*connections] = server.services.pool.connections
    connections[0].loop.call_soon_threadsafe(server.services.news.stop)


def test_another_machine_is_heard_of_by_looking_at_the_clock(
    settings: Settings, issuer: LocalIssuer, person: Callable[..., Person], asks: Callable[..., Future[Asked]]
) -> None:
    looking = settings.model_copy(update={"changes_check_seconds": 0.2})
    with server_with(looking, issuer) as server, server_with(settings, issuer) as other:
        ann = person("ann", api=server.address)
        elsewhere = Person("ann", api=other.address, issuer=issuer)
        elsewhere.http.headers["Authorization"] = ann.http.headers["Authorization"]
        call = asks(ann, token_of(ann))
        server.waits(1)
        elsewhere.adds("Milk")
        elsewhere.close()

        asked = call.result()
        assert len(asked.answer.json()["changes"]) == 1
        assert asked.seconds < LONG - 5
