import asyncio
import contextlib
import hmac
import json
import tracemalloc
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.attacks import ATTACKS, Attack
from support.key_server import KeyServer, running_key_server
from support.signing import Clock, Signer, base64url, bearer
from taskward.auth.authenticator import MAX_CACHED_TOKENS, Authenticator, authenticator
from taskward.auth.caller import Caller
from taskward.auth.demand import demand_of
from taskward.auth.errors import KeysUnavailable, TokenExpired, TokenInvalid, TokenMissing, Unauthorized
from taskward.auth.issuer import local_issuer
from taskward.auth.jwks import parse_jwks
from taskward.auth.key_set import StaticKeySet
from taskward.auth.trust import Trust
from taskward.errors import Problem
from taskward.settings import ALGORITHMS, SettingsError, read_settings

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000
LEEWAY = 30
SECRET = "a secret of more than thirty-two bytes"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def shared_server() -> Iterator[KeyServer]:
    with running_key_server() as server:
        yield server


@pytest.fixture
def server(shared_server: KeyServer) -> KeyServer:
    """As it is while all is well."""
    shared_server.keys = Signer(shared_server.origin).public_keys()
    shared_server.fault = None
    shared_server.paths.clear()
    return shared_server


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def monotonic() -> Clock:
    return Clock(0)


@pytest.fixture
def signer(server: KeyServer, clock: Clock) -> Signer:
    return Signer(server.origin, clock=clock)


@pytest.fixture
async def auth(server: KeyServer, clock: Clock, monotonic: Clock) -> AsyncIterator[Authenticator]:
    async with accepting(server, clock=clock, monotonic=monotonic) as auth:
        yield auth


@contextlib.asynccontextmanager
async def accepting(
    server: KeyServer, *, clock: Clock, monotonic: Clock | None = None, trusts: Sequence[Trust] = (), **environment: Any
) -> AsyncIterator[Authenticator]:
    """What accepts the tokens of this server, and of others that the settings name."""
    environment = {"better_auth_url": server.origin, **environment}
    auth = authenticator(read_settings(**environment), trusts=trusts, clock=clock, monotonic=monotonic or Clock(0))
    yield auth
    await auth.close()


async def call(auth: Authenticator, headers: list[tuple[bytes, bytes]]) -> Caller:
    """As the API does."""
    return await auth.caller(headers, demand=demand_of(auth.trusts), deadline_seconds=20)


async def owner(auth: Authenticator, token: str) -> str:
    return (await call(auth, bearer(token))).owner


async def code(auth: Authenticator, token: str) -> str:
    """How it is refused."""
    with pytest.raises(Unauthorized) as refused:
        await call(auth, bearer(token))
    return refused.value.code


def at_once(auth: Authenticator, token: str | bytes | list[tuple[bytes, bytes]]) -> Caller:
    """The result of a call that never gives way to the event loop, and so needs none."""
    calling = call(auth, token if isinstance(token, list) else bearer(token))
    try:
        calling.send(None)
    except StopIteration as ended:
        caller: Caller = ended.value
        return caller
    calling.close()
    raise AssertionError("it gave way to the event loop")


# What is accepted


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_the_sub_of_a_verified_token_is_the_owner(auth: Authenticator, signer: Signer, algorithm: str) -> None:
    assert await owner(auth, signer.token(algorithm, sub="1wbhbaMcVaVmNVSuHCgt2JmVh0qUpxbV")) == (
        "1wbhbaMcVaVmNVSuHCgt2JmVh0qUpxbV"
    )


@pytest.mark.parametrize("name_in_key", ["EdDSA", "Ed25519", ...], ids=str)
@pytest.mark.parametrize("name_in_token", ["EdDSA", "Ed25519"])
@pytest.mark.parametrize("names_allowed", [",".join(ALGORITHMS), "EdDSA", "Ed25519", "ES256,Ed25519,EdDSA"])
async def test_ed25519_is_another_name_for_eddsa_wherever_it_stands(
    server: KeyServer, signer: Signer, clock: Clock, name_in_key: Any, name_in_token: str, names_allowed: str
) -> None:
    key = {**signer.public_keys(["EdDSA"])[0], "alg": name_in_key}
    server.keys = [{name: value for name, value in key.items() if value is not ...}, *signer.public_keys(["ES256"])]

    async with accepting(server, clock=clock, better_auth_algorithms=names_allowed) as auth:
        assert await owner(auth, signer.token(header={"alg": name_in_token})) == "ann"


