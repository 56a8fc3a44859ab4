"""One libpq connection in pipeline mode on the event loop, for one group of statements at a time.

A group is statements and one Sync, sent in one flush: one round trip and one implicit transaction.
Several Syncs in flight are not safe behind a pooler in transaction mode, so there is never a second.

On a connection known to be direct the server keeps statements under names, and parses and plans them no more.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
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

Group = Sequence[tuple[Statement, list[bytes | None]]]
"""Statements with their parameters in text format."""


class ConnectionLost(Exception):
    """The connection broke while a group was in flight, which the server may or may not have carried out."""


class Connection:
    """Reads while idle too, so that a connection which the server has closed is known before it is used.

    `on_idle` is called when the server has answered a group, also when the request has gone that sent it; `on_lost`
    once, when the connection is closed.
    """

    on_idle: Callable[["Connection"], None] | None = None
    on_lost: Callable[["Connection"], None] | None = None

    def __init__(self, async_connection: psycopg.AsyncConnection) -> None:
        self.async_connection = async_connection
        self.pgconn = async_connection.pgconn
        self.loop = asyncio.get_running_loop()
        self.socket = self.pgconn.socket
        self.pending: asyncio.Future[list[PGresult]] | None = None  # the results of the group in flight
        self.results: list[PGresult] = []
        self.groups_sent = 0
        self.is_direct = False
        self.prepared: dict[Statement, bytes] = {}  # their names
        self.preparing: dict[int, Statement] = {}  # by the index of the result, in the group in flight, that tells it
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

    def send(self, group: Group) -> "asyncio.Future[list[PGresult]]":
        """The results of the group's statements in their order; behind a failed one they mean nothing.

        The future raises ConnectionLost when the connection breaks before the server has answered.

        Raises:
            RuntimeError: a group is in flight.
        """
        if self.pending is not None:
            raise RuntimeError("a group is in flight: behind a pooler its rows could reach whoever sent a second one")
        pending = self.pending = self.loop.create_future()
        self.results, self.preparing = [], {}
        self.groups_sent += 1
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
            if self.pending is not None:
                self.collect(self.pending)
            else:
                self.pgconn.is_busy()  # reads what the server says unasked: `on_notice`
        except psycopg.Error:
            self.close()

    def on_notice(self, notice: Diagnostic) -> None:
        # A server says why before it closes the connection: nothing may be sent in between.
        if notice.severity_nonlocalized in ("FATAL", "PANIC"):
            self.was_terminated = True  # closing has to wait until libpq, which calls this, has returned

    def collect(self, pending: "asyncio.Future[list[PGresult]]") -> None:
        """Takes the results that have arrived, and with the Sync ends the group."""
        ends_in_a_row = 0
        while ends_in_a_row < 2 and not self.pgconn.is_busy():
            result = self.pgconn.get_result()
            if result is None:  # the end of one statement's results; a second in a row: no more has arrived
                ends_in_a_row += 1
            elif result.status != pq.ExecStatus.PIPELINE_SYNC:
                ends_in_a_row = 0
                self.results.append(result)
            else:
                results, self.results, self.pending = self.results_of_statements(), [], None
                if not pending.done():
                    pending.set_result(results)
                if self.on_idle is not None:
                    self.on_idle(self)
                return

    def results_of_statements(self) -> list[PGresult]:
        """Without the results of preparing them; where that failed it stands for the statement's own."""
        if not self.preparing:
            return self.results
        found = []
        for index, result in enumerate(self.results):
            statement = self.preparing.get(index)
            if statement is not None and result.status == pq.ExecStatus.COMMAND_OK:
                continue
            if statement is not None:
                del self.prepared[statement]
            found.append(result)
        return found

    async def abandon(self) -> None:
        """Asks the server to cancel the group in flight, and closes the connection.

        It is not used again, because a cancellation that arrives late would hit the next request's statement.
        """
        self.on_idle = None  # the results of the cancelled group must not give it to the next request either
        try:
            await self.async_connection.cancel_safe(timeout=CANCEL_SECONDS)
        except (psycopg.Error, OSError) as error:
            log.debug("a statement could not be cancelled: %s", type(error).__name__)
        finally:
            self.close()

    def close(self) -> None:
        """The group in flight, if there is one, ends with ConnectionLost."""
        pending, self.pending = self.pending, None
        if pending is not None and not pending.done():
            pending.set_exception(ConnectionLost("the connection broke"))
        if self.is_closed:
            return
        self.is_closed = True
        self.loop.remove_reader(self.socket)
        if self.is_writing:
            self.loop.remove_writer(self.socket)
        self.pgconn.finish()
        if self.on_lost is not None:
            self.on_lost(self)
