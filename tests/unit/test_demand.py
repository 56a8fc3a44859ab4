"""Two endpoints with tokens of their own, an API and one for agents: that a token is cached lets it pass at neither."""

import contextlib
import json
import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.key_server import running_key_server
from support.signing import Clock, Signer, bearer
from taskward.auth.authenticator import Authenticator
from taskward.auth.caller import Caller
from taskward.auth.demand import Demand, demand_of
from taskward.auth.errors import Forbidden, TokenInvalid
from taskward.auth.jwks import parse_jwks
from taskward.auth.key_set import KeySet, RemoteKeySet, StaticKeySet
from taskward.auth.trust import Trust
from taskward.errors import Problem

NOW = 1_800_000_000
SIGNER = Signer("https://app.example.com", clock=Clock(NOW))
KEY_SET = StaticKeySet(parse_jwks(json.dumps({"keys": SIGNER.public_keys(["EdDSA"])}).encode(), ["EdDSA"]).values())
AGENTS = "https://tasks.example.com/mcp"

API = Demand(frozenset({SIGNER.origin}))
READ = Demand(frozenset({AGENTS}), scope="tasks:read")
WRITE = Demand(frozenset({AGENTS}), scope="tasks:write")

SESSION = SIGNER.token()
SESSION_WITH_SCOPES = SIGNER.token(scope="tasks:read tasks:write")
READER = SIGNER.token(aud=AGENTS, scope="openid tasks:read")
WRITER = SIGNER.token(aud=AGENTS, scope="tasks:write")
BOTH = SIGNER.token(aud=AGENTS, scope="tasks:write tasks:read")
NO_SCOPE = SIGNER.token(aud=AGENTS)
MALFORMED_SCOPE = SIGNER.token(aud=AGENTS, scope=["tasks:read", "tasks:write"])


def trust(*audiences: str, key_set: KeySet = KEY_SET) -> Trust:
    return Trust(frozenset({"EdDSA"}), key_set, frozenset({SIGNER.origin}), frozenset(audiences))


def one_trust() -> Authenticator:
    return accepting(trust(SIGNER.origin, AGENTS))


def a_trust_each() -> Authenticator:
    return accepting(trust(SIGNER.origin), trust(AGENTS))


def accepting(*trusts: Trust) -> Authenticator:
    return Authenticator(trusts, leeway_seconds=30, clock=SIGNER.clock)


both_ways = pytest.mark.parametrize("new", [one_trust, a_trust_each])


def call(auth: Authenticator, token: str, demand: Demand) -> Caller:
    """Never yields to the event loop, because the keys are at hand."""
    try:
        auth.caller(bearer(token), demand=demand, deadline_seconds=1).send(None)
    except StopIteration as ended:
        caller: Caller = ended.value
        return caller
    raise AssertionError("it yielded to the event loop")


@both_ways
@pytest.mark.parametrize(
    ("token", "open_to", "closed_to", "problem"),
    [
        (SESSION, API, READ, TokenInvalid),
        (SESSION_WITH_SCOPES, API, WRITE, TokenInvalid),
        (READER, READ, API, TokenInvalid),
        (WRITER, WRITE, API, TokenInvalid),
        (READER, READ, WRITE, Forbidden),
        (WRITER, WRITE, READ, Forbidden),
    ],
)
def test_a_token_is_refused_elsewhere_whether_or_not_it_was_verified_before(
    new: Callable[[], Authenticator], token: str, open_to: Demand, closed_to: Demand, problem: type[Problem]
) -> None:
    cold, refused_first, accepted_first = new(), new(), new()
    with pytest.raises(problem) as at_once:
        call(cold, token, closed_to)

    caller = call(accepted_first, token, open_to)
    for _ in range(2):
        with pytest.raises(problem) as later:
            call(accepted_first, token, closed_to)
        assert later.value.document() == at_once.value.document()
        assert later.value.headers == at_once.value.headers
        assert call(accepted_first, token, open_to) is caller

    with pytest.raises(problem):
        call(refused_first, token, closed_to)
    assert call(refused_first, token, open_to) == caller


@both_ways
@given(
    visits=st.lists(st.tuples(st.sampled_from([SESSION, READER, BOTH, NO_SCOPE]), st.sampled_from([API, READ, WRITE])))
)
def test_no_answer_depends_on_what_came_before(
    new: Callable[[], Authenticator], visits: list[tuple[str, Demand]]
) -> None:
    auth = new()

    assert [code(auth, *visit) for visit in visits] == [code(new(), *visit) for visit in visits]


def code(auth: Authenticator, token: str, demand: Demand) -> str:
    try:
        return call(auth, token, demand).owner
    except Problem as refusal:
        return refusal.code


