"""Attempts to connect: why one failed, and whether waiting mends that. No reason tells a password.

What a server or pooler says is told by its SQLSTATE, because its words may be in any language. libpq keeps the state
to itself but for its most verbose messages, so an attempt asks for those.
"""

import ctypes
import os
import re
import sys
from functools import cache
from typing import Any, NamedTuple, Self

import psycopg
from psycopg import pq, waiting
from psycopg.abc import PQGenConn
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq.abc import PGconn

from taskward.database_url import NamedUrl

DEFAULT_VERBOSITY, VERBOSE = 1, 2  # PGVerbosity of libpq

# States that pass (PostgreSQL, appendix A): connection, resources, a cancelled statement, shutdown and start-up.
PASSING = re.compile(r"08(000|001|003|006|007)|40...|53...|55P03|57014|57P0[1235]|58030")

# Poolers and proxies have one state for whatever happens to them: PgBouncer's 08P01, XX000 of Neon and Supavisor,
# 58000 of pgcat. There the words have to tell.
OF_POOLERS = re.compile(r"08P01|XX000|58000|")
PASSING_WORDS = re.compile(
    r"time ?out|timed out|too many|try again|retry|temporar|unavailable|overload|rate limit|check ?out|starting up"
    r"|shut(ting)? down|closed|crashed|no more connections|max[_ ]?clients?|max client connections|max_\w+_connections"
    r"|cannot connect to server|could(n't| not) connect to|server login|control plane request failed|sorry",
    re.IGNORECASE,
)
NOT_PASSING_WORDS = re.compile(r"authentication failed|does not exist|no such (user|database)", re.IGNORECASE)

# What libpq finds out by itself, which is in English, and what is wrong with the URL, a file or the other end for good.
OF_LIBPQ = re.compile(
    r"does not support SSL|certificate|private key|sslmode|sslnegotiation|channel binding|authentication method"
    r"|no password supplied|could not parse|invalid \w+ value|invalid (integer|port|connection)"
    r"|invalid response|service (file )?\""
    r"|authentication request from server, but received|local user|too long|GSSAPI|SCRAM|password file|ALPN"
)

ADVICE = {
    re.compile(r"root certificate file .* does not exist"): "name another with sslrootcert=…, or take the authorities "
    "that this system trusts with sslrootcert=system",
    re.compile(r"certificate verify failed"): "no authority of sslrootcert has signed the server's certificate; "
    "sslrootcert=system takes those that this system trusts",
    re.compile(r"server does not support SSL"): "what answers at this port offers no TLS",
    re.compile(r"but received|invalid response"): "what answers at this port is no PostgreSQL",
    re.compile(r"no password supplied"): "the server asks for one",
    re.compile(r"Connection refused|No such file or directory"): "nothing listens there",
}

# A severity has two spaces behind it; the state is there but for servers that leave it out.
SAID = re.compile(r"(?:^|: )\S+:  (?:([0-9A-Z]{5}): )?(.*)$", re.MULTILINE)
WHERE = re.compile(
    r"connection (?:failed|is bad): |connection to server at \".*?\".*?, port \d+ failed: |\[Errno -?\d+\] "
)

ATTEMPT = re.compile(r"^- host: .*?, hostaddr: \S+: ", re.MULTILINE)
LONGEST_REASON = 300

# libpq takes from these what the URL does not say.
OF_THE_ENVIRONMENT = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGPASSWORD": "password",
    "PGPASSFILE": "passfile",
    "PGSERVICE": "service",
    "PGSERVICEFILE": "servicefile",
    "PGOPTIONS": "options",
    "PGSSLMODE": "sslmode",
    "PGREQUIRESSL": "requiressl",
    "PGSSLNEGOTIATION": "sslnegotiation",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
    "PGSSLCERTMODE": "sslcertmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCRL": "sslcrl",
    "PGSSLCRLDIR": "sslcrldir",
    "PGSSLMINPROTOCOLVERSION": "ssl_min_protocol_version",
    "PGSSLMAXPROTOCOLVERSION": "ssl_max_protocol_version",
    "PGREQUIREAUTH": "require_auth",
    "PGCHANNELBINDING": "channel_binding",
    "PGGSSENCMODE": "gssencmode",
    "PGTARGETSESSIONATTRS": "target_session_attrs",
    "PGLOADBALANCEHOSTS": "load_balance_hosts",
    "PGMINPROTOCOLVERSION": "min_protocol_version",
    "PGMAXPROTOCOLVERSION": "max_protocol_version",
    "PGCONNECT_TIMEOUT": "connect_timeout",
    "PGDATESTYLE": "",
    "PGTZ": "",
    "PGGEQO": "",
}


