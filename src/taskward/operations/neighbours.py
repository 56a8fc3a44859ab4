"""The workers beside this one: they hear of what is written here while somebody waits for it there, and the other way.

All of it goes through their supervisor, which knows who waits for whom. A write costs a note in a dictionary, and one
line only when somebody waits for its owner.

Nothing is missed. A call takes its place, says so, and looks after that. A worker that hears of it says once more what
it has written lately: so a write for which the look was too early, and which ended before word of the place came, is
told then.
"""

import asyncio

from taskward.operations.lines import CHANGED, LEFT, UNWATCH, WATCH, Lines
from taskward.resources.news import News

LATELY_SECONDS = 10
"""Far longer than word takes from one worker to another: it is remembered for this long at least, and twice at most."""


class Neighbours:
    """`open` when the event loop runs."""

    def __init__(self, lines: Lines, news: News) -> None:
        self.lines = lines
        self.news = news
        self.watched: set[str] = set()
        """Owners for whom somebody waits anywhere, by their digests."""
        self.lately: dict[str, bytes] = {}
        """The newest version of each owner that was written here."""
        self.before: dict[str, bytes] = {}
        self.to_say: list[bytes] = []

    def open(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.lines.channel.fileno(), self.on_readable)
        self.news.neighbours = self
        self.forget()

    def forget(self) -> None:
        self.before, self.lately = self.lately, {}
        self.loop.call_later(LATELY_SECONDS, self.forget)

    def changed(self, key: str, version: bytes) -> None:
        self.lately[key] = version
        if key in self.watched:
            self.tell(key, version)

    def tell(self, key: str, version: bytes) -> None:
        self.say(b"%b%b %b" % (CHANGED, key.encode(), version))

    def watch(self, key: str) -> None:
        self.say(WATCH + key.encode())

    def unwatch(self, key: str) -> None:
        self.say(UNWATCH + key.encode())

    def leave(self) -> None:
        self.say(LEFT)

    def say(self, line: bytes) -> None:
        """With all that is said in the same turn of the event loop."""
        if not self.to_say:
            self.loop.call_soon(self.flush)
        self.to_say.append(line)

    def flush(self) -> None:
        lines, self.to_say = self.to_say, []
        if self.lines.say(*lines):
            self.loop.add_writer(self.lines.channel.fileno(), self.on_writable)

    def on_writable(self) -> None:
        if not self.lines.flush():
            self.loop.remove_writer(self.lines.channel.fileno())

    def on_readable(self) -> None:
        lines = self.lines.hear()
        if lines is None:  # the supervisor is gone, and this process ends
            self.loop.remove_reader(self.lines.channel.fileno())
        for line in lines or ():
            self.hear(line)

    def hear(self, line: bytes) -> None:
        key, _, version = line[1:].decode().partition(" ")
        match line[:1]:
            case b"=":
                self.news.tell(key, int(version))
            case b"+":
                self.watched.add(key)
                written = self.lately.get(key) or self.before.get(key)
                if written is not None:
                    self.tell(key, written)
            case b"-":
                self.watched.discard(key)
            case b"?":
                if self.news.dispatcher is not None:
                    self.news.dispatcher.scan_soon()
