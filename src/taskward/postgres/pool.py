"""The only way to users' rows: statements run as an owner, in one network round trip.

A request's statements travel with their context in front (role, owner, time zone) and one Sync behind:
one implicit transaction. The context is gone when the Sync is answered; if it fails, nothing behind it
runs; a late error undoes everything.

Every wait ends at the request's deadline, kept here: a frozen server never fires its `statement_timeout`.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TypeVar

from psycopg.pq.abc import PGresult

from taskward.postgres.connection import CONNECT_SECONDS, Connection, ConnectionLost, Group
from taskward.postgres.context import (
    CONTEXT,
    DIRECT_CONTEXT,
    FIRST_CONTEXT,
    NOBODY,
    Guards,
    guards_of,
)
from taskward.postgres.encoding import Row, as_text, rows
from taskward.postgres.failures import (
    DONE,
    DatabaseRefused,
    DatabaseUnavailable,
    StatementFailed,
    failure_in,
    first_line,
    refusal_by,
    refusal_in,
    unexamined,
)
from taskward.postgres.statements import Bound, Statement

log = logging.getLogger("taskward.database")

DOWN_SECONDS = CONNECT_SECONDS
"""So long after a failed attempt the database counts as down."""

MAY_BE_DONE = (
    "The database has not answered in time, and may have done this or may still do it: look before you send it again."
)
"""What is said of a write whose fate nobody knows."""

NEWEST = 0.1
"""The weight of the newest in a moving average."""

Result = TypeVar("Result")


class Pool:
    """At most `pool_size` connections, opened when needed, each with one request at a time.

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
        self.connections: set[Connection] = set()
        self.idle: list[Connection] = []
        self.waiters: dict[asyncio.Future[Connection], float] = {}  # since when, the longest wait first
        self.opening: set[asyncio.Task[Connection]] = set()
        self.abandoning: set[asyncio.Task[None]] = set()
        self.failure: str | None = None
        self.failed_at = 0.0
        self.refusal: DatabaseRefused | None = None
        self.busy_seconds = 0.0  # of a connection with a request that was answered, a moving average
        self.is_closed = False

    async def open(self) -> None:
        """Tries the database once; one that cannot be reached does not stop the start.

        Raises:
            DatabaseRefused: a wrong password, a missing role or an old schema.
        """
        try:
            await self.check()
        except DatabaseUnavailable:
            log.warning("the database does not answer yet: requests get 503 until it does")

    async def close(self) -> None:
        """Whoever still waits for an answer gets DatabaseUnavailable."""
        self.is_closed = True
        tasks = [*self.opening, *self.abandoning]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in tuple(self.connections):
            connection.close()
        for waiter in self.waiters:
            expire(waiter)

    async def check(self) -> None:
        """Asks the database, in one round trip, whether it is up, guarded and migrated.

        Raises:
            DatabaseRefused, DatabaseUnavailable: it is not.
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
            return [problem.detail]
        except DatabaseRefused as refusal:
            return [str(refusal)]
        return []

    def new_deadline(self) -> float:
        """When a request that begins now must have ended, in the event loop's time."""
        return asyncio.get_running_loop().time() + self.deadline_seconds

    async def run(
        self, owner_id: str, calls: Sequence[Bound], *, deadline: float, is_repeatable: bool
    ) -> list[list[Row]]:
        """The rows of each statement: one transaction, one round trip, with the eyes of one owner.

        A repeatable group is sent once more when its connection broke under it, any other never.

        Raises:
            DatabaseUnavailable: no answer by the deadline, or the database is in a state that passes.
            StatementFailed: a statement is wrong.
        """
        owner = as_text(owner_id)
        group = [(call.statement, call.parameters(owner)) for call in calls]
        may_repeat = is_repeatable
        while True:
            connection = await self.acquire(deadline)
            try:
                results = await self.answer(connection, [self.context_on(connection, owner), *group], deadline)
            except (ConnectionLost, DatabaseUnavailable) as failure:
                if may_repeat and isinstance(failure, ConnectionLost):
                    may_repeat = False
                    continue
                raise (DatabaseUnavailable() if is_repeatable else DatabaseUnavailable(MAY_BE_DONE)) from None
            if results[-1].status not in DONE:
                raise failure_in(results)
            return [rows(result) for result in results[1:]]

    def context_on(self, connection: Connection, owner: bytes | None) -> tuple[Statement, list[bytes | None]]:
        if connection.is_direct:
            return DIRECT_CONTEXT, [owner]
        return CONTEXT, self.context.parameters(owner)

    async def answer(self, connection: Connection, group: Group, deadline: float) -> list[PGresult]:
        began = time.perf_counter()
        future = connection.send(group)
        timer = connection.loop.call_at(deadline, expire_answer, connection, future)
        try:
            results = await future
        except (DatabaseUnavailable, asyncio.CancelledError):
            # Most statements end by themselves before the deadline, and the connection returns with its Sync.
            connection.loop.call_at(deadline, self.stop, connection, connection.groups_sent)
            raise
        finally:
            timer.cancel()
        self.busy_seconds += (time.perf_counter() - began - self.busy_seconds) * NEWEST
        return results

    def stop(self, connection: Connection, group_number: int) -> None:
        if connection.answer is not None and connection.groups_sent == group_number and not connection.is_closed:
            start(self.abandoning, connection.abandon(), self.abandoning.discard)

    async def acquire(self, deadline: float) -> Connection:
        while True:
            if self.is_closed or asyncio.get_running_loop().time() >= deadline:
                raise DatabaseUnavailable
            connection = self.idle.pop() if self.idle else await self.wait_for_connection(deadline)
            if connection.is_alive():  # it may have died in the moment after it was handed over, too
                return connection

    async def wait_for_connection(self, deadline: float) -> Connection:
        loop = asyncio.get_running_loop()
        if self.is_down and self.waiters:
            raise DatabaseUnavailable  # the one who waits speaks for all, so that not everybody waits for nothing
        waiter: asyncio.Future[Connection] = loop.create_future()
        self.waiters[waiter] = loop.time()
        self.open_for_waiters()
        timer = loop.call_at(deadline, expire, waiter)
        try:
            return await waiter
        except DatabaseUnavailable:
            if not self.connections and self.failure is None:
                self.note_failure("it does not answer")
            raise
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.release(waiter.result())
            raise
        finally:
            timer.cancel()
            self.waiters.pop(waiter, None)

    def release(self, connection: Connection) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(connection)
                return
        self.idle.append(connection)

    def remove(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        self.open_for_waiters()

    def open_for_waiters(self) -> None:
        size = 1 if self.is_down else self.pool_size
        free = size - len(self.connections) - len(self.opening)
        if self.is_closed or free <= 0:
            return
        waiting = sum(not waiter.done() for waiter in self.waiters)
        for _ in range(min(waiting - len(self.opening), free)):
            start(self.opening, self.connect(), partial(self.opened, asyncio.get_running_loop().time()))

    def opened(self, began_at: float, task: "asyncio.Task[Connection]") -> None:
        """For whoever waits when it is there; that may be longer than the one who asked for it had time."""
        self.opening.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self.fail(error, began_at)
            return
        connection = task.result()
        if not connection.is_alive():
            self.fail(ConnectionLost("the connection broke"), began_at)
            return
        connection.on_idle, connection.on_lost = self.release, self.remove
        self.connections.add(connection)
        if self.failure is not None:
            log.info("the database answers again")
        self.failure = self.refusal = None
        self.release(connection)
        self.open_for_waiters()  # while the database was down only one attempt was made for all of them

    def fail(self, error: BaseException, began_at: float) -> None:
        self.refusal = refusal_in(error)
        self.note_failure(first_line(self.refusal or error))
        if self.connections:
            return  # these still serve those who wait
        # The attempt speaks for those who waited for it; the database may be back for those who came later.
        for waiter, since in self.waiters.items():
            if since <= began_at:
                expire(waiter)
        self.open_for_waiters()

    def note_failure(self, failure: str) -> None:
        if failure != self.failure:  # once, not for every request that finds it so
            log.error("no connection to the database: %s", failure)
        self.failure, self.failed_at = failure, asyncio.get_running_loop().time()

    @property
    def is_down(self) -> bool:
        """There is no connection, and none could be had a moment ago: requests fail at once but for one that waits.

        After a while without requests nobody knows, and all of them may wait for a new attempt.
        """
        if self.failure is None or self.connections:
            return False
        return asyncio.get_running_loop().time() - self.failed_at < DOWN_SECONDS

    @property
    def is_behind(self) -> bool:
        """Whoever came now would wait for a connection for more than half of the time that a request has.

        It would get one too late, and take its time from others for nothing.
        """
        if not self.waiters or len(self.connections) < self.pool_size:
            return False  # more can be opened; without any nobody is slow, the database is away or wakes up
        expected = len(self.waiters) * self.busy_seconds / self.pool_size
        return expected > self.deadline_seconds / 2

    async def connect(self) -> Connection:
        """A connection on which the guards were seen to hold."""
        connection = await Connection.open(self.url)
        first = FIRST_CONTEXT(timeout_ms=self.timeout_ms, told_pid=connection.pg.backend_pid)
        nobody = as_text(NOBODY)
        try:
            async with asyncio.timeout(self.deadline_seconds):
                results = await connection.send(
                    [(call.statement, call.parameters(nobody)) for call in (first, self.guards)]
                )
            if results[-1].status not in DONE:
                failure = failure_in(results)
                raise unexamined(failure) if isinstance(failure, StatementFailed) else failure
            [row] = rows(results[-1])
            guards = Guards(*row)
            self.examine(guards)
            connection.is_direct = int(guards.backend_pid or 0) == connection.pg.backend_pid
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


def expire_answer(connection: Connection, answer: "asyncio.Future[list[PGresult]]") -> None:
    """What has arrived while the event loop was busy is in time."""
    connection.on_readable()
    expire(answer)


def expire(future: "asyncio.Future[Connection] | asyncio.Future[list[PGresult]]") -> None:
    if not future.done():
        future.set_exception(DatabaseUnavailable())


def start(
    tasks: set[asyncio.Task[Result]], work: Coroutine[None, None, Result], done: Callable[[asyncio.Task[Result]], None]
) -> None:
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(done)
