"""Those who use the service while it is in trouble, and what each of them was told."""

import asyncio
import itertools
import json
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools

from campaigns.outcome import Row, Size, none
from campaigns.processes import PostgreSQL, Service

CLIENT_SECONDS = 15
"""Nobody waits longer: what has not been answered by then hangs."""

PAUSE_SECONDS = {"short": 0.05, "long": 0.01}
"""Between the requests of one client: the load is to be steady, not as much as the machine can take."""

TRASH = "in the trash"
"""What a deletion leaves of a task."""


@dataclass(frozen=True, slots=True)
class Answer:
    method: str
    path: str
    status: int
    """0 when the connection broke or nothing came."""
    began_at: float
    ended_at: float
    headers: dict[str, str]
    """Their names in lower case."""
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


class Connection:
    """To the service, for one request after the other.

    Plain, because with a hundred requests at once httpx would measure itself.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_complete = False
        self.stays = True

    async def exchange(self, request: bytes) -> int:
        """The status; headers, body and whether the connection stays are left here. OSError when it broke."""
        self.headers, self.body, self.is_complete = {}, b"", False
        self.parser = httptools.HttpResponseParser(self)
        self.writer.write(request)
        while not self.is_complete:
            received = await self.reader.read(65536)
            if not received:
                raise ConnectionResetError
            self.parser.feed_data(received)
        return int(self.parser.get_status_code())

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.is_complete = True
        self.stays = self.parser.should_keep_alive()  # afterwards the parser speaks of the next answer


class Clients:
    """All the owners of one campaign, on as many connections as they need."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.address = urlsplit(service.address)
        self.patience_seconds: float = CLIENT_SECONDS
        self.answers: list[Answer] = []
        self.tokens: dict[str, str] = {}
        self.idle: list[Connection] = []

    async def send(self, owner: str | None, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """In the name of the owner, or without a token. `if_match` becomes the header If-Match."""
        request = self.request(owner, method, path, body, **headers)
        status, found, content, began_at = 0, dict[str, str](), b"", time.monotonic()
        with suppress(OSError, httptools.HttpParserError):  # TimeoutError is an OSError
            async with asyncio.timeout(self.patience_seconds), self.connection() as connection:
                status = await connection.exchange(request)
                found, content = connection.headers, connection.body
        answer = Answer(method, path, status, began_at, time.monotonic(), found, content)
        self.answers.append(answer)
        return answer

    def request(self, owner: str | None, method: str, path: str, body: Any = None, **headers: str) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.address.netloc}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if owner is not None:
            token = self.tokens.get(owner) or self.tokens.setdefault(owner, self.service.token(owner))
            lines.append(f"Authorization: Bearer {token}")
        content = b"" if body is None else json.dumps(body).encode()
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        return "\r\n".join([*lines, "", ""]).encode() + content

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """An idle one, or else a new one, which goes back when its request was answered."""
        while self.idle:
            connection = self.idle.pop()
            if not connection.reader.at_eof():
                break
            connection.writer.transport.abort()
        else:
            connection = Connection(*await asyncio.open_connection(self.address.hostname, self.address.port))
        try:
            yield connection
        except BaseException:
            connection.stays = False
            raise
        finally:
            if connection.stays:
                self.idle.append(connection)
            else:
                connection.writer.transport.abort()

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
    try:
        yield clients
    finally:
        for connection in clients.idle:
            connection.writer.transport.abort()


@dataclass
class Ledger:
    """What may have become of each task by what its owner was told: its status, `TRASH`, or None for no task.

    A title is unique, and begins with its owner.
    """

    states: dict[str, set[str | None]] = field(default_factory=lambda: defaultdict(set))
    wrong: list[Answer] = field(default_factory=list)
    """Neither as expected nor 503."""
    acknowledged: int = 0

    def expect(self, title: str, *states: str | None) -> None:
        self.states[title].update(states)

    def acknowledge(self, title: str, state: str) -> None:
        self.states[title] = {state}
        self.acknowledged += 1

    def rows(self, database: PostgreSQL) -> list[Row]:
        """The ledger against the table."""
        found: dict[str, list[str]] = defaultdict(list)
        for title, status, is_trashed in database.rows("select title, status, deleted_at is not null from tasks"):
            found[str(title)].append(TRASH if is_trashed else str(status))
        lost = sum(not set[str | None](found.get(title) or {None}) <= states for title, states in self.states.items())
        return [
            none(f"acknowledged writes lost, of {self.acknowledged:,}", lost),
            none("tasks doubled", sum(len(statuses) > 1 for statuses in found.values())),
            none("answers that contradict an acknowledged write", len(self.wrong)),
        ]


class Load:
    """Owners who each lead tasks through their whole life, one after the other, until they are told to stop."""

    def __init__(self, clients: Clients, size: Size) -> None:
        self.name = secrets.token_hex(4)
        self.clients = clients
        self.pause_seconds = PAUSE_SECONDS[size]
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
            self.ledger.expect(title, TRASH)
            if not await self.step(owner, "DELETE", path, 204):
                return
            self.ledger.acknowledge(title, TRASH)
            await self.step(owner, "GET", path, 404)
        self.lives += 1

    async def step(
        self, owner: str, method: str, path: str, wanted: int, body: Any = None, **headers: str
    ) -> Answer | None:
        """The answer when it is the expected one."""
        answer = await self.clients.send(owner, method, path, body, **headers)
        await asyncio.sleep(self.pause_seconds)
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
