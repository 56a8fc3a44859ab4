"""The keys that verify tokens: fetched once for many requests, kept, refreshed, never trusted blindly."""

import asyncio
import json
import logging
import math
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, Protocol

import httpx
import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from taskward.auth.errors import KeysUnavailable

FRESH_SECONDS = 300
"""So long a fetched set is used without asking again."""
COOLDOWN_SECONDS = 5
"""Between the beginnings of two fetches, whatever arrives and however the first one ended."""
KEPT_SECONDS = 3600
"""So long a fetched set is used while the key server fails."""
FETCH_SECONDS = 3
"""For name, connection, headers and body together."""
MAX_JWKS_BYTES = 256 * 1024
MAX_KID_LENGTH = 256
RSA_BITS = range(2048, 8192 + 1)
# CVE-2017-15361: the numbers of one vendor's chips are powers of 65537 modulo every small prime, and can be factored.
ROCA_PRIMES = (3, 5, 7, 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
ROCA_POWERS = {prime: {pow(65537, exponent, prime) for exponent in range(prime)} for prime in ROCA_PRIMES}
SHAPES = {
    "EdDSA": ("OKP", "Ed25519"),
    "ES256": ("EC", "P-256"),
    "ES512": ("EC", "P-521"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
}
"""Algorithm -> `kty` and `crv` of a key that fits it (RFC 7518 §3.1, RFC 8037 §3.1)."""

log = logging.getLogger("taskward.keys")

KeyId = tuple[str, str]
"""`kid` and algorithm."""


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One key for one algorithm.

    It is the same object for as long as the key server lists the same numbers under the same `kid`, so that
    whoever remembers what it verified can ask whether it is still the one.
    """

    id: KeyId
    numbers: tuple[Any, ...]
    jwk: jwt.PyJWK


class Keys(Protocol):
    def known(self, key_id: KeyId) -> Key | None:
        """The key, when it may be used without waiting."""

    async def find(self, key_id: KeyId, *, deadline_seconds: float) -> Key | None:
        """The key, or None when a good set does not have it.

        Raises:
            KeysUnavailable: no set is at hand that could tell, and none came within the deadline.
        """

    async def close(self) -> None: ...


class StaticKeys:
    """Keys that this process was given and that never change."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = {key.id: key for key in keys}

    def known(self, key_id: KeyId) -> Key | None:
        return self.keys.get(key_id)

    async def find(self, key_id: KeyId, *, deadline_seconds: float) -> Key | None:
        return self.keys.get(key_id)

    async def close(self) -> None:
        pass


class RemoteKeys:
    """The JWKS of a key server. Nothing is fetched before the first token asks.

    For 300 s after a good fetch its keys are used as they are, and after that while a refresh runs in the background.
    Only when the server was not heard of for 305 s, because no token came, does a request wait for the refresh: so a
    key which the server removed ends within 305 s. When the refresh fails, the old keys go on for an hour.

    An unknown key makes one fetch, unless one began in the last 5 s: then the last answer stands. So a key that was
    rotated in less than 5 s after a fetch is unknown until those 5 s are over. To wait for their end would help it
    only when less than the deadline of the request is left, and would let anyone hang requests by the thousand.
    """

    def __init__(
        self, url: str, algorithms: Collection[str], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.url = url
        self.algorithms = tuple(algorithms)
        self.monotonic = monotonic
        self.tls = tls_context(url)
        self.keys: Mapping[KeyId, Key] = MappingProxyType({})
        # When the last fetch began, the last one that ended, and the last that ended well. They count from the
        # beginning, because what a fetch brings may be as old as that.
        self.tried_at = self.heard_at = self.good_at = -math.inf
        self.fetching: asyncio.Task[None] | None = None

    def known(self, key_id: KeyId) -> Key | None:
        now = self.monotonic()
        if now - self.good_at > FRESH_SECONDS:
            self.refresh()
        if now - self.heard_at > FRESH_SECONDS + COOLDOWN_SECONDS or now - self.good_at > KEPT_SECONDS:
            return None
        return self.keys.get(key_id)

    async def find(self, key_id: KeyId, *, deadline_seconds: float) -> Key | None:
        if (key := self.known(key_id)) is not None:
            return key
        if (fetching := self.refresh()) is not None:
            # A key of old is at hand when the server turns out to hang, so half of the time is left for the rest.
            # Otherwise a little is kept back in order that the answer itself is in time.
            patience = 0.5 if self.kept(key_id) is not None else 0.9
            # Unlike awaiting it, this neither cancels the fetch with the request nor raises what the fetch raised.
            await asyncio.wait({fetching}, timeout=deadline_seconds * patience)
        if self.good_at == self.tried_at:
            return self.keys.get(key_id)
        if (key := self.kept(key_id)) is not None:
            return key
        raise KeysUnavailable

    def kept(self, key_id: KeyId) -> Key | None:
        return self.keys.get(key_id) if self.monotonic() - self.good_at <= KEPT_SECONDS else None

    def refresh(self) -> asyncio.Task[None] | None:
        """The one fetch under way, begun now if need be; None while another may not yet begin."""
        if self.fetching is not None and not self.fetching.done():
            return self.fetching
        now = self.monotonic()
        if now - self.tried_at < COOLDOWN_SECONDS:
            return None
        self.tried_at = now
        self.fetching = asyncio.create_task(self.fetch())
        return self.fetching

    async def fetch(self) -> None:
        began_at = self.tried_at
        try:
            body = await fetch_jwks(self.url, tls=self.tls)
            keys = parse_jwks(body, self.algorithms, known=self.keys)
        except JwksUnusable as reason:
            log.warning("the keys at %s cannot be had: %s", without_query(self.url), reason)
        else:
            if self.heard_at != self.good_at or keys.keys() != self.keys.keys():
                log.info("%d keys are in use from %s", len(keys), without_query(self.url))
            self.keys, self.good_at = keys, began_at
        self.heard_at = began_at

    async def close(self) -> None:
        if self.fetching is not None and not self.fetching.done():
            self.fetching.cancel()
            await asyncio.wait({self.fetching})


class JwksUnusable(Exception):
    """Why the key set could not be had, as a clause for the log."""


def tls_context(url: str) -> ssl.SSLContext:
    """Made once, because reading the certificates takes tens of milliseconds. `SSL_CERT_FILE` is honoured."""
    return httpx.create_ssl_context() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def fetch_jwks(url: str, *, tls: ssl.SSLContext) -> bytes:
    """The body of a plain 200 answer.

    Raises:
        JwksUnusable: anything else came, or nothing within 3 s.
    """
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
            httpx.AsyncClient(verify=tls, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
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
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # UnicodeError: a name that no DNS could have
        raise JwksUnusable(f"{type(error).__name__}: {ascii(str(error))[:200]}") from error


def parse_jwks(
    body: bytes, algorithms: Collection[str], *, known: Mapping[KeyId, Key] = MappingProxyType({})
) -> dict[KeyId, Key]:
    """The keys of a set that fit one of the algorithms. An odd key is skipped, and so are two under one id.

    `known` are the keys of the last set: those that did not change stay the same objects.

    Raises:
        JwksUnusable: this is no JWK set (RFC 7517 §5).
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
    """The key once for each algorithm that its own shape fits; its `alg` can only narrow that."""
    if not isinstance(jwk, dict) or "d" in jwk or "k" in jwk:  # a private or shared key has no place in public
        return
    kid, operations = jwk.get("kid"), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
        return
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return
    numbers = tuple(jwk.get(name) for name in ("x", "y", "n", "e"))
    for algorithm in algorithms:
        kty, curve = SHAPES[algorithm]
        if jwk.get("kty") != kty or curve not in (None, jwk.get("crv")) or jwk.get("alg", algorithm) != algorithm:
            continue
        last = known.get((kid, algorithm))
        if last is not None and last.numbers == numbers:
            yield last
            continue
        try:
            parsed = jwt.PyJWK(jwk, algorithm)
        except (jwt.PyJWTError, UnsupportedAlgorithm):
            continue
        if kty != "RSA" or is_strong(parsed.key):
            yield Key((kid, algorithm), numbers, parsed)


def is_strong(key: RSAPublicKey) -> bool:
    modulus = key.public_numbers().n
    return key.key_size in RSA_BITS and any(modulus % prime not in powers for prime, powers in ROCA_POWERS.items())


def without_query(url: str) -> str:
    return url.partition("?")[0]
