"""What a failed attempt to connect means, by what an imitated server says or what libpq finds out."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from support.databases import asked, using
from support.refusing_server import RefusingServer, refusing_server
from taskward.database_url import NamedUrl
from taskward.migrations import MigrationRefused, migrate
from taskward.operations.doctor import examine
from taskward.operations.retention import RetentionRefused, forget, purge
from taskward.postgres import connecting
from taskward.postgres.administration import NotConnected, connect
from taskward.postgres.connecting import database_at, with_authorities
from taskward.postgres.failures import DatabaseRefused
from taskward.settings import read_settings


@pytest.fixture
def server() -> Iterator[RefusingServer]:
    with refusing_server() as server:
        yield server


def url_of(server: RefusingServer) -> str:
    return f"postgresql://ann:open-sesame@127.0.0.1:{server.port}/app"


def told(url: str) -> str:
    with pytest.raises(NotConnected) as refused:
        connect(url, application_name="test")
    return str(refused.value)


async def starts(url: str) -> tuple[str | None, list[str]]:
    """The refusal of the start, if there is one, and what `/ready` says."""
    async with using(url) as pool:
        try:
            await pool.open()
        except DatabaseRefused as refusal:
            return str(refusal), await pool.readiness()
        return None, await pool.readiness()


REFUSALS = [
    ("XX000", "Tenant or user not found"),
    ("28000", "connection is insecure (try using `sslmode=require`)"),
    ("28P01", "Passwort-Authentifizierung für Benutzer »ann« fehlgeschlagen"),
    ("3D000", "Datenbank »app« existiert nicht"),
    ("42501", "permission denied for database app"),
    ("55000", 'database "app" is not currently accepting connections'),
    ("57P04", "the database was dropped"),
    ("22023", 'invalid value for parameter "TimeZone": "x"'),
    ("0A000", "unsupported frontend protocol 3.0"),
    ("08P01", "no such database: app"),
    ("08P01", "unsupported startup parameter in options: row_security"),
    ("08P01", 'server login failed: FATAL password authentication failed for user "x"'),
    ("XX000", "Your account or project has exceeded the compute time quota."),
    ("XX000", "The endpoint is disabled"),
    ("58000", "No pool configured for database app"),
    (None, "go away"),
]

PASSING = [
    ("57P03", "das Datenbanksystem startet"),
    ("57P01", "terminating connection due to administrator command"),
    ("53300", "désolé, trop de clients sont déjà connectés"),
    ("53200", "out of memory"),
    ("08006", "connection failure"),
    ("08P01", "query_wait_timeout"),
    ("08P01", "server login has been failing, try again later (server_login_retry)"),
    ("08P01", "no more connections allowed (max_client_conn)"),
    ("08P01", "pgbouncer cannot connect to server"),
    ("08P01", "the pooler is shut down"),
    ("XX000", "Control plane request failed"),
    ("XX000", "Max client connections reached"),
    ("XX000", "unable to check out process from the pool due to timeout"),
    (None, "sorry, too many clients already"),
]


@pytest.mark.parametrize(("state", "message"), REFUSALS)
def test_what_a_server_says_at_connect_is_a_refusal_that_is_quoted(
    server: RefusingServer, state: str | None, message: str
) -> None:
    server.state, server.message = state, message
    quoted = f"{message.rstrip('.')}" + (f" (SQLSTATE {state})" if state else "")

    refusal, ready = asyncio.run(starts(NamedUrl(url_of(server), named="DATABASE_URL of the environment")))

    assert refusal == (
        f"The database app on 127.0.0.1:{server.port} (DATABASE_URL of the environment) refuses the connection: "
        f"{quoted}."
    )
    assert ready == [f"The database refuses the connection: {quoted}."]


@pytest.mark.parametrize(("state", "message"), PASSING)
def test_what_is_known_to_pass_does_not_stop_the_start(
    server: RefusingServer, state: str | None, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.state, server.message = state, message

    refusal, [ready] = asyncio.run(starts(url_of(server)))

    assert refusal is None
    assert message in ready
    assert message in caplog.text


def test_states_count_in_any_language_and_with_psycopg_in_python_alone(
    server: RefusingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the state, which another build of psycopg may not give, the words are quoted all the same."""
    server.state, server.message, server.severity = "57P03", "データベースシステムは起動しています", "致命的"
    assert asyncio.run(starts(url_of(server)))[0] is None

    monkeypatch.setattr(connecting, "libpq", lambda: None)
    assert told(url_of(server)).endswith("refuses the connection: データベースシステムは起動しています.")


