"""The only way to users' rows: statements run as an owner, in one network round trip.

A request's statements travel with their context in front (role, owner, time zone) and one Sync behind:
one implicit transaction. The context is gone when the Sync is answered; if it fails, nothing behind it
runs; a late error undoes everything.

Every wait ends at the request's deadline, kept here: a frozen server never fires its `statement_timeout`.

While no connection is free, quick reads share direct ones: a few of them are in flight on one at a time. What is behind
one that is not answered is sent once more, alone on another.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from enum import Enum
from functools import partial
from typing import NamedTuple, TypeVar

from psycopg.pq.abc import PGresult

from taskward.postgres.connecting import ConnectFailure, connect_failure, encoding_fault, named
from taskward.postgres.connection import CONNECT_SECONDS, Connection, ConnectionLost, Group
from taskward.postgres.context import (
    CONTEXT,
    DIRECT_CONTEXT,
    DISTRIBUTED,
    FIRST_CONTEXT,
    NOBODY,
    ONCE_CONTEXT,
    Guards,
    distribution_of,
    guards_of,
)
from taskward.postgres.deadlines import Deadlines
from taskward.postgres.encoding import Row, as_text, rows
from taskward.postgres.failures import (
    DONE,
    OUTCOME_UNKNOWN,
    ConnectionRefused,
    DatabaseRefused,
    DatabaseUnavailable,
    Reason,
    StatementFailed,
    failure_in,
    refusal_by,
    unexamined,
)
from taskward.postgres.statements import Bound, Statement

log = logging.getLogger("taskward.database")

DOWN_SECONDS = CONNECT_SECONDS
"""How long the database counts as down after an attempt to connect has failed (`State`)."""

PARTS_OF_DEADLINE = 8
"""A read is sent elsewhere when the one in front of it was not answered for this part of a deadline."""

SMOOTHING = 0.1
"""The weight of the newest value in an exponential moving average."""

Result = TypeVar("Result")


class State(Enum):
    """The states of a circuit breaker in front of the database, whose trial is a request that waits.

    An attempt to connect that succeeds leads from each state to UP.

                an attempt fails while         an attempt fails, or the deadline of a request
                connections serve              passes, without a connection
           ┌──────────────────────────── UP ────────────────────────┐
           ▼                                                        ▼
        DEGRADED ──── the last connection breaks ───────────────► DOWN ──── DOWN_SECONDS after ────► UNKNOWN
                                                                    ▲       the last failure            │
                                                                    └──────── an attempt fails ─────────┘
    """

    UP = "up"
    """Closed: no attempt has failed since one succeeded, or since the start."""
    DEGRADED = "degraded"
    """Closed: the last attempt failed, and the connections that are left serve."""
    DOWN = "down"
    """Open: one request at a time waits, for one attempt, and is the trial; the others are rejected at once."""
    UNKNOWN = "unknown"
    """Half-open: the failure is too long ago to tell anything, and every request may wait for an attempt."""


class Stats(NamedTuple):
    """A pool at one moment."""

    idle: int
    """Connections that wait for a request."""
    busy: int
    """Connections with a group in flight, also of requests that have gone."""
    opening: int
    """Attempts to connect that have not ended."""
    waiting: int
    """Requests that wait for a connection."""
    state: State


class Waiter(NamedTuple):
    """A request that waits for a connection."""

    since: float
    """In the event loop's time."""
    quick: Statement | None
    """Of a quick read, which may share the connection."""


