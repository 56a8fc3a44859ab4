"""Hundreds of connections that send as slowly as they can, or nothing at all."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from campaigns.clients import Clients, clients_of
from campaigns.outcome import Outcome, Size, exactly, none, slowest
from campaigns.processes import postgresql, service

SENDERS = {"short": 90, "long": 500}
ASKING_SECONDS = 9
"""The senders are cut off after 10."""

PAUSE_SECONDS = 0.05

Kind = Literal["head", "body", "silence"]


@dataclass
class Sender:
    kind: Kind
    heard: bytes = b""
    lasted_seconds: float = float("inf")


async def slow_senders(size: Size) -> list[Outcome]:
    """A third of them sends the head of a request a byte a second, a third a whole head and then its body a byte a
    second with a valid token, and a third says nothing. Meanwhile `/health` and an owner's list are asked for.

    A hit is a sender that was still connected when the asking ended.
    """
    async with postgresql() as database, service(database.url) as api, clients_of(api) as clients:
        kinds: Sequence[Kind] = ("head", "body", "silence")
        senders = [Sender(kinds[number % 3]) for number in range(SENDERS[size])]
        sending = [asyncio.create_task(send_slowly(sender, clients)) for sender in senders]
        await clients.send("ann", "GET", "/tasks")
        ends_at = time.monotonic() + ASKING_SECONDS
        health, lists = [], []
        while time.monotonic() < ends_at:
            health.append(await clients.send(None, "GET", "/health"))
            lists.append(await clients.send("ann", "GET", "/tasks"))
            await asyncio.sleep(PAUSE_SECONDS)
        hits = sum(not task.done() for task in sending)
        await asyncio.gather(*sending)

        bodies = [sender for sender in senders if sender.kind == "body"]
        told = sum(sender.heard.startswith(b"HTTP/1.1 408 ") for sender in bodies)
        others = sum(bool(sender.heard) for sender in senders if sender.kind != "body")
        rows = [
            slowest("slowest /health meanwhile", [answer.seconds for answer in health], below=0.1),
            slowest("slowest list of an owner meanwhile", [answer.seconds for answer in lists], below=0.2),
            exactly("of those who send a body told 408", told, len(bodies)),
            none("answers to the others", others),
            slowest("until the last is cut off", [sender.lasted_seconds for sender in senders], below=13),
            *clients.rows(),
        ]
    return [Outcome(f"{SENDERS[size]} slow senders at once", hits, SENDERS[size], rows)]


async def send_slowly(sender: Sender, clients: Clients) -> None:
    began_at = time.monotonic()
    reader, writer = await asyncio.open_connection(clients.address.hostname, clients.address.port)
    request = clients.request("mallory", "POST", "/tasks", {"title": "x" * 1000})
    head = request[: request.index(b"\r\n\r\n") + 4]
    rest = {"head": head, "body": request[len(head) :], "silence": b""}[sender.kind]
    with suppress(OSError):
        if sender.kind == "body":
            writer.write(head)
        listening = asyncio.create_task(reader.read(-1))
        for byte in rest:
            writer.write(bytes([byte]))
            await asyncio.wait({listening}, timeout=1)
            if listening.done():
                break
        sender.heard = await listening
    sender.lasted_seconds = time.monotonic() - began_at
    writer.transport.abort()