class ConnectFailure(NamedTuple):
    reason: str
    """A clause that stands behind a colon."""
    was_said: bool
    """By a server or pooler, so that it can be reached."""
    is_refusal: bool
    """Waiting does not mend it."""

    def sentence(self, database: str = "the database") -> str:
        if self.was_said:
            return f"{database[0].upper()}{database[1:]} refuses the connection: {self.reason}."
        return f"No connection to {database}: {self.reason}."


def connect_failure(error: BaseException, url: str) -> ConnectFailure:
    """Of several attempts, one for each address of the server, that which tells most."""
    if isinstance(error, TimeoutError | psycopg.errors.ConnectionTimeout):
        return ConnectFailure("it does not answer" + environment_beside(url), was_said=False, is_refusal=False)
    if isinstance(error, psycopg.ProgrammingError):  # whose text may quote the password
        reason = "PostgreSQL's library does not understand the URL" + environment_beside(url)
        return ConnectFailure(reason, was_said=False, is_refusal=True)
    if isinstance(error, UnicodeError):  # RFC 1035 §2.3.4, told as Python's codec has it
        reason = "the URL's host is no name that can be looked up" + environment_beside(url)
        return ConnectFailure(reason, was_said=False, is_refusal=True)
    text = str(error) or type(error).__name__
    attempts = ATTEMPT.split(text)[1:] or [text]
    failures = [failure_of_attempt(attempt, url) for attempt in attempts]
    passing = [failure for failure in failures if failure.was_said and not failure.is_refusal]
    refusals = [failure for failure in failures if failure.is_refusal]
    chosen = (passing or refusals or failures)[0]
    return chosen._replace(reason=chosen.reason + environment_beside(url))


def failure_of_attempt(text: str, url: str) -> ConnectFailure:
    said = [found.groups() for found in SAID.finditer(text)]
    if said:
        # Where TLS is optional an attempt is two, of which the one that came as far as the password tells more.
        state, message = next((pair for pair in said if pair[0] == "28P01"), said[0])
        return said_by_server(state or "", message, url)
    first = WHERE.sub("", text).strip().partition("\n")[0].rstrip(".")
    advice = next((f"; {advice}" for known, advice in ADVICE.items() if known.search(first)), "")
    reason = without_secrets(first, url) + advice
    return ConnectFailure(reason, was_said=False, is_refusal=OF_LIBPQ.search(first) is not None)


def said_by_server(state: str, message: str, url: str) -> ConnectFailure:
    passes = PASSING.fullmatch(state) is not None
    if OF_POOLERS.fullmatch(state):
        passes = PASSING_WORDS.search(message) is not None and NOT_PASSING_WORDS.search(message) is None
    reason = without_secrets(message.rstrip("."), url) + (f" (SQLSTATE {state})" if state else "")
    return ConnectFailure(reason, was_said=True, is_refusal=not passes)


def without_secrets(text: str, url: str) -> str:
    """One line that can be printed, in which no password stands that is not a name as well."""
    parts = parameters_of(url)
    names = {parts.get(name) for name in ("user", "dbname", "host")}
    for secret in {parts.get("password"), parts.get("sslpassword"), os.environ.get("PGPASSWORD")} - names:
        if secret:
            text = text.replace(str(secret), "***")
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if len(shown) <= LONGEST_REASON else f"{shown[:LONGEST_REASON]}…"


def environment_beside(url: str) -> str:
    """Names what libpq takes from the environment for this URL, which nobody may have thought of."""
    given = parameters_of(url)
    found = [name for name, parameter in OF_THE_ENVIRONMENT.items() if os.environ.get(name) and parameter not in given]
    return f" ({' and '.join(found)} of the environment {'is' if len(found) == 1 else 'are'} used too)" if found else ""