async def test_ed25519_is_the_name_of_no_other_key_and_allows_nothing_that_is_not_allowed(
    auth: Authenticator, server: KeyServer, signer: Signer, clock: Clock
) -> None:
    for algorithm in ("ES256", "ES512", "RS256", "PS256"):
        assert await code(auth, signer.token(algorithm, header={"alg": "Ed25519"})) == "token_invalid"
    for other in ("ed25519", "Ed25519 ", "Ed448", "EdDSA,Ed25519", ["Ed25519"], {"Ed25519": 1}):
        assert await code(auth, signer.token(header={"alg": other})) == "token_invalid"
    async with accepting(server, clock=clock, better_auth_algorithms="ES256") as narrow:
        assert await code(narrow, signer.token(header={"alg": "Ed25519"})) == "token_invalid"
    async with accepting(server, clock=clock, jwt_hs256_secret=SECRET) as shared:
        assert await code(shared, signer.token(header={"alg": "Ed25519"})) == "token_invalid"
    server.keys = [{**signer.public_keys([algorithm])[0], "alg": "Ed25519"} for algorithm in ("ES256", "RS256")]
    async with accepting(server, clock=clock) as misled:
        assert await code(misled, signer.token("ES256")) == "token_invalid"
        assert await code(misled, signer.token("RS256", header={"alg": "Ed25519"})) == "token_invalid"


async def test_an_algorithm_that_is_listed_twice_is_listed_once(
    server: KeyServer, signer: Signer, clock: Clock
) -> None:
    async with accepting(server, clock=clock, better_auth_algorithms="ES256,ES256") as auth:
        assert await owner(auth, signer.token("ES256")) == "ann"


@pytest.mark.parametrize(
    "claims",
    [
        {"name": "Ann Ω", "email": "ann@example.com", "emailVerified": False, "id": "ann", "image": None},
        {"aud": ["https://other.example", "AUD"]},
        {"aud": ["AUD"]},
        {"nbf": 0},
        {"nbf": NOW},
        {"exp": NOW + 0.5},
        {"exp": 2**53},
        {"iat": 0},
        {"iat": NOW - 0.25},
        {"jti": 5},
        {"client_id": "another"},
        {"client_id": None},
        {"nonce": "n", "a": [{"b": [{}]}]},
        {"name": "Ann\0\ud800", "deep": json.loads("[" * 100 + "]" * 100)},
    ],
    ids=count(),
)
async def test_other_claims_and_forms_of_the_usual_ones_are_fine(
    auth: Authenticator, signer: Signer, claims: dict[str, Any]
) -> None:
    claims = json.loads(json.dumps(claims).replace("AUD", signer.origin))

    assert await owner(auth, signer.token(**claims)) == "ann"


@pytest.mark.parametrize(
    "sub",
    ["1", "a" * 255, "ß" * 255, "an n", "f3b1c7d2-7c1e-4a52-9f3a-000000000000", "😀", "a\\'\"b"],
    ids=count(),
)
async def test_any_printable_sub_is_an_owner(auth: Authenticator, signer: Signer, sub: str) -> None:
    assert await owner(auth, signer.token(sub=sub)) == sub


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "AT+JWT"])
async def test_typ_may_say_what_it_is(auth: Authenticator, signer: Signer, typ: str) -> None:
    assert await owner(auth, signer.token(header={"typ": typ})) == "ann"


@pytest.mark.parametrize(
    "start", ["Bearer ", "bearer ", "BEARER ", "Bearer    ", "  Bearer ", "\tBearer "], ids=count()
)
@pytest.mark.parametrize("end", ["", " ", "\t "], ids=count())
async def test_the_scheme_may_stand_in_any_case_and_spaces_around(
    auth: Authenticator, signer: Signer, start: str, end: str
) -> None:
    value = f"{start}{signer.token()}{end}".encode()
    headers = [(b"accept", b"*/*"), (b"authorization", value), (b"x-authorization", b"Bearer other")]

    assert (await call(auth, headers)).owner == "ann"


async def test_a_token_may_be_long(auth: Authenticator, signer: Signer) -> None:
    """As with an image in a claim; what is too long for a request is told by the size of its headers."""
    assert await owner(auth, signer.token(picture="data:image/png;base64," + "a" * 60_000)) == "ann"


async def outcome(auth: Authenticator, token: str) -> str:
    try:
        return await owner(auth, token)
    except Problem as refused:
        return refused.code


