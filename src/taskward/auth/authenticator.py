"""A request's bearer token becomes a `Caller`.

The order is the protection. Everything that can be told from the token alone (its form, issuer, audience, algorithm,
times and subject) is told before a key is looked for, so that a forged token costs no request to the key server and
no cryptography. PyJWT then verifies the signature, and only that: the claims were held to more than it asks. What is
cached is that a token is genuine; what an endpoint demands of it is judged after that, at every request.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from taskward.auth.caller import SUB, Caller
from taskward.auth.demand import Demand
from taskward.auth.errors import Forbidden, TokenExpired, TokenInvalid
from taskward.auth.jwks import Key
from taskward.auth.key_set import KeySet
from taskward.auth.refusal_log import RefusalLog
from taskward.auth.tokens import audiences_of, bearer_token, caller_in, is_signed, key_id_in, read
from taskward.auth.trust import Trust, trust_of
from taskward.settings import Settings

MAX_CACHED_TOKENS = 10_000
"""At most some 15 MB, or 40 where all have scopes: what is kept of a token is a digest and its caller."""

MAX_CACHED_SCOPES = 16
MAX_CACHED_SCOPE_CHARACTERS = 512
"""Of all scopes of a token together. One with more, which may be 16 KiB long, is verified at each request."""

OTHER_ISSUER = "The token comes from another issuer than the one that is configured here."
NO_ISSUER = "The token must name its issuer (iss) as a string."


class Verified(NamedTuple):
    caller: Caller
    until: float
    key: Key
    key_set: KeySet


def authenticator(
    settings: Settings,
    *,
    trusts: Sequence[Trust] = (),
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> "Authenticator":
    """What accepts the tokens of `trusts`, and behind them those that the settings name.

    Raises:
        SettingsError: issuer or audience are missing, or the secret cannot serve as one.
    """
    configured = trust_of(settings, monotonic=monotonic)
    return Authenticator(
        trusts if configured is None else [*trusts, configured],
        owner_claims=settings.owner_claim,
        leeway_seconds=settings.better_auth_leeway_seconds,
        clock=clock,
    )


class Authenticator:
    """Caches what it has verified: never past the token's `exp`, and only while its key is the one in use."""

    def __init__(
        self,
        trusts: Sequence[Trust],
        *,
        owner_claims: Sequence[str] = (SUB,),
        leeway_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self.trusts = tuple(trusts)
        self.owner_claims = owner_claims
        self.leeway_seconds = leeway_seconds
        self.clock = clock
        self.cache: OrderedDict[bytes, Verified] = OrderedDict()
        """By the SHA-256 of the token."""
        self.refusals = RefusalLog(
            iss=all_of(trust.issuers for trust in trusts),
            aud=all_of(trust.audiences for trust in trusts),
            alg=all_of(trust.algorithms for trust in trusts),
        )

    async def caller(
        self, headers: Iterable[tuple[bytes, bytes]], *, demand: Demand, deadline_seconds: float
    ) -> Caller:
        """Who calls, by the `Authorization` header among `headers` (names in lower case, as ASGI has them).

        A token that was verified before costs a digest and two look-ups, and does not yield to the event loop.

        Raises:
            TokenMissing: there is no bearer token, only perhaps another scheme (RFC 6750 §3: no error is named).
            TokenInvalid: what was sent can never be accepted here.
            Forbidden: the token is genuine, and lacks the scope that is demanded.
            TokenExpired: all is well with the token but its `exp`, as far as can be told without its key.
            KeysUnavailable: its key could not be fetched, at the latest when the deadline ends.
        """
        now = self.clock()
        caller: Caller | None = None
        header: dict[str, Any] = {}
        claims: dict[str, Any] = {}
        try:
            token = bearer_token(headers)
            digest = sha256(token).digest()
            cached = self.cache.get(digest)
            if cached is not None and now < cached.until and cached.key_set.known(cached.key.id) is cached.key:
                caller = cached.caller
                if demand.refusal(caller) is None:
                    return caller

            header, claims = read(token)  # of a cached one for the log
            if caller is None:
                verified = await self.verify(token, header, claims, now=now, deadline_seconds=deadline_seconds)
                if takes_little(verified.caller):
                    self.cache[digest] = verified
                if len(self.cache) > MAX_CACHED_TOKENS:
                    self.cache.popitem(last=False)  # the oldest, which is about the next to expire
                caller = verified.caller
            if (refusal := demand.refusal(caller)) is not None:
                raise refusal
        except (TokenInvalid, TokenExpired, Forbidden) as refused:
            self.refusals.write(refused, header, claims, demand=demand, now=now)
            raise
        return caller

    async def verify(
        self, token: bytes, header: dict[str, Any], claims: dict[str, Any], *, now: float, deadline_seconds: float
    ) -> Verified:
        """That the token is genuine, and for an audience that some endpoint has.

        Raises:
            TokenInvalid, TokenExpired, KeysUnavailable: as `caller` says.
        """
        trust = self.trust_in(claims)
        key_id = key_id_in(header, trust)
        caller = caller_in(claims, trust, owner_claims=self.owner_claims, now=now, leeway_seconds=self.leeway_seconds)
        key = await trust.key_set.find(key_id, deadline_seconds=deadline_seconds)
        if key is None:
            raise TokenInvalid("The key that signed the token is not among the keys of its issuer.")
        if not is_signed(token, key):
            raise TokenInvalid("The signature of the token does not match.")
        return Verified(caller, caller.expires_at + self.leeway_seconds, key, trust.key_set)

    def trust_in(self, claims: dict[str, Any]) -> Trust:
        """The trust that names the token's issuer; of several that do, the first whose audience the token is for.

        Raises:
            TokenInvalid: there is none.
        """
        issuer, audiences = claims.get("iss"), audiences_of(claims)
        named = [trust for trust in self.trusts if isinstance(issuer, str) and issuer in (trust.issuers or ())]
        trusts = named or [trust for trust in self.trusts if trust.issuers is None]
        if not trusts:
            raise TokenInvalid(OTHER_ISSUER if isinstance(issuer, str) else NO_ISSUER)
        return next((trust for trust in trusts if trust.audiences is None or trust.audiences & audiences), trusts[0])

    def open(self) -> None:
        for trust in self.trusts:
            trust.key_set.open()

    async def close(self) -> None:
        for trust in self.trusts:
            await trust.key_set.close()


def takes_little(caller: Caller) -> bool:
    """Of what a caller has, the scopes alone can be many and long."""
    scopes = caller.scopes or ()
    return len(scopes) <= MAX_CACHED_SCOPES and sum(map(len, scopes)) <= MAX_CACHED_SCOPE_CHARACTERS


def all_of(accepted: Iterable[frozenset[str] | None]) -> frozenset[str]:
    """What all together accept; nothing in particular where one of them takes anything."""
    listed = list(accepted)
    return frozenset().union(*(one for one in listed if one is not None)) if None not in listed else frozenset()