def test_a_refusal_while_it_serves_is_tried_again_and_told(
    server: RefusingServer, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.message = "Tenant or user not found"
    caplog.set_level("INFO")

    async def main() -> None:
        async with using(database_url) as pool:
            await pool.open()
            good, pool.url = pool.url, url_of(server)
            for connection in tuple(pool.connections):
                connection.close()
            assert await pool.readiness() == [
                "The database refuses the connection: Tenant or user not found (SQLSTATE XX000)."
            ]
            pool.url = good
            assert await pool.readiness() == []

    asyncio.run(main())
    assert "Tenant or user not found" in caplog.text
    assert "the database answers again" in caplog.text


def test_what_a_server_says_is_quoted_without_the_password_and_in_one_line(server: RefusingServer) -> None:
    server.message = "bad\tpassword open-sesame\x1b[31m " + "x" * 1000

    said = told(url_of(server))

    assert "open-sesame" not in said
    assert "bad password ***" in said
    assert said.isprintable()
    assert len(said) < 500


def test_a_name_that_is_the_password_as_well_stays_readable(server: RefusingServer) -> None:
    server.message = 'user "ann" is unknown'

    assert 'user "ann" is unknown' in told(url_of(server).replace("open-sesame", "ann"))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ("sslmode=verify-full", ["server does not support SSL, but SSL was required", "no TLS"]),
        ("service=nowhere", ['definition of service "nowhere" not found']),
        ("target_session_attrs=nonsense", ['invalid target_session_attrs value: "nonsense"']),
        ("require_auth=none", ["authentication method requirement"]),
    ],
)
def test_what_the_library_finds_out_is_one_sentence(server: RefusingServer, parameters: str, words: list[str]) -> None:
    server.raw = b"R\0\0\0\x08\0\0\0\x03"  # asks for a password in plain text

    said = told(f"{url_of(server)}?{parameters}")

    assert said.startswith("No connection to the database app on 127.0.0.1")
    assert said.endswith(".")
    assert "\n" not in said
    for word in words:
        assert word in said
    assert asyncio.run(starts(f"{url_of(server)}?{parameters}"))[0] == said


def test_something_else_than_postgresql_is_told(server: RefusingServer) -> None:
    server.raw = b"HTTP/1.1 400 Bad Request\r\n\r\n"

    assert told(url_of(server)).endswith("what answers at this port is no PostgreSQL.")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:sesame@127.0.0.1:1/d", "Connection refused; nothing listens there."),
        ("postgresql://u:sesame@nowhere.invalid/d", "failed to resolve host 'nowhere.invalid'"),
        ("postgresql://u:sesame@/d?host=/nowhere", 'socket "/nowhere/.s.PGSQL.5432" failed: No such file'),
        ("postgresql://u:sesame@127.0.0.1:1,127.0.0.1:2/d", "Connection refused; nothing listens there."),
    ],
)
def test_a_server_that_is_not_there_is_one_sentence_and_stops_no_start(url: str, words: str) -> None:
    assert words in told(url)
    assert asyncio.run(starts(url))[0] is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:sesame@a..b/d", "the URL's host is no name that can be looked up."),
        (f"postgresql://u:sesame@{'a' * 70}.example/d", "the URL's host is no name that can be looked up."),
        ("postgresql://u:sesame@127.0.0.1:1/d?hostaddr=nonsense", 'could not parse network address "nonsense"'),
        (f"postgresql://u:sesame@/d?host=/{'a' * 120}", "is too long"),
    ],
)
def test_an_address_that_can_be_none_is_a_refusal(url: str, words: str) -> None:
    assert words in told(url)
    refusal, _ = asyncio.run(starts(url))
    assert refusal is not None
    assert words in refusal


