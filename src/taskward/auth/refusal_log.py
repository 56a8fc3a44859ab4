"""The log of refused tokens: what was expected and what came, so that a wrong setting is found. Never the token."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from taskward.auth.demand import Demand
from taskward.auth.errors import Forbidden, TokenExpired, Unauthorized

LINES_A_MINUTE = 5
"""For each reason of a refusal."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", "host.docker.internal")
ID_TOKEN_CLAIMS = {"nonce", "at_hash", "auth_time"}  # OpenID Connect Core §2

log = logging.getLogger("taskward.auth")


class RefusalLog:
    """Whoever sends a token chooses what is in it, so every value is escaped and cut, and each reason has only so many
    lines a minute: a flood neither fills a disk nor hides another reason."""

    def __init__(self, **expected: Collection[str]) -> None:
        self.expected = expected
        self.minute = 0.0
        self.refused: dict[str, int] = {}

    def write(
        self,
        refusal: Unauthorized | Forbidden,
        header: dict[str, Any],
        claims: dict[str, Any],
        *,
        demand: Demand,
        now: float,
    ) -> None:
        """`header` and `claims` are empty when the token could not even be read; `demand` is that of the endpoint, and
        `now` in seconds."""
        if now // 60 != self.minute:
            for reason, count in self.refused.items():
                if count > LINES_A_MINUTE:
                    log.warning("%d more tokens were refused: %s", count - LINES_A_MINUTE, reason)
            self.minute, self.refused = now // 60, {}
        count = self.refused[refusal.detail] = self.refused.get(refusal.detail, 0) + 1
        if count <= LINES_A_MINUTE:
            level = logging.INFO if isinstance(refusal, TokenExpired) else logging.WARNING
            comparison = self.comparison(header, claims, demand) if header or claims else ""
            log.log(level, "%s: %s%s", refusal.code, refusal.detail, comparison)

    def comparison(self, header: dict[str, Any], claims: dict[str, Any], demand: Demand) -> str:
        expected, names = {**self.expected}, {"iss": claims, "aud": claims, "alg": header, "kid": header, "typ": header}
        if demand.audiences is not None:
            expected["aud"] = demand.audiences
        if demand.scope is not None:
            expected["scope"], names["scope"] = {demand.scope}, claims
        wanted = ", ".join(f"{name} {' or '.join(map(ascii, sorted(v)))}" for name, v in expected.items() if v)
        came = ", ".join(f"{name} {ascii(part.get(name))[:120]}" for name, part in names.items())
        return f" Expected {wanted or 'nothing'}; came {came}.{hint(header, claims, expected)}"


def hint(header: dict[str, Any], claims: dict[str, Any], expected: Mapping[str, Collection[str]]) -> str:
    """The mistakes that are made most, as a sentence."""
    issuer, issuers = claims.get("iss"), expected.get("iss", ())
    if str(header.get("alg")).startswith("HS") and "HS256" not in expected.get("alg", ()):
        return " It is signed with a shared secret; if the application means that, set JWT_HS256_SECRET."
    if "session-cache" in str(header.get("typ")):
        return " It is the session cookie of Better Auth; send the JWT that /api/auth/token gives."
    if isinstance(issuer, str) and issuer not in issuers:
        return issuer_hint(issuer, issuers)
    if claims.get("aud") not in [*expected.get("aud", ())] and claims.keys() & ID_TOKEN_CLAIMS:
        return " It is an ID token, which is for the client; send the JWT that /api/auth/token gives."
    return ""


def issuer_hint(issuer: str, issuers: Collection[str]) -> str:
    plain = issuer.rstrip("/").lower()
    if plain in {expected.rstrip("/").lower() for expected in issuers}:
        return " They differ only in case or by a slash at the end; set BETTER_AUTH_ISSUER to what came."
    if plain.removesuffix("/api/auth") in issuers:
        return " It is an OAuth access token; if such are meant, name its issuer in BETTER_AUTH_ISSUER."
    if is_local(issuer) or any(map(is_local, issuers)):
        return (
            " When Better Auth has one address for browsers and another for this server, BETTER_AUTH_URL is the first"
            " and BETTER_AUTH_JWKS_URL has the second."
        )
    return ""


def is_local(address: str) -> bool:
    return any(name in address for name in LOCAL_NAMES)