async def test_a_kid_of_256_characters_is_looked_for(auth: Authenticator, server: KeyServer, signer: Signer) -> None:
    server.keys = [{**signer.public_keys(["EdDSA"])[0], "kid": "k" * 256}]

    assert await owner(auth, signer.token(header={"kid": "k" * 256})) == "ann"


async def test_several_issuers_and_audiences_can_be_named(server: KeyServer, signer: Signer, clock: Clock) -> None:
    named: dict[str, Any] = {
        "better_auth_issuer": "https://a.example, https://b.example/",
        "better_auth_audience": "c,d",
    }
    async with accepting(server, clock=clock, **named) as auth:
        assert await owner(auth, signer.token(iss="https://a.example", aud="c")) == "ann"
        assert await owner(auth, signer.token(iss="https://b.example/", aud=["x", "d"])) == "ann"
        assert await code(auth, signer.token(iss="https://b.example", aud="d")) == "token_invalid"
        assert await code(auth, signer.token(iss="https://a.example")) == "token_invalid"
        assert await code(auth, signer.token(aud="c")) == "token_invalid"


async def test_keys_may_be_fetched_from_another_address_than_the_issuers(
    server: KeyServer, signer: Signer, clock: Clock
) -> None:
    settings: dict[str, Any] = {"better_auth_url": "http://localhost:3000/", "better_auth_jwks_url": server.url}
    async with accepting(server, clock=clock, **settings) as auth:
        assert await owner(auth, signer.token(iss="http://localhost:3000", aud="http://localhost:3000")) == "ann"


async def test_an_algorithm_that_is_not_listed_is_refused_although_its_key_is_there(
    server: KeyServer, signer: Signer, clock: Clock
) -> None:
    async with accepting(server, clock=clock, better_auth_algorithms="ES256,PS256") as auth:
        for algorithm in ALGORITHMS:
            listed = algorithm in ("ES256", "PS256")
            assert await outcome(auth, signer.token(algorithm)) == ("ann" if listed else "token_invalid")


async def test_a_key_without_alg_verifies_no_other_algorithm_than_the_one_that_signed(
    auth: Authenticator, server: KeyServer, signer: Signer
) -> None:
    server.keys = [{name: value for name, value in key.items() if name != "alg"} for key in server.keys]

    assert await owner(auth, signer.token("RS256")) == "ann"
    assert await owner(auth, signer.token("PS256")) == "ann"
    assert await code(auth, signer.token("RS256", header={"alg": "PS256"})) == "token_invalid"
    assert await code(auth, signer.token("PS256", header={"alg": "RS256"})) == "token_invalid"


async def test_a_caller_is_what_the_token_says_of_its_sender(server: KeyServer, signer: Signer, clock: Clock) -> None:
    async with accepting(server, clock=clock, better_auth_audience="a,b,c") as auth:
        token = signer.token(sub="bob", aud=["a", "c", "d"], scope="tasks:read tasks:write", exp=NOW + 60.5)
        caller = await call(auth, bearer(token))

    assert caller == Caller("bob", frozenset({"a", "c"}), frozenset({"tasks:read", "tasks:write"}), NOW + 60.5)


# Times


@pytest.mark.parametrize(
    ("claims", "result"),
    [
        ({"exp": NOW - LEEWAY}, "token_expired"),
        ({"exp": NOW - LEEWAY + 0.01}, "ann"),
        ({"exp": NOW - LEEWAY + 1}, "ann"),
        ({"exp": 0}, "token_expired"),
        ({"exp": 0.0}, "token_expired"),
        ({"exp": -1}, "token_expired"),
        ({"exp": -(2.0**53)}, "token_expired"),
        ({"exp": -(2**53) - 1}, "token_invalid"),
        ({"iat": -1, "nbf": -0.5}, "ann"),
        ({"iat": NOW + LEEWAY}, "ann"),
        ({"iat": NOW + LEEWAY + 0.01}, "token_invalid"),
        ({"nbf": NOW + LEEWAY}, "ann"),
        ({"nbf": NOW + LEEWAY + 0.01}, "token_invalid"),
    ],
    ids=count(),
)
async def test_times_are_exact_to_the_leeway(
    auth: Authenticator, signer: Signer, claims: dict[str, Any], result: str
) -> None:
    assert await outcome(auth, signer.token(**claims)) == result


