"""Signs tokens as a Better Auth server would, and in every way it would not."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from taskward.settings import ALGORITHMS

SECRET = "a secret of thirty-two bytes, or more"
"""Shared with an application that signs HS256."""


class Clock:
    """A time in seconds that stands until a test moves it."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def bearer(token: str | bytes) -> list[tuple[bytes, bytes]]:
    """As ASGI hands it over."""
    return [(b"authorization", b"Bearer " + (token if isinstance(token, bytes) else token.encode("latin-1")))]


@cache
def private_jwk(algorithm: str, kid: str) -> dict[str, Any]:
    """Made once in a process, because an RSA key takes a while."""
    match algorithm:
        case "EdDSA":
            jwk = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True)
        case "ES256" | "ES512":
            curve = ec.SECP256R1() if algorithm == "ES256" else ec.SECP521R1()
            jwk = ECAlgorithm.to_jwk(ec.generate_private_key(curve), as_dict=True)
        case "RS256" | "PS256":
            jwk = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048), as_dict=True)
            del jwk["key_ops"]
    return {**jwk, "kid": kid, "alg": algorithm}


@cache
def private_key(algorithm: str, kid: str) -> jwt.PyJWK:
    """Read once in a process, because that of RSA is looked at for long."""
    return jwt.PyJWK(private_jwk(algorithm, kid), algorithm)


def public(jwk: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}


class Signer:
    """One key of each algorithm under the kid `<name>-<algorithm>`; issuer and audience are `origin`."""

    def __init__(self, origin: str, *, name: str = "key", clock: Callable[[], float] = time.time) -> None:
        self.origin = origin
        self.name = name
        self.clock = clock

    def jwk(self, algorithm: str) -> dict[str, Any]:
        """With its private part."""
        return private_jwk(algorithm, self.kid(algorithm))

    def kid(self, algorithm: str) -> str:
        return f"{self.name}-{algorithm}"

    def public_keys(self, algorithms: Collection[str] = ALGORITHMS) -> list[dict[str, Any]]:
        return [public(self.jwk(algorithm)) for algorithm in algorithms]

    def header(self, algorithm: str = "EdDSA") -> dict[str, Any]:
        return {"alg": algorithm, "kid": self.kid(algorithm)}

    def claims(self, **changed: Any) -> dict[str, Any]:
        """A value of `...` leaves the claim out."""
        now = int(self.clock())
        claims = {"iat": now, "sub": "ann", "exp": now + 900, "iss": self.origin, "aud": self.origin, **changed}
        return {name: value for name, value in claims.items() if value is not ...}

    def token(self, algorithm: str = "EdDSA", *, header: Mapping[str, Any] | None = None, **changed: Any) -> str:
        """A genuine signature by the key of the algorithm over changed claims and header (`...` leaves out)."""
        members = {**self.header(algorithm), **(header or {})}
        members = {name: value for name, value in members.items() if value is not ...}
        return self.sign(json.dumps(members).encode(), json.dumps(self.claims(**changed)).encode(), algorithm)

    def sign(self, header: bytes, claims: bytes, algorithm: str = "EdDSA") -> str:
        return self.sign_parts(base64url(header), base64url(claims), algorithm)

    def sign_parts(self, header: str, claims: str, algorithm: str = "EdDSA") -> str:
        signed = f"{header}.{claims}"
        key = private_key(algorithm, self.kid(algorithm))
        return f"{signed}.{base64url(key.Algorithm.sign(signed.encode(), key.key))}"


def signed(sub: str, secret: str = SECRET, **claims: Any) -> str:
    now = int(time.time())
    return jwt.encode({"sub": sub, "iat": now, "exp": now + 600, **claims}, secret, algorithm="HS256")