def test_an_answer_counts_more_than_an_address_where_nothing_listens(server: RefusingServer) -> None:
    server.state, server.message = "28P01", "wrong"
    url = url_of(server).replace("@", "@127.0.0.1:1,")

    refusal, _ = asyncio.run(starts(url))
    assert refusal is not None
    assert refusal.endswith("refuses the connection: wrong (SQLSTATE 28P01).")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            "sslmode=verify-full",
            '/.postgresql/root.crt" does not exist; name another with sslrootcert=…, or take the authorities that this '
            "system trusts with sslrootcert=system.",
        ),
        (
            "sslmode=verify-ca&sslrootcert=/nowhere/ca.pem",
            'root certificate file "/nowhere/ca.pem" does not exist; name',
        ),
        ("sslmode=require&sslrootcert=system", "weak sslmode"),
    ],
)
def test_a_file_that_tls_needs_is_named_with_the_way_out(
    server: RefusingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: str, words: str
) -> None:
    server.encryption = b"S"
    monkeypatch.setenv("HOME", str(tmp_path))

    said = told(f"{url_of(server)}?{parameters}")

    assert said.startswith("No connection to the database app on 127.0.0.1")
    assert words in said
    assert "\n" not in said
    assert asyncio.run(starts(f"{url_of(server)}?{parameters}"))[0] == said


def test_the_authorities_of_the_system_are_found_though_the_library_has_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    given = "host=h sslrootcert=system"
    found = conninfo_to_dict(with_authorities(given))

    assert found["sslmode"] == "verify-full"
    assert "BEGIN CERTIFICATE" in Path(str(found["sslrootcert"])).read_text()
    for other in (
        "host=h sslmode=require sslrootcert=system",
        "host=h sslmode=verify-full sslrootcert=/ca.pem",
        "host=h",
    ):
        assert with_authorities(other) == other
    monkeypatch.setenv("SSL_CERT_FILE", "/ca.pem")
    assert with_authorities(given) == given


@pytest.mark.parametrize(
    ("name", "value"),
    [("PGHOSTADDR", "127.0.0.1"), ("PGSSLMODE", "require"), ("PGSERVICE", "nowhere"), ("PGREQUIREAUTH", "none")],
)
def test_what_the_library_takes_from_the_environment_is_named(
    server: RefusingServer, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    assert f"({name} of the environment is used too)" in told(url_of(server))


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_of_another_encoding_is_refused_in_one_sentence(cluster: str, encoding: str) -> None:
    name = f"encoded_{encoding.lower()}_{os.getpid()}"
    options = f"encoding '{encoding}' template template0 locale_provider libc locale 'C'"
    asked(cluster, f"create database {name} {options}")
    url = urlsplit(cluster)._replace(path=f"/{name}").geturl()
    sentence = (
        f"The encoding of {{}} is {encoding} and must be UTF8: make another, "
        "`create database … encoding 'UTF8' template template0`."
    )
    of_url, of_pool = sentence.format(f"the database {database_at(url)}"), sentence.format("the database")
    try:
        attempts: list[tuple[type[Exception], Callable[[], object]]] = [
            (MigrationRefused, lambda: migrate(url)),
            (RetentionRefused, lambda: purge(url, trash_days=30)),
            (RetentionRefused, lambda: forget(url, "ann")),
        ]
        for kind, attempt in attempts:
            with pytest.raises(kind) as refused:
                attempt()
            assert str(refused.value) == of_url
        assert asyncio.run(starts(url)) == (of_pool, [of_pool])
        assert [*examine(read_settings(), url, url, clock=lambda: 0)][-1].sentence == of_url
    finally:
        asked(cluster, f"drop database {name} with (force)")


def test_the_library_can_be_asked_for_states() -> None:
    """Else every answer at connect would be told by its words."""
    assert pq.__impl__ == "binary"
    assert connecting.libpq() is not None
