import re
import select
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from types import MappingProxyType
from urllib.parse import quote, urlsplit

import psycopg
import pytest

from support.databases import database_of, without_the_roles
from support.key_server import KeyServer, running_key_server
from support.receiver import SECRET as WEBHOOK_SECRET
from support.signing import private_jwk, public
from taskward.migrations import migrate
from taskward.migrations.version_table import LEFT_FOR_0_1
from taskward.operations import doctor
from taskward.operations.doctor import Finding, examine
from taskward.postgres.connecting import database_at
from taskward.settings import read_settings

SECRET = "a secret of thirty-two bytes, or more"
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"


@pytest.fixture
def migrated(new_database: Callable[..., str]) -> str:
    return new_database(is_migrated=True)


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    with running_key_server() as server:
        yield server


def findings(
    url: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    *,
    direct_url: str | None = None,
    clock: Callable[[], float] = time.time,
) -> dict[str, list[Finding]]:
    """By what they are about."""
    found: dict[str, list[Finding]] = {}
    for finding in examine(read_settings(database_url=url, **settings), url, direct_url or url, clock=clock):
        found.setdefault(finding.about, []).append(finding)
    return found


def levels(found: list[Finding]) -> set[str]:
    return {finding.level for finding in found}


def change(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        for statement in statements:
            admin.execute(statement)


def test_a_sound_database_has_no_failure(migrated: str) -> None:
    found = findings(migrated, {"jwt_hs256_secret": SECRET, "better_auth_url": "https://app.example.com"})

    assert levels([finding for group in found.values() for finding in group]) == {"ok", "warn"}
    assert {finding.sentence.split()[2] for finding in found["isolation"]} >= {"tasks", "owner"}
    assert levels(found["roles"]) == {"warn"}
    assert "superuser" in found["roles"][0].sentence


def test_what_is_pending_of_the_webhook_is_told_with_its_age_and_attempts(migrated: str) -> None:
    told = {"webhook_url": "https://app.example.com/hook?token=hunter2", "webhook_secret": WEBHOOK_SECRET}

    def found(**settings: str) -> list[tuple[str, str]]:
        return [(finding.level, finding.sentence) for finding in findings(migrated, settings).get("webhook", [])]

    where = "Changes are told to https://app.example.com"
    assert found() == []
    assert found(**told) == [("ok", f"{where}, and nothing is pending.")]
    change(migrated, "insert into owner (owner_id, version, news_since) select 'ann', ms, ms from (" + NOW_MS + ") now")
    [(level, sentence)] = found(**told)
    assert level == "ok"
    assert re.fullmatch(rf"{where}; of 1 owner something is pending, for [0-9]+ s at most\.", sentence)
    late = "insert into delivery (owner_id, since, attempts) values ('bob', now() - interval '3 hours 10 minutes', 1)"
    change(migrated, late)
    assert found(**told)[0][1].endswith("at most, and an attempt has failed: the log says why.")
    change(migrated, "update delivery set attempts = 4")
    failures = ", and up to 4 attempts have failed: the log says why"
    assert found(**told) == [("warn", f"{where}; of 2 owners something is pending, for 3 hours at most{failures}.")]
    assert found() == [("warn", "WEBHOOK_URL is not set, and of 2 owners something is still to be told.")]


NOW_MS = "select (extract(epoch from now()) * 1000)::bigint as ms"


def test_nothing_but_the_connection_is_told_of_a_database_that_cannot_be_reached() -> None:
    found = findings("postgresql://app:open-sesame@127.0.0.1:1/app")

    assert levels(found["database"]) == {"fail"}
    assert "isolation" not in found
    assert "open-sesame" not in str(found)


def test_a_database_without_a_schema_is_sent_to_migrate(new_database: Callable[..., str]) -> None:
    found = findings(new_database())

    for about in "migrations", "isolation":
        assert levels(found[about]) == {"fail"}
        assert "`taskward migrate`" in found[about][0].sentence


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("alter table tasks disable row level security", "has no row-level security"),
        ("alter table tasks no force row level security", "does not force"),
        ("drop policy own_rows on tasks", "has no policy"),
        ("create policy everything on tasks using (true)", "the policy everything"),
        ("create policy more on tasks for insert to taskward_app with check (true)", "the policy more"),
        ("create table notes (owner_id text)", "has no row-level security"),
    ],
)
def test_a_table_that_would_show_a_stranger_something_is_named(migrated: str, statement: str, fault: str) -> None:
    change(migrated, statement)

    (failure,) = [finding for finding in findings(migrated)["isolation"] if finding.level == "fail"]
    assert fault in failure.sentence
    assert statement.split()[2] in failure.sentence or " tasks " in failure.sentence


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("", "The owner of tasks is the sub of the token."),
        (
            "activeOrganizationId,sub",
            "The owner of tasks is the activeOrganizationId, or else the sub of the token: "
            "people with the same one share tasks.",
        ),
        ("org.id", "The owner of tasks is the org.id of the token: people with the same one share tasks."),
    ],
)
def test_who_the_owner_is_is_said(setting: str, sentence: str) -> None:
    [found] = findings("postgresql://127.0.0.1:1/app", {"owner_claim": setting})["owner"]

    assert (found.level, found.sentence) == ("ok", sentence)


