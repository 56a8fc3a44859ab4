"""One libpq connection in pipeline mode on the event loop, for one group of statements at a time, or for quick reads.

A group is statements and one Sync, sent in one flush: one round trip and one implicit transaction.
Several Syncs in flight are not safe behind a pooler in transaction mode, so there is never a second.

On a connection known to be direct the server keeps statements under names, and parses and plans them no more; and a
few quick reads may be in flight at once, each a group of its own, which the server answers in their order.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Self

import psycopg
from psycopg import pq
from psycopg.errors import Diagnostic
from psycopg.pq.abc import PGresult

from taskward.postgres.connecting import AsyncConnection
from taskward.postgres.statements import Statement

log = logging.getLogger("taskward.database")

CONNECT_SECONDS = 5
"""How long an attempt to connect may take: a sleeping server wakes within it.

Requests that wait for the connection end at their own deadlines, which may be earlier. Not longer, because an
attempt whose packets were lost must make room for one that finds the database again.
"""

CANCEL_SECONDS = 1
"""How long a request to cancel a statement may take."""

MOST_SHARING = 8
"""Quick reads on one connection at once: what waits behind a slow one must be little."""

# Looked up in the enumeration for each result they took 3,000 instructions of a request.
COMMAND_OK, PIPELINE_SYNC = pq.ExecStatus.COMMAND_OK, pq.ExecStatus.PIPELINE_SYNC

Group = Sequence[tuple[Statement, list[bytes | None]]]
"""Statements with their parameters in text format."""


class ConnectionLost(Exception):
    """The connection broke while a group was in flight, which the server may or may not have carried out.

    Or a read was given up because the one in front of it on the connection is not answered.
    """


class Connection:
    """Reads while idle too, so that a connection which the server has closed is known before it is used.

    `on_answered` is called when the server has answered a group, also when the request has gone that sent it; `on_lost`
    once, when the connection is closed.
    """

    on_answered: Callable[["Connection"], None] | None = None
    on_lost: Callable[["Connection"], None] | None = None

    def __init__(self, async_connection: psycopg.AsyncConnection) -> None:
        self.async_connection = async_connection
        self.pgconn = async_connection.pgconn
        self.loop = asyncio.get_running_loop()
        self.socket = self.pgconn.socket
        self.in_flight: deque[asyncio.Future[list[PGresult]]] = deque()  # the results of each group, in their order
        self.results: list[PGresult] = []  # that have arrived of the first group in flight
        self.users = 0  # requests that have the connection: each group in flight, and each that is about to be sent
        self.is_direct = False
        self.is_shared = False  # what is in flight is quick reads, and more of them may follow
        self.prepared: dict[Statement, bytes] = {}  # their names
        self.preparing: dict[int, Statement] = {}  # by the index of the result, in the last group, that tells it
        self.names_given = 0
        self.is_writing = False
        self.was_terminated = False
        self.is_closed = False
        async_connection.add_notice_handler(self.on_notice)
        self.pgconn.nonblocking = 1
        self.pgconn.enter_pipeline_mode()
        self.loop.add_reader(self.socket, self.on_readable)

    @classmethod
    async def open(cls, url: str) -> Self:
        """
        Raises:
            psycopg.Error, OSError, TimeoutError: the server cannot be reached, or refuses the connection.
        """
        async with asyncio.timeout(CONNECT_SECONDS):
            return cls(
                await AsyncConnection.connect(
                    url,
                    autocommit=True,
                    client_encoding="UTF8",
                    fallback_application_name="taskward",
                    prepare_threshold=None,
                )
            )

    def is_alive(self) -> bool:
        """False when the server has closed the connection or said that it will: then nothing was sent on it."""
        self.on_readable()
        if self.was_terminated:
            self.close()
        return not self.is_closed

    def has_room_for(self, quick: Statement) -> bool:
        """Whether one request more may have the connection, to send this behind the quick reads in flight."""
        return bool(self.in_flight) and self.users < MOST_SHARING and not self.was_terminated and self.may_follow(quick)

    def may_follow(self, quick: Statement) -> bool:
        """Whether this may be sent behind what is in flight.

        Only what has its name: one that is given in a group that fails would be missed in the groups behind it.
        """
        return self.is_shared and quick in self.prepared and not self.preparing

    def send(self, group: Group, *, quick: Statement | None = None) -> "asyncio.Future[list[PGresult]]":
        """The results of the group's statements in their order; behind a failed one they mean nothing.

        `quick` is the statement of a quick read (`Statement.is_quick`), which may share the connection with others.
        The future raises ConnectionLost when the connection breaks before the server has answered.

        Raises:
            RuntimeError: a group is in flight, and this one may not be sent behind it.
        """
        if not self.in_flight:
            self.is_shared = quick is not None and self.is_direct
            if self.preparing:
                self.preparing = {}
        elif quick is None or not self.may_follow(quick):
            raise RuntimeError("a group is in flight: behind a pooler its rows could reach whoever sent a second one")
        pending = self.loop.create_future()
        self.in_flight.append(pending)
        try:
            for index, (statement, parameters) in enumerate(group):
                name = self.prepared.get(statement)
                if name is None and self.is_direct and statement.is_prepared:
                    name = self.prepare(statement, index)
                if name is None:
                    self.pgconn.send_query_params(statement.sql, parameters)
                else:
                    self.pgconn.send_query_prepared(name, parameters)
            self.pgconn.pipeline_sync()
            self.flush()
        except psycopg.Error:
            self.close()
        except BaseException:
            self.close()  # nothing may be sent behind half a group, and become a part of it
            raise
        return pending

    def prepare(self, statement: Statement, index: int) -> bytes:
        """The name under which the server is told to keep the statement, which has this index in its group."""
        self.names_given += 1
        name = b"statement_%d" % self.names_given  # never twice: where preparing failed, the name may be taken or not
        self.pgconn.send_prepare(name, statement.sql)
        self.prepared[statement] = name
        self.preparing[index + len(self.preparing)] = statement
        return name

    def flush(self) -> None:
        unsent = self.pgconn.flush() == 1
        if unsent and not self.is_writing:
            self.loop.add_writer(self.socket, self.on_writable)
        elif self.is_writing and not unsent:
            self.loop.remove_writer(self.socket)
        self.is_writing = unsent

    def on_writable(self) -> None:
        try:
            self.flush()
        except psycopg.Error:
            self.close()

    def on_readable(self) -> None:
        if self.is_closed:
            return
        try:
            self.pgconn.consume_input()
            if self.in_flight:
                self.collect()
            else:
                self.pgconn.is_busy()  # reads what the server says unasked: `on_notice`
        except psycopg.Error:
            self.close()

    def on_notice(self, notice: Diagnostic) -> None:
        # A server says why before it closes the connection: nothing may be sent in between.
        if notice.severity_nonlocalized in ("FATAL", "PANIC"):
            self.was_terminated = True  # closing has to wait until libpq, which calls this, has returned

    def collect(self) -> None:
        """Takes the results that have arrived, and with each Sync ends a group."""
        in_flight, pgconn = self.in_flight, self.pgconn
        ends_in_a_row = 0
        while in_flight and ends_in_a_row < 2 and not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:  # the end of one statement's results; a second in a row: no more has arrived
                ends_in_a_row += 1
            elif result.status != PIPELINE_SYNC:
                ends_in_a_row = 0
                self.results.append(result)
            else:
                ends_in_a_row = 0
                results, self.results = self.results_of_statements(), []
                pending = in_flight.popleft()
                if not pending.done():
                    pending.set_result(results)
                if self.on_answered is not None:
                    self.on_answered(self)

    def results_of_statements(self) -> list[PGresult]:
        """Without the results of preparing them; where that failed it stands for the statement's own."""
        if not self.preparing:
            return self.results
        found = []
        for index, result in enumerate(self.results):
            statement = self.preparing.get(index)
            if statement is not None and result.status == COMMAND_OK:
                continue
            if statement is not None:
                del self.prepared[statement]
            found.append(result)
        return found

    def give_up_followers(self) -> None:
        """The reads behind the first group end with ConnectionLost, and none is sent behind it any more.

        The server will answer them all the same, to nobody.
        """
        self.is_shared = False
        for pending in islice(self.in_flight, 1, None):
            lose(pending)

    async def abandon(self) -> None:
        """Asks the server to cancel the first group in flight, and closes the connection.

        It is not used again, because a cancellation that arrives late would hit the next request's statement. That is
        why nobody waits for those behind it any more when the cancellation is sent.
        """
        # The results of the cancelled group must not give it to the next request either: `users` stays above zero.
        self.on_answered = None
        self.give_up_followers()
        try:
            await self.async_connection.cancel_safe(timeout=CANCEL_SECONDS)
        except (psycopg.Error, OSError) as error:
            log.debug("a statement could not be cancelled: %s", type(error).__name__)
        finally:
            self.close()

    def close(self) -> None:
        """What is in flight ends with ConnectionLost."""
        for pending in self.in_flight:
            lose(pending)
        self.in_flight.clear()
        if self.is_closed:
            return
        self.is_closed = True
        self.loop.remove_reader(self.socket)
        if self.is_writing:
            self.loop.remove_writer(self.socket)
        self.pgconn.finish()
        if self.on_lost is not None:
            self.on_lost(self)


def lose(pending: "asyncio.Future[list[PGresult]]") -> None:
    """The request that waits for these results, if it still does, ends with ConnectionLost."""
    if not pending.done():
        pending.set_exception(ConnectionLost("the connection broke"))
