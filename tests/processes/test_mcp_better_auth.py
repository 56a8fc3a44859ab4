"""An assistant of the official kind, a real Better Auth with its OAuth provider, and Taskward."""

import asyncio
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support import npm
from support.better_auth import BetterAuth, running_better_auth
from support.every_tool import every_tool
from support.oauth import Browser, Memory, signing_in
from support.requirements import require_program
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app

AGENT = Path(__file__).parents[2] / "examples" / "agent"

Say = Callable[[str | None], str]


class Town(NamedTuple):
    better_auth: BetterAuth
    url: str


@pytest.fixture(scope="module")
def town(database_url: str) -> Iterator[Town]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with running_better_auth(MCP_URL=f"{url}/mcp") as better_auth:
            settings = settings_for(
                database_url,
                request_deadline_seconds=15,
                mcp=True,
                public_url=url,
                better_auth_url=better_auth.origin,
            )
            with serving(create_app(settings), listener=listener):
                yield Town(better_auth, url)


def test_an_assistant_that_knows_the_address_alone_writes_for_who_signs_in(town: Town) -> None:
    ann = town.better_auth.sign_up("ann@example.com")
    memory, browser = Memory(), Browser(town.better_auth.origin, ann.email)

    [task] = asyncio.run(adds(town, memory, browser))["tasks"]

    assert browser.was_asked_for.split() == ["tasks:read", "tasks:write", "offline_access"]
    assert tasks(town, ann.token()) == [task]


def test_no_token_is_good_at_both(town: Town) -> None:
    bob = town.better_auth.sign_up("bob@example.com")
    memory = Memory()
    asyncio.run(adds(town, memory, Browser(town.better_auth.origin, bob.email)))
    assert memory.tokens is not None

    assert asked(town, "GET", "/tasks", memory.tokens.access_token).status_code == 401
    assert asked(town, "POST", "/mcp", bob.token(), json={}).status_code == 401
    assert asked(town, "GET", "/tasks", bob.token()).status_code == 200


def test_the_typescript_client_signs_its_user_in_and_calls_every_tool(town: Town) -> None:
    cy = town.better_auth.sign_up("cy@example.com")
    npm.install(AGENT, what="the TypeScript client of MCP")
    node = require_program("node", "run the TypeScript client of MCP")

    with talking([node, "agent.mjs", f"{town.url}/mcp"], folder=AGENT) as say:
        address = say(None).removeprefix("Open ")
        asyncio.run(comes_back(Browser(town.better_auth.origin, cy.email), address))
        tools = set(say(None).removeprefix("Tools: ").split(", "))
        called = set()
        for tool, answer in calls(say):
            called.add(tool)
            assert "code" not in answer, answer

    assert called == tools
    assert [task["title"] for task in tasks(town, cy.token())] == ["Milk", "Rent", "Call"]


async def adds(town: Town, memory: Memory, browser: Browser) -> Any:
    url = f"{town.url}/mcp"
    async with (
        browser.http,
        httpx2.AsyncClient(auth=signing_in(url, browser, memory), trust_env=False, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        result = await client.call_tool("add_tasks", {"tasks": [{"title": "Milk"}]})
        assert not result.is_error, result
        return result.structured_content


async def comes_back(browser: Browser, address: str) -> None:
    """As a browser does, to the program that sent its user away."""
    async with browser.http:
        await browser.agrees(address)


def calls(say: Say) -> Iterator[tuple[str, Any]]:
    script = every_tool()
    tool, arguments = next(script)
    while True:
        answer = json.loads(say(f"{tool} {json.dumps(arguments)}"))
        yield tool, answer
        try:
            tool, arguments = script.send(answer)
        except StopIteration:
            return


def asked(town: Town, method: str, path: str, token: str, **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.request(method, town.url + path, headers=headers, trust_env=False, timeout=30, **options)


def tasks(town: Town, token: str) -> Any:
    return asked(town, "GET", "/tasks", token).json()


@contextmanager
def talking(command: list[str], *, folder: Path) -> Iterator[Say]:
    """A program that answers each line that it is told with one; it may also be listened to without a word."""
    process = subprocess.Popen(command, cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout

    def say(line: str | None) -> str:
        if line is not None:
            print(line, file=process.stdin, flush=True)
        heard = process.stdout.readline() if process.stdout else ""
        assert heard, f"it ended with {process.poll()}"
        return heard.strip()

    try:
        yield say
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
