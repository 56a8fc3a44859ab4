"""A database's URL as it is pasted from wherever: read as libpq takes it, with what other clients mean by it.

What only other clients know is dropped, but for what they say about encryption: that is never less than was meant.
"""

import json
import re
from typing import Self
from urllib.parse import quote, unquote

from pydantic import SecretStr

# libpq looks at these only when it connects.
CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "channel_binding": ("disable", "prefer", "require"),
}
WEAKEST_FIRST = CHOICES["sslmode"]

# `ssl=` of asyncpg, node-postgres, postgres.js, Ecto and JDBC. `true` verifies the certificate and the host's name, by
# the authorities of the system, in all of them but libpq.
SSL = {word: word for word in WEAKEST_FIRST} | {
    **dict.fromkeys(("true", "1", "yes", "on", "verify", "strict"), "verify-full"),
    **dict.fromkeys(("no-verify", "accept_invalid_certs"), "require"),
    **dict.fromkeys(("false", "0", "no", "off", "null", "undefined"), ""),
}

# Other names of what libpq knows: of JDBC, sqlx and node-postgres.
RENAMED = {
    "channelBinding": "channel_binding",
    "gssEncMode": "gssencmode",
    "sslNegotiation": "sslnegotiation",
    "ssl-mode": "sslmode",
    "ssl_mode": "sslmode",
    "sslMode": "sslmode",
    "ssl-root-cert": "sslrootcert",
    "ssl-ca": "sslrootcert",
    "ssl-cert": "sslcert",
    "ssl-key": "sslkey",
    "enableChannelBinding": "channel_binding",
}

ENCRYPTION = ("ssl", "sslmode", "sslaccept", "ssl_require", "direct_tls")
"""Together they say what encryption is meant (`mode_meant`)."""

# What other clients read from the same URL, in any case, and libpq would refuse.
FOREIGN_PARAMETERS = frozenset(
    name.lower()
    for names in (
        # Prisma
        "connection_limit pgbouncer pool_timeout schema socket_timeout sslidentity max_connection_lifetime "
        "max_idle_connection_lifetime single_use_connections",
        # node-postgres, postgres.js and what is built on them (Drizzle, Knex, Kysely, TypeORM), Supabase, Vercel
        "allowExitOnIdle backoff binary connection connectionTimeoutMillis debug encoding fetch_types idle_timeout "
        "idle_in_transaction_session_timeout idleTimeout idleTimeoutMillis keepAlive keep_alive "
        "keepAliveInitialDelayMillis lock_timeout logging max max_lifetime max_pipeline maxLifetimeSeconds maxUses min "
        "onnotice parseInputDatesAsUTC prepare publications query_timeout statement_timeout supa synchronize transform "
        "types uselibpqcompat workaround",
        # asyncpg, psycopg2, pg8000, SQLAlchemy and the ORMs on it
        "async_ async_fallback autocommit command_timeout cursor_factory direct_tls echo executemany_mode future "
        "isolation_level loop max_cached_statement_lifetime max_cacheable_statement_size "
        "max_inactive_connection_lifetime max_overflow max_queries max_size maxsize min_size minsize plugin "
        "pool_pre_ping pool_recycle pool_size "
        "prepare_threshold prepared_statement_cache_size prepared_statement_name_func prepared_statements "
        "query_cache_size record_class row_factory server_settings ssl_context startup_params statement_cache_size "
        "tcp_keepalive timeout unix_sock use_batch_mode",
        # Rails, Django, Doctrine, Ecto
        "adapter advisory_locks atomic_requests charset checkout_timeout conn_health_checks conn_max_age "
        "database_tasks disable_server_side_cursors engine insert_returning max_connections max_threads "
        "migrations_paths min_messages pool pool_count pool_jitter queue_interval queue_target reaping_frequency "
        "reconnect replica schema_search_path serverVersion server_version socket_dir statement_limit "
        "use_metadata_table variables",
        # pgx, lib/pq, GORM, sqlx
        "binary_parameters default_query_exec_mode description_cache_capacity disable_prepared_binary_result "
        "min_read_buffer_size pool_health_check_period pool_max_conn_idle_time pool_max_conn_lifetime "
        "pool_max_conn_lifetime_jitter pool_max_conns pool_min_conns pool_min_idle_conns prefer_simple_protocol "
        "search_path sslinline statement-cache-capacity statement_cache_capacity TimeZone",
        # PostgreSQL's JDBC
        "allowEncodingChanges ApplicationName assumeMinServerVersion autosave binaryTransfer binaryTransferDisable "
        "binaryTransferEnable cancelSignalTimeout cleanupSavepoints connectTimeout currentSchema "
        "databaseMetadataCacheFields databaseMetadataCacheFieldsMiB defaultRowFetchSize disableColumnSanitiser "
        "escapeSyntaxCallMode hideUnprivilegedObjects hostRecheckSeconds jaasLogin loadBalanceHosts loggerFile "
        "loggerLevel loginTimeout logUnclosedConnections maxResultBuffer options_ preferQueryMode "
        "preparedStatementCacheQueries preparedStatementCacheSizeMiB prepareThreshold protocolVersion "
        "quoteReturningIdentifiers readOnly readOnlyMode receiveBufferSize reWriteBatchedInserts sendBufferSize "
        "socketFactory socketFactoryArg socketTimeout sslfactory sslfactoryarg sslhostnameverifier "
        "sslpasswordcallback sslResponseTimeout stringtype targetServerType tcpKeepAlive tcpNoDelay unknownLength "
        "useSpnego xmlFactoryFactory",
    )
    for name in names.split()
)

PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
NOT_UNDERSTOOD = "is not a URL that PostgreSQL understands"


