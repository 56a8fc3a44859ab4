"""How the programs of an operator reach the database, and how they tell what went wrong there."""

from typing import Any

import psycopg

from taskward.postgres.connecting import SyncConnection, connect_failure, encoding_fault, named

CONNECT_SECONDS = 10

AdminConnection = psycopg.Connection[tuple[Any, ...]]


class NotConnected(psycopg.Error):
    """Its text is a sentence for the operator."""


def connect(url: str, *, application_name: str, autocommit: bool = True) -> AdminConnection:
    """A connection that prepares no statement, because a pooler may be in between.

    Raises:
        NotConnected: the server cannot be reached or refuses the connection, or its encoding is not UTF8.
    """
    try:
        connection = SyncConnection.connect(
            url,
            autocommit=autocommit,
            prepare_threshold=None,
            connect_timeout=CONNECT_SECONDS,
            client_encoding="UTF8",
            fallback_application_name=application_name,
        )
    except (psycopg.Error, OSError, UnicodeError) as error:
        raise NotConnected(connect_failure(error, url).sentence(named(url))) from None
    fault = encoding_fault(connection.pgconn, named(url))
    if fault is not None:
        connection.close()
        raise NotConnected(fault)
    return connection


def failure_sentence(what_failed: str, error: BaseException | None) -> str:
    """`what_failed` and PostgreSQL's message, without its context lines."""
    if isinstance(error, NotConnected):
        return str(error)
    first = [*str(error).strip().splitlines(), "PostgreSQL gave no reason"][0]
    reason = first.rstrip(".")
    end = "" if reason.endswith(";") else "."  # SQL at the end is there to be pasted
    return f"{what_failed}: {reason}{end}"
