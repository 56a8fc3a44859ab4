"""What `taskward doctor` looks at, with the eyes of the login that serves. No finding tells a secret."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx2
import psycopg

from taskward.auth.jwks import JwksUnusable, counted, fetch_jwks, parse_jwks, tls_context, without_query
from taskward.auth.trust import NO_SDK, NOBODY_NAMED, shared_secret, trust_of, trust_of_agents
from taskward.migrations import HEAD, REVISIONS
from taskward.migrations.version_table import LEFT_FOR_0_1
from taskward.operations.numbers import number_of
from taskward.operations.retention import become_keeper, is_distributed
from taskward.postgres.administration import AdminConnection, connect, failure_sentence
from taskward.postgres.connecting import database_at
from taskward.postgres.context import APP_ROLE, DISTRIBUTED, KEEPER_ROLE
from taskward.resources.deliveries import PENDING
from taskward.settings import Settings, SettingsError, origin_of

OLDEST_POSTGRESQL = 15
LARGEST_CLOCK_DIFFERENCE_SECONDS = 5
LATE_SECONDS = 60
"""For which something may be pending without a reason to look."""
APPLICATION_NAME = "taskward doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Literal["ok", "warn", "fail"]
    about: str
    sentence: str


def examine(
    settings: Settings, url: str | None, direct_url: str | None, *, clock: Callable[[], float]
) -> Iterator[Finding]:
    """One finding a check, as they are made. `clock` gives seconds since 1970.

    The URLs are None when the settings name no database and the embedded one is not made yet.
    """
    doubts = list(settings.doubts)
    yield from (Finding("warn", "settings", doubt) for doubt in doubts)
    if not doubts:
        yield Finding("ok", "settings", "All are valid.")
    yield keys(settings)
    yield owner(settings)
    if settings.mcp:
        yield assistants(settings)
    if settings.jwks_url is not None:
        yield from key_server_clock(settings.jwks_url, clock)
    if settings.database_url is None:
        yield embedded(settings, is_made=url is not None)
    if url is None or direct_url is None:
        return
    try:
        with connect(url, application_name=APPLICATION_NAME) as connection:
            yield version(connection, url)
            yield database_clock(connection, clock)
            yield pooler(connection)
            yield from writes(connection)
            if is_distributed(connection):
                yield Finding("fail", "database", DISTRIBUTED)
                return
            found = login(connection)
            yield found
            if found.level != "fail":
                yield revision(connection)
                yield from left_for_0_1(connection)
                yield from isolation(connection)
                yield from webhook(settings, connection)
    except psycopg.Error as error:
        yield Finding("fail", "database", failure_sentence(f"{database_at(url)} cannot be used", error))
        return
    if direct_url != url:
        yield direct(direct_url)


def embedded(settings: Settings, *, is_made: bool) -> Finding:
    is_used = "uses the embedded database in" if is_made else "would make an embedded database in"
    folder = settings.data_dir.absolute()
    return Finding("warn", "database", f"DATABASE_URL is not set: `taskward serve` {is_used} {folder}.")


def keys(settings: Settings) -> Finding:
    if settings.jwt_hs256_secret is not None:
        try:
            shared_secret(settings.jwt_hs256_secret.get_secret_value().encode())
        except SettingsError as refused:
            return Finding("fail", "keys", str(refused))
        unchecked = {"issuer": settings.issuers, "audience": settings.audiences}
        missing = [name for name, accepted in unchecked.items() if not accepted]
        if not missing:
            return Finding("ok", "keys", "Tokens are verified with JWT_HS256_SECRET, their issuer and audience too.")
        names = " and ".join(f"BETTER_AUTH_{name.upper()}" for name in missing)
        sentence = f"Tokens are verified with JWT_HS256_SECRET, but not their {' and '.join(missing)}: set {names}."
        return Finding("warn", "keys", sentence)
    if settings.jwks_url is None:
        return Finding("warn", "keys", "BETTER_AUTH_URL is not set: `taskward dev` runs, `taskward serve` does not.")
    if not settings.issuers or not settings.audiences:
        return Finding("fail", "keys", NOBODY_NAMED)
    where = without_query(settings.jwks_url)
    try:
        body = asyncio.run(fetch_jwks(settings.jwks_url, tls=tls_context(settings.jwks_url)))
        found = parse_jwks(body, settings.better_auth_algorithms)
    except JwksUnusable as reason:
        setting = "BETTER_AUTH_URL" if settings.better_auth_jwks_url is None else "BETTER_AUTH_JWKS_URL"
        return Finding("fail", "keys", f"The keys at {where}, as {setting} has it, cannot be had: {reason}.")
    if not found:
        return Finding(
            "warn", "keys", f"There is no usable key at {where} yet; Better Auth makes one when it first signs."
        )
    algorithms = ", ".join(sorted({algorithm for _, algorithm in found}))
    return Finding("ok", "keys", f"{counted(found.values())} usable at {where} ({algorithms}).")


def owner(settings: Settings) -> Finding:
    named = ", or else the ".join(settings.owner_claim)
    sharing = "" if settings.owner_claim == ("sub",) else ": people with the same one share tasks"
    return Finding("ok", "owner", f"The owner of tasks is the {named} of the token{sharing}.")


def assistants(settings: Settings) -> Finding:
    """Whether the door for them can open, and whether somebody gives them tokens."""
    try:
        trust_of_agents(settings, trust_of(settings))
    except SettingsError as refused:
        return Finding("fail", "assistants", str(refused))
    if find_spec("mcp") is None:
        return Finding("fail", "assistants", NO_SDK)
    issuer = str(settings.better_auth_api)
    address = f"{settings.origin}/.well-known/oauth-authorization-server{urlsplit(issuer).path}"  # RFC 8414 §3.1
    try:
        with httpx2.Client(verify=tls_context(address), trust_env=False, timeout=3) as client:
            found = client.get(address).raise_for_status().json()
        is_provider = isinstance(found, dict) and found.get("issuer") == issuer
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        is_provider = False
    if not is_provider:
        sentence = (
            f"Nothing at {address} says that {issuer} gives tokens to assistants: Better Auth needs its OAuth "
            "provider, and that path has to lead to it."
        )
        return Finding("warn", "assistants", sentence)
    return Finding("ok", "assistants", f"They are let in at {settings.mcp_audience}, with tokens of {issuer}.")


def key_server_clock(jwks_url: str, clock: Callable[[], float]) -> Iterator[Finding]:
    with suppress(httpx2.HTTPError, httpx2.InvalidURL, KeyError, ValueError):  # `keys` says what is wrong with it
        before = clock()
        with httpx2.Client(verify=tls_context(jwks_url), trust_env=False, timeout=3) as client:
            told_at = parsedate_to_datetime(client.head(jwks_url).headers["Date"]).timestamp()
        # A Date header has whole seconds.
        yield clock_difference("the key server", told_at + 0.5 - (before + clock()) / 2)


def database_clock(connection: AdminConnection, clock: Callable[[], float]) -> Finding:
    before = clock()
    told_at = float(one(connection, "select extract(epoch from clock_timestamp())")[0])
    return clock_difference("the database", told_at - (before + clock()) / 2)


def clock_difference(whose: str, seconds: float) -> Finding:
    is_large = abs(seconds) > LARGEST_CLOCK_DIFFERENCE_SECONDS
    size = (
        f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} ours" if abs(seconds) >= 1 else "equal to ours"
    )
    advice = "; let both follow a time server" if is_large else ""
    return Finding("warn" if is_large else "ok", "clock", f"The clock of {whose} is {size}{advice}.")


def version(connection: AdminConnection, url: str) -> Finding:
    number = int(one(connection, "select current_setting('server_version_num')")[0])
    if number // 10_000 < OLDEST_POSTGRESQL:
        sentence = f"{database_at(url)} is PostgreSQL {number // 10_000}; it must be {OLDEST_POSTGRESQL} or newer."
        return Finding("fail", "database", sentence)
    return Finding("ok", "database", f"{database_at(url)} answers, PostgreSQL {number // 10_000}.{number % 10_000}.")


def pooler(connection: AdminConnection) -> Finding:
    if is_direct(connection):
        return Finding("ok", "pooler", "There is none between us and the database.")
    return Finding("ok", "pooler", "The database is reached through one.")


def direct(direct_url: str) -> Finding:
    try:
        with connect(direct_url, application_name=APPLICATION_NAME) as connection:
            if is_direct(connection):
                return Finding("ok", "migrations", f"{database_at(direct_url)} is reached without a pooler.")
    except psycopg.Error as error:
        return Finding(
            "fail", "migrations", failure_sentence(f"{database_at(direct_url)} cannot be used for them", error)
        )
    sentence = f"{database_at(direct_url)} is reached through a pooler: set DATABASE_DIRECT_URL to a way around it."
    return Finding("warn", "migrations", sentence)


def is_direct(connection: AdminConnection) -> bool:
    """A pooler tells its clients process ids of its own making."""
    return bool(one(connection, "select pg_backend_pid()")[0] == connection.info.backend_pid)


def revision(connection: AdminConnection) -> Finding:
    at = None
    with suppress(psycopg.errors.UndefinedTable), as_request(connection):
        at = one(connection, "select min(version_num) from taskward_version")[0]
    if at == HEAD:
        return Finding("ok", "migrations", f"The schema is at {at}, which is this release's.")
    if at is None or at in REVISIONS:
        sentence = f"The schema is at {at or 'nothing'}, behind this release's {HEAD}: run `taskward migrate`."
        return Finding("fail", "migrations", sentence)
    return Finding("warn", "migrations", f"The schema is at {at}, which a newer release made.")


def left_for_0_1(connection: AdminConnection) -> Iterator[Finding]:
    if one(connection, "select obj_description(to_regclass('alembic_version'), 'pg_class')")[0] == LEFT_FOR_0_1:
        sentence = "The table alembic_version is left for release 0.1: when none serves any more, drop it."
        yield Finding("warn", "migrations", sentence)


def login(connection: AdminConnection) -> Finding:
    name, is_superuser, bypasses = one(
        connection, "select quote_ident(rolname), rolsuper, rolbypassrls from pg_roles where rolname = current_user"
    )
    try:
        with as_request(connection):
            pass
    except psycopg.errors.InvalidParameterValue:
        return Finding("fail", "roles", f"There is no role {APP_ROLE}: run `taskward migrate`.")
    except psycopg.errors.InsufficientPrivilege:
        sentence = f"The login {name} may not become {APP_ROLE}; an administrator runs: grant {APP_ROLE} to {name};"
        return Finding("fail", "roles", sentence)
    if is_superuser:
        sentence = f"The login {name} is a superuser, which is more than it needs; requests run as {APP_ROLE}."
        return Finding("warn", "roles", sentence)
    beyond = ", though it may itself bypass row-level security" if bypasses else ""
    return Finding("ok", "roles", f"The login {name} becomes {APP_ROLE} for each request{beyond}.")


def writes(connection: AdminConnection) -> Iterator[Finding]:
    is_standby, is_read_only, isolation_level = one(
        connection,
        "select pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on', "
        "current_setting('default_transaction_isolation')",
    )
    if is_standby or is_read_only:
        why = "is a standby" if is_standby else "has default_transaction_read_only = on for this login"
        yield Finding("fail", "database", f"It {why}, and takes no writes.")
    if isolation_level in ("repeatable read", "serializable"):
        sentence = (
            f"It has default_transaction_isolation = {isolation_level} for this login, and of an owner's writes at the "
            "same time only one is carried out: it must be read committed."
        )
        yield Finding("fail", "database", sentence)


def isolation(connection: AdminConnection) -> Iterator[Finding]:
    if one(connection, "select current_setting('row_security')")[0] != "on":
        sentence = (
            "row_security is off for this login, and requests fail: take it out of the URL's options, "
            "of PGOPTIONS, or of what `alter role` or `alter database` has set."
        )
        yield Finding("fail", "isolation", sentence)
    tables = connection.execute(OWNED_TABLES, [APP_ROLE, [APP_ROLE, KEEPER_ROLE]]).fetchall()
    if not tables:
        yield Finding("fail", "isolation", "There is no table with an owner: run `taskward migrate`.")
    for name, is_enabled, is_forced, has_policy, leak in tables:
        if not is_enabled:
            fault = "has no row-level security"
        elif not is_forced:
            fault = "does not force its row-level security on its owner"
        elif not has_policy:
            fault = f"has no policy for {APP_ROLE}"
        elif leak is not None:
            fault = f"has the policy {leak}, which does not ask for the owner"
        elif not is_guarded(connection, name):
            fault = f"is open to {APP_ROLE}: that role must be no superuser and not bypass row-level security"
        else:
            yield Finding("ok", "isolation", f"The table {name} shows each owner only their own rows.")
            continue
        yield Finding("fail", "isolation", f"The table {name} {fault}.")


def webhook(settings: Settings, connection: AdminConnection) -> Iterator[Finding]:
    try:
        with connection.transaction():
            become_keeper(connection)
            count, seconds = one(connection, PENDING.statement.sql.decode())
            [attempts] = one(connection, "select coalesce(max(attempts), 0) from delivery")
    except psycopg.ProgrammingError:  # the schema or the login is not as it should be, which is said already
        return
    of_whom = number_of(int(count), "owner")
    if settings.webhook_url is None:
        if count:
            yield Finding("warn", "webhook", f"WEBHOOK_URL is not set, and of {of_whom} something is still to be told.")
        return
    where = f"Changes are told to {origin_of(settings.webhook_url)}"
    if not count:
        yield Finding("ok", "webhook", f"{where}, and nothing is pending.")
        return
    is_late = attempts or seconds > LATE_SECONDS
    failed = "an attempt has" if attempts == 1 else f"up to {attempts} attempts have"
    failures = f", and {failed} failed: the log says why" if attempts else ""
    sentence = f"{where}; of {of_whom} something is pending, for {span(float(seconds))} at most{failures}."
    yield Finding("warn" if is_late else "ok", "webhook", sentence)


def span(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


OWNED_TABLES = """
select c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity,
    exists (select from pg_policy p where p.polrelid = c.oid and ours.oid = any (p.polroles)),
    (
        select p.polname from pg_policy p
        where p.polrelid = c.oid and p.polpermissive and (ours.oid = any (p.polroles) or 0 = any (p.polroles))
            and concat(pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)) not like '%%app.user_id%%'
        limit 1
    )
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attname = 'owner_id' and not a.attisdropped
left join pg_roles ours on ours.rolname = %s
where c.relkind in ('r', 'p') and c.relnamespace = quote_ident(current_schema())::regnamespace
    -- Through its table a partition is held to the table's policies; nobody may go another way.
    and not (
        c.relispartition and not exists (
            select from pg_roles r where r.rolname = any(%s) and (
                has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')
                or has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references')
            )
        )
    )
order by c.relname
"""


def is_guarded(connection: AdminConnection, table: str) -> bool:
    with as_request(connection):
        return bool(one(connection, "select row_security_active(%s::regclass)", table)[0])


@contextmanager
def as_request(connection: AdminConnection) -> Iterator[None]:
    """A transaction with role and owner set, as each request has one."""
    with connection.transaction():
        connection.execute("select set_config('role', %s, true), set_config('app.user_id', 'doctor', true)", [APP_ROLE])
        yield


def one(connection: AdminConnection, query: str, *parameters: Any) -> tuple[Any, ...]:
    row = connection.execute(query, parameters).fetchone()
    assert row is not None  # noqa: S101 - each of these queries has one row
    return row
