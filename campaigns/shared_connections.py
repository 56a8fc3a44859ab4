"""Reads that share connections, while their clients hang up and processes of the server fail under them."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM

from campaigns.cancelled_clients import has_hung_up
from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Row, Size, none, slowest
from campaigns.processes import SERVICE_CONNECTIONS, PostgreSQL, Service, postgresql, service
from campaigns.proxy import Link, proxy
from taskward.postgres.connection import MOST_SHARING

FAULTS = {"short": 3, "long": 60}
READERS = 40
HANG_UP = 4
OWNERS = 16
POOL_SIZE = 3
DELAY_SECONDS = 0.01
"""Between service and database, each way."""

SYNC = b"S\x00\x00\x00\x04"
"""PostgreSQL §54.7: the end of what one request sends."""

READS_BETWEEN = 200
LONGEST_PATIENCE_SECONDS = 0.06
STANDSTILL_SECONDS = 0.8
MOST_SECONDS = 300


async def shared_connections(size: Size) -> list[Outcome]:
    """Forty clients read tasks by their id through three connections, and change one now and then; others hang up at a
    random moment of their request. Meanwhile processes of the server that serve the pool are ended (SIGTERM), stand
    still for 0.8 s (SIGSTOP) or are killed (SIGKILL), whereupon PostgreSQL starts anew: one at a time, and 200 reads
    lie between them.

    A hit is such a process. A task has its owner as its title; one read in ten asks for a stranger's, which must be
    404. How many requests share a connection is seen in what passes the network to the database together.
    """
    most_together = 0

    def look(_: Link, data: bytes) -> None:
        nonlocal most_together
        most_together = max(most_together, data.count(SYNC))

    async with (
        postgresql() as database,
        proxy(database.port) as between,
        service(database.url_at(between.port), DATABASE_POOL_SIZE=str(POOL_SIZE)) as api,
        clients_of(api) as clients,
    ):
        between.delay_seconds, between.on_request = DELAY_SECONDS, look
        readers = Readers(api, clients)
        await readers.begin()
        async with readers.at_work():
            await readers.have_read(READS_BETWEEN)
            hits = await harm(database, readers, FAULTS[size])
        refused = [answer.seconds for answer in clients.unavailable()]
        return [
            Outcome(
                "Server processes fail under reads that share them",
                hits,
                FAULTS[size],
                [
                    none(f"wrong answers among {readers.reads + len(readers.wrong):,}", len(readers.wrong)),
                    Row(
                        "most of them together on one connection",
                        f"{most_together}",
                        f"2 to {MOST_SHARING}",
                        is_met=2 <= most_together <= MOST_SHARING,
                    ),
                    slowest("slowest 503", [*refused, 0], below=3),
                    *clients.rows(),
                ],
            )
        ]


async def harm(database: PostgreSQL, readers: "Readers", faults: int) -> int:
    """How many processes it hit."""
    hits = 0
    for number in range(faults):
        connections = database.rows(SERVICE_CONNECTIONS.replace("count(*)", "pid"))
        if connections:
            pid = int(str(readers.chance.choice(connections)[0]))
            with suppress(ProcessLookupError):
                os.kill(pid, (SIGTERM, SIGSTOP, SIGKILL)[number % 3])
                hits += 1
                if number % 3 == 1:
                    await asyncio.sleep(STANDSTILL_SECONDS)
                    os.kill(pid, SIGCONT)
        await database.comes_back()
        await readers.have_read(READS_BETWEEN)
    return hits


class Readers:
    """And a few that change something, or hang up."""

    def __init__(self, api: Service, clients: Clients) -> None:
        self.api = api
        self.clients = clients
        self.chance = random.Random(1)  # noqa: S311 - the same every time
        self.ids: dict[str, int] = {}
        self.reads = 0
        """That were answered as they should."""
        self.wrong: list[Answer] = []
        """Neither so nor 503."""
        self.has_ended = False

    async def begin(self) -> None:
        for number in range(OWNERS):
            owner = f"owner-{number}"
            created = await self.clients.send(owner, "POST", "/tasks", {"title": owner})
            self.ids[owner] = int(created.json()["id"])

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            for _ in range(READERS):
                group.create_task(self.read_on())
            for _ in range(HANG_UP):
                group.create_task(self.hang_up_on())
            try:
                yield
            finally:
                self.has_ended = True

    async def have_read(self, reads: int) -> None:
        """So many more."""
        until = self.reads + reads
        async with asyncio.timeout(MOST_SECONDS):
            while self.reads < until:  # noqa: ASYNC110 - a count, not an event
                await asyncio.sleep(0.01)

    async def read_on(self) -> None:
        while not self.has_ended:
            owner, other = self.chance.sample(sorted(self.ids), 2)
            if self.chance.random() < 0.02:
                path, change = f"/tasks/{self.ids[owner]}", {"status": self.chance.choice(["Todo", "Done"])}
                self.judge(await self.clients.send(owner, "PATCH", path, change), 200, [owner])
            elif self.chance.random() < 0.1:
                self.judge(await self.clients.send(owner, "GET", f"/tasks/{self.ids[other]}"), 404, [])
            else:
                self.judge(await self.clients.send(owner, "GET", f"/tasks/{self.ids[owner]}"), 200, [owner])

    def judge(self, answer: Answer, status: int, titles: list[str]) -> None:
        if (answer.status, answer.titles()) == (status, titles):
            self.reads += 1
        elif answer.status not in (0, 503):  # those are counted by `Clients.rows`
            self.wrong.append(answer)

    async def hang_up_on(self) -> None:
        while not self.has_ended:
            owner = self.chance.choice(sorted(self.ids))
            request = self.clients.request(owner, "GET", f"/tasks/{self.ids[owner]}")
            await has_hung_up(self.api, request, patience_seconds=self.chance.uniform(0, LONGEST_PATIENCE_SECONDS))
