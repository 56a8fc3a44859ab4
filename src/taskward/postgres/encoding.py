"""PostgreSQL's text format: of the values that go out with a statement, and of the rows that come back."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.pq.abc import PGresult

Row = tuple[bytes | None, ...]
"""PostgreSQL's text format, None for null."""


def as_text(value: Any) -> bytes | None:
    """PostgreSQL's text format of the few types that statements bind.

    Raises:
        ValueError: text that PostgreSQL cannot store, which is U+0000 and lone surrogates.
        TypeError: a value of another type.
    """
    encode = ENCODERS.get(type(value)) or encoder_of_base(type(value))
    return encode(value)


def null_as_text(_: None) -> None:
    return None


def string_as_text(value: str) -> bytes:
    if "\0" in value:
        raise ValueError("text with U+0000")  # libpq would cut it off there, and an owner with it
    return value.encode()


def boolean_as_text(value: bool) -> bytes:
    return b"t" if value else b"f"


def date_as_text(value: date) -> bytes:
    return value.isoformat().encode()


def uuid_as_text(value: UUID) -> bytes:
    return str(value).encode()


def array_as_text(items: Sequence[Any]) -> bytes:
    """Of integers alone or of texts alone (PostgreSQL §8.15.6).

    Raises:
        ValueError: a text that PostgreSQL cannot store.
        TypeError: items of other types, or of both.
    """
    if not items:
        return b"{}"
    types = set(map(type, items))
    if types == INTEGERS:
        return b"{%b}" % b",".join(map(b"%d".__mod__, items))
    if types != STRINGS and not all(issubclass(kind, str) for kind in types):
        raise TypeError("no text format is known for a list of these")
    # Most texts are words, which need no escape: then the whole is joined and encoded at once.
    joined = '","'.join(items)
    if "\\" in joined or joined.count('"') > 2 * (len(items) - 1):
        joined = '","'.join(item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    if "\0" in joined:
        raise ValueError("text with U+0000")
    return f'{{"{joined}"}}'.encode()


INTEGERS, STRINGS = {int}, {str}

ENCODERS: dict[type, Callable[[Any], bytes | None]] = {
    type(None): null_as_text,
    str: string_as_text,
    bool: boolean_as_text,
    int: b"%d".__mod__,
    list: array_as_text,
    tuple: array_as_text,
    datetime: date_as_text,
    date: date_as_text,
    UUID: uuid_as_text,
}


def encoder_of_base(kind: type) -> Callable[[Any], bytes | None]:
    """Of a type that is derived from one of them."""
    for base in kind.__mro__:
        if base in ENCODERS:
            return ENCODERS[base]
    raise TypeError(f"no text format is known for {kind.__name__}")


def rows(result: PGresult) -> list[Row]:
    columns = range(result.nfields)
    return [tuple(result.get_value(row, i) for i in columns) for row in range(result.ntuples)]
