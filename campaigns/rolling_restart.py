"""All workers are renewed under load, again and again."""

import time
from signal import SIGHUP

from campaigns.clients import Load, clients_of
from campaigns.outcome import Outcome, Size, none, slowest
from campaigns.processes import Service, postgresql, service, until

RENEWALS = {"short": 1, "long": 10}
WORKERS = 2
OWNERS = 8


async def rolling_restart(size: Size) -> list[Outcome]:
    """SIGHUP for the supervisor of two workers while eight owners lead tasks through their whole life, on connections
    that they keep until an answer says `Connection: close`.

    A hit is a worker that ended for it. A renewal has ended when none of the workers before it runs any more.
    """
    async with postgresql() as database, service(database.url, workers=WORKERS) as api, clients_of(api) as clients:
        renewals: list[float] = []
        before = api.workers()
        async with Load(clients, size).of(OWNERS) as load:
            for _ in range(RENEWALS[size]):
                await load.until_steady(since=time.monotonic())
                renewals.append(await renew(api))
        ended = api.log.read_text().count(" has ended")
        rows = [
            *load.ledger.rows(database),
            *clients.rows(),
            none(f"503, of {len(clients.answers):,} requests", len(clients.unavailable())),
            slowest("slowest renewal of both workers", renewals, below=20),
            none("workers of the beginning that still run", len(before & api.workers())),
        ]
    return [Outcome("Workers renewed under load", ended, WORKERS * RENEWALS[size], rows)]


async def renew(api: Service) -> float:
    before = api.workers()
    api.process.send_signal(SIGHUP)
    return await until(lambda: not before & api.workers())
