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

from taskward.postgres.statements import Statement

log = logging.getLogger("taskward.database")

CONNECT_SECONDS = 5
"""A sleeping server may take this long to wake. A request waits for it only until its own deadline.

Not longer: an attempt that the network swallowed must make room for one that finds the database again.
"""

CANCEL_SECONDS = 1

Group = Sequence[tuple[Statement, list[bytes | None]]]
"""Statements with their parameters in text format."""


class ConnectionLost(Exception):
    """The connection broke while a group was on it: nobody knows how far the server came."""


class Connection:
    """Listens while idle too, so that one that died asleep is known to be dead before it is used.

    `on_idle` is called when the server has answered a group, whoever still waits for it; `on_lost` once,
    when the connection is gone.
    """

    on_idle: Callable[["Connection"], None] | None = None
    on_lost: Callable[["Connection"], None] | None = None

    def __init__(self, session: psycopg.AsyncConnection) -> None:
        self.session = session
        self.pg = session.pgconn
        self.loop = asyncio.get_running_loop()
        self.socket = self.pg.socket
        self.answer: asyncio.Future[list[PGresult]] | None = None
        self.results: list[PGresult] = []
        self.groups_sent = 0
        self.is_direct = False
        self.names: dict[Statement, bytes] = {}
        self.parses: dict[int, Statement] = {}  # which results of the group on its way tell of a name that was given
        self.names_given = 0
        self.is_writing = False
        self.is_doomed = False
        self.is_closed = False
        session.add_notice_handler(self.on_notice)
        self.pg.nonblocking = 1
        self.pg.enter_pipeline_mode()
        self.loop.add_reader(self.socket, self.on_readable)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Raises psycopg.Error, OSError or TimeoutError."""
        async with asyncio.timeout(CONNECT_SECONDS):
            return cls(
                await psycopg.AsyncConnection.connect(
                    url,
                    autocommit=True,
                    client_encoding="UTF8",
                    fallback_application_name="taskward",
                    prepare_threshold=None,
                )
            )

    def is_alive(self) -> bool:
        """False when the server hung up while the connection was idle: then nothing was sent on it."""
        self.on_readable()
        if self.is_doomed:
            self.close()
        return not self.is_closed

    def send(self, group: Group) -> "asyncio.Future[list[PGresult]]":
        """The results of the group, the first failed one the last that counts; ConnectionLost when there are none."""
        if self.answer is not None:
            raise RuntimeError("a group is on its way: a second one could be taken for the owner of its rows")
        answer = self.answer = self.loop.create_future()
        self.results, self.parses = [], {}
        self.groups_sent += 1
        try:
            for position, (statement, parameters) in enumerate(group):
                name = self.names.get(statement)
                if name is None and self.is_direct and statement.is_kept:
                    name = self.parse(statement, position)
                if name is None:
                    self.pg.send_query_params(statement.sql, parameters)
                else:
                    self.pg.send_query_prepared(name, parameters)
            self.pg.pipeline_sync()
            self.flush()
        except psycopg.Error:
            self.close()
        return answer

    def parse(self, statement: Statement, position: int) -> bytes:
        """Has the server keep the statement, which stands at this position in its group."""
        self.names_given += 1
        name = b"statement_%d" % self.names_given  # none is given twice: nobody knows what became of one that failed
        self.pg.send_prepare(name, statement.sql)
        self.names[statement] = name
        self.parses[position + len(self.parses)] = statement
        return name

    def flush(self) -> None:
        unsent = self.pg.flush() == 1
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
            self.pg.consume_input()
            if self.answer is not None:
                self.collect(self.answer)
            else:
                self.pg.is_busy()  # reads what the server says on its own: `on_notice`
        except psycopg.Error:
            self.close()

    def on_notice(self, notice: Diagnostic) -> None:
        # The last words of a server come before its end of the connection does: nothing may be sent in between.
        if notice.severity_nonlocalized in ("FATAL", "PANIC"):
            self.is_doomed = True  # closing has to wait until libpq, which calls this, has returned

    def collect(self, answer: "asyncio.Future[list[PGresult]]") -> None:
        ends_in_a_row = 0
        while ends_in_a_row < 2 and not self.pg.is_busy():
            result = self.pg.get_result()
            if result is None:  # the end of one statement's results; a second in a row: no more has arrived
                ends_in_a_row += 1
            elif result.status != pq.ExecStatus.PIPELINE_SYNC:
                ends_in_a_row = 0
                self.results.append(result)
            else:
                results, self.results, self.answer = self.without_parses(), [], None
                if not answer.done():
                    answer.set_result(results)
                if self.on_idle is not None:
                    self.on_idle(self)
                return

    def without_parses(self) -> list[PGresult]:
        if not self.parses:
            return self.results
        kept = []
        for position, result in enumerate(self.results):
            statement = self.parses.get(position)
            if statement is not None and result.status == pq.ExecStatus.COMMAND_OK:
                continue
            if statement is not None:
                del self.names[statement]
            kept.append(result)
        return kept

    async def abandon(self) -> None:
        """Stops what the server still does for a request that has gone, and closes.

        The connection is not used again: a cancellation that arrives late would hit the next request.
        """
        self.on_idle = None  # the answer that the cancellation brings must not give it to the next request either
        try:
            await self.session.cancel_safe(timeout=CANCEL_SECONDS)
        except (psycopg.Error, OSError) as error:
            log.debug("a statement could not be cancelled: %s", type(error).__name__)
        finally:
            self.close()

    def close(self) -> None:
        answer, self.answer = self.answer, None
        if answer is not None and not answer.done():
            answer.set_exception(ConnectionLost("the connection broke"))
        if self.is_closed:
            return
        self.is_closed = True
        self.loop.remove_reader(self.socket)
        if self.is_writing:
            self.loop.remove_writer(self.socket)
        self.pg.finish()
        if self.on_lost is not None:
            self.on_lost(self)
