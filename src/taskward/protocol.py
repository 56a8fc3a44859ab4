"""uvicorn's HTTP protocol, with limits on the head of a request: how large it may be, and how slowly it may come.

What the application can answer it answers (`core/http.py`); here is what must not even be kept until then.
"""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from taskward.core.errors import HeaderTooLarge

HEAD_SECONDS = 10
"""From its first byte on; a connection that has said nothing yet has as long."""

MAX_HEAD_BYTES = 64 * 1024
"""Of request line and headers as they are sent. The application refuses far less, with all its headers."""

LINGER_SECONDS = 2
"""How long what still comes is read after a refusal: a connection closed before would take the answer with it."""


class Protocol(HttpToolsProtocol):
    head_timer: asyncio.TimerHandle | None = None
    head_bytes = 0
    is_in_head = True
    is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.head_timer = self.loop.call_later(HEAD_SECONDS, self.give_up)

    def data_received(self, data: bytes) -> None:
        if self.is_refused:
            return
        if self.is_in_head:
            self.head_bytes += len(data)
            if self.head_timer is None:
                self.head_timer = self.loop.call_later(HEAD_SECONDS, self.give_up)
        super().data_received(data)
        if self.is_in_head and self.head_bytes > MAX_HEAD_BYTES:
            self.refuse()

    def on_message_begin(self) -> None:
        self.is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.is_in_head, self.head_bytes = False, 0
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.is_in_head = True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.head_timer is not None:
            self.head_timer.cancel()
        super().connection_lost(exc)

    def give_up(self) -> None:
        """Closes without a word: there is no request yet that could be answered."""
        self.head_timer = None
        self.transport.close()

    def refuse(self) -> None:
        self.is_refused = True
        if self.head_timer is not None:
            self.head_timer.cancel()
        problem: dict[str, Any] = HeaderTooLarge().document()
        body = json.dumps(problem).encode()
        self.transport.write(
            STATUS_LINE[HeaderTooLarge.status]
            + b"content-type: application/problem+json\r\n"
            + b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n"
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.head_timer = self.loop.call_later(LINGER_SECONDS, self.give_up)