def test_whether_assistants_get_in_is_said_where_they_may(
    key_server: KeyServer, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "assistants" not in findings(migrated, {"better_auth_url": key_server.origin})

    def found(**settings: str) -> Finding:
        (only,) = findings(migrated, {"mcp": "true", **settings})["assistants"]
        return only

    url = {"better_auth_url": key_server.origin, "public_url": "https://tasks.example.com"}
    issuer = f"{key_server.origin}/api/auth"
    nobody = found(**url)
    key_server.others["/.well-known/oauth-authorization-server/api/auth"] = {"issuer": issuer}

    assert (nobody.level, f"says that {issuer} gives tokens" in nobody.sentence) == ("warn", True)
    assert found(**url) == Finding(
        "ok", "assistants", f"They are let in at https://tasks.example.com/mcp, with tokens of {issuer}."
    )
    assert (found(public_url="https://tasks.example.com").level, found().level) == ("fail", "fail")
    monkeypatch.setattr(doctor, "find_spec", lambda _: None)
    assert found(**url) == Finding("fail", "assistants", "MCP needs the extra mcp: install taskward[mcp].")


def test_what_keeps_the_doctor_from_looking_is_a_failure_too(migrated: str) -> None:
    change(migrated, "revoke select on taskward_version from taskward_app")

    assert findings(migrated)["database"][-1].sentence.endswith("permission denied for table taskward_version.")


def test_a_schema_of_a_newer_release_is_a_warning(migrated: str) -> None:
    change(migrated, "update taskward_version set version_num = '9999'")

    assert levels(findings(migrated)["migrations"]) == {"warn"}


def test_a_table_that_is_left_for_0_1_is_a_warning_and_another_applications_is_none(migrated: str) -> None:
    change(migrated, "create table alembic_version (version_num text)")
    assert levels(findings(migrated)["migrations"]) == {"ok"}

    change(migrated, f"comment on table alembic_version is '{LEFT_FOR_0_1}'")
    assert [finding.level for finding in findings(migrated)["migrations"]] == ["ok", "warn"]


@pytest.fixture
def login(migrated: str) -> Iterator[Callable[[str], str]]:
    """Makes a login with the given attributes, and gives its URL."""
    name = f"login_{urlsplit(migrated).path.strip('/')}"

    def make(attributes: str) -> str:
        change(migrated, f"create role {name} login password 'open-sesame' {attributes}")
        parts = urlsplit(migrated)
        return parts._replace(netloc=f"{name}:{quote('open-sesame')}@127.0.0.1:{parts.port}").geturl()

    yield make
    change(migrated, f"drop owned by {name}", f"drop role {name}")


def test_a_login_that_may_not_become_the_app_is_told_what_to_grant(login: Callable[[str], str], migrated: str) -> None:
    url = login("")

    found = findings(url)
    assert levels(found["roles"]) == {"fail"}
    grant = found["roles"][0].sentence.partition("runs: ")[2]

    change(migrated, grant)
    found = findings(url)
    assert levels(found["roles"]) == {"ok"}
    assert levels(found["migrations"]) == {"ok"}
    assert levels(found["isolation"]) == {"ok"}


def test_a_login_that_bypasses_row_level_security_is_sound(login: Callable[[str], str], migrated: str) -> None:
    url = login("bypassrls createrole in role taskward_app")

    found = findings(url)

    assert levels(found["roles"]) == {"ok"}
    assert "itself bypass" in found["roles"][0].sentence
    assert levels(found["isolation"]) == {"ok"}


def test_what_a_login_must_not_have_set_is_named(login: Callable[[str], str], migrated: str) -> None:
    url = login("in role taskward_app")
    name = urlsplit(url).username

    change(migrated, f"alter role {name} set row_security = off")
    (failure,) = [finding for finding in findings(url)["isolation"] if finding.level == "fail"]
    assert failure.sentence.startswith(
        "row_security is off for this login, and requests fail: take it out of the URL's"
    )

    change(
        migrated, f"alter role {name} reset row_security", f"alter role {name} set default_transaction_read_only = on"
    )
    assert findings(url)["database"][-1].sentence == (
        "It has default_transaction_read_only = on for this login, and takes no writes."
    )

    change(
        migrated,
        f"alter role {name} reset default_transaction_read_only",
        f"alter role {name} set default_transaction_isolation = serializable",
    )
    assert findings(url)["database"][-1].sentence == (
        "It has default_transaction_isolation = serializable for this login, and of an owner's writes at the same time "
        "only one is carried out: it must be read committed."
    )


def test_the_keys_of_the_key_server_are_counted(key_server: KeyServer, migrated: str) -> None:
    url = {"better_auth_url": key_server.origin}
    assert levels(findings(migrated, url)["keys"]) == {"warn"}

    key_server.keys = [public(private_jwk("EdDSA", "a")), {"kty": "odd"}]
    (found,) = findings(migrated, url)["keys"]
    assert (found.level, found.sentence) == ("ok", f"1 key is usable at {key_server.url} (EdDSA).")

    key_server.keys += [public(private_jwk("ES256", "b"))]
    (found,) = findings(migrated, url)["keys"]
    assert found.sentence == f"2 keys are usable at {key_server.url} (ES256, EdDSA)."

    key_server.fault = "500"
    (found,) = findings(migrated, url)["keys"]
    told = f"The keys at {key_server.url}, as BETTER_AUTH_URL has it, cannot be had: the answer is 500 in place of 200."
    assert (found.level, found.sentence) == ("fail", told)
    (found,) = findings(migrated, {**url, "better_auth_jwks_url": key_server.url})["keys"]
    assert "as BETTER_AUTH_JWKS_URL has it" in found.sentence


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({"jwt_hs256_secret": SECRET, "better_auth_url": "https://app.example.com"}, "ok"),
        ({"jwt_hs256_secret": SECRET}, "warn"),
        ({"jwt_hs256_secret": SECRET, "better_auth_issuer": "https://app.example.com"}, "warn"),
        ({"jwt_hs256_secret": PUBLIC_KEY}, "fail"),
        ({}, "warn"),
        ({"better_auth_jwks_url": "http://127.0.0.1:1/jwks"}, "fail"),
        ({"better_auth_url": "http://127.0.0.1:1"}, "fail"),
    ],
)
def test_each_way_to_verify_is_looked_at(settings: dict[str, str], level: str, migrated: str) -> None:
    found = findings(migrated, settings)

    assert levels(found["keys"]) == {level}
    assert SECRET not in str(found)


