"""How the programs of an operator reach the database, and how they tell what went wrong there."""

import re
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

CONNECT_SECONDS = 10

AdminConnection = psycopg.Connection[tuple[Any, ...]]


class UrlNotUnderstood(psycopg.Error):
    def __init__(self) -> None:
        super().__init__("The database's URL is not one that PostgreSQL's library understands.")


def connect(url: str, *, application_name: str, autocommit: bool = True) -> AdminConnection:
    """A connection that prepares no statement, because a pooler may be in between.

    Raises:
        psycopg.Error: `failure_sentence` tells it.
    """
    try:
        return psycopg.connect(
            url,
            autocommit=autocommit,
            prepare_threshold=None,
            connect_timeout=CONNECT_SECONDS,
            fallback_application_name=application_name,
        )
    except psycopg.ProgrammingError:  # its text may quote the password
        raise UrlNotUnderstood from None


def failure_sentence(what_failed: str, error: BaseException | None) -> str:
    """`what_failed` and PostgreSQL's message, without its context lines. psycopg puts no password into it."""
    if isinstance(error, UrlNotUnderstood):
        return str(error)
    first = [*str(error).strip().splitlines(), "PostgreSQL gave no reason"][0]
    reason = re.sub(r"^connection failed: ", "", first).rstrip(".")
    end = "" if reason.endswith(";") else "."  # SQL at the end is there to be pasted
    return f"{what_failed}: {reason}{end}"


def database_at(url: str) -> str:
    """The database's name and host, for people."""
    parts = conninfo_to_dict(url)
    host = parts.get("host") or parts.get("hostaddr") or "its local socket"
    port = parts.get("port", "5432")
    return f"{parts.get('dbname') or parts.get('user') or 'default'} on {host}" + (f":{port}" if port != "5432" else "")
