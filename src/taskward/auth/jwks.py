"""The JWK set of a key server (RFC 7517): how it is fetched, and which of its keys may verify a token."""

import asyncio
import json
import os
import ssl
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import certifi
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from taskward.settings import OTHER_NAMES

FETCH_SECONDS = 3
"""For name, connection, headers and body together."""
MAX_JWKS_BYTES = 256 * 1024
MAX_KID_LENGTH = 256
RSA_BITS = range(2048, 8192 + 1)
# CVE-2017-15361: the moduli of one vendor's chips are powers of 65537 modulo every small prime, and can be factored.
ROCA_PRIMES = (3, 5, 7, 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
ROCA_POWERS = {prime: {pow(65537, exponent, prime) for exponent in range(prime)} for prime in ROCA_PRIMES}
KEY_TYPES = {
    "EdDSA": ("OKP", "Ed25519"),
    "ES256": ("EC", "P-256"),
    "ES512": ("EC", "P-521"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
}
"""Algorithm -> `kty` and `crv` of a key that fits it (RFC 7518 §3.1, RFC 8037 §3.1)."""

KeyId = tuple[str, str]
"""`kid` and algorithm."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One key for one algorithm.

    It is the same object for as long as the key server lists the same parameters under the same `kid`, so that a
    cache of what it has verified can tell whether it is still the one.
    """

    id: KeyId
    parameters: tuple[Any, ...]
    """What makes it this key and no other: `x`, `y`, `n` and `e` (RFC 7518 §6, RFC 8037 §2)."""
    jwk: jwt.PyJWK


class JwksUnusable(Exception):
    """Why there is no key set, as a clause that stands behind a colon."""


def tls_context(url: str) -> ssl.SSLContext:
    """To be made once for a URL, because reading the certificates takes tens of milliseconds. Trusts what
    `SSL_CERT_FILE` or `SSL_CERT_DIR` holds, else the certificates of certifi, as httpx2 does."""
    if not url.startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file := os.environ.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())


def load_client() -> None:
    """What takes some tens of milliseconds, in which a first token had to wait. The half of it is loaded when a
    transport is made."""
    import httpx2  # here and below, because `token` and a shared secret do without

    httpx2.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)


async def fetch_jwks(url: str, *, tls: ssl.SSLContext) -> bytes:
    """The body of a 200 answer that is neither compressed nor larger than 256 KiB. Redirects are not followed.

    Raises:
        JwksUnusable: anything else came, or no whole answer within 3 s.
    """
    import httpx2

    headers = {
        "Accept": "application/json",
        # A compressed answer can be a thousand times larger than what was read of it.
        "Accept-Encoding": "identity",
        "User-Agent": f"taskward/{version('taskward')}",
    }
    try:
        # One client per fetch: at one fetch in minutes a kept connection is dead, and the name may have moved.
        async with (
            asyncio.timeout(FETCH_SECONDS),
            httpx2.AsyncClient(verify=tls, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != httpx2.codes.OK:
                raise JwksUnusable(f"the answer is {answer.status_code} in place of 200")
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise JwksUnusable("the answer is compressed")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAX_JWKS_BYTES:
                    raise JwksUnusable(f"the answer is larger than {MAX_JWKS_BYTES} bytes")
            return bytes(body)
    except TimeoutError:
        raise JwksUnusable(f"there was no whole answer within {FETCH_SECONDS} s") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:  # UnicodeError: a name that no DNS could have
        raise JwksUnusable(f"{type(error).__name__}: {ascii(str(error))[:200]}") from error


def parse_jwks(
    body: bytes, algorithms: Collection[str], *, known: Mapping[KeyId, Key] = MappingProxyType({})
) -> dict[KeyId, Key]:
    """The keys of a set that fit one of the algorithms. A key that cannot be used is skipped (RFC 7517 §5), and so are
    two of one id, because the token does not say which of them is meant.

    `known` are the keys that the set had before: those that did not change stay the same objects.

    Raises:
        JwksUnusable: this is no JWK set.
    """
    try:
        document = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise JwksUnusable("the answer is not JSON") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or (listed and not any(isinstance(jwk, dict) for jwk in listed)):
        raise JwksUnusable("the answer has no list of keys")
    keys: dict[KeyId, Key] = {}
    ambiguous: set[KeyId] = set()
    for jwk in listed:
        for key in usable_keys(jwk, algorithms, known):
            if key.id in keys:
                ambiguous.add(key.id)
            keys[key.id] = key
    return {key_id: key for key_id, key in keys.items() if key_id not in ambiguous}


def usable_keys(jwk: Any, algorithms: Collection[str], known: Mapping[KeyId, Key]) -> Iterator[Key]:
    """The key once for each algorithm that its `kty` and `crv` fit; its `alg` can only narrow that."""
    if not isinstance(jwk, dict) or "d" in jwk or "k" in jwk:  # a private or shared key that was made public
        return
    kid, operations = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
        return
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return
    parameters = tuple(jwk.get(name) for name in ("x", "y", "n", "e"))
    for algorithm in algorithms:
        kty, curve = KEY_TYPES[algorithm]
        if (
            jwk.get("kty") != kty
            or curve not in (None, jwk.get("crv"))
            or jwk.get("alg", algorithm) not in names_of(algorithm)
        ):
            continue
        last = known.get((kid, algorithm))
        if last is not None and last.parameters == parameters:
            yield last
            continue
        try:
            parsed = jwt.PyJWK(jwk, algorithm)
        except (jwt.PyJWTError, UnsupportedAlgorithm):
            continue
        if kty != "RSA" or is_strong(parsed.key):
            yield Key((kid, algorithm), parameters, parsed)


def names_of(algorithm: str) -> list[str]:
    """What tokens and keys may call it."""
    return [algorithm, *(name for name, meant in OTHER_NAMES.items() if meant == algorithm)]


def is_strong(key: RSAPublicKey) -> bool:
    """Whether the modulus has 2048 to 8192 bits and does not come from the chips of CVE-2017-15361."""
    modulus = key.public_numbers().n
    return key.key_size in RSA_BITS and any(modulus % prime not in powers for prime, powers in ROCA_POWERS.items())


def without_query(url: str) -> str:
    """What a log may hold of the URL: a query can be a secret."""
    return url.partition("?")[0]


def counted(keys: Iterable[Key]) -> str:
    """How many they are, with the verb; one that serves two algorithms is one."""
    count = len({(key.id[0], key.parameters) for key in keys})
    return "1 key is" if count == 1 else f"{count or 'no'} keys are"
