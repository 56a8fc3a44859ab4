"""What a supervisor and its workers say to each other, line by line, over the pair of sockets that it has with each."""

import socket
from contextlib import suppress

HEARTBEAT, REFUSAL = b".", b"!"
"""What a worker says of itself: that it lives, or, with a sentence behind it, why it does not start."""

WATCH, UNWATCH, CHANGED = b"+", b"-", b"="
"""Of owners, by their digests: somebody waits for a change, nobody waits any more, and something has changed, with the
version behind a space. Workers say it to the supervisor, which passes it on to the others."""

LEFT = b"?"
"""A worker that ends says it, and the supervisor passes it on: there is something to be told to the application."""

MOST_UNSENT = 1024 * 1024
"""Bytes that wait for a process to read them. What is beyond is not said: who does not read them does not run."""


class Lines:
    """Never waits."""

    def __init__(self, channel: socket.socket, *, unread: bytes = b"") -> None:
        self.channel = channel
        self.unsent = bytearray()
        self.unread = unread

    def say(self, *lines: bytes) -> bool:
        """Whether some of it has to wait until the channel takes more."""
        if len(self.unsent) < MOST_UNSENT:
            self.unsent += b"".join(line + b"\n" for line in lines)
        return self.flush()

    def flush(self) -> bool:
        try:
            while self.unsent:
                del self.unsent[: self.channel.send(self.unsent, socket.MSG_DONTWAIT)]
        except BlockingIOError:
            return True
        except OSError:  # the other is gone, which the end of the channel tells
            self.unsent.clear()
        return False

    def hear(self) -> list[bytes] | None:
        """The lines that have come; None when the other is gone."""
        received = b""
        with suppress(ConnectionError):
            try:
                received = self.channel.recv(65_536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return []
        if not received:
            return None
        *lines, self.unread = (self.unread + received).split(b"\n")
        return lines
