"""Which requests are admitted: so many requests of one owner in a minute, and so many in flight at once.

A quota here protects the process, not a price list: it is counted in each worker, and forgotten when it ends.
"""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from taskward.http.errors import Overloaded, RateLimited
from taskward.postgres.pool import Pool

IN_FLIGHT_PER_CONNECTION = 50
"""More than this for each connection to the database would only wait, and pile up behind a slow one."""


class Admission:
    """`requests_per_minute` counts from an owner's first request on; 0 is no limit."""

    def __init__(self, pool: Pool, *, requests_per_minute: int) -> None:
        self.pool = pool
        self.limit = RateLimitItemPerMinute(requests_per_minute) if requests_per_minute else None
        self.requests = FixedWindowRateLimiter(MemoryStorage())
        self.max_in_flight = IN_FLIGHT_PER_CONNECTION * pool.pool_size
        self.in_flight = 0

    def count(self, owner_id: str) -> None:
        """
        Raises:
            RateLimited: the owner has had all requests of this minute.
        """
        if self.limit is not None and not self.requests.hit(self.limit, owner_id):
            resets_at, _ = self.requests.get_window_stats(self.limit, owner_id)
            raise RateLimited(retry_after_seconds=max(1, math.ceil(resets_at - time.time())))

    def begin(self) -> None:
        """Each that begins must end, whatever happens in between.

        Raises:
            Overloaded: too many are in flight already, or this one, which has not begun, would wait too long.
        """
        if self.in_flight >= self.max_in_flight or self.pool.is_saturated:
            raise Overloaded
        self.in_flight += 1

    def end(self) -> None:
        self.in_flight -= 1
