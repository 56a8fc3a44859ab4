"""Who calls: what the claims of a verified token say about the sender."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from taskward.auth.errors import TokenInvalid

MAX_OWNER_LENGTH = 255
"""Of what a claim says, in characters; the name of the claim may come in front."""
SUB = "sub"
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
    is_shared: bool = False
    """Whether the owner is not the user alone, because another claim than `sub` says who it is."""


def owner_of(claims: Mapping[str, Any], owner_claims: Sequence[str]) -> tuple[str, bool]:
    """The owner whose rows the sender of a token with these claims may read and change, and whether others may too.

    The first of `owner_claims` that the token has says who it is. The name of another claim than `sub` stays in front,
    behind which a colon ends it that no name has: so two claims never make the same owner, and a `sub` that looks like
    such an owner is refused, whichever claim is found.

    Raises:
        TokenInvalid: the `sub` can be no owner, or none of the claims makes one.
    """
    sub = claims.get(SUB)
    if not is_owner(sub):
        raise TokenInvalid(f"The sub of the token must be 1 to {MAX_OWNER_LENGTH} printable characters.")
    others = [name for name in owner_claims if name != SUB]
    if any(sub.startswith(owner_from(name, "")) for name in others):
        raise TokenInvalid("The sub of the token begins as the owners do that another claim makes (OWNER_CLAIM).")
    for name in owner_claims:
        if name == SUB:
            return sub, False
        value = value_at(name, claims)
        if value is not None:
            if not is_owner(value):
                raise TokenInvalid(no_owner(name))
            return owner_from(name, value), True
    raise TokenInvalid(f"The token has no {' or '.join(others)}, which says whose the tasks are (OWNER_CLAIM).")


def owner_from(claim: str, value: str) -> str:
    return f"{claim}:{value}"


def value_at(name: str, claims: Mapping[str, Any]) -> Any:
    """What the token says at this name, where `org.id` is `id` in the object `org`; None when it says nothing.

    Raises:
        TokenInvalid: there is something else than an object where one would have to be.
    """
    value: Any = claims
    for part in name.split("."):
        if not isinstance(value, Mapping):
            raise TokenInvalid(no_owner(name))
        value = value.get(part)
        if value is None or value == "":
            return None
    return value


def no_owner(name: str) -> str:
    return f"The claim {name} of the token must be 1 to {MAX_OWNER_LENGTH} printable characters, or absent."


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
