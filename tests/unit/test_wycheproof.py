"""The signature vectors of Project Wycheproof, which are no part of this project: files of `testvectors_v1` in
https://github.com/C2SP/wycheproof, in the folder that WYCHEPROOF names. Without them the tests are skipped."""

import json
import os
from base64 import urlsafe_b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from support.requirements import missing
from taskward.auth.errors import TokenInvalid
from taskward.auth.jwks import parse_jwks
from taskward.auth.key_set import StaticKeySet
from taskward.auth.tokens import decoded_parts, is_signed, key_id_in, strict_object
from taskward.auth.trust import Trust, shared_secret
from taskward.settings import ALGORITHMS

VECTORS = Path(os.environ.get("WYCHEPROOF") or Path(__file__).parents[3] / "shared" / "wycheproof")


def groups(name: str) -> list[dict[str, Any]]:
    path = VECTORS / f"{name}_test.json"
    if not path.exists():
        missing(
            f"{path.name} is not in {VECTORS}: get it from testvectors_v1 in https://github.com/C2SP/wycheproof, and "
            "name its folder with WYCHEPROOF."
        )
    found: list[dict[str, Any]] = json.loads(path.read_text())["testGroups"]
    return found


def keys_of(*jwks: dict[str, Any]) -> StaticKeySet:
    return StaticKeySet(parse_jwks(json.dumps({"keys": jwks}).encode(), ALGORITHMS).values())


def accepted_of(vectors: list[dict[str, Any]], trust: Trust) -> Counter[str]:
    """How many of each result are accepted. Encrypted ones and the JSON form of a token are left out."""
    signed = [vector for vector in vectors if isinstance(vector.get("jws"), str)]
    # Vectors 367 and 370 are called invalid, but are to the letter 357, which is valid.
    valid = {vector["jws"] for vector in signed if vector["result"] == "valid"}
    accepted = [vector for vector in signed if is_accepted(vector["jws"], trust)]
    return Counter("valid" if vector["jws"] in valid else vector["result"] for vector in accepted)


def is_accepted(token: str, trust: Trust) -> bool:
    """As the authenticator has it, but for the claims, which the vectors do not have."""
    try:
        header, _, _ = decoded_parts(token.encode())
        key = trust.key_set.known(key_id_in(strict_object(header), trust))
    except (TokenInvalid, ValueError):
        return False
    return key is not None and is_signed(token.encode(), key)


@pytest.mark.parametrize(("name", "least"), [("json_web_signature", 14), ("json_web_key", 1), ("json_web_crypto", 2)])
def test_no_token_is_accepted_that_must_not_be(name: str, least: int) -> None:
    accepted: Counter[str] = Counter()
    for group in groups(name):
        jwks = group.get("public", group["private"])
        keys = keys_of(*jwks.get("keys", [jwks]))
        accepted += accepted_of(group["tests"], Trust(frozenset(ALGORITHMS), keys, issuers=None, audiences=None))

    assert set(accepted) == {"valid"}
    assert accepted["valid"] >= least


def test_no_token_with_a_shared_secret_is_accepted_that_must_not_be() -> None:
    accepted: Counter[str] = Counter()
    for group in groups("json_web_signature"):
        if group["private"].get("alg") == "HS256":
            keys = StaticKeySet([shared_secret(urlsafe_b64decode(group["private"]["k"] + "=="))])
            trust = Trust(frozenset({"HS256"}), keys, issuers=None, audiences=None, requires_kid=False)
            accepted += accepted_of(group["tests"], trust)

    assert set(accepted) == {"valid"}
    assert accepted["valid"] >= 8


@pytest.mark.parametrize(
    ("name", "least"),
    [("ed25519", 88), ("ecdsa_secp256r1_sha256_p1363", 169), ("ecdsa_secp521r1_sha512_p1363", 227)],
)
def test_signatures_are_judged_as_they_must_be(name: str, least: int) -> None:
    judged: Counter[tuple[str, bool]] = Counter()
    for group in groups(name):
        for key in keys_of({**(group.get("publicKeyJwk") or {}), "kid": "a"}).keys.values():
            for vector in group["tests"]:
                message, signature = bytes.fromhex(vector["msg"]), bytes.fromhex(vector["sig"])
                judged[vector["result"], key.jwk.Algorithm.verify(message, key.jwk.key, signature)] += 1

    assert set(judged) == {("valid", True), ("invalid", False)}
    assert judged["valid", True] >= least