def test_only_what_is_not_checked_is_said_not_to_be(migrated: str) -> None:
    def sentence(**settings: str) -> str:
        return findings(migrated, {"jwt_hs256_secret": SECRET, **settings})["keys"][0].sentence

    unchecked = "Tokens are verified with JWT_HS256_SECRET, but not their"
    assert sentence(better_auth_issuer="a") == f"{unchecked} audience: set BETTER_AUTH_AUDIENCE."
    assert sentence(better_auth_audience="a") == f"{unchecked} issuer: set BETTER_AUTH_ISSUER."
    assert sentence() == f"{unchecked} issuer and audience: set BETTER_AUTH_ISSUER and BETTER_AUTH_AUDIENCE."


def test_a_secret_that_is_probably_not_meant_so_is_a_warning_that_does_not_show_it(migrated: str) -> None:
    secret = '"open-sesame-open-sesame-open-sesame-0123"'
    (found,) = findings(migrated, {"jwt_hs256_secret": secret})["settings"]

    assert found == Finding(
        "warn",
        "settings",
        "JWT_HS256_SECRET has a quotation mark around it, which would be a part of it: take the quotation marks off.",
    )
    assert findings(migrated, {"jwt_hs256_secret": SECRET})["settings"] == [Finding("ok", "settings", "All are valid.")]


