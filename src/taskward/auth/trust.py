"""Whose tokens are accepted: issuers, the audiences they may name, and the keys that verify them."""

import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass

import jwt

from taskward.auth.jwks import Key
from taskward.auth.key_set import KeySet, RemoteKeySet, StaticKeySet
from taskward.settings import Settings, SettingsError

NO_SDK = "MCP needs the extra mcp: install taskward[mcp]."
NOBODY_NAMED = "BETTER_AUTH_URL must be set, or both BETTER_AUTH_ISSUER and BETTER_AUTH_AUDIENCE."


@dataclass(frozen=True, slots=True)
class Trust:
    """Tokens of these issuers, for one of these audiences, are accepted when a key of the set verifies them.

    The keys of one trust never verify a token of another.
    """

    algorithms: frozenset[str]
    key_set: KeySet
    # None where they are not checked, which only a shared secret allows.
    issuers: frozenset[str] | None
    audiences: frozenset[str] | None
    requires_kid: bool = True
    is_of_access_tokens: bool = False
    """Their `typ` must say so (RFC 9068 §2.1)."""
    foreign: str | None = None
    """An audience that a token must not have, whichever it has besides: it is for another endpoint."""


def trust_of(settings: Settings, *, monotonic: Callable[[], float] = time.monotonic) -> Trust | None:
    """The trust in Better Auth, or in who knows the shared secret; None when the settings name neither.

    Raises:
        SettingsError: issuer or audience are missing, or the secret cannot serve as one.
    """
    issuers, audiences = frozenset(settings.issuers), frozenset(settings.audiences)
    if settings.jwt_hs256_secret is not None:
        secret = StaticKeySet([shared_secret(settings.jwt_hs256_secret.get_secret_value().encode())])
        return Trust(frozenset({"HS256"}), secret, issuers or None, audiences or None, requires_kid=False)
    if settings.jwks_url is None:
        return None
    if not issuers or not audiences:
        raise SettingsError(NOBODY_NAMED)
    algorithms = frozenset(settings.better_auth_algorithms)
    key_set = RemoteKeySet(settings.jwks_url, settings.better_auth_algorithms, monotonic=monotonic)
    return Trust(algorithms, key_set, issuers, audiences, foreign=settings.mcp_audience)


def trust_of_agents(settings: Settings, configured: Trust | None) -> Trust:
    """The trust in access tokens of Better Auth's OAuth provider for `/mcp`, which no other endpoint accepts.

    Their keys are those of the trust that is configured for the API.

    Raises:
        SettingsError: it is not said who gives them or whom they are for, or it could be taken for the API.
    """
    audience = settings.mcp_audience
    if audience is None:
        raise SettingsError("MCP needs PUBLIC_URL: where clients reach this server, such as https://tasks.example.com.")
    if settings.better_auth_api is None or configured is None or settings.jwt_hs256_secret is not None:
        raise SettingsError(
            "MCP needs BETTER_AUTH_URL: its OAuth provider gives the tokens, and no shared secret does."
        )
    if configured.audiences is None or audience in configured.audiences:
        raise SettingsError(f"BETTER_AUTH_AUDIENCE must not have {audience}: those tokens are for MCP alone.")
    # The provider has the issuer of the plugin jwt() where one is set, and else the address of its API.
    issuers = frozenset({*settings.better_auth_issuer, settings.better_auth_api})
    return Trust(configured.algorithms, configured.key_set, issuers, frozenset({audience}), is_of_access_tokens=True)


def shared_secret(secret: bytes) -> Key:
    """The key of a `StaticKeySet` for tokens that are signed with HS256 and name no `kid`.

    Raises:
        SettingsError: it is a public key, which anybody may know and sign with.
    """
    jwk = jwt.PyJWK({"kty": "oct", "k": urlsafe_b64encode(secret).decode()}, "HS256")
    try:
        jwk.Algorithm.prepare_key(jwk.key)
    except jwt.InvalidKeyError:
        raise SettingsError("JWT_HS256_SECRET must be a shared secret, and this is a key of another kind.") from None
    return Key(("", "HS256"), (), jwk)
