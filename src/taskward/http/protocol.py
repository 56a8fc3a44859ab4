"""uvicorn's HTTP protocol, with limits on the head of a request: how large it may be, and how slowly it may come.

What the application can answer it answers (`http/responses.py`); here is what must not even be kept until then.
"""

import asyncio
import json
import logging
import math
import re
import sys
from collections.abc import Callable, Iterable

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from taskward.errors import Problem
from taskward.http.errors import BodyTooLarge, HeaderTooLarge
from taskward.http.headers import AT_ONCE, common_headers, new_request_id

log = logging.getLogger("taskward.request")

HEAD_SECONDS = 10
"""From its first byte on; a connection that has said nothing yet has as long."""

REST_SECONDS = 10
"""For the rest of a body that was answered before its end, so that the connection can go on."""

TIMER_RESOLUTION = 0.001
"""Seconds by which a timer of the event loop may fire too early."""

MAX_HEAD_BYTES = 256 * 1024
"""Of request line and headers as they are sent. The application refuses far less, with all its headers."""

MAX_URL_BYTES = 65_535
"""The parser can count no further."""

HTTP_2 = b"PRI * HTTP/2.0"
METHODS = (b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"HEAD ", b"OPTIONS ")
OTHER_METHOD = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ")  # RFC 9110 §9.1: a token

