"""A bearer token becomes a `Caller`. Nothing else in Taskward decodes a token.

The order is the protection. Everything that can be told from the token alone (its form, issuer, audience, algorithm,
times and subject) is told before a key is looked for, so that a forged token costs no request to the key server and
no cryptography. PyJWT then verifies the signature, and only that: the claims were held to more than it asks.
"""

import json
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

import jwt

from taskward.auth.errors import TokenExpired, TokenInvalid, TokenMissing
from taskward.auth.jwks import MAX_KID_LENGTH, Key, KeyId
from taskward.auth.key_set import KeySet, RemoteKeySet, StaticKeySet
from taskward.auth.refusal_log import RefusalLog
from taskward.settings import Settings, SettingsError
from taskward.strict_json import refuse_constant, without_duplicates

if TYPE_CHECKING:
    from taskward.auth.issuer import LocalIssuer

MAX_TOKEN_BYTES = 8 * 1024
MAX_OWNER_LENGTH = 255
MAX_REMEMBERED_TOKENS = 10_000
"""At most some 15 MB: what is kept of a token is a digest and an owner."""
TYPES = frozenset({"jwt", "at+jwt"})  # RFC 7515 §4.1.9, RFC 9068 §2.1: media types, so in any case
# They change what is signed (crit, b64, zip) or bring the key along (RFC 7515 §4.1.2-6, §4.1.11, RFC 7797).
REFUSED_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})
COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
SIGNATURES = jwt.PyJWS()
DECODER = json.JSONDecoder(object_pairs_hook=without_duplicates, parse_constant=refuse_constant)


