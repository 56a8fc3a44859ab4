import json
import math
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from support.key_server import KeyServer, running_key_server
from support.signing import Signer, base64url
from taskward.auth.errors import KeysUnavailable
from taskward.auth.jwks import ROCA_PRIMES, JwksUnusable, fetch_jwks, parse_jwks, tls_context
from taskward.auth.key_set import RemoteKeySet
from taskward.settings import ALGORITHMS

pytestmark = pytest.mark.anyio

SIGNER = Signer("https://app.example.com")
EDDSA = (SIGNER.kid("EdDSA"), "EdDSA")
LONG_SECONDS = 60
"""A deadline that no test should come near."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with running_key_server() as server:
        server.keys = SIGNER.public_keys(["EdDSA"])
        yield server


# How a set is fetched


@pytest.mark.parametrize("fault", ["hang", "trickle", "endless"])
async def test_a_fetch_ends_after_three_seconds_or_a_quarter_of_a_mebibyte(server: KeyServer, fault: str) -> None:
    server.fault = fault
    began_at = time.monotonic()

    with pytest.raises(JwksUnusable, match="larger than 262144 bytes" if fault == "endless" else "within 3 s"):
        await fetch_jwks(server.url, tls=tls_context(server.url))

    assert time.monotonic() - began_at < 3 + 5  # a busy machine


REASONS = {
    "500": "the answer is 500 in place of 200",
    "204": "the answer is 204 in place of 200",
    "redirect": "the answer is 302 in place of 200",
    "malformed": "the answer is not JSON",
    "html": "the answer is not JSON",
    "not UTF-8": "the answer is not JSON",
    "deep": "the answer is not JSON",
    "empty": "the answer is not JSON",
    "no keys": "the answer has no list of keys",
    "keys of another type": "the answer has no list of keys",
    "keys that are none": "the answer has no list of keys",
    "list": "the answer has no list of keys",
    "huge": "the answer is larger than 262144 bytes",
    "compressed": "the answer is compressed",
    "cut": "RemoteProtocolError: 'peer closed connection without sending complete message body",
    "reset": "ReadError: ''",
}


@pytest.mark.parametrize("fault", REASONS)
async def test_each_failure_has_its_reason(server: KeyServer, fault: str) -> None:
    server.fault = fault

    with pytest.raises(JwksUnusable) as refused:
        parse_jwks(await fetch_jwks(server.url, tls=tls_context(server.url)), ALGORITHMS)
    assert str(refused.value).startswith(REASONS[fault])


async def test_a_set_of_exactly_a_quarter_of_a_mebibyte_is_read(server: KeyServer) -> None:
    room = 262144 - len(server.body) - len(', "a": ""')
    server.keys[0] = {**server.keys[0], "a": "a" * room}

    body = await fetch_jwks(server.url, tls=tls_context(server.url))

    assert len(body) == 262144
    server.keys[0]["a"] += "a"
    with pytest.raises(JwksUnusable):
        await fetch_jwks(server.url, tls=tls_context(server.url))


async def test_a_fetch_says_who_asks_and_asks_for_plain_json(server: KeyServer) -> None:
    await fetch_jwks(server.url, tls=tls_context(server.url))

    (sent,) = server.headers
    assert sent["user-agent"].startswith("taskward/0")
    assert sent["accept"] == "application/json"
    assert sent["accept-encoding"] == "identity"


async def test_a_proxy_in_the_environment_is_not_used(server: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert await fetch_jwks(server.url, tls=tls_context(server.url)) == server.body


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[::1", "http://\x00/", f"http://{'a' * 64}.invalid/"], ids=count()
)
async def test_an_address_that_leads_nowhere_is_a_failure_like_any_other(url: str) -> None:
    with pytest.raises(JwksUnusable):
        await fetch_jwks(url, tls=tls_context(url))


async def test_a_server_is_believed_over_https_only_with_a_certificate_that_is_trusted(
    server: KeyServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(self_signed("localhost"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.server_port}/api/auth/jwks"

    with pytest.raises(JwksUnusable, match="CERTIFICATE_VERIFY_FAILED"):
        await fetch_jwks(url, tls=tls_context(url))
    with pytest.raises(KeysUnavailable):
        await RemoteKeySet(url, ALGORITHMS).find(EDDSA, deadline_seconds=LONG_SECONDS)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert await fetch_jwks(url, tls=tls_context(url)) == server.body
    assert await RemoteKeySet(url, ALGORITHMS).find(EDDSA, deadline_seconds=LONG_SECONDS)


def self_signed(name: str) -> bytes:
    """Key and certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


# What a set may hold


def parsed(*keys: Any) -> set[tuple[str, str]]:
    return set(parse_jwks(json.dumps({"keys": keys}).encode(), ALGORITHMS))


