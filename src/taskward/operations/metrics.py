"""What a worker tells Prometheus of itself. `exposition.py` puts the workers' numbers together and serves them.

Labels are routes, statuses and codes: nothing that a client wrote, and no owner.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from taskward.auth.key_set import RemoteKeySet
from taskward.errors import codes
from taskward.postgres.pool import State
from taskward.resources.news import FULL, End

if TYPE_CHECKING:
    from taskward.http.context import RequestContext, Services

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
SAMPLE_SECONDS = 1

REQUESTS = Histogram(
    "taskward_request_duration_seconds",
    "From the head of a request to the end of its answer, without what it waited for changes.",
    ("method", "route", "status"),
    buckets=SECONDS,
)
DATABASE = Histogram(
    "taskward_request_database_duration_seconds",
    "What a request waited for a connection and for PostgreSQL's answer, if it asked for one.",
    buckets=SECONDS,
)
PROBLEMS = Counter("taskward_problems", "Problem documents that were answered, by their code.", ("code",))

WORKERS = Gauge("taskward_workers", "Workers that serve.", multiprocess_mode="livesum")
IN_FLIGHT = Gauge("taskward_requests_in_flight", "Requests between admission and answer.", multiprocess_mode="livesum")
MAX_IN_FLIGHT = Gauge(
    "taskward_requests_in_flight_max", "Beyond this requests are answered overloaded.", multiprocess_mode="livesum"
)
CONNECTIONS = Gauge(
    "taskward_database_connections", "Connections to PostgreSQL.", ("state",), multiprocess_mode="livesum"
)
CONNECTIONS_MOST = Gauge(
    "taskward_database_connections_max", "DATABASE_POOL_SIZE of all workers.", multiprocess_mode="livesum"
)
WAITING = Gauge("taskward_database_pending_requests", "Requests without a connection.", multiprocess_mode="livesum")
WAITS = Counter(
    "taskward_waits",
    "Calls that waited for changes, by why they ended; `full` were answered at once, for want of a place to wait at.",
    ("end",),
)
PLACES = Gauge("taskward_waiting_calls", "Calls that wait for changes.", multiprocess_mode="livesum")
DOWN = Gauge(
    "taskward_database_down",
    "1 when a worker has no connection and its last attempt to connect failed.",
    multiprocess_mode="livemax",
)
KEYS = Gauge("taskward_keys_cached", "Keys of Better Auth, in the worker with fewest.", multiprocess_mode="livemin")
KEYS_AGE = Gauge(
    "taskward_keys_age_seconds",
    "Since the keys were last fetched, in the worker with the oldest; 0 where none were needed yet.",
    multiprocess_mode="livemax",
)
KEYS_FAILING = Gauge(
    "taskward_keys_failing", "1 when a worker's last attempt to fetch the keys failed.", multiprocess_mode="livemax"
)
WEBHOOK_ATTEMPTS = Counter(
    "taskward_webhook_attempts",
    "Attempts to tell the application of a change, by their outcome; `given_up` are events that ended untold.",
    ("outcome",),
)
WEBHOOK_PENDING = Gauge(
    "taskward_webhook_pending_owners",
    "Owners of whom the application is still to be told, when a worker last had reason to look.",
    multiprocess_mode="livemax",
)
WEBHOOK_OLDEST = Gauge(
    "taskward_webhook_oldest_seconds", "For how long, of the one who waits longest.", multiprocess_mode="livemax"
)


class Metrics:
    """Of one application, whose state is looked at once a second while it serves."""

    def __init__(self, services: Services) -> None:
        trusts = services.authenticator.trusts
        self.remote = [trust.key_set for trust in trusts if isinstance(trust.key_set, RemoteKeySet)]
        self.admission = services.admission
        self.pool = services.pool
        self.news = services.news
        # Looking a label up takes longer than counting; routes and statuses are few.
        self.requests: dict[tuple[str, str, int], Histogram] = {}
        # From the beginning, or nobody could see the first: a counter that is born at 1 has not increased.
        self.waits = {end: WAITS.labels(end) for end in (*End, FULL)}
        self.problems = {code: PROBLEMS.labels(code) for code in codes()}
        self.dispatcher = services.news.dispatcher
        if self.dispatcher is not None:
            attempts = {outcome: WEBHOOK_ATTEMPTS.labels(outcome) for outcome in self.dispatcher.outcomes}
            self.dispatcher.count = lambda outcome: attempts[outcome].inc()

    def count(self, context: RequestContext, method: str, route: str, status: int, seconds: float) -> None:
        """A request that has ended."""
        of_its_kind = self.requests.get((method, route, status))
        if of_its_kind is None:
            of_its_kind = self.requests[method, route, status] = REQUESTS.labels(method, route, str(status))
        wait = context.wait
        if wait is not None:
            seconds -= wait.seconds
            self.waits[wait.end].inc()
        of_its_kind.observe(seconds)
        session, problem = context.session, context.problem
        if session is not None and session.seconds_waited:
            DATABASE.observe(session.seconds_waited)
        if problem is not None:
            self.problems[problem.code].inc()

    async def sample_for_ever(self) -> None:
        WORKERS.set(1)
        MAX_IN_FLIGHT.set(self.admission.max_in_flight)
        CONNECTIONS_MOST.set(self.pool.pool_size)
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self) -> None:
        pool = self.pool.stats()
        IN_FLIGHT.set(self.admission.in_flight)
        CONNECTIONS.labels("idle").set(pool.idle)
        CONNECTIONS.labels("busy").set(pool.busy)
        WAITING.set(pool.waiting)
        PLACES.set(self.news.count())
        DOWN.set(pool.state in (State.DOWN, State.UNKNOWN))
        if self.dispatcher is not None:
            WEBHOOK_PENDING.set(self.dispatcher.pending)
            WEBHOOK_OLDEST.set(self.dispatcher.oldest_seconds())
        now = time.monotonic()
        for keys in self.remote:
            KEYS.set(len(keys.keys))
            KEYS_AGE.set(now - keys.succeeded_at if keys.keys else 0)
            KEYS_FAILING.set(keys.succeeded_at < keys.ended_at)
