"""uvicorn's HTTP protocol, with limits on the head of a request: how large it may be, and how slowly it may come.

What the application can answer it answers (`core/http.py`); here is what must not even be kept until then.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from taskward.core.errors import HeaderTooLarge

HEAD_SECONDS = 10
"""From its first byte on; a connection that has said nothing yet has as long."""

REST_SECONDS = 10
"""For the rest of a body that was answered before its end, so that the connection can go on."""

MAX_HEAD_BYTES = 64 * 1024
"""Of request line and headers as they are sent. The application refuses far less, with all its headers."""

LINGER_SECONDS = 2
"""How long what still comes is read after a refusal: a connection closed before would take the answer with it."""


class Lingering:
    """The transport of one answer. Its end does not close the connection while the client still sends a body.

    RFC 9112 §9.6: what came after that would be answered by a reset, which takes the answer with it.
    """

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write, self.is_closing, self.close = transport.write, transport.is_closing, close


class Protocol(HttpToolsProtocol):
    timer: asyncio.TimerHandle | None = None
    head_bytes = 0
    is_in_head = True
    is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.of_answers = Lingering(transport, self.close_after_body)
        self.timer = self.loop.call_later(HEAD_SECONDS, self.give_up)

    def data_received(self, data: bytes) -> None:
        if self.is_refused:
            return
        if self.is_in_head:
            self.head_bytes += len(data)
            if self.timer is None:
                self.timer = self.loop.call_later(HEAD_SECONDS, self.give_up)
        super().data_received(data)
        if self.is_in_head and self.head_bytes > MAX_HEAD_BYTES:
            self.refuse()

    def on_message_begin(self) -> None:
        self.is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self.is_in_head, self.head_bytes = False, 0
        self.stop_timer()
        super().on_headers_complete()
        self.cycle.transport = self.of_answers  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.is_in_head = True
        self.stop_timer()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.is_in_head and self.timer is None:
            self.timer = self.loop.call_later(REST_SECONDS, self.give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        super().connection_lost(exc)

    def stop_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def give_up(self) -> None:
        """Closes without a word: there is no request that could be answered."""
        self.timer = None
        self.transport.close()

    def close_after_body(self) -> None:
        if self.is_in_head:  # of the next request: this one has come as a whole
            self.transport.close()
        else:
            self.linger()

    def linger(self) -> None:
        """Says no more, and hears nothing more, but reads for a while."""
        self.is_refused = True
        self.stop_timer()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.timer = self.loop.call_later(LINGER_SECONDS, self.give_up)

    def refuse(self) -> None:
        problem: dict[str, Any] = HeaderTooLarge().document()
        body = json.dumps(problem).encode()
        self.transport.write(
            STATUS_LINE[HeaderTooLarge.status]
            + b"content-type: application/problem+json\r\n"
            + b"cache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\n"
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
        self.linger()