@dataclass(frozen=True, slots=True)
class Caller:
    owner: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens are accepted, and with which keys. The keys of one never verify a token of another."""

    algorithms: frozenset[str]
    keys: KeySet
    # None where they are not checked, which only a shared secret allows.
    issuers: frozenset[str] | None
    audiences: frozenset[str] | None
    has_kids: bool = True


class Verified(NamedTuple):
    caller: Caller
    until: float
    key: Key
    keys: KeySet


def authenticator(
    settings: Settings,
    *,
    local: "LocalIssuer | None" = None,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> "Authenticator":
    """What accepts the tokens that the settings name, and those of the local issuer when it is given.

    Raises:
        SettingsError: issuer or audience are missing, or the secret cannot serve as one.
    """
    trusted = []
    if local is not None:
        trusted.append(Trust(frozenset({"EdDSA"}), local.keys, frozenset({local.issuer}), frozenset({local.audience})))
    issuers, audiences = frozenset(settings.issuers), frozenset(settings.audiences)
    if settings.jwt_hs256_secret is not None:
        secret = StaticKeySet([shared_secret(settings.jwt_hs256_secret.get_secret_value().encode())])
        trusted.append(Trust(frozenset({"HS256"}), secret, issuers or None, audiences or None, has_kids=False))
    elif settings.jwks_url is not None:
        if not issuers or not audiences:
            raise SettingsError("BETTER_AUTH_URL must be set, or both BETTER_AUTH_ISSUER and BETTER_AUTH_AUDIENCE.")
        keys = RemoteKeySet(settings.jwks_url, settings.better_auth_algorithms, monotonic=monotonic)
        trusted.append(Trust(frozenset(settings.better_auth_algorithms), keys, issuers, audiences))
    return Authenticator(trusted, leeway_seconds=settings.better_auth_leeway_seconds, clock=clock)


class Authenticator:
    """Remembers what it has verified: never past the token's `exp`, and only while its key is the one in use."""

    def __init__(self, trusted: Sequence[Trust], *, leeway_seconds: float, clock: Callable[[], float]) -> None:
        self.trusted = tuple(trusted)
        self.leeway_seconds = leeway_seconds
        self.clock = clock
        self.verified: OrderedDict[bytes, Verified] = OrderedDict()
        self.refusals = RefusalLog(
            iss={issuer for trust in trusted for issuer in trust.issuers or ()},
            aud={audience for trust in trusted for audience in trust.audiences or ()},
            alg={algorithm for trust in trusted for algorithm in trust.algorithms},
        )

    async def caller(self, headers: Iterable[tuple[bytes, bytes]], *, deadline_seconds: float) -> Caller:
        """Who calls, by the `Authorization` header among `headers` (names in lower case, as ASGI has them).

        A token that was verified before costs a digest and two look-ups, and does not yield to the event loop.

        Raises:
            TokenMissing: there is no bearer token, only perhaps another scheme (RFC 6750 §3: no error is named).
            TokenInvalid: what was sent can never be accepted here.
            TokenExpired: all is well with the token but its `exp`, as far as can be told without its key.
            KeysUnavailable: its key could not be fetched, at the latest when the deadline ends.
        """
        now = self.clock()
        header: dict[str, Any] = {}
        claims: dict[str, Any] = {}
        try:
            token = bearer_token(headers)
            digest = sha256(token).digest()
            last = self.verified.get(digest)
            if last is not None and now < last.until and last.keys.known(last.key.id) is last.key:
                return last.caller

            header, claims = read(token)
            trust = self.trust_in(claims)
            key_id = checked_header(header, trust)
            owner, expires_at = checked_claims(claims, trust, now=now, leeway_seconds=self.leeway_seconds)
            key = await trust.keys.find(key_id, deadline_seconds=deadline_seconds)
            if key is None:
                raise TokenInvalid("The key that signed the token is not among the keys of its issuer.")
            if not is_signed(token, key):
                raise TokenInvalid("The signature of the token does not match.")
        except (TokenInvalid, TokenExpired) as refusal:
            self.refusals.write(refusal, header, claims, now=now)
            raise

        caller = Caller(owner)
        self.verified[digest] = Verified(caller, expires_at + self.leeway_seconds, key, trust.keys)
        if len(self.verified) > MAX_REMEMBERED_TOKENS:
            self.verified.popitem(last=False)  # the oldest, which is about the next to expire
        return caller

    def trust_in(self, claims: dict[str, Any]) -> Trust:
        issuer = claims.get("iss")
        for trust in self.trusted:
            if trust.issuers is None or (isinstance(issuer, str) and issuer in trust.issuers):
                return trust
        raise TokenInvalid("The issuer of the token is not the one that is accepted here.")

    async def close(self) -> None:
        for trust in self.trusted:
            await trust.keys.close()


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The token of the one `Authorization` header (RFC 6750 §2.1), of at most 8 KiB."""
    values = [value for name, value in headers if name == b"authorization"]
    if not values:
        raise TokenMissing("This call needs an Authorization header with a bearer token.")
    if len(values) > 1:
        raise TokenInvalid("There is more than one Authorization header.")
    scheme, _, token = values[0].strip(b" \t").partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise TokenMissing("The Authorization header must be the word Bearer, a space and the token.")
    token = token.lstrip(b" ")
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenInvalid(f"The token is longer than {MAX_TOKEN_BYTES} bytes.")
    return token


def read(token: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, by the letter."""
    header, claims, _signature = decoded_parts(token)
    try:
        return strict_object(header), strict_object(claims)
    except (ValueError, RecursionError):
        raise TokenInvalid(
            "Header and claims of the token must be JSON objects in UTF-8 without duplicate names."
        ) from None


def decoded_parts(token: bytes) -> tuple[bytes, ...]:
    """Header, claims and signature of a JWS in compact form (RFC 7515 §7.1)."""
    parts = COMPACT.fullmatch(token)
    if parts is None:
        raise TokenInvalid(f"This is no signed JWT{looks_like(token)}; send the one that /api/auth/token gives.")
    try:
        return tuple(map(canonical_base64url, parts.groups()))
    except ValueError:
        raise TokenInvalid("The parts of the token are not canonical base64url.") from None


def looks_like(token: bytes) -> str:
    if re.fullmatch(rb"[A-Za-z0-9]{32}(\.[A-Za-z0-9+/=%_-]+)?", token):
        return " but looks like a session token of Better Auth"
    return " but looks like an encrypted one" if token.count(b".") == 4 else ""  # RFC 7516 §7: five parts


