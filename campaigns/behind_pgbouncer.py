"""Everything once more through PgBouncer in transaction mode, as Neon has it."""

import asyncio
import shutil
import time

from campaigns.clients import Load, clients_of
from campaigns.killed_database import kill_and_start_again
from campaigns.outcome import Outcome, Size, none, p99
from campaigns.processes import PostgreSQL, Service, pgbouncer, postgresql, service

LIVES = {"short": 40, "long": 2000}
KILLS = {"short": 1, "long": 10}
CLIENTS = 8
MOST_SECONDS = 120


async def behind_pgbouncer(size: Size) -> list[Outcome]:
    """Eight owners lead tasks through their whole life through PgBouncer, first in peace; then PostgreSQL is killed
    behind it under the same load.

    A hit is in peace a task that was led from creation to deletion, and then a kill for which requests got 503.
    PgBouncer's `server_login_retry` is 1 s: by default it does not look for 15 s after a failed login. While its server
    is away it keeps clients waiting, so that a 503 may take the service's whole deadline.
    """
    program = shutil.which("pgbouncer")
    if program is None:
        raise FileNotFoundError("pgbouncer is not on PATH.")
    async with postgresql() as database, pgbouncer(program, database) as port, service(database.url_at(port)) as api:
        peace = await lead_lives(database, api, size)
        war = await kill_and_start_again(
            database, api, size, KILLS[size], "PostgreSQL killed behind PgBouncer", p99_503_seconds=3
        )
        return [peace, war]


async def lead_lives(database: PostgreSQL, api: Service, size: Size) -> Outcome:
    lives = LIVES[size]
    async with clients_of(api) as clients:
        async with Load(clients, size).of(CLIENTS) as load:
            ends_at = time.monotonic() + MOST_SECONDS
            while load.lives < lives and time.monotonic() < ends_at:  # noqa: ASYNC110 - a count, not an event
                await asyncio.sleep(0.05)
        rows = [
            none("503", len(clients.unavailable())),
            p99("answers, p99", [answer.seconds for answer in clients.answers], below=1),
            *load.ledger.rows(database),
            *clients.rows(),
        ]
    return Outcome("Whole lives of tasks through PgBouncer", load.lives, lives, rows)
