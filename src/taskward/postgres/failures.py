"""What goes wrong between here and PostgreSQL, and what it means: wait, call the operator, or mend a bug."""

import logging
import re
from collections.abc import Sequence
from enum import StrEnum

from psycopg import errors, pq
from psycopg.pq.abc import PGresult

from taskward.errors import Unavailable
from taskward.postgres.connecting import ConnectFailure
from taskward.postgres.context import APP_ROLE, Guards

log = logging.getLogger("taskward.database")

OUTCOME_UNKNOWN = (
    "The database has not answered in time, and may have done this or may still do it: look before you send it again."
)
"""The detail for a write of which no answer came."""

DONE = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)

# Transient states (PostgreSQL, appendix A): connection, resources, shutdown and start-up, a cancelled or
# deadlocked statement, a standby that takes no writes. 08P01 is also how PgBouncer says that it found no server.
TRANSIENT = re.compile(r"08...|53...|57...|58...|40001|40P01|55P03|25006")

# How the context fails when the login may not become the role, or the role or a table is not there.
NOT_SET_UP = {
    "42501": f"The database login may not become the role {APP_ROLE}: run `taskward migrate`, or as an administrator "
    f"`grant {APP_ROLE} to` the login.",
    "22023": f"The database has no role {APP_ROLE}: run `taskward migrate`.",
    "42P01": "The database has not the schema of this release: run `taskward migrate`.",
}


class Reason(StrEnum):
    """Why a request was answered 503 `database_unavailable`: for the operator, the client's document does not tell.

    Two other answers are 503: `overloaded`, when more requests came than can be answered in time
    (`http/admission.py`), and `keys_unavailable`, when the keys that verify tokens cannot be had (`auth/key_set.py`).
    """

    NO_CONNECTION_IN_TIME = "no_connection_in_time"
    """The deadline passed before there was a connection. Nothing was sent."""
    NO_ANSWER_IN_TIME = "no_answer_in_time"
    """The deadline passed before the server had answered. It may carry out what was sent."""
    CONNECTION_LOST = "connection_lost"
    """The connection broke before the server had answered, of a repeatable group twice."""
    CONNECT_FAILED = "connect_failed"
    """The request waited for a connection, and the attempt to open one failed. Nothing was sent."""
    DOWN = "down"
    """The breaker is open, and another request waits already to find out whether the database is back."""
    TRANSIENT = "transient"
    """The server answered with a state that passes: it starts, stops, is out of resources, met a deadlock, …"""
    REFUSED = "refused"
    """The server answers, but cannot be used as it is set up: the log says what the operator has to mend."""
    UNFINISHED = "unfinished"
    """What was asked for takes several round trips, and the deadline came before the last."""
    NOT_READY = "not_ready"
    """`GET /ready` found one of these; its detail says which."""
    ANSWER_EXPIRED = "answer_expired"
    """What was to be repeated for an Idempotency-Key passed its retention at this moment."""
    CLOSED = "closed"
    """The process ends, and its pool is closed."""


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"

    def __init__(
        self, reason: Reason, detail: str = "The database does not answer right now; try again shortly."
    ) -> None:
        super().__init__(detail)
        self.reason = reason


class DatabaseRefused(Exception):
    """The database can be reached, but not used before the operator mends what this one sentence says."""


class ConnectionRefused(DatabaseRefused):
    """An attempt to connect failed for a reason that waiting does not mend."""

    def __init__(self, failure: ConnectFailure) -> None:
        super().__init__(failure.sentence())
        self.failure = failure


class StatementFailed(Exception):
    """PostgreSQL refused a statement, and would again: a bug, or the refusal that the statement was written to make."""

    sqlstate: str = ""
    statement_index: int = -1
    """Of the failed one in its group, without the context; in a write the owner's clock has 0."""


def failure_in(
    results: Sequence[PGresult], *, context: int = 0
) -> DatabaseRefused | DatabaseUnavailable | StatementFailed:
    """What the first failed result of a group means; `context` is the index of that of the context."""
    failed = next(result for result in results if result.status not in DONE)
    sqlstate = (failed.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    constraint = (failed.error_field(pq.DiagnosticField.CONSTRAINT_NAME) or b"").decode()
    if (failed is results[context] and sqlstate in NOT_SET_UP) or sqlstate == "42P01":
        return DatabaseRefused(NOT_SET_UP[sqlstate])
    if TRANSIENT.fullmatch(sqlstate):
        log.warning("a statement was not carried out: %s", named(sqlstate))
        return DatabaseUnavailable(Reason.TRANSIENT)
    # PostgreSQL's own message may quote a value, so it is left out.
    failure = StatementFailed(f"SQLSTATE {sqlstate}" + (f", constraint {constraint}" if constraint else ""))
    failure.sqlstate, failure.statement_index = sqlstate, results.index(failed) - 1  # in front is the context
    return failure


def named(sqlstate: str) -> str:
    """With PostgreSQL's own name of the state, such as DiskFull."""
    try:
        return f"{errors.lookup(sqlstate).__name__} (SQLSTATE {sqlstate})"
    except KeyError:
        return f"SQLSTATE {sqlstate}"


def refusal_by(guards: Guards, *, older_revisions: Sequence[str]) -> DatabaseRefused | None:
    """None when the policies hold and the schema is at none of the revisions before this release's."""
    if guards.is_guarded != b"t":
        return DatabaseRefused(
            f"Row-level security does not hold for the role {APP_ROLE}: it must have neither BYPASSRLS nor "
            "superuser rights, and every table must force its policies; `taskward doctor` names what is wrong."
        )
    if guards.revision is None or guards.revision.decode() in older_revisions:
        return DatabaseRefused("The database schema is behind this release: run `taskward migrate`.")
    return None


def unexamined(failure: StatementFailed) -> DatabaseRefused:
    """The refusal when the statement of the guards failed."""
    return DatabaseRefused(f"The database's schema cannot be examined ({failure}): run `taskward migrate`.")