def test_clocks_that_differ_are_a_warning(key_server: KeyServer, migrated: str) -> None:
    url = {"better_auth_url": key_server.origin}

    assert [finding.level for finding in findings(migrated, url)["clock"]] == ["ok", "ok"]
    early = findings(migrated, url, clock=lambda: time.time() - 60)["clock"]
    late = findings(migrated, url, clock=lambda: time.time() + 60)["clock"]

    assert [finding.level for finding in [*early, *late]] == ["warn"] * 4
    assert "60.0 s ahead" in early[1].sentence
    assert "behind" in late[1].sentence


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, port: int, change: Callable[[bytes], bytes]) -> None:
        self.database_port, self.change = port, change
        super().__init__(("127.0.0.1", 0), Passage)


class Passage(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.database_port)) as database, suppress(ConnectionError):
            while True:
                for source in select.select([self.request, database], [], [])[0]:
                    if not (data := source.recv(65536)):
                        return
                    if source is database:
                        self.request.sendall(self.server.change(data))
                    else:
                        database.sendall(data)


@contextmanager
def in_front_of(url: str, change: Callable[[bytes], bytes]) -> Iterator[str]:
    """The URL of a server that hands everything through, and changes what the database says."""
    parts = urlsplit(url)
    with Proxy(parts.port or 5432, change) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.server_address[1]}").geturl()
        proxy.shutdown()
        thread.join()


def test_a_pooler_is_told_and_is_a_warning_for_migrations(migrated: str) -> None:
    # A pooler gives its clients process ids of its own making (BackendKeyData, "K").
    own_ids = partial(re.compile(rb"K\x00\x00\x00\x0c....", re.DOTALL).sub, b"K\x00\x00\x00\x0c\x00\x00\x00\x01")

    assert findings(migrated)["pooler"][0].sentence.startswith("There is none")
    with in_front_of(migrated, own_ids) as pooled:
        assert findings(pooled)["pooler"][0].sentence.startswith("The database is reached through one")
        direct = findings(migrated, direct_url=pooled)["migrations"][-1]
    assert direct.level == "warn"
    assert "DATABASE_DIRECT_URL" in direct.sentence


def test_a_postgresql_that_is_too_old_is_a_failure(migrated: str) -> None:
    with psycopg.connect(migrated) as connection:
        number = str(connection.info.server_version)

    with in_front_of(migrated, lambda data: data.replace(number.encode(), b"140013")) as old:
        (found,) = findings(old)["database"]

    assert found.level == "fail"
    assert "PostgreSQL 14; it must be 15 or newer." in found.sentence


def test_the_direct_url_is_looked_at_when_it_is_another(migrated: str) -> None:
    same_database = f"{migrated}&application_name=other"
    nowhere = "postgresql://app:open-sesame@127.0.0.1:1/app"

    assert [finding.level for finding in findings(migrated, direct_url=same_database)["migrations"]] == ["ok", "ok"]
    assert [finding.level for finding in findings(migrated, direct_url=nowhere)["migrations"]] == ["ok", "fail"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:p@db.example.com/app", "app on db.example.com"),
        ("postgresql://u:p@db.example.com:6432/app", "app on db.example.com:6432"),
        ("postgresql://u:p@/app?host=/run/postgresql", "app on /run/postgresql"),
        ("postgresql:///app", "app on its local socket"),
        ("postgresql://", "default on its local socket"),
    ],
)
def test_a_database_is_named_without_its_login(url: str, words: str) -> None:
    assert database_at(url) == words


def test_the_role_of_requests_is_looked_at(own_cluster: str, logins: dict[str, str]) -> None:
    with without_the_roles(own_cluster), database_of(own_cluster, "postgres") as (_, url):
        assert "There is no role" in findings(url)["roles"][0].sentence

        migrate(url)
        change(url, "alter role taskward_app bypassrls")
        found = findings(url)["isolation"]

    assert levels(found) == {"fail"}
    assert "is open to taskward_app" in found[0].sentence
