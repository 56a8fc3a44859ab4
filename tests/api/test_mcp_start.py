"""When the door for assistants does not open, and what is said then."""

import sys
from typing import Any

import pytest

from support.settings import settings_for
from support.signing import SECRET
from taskward.app import create_app
from taskward.settings import SettingsError

BETTER_AUTH = {"better_auth_url": "https://app.example.com"}
PUBLIC = {"public_url": "https://tasks.example.com"}
MCP = "https://tasks.example.com/mcp"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (BETTER_AUTH, "MCP needs PUBLIC_URL"),
        (PUBLIC, "MCP needs BETTER_AUTH_URL"),
        ({**PUBLIC, **BETTER_AUTH, "jwt_hs256_secret": SECRET}, "MCP needs BETTER_AUTH_URL"),
        ({**PUBLIC, **BETTER_AUTH, "better_auth_audience": f"a,{MCP}"}, f"BETTER_AUTH_AUDIENCE must not have {MCP}"),
    ],
)
def test_what_is_missing_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=f"^{sentence}.*[.]$"):
        create_app(settings_for("postgresql://127.0.0.1:1/x", mcp=True, **values))


def test_an_extra_that_is_not_installed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "taskward.doors.mcp", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)

    with pytest.raises(SettingsError, match=r"^MCP needs the extra mcp: install taskward\[mcp\]\.$"):
        create_app(settings_for("postgresql://127.0.0.1:1/x", mcp=True, **PUBLIC, **BETTER_AUTH))
