"""The deadlines of groups in flight, and one timer of the event loop for all of them.

Nearly every group is answered long before its deadline, which is later than the deadlines of those before. To make a
timer for each, and cancel it, took 5,000 instructions of a request.
"""

import asyncio
import math
from collections.abc import Callable

from psycopg.pq.abc import PGresult

from taskward.postgres.connection import Connection

Pending = asyncio.Future[list[PGresult]]

RESOLUTION_SECONDS = 0.001
"""Of the event loop's timers, which may fire so much too early."""


class Deadlines:
    """In the event loop's time. `miss` is called at the deadline of each group that was not removed before."""

    def __init__(self, miss: Callable[[Connection, Pending], None]) -> None:
        self.miss = miss
        self.groups: dict[Pending, tuple[float, Connection]] = {}
        self.timer: asyncio.TimerHandle | None = None
        self.timer_at = math.inf

    def add(self, pending: Pending, deadline: float, connection: Connection) -> None:
        self.groups[pending] = deadline, connection
        if deadline < self.timer_at:
            self.set_timer(deadline)

    def remove(self, pending: Pending) -> None:
        """Nothing if it is not there. The timer stays: it is likely to come in time for a later one."""
        self.groups.pop(pending, None)

    def set_timer(self, at: float) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer, self.timer_at = asyncio.get_running_loop().call_at(at, self.look), at

    def look(self) -> None:
        self.timer, self.timer_at = None, math.inf
        now = asyncio.get_running_loop().time() + RESOLUTION_SECONDS
        for pending, (deadline, connection) in tuple(self.groups.items()):
            if deadline <= now:
                self.remove(pending)
                self.miss(connection, pending)
        next_deadline = min((deadline for deadline, _ in self.groups.values()), default=math.inf)
        if next_deadline < self.timer_at:
            self.set_timer(next_deadline)
