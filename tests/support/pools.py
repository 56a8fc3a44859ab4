"""What the tests of the data path do with a pool, and when it is at rest."""

import asyncio
import json
import secrets
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from support.databases import soon
from taskward.postgres.context import NOBODY
from taskward.postgres.failures import DatabaseUnavailable, Reason
from taskward.postgres.pool import Pool
from taskward.postgres.statements import Statement
from taskward.resources.paging import PageRequest
from taskward.resources.session import Session
from taskward.tasks import actions, finding
from taskward.tasks.model import TaskCreate

SLACK_SECONDS = 30
"""What a busy machine may add to a deadline."""


def someone() -> str:
    return f"someone-{secrets.token_hex(8)}"


def sql(text: str) -> Statement:
    return Statement(text.encode(), ())


async def adds(pool: Pool, owner: str, title: str = "Milk") -> int:
    return (await actions.create(Session.begin(pool, owner), TaskCreate(title=title))).id


async def titles(pool: Pool, owner: str) -> list[str]:
    page = await finding.list_tasks(Session.begin(pool, owner), PageRequest(500))
    return [task["title"] for task in json.loads(page.json)]


async def tells(pool: Pool, statement: Statement) -> bytes | None:
    [[(value, *_)]] = await pool.run(NOBODY, [statement()], deadline=pool.new_deadline(), is_repeatable=True)
    return value


@contextmanager
def locked_clock(url: str, owner: str) -> Iterator[None]:
    """Somebody holds the row that every write of this owner begins with."""
    with psycopg.connect(url) as session:
        session.execute("select from owner where owner_id = %s for update", [owner])
        yield


async def ends_unavailable(
    work: Coroutine[Any, Any, Any], *, within_seconds: float, reason: Reason | None = None
) -> float:
    """The seconds until DatabaseUnavailable, for whatever reason when none is given."""
    begins_at = time.monotonic()
    with pytest.raises(DatabaseUnavailable) as unavailable:
        await asyncio.wait_for(work, within_seconds + SLACK_SECONDS)
    assert reason is None or unavailable.value.reason is reason
    return time.monotonic() - begins_at


def is_at_rest(pool: Pool) -> bool:
    """Every connection is in the pool once, and nobody waits, opens or abandons."""
    idle, busy = pool.idle, [connection for connection in pool.connections if connection.in_flight or connection.users]
    return (
        not busy
        and len(set(idle)) == len(idle)
        and set(idle) == pool.connections
        and not (pool.waiters or pool.opening or pool.abandoning)
    )


async def opens_both(pool: Pool, owner_id: str) -> None:
    """And waits for them: a fault would meet one that is being opened in place of the request's."""
    await asyncio.gather(adds(pool, owner_id), adds(pool, owner_id))
    await soon(lambda: len(pool.idle) == 2)
