"""Statements as they are sent: parameters in their order, no constant inside, and values that come back unharmed."""

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import pq
from psycopg.pq.abc import PGconn
from sqlalchemy import BigInteger, Text, bindparam, func, insert, literal_column, select, update
from sqlmodel import SQLModel

from taskward.owners.actions import FORGET
from taskward.postgres import context
from taskward.postgres.statements import OWNER, LazyStatement, Statement, compiled, json_list, json_of_columns, owned
from taskward.resources import clock, idempotency
from taskward.tasks import actions, batch, finding, trash

TASKS = SQLModel.metadata.tables["tasks"]

EVERY_STATEMENT = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value.statement if isinstance(value, LazyStatement) else value
    for module in (actions, batch, clock, context, finding, idempotency, trash)
    for name, value in vars(module).items()
    if isinstance(value, Statement | LazyStatement)
} | {f"forget.{name}": value.statement for name, value in FORGET.items()}


def text(name: str) -> Any:
    return bindparam(name, type_=Text())


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[PGconn]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection.pgconn


def asked(server: PGconn, statement: Statement, **values: Any) -> list[bytes | None]:
    result = server.exec_params(statement.sql, statement(**values).parameters(b"the owner"))
    assert result.status == pq.ExecStatus.TUPLES_OK, result.error_message.decode()
    return [result.get_value(0, column) for column in range(result.nfields)]


# Parameters


@pytest.mark.parametrize("name", EVERY_STATEMENT)
def test_every_number_in_a_statement_has_its_parameter_and_every_parameter_its_number(name: str) -> None:
    statement = EVERY_STATEMENT[name]
    numbers = [int(number) for number in re.findall(rb"\$(\d+)", statement.sql)]
    assert set(numbers) == set(range(1, len(statement.order) + 1))
    assert len(set(statement.order)) == len(statement.order)
    assert b"POSTCOMPILE" not in statement.sql
    assert b"%(" not in statement.sql


@pytest.mark.parametrize("name", EVERY_STATEMENT)
def test_the_server_takes_every_statement_as_it_is_sent(database_url: str, name: str) -> None:
    with psycopg.connect(database_url) as connection:
        prepared = connection.pgconn.prepare(b"", EVERY_STATEMENT[name].sql)
        assert prepared.status == pq.ExecStatus.COMMAND_OK, prepared.error_message.decode()
        described = connection.pgconn.describe_prepared(b"")
        assert described.nparams == len(EVERY_STATEMENT[name].order)


def test_parameters_stand_in_the_order_in_which_the_statement_names_them() -> None:
    """`positiontup` is no documented part of SQLAlchemy."""
    first = select(text("first").label("a")).cte("earlier")
    statement = compiled(
        select(text("second"), text("first"), first.c.a, text("third")).where(text("fourth") == text("second"))
    )

    assert statement.order == ("second", "first", "third", "fourth")
    assert " ".join(statement.sql.decode().split()) == (
        "WITH earlier AS (SELECT $2::VARCHAR AS a) SELECT $1::VARCHAR AS anon_1, $2::VARCHAR AS anon_2, earlier.a, "
        "$3::VARCHAR AS anon_3 FROM earlier WHERE $4::VARCHAR = $1::VARCHAR"
    )


def test_each_value_arrives_at_its_own_place(server: PGconn) -> None:
    names = [f"value_{letter}" for letter in "qwertyuiopasdfg"]
    source = select(*(text(name).label(name) for name in names[:5])).cte("source")
    statement = compiled(
        select(
            *(text(name) for name in reversed(names)),
            *(source.c[name] for name in names[:5]),
            select(func.concat(*(text(name) for name in names[7:3:-1]))).scalar_subquery(),
            owned(select(func.count()).select_from(TASKS), TASKS).exists(),
            bindparam("owner", type_=Text()),
        )
    )

    found = asked(server, statement, **{name: name for name in names})

    expected = [*reversed(names), *names[:5], "".join(names[7:3:-1])]
    assert [value and value.decode() for value in found[:-2]] == expected
    assert found[-1] == b"the owner"


def test_the_owner_is_filled_in_and_cannot_be_given() -> None:
    statement = compiled(owned(select(TASKS.c.id).where(TASKS.c.title == text("title")), TASKS))

    bound = statement(title="Milk", owner="somebody else")

    assert dict(zip(statement.order, bound.parameters(b"ann"), strict=True)) == {"title": b"Milk", "owner": b"ann"}


def test_a_missing_value_is_an_error() -> None:
    statement = compiled(select(text("title")))
    with pytest.raises(KeyError):
        statement().parameters(b"ann")


@pytest.mark.parametrize(
    "statement",
    [
        select(TASKS.c.id).where(TASKS.c.title == "Milk"),
        select(TASKS.c.id).where(TASKS.c.id == 0),
        select(TASKS.c.id).where(TASKS.c.title.in_(["Milk", "Bread"])),
        select(TASKS.c.id).limit(10),
        update(TASKS).values(description=None),
        insert(TASKS).values(owner_id=OWNER, title="Milk"),
        update(TASKS).values(title=""),
        select(func.coalesce(TASKS.c.version, 0)),
    ],
    ids=str,
)
def test_a_constant_inside_a_statement_is_refused(statement: Any) -> None:
    with pytest.raises(ValueError, match="literal columns"):
        compiled(statement)


def test_literal_columns_are_no_constants() -> None:
    statement = compiled(select(literal_column("1"), literal_column("null")).limit(literal_column("1")))
    assert statement.order == ()


# JSON


def test_rows_become_json_in_the_order_that_is_asked_for(server: PGconn) -> None:
    numbers = select(func.generate_series(literal_column("1"), bindparam("last", type_=BigInteger())).label("n"))
    rows = numbers.subquery("rows")

    upwards = compiled(select(json_list(rows, rows.c.n)))
    downwards = compiled(select(json_list(rows, rows.c.n.desc())))

    assert asked(server, upwards, last=3) == [b'[{"n":1}, {"n":2}, {"n":3}]']
    assert asked(server, downwards, last=2) == [b'[{"n":2}, {"n":1}]']
    assert asked(server, upwards, last=0) == [b"[]"]


def test_a_row_becomes_an_object_of_the_columns_that_are_named(server: PGconn) -> None:
    row = select(text("title").label("title"), text("secret").label("secret")).cte("row")

    found = asked(server, compiled(select(json_of_columns([row.c.title], row))), title='"M\\ilk"\n', secret="s")

    assert found == [b'{"title":"\\"M\\\\ilk\\"\\n"}']
