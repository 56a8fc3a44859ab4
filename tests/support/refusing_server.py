"""A server that speaks PostgreSQL's protocol as far as its refusal: whatever poolers and proxies say at connect."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
"""PostgreSQL §54.7: what a client sends to ask for encryption."""


class RefusingServer(socketserver.ThreadingTCPServer):
    """Answers each start-up message with an ErrorResponse of `state` and `message`, or with `raw` when that is set."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.state: str | None = "XX000"
        self.message = "no"
        self.severity = "FATAL"
        self.raw: bytes | None = None
        self.encryption = b"N"
        """S: a client that believes it goes on with TLS, and gets no further."""
        super().__init__(("127.0.0.1", 0), Refusal)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def answer(self) -> bytes:
        if self.raw is not None:
            return self.raw
        fields = [b"S" + self.severity.encode(), *([b"C" + self.state.encode()] if self.state else [])]
        body = b"".join(field + b"\0" for field in [*fields, b"M" + self.message.encode()]) + b"\0"
        return b"E" + struct.pack("!I", len(body) + 4) + body


class Refusal(socketserver.BaseRequestHandler):
    server: RefusingServer

    def handle(self) -> None:
        with suppress(OSError):
            while (data := self.request.recv(4096)) and struct.unpack("!I", data[4:8])[0] in (SSL_REQUEST, GSS_REQUEST):
                self.request.sendall(self.server.encryption)
            self.request.sendall(self.server.answer())


@contextmanager
def refusing_server() -> Iterator[RefusingServer]:
    with RefusingServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
