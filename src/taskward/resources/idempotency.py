"""Retries that change nothing: the answer to a write is kept with its idempotency key, in the same transaction.

The owner's clock is locked first (`clock.py`), so equal keys in flight wait for each other, and a key is looked
up and remembered without a race, between workers too. The retry of a reply that was lost finds what was done.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import (
    CTE,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    PrimaryKeyConstraint,
    SelectBase,
    Text,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import Field, SQLModel

from taskward.postgres.statements import OWNER, LazyStatement, owned
from taskward.resources.refusals import KEY_IS_KNOWN, refuse

RETENTION_HOURS = 24


class IdempotencyKey(SQLModel, table=True):
    """What was answered to the request that first brought the key: `answer` is its body, verbatim."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        PrimaryKeyConstraint("owner_id", "key", name="idempotency_keys_pkey"),
        CheckConstraint("char_length(key) between 1 and 255", name="idempotency_keys_key_length"),
        CheckConstraint("char_length(fingerprint) = 64", name="idempotency_keys_fingerprint_length"),
        {"info": {"expires": True}},  # a policy of taskward_keeper says when
    )

    owner_id: str = Field(sa_type=Text, nullable=False)
    key: str = Field(sa_type=Text, nullable=False)
    fingerprint: str = Field(sa_type=Text, nullable=False)
    row_id: int | None = Field(sa_type=BigInteger, nullable=True)
    """The row that `Location` names; null when the answer is about several, as that to a batch."""
    # Release 0.1 reads and writes it in place of `row_id`. Releases up to this one name it in their statements, and may
    # serve beside the next: one of them has to name it no more before the one after can drop it.
    task_id: int | None = Field(sa_type=BigInteger, nullable=True)
    answer: str = Field(sa_type=Text, nullable=False)
    version: int | None = Field(sa_type=BigInteger, nullable=True)
    created_at: datetime = Field(
        sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": func.now()}
    )


KEYS = SQLModel.metadata.tables["idempotency_keys"]

REMEMBERED = ("fingerprint", "answer", "row_id", "task_id", "version", "created_at")

KEY = bindparam("key", type_=Text())
FINGERPRINT = bindparam("fingerprint", type_=Text())


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The key that a client sent, and the fingerprint of what its request asks for."""

    key: str
    fingerprint: str


def fingerprint_of(request: str, meaning: str) -> str:
    """The same for two requests that mean the same: `meaning` is the body without what does not matter in it."""
    return sha256(f"{request}\n{meaning}".encode()).hexdigest()


class RememberedRow(NamedTuple):
    """What the statement of `once` answers: a row as it was made, now or by an earlier request with the same key."""

    is_replay: bytes
    is_same: bytes
    """Whether that request meant the same."""
    id: bytes | None
    """None, as the version, when it was no single row."""
    json: bytes
    version: bytes | None


class RecalledRow(NamedTuple):
    """What `RECALL` answers."""

    is_same: bytes
    answer: bytes


def known_key() -> CTE:
    """What is remembered under the key, if anything still is."""
    is_fresh = KEYS.c.created_at > func.now() - literal_column(f"interval '{RETENTION_HOURS} hours'")
    return owned(select(KEYS).where(KEYS.c.key == KEY, is_fresh), KEYS).cte("known")


def is_unknown(known: CTE) -> ColumnElement[bool]:
    return ~exists(select(known.c.key))


def once(known: CTE, made: CTE, *others: CTE) -> ClauseElement:
    """Remembers what was `made` (id, json, version; nothing when the key is `known`), and answers RememberedRow.

    `others` are written beside it.
    """
    json = cast(made.c.json, Text)
    answered = select(
        OWNER, KEY, FINGERPRINT, json.label("answer"), made.c.id, made.c.id.label("for_0_1"), made.c.version
    )
    remembered = remembering(answered, "row_id", "task_id", "version")
    new = select(false(), true(), made.c.id, json, made.c.version)
    row_id = func.coalesce(known.c.row_id, known.c.task_id)
    old = select(true(), known.c.fingerprint == FINGERPRINT, row_id, known.c.answer, known.c.version)
    return union_all(new, old).add_cte(remembered.cte("remembered"), *others)


def remembering(answered: SelectBase, *columns: str) -> ReturningInsert[Any]:
    """Of the request: owner, key, fingerprint, answer, and `columns`."""
    remembered = insert(KEYS).from_select(["owner_id", "key", "fingerprint", "answer", *columns], answered)
    # What is in the way has expired: the clock is locked, and a fresh key would have been known.
    return remembered.on_conflict_do_update(
        index_elements=[KEYS.c.owner_id, KEYS.c.key],
        set_={name: remembered.excluded[name] for name in REMEMBERED},
    ).returning(KEYS.c.answer)


# Of a request that is more than one statement: `CLAIM` in front of them fails when the key is known, and undoes all.
# `RECALL` then tells what was answered.


def claiming() -> ClauseElement:
    return select(case((exists(select(known_key().c.key)), refuse(KEY_IS_KNOWN))))


def recalling_row() -> ClauseElement:
    """RememberedRow, if the key is known."""
    known = known_key()
    row_id = func.coalesce(known.c.row_id, known.c.task_id)
    return select(true(), known.c.fingerprint == FINGERPRINT, row_id, known.c.answer, known.c.version)


def recalling() -> ClauseElement:
    known = known_key()
    return select(known.c.fingerprint == FINGERPRINT, known.c.answer)


CLAIM, RECALL_ROW, RECALL = LazyStatement(claiming), LazyStatement(recalling_row), LazyStatement(recalling)
