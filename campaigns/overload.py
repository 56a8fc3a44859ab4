"""Three times as many requests as the database can take."""

import asyncio
import time
from collections.abc import Sequence

from campaigns.clients import Answer, Clients, clients_of
from campaigns.outcome import Outcome, Row, Size, p99
from campaigns.processes import postgresql, service
from campaigns.proxy import proxy

SECONDS = {"short": 3, "long": 20}
POOL_SIZE = 4
DELAYS_SECONDS = {"short": (0.025,), "long": (0.01, 0.025)}
"""Each way to the database, so that it is the bottleneck: clients and proxy share this machine."""

TIMES = 3
LEAST_GOODPUT = {"short": 0.6, "long": 0.8}
"""In the short form on a machine that runs other tests, too."""

OWNERS = 20


async def overload(size: Size) -> list[Outcome]:
    """First as many clients as keep the pool busy say what the peak is: successes a second. Then requests come three
    times as often, whether or not those before were answered. Half of them write.

    A hit is a request that was refused: 503 `overloaded`, or 503 because its deadline was over.
    """
    outcomes = []
    async with postgresql() as database, proxy(database.port) as between:
        for delay_seconds in DELAYS_SECONDS[size]:
            between.delay_seconds = delay_seconds
            url = database.url_at(between.port)
            async with service(url, DATABASE_POOL_SIZE=str(POOL_SIZE)) as api, clients_of(api) as clients:
                outcomes.append(await load_too_much(clients, SECONDS[size], delay_seconds, least=LEAST_GOODPUT[size]))
    return outcomes


async def load_too_much(clients: Clients, seconds: float, delay_seconds: float, *, least: float) -> Outcome:
    await peak_of(clients, 1)  # opens the connections
    peak = await peak_of(clients, seconds / 2)
    answers = await offered(clients, TIMES * peak, seconds)
    good = [answer for answer in answers if answer.is_success]
    refused = [answer for answer in answers if answer.status in (429, 503)]
    # What was served after the last request had come belongs to the queue, not to the rate.
    ended_at = max(answer.began_at for answer in answers)
    goodput = sum(answer.ended_at <= ended_at for answer in good) / seconds
    overloaded = [answer for answer in refused if b'"overloaded"' in answer.body]
    share = goodput / peak
    return Outcome(
        f"{TIMES} x {peak:,.0f} requests/s, database {delay_seconds * 1000:g} ms away",
        len(refused),
        1,
        [
            Row("successes, of the peak", f"{share:.0%}", f">= {least:.0%}", is_met=share >= least, tells_speed=True),
            p99("served, p99", [answer.seconds for answer in good], below=2.5),
            p99("503 overloaded, p99", [answer.seconds for answer in overloaded], below=0.25),
            p99("any 503, p99", [answer.seconds for answer in refused], below=2.5),
            *clients.rows(),
        ],
    )


async def peak_of(clients: Clients, seconds: float) -> float:
    """Successes a second when nobody waits for long."""
    ends_at = time.monotonic() + seconds
    served = 0

    async def ask_again_and_again(number: int) -> None:
        nonlocal served
        while time.monotonic() < ends_at:
            answer = await ask(clients, number)
            served += answer.is_success

    await asyncio.gather(*(ask_again_and_again(number) for number in range(4 * POOL_SIZE)))
    return served / seconds


async def offered(clients: Clients, per_second: float, seconds: float) -> Sequence[Answer]:
    """Requests come by the clock, not when the ones before were answered."""
    began_at = time.monotonic()
    asking = []
    while (elapsed := time.monotonic() - began_at) < seconds:
        while len(asking) < elapsed * per_second:
            asking.append(asyncio.create_task(ask(clients, len(asking))))
        await asyncio.sleep(0.005)
    return await asyncio.gather(*asking)


async def ask(clients: Clients, number: int) -> Answer:
    owner = f"owner-{number % OWNERS}"
    if number % 2:
        return await clients.send(owner, "POST", "/tasks", {"title": "Milk"})
    return await clients.send(owner, "GET", "/tasks?limit=5")
