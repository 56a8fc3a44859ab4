"""Which requests are admitted: so many requests of one owner in a minute, and so many in flight at once.

A quota here protects the process, not a price list: it is counted in each worker, and forgotten when it ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from taskward.http.errors import Overloaded
from taskward.http.rate_limit import RateLimit
from taskward.postgres.pool import Pool

IN_FLIGHT_PER_CONNECTION = 50
"""More than this for each connection to the database would only wait, and pile up behind a slow one."""


PART_OF_STRANGERS = 4
"""Requests without a token have the fourth part of the places: who tries secrets leaves the rest to those with one."""


class Admission:
    """`requests_per_minute` are those of one owner; 0 is no limit."""

    def __init__(self, pool: Pool, *, requests_per_minute: int) -> None:
        self.pool = pool
        self.count = RateLimit(requests_per_minute).count
        self.max_in_flight = IN_FLIGHT_PER_CONNECTION * pool.pool_size
        self.in_flight = 0
        self.strangers = 0

    def begin(self) -> None:
        """Each that begins must end, whatever happens in between.

        Raises:
            Overloaded: too many are in flight already, or this one, which has not begun, would wait too long.
        """
        if self.in_flight >= self.max_in_flight or self.pool.is_saturated:
            raise Overloaded
        self.in_flight += 1

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """
        Raises:
            Overloaded
        """
        self.begin()
        try:
            yield
        finally:
            self.end()

    @contextmanager
    def of_strangers(self) -> Iterator[None]:
        """
        Raises:
            Overloaded
        """
        if self.strangers >= max(1, self.max_in_flight // PART_OF_STRANGERS):
            raise Overloaded
        with self.admitted():
            self.strangers += 1
            try:
                yield
            finally:
                self.strangers -= 1

    def end(self) -> None:
        self.in_flight -= 1
