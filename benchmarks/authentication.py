"""Microseconds that a request spends in authentication, by one process on one core.

A hit is a token that was verified before, a miss one that is seen for the first time while its key is known. Each is
the median of several rounds, with the fastest and slowest beside it.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from benchmarks.machine import description
from benchmarks.noise import Watch, noise_of
from taskward.auth.authenticator import Authenticator
from taskward.auth.demand import demand_of
from taskward.auth.jwks import parse_jwks
from taskward.auth.key_set import KeySet, RemoteKeySet, StaticKeySet
from taskward.auth.trust import Trust, shared_secret

Figures = dict[str, list[float]]

ORIGIN = "https://app.example.com"
ROUNDS = 9
TOKENS = 200
HITS = 20_000
SECRET = b"a secret of more than thirty-two bytes"
# What a browser sends besides.
OTHER_HEADERS = [(f"x-header-{number}".encode(), b"some value or other") for number in range(12)]
MAKE: dict[str, Callable[[], dict[str, Any]]] = {
    "EdDSA": lambda: OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True),
    "ES256": lambda: ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True),
    "ES512": lambda: ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP521R1()), as_dict=True),
    "RS256": lambda: RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048), as_dict=True),
    "PS256": lambda: RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048), as_dict=True),
}


def authenticate(rounds: int = ROUNDS) -> dict[str, Any]:
    watch = Watch()
    figures = {algorithm: asyncio.run(verify_public(algorithm, rounds)) for algorithm in MAKE}
    figures["HS256"] = asyncio.run(verify_shared(rounds))
    return {"machine": description(), "noise": noise_of([watch.taken()])._asdict(), "microseconds": figures}


async def verify_public(algorithm: str, rounds: int) -> Figures:
    private = {**MAKE[algorithm](), "kid": "k"}
    public = {name: value for name, value in private.items() if name in ("kid", "kty", "crv", "x", "y", "n", "e")}
    (key,) = parse_jwks(json.dumps({"keys": [public]}).encode(), [algorithm]).values()
    keys = RemoteKeySet("http://127.0.0.1/", [algorithm])
    keys.keys = {key.id: key}  # as if fetched just now
    keys.attempted_at = keys.ended_at = keys.succeeded_at = time.monotonic()
    return await measure(algorithm, keys, jwt.PyJWK(private, algorithm), rounds)


async def verify_shared(rounds: int) -> Figures:
    secret = shared_secret(SECRET)
    return await measure("HS256", StaticKeySet([secret]), secret.jwk, rounds)


async def measure(algorithm: str, keys: KeySet, signing_key: jwt.PyJWK, rounds: int) -> Figures:
    origin = frozenset({ORIGIN})
    trust = Trust(frozenset({algorithm}), keys, origin, origin, requires_kid=algorithm != "HS256")
    auth = Authenticator([trust], leeway_seconds=30, clock=time.time)
    demand = demand_of([trust])
    misses, hits = [], []
    for _ in range(rounds):
        requests = [[*OTHER_HEADERS, (b"authorization", b"Bearer " + token(signing_key))] for _ in range(TOKENS)]
        began_at = time.perf_counter()
        for headers in requests:
            await auth.caller(headers, demand=demand, deadline_seconds=2)
        misses.append((time.perf_counter() - began_at) / TOKENS)
        began_at = time.perf_counter()
        for _ in range(HITS // TOKENS):
            for headers in requests:
                await auth.caller(headers, demand=demand, deadline_seconds=2)
        hits.append((time.perf_counter() - began_at) / HITS)
    return {"miss": spread(misses), "hit": spread(hits)}


def token(key: jwt.PyJWK) -> bytes:
    """As long as Better Auth's, and never the same twice."""
    now = int(time.time())
    person = {"name": "Ann Example", "email": "ann@example.com", "emailVerified": False, "image": None}
    times = {
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "iat": now,
        "exp": now + 900,
    }
    owner = "1wbhbaMcVaVmNVSuHCgt2JmVh0qUpxbV"
    claims = {**person, **times, "id": owner, "sub": owner, "iss": ORIGIN, "aud": ORIGIN, "iat": now, "exp": now + 900}
    claims["n"] = time.perf_counter_ns()
    return jwt.encode(claims, key, headers={"kid": "k", "typ": None}).encode()


def spread(seconds: list[float]) -> list[float]:
    """The median, the fastest and the slowest, in microseconds."""
    return [round(value * 1e6, 2) for value in (statistics.median(seconds), min(seconds), max(seconds))]
