"""Authorization headers that must never let anybody in, as one table for every door.

`build` makes the headers from a `Signer` whose keys are the ones that are trusted. An attack that is not told from the
token alone `needs_keys`: it is refused once the keys are known. The others are refused without asking for any.
"""

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.signing import Signer, base64url, bearer, public

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Attack:
    name: str
    build: Callable[[Signer], Headers]
    code: str = "token_invalid"
    needs_keys: bool = False
    # False where a server or client of HTTP stops the header before any application sees it.
    passes_http: bool = True

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def token(
    algorithm: str = "EdDSA", *, header: dict[str, Any] | None = None, **claims: Any
) -> Callable[[Signer], Headers]:
    """A token with a genuine signature, which is refused for what it says; `...` leaves a member out."""
    return lambda signer: bearer(signer.token(algorithm, header=header, **claims))


def claims_text(change: Callable[[str], str]) -> Callable[[Signer], Headers]:
    """The same with a change of the JSON text that no JSON writer makes."""
    return lambda signer: bearer(
        signer.sign(json.dumps(signer.header()).encode(), change(json.dumps(signer.claims())).encode())
    )


def header_text(change: Callable[[str], str]) -> Callable[[Signer], Headers]:
    return lambda signer: bearer(
        signer.sign(change(json.dumps(signer.header())).encode(), json.dumps(signer.claims()).encode())
    )


def raw(
    header: Callable[[bytes], bytes] = bytes, claims: Callable[[bytes], bytes] = bytes
) -> Callable[[Signer], Headers]:
    return lambda signer: bearer(
        signer.sign(header(json.dumps(signer.header()).encode()), claims(json.dumps(signer.claims()).encode()))
    )


def value(change: Callable[[bytes], bytes]) -> Callable[[Signer], Headers]:
    """A change of the value `Bearer <a valid token>`."""
    return lambda signer: [(b"authorization", change(b"Bearer " + signer.token().encode()))]


def parts(change: Callable[[str, str, str], str], algorithm: str = "EdDSA") -> Callable[[Signer], Headers]:
    """A change of the three parts of a valid token."""
    return lambda signer: bearer(change(*signer.token(algorithm).split(".")))


def signed_parts(change: Callable[[str, str], tuple[str, str]]) -> Callable[[Signer], Headers]:
    """A change of how header and claims are encoded, with a genuine signature over it."""
    return lambda signer: bearer(signer.sign_parts(*change(*signer.token().split(".")[:2])))


def signature(change: Callable[[bytes], bytes], algorithm: str = "EdDSA") -> Callable[[Signer], Headers]:
    def build(signer: Signer) -> Headers:
        header, claims, signed = signer.token(algorithm).split(".")
        return bearer(f"{header}.{claims}.{base64url(change(urlsafe_b64decode(signed + '==')))}")

    return build


def hmac_with(
    key: Callable[[Signer], bytes], algorithm: str = "HS256", kid: str = "EdDSA"
) -> Callable[[Signer], Headers]:
    """Signed with a public key as if it were a shared secret."""

    def build(signer: Signer) -> Headers:
        header = json.dumps({"alg": algorithm, "kid": signer.kid(kid)}).encode()
        signed = f"{base64url(header)}.{base64url(json.dumps(signer.claims()).encode())}"
        mac = hmac.new(key(signer), signed.encode(), getattr(hashlib, "sha" + algorithm[2:])).digest()
        return bearer(f"{signed}.{base64url(mac)}")

    return build


def stranger(signer: Signer) -> Signer:
    """Somebody with keys of their own, who names the same issuer."""
    return Signer(signer.origin, name="stranger", clock=signer.clock)


def signed_by_stranger(algorithm: str, *, header: dict[str, Any] | None = None) -> Callable[[Signer], Headers]:
    """Under the kid of the trusted key."""
    return lambda signer: bearer(
        stranger(signer).token(algorithm, header={"kid": signer.kid(algorithm), **(header or {})})
    )


