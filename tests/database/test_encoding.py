"""Values that come back from PostgreSQL as they were sent."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import pq
from psycopg.pq.abc import PGconn

from taskward.postgres.encoding import as_text
from taskward.postgres.statements import Statement


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[PGconn]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.pgconn


def asked(server: PGconn, statement: Statement, **values: Any) -> list[bytes | None]:
    result = server.exec_params(statement.sql, statement(**values).parameters(b"the owner"))
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message.decode()
    return [result.get_value(0, column) for column in range(result.nfields)]


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
TRICKY = st.text(st.sampled_from("'\"\\{}[](),$1%sé€🥛\u0301\u202e\ufeff\n\r\t\x01 \x7fNUL"))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
ECHO = Statement(
    b"select $1::text, octet_length($1::text), $2::bigint, $3::bigint[]::text, $4::boolean, "
    b"coalesce(array_length($3::bigint[], 1), 0), $3::bigint[] is null, "
    b"array_to_json($5::text[]), $6::date, $7::timestamptz = ($7::text)::timestamptz, "
    b"extract(epoch from $7::timestamptz)::text",
    ("text", "number", "numbers", "flag", "texts", "day", "instant"),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    text=st.none() | TEXTS | TRICKY,
    number=st.none() | INTEGERS,
    numbers=st.none() | st.lists(INTEGERS, max_size=5),
    flag=st.none() | st.booleans(),
    texts=st.lists(TEXTS | TRICKY | st.sampled_from(["", "null", "NULL", '"', "\\"]), max_size=5),
    day=st.dates(),
    instant=st.datetimes(timezones=st.timezones()).filter(lambda instant: 1 < instant.year < 9999),
)
def test_values_come_back_from_a_server_as_they_were(
    server: PGconn,
    text: str | None,
    number: int | None,
    numbers: list[int] | None,
    flag: bool | None,
    texts: list[str],
    day: date,
    instant: datetime,
) -> None:
    values = {"text": text, "number": number, "numbers": numbers, "flag": flag}

    *found, list_of_texts, the_day, is_same, epoch = asked(
        server, ECHO, **values, texts=texts, day=day, instant=instant
    )

    assert json.loads(list_of_texts or b"") == texts
    assert (the_day, is_same) == (day.isoformat().encode(), b"t")
    assert Decimal((epoch or b"").decode()) * 1_000_000 == (instant - EPOCH) // timedelta(microseconds=1)
    assert found == [
        None if text is None else text.encode(),
        None if text is None else b"%d" % len(text.encode()),
        None if number is None else b"%d" % number,
        None if numbers is None else b"{%b}" % b",".join(b"%d" % item for item in numbers),
        None if flag is None else b"ft"[flag : flag + 1],
        b"%d" % len(numbers or []),
        b"t" if numbers is None else b"f",
    ]


@pytest.mark.parametrize("value", [1.5, b"bytes", ["text", 1], [True], [1, None], (1, "text"), {1}, {}, object()])
def test_values_of_no_known_type_are_an_error(value: Any) -> None:
    with pytest.raises(TypeError, match="no text format"):
        as_text(value)


@pytest.mark.parametrize("value", ["\0", "Mi\0lk", "\ud800", "Mi\udfffilk", ["Milk", "\0"], ["\ud800"]])
def test_text_that_postgresql_cannot_hold_is_an_error(value: str | list[str]) -> None:
    with pytest.raises(ValueError):
        as_text(value)
