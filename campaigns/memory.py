"""What a worker keeps of hundreds of thousands of requests."""

import asyncio
import itertools
import os
import random
from pathlib import Path

from campaigns.clients import Clients, clients_of
from campaigns.outcome import Outcome, Row, Size, exactly, none
from campaigns.processes import postgresql, service

WARM_UP = {"short": 1_000, "long": 40_000}
REQUESTS = {"short": 1_000, "long": 200_000}
MOST_MEGABYTES = 5
OWNERS = 100
CLIENTS = 16


async def memory(size: Size) -> list[Outcome]:
    """A hundred owners write, read, list with many filters, search, send what is refused and forge tokens; then the
    resident memory of the one worker is compared with what it was after a warm-up.

    A hit is a request that was answered.
    """
    async with (
        postgresql() as database,
        service(database.url) as api,
        clients_of(api) as clients,
    ):
        await many(clients, WARM_UP[size])
        [worker] = api.workers()
        before = resident_megabytes(worker)
        count = await many(clients, REQUESTS[size])
        growth = resident_megabytes(worker) - before
        rows = [
            Row(
                f"resident memory of the worker, {before:.0f} MB before",
                f"{growth:+.1f} MB",
                f"< +{MOST_MEGABYTES} MB",
                is_met=growth < MOST_MEGABYTES,
            ),
            exactly("workers that it was", len({worker} & api.workers()), 1),
            none("tracebacks in the log of the service", api.tracebacks()),
        ]
    return [Outcome(f"{REQUESTS[size]:,} requests of every kind", count, REQUESTS[size], rows)]


async def many(clients: Clients, count: int) -> int:
    """How many were answered."""
    numbers = iter(range(count))
    answered = 0

    async def ask(seed: int) -> None:
        nonlocal answered
        choose = random.Random(seed)  # noqa: S311 - the same every time
        while next(numbers, None) is not None:
            await one_of_many(clients, choose)
            answered += 1
            clients.answers.clear()  # the campaign's own memory is not to be measured, but it is to be had

    await asyncio.gather(*(ask(seed) for seed in range(CLIENTS)))
    return answered


SERIAL = itertools.count()


async def one_of_many(clients: Clients, choose: random.Random) -> None:
    owner = f"owner-{choose.randrange(OWNERS)}"
    serial = next(SERIAL)
    match serial % 10:
        case 0:
            headers = {"idempotency_key": f"key-{serial}"} if serial % 20 else {}
            task = {"title": f"Milk {serial}", "tags": ["home"]}
            answer = await clients.send(owner, "POST", "/tasks", task, **headers)
            wanted = 201
        case 1:
            answer = await clients.send(owner, "GET", f"/tasks?limit=5&q=milk {serial}".replace(" ", "+"))
            wanted = 200
        case 2:
            sort = choose.choice(["due", "-title", "priority", "-updated_at", "created_at"])
            filters = choose.choice(
                ["", "&status=Todo", "&tag=home&priority=none", "&due_before=2030-01-01", "&q=milk"]
            )
            answer = await clients.send(owner, "GET", f"/tasks?limit=5&sort={sort}{filters}")
            wanted = 200
        case 3:
            answer = await clients.send(owner, "GET", "/tasks?limit=1")
            wanted = 200
            if answer.json():
                path = f"/tasks/{answer.json()[0]['id']}"
                answer = await clients.send(owner, "PATCH", path, {"description": f"of {serial}"})
        case 4:
            answer = await clients.send(owner, "GET", f"/tasks/{10**12 + serial}")
            wanted = 404
        case 5:
            answer = await clients.send(None, "GET", "/tasks", authorization=f"Bearer {forged(clients, owner, serial)}")
            wanted = 401
        case 6:
            answer = await clients.send(owner, "POST", "/tasks", {"title": "", f"field_{serial}": serial})
            wanted = 422
        case 7:
            answer = await clients.send(owner, "GET", f"/nowhere/{serial}")
            wanted = 404
        case 8:
            answer = await clients.send(owner, "GET", "/tags")
            wanted = 200
        case _:
            answer = await clients.send(owner, "GET", "/trash?limit=5")
            wanted = 200
    # In place of the list of all answers, which would be large: an unexpected one ends the campaign.
    if answer.status != wanted:
        raise AssertionError(f"{answer.method} {answer.path} was answered {answer.status}: {answer.body[:500]!r}")


def forged(clients: Clients, owner: str, serial: int) -> str:
    head, claims, signature = clients.service.token(owner).split(".")
    return f"{head}.{claims}.{serial:0{len(signature)}d}"


def resident_megabytes(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