def swapped(signed: str, named: str) -> Callable[[Signer], Headers]:
    """Signed by one trusted key, under the name and algorithm of another."""
    return lambda signer: bearer(signer.token(signed, header={"alg": named, "kid": signer.kid(named)}))


def unsigned(algorithm: str) -> Callable[[Signer], Headers]:
    def build(signer: Signer) -> Headers:
        header, claims = {**signer.header(), "alg": algorithm}, signer.claims()
        return bearer(f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(claims).encode())}.")

    return build


def other_claims(signer: Signer) -> Headers:
    (header, _, signed), (_, claims, _) = signer.token().split("."), signer.token(sub="bob").split(".")
    return bearer(f"{header}.{claims}.{signed}")


def other_header(signer: Signer) -> Headers:
    (_, claims, signed), (header, _, _) = signer.token().split("."), signer.token(header={"a": 1}).split(".")
    return bearer(f"{header}.{claims}.{signed}")


def pem(signer: Signer) -> bytes:
    key = jwt.PyJWK(public(signer.jwk("RS256"))).key
    found: bytes = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return found


def der(plain: bytes) -> bytes:
    half = len(plain) // 2
    return encode_dss_signature(int.from_bytes(plain[:half]), int.from_bytes(plain[half:]))


def plus_order(plain: bytes) -> bytes:
    """RFC 8032 §5.1.7: s must be below the order of the group, or a signature could be written in two ways."""
    order = 2**252 + 27742317777372353535851937790883648493
    return plain[:32] + (int.from_bytes(plain[32:], "little") + order).to_bytes(32, "little")


def r_plus_order(plain: bytes) -> bytes:
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return ((int.from_bytes(plain[:32]) + order) % 2**256).to_bytes(32) + plain[32:]


NO_TOKEN = [
    Attack("no header", lambda _: [], "token_missing"),
    Attack("a header of another name", lambda s: [(b"x-authorization", bearer(s.token())[0][1])], "token_missing"),
    Attack("a cookie", lambda s: [(b"cookie", b"token=" + s.token().encode())], "token_missing"),
    Attack("an empty header", lambda _: [(b"authorization", b"")], "token_missing"),
    Attack("a scheme alone", lambda _: [(b"authorization", b"Bearer")], "token_missing"),
    Attack("a scheme and spaces", lambda _: [(b"authorization", b"Bearer   ")], "token_missing"),
    Attack("basic credentials", lambda _: [(b"authorization", b"Basic YW5uOnNlY3JldA==")], "token_missing"),
    Attack("another scheme", value(lambda v: v.replace(b"Bearer", b"DPoP")), "token_missing"),
    Attack("a token without a scheme", value(lambda v: v.removeprefix(b"Bearer ")), "token_missing"),
    Attack("a scheme that only begins so", value(lambda v: b"Bearers" + v[6:]), "token_missing"),
    Attack("a tab after the scheme", value(lambda v: v.replace(b" ", b"\t")), "token_missing"),
    Attack("a letter before the scheme", value(lambda v: b"X" + v), "token_missing"),
    Attack("a colon after the scheme", value(lambda v: v.replace(b" ", b": ")), "token_missing"),
]

