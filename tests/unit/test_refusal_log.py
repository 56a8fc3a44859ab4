import logging
from typing import Any

import pytest

from taskward.auth.demand import Demand
from taskward.auth.errors import TokenExpired, TokenInvalid
from taskward.auth.refusal_log import RefusalLog

ORIGIN = "https://app.example.com"
WRONG = TokenInvalid("It is wrong.")
NONE = Demand(None)


@pytest.fixture(autouse=True)
def every_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


@pytest.fixture
def refusals() -> RefusalLog:
    return RefusalLog(iss={ORIGIN}, aud={ORIGIN, "a"}, alg={"ES256", "EdDSA"})


def line(caplog: pytest.LogCaptureFixture) -> str:
    (only,) = caplog.messages
    return only


def test_a_line_says_what_was_expected_and_what_came(refusals: RefusalLog, caplog: pytest.LogCaptureFixture) -> None:
    header = {"alg": "EdDSA", "kid": "k1", "typ": "JWT", "secret": "s"}
    refusals.write(WRONG, header, {"iss": ORIGIN, "aud": ["b"], "sub": "ann", "secret": "s"}, demand=NONE, now=0)

    assert [(record.name, record.levelname) for record in caplog.records] == [("taskward.auth", "WARNING")]
    assert line(caplog) == (
        "token_invalid: It is wrong. Expected iss 'https://app.example.com', aud 'a' or 'https://app.example.com', "
        "alg 'ES256' or 'EdDSA'; came iss 'https://app.example.com', aud ['b'], alg 'EdDSA', kid 'k1', typ 'JWT'."
    )


def test_a_token_that_could_not_be_read_is_told_without_a_comparison(
    refusals: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    refusals.write(WRONG, {}, {}, demand=NONE, now=0)

    assert line(caplog) == "token_invalid: It is wrong."


def test_where_nothing_is_configured_the_line_says_so(caplog: pytest.LogCaptureFixture) -> None:
    RefusalLog(iss=(), aud=(), alg=()).write(WRONG, {"alg": "EdDSA"}, {}, demand=NONE, now=0)

    assert "Expected nothing; came iss None, aud None, alg 'EdDSA', kid None, typ None." in line(caplog)


def test_an_expired_token_is_no_warning(refusals: RefusalLog, caplog: pytest.LogCaptureFixture) -> None:
    refusals.write(TokenExpired("It is over."), {}, {"iss": ORIGIN}, demand=NONE, now=0)

    assert [record.levelname for record in caplog.records] == ["INFO"]
    assert line(caplog).startswith("token_expired: It is over. Expected")


def test_values_that_came_are_escaped_and_cut(refusals: RefusalLog, caplog: pytest.LogCaptureFixture) -> None:
    refusals.write(
        WRONG,
        {"alg": "x" * 8000, "kid": "a\nERROR b\x1b[31m"},
        {"iss": "ä\u2028", "aud": ["y" * 8000]},
        demand=NONE,
        now=0,
    )

    assert len(line(caplog)) < 1000
    assert line(caplog).isascii()
    assert line(caplog).isprintable()
    assert "alg 'xxx" in line(caplog)


HINTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("JWT_HS256_SECRET", {"alg": "HS256"}, {}),
    ("JWT_HS256_SECRET", {"alg": "HS512"}, {"iss": "other"}),
    ("session cookie", {"typ": "better-auth.session-cache+jwt"}, {}),
    ("differ only in case", {}, {"iss": ORIGIN + "/"}),
    ("differ only in case", {}, {"iss": ORIGIN.upper()}),
    ("OAuth access token", {"typ": "at+jwt"}, {"iss": ORIGIN + "/api/auth"}),
    ("OAuth access token", {"typ": "AT+JWT"}, {"iss": ORIGIN + "/auth", "auth_time": 1, "aud": "client"}),
    ("differ only by a path", {}, {"iss": ORIGIN + "/api/auth"}),
    ("session cookie", {"typ": "better-auth.session-cache+jwt", "alg": "HS256"}, {}),
    ("ID token", {}, {"iss": ORIGIN + "/api/auth", "aud": "client", "nonce": "n"}),
    ("ID token", {}, {"iss": "https://accounts.google.com", "aud": ["client"], "at_hash": "h"}),
    ("only `taskward dev` accepts it", {}, {"iss": "urn:taskward:local-issuer", "aud": "urn:taskward:local"}),
    ("BETTER_AUTH_JWKS_URL", {}, {"iss": "http://localhost:3000"}),
    ("BETTER_AUTH_JWKS_URL", {}, {"iss": "http://127.0.0.1:3000"}),
    ("BETTER_AUTH_JWKS_URL", {}, {"iss": "http://[::1]:3000"}),
    ("BETTER_AUTH_JWKS_URL", {}, {"iss": "http://host.docker.internal:3000"}),
    ("ID token", {}, {"iss": ORIGIN, "aud": "client", "nonce": "n"}),
    ("ID token", {}, {"iss": ORIGIN, "aud": "client", "at_hash": "h"}),
    ("ID token", {}, {"iss": ORIGIN, "aud": "client", "auth_time": 1}),
]