CR, LF = b"\r\n"

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
    is_between_requests = True
    is_in_head = True
    """Of a request that has begun, or of the next."""
    is_refused = False
    says_nothing_more = False
    idle_timer: asyncio.TimerHandle | None = None
    """Of the connection, not of one time in which it is idle: a timer for each took a request 5,000 instructions."""
    idle_until = math.inf
    """When a connection is closed on which nothing is asked any more; never, while something is."""
    offers_upgrade = False
    """The head that the parser is at the end of, which is read once more without the offer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.of_answers = Lingering(transport, self.close_after_body)
        self.timer = self.loop.call_later(HEAD_SECONDS, self.give_up)

    def data_received(self, data: bytes) -> None:
        if self.is_refused:
            return
        if self.is_in_head:
            if self.is_between_requests:
                data = with_known_method(data)
            self.head_bytes += len(data)
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as offer:
            self.ignore_offers(data, offer)
        except HttpParserError:
            self.refuse()
        # Most heads come as a whole and need no timer.
        if self.is_in_head and self.head_bytes and not self.is_refused and not self.transport.is_closing():
            if self.head_bytes > MAX_HEAD_BYTES:
                self.send_problem(HeaderTooLarge())
            elif self.timer is None:
                self.timer = self.loop.call_later(HEAD_SECONDS, self.give_up)

    def on_message_begin(self) -> None:
        self.is_between_requests = False
        self.idle_until = math.inf
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self.offers_upgrade:
            return
        self.is_in_head, self.head_bytes = False, 0
        self.stop_timer()
        self.cycle.transport = self.of_answers  # type: ignore[assignment]
        self.scope["extensions"] = {AT_ONCE: AtOnce(self.cycle, self)}  # type: ignore[dict-item]

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.is_between_requests = self.is_in_head = True
        self.stop_timer()
        if not self.offers_upgrade and self.cycle.response_complete:  # before its body had come
            self.begin_idle_time()

    def on_response_complete(self) -> None:
        """As uvicorn's, but for its timer."""
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
            else:
                self.begin_idle_time()
        if not self.is_in_head and self.timer is None:
            self.timer = self.loop.call_later(REST_SECONDS, self.give_up)

    def begin_idle_time(self) -> None:
        self.idle_until = self.loop.time() + self.timeout_keep_alive
        if self.idle_timer is None:
            self.idle_timer = self.loop.call_later(self.timeout_keep_alive, self.close_if_idle)

    def _unset_keepalive_if_required(self) -> None:
        """Something has come."""
        self.idle_until = math.inf

    def close_if_idle(self) -> None:
        """If it is for long enough; otherwise looks again when it may be."""
        self.idle_timer = None
        seconds = self.idle_until - self.loop.time()
        if seconds <= TIMER_RESOLUTION:
            self.timeout_keep_alive_handler()
        elif seconds < math.inf:
            self.idle_timer = self.loop.call_later(seconds, self.close_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        self.stop_timer()
        if self.idle_timer is not None:
            self.idle_timer.cancel()
            self.idle_timer = None
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
        if self.is_in_head and not self.is_refused:  # of the next request: this one has come as a whole
            self.transport.close()
        else:
            self.linger()

    def linger(self) -> None:
        """Says no more, and hears nothing more, but reads for a while."""
        self.is_refused = True
        self.pipeline.clear()  # RFC 9112 §9.6: what stands behind the last request that is answered is not carried out
        self.stop_timer()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.timer = self.loop.call_later(LINGER_SECONDS, self.give_up)

    def eof_received(self) -> bool:  # type: ignore[override]  # which asyncio has
        """Whether the answer is still to be sent: who has sent a whole request and says nothing more waits for it."""
        if not self.is_answering():
            return False
        self.cycle.keep_alive = False
        self.says_nothing_more = True
        self.cycle.message_event.set()
        return True

    def _should_upgrade(self) -> bool:
        """Asked only about a head that offers to; uvicorn then leaves the request to us."""
        self.offers_upgrade = True
        return True

    def ignore_offers(self, data: bytes, offer: HttpParserUpgrade) -> None:
        """A request to speak another protocol is one in this, body and all (RFC 9110 §7.8), as are those behind it.

        The parser stops at the end of such a head, and takes the rest for the other protocol. So another one is given
        the head once more without the offer, and then the rest.
        """
        rest = memoryview(data)  # of which nothing is copied, however many offers it holds
        try:
            while True:
                rest = rest[offer.args[0] :]
                head = self.head_without_offer()
                self.offers_upgrade = False
                self.parser = HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
                self.parser.feed_data(head)
                try:
                    self.parser.feed_data(rest)
                except HttpParserUpgrade as next_offer:
                    offer = next_offer
                else:
                    return
        except HttpParserError:
            self.refuse()

    def head_without_offer(self) -> bytes:
        # A request to CONNECT would be an offer by its method alone.
        method = self.parser.get_method().replace(b"CONNECT", b"TRACE")
        lines = [b"%b %b HTTP/%b" % (method, self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))

    def refuse(self) -> None:
        message = "Invalid HTTP request received."
        self.logger.warning(message)
        self.send_400_response(message)

    def send_400_response(self, msg: str) -> None:
        if self.head_bytes > MAX_URL_BYTES:
            self.send_problem(HeaderTooLarge())
        elif "Content-Length overflow" in str(sys.exception()):  # which is 20 digits or more
            self.send_problem(BodyTooLarge("The body is larger than anything that is taken here."))
        elif self.is_answering():
            self.end_with_answer()
        else:
            super().send_400_response(msg)

    def is_answering(self) -> bool:
        """A request that has come as a whole, while the next has begun."""
        return self.is_in_head and self.cycle is not None and not self.cycle.response_complete

    def end_with_answer(self) -> None:
        """Of the request before: its answer comes first (RFC 9112 §9.3.2), and is the last here."""
        self.is_refused, self.cycle.keep_alive = True, False

    def send_problem(self, problem: Problem) -> None:
        """As the application would, which has not heard of the request."""
        if self.is_answering():
            self.end_with_answer()
            return
        body, identity = json.dumps(problem.document()).encode(), new_request_id()
        headers = {
            **dict(self.server_state.default_headers),
            **dict(common_headers(identity)),
            b"content-type": b"application/problem+json",
            b"content-length": b"%d" % len(body),
            b"connection": b"close",
        }
        lines = b"".join(b"%b: %b\r\n" % header for header in headers.items())
        self.transport.write(STATUS_LINE[problem.status] + lines + b"\r\n" + body)
        log.info(
            "refused at its head",
            extra={"request_id": identity.decode(), "status": problem.status, "code": problem.code},
        )
        self.linger()


class AtOnce:
    """A request and its answer as wholes, for an application that has use for them; the messages of ASGI stay good."""

    __slots__ = ("cycle", "protocol")

    def __init__(self, cycle: RequestResponseCycle, protocol: Protocol) -> None:
        self.cycle = cycle
        self.protocol = protocol

    def body(self) -> bytes | None:
        """The whole body of the request if it is there already."""
        cycle = self.cycle
        return None if cycle.more_body or cycle.disconnected else bytes(cycle.body)

    async def until_left(self) -> None:
        """Returns when the client has gone. One that only says that it sends nothing more may have gone as well."""
        while not self.protocol.says_nothing_more and not self.cycle.disconnected:
            await self.cycle.receive()

    def respond(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
        """A whole answer in one write, as `send` would write it in two; false when it must be sent in messages.

        The headers have a Content-Length where the body is not empty.
        """
        cycle = self.cycle
        if cycle.flow.write_paused or cycle.response_started:
            return False
        if cycle.disconnected:
            return True
        DEFAULT.render(cycle.default_headers)
        written, says_close = [STATUS_LINE[status], DEFAULT.lines], DEFAULT.say_close
        for name, value in headers:
            if CR in value or LF in value:  # as numbers: of a text Python first finds out, by an error, that it is none
                raise ValueError(f"the header {name.decode()} would end its line")
            if name == b"connection":
                says_close = says_close or value == b"close"
            written += (name, b": ", value, b"\r\n")
        cycle.keep_alive = cycle.keep_alive and not says_close
        if not cycle.keep_alive and not says_close:
            written.append(b"connection: close\r\n")
        written += (b"\r\n", body)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(b"".join(written))
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()
        return True


class DefaultHeaders:
    """uvicorn's own, rendered once for each list of them that it makes: one a second, for the date."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.lines = b""
        self.say_close = False

    def render(self, headers: list[tuple[bytes, bytes]]) -> None:
        if headers is not self.headers:
            self.headers = headers
            self.lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            self.say_close = (b"connection", b"close") in headers


DEFAULT = DefaultHeaders()


def with_known_method(data: bytes) -> bytes:
    """The beginning of a request, in which a method that the parser may not know has become one that nobody here takes.

    It is HTTP, so that the application should refuse it (RFC 9110 §15.5.6), and not the parser.
    """
    if data.startswith(METHODS):
        return data
    other = OTHER_METHOD.match(data)
    return data if other is None or data.startswith(HTTP_2) else b"TRACE " + data[other.end() :]
