"""An assistant of the official kind, a real Better Auth with its OAuth provider, and Taskward."""

import asyncio
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import url_contains
from selenium.webdriver.support.wait import WebDriverWait

from support import npm
from support.better_auth import BetterAuth, running_better_auth
from support.browsers import running_browser
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


def test_an_assistant_whose_user_lets_it_read_alone_cannot_write(town: Town) -> None:
    eve = town.better_auth.sign_up("eve@example.com")
    memory, browser = Memory(), Browser(town.better_auth.origin, eve.email, allows="tasks:read")

    read = asyncio.run(called(town, memory, browser, "find_tasks"))
    assert memory.tokens is not None
    call = {"name": "add_list", "arguments": {"name": "Errands"}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    refused = asked(town, "POST", "/mcp", memory.tokens.access_token, json=message)

    assert read == {"tasks": [], "next_cursor": None}
    assert refused.status_code == 403
    assert 'scope="tasks:read tasks:write"' in refused.headers["www-authenticate"]
    assert asked(town, "GET", "/lists", eve.token()).json() == []


def test_the_typescript_client_signs_its_user_in_and_calls_every_tool(town: Town) -> None:
    npm.install(AGENT, what="the TypeScript client of MCP")
    node = require_program("node", "run the TypeScript client of MCP")

    with talking([node, "agent.mjs", f"{town.url}/mcp"], folder=AGENT) as say:
        agrees_in_a_browser(say(None).removeprefix("Open "), "cy@example.com")
        tools = set(say(None).removeprefix("Tools: ").split(", "))
        called = set()
        for tool, answer in calls(say):
            called.add(tool)
            assert "code" not in answer, answer

    assert called == tools
    assert [task["title"] for task in tasks(town, town.better_auth.sign_in("cy@example.com").token())] == [
        "Milk",
        "Rent",
        "Call",
    ]


def test_the_example_sends_its_user_back_for_more_and_says_what_went_wrong(town: Town) -> None:
    npm.install(AGENT, what="the TypeScript client of MCP")
    node = require_program("node", "run the TypeScript client of MCP")
    dee = town.better_auth.sign_up("dee@example.com")
    comes_back = partial(comes_back_to_the_example, town, dee.email)

    with talking([node, "agent.mjs", f"{town.url}/mcp"], folder=AGENT) as say:
        comes_back(say(None), allows="tasks:read")
        assert say(None).startswith("Tools: ")

        assert say("invent_tool {}").startswith("There is no such tool; known are find_tasks")
        assert "JSON" in say("find_tasks {")
        comes_back(say('add_list {"name": "Errands"}'), allows="")
        assert say(None) == "The user has not agreed: access_denied."
        comes_back(say('add_list {"name": "Errands"}'), allows=None)
        assert json.loads(say(None))["list"]["name"] == "Errands"


async def adds(town: Town, memory: Memory, browser: Browser) -> Any:
    return await called(town, memory, browser, "add_tasks", tasks=[{"title": "Milk"}])


async def called(town: Town, memory: Memory, browser: Browser, tool: str, **arguments: Any) -> Any:
    url = f"{town.url}/mcp"
    async with (
        browser.http,
        httpx2.AsyncClient(auth=signing_in(url, browser, memory), trust_env=False, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        result = await client.call_tool(tool, arguments)
        assert not result.is_error, result
        return result.structured_content


def agrees_in_a_browser(address: str, email: str) -> None:
    """At the pages of the example: somebody who has no account yet."""
    with running_browser("sign in as the user of an assistant") as chrome:
        chrome.get(address)
        patience = WebDriverWait(chrome, 120)
        chrome.find_element(By.NAME, "email").send_keys(email)
        chrome.find_element(By.NAME, "password").send_keys("correct horse")
        chrome.find_element(By.CSS_SELECTOR, "button[value='/sign-up/email']").click()
        patience.until(url_contains("/consent"))
        assert "tasks:write" in chrome.find_element(By.ID, "scope").text
        chrome.find_element(By.CSS_SELECTOR, "button[value='true']").click()
        patience.until(url_contains("/callback"))
        assert "close this page" in chrome.page_source


def comes_back_to_the_example(town: Town, email: str, address: str, *, allows: str | None) -> None:
    """Somebody who has an account, and allows these scopes; the empty text denies, None is all that are asked for."""
    address = address.removeprefix("Open ")
    [redirect_url] = parse_qs(urlsplit(address).query)["redirect_uri"]

    told = asyncio.run(agrees(Browser(town.better_auth.origin, email, allows=allows), address))

    httpx.get(redirect_url, params=told, trust_env=False, timeout=30).raise_for_status()


async def agrees(browser: Browser, address: str) -> dict[str, str]:
    async with browser.http:
        return await browser.agrees(address)


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
