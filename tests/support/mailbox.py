"""A mail server on loopback that keeps what it is sent (RFC 5321), and takes nothing while it is closed."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from typing import cast


class Mailbox(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"
        self.is_open = True
        self.mails: list[EmailMessage] = []


class Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.say(b"220 here")
        while command := self.rfile.readline():
            match command.split()[0].upper():
                case b"MAIL" if not self.server.is_open:
                    self.say(b"451 later")
                case b"DATA":
                    self.say(b"354 go on")
                    self.server.mails.append(self.mail())
                    self.say(b"250 kept")
                case b"QUIT":
                    return self.say(b"221 bye")
                case _:
                    self.say(b"250 yes")
        return None

    def mail(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        return cast("EmailMessage", message_from_bytes(b"".join(lines), policy=policy.default))

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
