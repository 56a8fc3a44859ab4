"""Tables for as long as a command runs, on disk where they are large."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def temporary_tables() -> Iterator[sqlite3.Connection]:
    # With no name it is a temporary file, which goes with the connection.
    tables = sqlite3.connect("", isolation_level=None)
    try:
        tables.execute("begin")
        yield tables
    finally:
        tables.close()
