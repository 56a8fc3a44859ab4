"""What one request may see and do: the rows of one owner, until its deadline."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from taskward.postgres.encoding import Row
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.postgres.pool import Pool
from taskward.postgres.statements import Bound
from taskward.resources.clock import TICK
from taskward.resources.news import UNKNOWN, News

OUTCOME_OPEN = (Reason.NO_ANSWER_IN_TIME, Reason.CONNECTION_LOST)
"""Then what was sent may have been carried out."""


@dataclass(slots=True)
class Session:
    """The only handle on the database that an action gets. Each call is one round trip and one transaction."""

    owner_id: str
    pool: Pool
    deadline: float
    """In the event loop's time."""
    news: News | None = None
    """Who is told of its writes."""
    seconds_waited: float = 0
    """For a connection and for its answers, so far."""

    @classmethod
    def begin(cls, pool: Pool, owner_id: str) -> Self:
        return cls(owner_id, pool, pool.new_deadline())

    async def read(self, *calls: Bound) -> list[list[Row]]:
        """The rows of each call."""
        return await self.run(calls, is_repeatable=True)

    async def write(self, *calls: Bound, is_repeatable: bool = False) -> list[list[Row]]:
        """The rows of each call. The owner's clock moves first (`clock.py`)."""
        moving = TICK if self.news is None else self.news.tick
        tick = moving(now_ms=int(self.pool.clock() * 1000))
        try:
            [[(version,)], *found] = await self.run([tick, *calls], is_repeatable=is_repeatable)
        except DatabaseUnavailable as failure:
            if self.news is not None and failure.reason in OUTCOME_OPEN:
                self.news.changed(self.owner_id, UNKNOWN)
            raise
        if self.news is not None and version is not None:
            self.news.changed(self.owner_id, version)
        return found

    async def run(self, calls: Sequence[Bound], *, is_repeatable: bool) -> list[list[Row]]:
        began = time.perf_counter()
        try:
            return await self.pool.run(self.owner_id, calls, deadline=self.deadline, is_repeatable=is_repeatable)
        finally:
            self.seconds_waited += time.perf_counter() - began