FORM = [
    Attack("two headers", lambda s: bearer(s.token()) * 2),
    Attack("a valid token after an empty header", lambda s: [(b"authorization", b""), *bearer(s.token())]),
    Attack("basic credentials and a valid token", lambda s: [*bearer(s.token()), (b"authorization", b"Basic YTpi")]),
    Attack("a tab after the space", value(lambda v: v.replace(b" ", b" \t"))),
    Attack("a letter before the token", lambda s: bearer("X" + s.token())),
    Attack("two tokens in one header", lambda s: bearer(f"{s.token()}, Bearer {s.token()}")),
    Attack("two tokens with a space", lambda s: bearer(f"{s.token()} {s.token()}")),
    Attack("the scheme twice", lambda s: bearer(f"Bearer {s.token()}")),
    Attack("quotes", lambda s: bearer(f'"{s.token()}"')),
    Attack("the word undefined", lambda _: bearer("undefined")),
    Attack("a session token", lambda _: bearer("a" * 32)),
    Attack("a signed session token", lambda _: bearer("a" * 32 + "." + b64encode(b"s" * 32).decode())),
    Attack("an encrypted token", lambda _: bearer("eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn")),
    Attack("two parts", parts(lambda h, c, s: f"{h}.{c}")),
    Attack("four parts", parts(lambda h, c, s: f"{h}.{c}.{s}.{s}")),
    Attack("an empty header part", parts(lambda h, c, s: f".{c}.{s}")),
    Attack("an empty claims part", parts(lambda h, c, s: f"{h}..{s}")),
    Attack("only dots", lambda _: bearer("..")),
    Attack("JSON serialization", parts(lambda h, c, s: json.dumps({"protected": h, "payload": c, "signature": s}))),
    Attack("letters beyond ASCII", lambda s: bearer(s.token() + "é")),
    Attack("bytes that are not UTF-8", lambda s: bearer(s.token().encode() + b"\xff\xfe")),
    Attack("a NUL", lambda s: bearer(s.token() + "\0"), passes_http=False),
    Attack("a line feed at the end", lambda s: bearer(s.token() + "\n"), passes_http=False),
    Attack("a vertical tab at the end", lambda s: bearer(s.token() + "\v"), passes_http=False),
    Attack("9 KiB of letters", lambda s: bearer("a" * 9 * 1024)),
]

ENCODING = [
    Attack("padding of the claims", parts(lambda h, c, s: f"{h}.{c}=.{s}")),
    Attack("padding of the signature", parts(lambda h, c, s: f"{h}.{c}.{s}==")),
    Attack("signed padding", signed_parts(lambda h, c: (h + "=" * (-len(h) % 4 or 4), c))),
    Attack("a space within", parts(lambda h, c, s: f"{h}.{c[:9]} {c[9:]}.{s}")),
    Attack("a tab within", parts(lambda h, c, s: f"{h}.{c[:9]}\t{c[9:]}.{s}")),
    Attack("percent encoding", parts(lambda h, c, s: f"{h}%2E{c}%2E{s}")),
    Attack("the alphabet of base64", parts(lambda h, c, s: f"{h}.{c}.{'+' + s[1:]}")),
    Attack("stray bits in the signature", parts(lambda h, c, s: f"{h}.{c}.{s[:-1]}{chr(ord(s[-1]) + 1)}")),
    Attack(
        "stray bits in the header", lambda s: bearer(s.sign_parts("e31", base64url(json.dumps(s.claims()).encode())))
    ),
    Attack("one letter too many", parts(lambda h, c, s: f"{h}.{c}.{s}AAA")),
    Attack("header in UTF-16", raw(header=lambda text: text.decode().encode("utf-16"))),
    Attack("claims in UTF-16", raw(claims=lambda text: text.decode().encode("utf-16-le"))),
    Attack("claims in Latin-1", raw(claims=lambda text: text.replace(b"ann", b"\xe4nn"))),
    Attack("header with a BOM", raw(header=lambda text: b"\xef\xbb\xbf" + text)),
    Attack("claims with a BOM", raw(claims=lambda text: b"\xef\xbb\xbf" + text)),
    Attack("overlong UTF-8", raw(claims=lambda text: text.replace(b"ann", b"\xc1\xa1nn"))),
    Attack("a surrogate in UTF-8", raw(claims=lambda text: text.replace(b"ann", b"\xed\xa0\x80"))),
]

