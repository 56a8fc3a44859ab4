"""Files and tables for as long as a command runs, on disk where they are large."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


@contextmanager
def temporary_file(refusal: type[Exception]) -> Iterator[BinaryIO]:
    """
    Raises:
        refusal: no folder takes one.
    """
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
    except OSError as error:
        raise refusal(f"What is read cannot be kept: {error.strerror}.") from None
    with file:
        yield file


@contextmanager
def temporary_tables() -> Iterator[sqlite3.Connection]:
    """
    Raises:
        sqlite3.OperationalError: in the middle, when there is no room; then all that was in them is gone.
    """
    # With no name it is a temporary file, which goes with the connection.
    tables = sqlite3.connect("", isolation_level=None)
    try:
        tables.execute("begin")
        yield tables
    finally:
        tables.close()
