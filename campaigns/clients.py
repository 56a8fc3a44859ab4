"""Those who use the service while it is in trouble, and what each of them was told."""

import asyncio
import itertools
import json
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from campaigns.outcome import Row, none
from campaigns.processes import PostgreSQL, Service

CLIENT_SECONDS = 15
"""Nobody waits longer: what has not been answered by then hangs."""

PAUSE_SECONDS = 0.01
"""Between the requests of one client: the load is to be steady, not as much as the machine can take."""


@dataclass(frozen=True, slots=True)
class Answer:
    method: str
    path: str
    status: int
    """0 when the connection broke or nothing came."""
    began_at: float
    ended_at: float
    headers: httpx.Headers
    body: bytes

    @property
    def seconds(self) -> float:
        return self.ended_at - self.began_at

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    def titles(self) -> list[str]:
        """Of the tasks in the answer."""
        if not self.is_success or not self.body:
            return []
        found = self.json()
        return [task["title"] for task in (found if isinstance(found, list) else [found])]

    def json(self) -> Any:
        return json.loads(self.body)


class Clients:
    """All the owners of one campaign, on as many connections as they need."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.answers: list[Answer] = []
        self.tokens: dict[str, str] = {}
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
        self.http = httpx.AsyncClient(base_url=service.address, timeout=CLIENT_SECONDS, limits=limits, trust_env=False)

    async def send(self, owner: str | None, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """In the name of the owner, or without a token. `if_match` becomes the header If-Match."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if owner is not None:
            token = self.tokens.get(owner) or self.tokens.setdefault(owner, self.service.token(owner))
            sent["Authorization"] = f"Bearer {token}"
        began_at = time.monotonic()
        try:
            got = await self.http.request(method, path, json=body, headers=sent)
            answer = Answer(method, path, got.status_code, began_at, time.monotonic(), got.headers, got.content)
        except httpx.TransportError:
            answer = Answer(method, path, 0, began_at, time.monotonic(), httpx.Headers(), b"")
        self.answers.append(answer)
        return answer

    def unavailable(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status == 503]

    def rows(self) -> list[Row]:
        """What must hold in every campaign."""
        broken = [answer for answer in self.answers if answer.status == 0]
        other = [answer for answer in self.answers if answer.status >= 500 and not is_proper(answer)]
        return [
            none("5xx other than a 503 with Retry-After", len(other)),
            none("requests without an answer", len(broken)),
            none("tracebacks in the log of the service", self.service.tracebacks()),
        ]


def is_proper(answer: Answer) -> bool:
    return answer.status == 503 and "retry-after" in answer.headers


@asynccontextmanager
async def clients_of(service: Service) -> AsyncIterator[Clients]:
    clients = Clients(service)
    async with clients.http:
        yield clients


@dataclass
class Ledger:
    """What may have become of each task by what its owner was told: its status, None for no task.

    A title is unique, and begins with its owner.
    """

    states: dict[str, set[str | None]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[Answer] = field(default_factory=list)
    """Neither as expected nor 503."""
    acknowledged: int = 0

    def expect(self, title: str, *states: str | None) -> None:
        self.states[title].update(states)

    def acknowledge(self, title: str, state: str | None) -> None:
        self.states[title] = {state}
        self.acknowledged += 1

    def rows(self, database: PostgreSQL) -> list[Row]:
        """The ledger against the table."""
        found: dict[str, list[str]] = defaultdict(list)
        for title, status in database.rows("select title, status from tasks"):
            found[str(title)].append(str(status))
        lost = sum(not set[str | None](found.get(title) or {None}) <= states for title, states in self.states.items())
        return [
            none(f"acknowledged writes lost, of {self.acknowledged:,}", lost),
            none("tasks doubled", sum(len(statuses) > 1 for statuses in found.values())),
            none("answers that contradict an acknowledged write", len(self.wrong)),
        ]


class Load:
    """Owners who each lead tasks through their whole life, one after the other, until they are told to stop."""

    def __init__(self, clients: Clients) -> None:
        self.name = secrets.token_hex(4)
        self.clients = clients
        self.ledger = Ledger()
        self.lives = 0
        """That were led to their end without a 503."""
        self.is_over = False

    @asynccontextmanager
    async def of(self, count: int) -> AsyncIterator["Load"]:
        tasks = [asyncio.create_task(self.live(f"owner-{number}")) for number in range(count)]
        try:
            yield self
            self.is_over = True
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def live(self, owner: str) -> None:
        for number in itertools.count():
            if self.is_over:
                return
            await self.lead(owner, f"{owner} {number} {self.name}")

    async def lead(self, owner: str, title: str) -> None:
        """From creation to deletion, or to the first 503: what came of that request nobody knows."""
        self.ledger.expect(title, None, "Todo")
        created = await self.step(owner, "POST", "/tasks", 201, {"title": title})
        if not created:
            return
        self.ledger.acknowledge(title, "Todo")
        path = f"/tasks/{created.json()['id']}"
        read = await self.step(owner, "GET", path, 200)
        if read and read.json() != created.json():
            self.ledger.wrong.append(read)

        self.ledger.expect(title, "InProgress")
        body = {"status": "InProgress"}
        changed = await self.step(owner, "PATCH", path, 200, body, if_match=created.headers["etag"])
        if not changed:
            return
        self.ledger.acknowledge(title, "InProgress")
        await self.step(owner, "PATCH", path, 412, {"status": "Todo"}, if_match=created.headers["etag"])
        await self.step(owner, "GET", path, 304, if_none_match=changed.headers["etag"])

        self.ledger.expect(title, "Done")
        if not await self.step(owner, "PUT", path, 200, {"title": title, "status": "Done"}):
            return
        self.ledger.acknowledge(title, "Done")
        await self.step(owner, "GET", "/tasks?limit=5", 200)

        if int(created.json()["id"]) % 2:
            self.ledger.expect(title, None)
            if not await self.step(owner, "DELETE", path, 204):
                return
            self.ledger.acknowledge(title, None)
            await self.step(owner, "GET", path, 404)
        self.lives += 1

    async def step(
        self, owner: str, method: str, path: str, wanted: int, body: Any = None, **headers: str
    ) -> Answer | None:
        """The answer when it is the expected one."""
        answer = await self.clients.send(owner, method, path, body, **headers)
        await asyncio.sleep(PAUSE_SECONDS)
        is_expected = answer.status == wanted and all(title.startswith(f"{owner} ") for title in answer.titles())
        if not is_expected and answer.status not in (0, 503):
            self.ledger.wrong.append(answer)
        return answer if is_expected else None

    async def until_steady(self, *, since: float, within_seconds: float = 20) -> None:
        """Until the latest answers were all successes, twice as many as there are clients; or not within the time."""
        ends_at = time.monotonic() + within_seconds
        while time.monotonic() < ends_at:
            latest = [answer for answer in self.clients.answers[-16:] if answer.began_at > since]
            if len(latest) == 16 and all(0 < answer.status < 500 for answer in latest):
                return
            await asyncio.sleep(0.02)


def recovery_seconds(answers: Sequence[Answer], *, since: float, until: float) -> float:
    """How long after the return of the database the last request failed, or the first one succeeded."""
    after = [answer for answer in answers if since < answer.ended_at < until]
    failed = [answer.ended_at - since for answer in after if answer.status in (0, 503)]
    succeeded = [answer.ended_at - since for answer in after if 0 < answer.status < 500]
    return max(max(failed, default=0), min(succeeded, default=float("inf")))