JSON = [
    Attack("header is a list", raw(header=lambda text: b"[" + text + b"]")),
    Attack("claims are a list", raw(claims=lambda text: b"[" + text + b"]")),
    Attack("claims are a string", raw(claims=lambda text: json.dumps(text.decode()).encode())),
    Attack("claims are null", raw(claims=lambda _: b"null")),
    Attack("claims are no JSON", raw(claims=lambda text: text.replace(b'"', b"'"))),
    Attack("something after the claims", raw(claims=lambda text: text + b"{}")),
    Attack("a comma at the end", raw(claims=lambda text: text[:-1] + b",}")),
    Attack("duplicate alg", header_text(lambda text: text[:-1] + ', "alg": "EdDSA"}')),
    Attack("duplicate kid", header_text(lambda text: '{"kid": "other", ' + text[1:])),
    Attack("duplicate sub", claims_text(lambda text: '{"sub": "bob", ' + text[1:])),
    Attack("duplicate exp", claims_text(lambda text: '{"exp": 1, ' + text[1:])),
    Attack("duplicate by an escape", claims_text(lambda text: '{"s\\u0075b": "bob", ' + text[1:])),
    Attack("duplicate names deep inside", claims_text(lambda text: text[:-1] + ', "a": [{"b": 1, "b": 2}]}')),
    Attack("NaN", claims_text(lambda text: text[:-1] + ', "a": NaN}')),
    Attack("infinity", claims_text(lambda text: text[:-1] + ', "a": -Infinity}')),
    Attack("an endless number", claims_text(lambda text: text[:-1] + ', "a": ' + "9" * 5000 + "}")),
    Attack("brackets without end", raw(claims=lambda _: b"[" * 6000)),
    Attack("braces without end", raw(header=lambda _: b'{"a":' * 1000)),
]

HEADER = [
    Attack("no alg", token(header={"alg": ...})),
    Attack("alg is null", token(header={"alg": None})),
    Attack("alg is a list", token(header={"alg": ["EdDSA"]})),
    Attack("alg in another case", token(header={"alg": "eddsa"})),
    Attack("alg with a space", token(header={"alg": "EdDSA "})),
    Attack("alg is none", token(header={"alg": "none"})),
    Attack("alg is none in mixed case", token(header={"alg": "nOnE"})),
    Attack("alg is none and nothing is signed", unsigned("none")),
    Attack("alg is empty", token(header={"alg": ""})),
    Attack("alg that PyJWT knows and nobody allowed", token("ES512", header={"alg": "ES521"})),
    Attack("another alg for an RSA key", token("RS256", header={"alg": "RS512"})),
    Attack("alg of an encrypted token", token(header={"alg": "RSA-OAEP", "enc": "A256GCM"})),
    Attack("no kid", token(header={"kid": ...})),
    Attack("kid is empty", token(header={"kid": ""})),
    Attack("kid is null", token(header={"kid": None})),
    Attack("kid is a number", token(header={"kid": 1})),
    Attack("kid is a list", token(header={"kid": ["key-EdDSA"]})),
    Attack("kid is too long", token(header={"kid": "k" * 257})),
    Attack("typ of a session cookie", token(header={"typ": "better-auth.session-cache+jwt"})),
    Attack("typ of an ID token hint", token(header={"typ": "logout+jwt"})),
    Attack("typ is empty", token(header={"typ": ""})),
    Attack("typ is null", token(header={"typ": None})),
    Attack("typ is a list", token(header={"typ": ["JWT"]})),
    Attack("crit", token(header={"crit": ["exp"], "exp": 1})),
    Attack("an empty crit", token(header={"crit": []})),
    Attack("b64 is false", token(header={"b64": False, "crit": ["b64"]})),
    Attack("b64 is true", token(header={"b64": True})),
    Attack("zip", token(header={"zip": "DEF"})),
    Attack(
        "a key of its own", lambda s: signed_by_stranger("EdDSA", header={"jwk": public(stranger(s).jwk("EdDSA"))})(s)
    ),
    Attack("an address of keys", lambda s: bearer(s.token(header={"jku": f"{s.origin}/api/auth/jwks"}))),
    Attack("an address of a certificate", lambda s: bearer(s.token(header={"x5u": f"{s.origin}/certificate"}))),
    Attack("a certificate", token(header={"x5c": ["MIIB"]})),
]

