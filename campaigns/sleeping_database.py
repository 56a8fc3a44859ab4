"""What a database does that sleeps when nobody asks, as Neon's: idle connections die, and waking takes a moment."""

import asyncio
import time

from campaigns.clients import Answer, Clients, clients_of, recovery_seconds
from campaigns.outcome import Outcome, Size, exactly, slowest
from campaigns.processes import PostgreSQL, postgresql, service
from campaigns.proxy import Proxy, proxy

CUTS = {"short": 1, "long": 10}
SLEEPS = {"short": 1, "long": 5}
OWNERS = 6
REFUSED_SECONDS = {"short": 1, "long": 3}
WAKE_SECONDS = {"short": 0.7, "long": 1.5}
"""The deadline is 2 s, and a machine that runs tests is busy."""

IDLE_SECONDS = 0.3
"""Until nothing is in work any more, no attempt to connect either."""

PAUSE_SECONDS = 0.05

TERMINATE = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'taskward'"


async def sleeping_database(size: Size) -> list[Outcome]:
    """All idle connections end at once: by FIN or RST from a proxy, or by `pg_terminate_backend`. Then six owners ask
    at the same time, reading and writing: theirs are the first requests after idle.

    After that the same with a database that refuses new connections for 3 s, and whose next one takes 1.5 s, as if it
    woke up. First nobody asks before the 3 s are over, and the first requests must be served; then six owners ask all
    the time, and recovery lasts from the end of the 3 s to the last 503.

    A hit is a connection that was ended.
    """
    async with (
        postgresql() as database,
        proxy(database.port) as between,
        service(database.url_at(between.port)) as api,
    ):
        async with clients_of(api) as clients:
            cut = await end_idle_connections(database, between, clients, CUTS[size])
        async with clients_of(api) as clients:
            return [cut, await fall_asleep(between, clients, size)]


async def end_idle_connections(database: PostgreSQL, between: Proxy, clients: Clients, rounds: int) -> Outcome:
    hits = 0
    first: list[Answer] = []
    for _ in range(rounds):
        for way in ("FIN", "RST", "pg_terminate_backend"):
            await everybody(clients)
            await asyncio.sleep(IDLE_SECONDS)
            if way == "pg_terminate_backend":
                hits += len(await asyncio.to_thread(database.rows, TERMINATE))
            else:
                hits += between.cut_all(reset=way == "RST")
            first += await everybody(clients)
    return Outcome(
        "Idle connections ended",
        hits,
        3 * rounds,
        [
            exactly("first requests served", sum(answer.is_success for answer in first), 3 * rounds * OWNERS),
            slowest("slowest of them", [answer.seconds for answer in first], below=2),
            *clients.rows(),
        ],
    )


async def fall_asleep(between: Proxy, clients: Clients, size: Size) -> Outcome:
    rounds, refused_seconds, wake_seconds = SLEEPS[size], REFUSED_SECONDS[size], WAKE_SECONDS[size]
    hits = 0
    first: list[Answer] = []
    recoveries: list[float] = []
    for are_asking in (False, True) * rounds:
        await everybody(clients)
        await asyncio.sleep(IDLE_SECONDS)
        between.refuse()
        hits += between.cut_all()
        began_at = time.monotonic()
        while time.monotonic() < began_at + refused_seconds:
            if are_asking:
                await everybody(clients)
            await asyncio.sleep(PAUSE_SECONDS)
        between.wake_seconds = wake_seconds
        await between.listen()
        returned_at = time.monotonic()
        if are_asking:
            await until_all_are_served(clients, within_seconds=20)
            recoveries.append(recovery_seconds(clients.answers, since=returned_at, until=time.monotonic()))
        else:
            first += await everybody(clients)
    return Outcome(
        f"Asleep: refuses for {refused_seconds:g} s, wakes in {wake_seconds:g} s",
        hits,
        2 * rounds,
        [
            exactly("first requests served", sum(answer.is_success for answer in first), rounds * OWNERS),
            slowest("slowest of them", [answer.seconds for answer in first], below=2.5),
            slowest("503 while others ask, slowest", [answer.seconds for answer in clients.unavailable()], below=2.5),
            slowest("slowest recovery while others ask", recoveries, below=5),
            *clients.rows(),
        ],
    )


async def everybody(clients: Clients) -> list[Answer]:
    """One request of each owner, all at the same time: half of them write."""
    return await asyncio.gather(
        *(
            clients.send(f"owner-{number}", "POST", "/tasks", {"title": "Milk"})
            if number % 2
            else clients.send(f"owner-{number}", "GET", "/tasks")
            for number in range(OWNERS)
        )
    )


async def until_all_are_served(clients: Clients, *, within_seconds: float) -> None:
    ends_at = time.monotonic() + within_seconds
    while time.monotonic() < ends_at:
        if all(answer.is_success for answer in await everybody(clients)):
            return
        await asyncio.sleep(PAUSE_SECONDS)