def key(algorithm: str = "EdDSA", **changed: Any) -> dict[str, Any]:
    """A public key as Better Auth lists it; `...` leaves a member out."""
    members = {**SIGNER.public_keys([algorithm])[0], "kid": "a", **changed}
    return {name: value for name, value in members.items() if value is not ...}


def rsa_key(bits: int, offset: int = 1) -> dict[str, Any]:
    """Nobody needs to be able to sign with it, so the modulus is just any odd number of the size."""
    modulus = (1 << (bits - 1)) + offset
    return {"kty": "RSA", "kid": "a", "n": base64url(modulus.to_bytes((bits + 7) // 8)), "e": "AQAB"}


def roca_key() -> dict[str, Any]:
    """Its modulus is 1 = 65537^0 modulo each small prime."""
    product = math.prod(ROCA_PRIMES)
    return rsa_key(2048, 1 + product * 2 - (1 << 2047) % (product * 2))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_serves_its_algorithm(algorithm: str) -> None:
    assert parsed(key(algorithm)) == {("a", algorithm)}
    assert parsed(key(algorithm, use="sig", key_ops=["verify"])) == {("a", algorithm)}


def test_a_key_without_alg_serves_what_its_shape_fits() -> None:
    assert parsed(key("EdDSA", alg=...)) == {("a", "EdDSA")}
    assert parsed(key("ES256", alg=...)) == {("a", "ES256")}
    assert parsed(key("ES512", alg=...)) == {("a", "ES512")}
    assert parsed(key("RS256", alg=...)) == {("a", "RS256"), ("a", "PS256")}


def test_only_the_algorithms_that_are_allowed_are_served() -> None:
    body = json.dumps({"keys": SIGNER.public_keys()}).encode()

    assert set(parse_jwks(body, ["ES512"])) == {(SIGNER.kid("ES512"), "ES512")}


P384 = ec.generate_private_key(ec.SECP384R1()).public_key()
ED448 = ed448.Ed448PrivateKey.generate().public_key()
P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
ODD_KEYS: dict[str, Callable[[], Any]] = {
    "null": lambda: None,
    "a string": lambda: "key",
    "a list": list,
    "nothing": dict,
    "no kid": lambda: key(kid=...),
    "kid is empty": lambda: key(kid=""),
    "kid is a number": lambda: key(kid=7),
    "kid is null": lambda: key(kid=None),
    "kid is too long": lambda: key(kid="k" * 257),
    "no kty": lambda: key(kty=...),
    "kty of another": lambda: key(kty="RSA"),
    "kty is a list": lambda: key(kty=["OKP"]),
    "no crv": lambda: key(crv=...),
    "crv of another": lambda: key(crv="Ed448"),
    "crv for agreement": lambda: key(crv="X25519"),
    "no x": lambda: key(x=...),
    "x is null": lambda: key(x=None),
    "x is a number": lambda: key(x=5),
    "x is a list": lambda: key(x=["AAAA"]),
    "x is empty": lambda: key(x=""),
    "x is too short": lambda: key(x="AAAA"),
    "x is no base64url": lambda: key(x="é" * 43),
    "alg of another": lambda: key(alg="ES256"),
    "alg is Ed448": lambda: key(alg="Ed448"),
    "alg is a list": lambda: key(alg=["Ed25519"]),
    "Ed448 called Ed25519": lambda: {**OKPAlgorithm.to_jwk(ED448, as_dict=True), "kid": "a", "alg": "Ed25519"},
    "P-256 called Ed25519": lambda: key("ES256", alg="Ed25519"),
    "alg is symmetric": lambda: key(alg="HS256"),
    "alg is none": lambda: key(alg="none"),
    "alg is empty": lambda: key(alg=""),
    "alg is null": lambda: key(alg=None),
    "use is encryption": lambda: key(use="enc"),
    "use is null": lambda: key(use=None),
    "key_ops to sign": lambda: key(key_ops=["sign"]),
    "key_ops is empty": lambda: key(key_ops=[]),
    "key_ops is a string": lambda: key(key_ops="verify"),
    "key_ops is null": lambda: key(key_ops=None),
    "a private member": lambda: key(d="AAAA"),
    "a secret member": lambda: key(k="AAAA"),
    "a private key": lambda: SIGNER.jwk("EdDSA"),
    "a private RSA key": lambda: SIGNER.jwk("RS256"),
    "a secret": lambda: {"kty": "oct", "kid": "a", "alg": "HS256", "k": "A" * 43},
    "P-256 called P-521": lambda: key("ES256", crv="P-521"),
    "P-256 called P-521 without alg": lambda: key("ES256", crv="P-521", alg=...),
    "P-256 called P-384": lambda: key("ES256", crv="P-384", alg=...),
    "P-256 called secp256k1": lambda: key("ES256", crv="secp256k1", alg=...),
    "P-256 for ES512": lambda: key("ES256", alg="ES512"),
    "no y": lambda: key("ES256", y=...),
    "a point off the curve": lambda: key("ES256", y=key("ES256")["x"]),
    "P-384": lambda: {**ECAlgorithm.to_jwk(P384, as_dict=True), "kid": "a"},
    "Ed448": lambda: {**OKPAlgorithm.to_jwk(ED448, as_dict=True), "kid": "a"},
    "RS512": lambda: key("RS256", alg="RS512"),
    "no e": lambda: key("RS256", e=...),
    "e is one": lambda: key("RS256", e="AQ"),
    "e is even": lambda: key("RS256", e="Ag"),
    "n is empty": lambda: key("RS256", n=""),
    "RSA of 1024 bits": lambda: rsa_key(1024),
    "RSA of 2047 bits": lambda: rsa_key(2047),
    "RSA of 8193 bits": lambda: rsa_key(8193),
    "RSA of a weak generator": roca_key,
}


@pytest.mark.parametrize("odd", ODD_KEYS)
def test_an_odd_key_is_skipped_and_does_not_spoil_the_others(odd: str) -> None:
    odd_key = ODD_KEYS[odd]()

    assert parsed(odd_key, key("ES256", kid="good"), odd_key) == {("good", "ES256")}
    assert parsed(odd_key, {}) == set()


@pytest.mark.parametrize("bits", [2048, 8192])
def test_rsa_keys_of_2048_to_8192_bits_are_used(bits: int) -> None:
    assert parsed(rsa_key(bits)) == {("a", "RS256"), ("a", "PS256")}


def test_a_kid_of_256_characters_is_used() -> None:
    assert parsed(key(kid="k" * 256)) == {("k" * 256, "EdDSA")}


def test_of_two_keys_under_one_kid_neither_is_used() -> None:
    other = Signer("https://app.example.com", name="other").public_keys(["EdDSA"])[0]

    assert parsed(key(), {**other, "kid": "a"}, key("ES256", kid="b")) == {("b", "ES256")}
    assert parsed(key(), key(), key()) == set()


def test_keys_of_different_types_may_share_a_kid() -> None:
    assert parsed(key("EdDSA"), key("ES256")) == {("a", "EdDSA"), ("a", "ES256")}


def test_a_key_that_stays_is_the_same_object_and_one_with_other_parameters_is_not() -> None:
    other = Signer("https://app.example.com", name="other").public_keys(["RS256"])[0]
    first = parse_jwks(json.dumps({"keys": [key("RS256"), key("ES256", kid="b")]}).encode(), ALGORITHMS)

    body = json.dumps({"keys": [key("ES256", kid="b", use="sig"), {**other, "kid": "a"}]}).encode()
    second = parse_jwks(body, ALGORITHMS, known=first)

    assert second["b", "ES256"] is first["b", "ES256"]
    assert second["a", "RS256"] is not first["a", "RS256"]
    assert second["a", "RS256"].jwk.key.public_numbers() == jwt.PyJWK(other).key.public_numbers()


def test_a_key_that_stays_serves_all_its_algorithms() -> None:
    body = json.dumps({"keys": [key("RS256", alg=...)]}).encode()
    first = parse_jwks(body, ALGORITHMS)

    assert parse_jwks(body, ALGORITHMS, known=first) == first
    assert len(first) == 2


def test_any_other_parameter_makes_another_key() -> None:
    point = jwt.PyJWK(key("ES256")).key.public_numbers()
    mirrored = ec.EllipticCurvePublicNumbers(point.x, P256_PRIME - point.y, point.curve).public_key()
    for one, other in [
        (key("RS256"), key("RS256", e="Aw")),
        (key("ES256"), {**ECAlgorithm.to_jwk(mirrored, as_dict=True), "kid": "a"}),
    ]:
        first = parse_jwks(json.dumps({"keys": [one]}).encode(), ["RS256", "ES256"])
        second = parse_jwks(json.dumps({"keys": [other]}).encode(), ["RS256", "ES256"], known=first)

        (key_id,) = first
        assert second[key_id] is not first[key_id]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"{}", b'{"keys": null}', b'{"keys": {}}', b"\xff", b"[" * 10_000, b"9" * 5000],
    ids=count(),
)
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(JwksUnusable):
        parse_jwks(body, ALGORITHMS)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["verify", "sig", "AQAB"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use", "key_ops", "alg", "kid"])


@given(st.sampled_from(ALGORITHMS), MEMBERS, VALUES)
def test_no_key_can_make_parsing_fail(algorithm: str, member: str, value: Any) -> None:
    assert ("good", "ES256") in parsed(key(algorithm, **{member: value}), key("ES256", kid="good"))