CLAIMS = [
    Attack("expired", token(exp=1), "token_expired"),
    Attack("expired with a broken signature", lambda s: bearer(s.token(exp=1)[:-8] + "AAAAAAAA"), "token_expired"),
    Attack("no exp", token(exp=...)),
    Attack("exp is null", token(exp=None)),
    Attack("exp is a string", token(exp="99999999999")),
    Attack("exp is a boolean", token(exp=True)),
    Attack("exp is a list", token(exp=[99999999999])),
    Attack("exp is negative", token(exp=-1), "token_expired"),
    Attack("exp beyond 2^53", token(exp=2**53 + 1)),
    Attack("exp of 4000 digits", token(exp=10**4000)),
    Attack("exp beyond a double", claims_text(lambda text: text.replace('"exp": ', '"exp": 1e400, "a": '))),
    Attack("no iat", token(iat=...)),
    Attack("iat is null", token(iat=None)),
    Attack("iat is a string", token(iat="1")),
    Attack("iat is a boolean", token(iat=False)),
    Attack("iat in the future", lambda s: bearer(s.token(iat=s.clock() + 3600, exp=s.clock() + 7200))),
    Attack("nbf in the future", lambda s: bearer(s.token(nbf=s.clock() + 3600, exp=s.clock() + 7200))),
    Attack("nbf is null", token(nbf=None)),
    Attack("nbf is a string", token(nbf="0")),
    Attack("nbf is a boolean", token(nbf=True)),
    Attack("no iss", token(iss=...)),
    Attack("iss is null", token(iss=None)),
    Attack("another iss", token(iss="https://evil.example")),
    Attack("iss with a slash", lambda s: bearer(s.token(iss=s.origin + "/"))),
    Attack("iss in capitals", lambda s: bearer(s.token(iss=s.origin.upper()))),
    Attack("iss that begins so", lambda s: bearer(s.token(iss=s.origin + ".evil.example"))),
    Attack("iss is a list", lambda s: bearer(s.token(iss=[s.origin]))),
    Attack("iss is an object", lambda s: bearer(s.token(iss={s.origin: 1}))),
    Attack("iss of the local issuer", token(iss="urn:taskward:local-issuer", aud="urn:taskward:local")),
    Attack("no aud", token(aud=...)),
    Attack("aud is null", token(aud=None)),
    Attack("another aud", token(aud="https://other.example")),
    Attack("aud of a client, as an ID token has it", token(aud="client-1", nonce="n")),
    Attack("aud that begins so", lambda s: bearer(s.token(aud=s.origin + "/api"))),
    Attack("aud is an empty list", token(aud=[])),
    Attack("aud is a list of others", token(aud=["https://other.example", ""])),
    Attack("aud has a number among strings", lambda s: bearer(s.token(aud=[s.origin, 1]))),
    Attack("aud is a list in a list", lambda s: bearer(s.token(aud=[[s.origin]]))),
    Attack("aud is an object", lambda s: bearer(s.token(aud={s.origin: True}))),
    Attack("no sub", token(sub=...)),
    Attack("sub is null", token(sub=None)),
    Attack("sub is empty", token(sub="")),
    Attack("sub is a number", token(sub=1)),
    Attack("sub is a list", token(sub=["ann"])),
    Attack("sub of 256 characters", token(sub="a" * 256)),
    Attack("sub with a space in front", token(sub=" ann")),
    Attack("sub with a space behind", token(sub="ann ")),
    Attack("sub is a space", token(sub=" ")),
    Attack("sub with a NUL", token(sub="an\0n")),
    Attack("sub with a line feed", token(sub="ann\nbob")),
    Attack("sub with a lone surrogate", token(sub="ann\ud800")),
    Attack("sub with a zero-width space", token(sub="ann\u200b")),
    Attack("sub that is turned round", token(sub="\u202enna")),
    Attack("a client of its own", token(sub="client-1", client_id="client-1")),
]