async def test_without_leeway_a_token_ends_with_its_exp(server: KeyServer, signer: Signer, clock: Clock) -> None:
    async with accepting(server, clock=clock, better_auth_leeway_seconds="0") as auth:
        assert await outcome(auth, signer.token(exp=NOW)) == "token_expired"
        assert await outcome(auth, signer.token(exp=NOW + 1)) == "ann"
        assert await outcome(auth, signer.token(iat=NOW + 1)) == "token_invalid"


@pytest.mark.parametrize(
    "wrong",
    [{"aud": "other"}, {"iss": "other"}, {"sub": ""}, {"iat": NOW + 31}, {"nbf": NOW + 31}, {"iat": ...}],
    ids=count(),
)
async def test_expired_is_said_only_of_a_token_that_is_well_otherwise(
    auth: Authenticator, signer: Signer, wrong: dict[str, Any]
) -> None:
    assert await code(auth, signer.token(exp=1)) == "token_expired"
    assert await code(auth, signer.token(exp=1, **wrong)) == "token_invalid"


# What is refused


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
async def test_an_attack_is_refused(
    auth: Authenticator, server: KeyServer, signer: Signer, attack: Attack, caplog: pytest.LogCaptureFixture
) -> None:
    if attack.needs_keys:
        assert await owner(auth, signer.token()) == "ann"
    headers = attack.build(signer)

    with pytest.raises(Unauthorized) as refused:
        await call(auth, headers)

    problem = refused.value
    assert (problem.status, problem.code) == (401, attack.code)
    assert problem.headers == {"WWW-Authenticate": challenge(attack.code)}
    assert server.fetches == (1 if attack.needs_keys else 0)
    assert problem.detail.endswith(".")
    for secret in secrets_in(headers):
        assert secret not in problem.detail
        assert secret not in caplog.text


def challenge(code: str) -> str:
    return "Bearer" if code == "token_missing" else 'Bearer error="invalid_token"'


