"""Who calls: what the claims of a verified token say about the sender."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from taskward.auth.errors import TokenInvalid

MAX_OWNER_LENGTH = 255
SCOPE = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")  # RFC 6749 §3.3


@dataclass(frozen=True, slots=True)
class Caller:
    owner: str
    audiences: frozenset[str]
    """Those of the token's audiences that are accepted of its issuer; none where its audience is not checked."""
    scopes: frozenset[str] | None
    """None where the token has no `scope` claim. Empty where it has one that is malformed: that grants nothing."""
    expires_at: float
    """`exp`: seconds since 1970, without leeway."""


def owner_of(claims: Mapping[str, Any]) -> str:
    """The owner whose rows the sender of a token with these claims may read and change: its `sub`.

    Raises:
        TokenInvalid: the `sub` can be no owner.
    """
    sub = claims.get("sub")
    if not is_owner(sub):
        raise TokenInvalid(f"The sub of the token must be 1 to {MAX_OWNER_LENGTH} printable characters.")
    return sub


def is_owner(value: object) -> TypeGuard[str]:
    """Whether this can be an owner: 1-255 printable characters without white space at the ends."""
    return (
        isinstance(value, str) and 0 < len(value) <= MAX_OWNER_LENGTH and value.isprintable() and value.strip() == value
    )


def scopes_of(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """The scopes that the claims grant; None when they do not speak of scopes.

    RFC 9068 §2.2.3, RFC 8693 §4.2: one string, with single spaces between the scopes. Whatever else stands there (a
    list, null, the empty string, two spaces) grants no scope: a limit that cannot be read must not pass for no limit.
    """
    if "scope" not in claims:
        return None
    scope = claims["scope"]
    return frozenset(scope.split(" ") if isinstance(scope, str) and SCOPE.fullmatch(scope) else ())
