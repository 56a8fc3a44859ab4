"""So many requests of one owner in a minute, counted in this process (a fixed window)."""

import math
import time
from collections.abc import Callable

from taskward.http.errors import RateLimited

WINDOW_SECONDS = 60


class RateLimit:
    """A window begins with an owner's first request, and the next one with the first after its end.

    0 requests are no limit. `clock` gives seconds and never goes back.
    """

    def __init__(self, requests_per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests_per_minute = requests_per_minute
        self.clock = clock
        self.windows: dict[str, list[float]] = {}
        """Of each owner the end of the window and the requests in it."""
        self.swept_at = clock()

    def count(self, owner_id: str) -> None:
        """
        Raises:
            RateLimited: the owner has had all requests of this window.
        """
        if not self.requests_per_minute:
            return
        now = self.clock()
        window = self.windows.get(owner_id)
        if window is None or window[0] <= now:
            self.sweep(now)
            self.windows[owner_id] = [now + WINDOW_SECONDS, 1]
        elif window[1] < self.requests_per_minute:
            window[1] += 1
        else:
            raise RateLimited(retry_after_seconds=max(1, math.ceil(window[0] - now)))

    def sweep(self, now: float) -> None:
        """Forgets owners who have made no request for a window, at most once in a window: memory follows the living."""
        if now - self.swept_at >= WINDOW_SECONDS:
            self.windows = {owner_id: window for owner_id, window in self.windows.items() if window[0] > now}
            self.swept_at = now
