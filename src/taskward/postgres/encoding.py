"""PostgreSQL's text format: of the values that go out with a statement, and of the rows that come back."""

from datetime import date, datetime
from typing import Any

from psycopg.pq.abc import PGresult

Row = tuple[bytes | None, ...]
"""PostgreSQL's text format, None for null."""


def as_text(value: Any) -> bytes | None:
    """PostgreSQL's text format of the few types that statements bind.

    Raises:
        ValueError: text that PostgreSQL cannot store, which is U+0000 and lone surrogates.
        TypeError: a value of another type.
    """
    match value:
        case None:
            return None
        case str():
            if "\0" in value:
                raise ValueError("text with U+0000")  # libpq would cut it off there, and an owner with it
            return value.encode()
        case bool():
            return b"t" if value else b"f"
        case int():
            return b"%d" % value
        case list():
            return array_as_text(value)
        case datetime():  # before `date`, which it is as well
            return value.isoformat().encode()
        case date():
            return value.isoformat().encode()
    raise TypeError(f"no text format is known for {type(value).__name__}")


def array_as_text(items: list[Any]) -> bytes:
    """Of integers alone or of texts alone (PostgreSQL §8.15.6).

    Raises:
        ValueError: a text that PostgreSQL cannot store.
        TypeError: items of other types, or of both.
    """
    if all(type(item) is int for item in items):
        return b"{%b}" % b",".join(b"%d" % item for item in items)
    if not all(isinstance(item, str) for item in items):
        raise TypeError("no text format is known for a list of these")
    # Most texts are words, which need no escape: then the whole is joined and encoded at once.
    joined = '","'.join(items)
    if "\\" in joined or joined.count('"') > 2 * (len(items) - 1):
        joined = '","'.join(item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    if "\0" in joined:
        raise ValueError("text with U+0000")
    return f'{{"{joined}"}}'.encode()


def rows(result: PGresult) -> list[Row]:
    columns = range(result.nfields)
    return [tuple(result.get_value(row, i) for i in columns) for row in range(result.ntuples)]
