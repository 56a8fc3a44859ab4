"""What an endpoint asks of a token that is genuine: to be for its audience, and to have a scope."""

from collections.abc import Iterable
from dataclasses import dataclass

from taskward.auth.caller import Caller
from taskward.auth.errors import OTHER_AUDIENCE, Forbidden, TokenInvalid
from taskward.auth.trust import Trust

NOT_SHARED = "What this token is for is shared with others: this call needs one whose owner is its user alone."


@dataclass(frozen=True, slots=True)
class Demand:
    audiences: frozenset[str] | None
    """The token must be for one of them; None where the audience is not checked."""
    scope: str | None = None
    """The token must have it; None where none is needed."""
    is_personal: bool = False
    """The owner must be the user alone."""

    def refusal(self, caller: Caller) -> TokenInvalid | Forbidden | None:
        """Why the caller may not pass, or None."""
        if self.audiences is not None and self.audiences.isdisjoint(caller.audiences):
            return TokenInvalid(OTHER_AUDIENCE)
        if self.scope is not None and (caller.scopes is None or self.scope not in caller.scopes):
            return Forbidden(f"This call needs a token with the scope {self.scope}.", scope=self.scope)
        if self.is_personal and caller.is_shared:
            return Forbidden(NOT_SHARED)
        return None


def demand_of(trusts: Iterable[Trust]) -> Demand:
    """That a token is for an audience of these trusts, and no scope: what the API asks, if these are its own.

    Each trust holds its tokens to its own audiences, so that the audience of one cannot be used with another. If one of
    them checks no audience the API cannot either, and then tokens for another endpoint would pass at the API too.
    """
    audiences: set[str] = set()
    for trust in trusts:
        if trust.audiences is None:
            return Demand(None)
        audiences |= trust.audiences
    return Demand(frozenset(audiences))
