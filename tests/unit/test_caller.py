from itertools import count
from typing import Any

import pytest

from taskward.auth.caller import scopes_of


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
