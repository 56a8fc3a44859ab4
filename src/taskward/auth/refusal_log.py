"""The log of refused tokens: what was expected and what came, so that a wrong setting is found. Never the token."""

import logging
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from taskward.auth.demand import Demand
from taskward.auth.errors import Forbidden, TokenExpired, Unauthorized
from taskward.auth.issuer import LocalIssuer
from taskward.auth.tokens import ACCESS_TOKEN, audiences_of

LINES_A_MINUTE = 5
"""For each reason of a refusal."""
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1", "host.docker.internal")
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
                    more = count - LINES_A_MINUTE
                    log.warning("%d more %s refused: %s", more, "token was" if more == 1 else "tokens were", reason)
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
    """The mistakes that are made most, as a sentence; where nothing is expected of a claim, it is no mistake."""
    issuer, issuers, audiences = claims.get("iss"), expected.get("iss", ()), expected.get("aud", ())
    typ = str(header.get("typ")).lower()
    if "session-cache" in typ:
        return f" It is the session cookie of Better Auth; {SEND_THE_JWT}."
    if str(header.get("alg")).startswith("HS") and "HS256" not in expected.get("alg", ()):
        return " It is signed with a shared secret; if the application means that, sign HS256 and set JWT_HS256_SECRET."
    if (misled := hint_about_assistants(claims, audiences, is_access_token=typ == ACCESS_TOKEN)) is not None:
        return misled
    # An access token may tell when its user signed in, too (RFC 9068 §2.2.1).
    is_id_token = typ != ACCESS_TOKEN and not claims.keys().isdisjoint(ID_TOKEN_CLAIMS)
    if is_id_token and audiences and audiences_of(claims).isdisjoint(audiences):
        return f" It is an ID token, which is for the client; {SEND_THE_JWT}."
    if isinstance(issuer, str) and issuers and issuer not in issuers:
        return issuer_hint(issuer, issuers, is_access_token=typ == ACCESS_TOKEN)
    return ""


def hint_about_assistants(claims: dict[str, Any], audiences: Collection[str], *, is_access_token: bool) -> str | None:
    """Of a token that is for `/mcp` and was sent elsewhere, or the other way round."""
    came = audiences_of(claims)
    if not came.isdisjoint(audiences) or not audiences:
        return None
    if any(one.endswith(OF_ASSISTANTS) for one in came):
        return f" It is for assistants, at /mcp alone; {SEND_THE_JWT}."
    if any(one.endswith(OF_ASSISTANTS) for one in audiences) and not is_access_token:
        return " Assistants send the access token that the OAuth provider gave them."
    return None


OF_ASSISTANTS = "/mcp"
SEND_THE_JWT = "send the JWT that Better Auth's /token gives"


def issuer_hint(issuer: str, issuers: Collection[str], *, is_access_token: bool) -> str:
    came, accepted = plain(issuer), {plain(one) for one in issuers}
    if issuer == LocalIssuer.issuer:
        return " It is of `taskward token`: only `taskward dev` accepts it, and only on this machine."
    if set(issuers) == {LocalIssuer.issuer}:
        return " BETTER_AUTH_URL is not set, so only what `taskward token` gives is accepted."
    if came in accepted:
        return " They differ only in case or by a slash at the end; set BETTER_AUTH_ISSUER to what came."
    if any(f"{came}/".startswith(f"{one}/") or f"{one}/".startswith(f"{came}/") for one in accepted):
        if is_access_token:
            return " It is an OAuth access token; if such are meant, name its issuer in BETTER_AUTH_ISSUER."
        return " They differ only by a path; if that issuer is meant, name it in BETTER_AUTH_ISSUER."
    if is_local(issuer) or any(map(is_local, issuers)):
        return (
            " When Better Auth has one address for browsers and another for this server, BETTER_AUTH_URL is the first"
            " and BETTER_AUTH_JWKS_URL has the second."
        )
    return ""


def plain(issuer: str) -> str:
    return issuer.rstrip("/").lower()


def is_local(address: str) -> bool:
    try:
        return urlsplit(address).hostname in LOCAL_NAMES
    except ValueError:  # no URL, as an issuer may be
        return False