SIGNATURE = [
    Attack("unknown kid", token(header={"kid": "other"}), needs_keys=True),
    Attack("kid in another case", token(header={"kid": "KEY-EDDSA"}), needs_keys=True),
    Attack("kid is a path", token(header={"kid": "../../etc/passwd"}), needs_keys=True),
    Attack("kid is SQL", token(header={"kid": "' or 1=1 --"}), needs_keys=True),
    Attack("kid with a NUL", token(header={"kid": "key-EdDSA\0"}), needs_keys=True),
    Attack("kid with a lone surrogate", token(header={"kid": "\ud800"}), needs_keys=True),
    Attack("signed by a stranger", signed_by_stranger("EdDSA"), needs_keys=True),
    Attack("signed by a stranger with ES256", signed_by_stranger("ES256"), needs_keys=True),
    Attack("signed by a stranger with ES512", signed_by_stranger("ES512"), needs_keys=True),
    Attack("signed by a stranger with RS256", signed_by_stranger("RS256"), needs_keys=True),
    Attack("signed by a stranger with PS256", signed_by_stranger("PS256"), needs_keys=True),
    Attack("EdDSA under the name of ES256", swapped("EdDSA", "ES256"), needs_keys=True),
    Attack("RS256 under the name of PS256", swapped("RS256", "PS256"), needs_keys=True),
    Attack("ES256 under the name of ES512", swapped("ES256", "ES512"), needs_keys=True),
    Attack("alg of another key", token(header={"alg": "ES256"}), needs_keys=True),
    Attack("PS256 for a key of RS256", token("RS256", header={"alg": "PS256"}), needs_keys=True),
    Attack("HS256 with the public key", hmac_with(lambda s: urlsafe_b64decode(s.jwk("EdDSA")["x"] + "=="))),
    Attack("HS256 with the PEM of an RSA key", hmac_with(pem, kid="RS256")),
    Attack("HS512 with the PEM of an RSA key", hmac_with(pem, "HS512", kid="RS256")),
    Attack("HS256 with nothing", hmac_with(lambda _: b"")),
    Attack("claims of another token", lambda s: other_claims(s), needs_keys=True),
    Attack("header of another token", lambda s: other_header(s), needs_keys=True),
    Attack("a signature of one byte", signature(lambda _: b"\0"), needs_keys=True),
    Attack("a signature of zeros", signature(lambda s: bytes(len(s))), needs_keys=True),
    Attack("a signature of zeros with ES256", signature(lambda s: bytes(len(s)), "ES256"), needs_keys=True),
    Attack("a signature of zeros with ES512", signature(lambda s: bytes(len(s)), "ES512"), needs_keys=True),
    Attack("a signature of zeros with RS256", signature(lambda s: bytes(len(s)), "RS256"), needs_keys=True),
    Attack("one bit of the signature", signature(lambda s: bytes([s[0] ^ 1]) + s[1:]), needs_keys=True),
    Attack("a byte more", signature(lambda s: s + b"\0"), needs_keys=True),
    Attack("a byte less", signature(lambda s: s[:-1]), needs_keys=True),
    Attack("s plus the order of Ed25519", signature(plus_order), needs_keys=True),
    Attack("ES256 in DER", signature(der, "ES256"), needs_keys=True),
    Attack("ES512 in DER", signature(der, "ES512"), needs_keys=True),
    Attack("ES256 with longer numbers", signature(lambda s: b"\0" + s[:32] + b"\0" + s[32:], "ES256"), needs_keys=True),
    Attack("r plus the order of P-256", signature(r_plus_order, "ES256"), needs_keys=True),
    Attack("halves in the other order", signature(lambda s: s[32:] + s[:32], "ES256"), needs_keys=True),
    Attack("RS256 with a zero in front", signature(lambda s: b"\0" + s, "RS256"), needs_keys=True),
]

ATTACKS = NO_TOKEN + FORM + ENCODING + JSON + HEADER + CLAIMS + SIGNATURE