def canonical_base64url(part: bytes) -> bytes:
    """Decodes the only spelling that encoding gives (RFC 4648 §3.5), or one token could be written in several ways."""
    decoded = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    if urlsafe_b64encode(decoded).rstrip(b"=") != part:
        raise ValueError
    return decoded


def strict_object(text: bytes) -> dict[str, Any]:
    """A JSON object that every reader takes alike (RFC 7515 §4). Its values may be what a body's may not, such as text
    with U+0000: claims that nobody looks at do no harm.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deep for Python's parser.
    """
    value = DECODER.decode(text.decode())
    if not isinstance(value, dict):
        raise ValueError
    return value


def checked_header(header: dict[str, Any], trust: Trust) -> KeyId:
    """The id of the key that the token asks for."""
    algorithm, kid, typ = header.get("alg"), header.get("kid", ""), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in trust.algorithms:
        raise TokenInvalid("The algorithm of the token is not one that is accepted here.")
    if not isinstance(kid, str) or len(kid) > MAX_KID_LENGTH or (trust.has_kids and not kid):
        raise TokenInvalid("The header of the token must name its key as kid.")
    if not isinstance(typ, str) or typ.lower() not in TYPES:
        raise TokenInvalid("The token is of another kind: its typ must be absent, JWT or at+jwt.")
    if header.keys() & REFUSED_HEADERS:
        raise TokenInvalid(f"The header of the token may not have {', '.join(sorted(REFUSED_HEADERS))}.")
    return (kid if trust.has_kids else ""), algorithm


def checked_claims(claims: dict[str, Any], trust: Trust, *, now: float, leeway_seconds: float) -> tuple[str, float]:
    """The owner, and when the token expires."""
    if trust.audiences is not None and not trust.audiences & audiences_of(claims):
        raise TokenInvalid("The token is for another audience.")
    owner = claims.get("sub")
    if not is_owner(owner):
        raise TokenInvalid(f"The sub of the token must be 1 to {MAX_OWNER_LENGTH} printable characters.")
    if claims.get("client_id") == owner:  # RFC 9068 §5: a client that acts for itself
        raise TokenInvalid("The token is of an application, not of a user.")
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if "exp" not in times or "iat" not in times or not all(map(is_time, times.values())):
        raise TokenInvalid("The token must say as numbers when it was issued (iat) and expires (exp).")
    if max(times["iat"], times.get("nbf", 0)) > now + leeway_seconds:
        raise TokenInvalid("The token is not valid yet; the clocks of its issuer and of this server may differ.")
    if times["exp"] <= now - leeway_seconds:
        raise TokenExpired("The token has expired; get a new one and repeat the request.")
    return owner, times["exp"]


def audiences_of(claims: dict[str, Any]) -> frozenset[str]:
    audience = claims.get("aud")
    listed: list[Any] = audience if isinstance(audience, list) else [audience]
    return frozenset(listed if all(isinstance(one, str) for one in listed) else ())


def is_owner(value: object) -> TypeGuard[str]:
    """Whether this can be the `sub` of a token: 1-255 printable characters without white space at its ends."""
    return (
        isinstance(value, str) and 0 < len(value) <= MAX_OWNER_LENGTH and value.isprintable() and value.strip() == value
    )


def is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 2**53


def is_signed(token: bytes, key: Key) -> bool:
    try:
        SIGNATURES.decode(token, key.jwk, algorithms=[key.jwk.algorithm_name])
    except jwt.PyJWTError:
        return False
    return True


def shared_secret(secret: bytes) -> Key:
    jwk = jwt.PyJWK({"kty": "oct", "k": urlsafe_b64encode(secret).decode()}, "HS256")
    try:
        jwk.Algorithm.prepare_key(jwk.key)
    except jwt.InvalidKeyError:
        raise SettingsError("JWT_HS256_SECRET must be a shared secret, and this is a key of another kind.") from None
    return Key(("", "HS256"), (), jwk)