@pytest.mark.parametrize("token", [NO_SCOPE, MALFORMED_SCOPE], ids=["none", "malformed"])
def test_a_token_without_scopes_may_do_nothing_that_needs_one(token: str) -> None:
    with pytest.raises(Forbidden):
        call(one_trust(), token, READ)


def test_a_missing_scope_is_named_in_the_answer() -> None:
    with pytest.raises(Forbidden) as refused:
        call(one_trust(), READER, WRITE)

    assert (refused.value.status, refused.value.code) == (403, "forbidden")
    assert refused.value.detail == "This call needs a token with the scope tasks:write."
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="tasks:write"'}


def test_another_audience_is_said_before_a_missing_scope() -> None:
    with pytest.raises(TokenInvalid) as refused:
        call(one_trust(), SESSION, WRITE)

    assert refused.value.detail == "The token is for another audience."
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def test_a_token_for_both_endpoints_is_one_only_where_one_trust_accepts_both() -> None:
    token = SIGNER.token(aud=[AGENTS, SIGNER.origin], scope="tasks:read")

    assert call(one_trust(), token, API) == call(one_trust(), token, READ)
    assert code(a_trust_each(), token, API) == "ann"
    assert code(a_trust_each(), token, READ) == "token_invalid"


def test_an_issuer_that_is_named_goes_before_a_trust_in_any_issuer() -> None:
    anybody = Trust(frozenset({"EdDSA"}), KEY_SET, issuers=None, audiences=None)
    auth = accepting(anybody, trust(AGENTS))

    assert code(auth, SIGNER.token(iss="https://other.example"), Demand(None)) == "ann"
    assert code(auth, SIGNER.token(aud="https://other.example"), Demand(None)) == "token_invalid"


def test_where_the_audience_is_not_checked_only_an_endpoint_that_asks_for_none_is_open() -> None:
    auth = accepting(Trust(frozenset({"EdDSA"}), KEY_SET, issuers=None, audiences=None))

    assert demand_of(auth.trusts) == Demand(None)
    assert code(auth, READER, demand_of(auth.trusts)) == "ann"
    assert code(auth, READER, READ) == "token_invalid"


def test_the_api_asks_for_the_audiences_of_its_trusts() -> None:
    assert demand_of([trust("a", "b"), trust("c")]) == Demand(frozenset({"a", "b", "c"}))
    assert demand_of([]) == Demand(frozenset())
    assert code(accepting(trust("a"), trust("c")), SIGNER.token(aud="c"), demand_of([trust("a")])) == "token_invalid"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_audience_that_no_endpoint_has_is_refused_before_a_key_is_looked_for(anyio_backend: str) -> None:
    with running_key_server() as server:
        server.keys = SIGNER.public_keys()
        key_set = RemoteKeySet(server.url, ["EdDSA"])
        auth = accepting(trust(SIGNER.origin, key_set=key_set), trust(AGENTS, key_set=key_set))
        for demand in (API, READ):
            with pytest.raises(TokenInvalid, match=r"^The token is for another audience\.$"):
                await auth.caller(bearer(SIGNER.token(aud="other")), demand=demand, deadline_seconds=20)
        assert server.fetches == 0
        assert await auth.caller(bearer(READER), demand=READ, deadline_seconds=20)
        await auth.close()


# The log


@both_ways
@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize(
    ("token", "demand", "line"),
    [
        (
            READER,
            API,
            "token_invalid: The token is for another audience. "
            "Expected iss 'https://app.example.com', aud 'https://app.example.com', alg 'EdDSA'; "
            "came iss 'https://app.example.com', aud 'https://tasks.example.com/mcp', alg 'EdDSA', kid 'key-EdDSA', "
            "typ None. It is for assistants, at /mcp alone; send the JWT that Better Auth's /token gives.",
        ),
        (
            READER,
            WRITE,
            "forbidden: This call needs a token with the scope tasks:write. "
            "Expected iss 'https://app.example.com', aud 'https://tasks.example.com/mcp', alg 'EdDSA', "
            "scope 'tasks:write'; "
            "came iss 'https://app.example.com', aud 'https://tasks.example.com/mcp', alg 'EdDSA', kid 'key-EdDSA', "
            "typ None, scope 'openid tasks:read'.",
        ),
    ],
    ids=["audience", "scope"],
)
def test_what_an_endpoint_refuses_is_logged_with_what_it_expected(
    new: Callable[[], Authenticator],
    caplog: pytest.LogCaptureFixture,
    warm: bool,
    token: str,
    demand: Demand,
    line: str,
) -> None:
    auth = new()
    if warm:
        call(auth, token, READ)

    with contextlib.suppress(Problem):
        call(auth, token, demand)

    assert [(record.name, record.levelno) for record in caplog.records] == [("taskward.auth", logging.WARNING)]
    assert caplog.messages == [line]