def secrets_in(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """What no sentence may repeat: the credentials, and each part that is long enough to be told from a word."""
    values = [value.decode("latin-1").split(" ", 1)[-1] for _, value in headers]
    return [part for value in values for part in (value, *value.split(".")) if len(part) > 20]


SENTENCES = {
    "no header": "This call needs an Authorization header with a bearer token.",
    "basic credentials": "The Authorization header must be the word Bearer, a space and the token.",
    "two headers": "There is more than one Authorization header.",
    "two parts": "This is no signed JWT; send the one that Better Auth's /token gives.",
    "a session token": (
        "This is no signed JWT but looks like a session token of Better Auth; "
        "send the one that Better Auth's /token gives."
    ),
    "a signed session token": (
        "This is no signed JWT but looks like a session token of Better Auth; "
        "send the one that Better Auth's /token gives."
    ),
    "an encrypted token": (
        "This is no signed JWT but looks like an encrypted one; send the one that Better Auth's /token gives."
    ),
    "stray bits in the signature": "The parts of the token are not canonical base64url.",
    "duplicate sub": "Header and claims of the token must be JSON objects in UTF-8 without duplicate names.",
    "another iss": "The token comes from another issuer than the one that is configured here.",
    "iss is a list": "The token must name its issuer (iss) as a string.",
    "alg is none": "The algorithm of the token is not one that is accepted here.",
    "no kid": "The header of the token must name its key as kid.",
    "typ is empty": "The token is of another kind: its typ must be absent, JWT or at+jwt.",
    "zip": "The header of the token may not have b64, crit, jku, jwk, x5c, x5u, zip.",
    "another aud": "The token is for another audience.",
    "no sub": "The sub of the token must be 1 to 255 printable characters.",
    "a client of its own": "The token is of an application, not of a user.",
    "no exp": "The token must say as numbers when it was issued (iat) and expires (exp).",
    "iat in the future": ("The token is not valid yet; the clocks of its issuer and of this server may differ."),
    "expired": "The token has expired; get a new one and repeat the request.",
    "unknown kid": "The key that signed the token is not among the keys of its issuer.",
    "one bit of the signature": "The signature of the token does not match.",
}


@pytest.mark.parametrize("name", SENTENCES)
async def test_a_refusal_says_what_is_wrong(
    auth: Authenticator, signer: Signer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level("INFO", "taskward.auth")
    (attack,) = (attack for attack in ATTACKS if attack.name == name)

    with pytest.raises(Unauthorized) as refused:
        await call(auth, attack.build(signer))

    assert refused.value.detail == SENTENCES[name]
    logged = [line.getMessage() for line in caplog.records if line.name == "taskward.auth"]
    if attack.code == "token_missing":
        assert logged == []
    else:
        assert logged[0].startswith(f"{attack.code}: {SENTENCES[name]}")


async def test_the_log_compares_a_token_with_what_all_issuers_together_accept(
    server: KeyServer, signer: Signer, clock: Clock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with accepting(
        server, clock=clock, trusts=[local_issuer(tmp_path).trust], better_auth_algorithms="ES256"
    ) as auth:
        await code(auth, signer.token(iss="https://other.example", header={"kid": "k", "typ": "JWT"}))

    assert caplog.messages[-1].startswith(
        "token_invalid: The token comes from another issuer than the one that is configured here. "
        f"Expected iss '{server.origin}' or 'urn:taskward:local-issuer', "
        f"aud '{server.origin}' or 'urn:taskward:local', alg 'ES256' or 'EdDSA'; "
        f"came iss 'https://other.example', aud '{server.origin}', alg 'EdDSA', kid 'k', typ 'JWT'."
    )


async def test_the_attacks_are_attacks_because_the_same_token_unchanged_is_accepted(
    auth: Authenticator, signer: Signer
) -> None:
    for algorithm in ALGORITHMS:
        header, claims, _ = signer.token(algorithm).split(".")
        assert await owner(auth, signer.sign_parts(header, claims, algorithm)) == "ann"
    assert len(ATTACKS) == len({attack.name for attack in ATTACKS}) >= 60


async def test_without_any_issuer_every_token_is_refused(server: KeyServer, signer: Signer, clock: Clock) -> None:
    async with accepting(server, clock=clock, better_auth_url=None) as auth:
        assert await code(auth, signer.token()) == "token_invalid"


@pytest.mark.parametrize("settings", [{}, {"better_auth_issuer": "https://a.example"}, {"better_auth_audience": "a"}])
def test_keys_alone_do_not_say_whose_tokens_are_meant(settings: dict[str, str]) -> None:
    with pytest.raises(
        SettingsError, match=r"^BETTER_AUTH_URL must be set, or both [A-Z_]+ISSUER and [A-Z_]+AUDIENCE\.$"
    ):
        authenticator(read_settings(better_auth_jwks_url="http://127.0.0.1:1/jwks", **settings))


# Keys


async def test_no_keys_is_no_fault_of_the_token(auth: Authenticator, server: KeyServer, signer: Signer) -> None:
    server.fault = "500"

    with pytest.raises(KeysUnavailable):
        await owner(auth, signer.token())
    assert await code(auth, signer.token(exp=1)) == "token_expired"


async def test_an_unknown_key_is_a_fault_of_the_token_after_a_good_fetch_alone(
    auth: Authenticator, server: KeyServer, signer: Signer, monotonic: Clock
) -> None:
    server.keys = []
    assert await code(auth, signer.token()) == "token_invalid"
    server.keys = signer.public_keys(["ES256"])
    monotonic.now += 5
    assert await code(auth, signer.token()) == "token_invalid"

    server.fault = "500"
    monotonic.now += 5
    with pytest.raises(KeysUnavailable):
        await owner(auth, signer.token())
    assert await owner(auth, signer.token("ES256")) == "ann"


async def test_the_first_token_of_a_new_key_is_accepted(
    auth: Authenticator, server: KeyServer, signer: Signer, monotonic: Clock
) -> None:
    assert await owner(auth, signer.token()) == "ann"
    rotated = Signer(server.origin, name="rotated", clock=signer.clock)
    server.keys += rotated.public_keys()
    monotonic.now += 5

    assert await owner(auth, rotated.token()) == "ann"
    assert await owner(auth, signer.token()) == "ann"


async def test_a_token_that_many_send_at_once_costs_one_fetch(
    auth: Authenticator, server: KeyServer, signer: Signer
) -> None:
    token = signer.token()

    assert set(await asyncio.gather(*(owner(auth, token) for _ in range(200)))) == {"ann"}
    assert server.fetches == 1


# The cache


async def test_a_token_that_was_verified_is_answered_from_the_cache_without_giving_way(
    auth: Authenticator, signer: Signer
) -> None:
    token = signer.token()
    first = await call(auth, bearer(token))

    assert at_once(auth, token) is first
    assert at_once(auth, [(b"authorization", b"bearer  " + token.encode())]) is first
    assert await call(auth, bearer(signer.token(a=1))) is not first


async def test_a_cached_token_ends_when_it_expires(auth: Authenticator, signer: Signer, clock: Clock) -> None:
    token = signer.token(exp=NOW + 100)
    first = await call(auth, bearer(token))

    clock.now += 129.9
    assert await call(auth, bearer(token)) is first
    clock.now = NOW + 130
    assert await code(auth, token) == "token_expired"


async def test_a_cached_token_ends_when_its_key_is_removed(
    auth: Authenticator, server: KeyServer, signer: Signer, monotonic: Clock
) -> None:
    token = signer.token()
    assert await owner(auth, token) == "ann"
    server.keys = signer.public_keys(["ES256"])

    monotonic.now += 305.1
    assert await code(auth, token) == "token_invalid"


async def test_a_cached_token_ends_when_its_kid_stands_for_another_key(
    auth: Authenticator, server: KeyServer, signer: Signer, monotonic: Clock
) -> None:
    token = signer.token()
    assert await owner(auth, token) == "ann"
    other = Signer(server.origin, name="other").public_keys(["EdDSA"])[0]
    server.keys = [{**other, "kid": signer.kid("EdDSA")}]

    monotonic.now += 305.1
    assert await code(auth, token) == "token_invalid"


async def test_a_cached_token_outlives_a_refresh_that_brings_the_same_key(
    auth: Authenticator, server: KeyServer, signer: Signer, monotonic: Clock
) -> None:
    token = signer.token()
    first = await call(auth, bearer(token))
    server.keys = [*reversed(server.keys), *Signer(server.origin, name="new").public_keys()]

    monotonic.now += 5
    assert await code(auth, signer.token(header={"kid": "unknown"})) == "token_invalid"
    assert server.fetches == 2
    assert at_once(auth, token) is first


async def test_a_cached_token_does_not_outlive_an_hour_without_keys(
    auth: Authenticator, server: KeyServer, signer: Signer, clock: Clock, monotonic: Clock
) -> None:
    token = signer.token(exp=NOW + 10_000)
    first = await call(auth, bearer(token))
    server.fault = "500"

    monotonic.now += 3600
    again = await call(auth, bearer(token))
    assert at_once(auth, token) is again == first
    monotonic.now += 0.1
    with pytest.raises(KeysUnavailable):
        await owner(auth, token)


def test_the_cache_is_bounded_and_drops_the_oldest() -> None:
    auth = authenticator(read_settings(jwt_hs256_secret=SECRET), clock=Clock(NOW))
    first, second, *others = (hs256(jti=number) for number in range(MAX_CACHED_TOKENS))
    callers = [at_once(auth, token) for token in (first, second)]
    for token in others:
        at_once(auth, token)

    assert at_once(auth, first) is callers[0]
    at_once(auth, hs256(jti="one more"))
    assert at_once(auth, second) is callers[1]
    assert at_once(auth, first) is not callers[0]
    assert len(auth.cache) == MAX_CACHED_TOKENS


def test_the_cache_takes_less_than_two_kilobytes_a_token() -> None:
    auth = authenticator(read_settings(jwt_hs256_secret=SECRET), clock=Clock(NOW))
    at_once(auth, hs256())
    tokens = [hs256(sub=f"{number:03}" + "😀" * 252, a="a" * 1000) for number in range(500)]

    tracemalloc.start()
    for token in tokens:
        at_once(auth, token)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert taken / len(tokens) < 2000


@pytest.mark.parametrize(
    "scopes", [[f"{'s' * 29}{number:03}" for number in range(16)], list(map(str, range(2000))), ["s" * 9000]]
)
def test_what_a_token_says_makes_the_cache_no_larger(scopes: list[str]) -> None:
    auth = authenticator(read_settings(jwt_hs256_secret=SECRET), clock=Clock(NOW))
    at_once(auth, hs256())
    tokens = [hs256(jti=number, scope=" ".join(scopes), picture="a" * 1000) for number in range(50)]

    tracemalloc.start()
    callers = [at_once(auth, token) for token in tokens]
    assert {len(caller.scopes or ()) for caller in callers} == {len(scopes)}
    del callers
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert taken / len(tokens) < 4000


# A shared secret


def hs256(secret: str = SECRET, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token without kid, issuer and audience, signed with a shared secret by the algorithm of its header."""
    header = {"alg": "HS256", **(header or {})}
    claims = {"iat": NOW, "exp": NOW + 900, "sub": "ann", **claims}
    signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
    digest = "sha" + header["alg"][2:]
    return f"{signed}.{base64url(hmac.digest(secret.encode(), signed.encode(), digest))}"


async def test_a_shared_secret_needs_neither_kid_nor_issuer_nor_audience(server: KeyServer, clock: Clock) -> None:
    async with accepting(server, clock=clock, better_auth_url=None, jwt_hs256_secret=SECRET) as auth:
        assert await owner(auth, hs256()) == "ann"
        assert await owner(auth, hs256(iss="anybody", aud=["anything"], header={"kid": "k"})) == "ann"
        assert await owner(auth, hs256(iss=5, aud={"a": 1})) == "ann"
        assert server.fetches == 0


async def test_a_shared_secret_is_the_only_way_then(server: KeyServer, signer: Signer, clock: Clock) -> None:
    async with accepting(server, clock=clock, jwt_hs256_secret=SECRET) as auth:
        here: dict[str, Any] = {"iss": server.origin, "aud": server.origin}
        assert await owner(auth, hs256(**here)) == "ann"
        for algorithm in ALGORITHMS:
            assert await code(auth, signer.token(algorithm)) == "token_invalid"
        assert await code(auth, hs256(header={"alg": "HS384"}, **here)) == "token_invalid"
        assert await code(auth, hs256(SECRET + "!", **here)) == "token_invalid"
        assert await code(auth, hs256(**here, exp=NOW - LEEWAY)) == "token_expired"
        assert await code(auth, hs256(**here, header={"kid": "k" * 257})) == "token_invalid"
        assert server.fetches == 0


@pytest.mark.parametrize(
    ("settings", "accepted", "refused"),
    [
        ({"better_auth_url": "https://a.example/x"}, {"iss": "https://a.example", "aud": "https://a.example"}, {}),
        ({"better_auth_issuer": "a"}, {"iss": "a"}, {"iss": "b"}),
        ({"better_auth_issuer": "a"}, {"iss": "a", "aud": "whatever"}, {"aud": "a"}),
        ({"better_auth_audience": "a"}, {"aud": "a"}, {"aud": "b"}),
        ({"better_auth_audience": "a"}, {"aud": ["a"], "iss": "whatever"}, {"iss": "a"}),
    ],
    ids=count(),
)
async def test_with_a_shared_secret_issuer_and_audience_are_checked_when_they_are_set(
    server: KeyServer, clock: Clock, settings: dict[str, Any], accepted: dict[str, Any], refused: dict[str, Any]
) -> None:
    settings = {"better_auth_url": None, **settings, "jwt_hs256_secret": SECRET}
    async with accepting(server, clock=clock, **settings) as auth:
        assert await owner(auth, hs256(**accepted)) == "ann"
        assert await code(auth, hs256(**refused)) == "token_invalid"


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n",
        json.dumps({"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA",
    ],
    ids=count(),
)
def test_a_key_of_another_kind_is_no_shared_secret(secret: str) -> None:
    with pytest.raises(SettingsError) as refused:
        authenticator(read_settings(jwt_hs256_secret=secret))
    assert str(refused.value) == "JWT_HS256_SECRET must be a shared secret, and this is a key of another kind."


# The local issuer


async def test_the_local_issuer_and_better_auth_stand_side_by_side(
    server: KeyServer, signer: Signer, clock: Clock, tmp_path: Path
) -> None:
    issuer = local_issuer(tmp_path)
    token = issuer.token("bob", expires_in_seconds=60, now=NOW)
    async with accepting(server, clock=clock, trusts=[issuer.trust]) as auth:
        assert await owner(auth, token) == "bob"
        assert server.fetches == 0
        assert await owner(auth, signer.token()) == "ann"
    async with accepting(server, clock=clock, trusts=[issuer.trust], better_auth_url=None) as auth:
        assert await owner(auth, token) == "bob"
        assert await code(auth, signer.token()) == "token_invalid"
    async with accepting(
        server, clock=clock, trusts=[issuer.trust], better_auth_url=None, jwt_hs256_secret=SECRET
    ) as auth:
        assert await owner(auth, token) == "bob"
        assert await owner(auth, hs256()) == "ann"
        assert await code(auth, hs256(iss=issuer.issuer, aud=issuer.audience)) == "token_invalid"


async def test_without_the_local_issuer_its_tokens_are_refused(
    auth: Authenticator, server: KeyServer, tmp_path: Path
) -> None:
    token = local_issuer(tmp_path).token("bob", expires_in_seconds=60, now=NOW)

    assert await code(auth, token) == "token_invalid"
    assert server.fetches == 0


async def test_the_keys_of_one_issuer_verify_no_token_of_the_other(
    server: KeyServer, signer: Signer, clock: Clock, tmp_path: Path
) -> None:
    issuer = local_issuer(tmp_path)
    header, _, _ = issuer.token("bob", expires_in_seconds=60, now=NOW).split(".")
    local_kid = json.loads(urlsafe_b64decode(header + "=="))["kid"]
    local_key = issuer.private_key
    signed_here = jwt.encode(signer.claims(), local_key, headers={"kid": local_kid})
    signed_here_under_their_kid = jwt.encode(signer.claims(), local_key, headers={"kid": signer.kid("EdDSA")})
    names_us: dict[str, Any] = {"iss": issuer.issuer, "aud": issuer.audience}

    async with accepting(server, clock=clock, trusts=[issuer.trust]) as auth:
        assert await code(auth, signed_here) == "token_invalid"
        assert await code(auth, signed_here_under_their_kid) == "token_invalid"
        assert await code(auth, signer.token(**names_us)) == "token_invalid"
        assert await code(auth, signer.token(**names_us, header={"kid": local_kid})) == "token_invalid"
        assert await code(auth, signer.token(iss=issuer.issuer, header={"kid": local_kid})) == "token_invalid"
        assert await code(auth, signer.token(aud=issuer.audience)) == "token_invalid"


# Whatever comes

HERE = Signer("https://app.example.com", clock=Clock(NOW))
GENUINE = {algorithm: HERE.token(algorithm) for algorithm in ("EdDSA", "ES256", "ES512")}


def offline() -> Authenticator:
    """Has its keys at hand, so that nothing needs an event loop."""
    key_set = StaticKeySet(parse_jwks(json.dumps({"keys": HERE.public_keys()}).encode(), ALGORITHMS).values())
    ours = frozenset({HERE.origin})
    trust = Trust(frozenset(ALGORITHMS), key_set, issuers=ours, audiences=ours)
    return Authenticator([trust], leeway_seconds=LEEWAY, clock=HERE.clock)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A genuine token, and the same after a few changes of its text or of the bytes that it stands for."""
    token = GENUINE[draw(st.sampled_from(sorted(GENUINE)))].encode()
    parts = token.split(b".")
    if draw(st.booleans()):
        return token, changed(draw, token)
    part = draw(st.integers(0, 2))
    decoded = urlsafe_b64decode(parts[part] + b"==")
    parts[part] = base64url(changed(draw, decoded)).encode()
    return token, b".".join(parts)


def changed(draw: st.DrawFn, text: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 4)))
        text = text[:start] + draw(st.binary(max_size=4) | st.sampled_from([b"=", b".", b"A", b" "])) + text[end:]
    return text


@given(mutated())
def test_a_token_that_was_changed_in_any_way_is_refused(tokens: tuple[bytes, bytes]) -> None:
    genuine, token = tokens
    auth = offline()

    if token.strip(b" \t") == genuine:
        assert at_once(auth, token).owner == "ann"
    else:
        assert_refused(auth, bearer(token))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "cty", "x5t"]), VALUES),
    st.dictionaries(st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nbf", "jti", "client_id"]), VALUES),
)
def test_no_signed_claim_or_header_can_do_more_than_be_refused(header: dict[str, Any], claims: dict[str, Any]) -> None:
    auth = offline()
    token = HERE.token(header=header, **claims)

    try:
        caller = at_once(auth, token)
    except Unauthorized:
        return
    assert caller.owner == HERE.claims(**claims)["sub"]


@given(st.lists(st.tuples(st.sampled_from([b"authorization", b"cookie"]), st.binary()), max_size=3))
def test_no_header_can_do_more_than_be_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert_refused(offline(), headers)
    assert_refused(offline(), [(name, b"Bearer " + value) for name, value in headers])
    assert_refused(offline(), [(name, b"Bearer " + base64url(value).encode() * 3) for name, value in headers])
    assert_refused(
        offline(), [(name, b"Bearer " + b".".join([base64url(value).encode()] * 3)) for name, value in headers]
    )


def assert_refused(auth: Authenticator, headers: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises((TokenMissing, TokenInvalid, TokenExpired)):
        at_once(auth, headers)
