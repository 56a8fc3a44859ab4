"""Assistants that call `/mcp`, with tokens as Better Auth's OAuth provider gives them; in each version of MCP."""

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from support.key_server import running_key_server
from support.people import NO_CERTIFICATES
from support.serving import serving
from support.settings import settings_for
from support.signing import Signer
from taskward.app import create_app

PUBLIC_URL = "https://tasks.example.com"
RESOURCE = f"{PUBLIC_URL}/mcp"
BOTH = "tasks:read tasks:write"
MODERN = "2026-07-28"


class Place:
    """A server with its door for assistants open, and who gives tokens for it."""

    def __init__(self, url: str, signer: Signer) -> None:
        self.url, self.signer = url, signer
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False, verify=NO_CERTIFICATES)

    def token(self, user: str, scope: str | None = BOTH, **changed: Any) -> str:
        """An access token for `/mcp`."""
        claims = {
            "iss": f"{self.signer.origin}/api/auth",
            "aud": RESOURCE,
            "sub": user,
            "azp": "client-1",
            "scope": ... if scope is None else scope,
        }
        return self.signer.token(header={"typ": "at+jwt"}, **(claims | changed))

    def session_token(self, user: str) -> str:
        """As the plugin jwt() gives it, for the API."""
        return self.signer.token(sub=user)

    def agent(self, name: str = "ann", scope: str | None = BOTH, *, version: str = MODERN) -> "Agent":
        return Agent(self, f"{name}-{secrets.token_hex(8)}", scope, version=version)


class Agent:
    """Speaks plain HTTP in one person's name, who is at the API at the same time."""

    def __init__(self, place: Place, user: str, scope: str | None, *, version: str = MODERN, **claims: Any) -> None:
        self.place, self.user, self.version = place, user, version
        self.token, self.session_token = place.token(user, scope, **claims), place.session_token(user)

    def also(self, scope: str | None, **claims: Any) -> "Agent":
        """The same person's, with another token."""
        return Agent(self.place, self.user, scope, version=self.version, **claims)

    def send(self, method: str, params: Mapping[str, Any] | None = None, **headers: str | bytes) -> httpx.Response:
        return self.posts(self.body(method, params), **self.headers(method, params) | headers)

    def posts(self, body: bytes | Iterator[bytes], **headers: str | bytes) -> httpx.Response:
        named = [(name.encode(), v if isinstance(v, bytes) else v.encode()) for name, v in headers.items()]
        named.append((b"Authorization", f"Bearer {self.token}".encode()))
        return self.place.http.post("/mcp", headers=named, content=body)

    def at_api(self, method: str, path: str, **options: Any) -> Any:
        """What the same person is answered there."""
        headers = {"Authorization": f"Bearer {self.session_token}"}
        answer = self.place.http.request(method, path, headers=headers, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def body(self, method: str, params: Mapping[str, Any] | None = None) -> bytes:
        params = dict(params or {})
        if self.version == MODERN:
            prefix = "io.modelcontextprotocol"
            params["_meta"] = {f"{prefix}/protocolVersion": MODERN, f"{prefix}/clientCapabilities": {}}
        return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()

    def headers(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, str]:
        found = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "Mcp-Protocol-Version": self.version,
        }
        if self.version == MODERN:
            found["Mcp-Method"] = method
            if params and isinstance(params.get("name"), str):
                found["Mcp-Name"] = params["name"]
        return found

    def result(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        answer = self.send(method, params)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]

    def calls(self, tool: str, **arguments: Any) -> Any:
        """What the tool answers, as data."""
        result = self.result("tools/call", {"name": tool, "arguments": arguments})
        assert not result.get("isError"), result
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def fails(self, tool: str, arguments: Any = None, /, **named: Any) -> dict[str, Any]:
        """The problem that the tool tells."""
        result = self.result("tools/call", {"name": tool, "arguments": named if arguments is None else arguments})
        assert result["isError"], result
        assert "structuredContent" not in result
        problem: dict[str, Any] = json.loads(result["content"][0]["text"])
        assert problem.keys() - {"errors"} == {"code", "detail"}
        assert problem["detail"].endswith(".")
        return problem

    def adds(self, title: str, **fields: Any) -> Any:
        [task] = self.calls("add_tasks", tasks=[{"title": title, **fields}])["tasks"]
        return task

    def tasks(self) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = self.at_api("GET", "/tasks", params={"limit": 500})
        return tasks


@contextmanager
def place(database_url: str, **values: Any) -> Iterator[Place]:
    """Of a server of its own, with these settings."""
    with running_key_server() as keys:
        signer = Signer(keys.origin)
        keys.keys = signer.public_keys()
        settings = settings_for(
            database_url,
            **({"request_deadline_seconds": 15} | values),
            mcp=True,
            public_url=PUBLIC_URL,
            better_auth_url=keys.origin,
        )
        with serving(create_app(settings)) as url:
            opened = Place(url, signer)
            yield opened
            opened.http.close()
