from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskward.auth.caller import owner_of, scopes_of, value_at
from taskward.auth.errors import TokenInvalid
from taskward.resources.clock import MAX_OWNER_LENGTH as MAX_STORED_LENGTH


def test_a_token_that_does_not_speak_of_scopes_has_none() -> None:
    assert scopes_of({"sub": "ann", "scopes": ["tasks:read"]}) is None


@pytest.mark.parametrize(
    ("claim", "scopes"),
    [
        ("tasks:read", {"tasks:read"}),
        ("tasks:read tasks:write", {"tasks:read", "tasks:write"}),
        ("openid openid", {"openid"}),
        ("!#[]~ https://example.com/a", {"!#[]~", "https://example.com/a"}),
        ("Tasks:read", {"Tasks:read"}),
    ],
    ids=count(),
)
def test_scopes_are_a_string_with_spaces_between(claim: str, scopes: set[str]) -> None:
    assert scopes_of({"scope": claim}) == scopes


@pytest.mark.parametrize(
    "claim",
    [
        *("", " ", " tasks:read", "tasks:read ", "tasks:read  tasks:write", "tasks:read\ttasks:write"),
        *("tasks:read\n", "tasks:read,tasks:write\0", 'tasks:"read"', "tasks\\read", "tâches", "tasks:read\u00a0x"),
        *(None, True, 1, [], ["tasks:read"], {"tasks:read": True}),
    ],
    ids=count(),
)
def test_a_malformed_scope_grants_nothing_and_does_not_pass_for_no_scope(claim: Any) -> None:
    assert scopes_of({"scope": claim}) == frozenset()


# Whose the tasks are

BOTH = ("activeOrganizationId", "sub")
NESTED = ("org.id", "sub")


@pytest.mark.parametrize(
    ("owner_claims", "claims", "owner", "is_shared"),
    [
        (("sub",), {"activeOrganizationId": "acme"}, "ann", False),
        (BOTH, {}, "ann", False),
        (BOTH, {"activeOrganizationId": None}, "ann", False),
        (BOTH, {"activeOrganizationId": ""}, "ann", False),
        (BOTH, {"activeOrganizationId": "acme"}, "activeOrganizationId:acme", True),
        (BOTH, {"activeOrganizationId": "a:b"}, "activeOrganizationId:a:b", True),
        (BOTH, {"activeOrganizationId": "ann"}, "activeOrganizationId:ann", True),
        (BOTH, {"activeOrganizationId": "🥛" * 255}, "activeOrganizationId:" + "🥛" * 255, True),
        (BOTH, {"activeorganizationid": "acme"}, "ann", False),
        (("activeOrganizationId",), {"activeOrganizationId": "acme"}, "activeOrganizationId:acme", True),
        (("sub", "activeOrganizationId"), {"activeOrganizationId": "acme"}, "ann", False),
        (NESTED, {"org": {"id": "acme"}}, "org.id:acme", True),
        (NESTED, {"org": {}}, "ann", False),
        (NESTED, {"org": None}, "ann", False),
        (NESTED, {"org": ""}, "ann", False),
        (NESTED, {"org": {"id": None}}, "ann", False),
        (NESTED, {"org": {"id": ""}}, "ann", False),
        (NESTED, {"org.id": "acme"}, "ann", False),
        (("a.b.c",), {"a": {"b": {"c": "acme"}}}, "a.b.c:acme", True),
        (("team", "org", "sub"), {"org": "acme"}, "org:acme", True),
        (("team", "org", "sub"), {"team": "red", "org": 7}, "team:red", True),
        (("t" * 64,), {"t" * 64: "x" * 255}, "t" * 64 + ":" + "x" * 255, True),
    ],
    ids=count(),
)
def test_the_first_claim_that_a_token_has_says_who_the_owner_is(
    owner_claims: tuple[str, ...], claims: dict[str, Any], owner: str, is_shared: bool
) -> None:
    found = owner_of({"sub": "ann", **claims}, owner_claims)

    assert found == (owner, is_shared)
    assert len(owner) <= MAX_STORED_LENGTH


@pytest.mark.parametrize(
    "value",
    [
        *(7, 0, 1.5, True, False, [], ["acme"], {}, {"id": "acme"}),
        *(" ", " acme", "acme\n", "a\0b", "a\u200bb", "\ud800", "x" * 256, "\u00a0", "a\u202eb"),
    ],
    ids=count(),
)
@pytest.mark.parametrize("name", ["org", "org.id"])
def test_a_claim_that_is_there_and_is_no_owner_is_refused_and_named(name: str, value: Any) -> None:
    claims = {"sub": "ann", "org": value if name == "org" else {"id": value}}

    with pytest.raises(TokenInvalid, match=f"^The claim {name} of the token must be 1 to 255 printable characters"):
        owner_of(claims, (name, "sub"))


@pytest.mark.parametrize("value", [7, 0, True, False, [], "acme", ["id"]], ids=count())
def test_a_claim_inside_of_what_is_no_object_is_refused_and_named(value: Any) -> None:
    with pytest.raises(TokenInvalid, match=r"^The claim org\.id of the token"):
        owner_of({"sub": "ann", "org": value}, NESTED)


@pytest.mark.parametrize("sub", [None, "", 7, " ann", "a\0b", "x" * 256, ["ann"]], ids=count())
def test_the_sub_is_needed_whatever_says_who_the_owner_is(sub: Any) -> None:
    with pytest.raises(TokenInvalid, match=r"^The sub of the token"):
        owner_of({"sub": sub, "org": "acme"}, ("org",))


def test_a_token_without_any_of_the_claims_is_told_which() -> None:
    with pytest.raises(TokenInvalid, match=r"^The token has no team or org\.id, which says whose the tasks are"):
        owner_of({"sub": "ann", "org": {}}, ("team", "org.id"))


@pytest.mark.parametrize("organization", [None, "other"])
@pytest.mark.parametrize(
    ("owner_claims", "sub"),
    [(BOTH, "activeOrganizationId:acme"), (BOTH, "activeOrganizationId:"), (NESTED, "org.id:a")],
)
def test_a_sub_that_looks_like_the_owner_of_a_claim_is_refused(
    owner_claims: tuple[str, ...], sub: str, organization: str | None
) -> None:
    with pytest.raises(TokenInvalid, match=r"^The sub of the token begins as"):
        owner_of({"sub": sub, "activeOrganizationId": organization, "org": {"id": organization}}, owner_claims)


NAMES = st.from_regex(r"[a-b_.:-]{1,4}", fullmatch=True)


@given(
    st.lists(st.sampled_from(["a", "b", "a.b", "a-b", "sub", "A"]), min_size=1, unique=True),
    *[st.dictionaries(st.sampled_from("abA"), NAMES | st.dictionaries(st.just("b"), NAMES))] * 2,
    *[NAMES] * 2,
)
def test_two_tokens_have_one_owner_only_if_the_same_claim_says_the_same(
    owner_claims: list[str], one: dict[str, Any], other: dict[str, Any], sub: str, other_sub: str
) -> None:
    found = []
    for claims in ({**one, "sub": sub}, {**other, "sub": other_sub}):
        try:
            found.append((*owner_of(claims, owner_claims), claims))
        except TokenInvalid:
            return

    (owner, is_shared, claims), (same, _, others) = found
    if owner == same:
        says = next(name for name in owner_claims if value_at(name, claims) is not None)
        assert value_at(says, claims) == value_at(says, others)
        assert is_shared == (says != "sub")
