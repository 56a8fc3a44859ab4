"""The address at which calendar programs read an owner's tasks, which have no token: a secret is in it.

Only the digest of the secret is kept, so that nobody who reads the database can read calendars by it.
"""

import secrets
from base64 import b32encode
from datetime import datetime
from hashlib import sha256

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Delete,
    Index,
    Text,
    bindparam,
    cast,
    delete,
    func,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql import ClauseElement
from sqlmodel import Field, SQLModel

from taskward.errors import NotFound
from taskward.postgres.context import NOBODY, PRESENT
from taskward.postgres.statements import OWNER, LazyStatement, owned
from taskward.resources.idempotency import Idempotency, is_unknown, known_key, once
from taskward.resources.resource import NO_BODY, Write, remembered
from taskward.resources.session import Session

SECRET_BYTES = 20
SECRET_FORM = "[a-z2-7]{32}"  # noqa: S105 - what they look like
"""160 bits in the letters of RFC 4648 §6, in lower case: each value is a secret."""


class CalendarNotFound(NotFound):
    code = "calendar_not_found"

    def __init__(self) -> None:
        super().__init__("There is no calendar at this address: it was never one, or another has taken its place.")


class CalendarLink(SQLModel, table=True):
    """An owner has one at most."""

    __tablename__ = "calendar_links"
    __table_args__ = (
        # The one key without the owner in front: who asks has nothing but the secret.
        Index("calendar_links_by_digest", "digest", unique=True),
        CheckConstraint("char_length(digest) = 64", name="calendar_links_digest_length"),
    )

    owner_id: str = Field(sa_type=Text, primary_key=True)
    digest: str = Field(sa_type=Text, nullable=False)
    """The SHA-256 of the secret in hexadecimal digits. A secret of 160 bits needs no salt."""
    created_at: datetime = Field(
        sa_type=DateTime(timezone=True), nullable=False, sa_column_kwargs={"server_default": func.now()}
    )


TABLE = SQLModel.metadata.tables["calendar_links"]


async def make(session: Session) -> str:
    """The secret of a new link, which takes the place of the one before."""
    secret = b32encode(secrets.token_bytes(SECRET_BYTES)).decode().lower()
    await session.write(MAKE(digest=digest_of(secret)))
    return secret


async def remove(session: Session, *, idempotency: Idempotency | None = None) -> bool:
    """There is none afterwards, unless one was made since it was removed under this key. Tells whether it was.

    Raises:
        IdempotencyKeyReused: the key came with another request before.
    """
    [rows] = await session.write(REMOVE.bound(idempotency), is_repeatable=idempotency is not None)
    return idempotency is not None and remembered(rows[0]).is_replay


async def owner_of(nobody: Session, secret: str) -> str:
    """Whose calendar it is; NOBODY where the secret is none, or not any more.

    The owner, whom everything else is asked as, is not known before: the keeper looks, and its policy shows it the one
    row whose digest is presented.
    """
    digest = digest_of(secret)
    _, rows = await nobody.read(PRESENT(digest=digest), WHOSE(digest=digest))
    return rows[0][0].decode() if rows and rows[0][0] is not None else NOBODY


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


DIGEST = bindparam("digest", type_=Text())


def making() -> ClauseElement:
    made = insert(TABLE).values(owner_id=OWNER, digest=DIGEST)
    return made.on_conflict_do_update(
        index_elements=[TABLE.c.owner_id], set_={"digest": made.excluded.digest, "created_at": func.now()}
    )


def removing() -> Delete:
    return owned(delete(TABLE), TABLE)


def removing_once() -> ClauseElement:
    known, nothing = known_key(), cast(null(), BigInteger)
    removed = removing().where(is_unknown(known)).returning(TABLE.c.digest).cte("removed")
    made = select(nothing.label("id"), NO_BODY, nothing.label("version")).where(is_unknown(known))
    return once(known, made.cte("made"), removed)


MAKE = LazyStatement(making)
REMOVE = Write(plain=LazyStatement(removing), once=LazyStatement(removing_once))
WHOSE = LazyStatement(lambda: select(TABLE.c.owner_id).where(TABLE.c.digest == DIGEST))
