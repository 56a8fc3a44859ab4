"""What the application refuses when it has read a request, in the test's own process: no server and no PostgreSQL.

Whole tables of values go through here; over HTTP goes one of each type.
"""

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp, Message

from support.settings import settings_for
from support.signing import SECRET, signed
from taskward.app import create_app

BODY_METHODS = [("POST", "/tasks"), ("PUT", "/tasks/1"), ("PATCH", "/tasks/1")]
"""Every call whose body is a task."""


def refusal(
    method: str,
    target: str,
    body: Any = ...,
    *,
    media_type: str | None = "application/json",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """The answer to a request that is not valid; one that is finds no database. A body of bytes is sent as it is."""
    path, _, query = target.partition("?")
    content = b"" if body is ... else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [(b"authorization", f"Bearer {signed('ann')}".encode()), (b"content-length", b"%d" % len(content))]
    lines += [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    if body is not ... and media_type is not None:
        lines.append((b"content-type", media_type.encode()))
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": lines,
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": content}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(application()(scope, receive, send))  # type: ignore[arg-type]
    parts = b"".join(message["body"] for message in sent[1:])
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=parts)


@cache
def application() -> ASGIApp:
    settings = settings_for(
        "postgresql://nobody@127.0.0.1:1/nothing", jwt_hs256_secret=SECRET, request_deadline_seconds=0.1
    )
    return create_app(settings)
