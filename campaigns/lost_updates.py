"""Several writers change one task, each on the ground of what they have read."""

import asyncio
import time

from campaigns.clients import Clients, clients_of
from campaigns.outcome import Outcome, Size, exactly, none
from campaigns.processes import postgresql, service

WRITERS = 8
WRITES = {"short": 10, "long": 100}
WORKERS = {"short": 1, "long": 2}
MOST_SECONDS = 120


async def lost_updates(size: Size) -> list[Outcome]:
    """Eight writers read the task, add a mark of their own to its description and write it back with If-Match.

    A hit is a write that came too late and was told 412. The description is the history: it must hold every mark whose
    write was acknowledged, once, and no other.
    """
    async with (
        postgresql() as database,
        service(database.url, workers=WORKERS[size]) as api,
        clients_of(api) as clients,
    ):
        created = await clients.send("ann", "POST", "/tasks", {"title": "Shared", "description": ""})
        path = f"/tasks/{created.json()['id']}"
        marks = await asyncio.gather(*(write(clients, path, writer, WRITES[size]) for writer in "abcdefgh"))
        final = await clients.send("ann", "GET", path)
        acknowledged = [mark for mine in marks for mark in mine]
        history = final.json()["description"].split()
        written = [answer for answer in clients.answers if answer.method == "PATCH" and answer.status == 200]
        refused = sum(answer.status == 412 for answer in clients.answers)
        others = [a for a in clients.answers if a.method == "PATCH" and a.status not in (200, 412)]
        return [
            Outcome(
                "Eight writers on one task with If-Match",
                refused,
                WRITERS,
                [
                    exactly("writes acknowledged", len(acknowledged), WRITERS * WRITES[size]),
                    exactly(
                        "acknowledged writes in the history", len(set(acknowledged) & set(history)), len(acknowledged)
                    ),
                    exactly("entries of the history", len(history), len(acknowledged)),
                    exactly("different ETags told", len({answer.headers["etag"] for answer in written}), len(written)),
                    none("writes told neither 200 nor 412", len(others)),
                    *clients.rows(),
                ],
            )
        ]


async def write(clients: Clients, path: str, writer: str, count: int) -> list[str]:
    """The marks whose writes were acknowledged."""
    marks: list[str] = []
    ends_at = time.monotonic() + MOST_SECONDS
    while len(marks) < count and time.monotonic() < ends_at:
        read = await clients.send("ann", "GET", path)
        if not read.is_success:
            continue
        mark = f"{writer}{len(marks)}"
        body = {"description": f"{read.json()['description']} {mark}"}
        answer = await clients.send("ann", "PATCH", path, body, if_match=read.headers["etag"])
        if answer.status == 200:
            marks.append(mark)
    return marks
