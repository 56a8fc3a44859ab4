"""Small ASGI applications for the tests of the supervisor and its workers."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from taskward.resources.news import News
from taskward.settings import Settings

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def tells_its_process(_: Settings, __: News) -> Application:
    """Answers with the id of its process: at once, or `/after/<seconds>`; `/hang` blocks the whole process.

    It prints the path of each request when it begins with it.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lives(receive, send)
            return
        print(scope["path"], flush=True)  # noqa: T201 - the test waits for it
        await receive()
        first, _, seconds = scope["path"].strip("/").partition("/")
        if first == "after":
            await asyncio.sleep(float(seconds))
        if first == "hang":
            time.sleep(600)  # noqa: ASYNC251 - what a bug would do
        body = str(os.getpid()).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    return application


def is_refused(_: Settings, __: News) -> Application:
    """Does not start, for a reason that an operator understands; told as Starlette tells it."""

    from taskward.postgres.failures import (
        DatabaseRefused,  # slow to load, and the other applications have no use for it
    )

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "Traceback (most recent call last): ..."})
        raise DatabaseRefused("The database does not let anyone in.")

    return application


def is_broken(_: Settings, __: News) -> Application:
    raise RuntimeError("a bug")


def breaks_later(settings: Settings, news: News) -> Application:
    """Starts once; when the file `broken` has come to the data directory it does not start any more."""
    if (settings.data_dir / "broken").exists():
        sys.exit(1)
    return tells_its_process(settings, news)


def is_slow_to_start(settings: Settings, news: News) -> Application:
    """Waits, before it starts, for the file `go` in the data directory."""
    (settings.data_dir / "waiting").touch()
    while not (settings.data_dir / "go").exists():
        time.sleep(0.05)
    return tells_its_process(settings, news)


async def lives(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