class Pool:
    """At most `pool_size` connections, opened when needed, each with one request at a time, or with quick reads.

    `owned_tables` are the names of the tables with an owner: a server that does not hold requests to the rows of
    their owner in each of them is refused. `revisions` are the migrations of the schema, oldest first: a server
    behind the last one is refused, one at a revision unknown here was migrated by a newer release and is served.
    `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        deadline_seconds: float,
        owned_tables: Sequence[str],
        revisions: Sequence[str] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = url
        self.pool_size = pool_size
        self.deadline_seconds = deadline_seconds
        self.revisions = tuple(revisions)
        self.clock = clock
        self.timeout_ms = str(round(deadline_seconds * 1000))
        self.context = CONTEXT(timeout_ms=self.timeout_ms)
        self.guards = guards_of(owned_tables)()
        self.distribution = distribution_of(owned_tables)()
        self.connections: set[Connection] = set()
        self.idle: list[Connection] = []
        self.waiters: dict[asyncio.Future[Connection], Waiter] = {}  # in their order
        self.opening: set[asyncio.Task[Connection]] = set()
        self.abandoning: set[asyncio.Task[None]] = set()
        self.deadlines = Deadlines(time_out)
        self.watched: set[Connection] = set()  # with reads in flight that wait for one in front of them
        self.failure: str | None = None  # of the last attempt to connect
        self.failed_at = 0.0
        self.attempt: ConnectFailure | None = None  # how that attempt failed
        self.refusal: DatabaseRefused | None = None  # when waiting does not mend it
        self.service_seconds = 0.0  # for which a request that is answered keeps its connection, a moving average
        self.is_opening = self.is_closed = False

    async def open(self) -> None:
        """Tries the database once; one that cannot be reached does not stop the start.

        Raises:
            DatabaseRefused: a wrong password, a missing role or an old schema.
        """
        self.is_opening = True
        try:
            await self.check()
        except DatabaseUnavailable:
            log.warning("%s does not answer yet: requests get 503 until it does", named(self.url))
        except ConnectionRefused as refusal:
            raise DatabaseRefused(refusal.failure.sentence(named(self.url))) from None
        finally:
            self.is_opening = False

    async def close(self) -> None:
        """Closes every connection. Requests that wait for one, or for an answer, end with DatabaseUnavailable."""
        self.is_closed = True
        tasks = [*self.opening, *self.abandoning]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in tuple(self.connections):
            connection.close()
        for waiter in self.waiters:
            reject(waiter, Reason.CLOSED)

    async def check(self) -> None:
        """Asks the database, in one round trip, whether it answers, the guards hold and the schema is migrated.

        Raises:
            DatabaseRefused: it refuses the connection, the guards do not hold, or the schema is behind.
            DatabaseUnavailable: it does not answer by the deadline of a request, or is in a transient state.
        """
        try:
            [[row]] = await self.run(NOBODY, [self.guards], deadline=self.new_deadline(), is_repeatable=True)
        except DatabaseUnavailable:
            if self.refusal is not None:
                raise self.refusal from None
            raise
        except StatementFailed as failure:
            raise unexamined(failure) from None
        self.examine(Guards(*row))

    async def readiness(self) -> list[str]:
        """What keeps the database from serving, a sentence each; empty when nothing does."""
        try:
            await self.check()
        except DatabaseUnavailable as problem:
            said = self.attempt is not None and self.attempt.was_said
            return [self.attempt.sentence() if self.attempt and said else problem.detail]
        except DatabaseRefused as refusal:
            return [str(refusal)]
        return []

    def new_deadline(self) -> float:
        """When a request that begins now must have ended, in the event loop's time."""
        return asyncio.get_running_loop().time() + self.deadline_seconds

    async def run(
        self, owner_id: str, calls: Sequence[Bound], *, deadline: float, is_repeatable: bool
    ) -> list[list[Row]]:
        """The rows of each statement. All run as one owner, in one transaction and one round trip.

        A repeatable group is sent once more when its connection broke while it was in flight, any other never. A quick
        one (`Statement.is_quick`) may share a connection with others.

        Raises:
            DatabaseUnavailable: no answer by the deadline, or the database is in a transient state.
            DatabaseRefused: the login may not become the role, or the role or the schema is not there.
            StatementFailed: a statement failed for another reason.
            TypeError, ValueError: the owner or a value has no text format.
        """
        owner = as_text(owner_id)
        group = [(call.statement, call.parameters(owner)) for call in calls]
        may_retry = is_repeatable
        first = calls[0].statement
        quick = first if first.is_quick and is_repeatable and len(calls) == 1 else None
        while True:
            connection = await self.acquire(deadline, quick)
            try:
                results = await self.execute(
                    connection, [self.context_on(connection, owner, first), *group], deadline, quick
                )
            except (ConnectionLost, DatabaseUnavailable) as failure:
                is_lost = isinstance(failure, ConnectionLost)
                if may_retry and is_lost:
                    may_retry, quick = False, None
                    continue
                reason = Reason.CONNECTION_LOST if is_lost else Reason.NO_ANSWER_IN_TIME
                if is_repeatable:
                    raise DatabaseUnavailable(reason) from None
                raise DatabaseUnavailable(reason, OUTCOME_UNKNOWN) from None
            if results[-1].status not in DONE:
                raise failure_in(results)
            return [rows(result) for result in results[1:]]

    def context_on(
        self, connection: Connection, owner: bytes | None, first: Statement
    ) -> tuple[Statement, list[bytes | None]]:
        if connection.is_direct:
            return ONCE_CONTEXT if first.is_planned_once else DIRECT_CONTEXT, [owner]
        return CONTEXT, self.context.parameters(owner)

    async def execute(
        self, connection: Connection, group: Group, deadline: float, quick: Statement | None
    ) -> list[PGresult]:
        """The results of the group.

        Raises:
            ConnectionLost: the connection broke before the server had answered.
            DatabaseUnavailable: no answer by the deadline.
        """
        began = time.perf_counter()
        pending = connection.send(group, quick=quick)
        if quick is not None and (self.waiters or len(connection.in_flight) > 1):
            self.let_others_follow(connection)
        self.deadlines.add(pending, deadline, connection)
        try:
            results = await pending
        except (ConnectionLost, DatabaseUnavailable, asyncio.CancelledError):
            # Most statements end by themselves before the deadline, and the connection returns with its Sync.
            connection.loop.call_at(deadline, self.abandon_in_flight, connection, pending)
            raise
        finally:
            self.deadlines.remove(pending)
        # Those that share a connection are one value together: all of them meet the same delay.
        weight = SMOOTHING / (connection.users or 1)
        self.service_seconds += (time.perf_counter() - began - self.service_seconds) * weight
        return results

    def abandon_in_flight(self, connection: Connection, pending: "asyncio.Future[list[PGresult]]") -> None:
        """Gives the connection up if this group, whose request has gone, is still in flight on it.

        While it is behind another, cancelling would hit the other's statement: then it is looked at again later.
        """
        if pending not in connection.in_flight:
            return
        if pending is connection.in_flight[0]:
            spawn(self.abandoning, connection.abandon(), self.abandoning.discard)
        else:
            connection.loop.call_later(self.patience_seconds, self.abandon_in_flight, connection, pending)

    # Quick reads that share a connection

    def let_others_follow(self, connection: Connection) -> None:
        """A quick read was sent on it: others may follow, and those that did are not kept waiting by the first."""
        if self.waiters:
            self.hand_out()
        if len(connection.in_flight) > 1 and connection not in self.watched:
            self.watch(connection)

    def watch(self, connection: Connection) -> None:
        self.watched.add(connection)
        connection.loop.call_later(self.patience_seconds, self.look_at, connection, connection.in_flight[0])

    def look_at(self, connection: Connection, first: "asyncio.Future[list[PGresult]]") -> None:
        """Sends the reads behind this one elsewhere if it is still not answered."""
        self.watched.discard(connection)
        connection.on_readable()
        if len(connection.in_flight) < 2:
            return
        if first is connection.in_flight[0]:
            connection.give_up_followers()
        else:
            self.watch(connection)

    # Handing out connections

    async def acquire(self, deadline: float, quick: Statement | None = None) -> Connection:
        """A connection for one group; the group's Sync returns it to the pool.

        Raises:
            DatabaseUnavailable: there is none by the deadline, or the pool is closed.
        """
        while True:
            if self.is_closed:
                raise DatabaseUnavailable(Reason.CLOSED)
            if asyncio.get_running_loop().time() >= deadline:
                raise DatabaseUnavailable(Reason.NO_CONNECTION_IN_TIME)
            connection = self.take(quick) if self.idle or not self.waiters else None
            if connection is None:
                connection = await self.wait_for_connection(deadline, quick)
            # Also asked of one that was waited for: it may have broken since, or those in front may have stalled.
            if connection.in_flight:
                if quick is not None and connection.may_follow(quick):
                    return connection
                self.release(connection)
            elif connection.is_alive():
                return connection

    def take(self, quick: Statement | None) -> Connection | None:
        """An idle connection; for a quick read, when there is none, one that has room behind others.

        The first with room, so that the others come free for what needs one alone.
        """
        if self.idle:
            connection = self.idle.pop()
        elif quick is None:
            return None
        else:
            for connection in self.connections:
                if connection.has_room_for(quick):
                    break
            else:
                return None
        connection.users += 1
        return connection

    async def wait_for_connection(self, deadline: float, quick: Statement | None) -> Connection:
        """The next connection that is released or opened; requests get theirs in the order in which they came.

        Raises:
            DatabaseUnavailable: none by the deadline, the attempt to open one failed, or the database is down.
        """
        loop = asyncio.get_running_loop()
        if self.waiters and self.state is State.DOWN:
            raise DatabaseUnavailable(Reason.DOWN)  # one request waits and finds out, the others need not
        waiter: asyncio.Future[Connection] = loop.create_future()
        self.waiters[waiter] = Waiter(loop.time(), quick)
        self.hand_out()  # those in front may have got theirs just now
        self.open_for_waiters()
        timer = loop.call_at(deadline, reject, waiter, Reason.NO_CONNECTION_IN_TIME)
        try:
            return await waiter
        except DatabaseUnavailable:
            if self.state is State.UP and not self.connections:
                self.record_failure("it does not answer")
            raise
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.release(waiter.result())
            raise
        finally:
            timer.cancel()
            self.waiters.pop(waiter, None)

    def release(self, connection: Connection) -> None:
        """One request less has it; without any it goes to the request that has waited longest, or to the idle ones."""
        connection.users -= 1
        if not connection.users and not connection.is_closed:
            self.idle.append(connection)
        if self.waiters:
            self.hand_out()

    def hand_out(self) -> None:
        """Gives connections to the requests that wait, in their order.

        A quick read overtakes nobody: while a request in front needs a connection alone, nothing is sent behind what is
        in flight, and one comes free with the next answers.
        """
        for waiter, (_, quick) in self.waiters.items():
            if waiter.done():
                continue
            connection = self.take(quick)
            if connection is None:
                return
            waiter.set_result(connection)

    def remove(self, connection: Connection) -> None:
        """Takes out a connection that is closed; where requests wait, one is opened in its place."""
        self.connections.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        self.open_for_waiters()

    def open_for_waiters(self) -> None:
        """Begins as many attempts to connect as requests wait for and the pool has room for."""
        size = 1 if self.state is State.DOWN else self.pool_size
        free = size - len(self.connections) - len(self.opening)
        if self.is_closed or free <= 0:
            return
        waiting = sum(not waiter.done() for waiter in self.waiters)
        for _ in range(min(waiting - len(self.opening), free)):
            began_at = asyncio.get_running_loop().time()
            spawn(self.opening, self.connect(), partial(self.end_attempt, began_at))

    def end_attempt(self, began_at: float, task: "asyncio.Task[Connection]") -> None:
        """Takes the new connection into the pool, or says why there is none.

        The connection goes to the request that has waited longest then. The request for which the attempt was begun
        may have met its deadline meanwhile.
        """
        self.opening.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.fail_attempt(error, began_at)
            return
        connection = task.result()
        if not connection.is_alive():
            self.fail_attempt(ConnectionLost("the connection broke"), began_at)
            return
        connection.on_answered, connection.on_lost = self.release, self.remove
        self.connections.add(connection)
        if self.state is not State.UP:
            log.info("the database answers again")
        self.failure = self.attempt = self.refusal = None
        self.idle.append(connection)
        self.hand_out()
        self.open_for_waiters()  # while the database was down only one attempt was made for all of them

    def fail_attempt(self, error: BaseException, began_at: float) -> None:
        """Without a connection that could serve them, rejects the requests that waited when the attempt began."""
        self.refusal = self.attempt = None
        if isinstance(error, DatabaseRefused):
            self.refusal = error
            self.record_failure(str(error))
        else:
            self.attempt = connect_failure(error, self.url)
            if self.attempt.is_refusal:
                self.refusal = ConnectionRefused(self.attempt)
            self.record_failure(self.attempt.reason)
        if self.state is State.DEGRADED:
            return  # the requests that wait get one of these
        # For requests that came later the database may be back: they wait for another attempt.
        for waiter, (waits_since, _) in self.waiters.items():
            if waits_since <= began_at:
                reject(waiter, Reason.CONNECT_FAILED)
        self.open_for_waiters()

    def record_failure(self, failure: str) -> None:
        is_raised = self.is_opening and self.refusal is not None
        if failure != self.failure and not is_raised:  # one line in the log, not one for each attempt
            log.error("no connection to %s: %s", named(self.url), failure)
        self.failure, self.failed_at = failure, asyncio.get_running_loop().time()

    @property
    def patience_seconds(self) -> float:
        return self.deadline_seconds / PARTS_OF_DEADLINE

    @property
    def state(self) -> State:
        if self.failure is None:
            return State.UP
        if self.connections:
            return State.DEGRADED
        if asyncio.get_running_loop().time() - self.failed_at < DOWN_SECONDS:
            return State.DOWN
        return State.UNKNOWN

    def stats(self) -> Stats:
        idle = len(self.idle)
        return Stats(
            idle=idle,
            busy=len(self.connections) - idle,
            opening=len(self.opening),
            waiting=len(self.waiters),
            state=self.state,
        )

    @property
    def is_saturated(self) -> bool:
        """One more request would wait for a connection for more than half of its deadline.

        By Little's law that wait is the number of requests that wait, times the service time, divided by the number of
        those that are served at once. A request that got its connection so late would have no time to use it, and take
        it from others.
        """
        if not self.waiters or len(self.connections) < self.pool_size:
            return False  # a connection more can be opened, or the database is down or wakes up
        served_at_once = sum(max(connection.users, 1) for connection in self.connections)
        expected_seconds = len(self.waiters) * self.service_seconds / served_at_once
        return expected_seconds > self.deadline_seconds / 2

    async def connect(self) -> Connection:
        """A new connection, on which the guards hold.

        Raises:
            psycopg.Error, OSError, TimeoutError, ConnectionLost, DatabaseUnavailable: there is none.
            DatabaseRefused: the server refuses it, or the guards do not hold.
        """
        connection = await Connection.open(self.url)
        fault = encoding_fault(connection.pgconn)
        if fault is not None:
            connection.close()
            raise DatabaseRefused(fault)
        first = FIRST_CONTEXT(timeout_ms=self.timeout_ms, backend_pid=connection.pgconn.backend_pid)
        nobody = as_text(NOBODY)
        try:
            async with asyncio.timeout(self.deadline_seconds):
                results = await connection.send(
                    [(call.statement, call.parameters(nobody)) for call in (self.distribution, first, self.guards)]
                )
            if results[-1].status not in DONE:
                failure = failure_in(results, context=1)
                raise unexamined(failure) if isinstance(failure, StatementFailed) else failure
            if rows(results[0]) != [(b"f",)]:
                raise DatabaseRefused(DISTRIBUTED)
            [row] = rows(results[-1])
            guards = Guards(*row)
            self.examine(guards)
            connection.is_direct = int(guards.backend_pid or 0) == connection.pgconn.backend_pid
        except BaseException:
            connection.close()
            raise
        return connection

    def examine(self, guards: Guards) -> None:
        """
        Raises:
            DatabaseRefused: the guards do not hold, or the schema is behind.
        """
        refusal = refusal_by(guards, older_revisions=self.revisions[:-1])
        if refusal is not None:
            raise refusal


def time_out(connection: Connection, pending: "asyncio.Future[list[PGresult]]") -> None:
    """At its deadline ends the wait for the results of a group.

    Results that arrived while the event loop was busy are in time: the socket is read once more.
    """
    connection.on_readable()
    reject(pending, Reason.NO_ANSWER_IN_TIME)


def reject(future: "asyncio.Future[Connection] | asyncio.Future[list[PGresult]]", reason: Reason) -> None:
    """The request that waits for it, if it still does, ends with DatabaseUnavailable."""
    if not future.done():
        future.set_exception(DatabaseUnavailable(reason))


def spawn(
    tasks: set[asyncio.Task[Result]],
    coroutine: Coroutine[None, None, Result],
    on_done: Callable[[asyncio.Task[Result]], None],
) -> None:
    """Runs the coroutine as a task. `tasks` keeps it, which the event loop does not, until `on_done` takes it out."""
    task = asyncio.get_running_loop().create_task(coroutine)
    tasks.add(task)
    task.add_done_callback(on_done)
