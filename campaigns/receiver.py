"""The operator's application, which the service tells of what changes: it verifies, keeps everything, and can fail."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_c2VjcmV0IG9mIHRoZSBjYW1wYWlnbnMgb2YgVGFza3dhcmQ="  # noqa: S105 - protects nothing

TAKEN = 204


@dataclass(frozen=True, slots=True)
class Told:
    id: str
    body: bytes
    type: str
    data: Any
    at: float
    """As `time.time` has it."""
    status: int | None
    """What was answered; None when the connection was cut instead."""


@dataclass
class Receiver:
    chooses: Callable[[], int | None] = lambda: TAKEN
    """What the next request is answered."""
    port: int = 0
    told: list[Told] = field(default_factory=list)
    forged: int = 0
    """Requests that are not signed as they should be."""

    @property
    def settings(self) -> dict[str, str]:
        """With which a service tells it."""
        return {"WEBHOOK_URL": f"http://127.0.0.1:{self.port}/taskward", "WEBHOOK_SECRET": SECRET}

    def of(self, type_: str) -> list[Told]:
        """Those that were taken."""
        return [told for told in self.told if told.status == TAKEN and told.type == type_]

    def ids_with_two_bodies(self) -> int:
        bodies = defaultdict(set)
        for told in self.told:
            bodies[told.id].add(told.body)
        return sum(len(each) > 1 for each in bodies.values())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers["content-length"]))
                status = self.take(headers, body)
                if status is None:
                    break
                writer.write(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        writer.transport.abort()

    def take(self, headers: dict[str, str], body: bytes) -> int | None:
        try:
            event = Webhook(SECRET).verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return 401
        status = self.chooses()
        self.told.append(Told(headers["webhook-id"], body, event["type"], event["data"], time.time(), status))
        return status


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    application = Receiver()
    server = await asyncio.start_server(application.serve, "127.0.0.1", 0, backlog=512)
    application.port = server.sockets[0].getsockname()[1]
    try:
        yield application
    finally:
        server.close()
