"""An application that is told of changes: it verifies what comes, remembers it, and can fail in every way that servers
do."""

import json
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, NamedTuple

from standardwebhooks import Webhook

from support.programs import eventually

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Told(NamedTuple):
    id: str
    type: str
    owner: str
    what: dict[str, Any]
    """The task, list, completion or reminder."""
    body: bytes
    headers: dict[str, str]


class Receiver(ThreadingHTTPServer):
    """Takes what comes with 204, unless `fault` says otherwise (`FAULTS`, or a status)."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.server_port}/hook?for=tasks"
        self.webhook = Webhook(SECRET)
        self.lock = threading.Lock()
        self.attempts: list[Told] = []
        """All that came, in the order in which it began to come."""
        self.taken: list[Told] = []
        """What was answered with 204, in the order of the answers."""
        self.fault: str | Callable[[Told], str | None] | None = None
        self.retry_after: str | None = None
        self.go_on = threading.Event()
        self.refused: list[str] = []
        """Why something was not genuine."""

    def of(self, owner: str) -> list[Told]:
        return [told for told in tuple(self.taken) if told.owner == owner]

    def attempts_of(self, owner: str) -> list[Told]:
        return [told for told in tuple(self.attempts) if told.owner == owner]

    def hears(self, owner: str, count: int = 1) -> list[Told]:
        """What the owner has written, when so much of it was taken."""
        eventually(lambda: len(self.of(owner)) >= count)
        return self.of(owner)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the game."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            message = self.server.webhook.verify(body, headers)
        except Exception as refusal:
            self.server.refused.append(repr(refusal))
            raise
        data = message["data"]
        [what] = [value for name, value in data.items() if name != "owner"] or [{}]
        told = Told(headers["webhook-id"], message["type"], data.get("owner", ""), what, body, headers)
        with self.server.lock:
            self.server.attempts.append(told)
            fault = self.server.fault(told) if callable(self.server.fault) else self.server.fault
            if fault in (None, "unheard"):
                self.server.taken.append(told)
        if fault is None:
            self.answer(204)
        elif fault.isdigit():
            self.answer(int(fault), **({"Retry_After": self.server.retry_after} if self.server.retry_after else {}))
        else:
            FAULTS[fault](self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """`headers` with `_` for `-` in their names."""
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def hang(handler: Handler) -> None:
    handler.server.go_on.wait()


def reset(handler: Handler) -> None:
    # Closing with a linger time of zero sends RST in place of FIN.
    handler.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def huge(handler: Handler) -> None:
    """A body that never ends."""
    handler.send_response(500)
    handler.end_headers()
    while not handler.server.go_on.wait(0.01):
        handler.wfile.write(b" " * 65_536)


def trickle(handler: Handler) -> None:
    """A head that never ends."""
    handler.wfile.write(b"HTTP/1.1 204 No Content\r\n")
    while not handler.server.go_on.wait(0.1):
        handler.wfile.write(b"X-More: 1\r\n")


def cut(handler: Handler) -> None:
    """No answer, but the end of the connection."""
    handler.close_connection = True


def late(handler: Handler) -> None:
    """Taken, once the test says so."""
    handler.server.go_on.wait()
    handler.answer(204)


def unheard(handler: Handler) -> None:
    """It was taken, and nobody hears so."""
    reset(handler)


def garbage(handler: Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")
    handler.close_connection = True


FAULTS: dict[str, Callable[[Handler], None]] = {
    "hang": hang,
    "reset": reset,
    "huge": huge,
    "trickle": trickle,
    "garbage": garbage,
    "cut": cut,
    "unheard": unheard,
    "late": late,
    "redirect": lambda handler: handler.answer(307, Location=handler.server.url),
}


@contextmanager
def receiving(*, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(tls=tls)
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.go_on.set()
        receiver.shutdown()
        thread.join()
        receiver.server_close()


def in_order(told: list[Told]) -> list[str]:
    """What the lines of a ledger say: the type, and what tells one from the others."""
    return [f"{each.type} {each.what.get('title') or each.what.get('name') or each.what.get('id')}" for each in told]


def state_of(told: list[Told]) -> dict[tuple[str, int], dict[str, Any]]:
    """What somebody holds who takes what comes, in its order."""
    held: dict[tuple[str, int], dict[str, Any]] = {}
    for each in told:
        kind, _, happened = each.type.partition(".")
        if happened == "changed":
            held[kind, each.what["id"]] = each.what
        elif happened == "removed":
            held.pop((kind, each.what["id"]), None)
    return held


def parsed(told: Told) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(told.body)
    return message
