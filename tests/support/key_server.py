"""A key server on loopback that serves any key set, counts its fetches, and can fail in every way that servers do."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/api/auth/jwks"


class KeyServer(ThreadingHTTPServer):
    """Serves `keys`, unless `fault` names another behaviour (see `FAULTS`)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server_port}"
        self.url = self.origin + PATH
        self.keys: list[Any] = []
        self.others: dict[str, Any] = {}
        """What is served besides, by its path."""
        self.fault: str | None = None
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = threading.Event()
        self.go_on = threading.Event()

    @property
    def fetches(self) -> int:
        return len(self.paths)

    @property
    def body(self) -> bytes:
        return json.dumps({"keys": self.keys}).encode()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is part of the game."""


class Handler(BaseHTTPRequestHandler):
    server: KeyServer

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.server.arrived.set()
        if self.path in self.server.others:
            self.answer(200, json.dumps(self.server.others[self.path]).encode())
        elif self.path.partition("?")[0] != PATH or self.server.fault is None:
            self.answer(200, self.server.body)
        else:
            FAULTS[self.server.fault](self)

    def answer(self, status: int, body: bytes, **changed: str) -> None:
        """`changed` are headers, with `_` for `-` in their names."""
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        self.send_response(status)
        for name, value in (headers | {name.replace("_", "-"): value for name, value in changed.items()}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def never_end(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.go_on.wait(0.01):
        handler.wfile.write(b" " * 65536)


def trickle(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.go_on.wait(0.1):
        handler.wfile.write(b" ")


def hang(handler: Handler) -> None:
    handler.server.go_on.wait()


def wait(handler: Handler) -> None:
    handler.server.go_on.wait()
    handler.answer(200, handler.server.body)


def reset(handler: Handler) -> None:
    # Closing with a linger time of zero sends RST in place of FIN.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


FAULTS: dict[str, Callable[[Handler], None]] = {
    "500": lambda handler: handler.answer(500, handler.server.body),
    "404": lambda handler: handler.answer(404, handler.server.body),
    "204": lambda handler: handler.answer(204, b""),
    "malformed": lambda handler: handler.answer(200, handler.server.body[:-1]),
    "html": lambda handler: handler.answer(200, b"<!doctype html><title>Sign in</title>", Content_Type="text/html"),
    "not UTF-8": lambda handler: handler.answer(200, handler.server.body.decode().encode("utf-16")),
    "deep": lambda handler: handler.answer(200, b"[" * 200_000),
    "no keys": lambda handler: handler.answer(200, b'{"error": "not found"}'),
    "keys of another type": lambda handler: handler.answer(200, b'{"keys": {"a": 1}}'),
    "keys that are none": lambda handler: handler.answer(200, b'{"keys": ["a", 1, null]}'),
    "list": lambda handler: handler.answer(200, b"[]"),
    "huge": lambda handler: handler.answer(200, handler.server.body + b" " * 256 * 1024),
    "endless": never_end,
    "trickle": trickle,
    "redirect": lambda handler: handler.answer(302, b"", Location=handler.server.origin + "/elsewhere"),
    "compressed": lambda handler: handler.answer(200, gzip.compress(handler.server.body), Content_Encoding="gzip"),
    "hang": hang,
    "reset": reset,
    "empty": lambda handler: handler.answer(200, b""),
    "cut": lambda handler: handler.answer(200, handler.server.body, Content_Length="100000"),
}
"""What a server may answer in place of its keys."""
FAULTS["wait"] = wait
"""No fault: the keys, once the test sets `go_on`."""


@contextmanager
def running_key_server() -> Iterator[KeyServer]:
    server = KeyServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
