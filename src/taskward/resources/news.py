"""News of owners: who waits for a change, and who tells of one.

What is told is only that something has changed, and up to which version; who waits then looks. So it does no harm to
tell too much. A call misses nothing, because it takes its place before it looks for the first time.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from taskward.logs import digest
from taskward.postgres.statements import Statement
from taskward.resources.clock import LARGEST_INTEGER, TICK

MAX_WAITING = 4
"""Calls of one owner in a process: one for each device, more or less."""

UNKNOWN = b"%d" % LARGEST_INTEGER
"""The version of a write that may have happened: of its answer nobody knows."""


class End(StrEnum):
    """Why a wait is over."""

    CHANGED = "changed"
    TIME = "time"
    LEFT = "left"
    """The client has gone, or says nothing more."""
    STOPPED = "stopped"
    """The process ends."""


FULL = "full"
"""Why a call has not waited: there was no place."""


class Neighbours(Protocol):
    """The other processes that serve the same owners. `key` is the owner's digest."""

    def changed(self, key: str, version: bytes) -> None: ...

    def watch(self, key: str) -> None:
        """Somebody here waits from now on, and is to be told also of a change that happens at this moment."""

    def unwatch(self, key: str) -> None: ...

    def leave(self) -> None:
        """There is something to be told to the application, and this process ends."""


class Dispatcher(Protocol):
    """Who tells the application of every change (`doors/webhook.py`)."""

    pending: int
    """Of how many owners something is to be told."""
    outcomes: Sequence[str]
    """That an attempt can have."""
    count: Callable[[str], None]
    """Is called with the outcome of each attempt."""

    def open(self) -> None:
        """When the event loop runs, and the pool is open."""

    async def close(self) -> None: ...

    def wake(self, owner_id: str, *, is_certain: bool) -> None:
        """The owner has written, or may have."""

    def scan_soon(self) -> None:
        """Another process has left something."""

    def stop(self) -> None: ...

    def oldest_seconds(self) -> float: ...


class News:
    """Of one process."""

    def __init__(self) -> None:
        self.places: dict[str, list[Place]] = {}
        """Those that are taken, by the owner's digest."""
        self.neighbours: Neighbours | None = None
        self.dispatcher: Dispatcher | None = None
        self.tick: Statement = TICK
        """How a write moves its owner's clock: with a dispatcher so that it leaves what is to be told."""
        self.is_stopped = False

    def changed(self, owner_id: str, version: bytes) -> None:
        """A write of this process was committed."""
        if self.dispatcher is not None:
            self.dispatcher.wake(owner_id, is_certain=version is not UNKNOWN)
        if self.places or self.neighbours is not None:
            key = digest(owner_id)
            if key in self.places:
                self.tell(key, int(version))
            if self.neighbours is not None:
                self.neighbours.changed(key, version)

    def tell(self, key: str, version: int) -> None:
        for place in self.places.get(key, ()):
            place.tell(version)

    def place(self, owner_id: str) -> "Place | None":
        """None when the owner has as many as there may be."""
        key = digest(owner_id)
        taken = self.places.setdefault(key, [])
        if len(taken) >= MAX_WAITING:
            return None
        place = Place(lambda: self.give_back(key, place))
        taken.append(place)
        if self.is_stopped:
            place.end(End.STOPPED)
        if len(taken) == 1 and self.neighbours is not None:
            self.neighbours.watch(key)
        return place

    def give_back(self, key: str, place: "Place") -> None:
        self.places[key].remove(place)
        if not self.places[key]:
            del self.places[key]
            if self.neighbours is not None:
                self.neighbours.unwatch(key)

    def leave(self) -> None:
        if self.neighbours is not None:
            self.neighbours.leave()

    def stop(self) -> None:
        """Ends every wait, and those to come."""
        self.is_stopped = True
        if self.dispatcher is not None:
            self.dispatcher.stop()
        for taken in self.places.values():
            for place in taken:
                place.end(End.STOPPED)

    def count(self) -> int:
        return sum(map(len, self.places.values()))


class Place:
    """Of one call, from before it looks until it has answered."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self.give_back = give_back
        self.told = 0
        """The highest version that was told and not waited for yet."""
        self.ended: End | None = None
        self.waking: asyncio.Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.give_back()

    async def wait(self, *, above: int, until: float) -> End:
        """Until a version above is told, or `until` in the event loop's time."""
        loop = asyncio.get_running_loop()
        while True:
            if self.ended is not None:
                return self.ended
            if self.told > above:
                self.told = 0
                return End.CHANGED
            if loop.time() >= until:
                return End.TIME
            self.waking = loop.create_future()
            timer = loop.call_at(until, self.wake)
            try:
                await self.waking
            finally:
                timer.cancel()
                self.waking = None

    def tell(self, version: int) -> None:
        self.told = max(self.told, version)
        self.wake()

    def end(self, why: End) -> None:
        self.ended = self.ended or why
        self.wake()

    def wake(self) -> None:
        if self.waking is not None and not self.waking.done():
            self.waking.set_result(None)