class DatabaseUrl(SecretStr):
    """As libpq takes it. `dropped` names the parameters that it came with and only other clients know."""

    dropped: tuple[str, ...] = ()


class NamedUrl(str):
    """A database's URL that can tell which setting it comes from."""

    __slots__ = ("named",)
    named: str

    def __new__(cls, url: str, *, named: str) -> Self:
        made = super().__new__(cls, url)
        made.named = named
        return made


def database_url(value: SecretStr) -> DatabaseUrl:
    """
    Raises:
        ValueError: it is no URL of a PostgreSQL, or means what is not known. Its text shows nothing of the value but
            the name of a parameter.
    """
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict  # slow to load, and not everything needs a database

    scheme, separator, rest = value.get_secret_value().strip().partition("://")
    if not separator or scheme.lower().partition("+")[0] not in ("postgres", "postgresql"):
        raise ValueError("must begin with postgresql://")
    # Cut by hand: what stays is as it was written, in libpq's rules, which are not urllib's.
    user, at, behind = rest.partition("@")
    if not at or "/" in user:
        user, at, behind = "", "", rest
    address, _, query = behind.partition("?")
    kept, dropped = parameters_for_libpq([pair for pair in query.split("&") if pair], is_whole="@" not in behind)
    url = DatabaseUrl(f"postgresql://{user}{at}{address}" + (f"?{'&'.join(kept)}" if kept else ""))
    url.dropped = tuple(dropped)
    try:
        understood = conninfo_to_dict(url.get_secret_value())
    except (Error, UnicodeEncodeError):
        raise ValueError(NOT_UNDERSTOOD) from None
    if "@" in address:  # the end of a password, which would be told as the name of a host or database
        raise ValueError("has an @ or / too many: in a name or password they are written %40 and %2F")
    ports = [port for port in str(understood.get("port", "")).split(",") if port]
    if not all(re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= 65_535 for port in ports):
        raise ValueError("has a port that is not a number from 1 to 65535")
    for name, choices in CHOICES.items():
        if understood.get(name, choices[0]) not in choices:
            raise ValueError(f"has a value of {name} that is not one of {', '.join(choices)}")
    return url


def parameters_for_libpq(pairs: list[str], *, is_whole: bool) -> tuple[list[str], list[str]]:
    """The pairs that libpq takes, as they were written where it knows them, and the names of those that are dropped.

    `is_whole`: no part of a password can be among them, so that an unknown name may be told.
    """
    from psycopg import pq

    of_libpq = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    kept: list[str] = []
    dropped: list[str] = []
    encryption: dict[str, str] = {}
    names = {unquote(pair.partition("=")[0]) for pair in pairs}
    for pair in pairs:
        written, equals, value = pair.partition("=")
        name = RENAMED.get(unquote(written), unquote(written))
        if name in ENCRYPTION and equals:
            encryption[name] = unquote(value)
            kept += [pair] if written == "sslmode" else []
        elif name != unquote(written):
            kept.append(f"{name}={channel_binding(value) if name == 'channel_binding' else value}")
        elif name in of_libpq:
            kept.append(pair)
        elif name.lower() in FOREIGN_PARAMETERS:
            dropped.append(name)
        elif is_whole and "password" not in names and PLAIN_NAME.fullmatch(name):
            raise ValueError(f"has the parameter {name}, which neither PostgreSQL nor a client known here has")
        else:
            raise ValueError(NOT_UNDERSTOOD)
    meant = mode_meant(encryption, has_authorities=any(pair.startswith("sslrootcert=") for pair in kept))
    if not set(meant) <= set(kept):
        kept = [*(pair for pair in kept if not pair.startswith("sslmode=")), *meant]
    return kept, [*dropped, *(name for name in encryption if name in ("sslaccept", "direct_tls", "ssl_require"))]


def channel_binding(value: str) -> str:
    """As libpq writes it; node-postgres has a yes and no."""
    return {"true": "require", "1": "require", "false": "prefer", "0": "prefer"}.get(value.lower(), value)


def mode_meant(encryption: dict[str, str], *, has_authorities: bool) -> list[str]:
    """The pairs that say it to libpq: the strictest of what the parameters mean."""
    ssl = encryption.get("ssl", "").strip()
    modes = [encryption["sslmode"]] if "sslmode" in encryption else []
    if modes == ["no-verify"]:  # node-postgres
        modes = ["require"]
    if not set(modes) <= set(WEAKEST_FIRST):
        raise ValueError(f"has a value of sslmode that is not one of {', '.join(WEAKEST_FIRST)}")
    of_system = False
    if ssl:
        mode = mode_of_object(ssl) if ssl.startswith("{") else SSL.get(ssl.lower())
        if mode is None:
            raise ValueError("has a value of ssl that is not known: say it as sslmode, such as sslmode=verify-full")
        of_system = mode == "verify-full" and ssl.lower() != mode
        modes += [mode] if mode else []
    if encryption.get("sslaccept") == "strict":  # Prisma; by default it verifies nothing
        of_system, modes = True, [*modes, "verify-full"]
    if any(SSL.get(encryption.get(name, "").lower()) for name in ("ssl_require", "direct_tls")):  # Django, asyncpg
        modes.append("require")
    if not modes:
        return []
    pairs = [f"sslmode={quote(max(modes, key=WEAKEST_FIRST.index))}"]
    return [*pairs, "sslrootcert=system"] if of_system and not has_authorities else pairs


def mode_of_object(text: str) -> str | None:
    """Of node-postgres' `{"rejectUnauthorized": false}`, and of its like with authorities in it."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return "require" if found.get("rejectUnauthorized") is False else "verify-full"
