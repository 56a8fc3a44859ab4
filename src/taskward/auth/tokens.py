"""A JSON Web Token is read, and held to what it may say. Nothing else in Taskward decodes a token."""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import jwt

from taskward.auth.caller import Caller, owner_of, scopes_of
from taskward.auth.errors import OTHER_AUDIENCE, TokenExpired, TokenInvalid, TokenMissing
from taskward.auth.jwks import MAX_KID_LENGTH, Key, KeyId, names_of
from taskward.auth.trust import Trust
from taskward.settings import OTHER_NAMES
from taskward.strict_json import refuse_constant, without_duplicates

ACCESS_TOKEN = "at+jwt"  # noqa: S105 - a media type
TYPES = frozenset({"jwt", ACCESS_TOKEN})  # RFC 7515 §4.1.9, RFC 9068 §2.1: media types, so in any case
# They change what is signed (crit, b64, zip) or bring the key along (RFC 7515 §4.1.2-6, §4.1.11, RFC 7797).
REFUSED_HEADERS = frozenset({"crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"})
COMPACT = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
DECODER = json.JSONDecoder(object_pairs_hook=without_duplicates, parse_constant=refuse_constant)


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The token of the one `Authorization` header (RFC 6750 §2.1). Names are in lower case.

    Raises:
        TokenMissing: there is no such header, or it is of another scheme.
        TokenInvalid: there are several.
    """
    values = [value for name, value in headers if name == b"authorization"]
    if not values:
        raise TokenMissing("This call needs an Authorization header with a bearer token.")
    if len(values) > 1:
        raise TokenInvalid("There is more than one Authorization header.")
    scheme, _, token = values[0].strip(b" \t").partition(b" ")
    if scheme.lower() != b"bearer" or not token:
        raise TokenMissing("The Authorization header must be the word Bearer, a space and the token.")
    return token.lstrip(b" ")


def read(token: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, of which nothing is verified yet.

    Raises:
        TokenInvalid: they cannot be read, or could be read in more than one way.
    """
    header, claims, _signature = decoded_parts(token)
    try:
        return strict_object(header), strict_object(claims)
    except (ValueError, RecursionError):
        raise TokenInvalid(
            "Header and claims of the token must be JSON objects in UTF-8 without duplicate names."
        ) from None


def decoded_parts(token: bytes) -> tuple[bytes, ...]:
    """Header, claims and signature of a JWS in compact serialization (RFC 7515 §7.1), as bytes.

    Raises:
        TokenInvalid: it is none.
    """
    parts = COMPACT.fullmatch(token)
    if parts is None:
        raise TokenInvalid(f"This is no signed JWT{looks_like(token)}; send the one that Better Auth's /token gives.")
    try:
        return tuple(map(canonical_base64url, parts.groups()))
    except ValueError:
        raise TokenInvalid("The parts of the token are not canonical base64url.") from None


def looks_like(token: bytes) -> str:
    if re.fullmatch(rb"[A-Za-z0-9]{32}(\.[A-Za-z0-9+/=%_-]+)?", token):
        return " but looks like a session token of Better Auth"
    return " but looks like an encrypted one" if token.count(b".") == 4 else ""  # RFC 7516 §7: five parts


def canonical_base64url(part: bytes) -> bytes:
    """Decodes the only spelling that encoding gives (RFC 4648 §3.5), or one token could be written in several ways.

    Raises:
        ValueError: it is spelled otherwise.
    """
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


def key_id_in(header: dict[str, Any], trust: Trust) -> KeyId:
    """The id of the key that must have signed the token, where its header is one that the trust accepts.

    Raises:
        TokenInvalid: the header is of another kind, or asks for what is not done here.
    """
    algorithm, kid, typ = header.get("alg"), header.get("kid", ""), header.get("typ", "JWT")
    algorithm = OTHER_NAMES.get(algorithm, algorithm) if isinstance(algorithm, str) else None
    if algorithm not in trust.algorithms:
        raise TokenInvalid("The algorithm of the token is not one that is accepted here.")
    if not isinstance(kid, str) or len(kid) > MAX_KID_LENGTH or (trust.requires_kid and not kid):
        raise TokenInvalid("The header of the token must name its key as kid.")
    if not isinstance(typ, str) or typ.lower() not in TYPES:
        raise TokenInvalid("The token is of another kind: its typ must be absent, JWT or at+jwt.")
    if trust.is_of_access_tokens and typ.lower() != ACCESS_TOKEN:
        raise TokenInvalid("The token is no access token of an OAuth provider: its typ must be at+jwt.")
    if header.keys() & REFUSED_HEADERS:
        raise TokenInvalid(f"The header of the token may not have {', '.join(sorted(REFUSED_HEADERS))}.")
    return (kid if trust.requires_kid else ""), algorithm


def caller_in(
    claims: dict[str, Any], trust: Trust, *, owner_claims: Sequence[str], now: float, leeway_seconds: float
) -> Caller:
    """Whom the claims name, where they are such as the trust accepts. To be believed once the signature is verified.

    Raises:
        TokenInvalid: the claims are for another audience, of no user, not valid yet or malformed.
        TokenExpired: only `exp` stands against them.
    """
    named = audiences_of(claims)
    audiences = named & (trust.audiences or frozenset())
    if (trust.audiences is not None and not audiences) or trust.foreign in named:
        raise TokenInvalid(OTHER_AUDIENCE)
    owner, is_shared = owner_of(claims, owner_claims)
    if claims.get("client_id") == claims["sub"]:  # RFC 9068 §5: a client that acts for itself
        raise TokenInvalid("The token is of an application, not of a user.")
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if "exp" not in times or "iat" not in times or not all(map(is_time, times.values())):
        raise TokenInvalid("The token must say as numbers when it was issued (iat) and expires (exp).")
    if max(times["iat"], times.get("nbf", 0)) > now + leeway_seconds:
        raise TokenInvalid("The token is not valid yet; the clocks of its issuer and of this server may differ.")
    if times["exp"] <= now - leeway_seconds:
        raise TokenExpired("The token has expired; get a new one and repeat the request.")
    return Caller(owner, audiences, scopes_of(claims), expires_at=times["exp"], is_shared=is_shared)


def audiences_of(claims: dict[str, Any]) -> frozenset[str]:
    """`aud`, a string or a list of strings (RFC 7519 §4.1.3); none where it is neither."""
    audience = claims.get("aud")
    listed: list[Any] = audience if isinstance(audience, list) else [audience]
    return frozenset(listed if all(isinstance(one, str) for one in listed) else ())


def is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 2**53


def is_signed(token: bytes, key: Key) -> bool:
    try:
        JWS.decode(token, key.jwk.key, algorithms=names_of(key.jwk.algorithm_name))
    except jwt.PyJWTError:
        return False
    return True


def verifier() -> jwt.PyJWS:
    """PyJWT's, that knows the other names of its algorithms too."""
    jws = jwt.PyJWS()
    for name in OTHER_NAMES.keys() - set(jws.get_algorithms()):
        jws.register_algorithm(name, jws.get_algorithm_by_name(OTHER_NAMES[name]))
    return jws


JWS = verifier()
