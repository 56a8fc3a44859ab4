"""The local issuer of `taskward dev`, to try the API without a Better Auth server.

`taskward serve` never trusts it. Its `iss` and `aud` are fixed and are no origin, so that its tokens and those of a
Better Auth server can never be taken for each other.
"""

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from taskward.auth.caller import MAX_OWNER_LENGTH, is_owner
from taskward.auth.jwks import parse_jwks
from taskward.auth.key_set import StaticKeySet
from taskward.auth.trust import Trust
from taskward.settings import SettingsError


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    issuer: ClassVar[str] = "urn:taskward:local-issuer"
    audience: ClassVar[str] = "urn:taskward:local"

    private_key: jwt.PyJWK
    key_set: StaticKeySet

    @property
    def trust(self) -> Trust:
        """What makes an authenticator accept its tokens."""
        return Trust(frozenset({"EdDSA"}), self.key_set, frozenset({self.issuer}), frozenset({self.audience}))

    def token(self, user: str, *, expires_in_seconds: int, now: float) -> str:
        """A JWT in the shape of Better Auth's, whose `sub` is the user.

        Raises:
            ValueError: no token could have this user.
        """
        if not is_owner(user):
            raise ValueError(
                f"A user is 1 to {MAX_OWNER_LENGTH} printable characters, with no white space at the beginning or end."
            )
        claims = {
            "iat": int(now),
            "exp": int(now) + expires_in_seconds,
            "iss": self.issuer,
            "aud": self.audience,
            "sub": user,
        }
        return jwt.encode(claims, self.private_key, headers={"kid": self.private_key.key_id, "typ": None})


def local_issuer(data_dir: Path) -> LocalIssuer:
    """The issuer whose key is `issuer.json` in this folder, made at the first use. Processes that begin together agree.

    Raises:
        SettingsError: the file cannot be used.
    """
    path = data_dir / "issuer.json"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        text = read_or_make(path)
    except OSError as error:
        raise SettingsError(f"DATA_DIR must be writable, but {path} is not: {error.strerror}.") from None
    try:
        private = json.loads(text)
        public = {name: private[name] for name in ("kid", "kty", "crv", "x")}
        (key,) = parse_jwks(json.dumps({"keys": [public]}).encode(), ["EdDSA"]).values()
        return LocalIssuer(jwt.PyJWK({**public, "d": private["d"]}, "EdDSA"), StaticKeySet([key]))
    except (ValueError, TypeError, KeyError, jwt.PyJWTError):
        raise SettingsError(f"{path} is damaged: delete it, and a new key is made in its place.") from None


def read_or_make(path: Path) -> bytes:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        os.fchmod(file.fileno(), 0o600)
        text = file.read()
        if not text:  # made just now, or by a process that died before it could write
            text = json.dumps(new_key()).encode()
            file.write(text)
        return text


def new_key() -> dict[str, str]:
    return {"kid": secrets.token_urlsafe(24), **OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)}
