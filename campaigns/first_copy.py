"""A device that fetches all that its owner has, while others work."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Row, Size, none, p50, p99
from campaigns.processes import postgresql, service

TASKS = {"short": 3_000, "long": 100_000}
WORKERS = {"short": 1, "long": 2}
WRITERS = 10
PAUSE_SECONDS = 0.02
"""Between the writes of each: the load is to be steady, not as much as the machine can take."""
QUIET_SECONDS = {"short": 0.5, "long": 10}
LIMITS = (500, 2_000)
"""Of a call that names none, and the most."""

OWNER = "collector"
THE_OTHERS = """
insert into tasks (owner_id, title, description, status, version)
select owner_id, 'Call number ' || number || ' back about the delivery',
    case when mod(number, 2) = 0 then 'They asked twice already, and want to know by Thursday whether the second half '
        || 'of order ' || number || ' comes with the first or has to wait for the other warehouse' end,
    case when mod(number, 3) = 0 then 'InProgress' else 'Todo' end, version
from owner, generate_series(2, %s) as number where owner_id = %s
returning id
"""
"""Of one owner who has one already."""
KEPT = "select id from tasks where owner_id = %s"


async def first_copy(size: Size) -> list[Outcome]:
    """Ten owners write, each a task and then a change of it, again and again: first while nobody copies, and then
    while the first copy of an owner with 100,000 tasks is fetched, one call after the other, in pages of 500 and in
    pages of 2,000.

    A hit is a task that a copy has got.
    """
    async with (
        postgresql() as database,
        service(database.url, workers=WORKERS[size]) as api,
        clients_of(api) as clients,
    ):
        await clients.send(OWNER, "POST", "/tasks", {"title": "The first"})
        await asyncio.to_thread(database.rows, THE_OTHERS, TASKS[size], OWNER)
        wanted = {row[0] for row in database.rows(KEPT, OWNER)}
        async with writing(clients):
            await asyncio.sleep(QUIET_SECONDS[size] / 2)  # opens the connections
        async with writing(clients) as seconds:
            await asyncio.sleep(QUIET_SECONDS[size])
        rows = [*speed(seconds, "nobody copies")]
        copied = 0
        for limit in LIMITS:
            began_at = time.monotonic()
            async with writing(clients) as seconds:
                ids, pages = await copied_by(clients, limit)
            took = time.monotonic() - began_at
            copied += len(ids)
            megabytes = sum(len(page.body) for page in pages) / 2**20
            what = f"pages of {limit:,}"
            rows += [
                Row(
                    f"{what}: calls, size, time",
                    f"{len(pages)}, {megabytes:.0f} MiB, {took:.1f} s",
                    "told",
                    is_met=True,
                ),
                *speed(seconds, f"one copies in {what}"),
                p99(f"{what}: a call, p99", [page.seconds for page in pages], below=1),
                none(f"{what}: tasks missing, too many or doubled", len(wanted ^ set(ids)) + len(ids) - len(set(ids))),
            ]
        rows += clients.rows()
    return [Outcome(f"First copy of {TASKS[size]:,} tasks", copied, len(LIMITS) * TASKS[size], rows)]


async def copied_by(clients: Clients, limit: int) -> tuple[list[int], list[Answer]]:
    """The ids of the tasks, and the answers in which they came."""
    pages: list[Answer] = []
    ids: list[int] = []
    since: dict[str, str] = {}
    while True:
        page = await clients.send(OWNER, "GET", f"/changes?{urlencode({'limit': limit, **since})}")
        if page.status == 503:
            await asyncio.sleep(0.1)
            continue
        pages.append(page)
        body = page.json()
        ids += [change["task"]["id"] for change in body["changes"]]
        since = {"since": body["next"]}
        if not body["more"]:
            return ids, pages


@asynccontextmanager
async def writing(clients: Clients) -> AsyncIterator[list[float]]:
    """How long each write of ten owners takes, as long as it lasts."""
    seconds: list[float] = []
    is_over = False

    async def write(owner: str) -> None:
        while not is_over:
            made = await clients.send(owner, "POST", "/tasks", {"title": "Milk"})
            seconds.append(made.seconds)
            await asyncio.sleep(PAUSE_SECONDS)
            if made.is_success:
                path = f"/tasks/{made.json()['id']}"
                changed = await clients.send(owner, "PATCH", path, {"title": "Oat milk"})
                seconds.append(changed.seconds)
                await asyncio.sleep(PAUSE_SECONDS)

    async with asyncio.TaskGroup() as group:
        for number in range(WRITERS):
            group.create_task(write(f"writer-{number}"))
        yield seconds
        is_over = True


def speed(seconds: Sequence[float], when: str) -> list[Row]:
    """Of writes."""
    return [
        p50(f"a write while {when}, p50", seconds, below=0.05),
        p99(f"a write while {when}, p99", seconds, below=0.25),
    ]
