"""A user of an assistant at a real Better Auth: signs in, and says what the assistant may do."""

from urllib.parse import parse_qsl, urlsplit

import httpx
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

CALLBACK = "http://localhost:9/callback"
"""Where nobody listens: the test looks at the address that the browser would go to."""


class Browser:
    """Of one user, who has an account already."""

    def __init__(self, origin: str, email: str, *, allows: str | None = None) -> None:
        """`allows` are the scopes that the user agrees to, of those that are asked for; None is all, and "" denies."""
        self.http = httpx.AsyncClient(base_url=f"{origin}/api/auth", trust_env=False, timeout=20)
        self.allows = allows
        self.http.headers["origin"] = origin
        self.email = email
        self.was_asked_for = ""
        """The scopes that the page of consent showed."""

    async def agrees(self, url: str) -> dict[str, str]:
        """What the assistant is told in the end, once the user has allowed what it asks for."""
        url = (await self.http.get(url)).headers["location"]
        while (page := urlsplit(url)).path != "/callback":
            if page.path == "/sign-in":
                answer = await self.says("/sign-in/email", page.query, email=self.email, password="correct horse")
            else:
                assert page.path == "/consent", url
                self.was_asked_for = dict(parse_qsl(page.query))["scope"]
                allowed = self.allows or self.was_asked_for
                answer = await self.says("/oauth2/consent", page.query, accept=self.allows != "", scope=allowed)
            url = answer.json()["url"]
        return dict(parse_qsl(page.query))

    async def says(self, call: str, query: str, **fields: object) -> httpx.Response:
        answer = await self.http.post(
            call, json={**fields, "oauth_query": query}, headers={"accept": "application/json"}
        )
        assert answer.is_success, answer.text
        return answer


class Memory:
    """What an assistant keeps of its registration and its tokens."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def signing_in(url: str, browser: Browser, memory: Memory, *, scope: str | None = None) -> OAuthClientProvider:
    """What makes the official client of `url` find out who gives tokens, register, and send its user there."""
    told: dict[str, str] = {}

    async def redirect(address: str) -> None:
        told.update(await browser.agrees(address))

    async def callback() -> AuthorizationCodeResult:
        return AuthorizationCodeResult(code=told["code"], state=told.get("state"), iss=told.get("iss"))

    metadata = OAuthClientMetadata(
        client_name="an assistant", redirect_uris=[AnyUrl(CALLBACK)], token_endpoint_auth_method="none", scope=scope
    )
    return OAuthClientProvider(url, metadata, memory, redirect, callback)