@pytest.mark.parametrize(("hint", "header", "claims"), HINTS, ids=range(len(HINTS)))
def test_the_usual_mistakes_have_a_hint(
    refusals: RefusalLog, caplog: pytest.LogCaptureFixture, hint: str, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    refusals.write(WRONG, {"alg": "EdDSA", **header}, {"iss": ORIGIN, **claims}, demand=NONE, now=0)

    _, _, sentence = line(caplog).partition(", typ ")
    assert hint in sentence
    assert sentence.count(". ") == 1
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "issuer",
    [
        *(ORIGIN, "https://evil.example", 5, None, ["http://localhost"], "urn:other", "http://[::1"),
        *("https://localhost.evil.example", "https://evil.example/localhost", f"{ORIGIN}.evil.example"),
    ],
)
def test_other_mistakes_have_none(refusals: RefusalLog, caplog: pytest.LogCaptureFixture, issuer: Any) -> None:
    refusals.write(WRONG, {"alg": "EdDSA"}, {"iss": issuer, "aud": "a", "nonce": "n"}, demand=NONE, now=0)

    assert line(caplog).endswith("typ None.")


GOOD_AUDIENCES: list[dict[str, Any]] = [
    {"aud": "a", "auth_time": 1},
    {"aud": ["a"], "auth_time": 1},
    {"aud": ["b", "a"], "auth_time": 1, "nonce": "n", "at_hash": "h"},
]


MCP = "https://tasks.example.com/mcp"


@pytest.mark.parametrize(
    ("audience", "typ", "came", "hint"),
    [
        (MCP, None, ORIGIN, " Assistants send the access token that the OAuth provider gave them."),
        (ORIGIN, "at+jwt", MCP, " It is for assistants, at /mcp alone; send the JWT that Better Auth's /token gives."),
        (MCP, "at+jwt", ORIGIN, ""),
        (ORIGIN, None, "https://other.example.com", ""),
    ],
)
def test_a_token_at_the_wrong_one_of_our_two_doors_has_a_hint(
    caplog: pytest.LogCaptureFixture, audience: str, typ: str | None, came: str, hint: str
) -> None:
    refusals = RefusalLog(iss={ORIGIN}, aud={audience}, alg={"EdDSA"})
    refusals.write(WRONG, {"alg": "EdDSA", "typ": typ}, {"iss": ORIGIN, "aud": came}, demand=NONE, now=0)

    assert line(caplog).endswith(f"typ {typ!r}.{hint}")


@pytest.mark.parametrize("claims", GOOD_AUDIENCES, ids=range(len(GOOD_AUDIENCES)))
def test_a_token_for_us_is_no_id_token_whatever_else_it_says(
    refusals: RefusalLog, caplog: pytest.LogCaptureFixture, claims: dict[str, Any]
) -> None:
    refusals.write(WRONG, {"alg": "EdDSA"}, {"iss": ORIGIN, **claims}, demand=NONE, now=0)

    assert line(caplog).endswith("typ None.")


def test_an_access_token_that_tells_when_its_user_signed_in_is_no_id_token(
    refusals: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    claims = {"iss": ORIGIN, "aud": "other", "auth_time": 1}
    refusals.write(WRONG, {"alg": "EdDSA", "typ": "at+jwt"}, claims, demand=NONE, now=0)

    assert line(caplog).endswith("typ 'at+jwt'.")


def test_where_a_claim_may_be_anything_no_value_of_it_is_a_mistake(caplog: pytest.LogCaptureFixture) -> None:
    claims = {"iss": "http://localhost:3000", "aud": "client", "nonce": "n"}
    RefusalLog(iss=(), aud=(), alg={"HS256"}).write(WRONG, {"alg": "HS256"}, claims, demand=NONE, now=0)

    assert line(caplog).endswith("typ None.")


def test_where_only_the_local_issuer_is_known_the_line_says_which_setting_is_missing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    claims = {"iss": "http://localhost:3000"}
    RefusalLog(iss={"urn:taskward:local-issuer"}).write(WRONG, {}, claims, demand=NONE, now=0)

    assert line(caplog).endswith(" BETTER_AUTH_URL is not set, so only what `taskward token` gives is accepted.")


def test_a_server_on_localhost_has_the_hint_for_any_issuer(caplog: pytest.LogCaptureFixture) -> None:
    RefusalLog(iss={"http://localhost:3000"}).write(WRONG, {}, {"iss": "http://auth:3000"}, demand=NONE, now=0)

    assert "BETTER_AUTH_JWKS_URL" in line(caplog)


def test_where_a_shared_secret_is_expected_one_is_no_mistake(caplog: pytest.LogCaptureFixture) -> None:
    RefusalLog(iss={ORIGIN}, alg={"HS256"}).write(WRONG, {"alg": "HS256"}, {"iss": ORIGIN}, demand=NONE, now=0)

    assert "JWT_HS256_SECRET" not in line(caplog)


def test_each_reason_has_five_lines_a_minute_and_then_a_count(
    refusals: RefusalLog, caplog: pytest.LogCaptureFixture
) -> None:
    for second in range(60):
        refusals.write(WRONG, {}, {}, demand=NONE, now=600 + second)
    refusals.write(TokenInvalid("It is long."), {}, {}, demand=NONE, now=659)
    assert caplog.messages == ["token_invalid: It is wrong."] * 5 + ["token_invalid: It is long."]
    caplog.clear()

    refusals.write(WRONG, {}, {}, demand=NONE, now=660)
    assert caplog.messages == ["55 more tokens were refused: It is wrong.", "token_invalid: It is wrong."]
    caplog.clear()

    for _ in range(5):
        refusals.write(WRONG, {}, {}, demand=NONE, now=719)
    refusals.write(WRONG, {}, {}, demand=NONE, now=720)
    assert caplog.messages == [
        *["token_invalid: It is wrong."] * 4,
        "1 more token was refused: It is wrong.",
        "token_invalid: It is wrong.",
    ]
