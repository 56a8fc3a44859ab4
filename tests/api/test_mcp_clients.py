"""The official clients of the protocol call every tool."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from support.agents import Place, place
from support.every_tool import every_tool


@pytest.fixture(scope="module")
def door(database_url: str) -> Iterator[Place]:
    with place(database_url) as opened:
        yield opened


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_python_client_calls_every_tool(door: Place, mode: Any) -> None:
    agent = door.agent()

    tools, called = asyncio.run(calls_every_tool(f"{door.url}/mcp", agent.token, mode))

    assert called == tools
    assert [task["title"] for task in agent.tasks()] == ["Milk", "Rent", "Call"]


async def calls_every_tool(url: str, token: str, mode: Any) -> tuple[set[str], set[str]]:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        tools = {tool.name for tool in (await client.list_tools()).tools}
        called = set()
        script = every_tool()
        name, arguments = next(script)
        while True:
            result = await client.call_tool(name, arguments)
            called.add(name)
            assert not result.is_error, result
            try:
                name, arguments = script.send(result.structured_content)
            except StopIteration:
                return tools, called