def encoding_fault(connection: PGconn, database: str = "the database") -> str | None:
    """A sentence when the database's encoding is not the one that text is sent in; a pooler may not tell it."""
    encoding = (connection.parameter_status(b"server_encoding") or b"UTF8").decode()
    if encoding == "UTF8":
        return None
    return (
        f"The encoding of {database} is {encoding} and must be UTF8: make another, "
        "`create database … encoding 'UTF8' template template0`."
    )


def database_at(url: str) -> str:
    """The database's name and host, for people."""
    parts = conninfo_to_dict(url)
    host = parts.get("host") or parts.get("hostaddr") or "its local socket"
    port = parts.get("port", "5432")
    return f"{parts.get('dbname') or parts.get('user') or 'default'} on {host}" + (f":{port}" if port != "5432" else "")


def named(url: str) -> str:
    """The database as a sentence names it, with the setting that it comes from."""
    if not parameters_of(url):
        return f"the database of {url.named}" if isinstance(url, NamedUrl) else "the database"
    return f"the database {database_at(url)}" + (f" ({url.named})" if isinstance(url, NamedUrl) else "")


def parameters_of(url: str) -> dict[str, Any]:
    try:
        return conninfo_to_dict(url)
    except psycopg.Error:
        return {}


class AsyncConnection(psycopg.AsyncConnection[Any]):
    """Its failures to connect tell the SQLSTATE."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        return cls((yield from connected(conninfo)))


class SyncConnection(psycopg.Connection[Any]):
    """Its failures to connect tell the SQLSTATE."""

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        return cls((yield from connected(conninfo)))


def with_authorities(conninfo: str) -> str:
    """`sslrootcert=system` by the name of a file that is there.

    psycopg's wheels bring an OpenSSL that looks for the system's authorities in a folder that no system has.
    """
    parts = conninfo_to_dict(conninfo)
    is_strict = parts.get("sslmode") in (None, "verify-full")  # of another mode libpq says that it is too weak
    if parts.get("sslrootcert") != "system" or not is_strict or os.environ.keys() & {"SSL_CERT_FILE", "SSL_CERT_DIR"}:
        return conninfo
    import ssl

    import certifi

    file = ssl.get_default_verify_paths().cafile or certifi.where()
    return make_conninfo(conninfo, sslmode="verify-full", sslrootcert=file)


def connected(conninfo: str) -> PQGenConn[PGconn]:
    """As `psycopg.generators.connect`, with libpq at its most verbose until there is a connection."""
    connection = pq.PGconn.connect_start(with_authorities(conninfo).encode())
    try:
        set_verbosity(connection, VERBOSE)
        while connection.status != pq.ConnStatus.BAD:
            status = connection.connect_poll()
            if status == pq.PollingStatus.OK:
                set_verbosity(connection, DEFAULT_VERBOSITY)
                connection.nonblocking = 1
                return connection
            if status == pq.PollingStatus.FAILED:
                break
            wait = waiting.Wait.R if status == pq.PollingStatus.READING else waiting.Wait.W
            while not (yield connection.socket, wait):
                pass
        raise psycopg.OperationalError(connection.get_error_message("utf-8"))
    except BaseException:
        connection.finish()
        raise


def set_verbosity(connection: PGconn, verbosity: int) -> None:
    """psycopg has no call for it."""
    library, pointer = libpq(), getattr(connection, "pgconn_ptr", None)
    if library is not None and pointer:
        library.PQsetErrorVerbosity(ctypes.c_void_p(pointer), verbosity)


@cache
def libpq() -> ctypes.CDLL | None:
    """The library that psycopg uses; None where it cannot be told, and states are not known."""
    module = sys.modules[pq.PGconn.__module__]
    try:
        # A library's handle also knows the names of those that it was linked with.
        library = ctypes.CDLL(str(module.__file__)) if pq.__impl__ != "python" else module.impl.pq
        return library if hasattr(library, "PQsetErrorVerbosity") else None
    except (OSError, AttributeError):
        return None
