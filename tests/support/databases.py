"""Databases as the tests of the data path use them."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

import taskward.tasks.actions  # noqa: F401 - `owned_tables` knows the tables of the modules that are imported
from support.programs import PATIENCE_SECONDS
from taskward.migrations import REVISIONS
from taskward.postgres.pool import Pool
from taskward.resources.clock import owned_tables

ROLES = ("taskward_app", "taskward_keeper")
PASSWORD = "sesame-7"
"""Of the logins that tests make."""

Run = Callable[[Coroutine[Any, Any, None]], None]
"""Runs a coroutine to its end, on an event loop of its own."""


@asynccontextmanager
async def using(
    url: str,
    *,
    pool_size: int = 4,
    deadline_seconds: float = 20,
    more_tables: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Pool]:
    """A pool of this release, which guards `more_tables` beside its own."""
    database = Pool(
        url,
        pool_size=pool_size,
        deadline_seconds=deadline_seconds,
        owned_tables=[*owned_tables(), *more_tables],
        revisions=REVISIONS,
        clock=clock,
    )
    try:
        yield database
    finally:
        await database.close()


async def soon(find: Callable[[], Any], *, within_seconds: float = PATIENCE_SECONDS) -> None:
    """Returns when `find` has found something true."""
    async with asyncio.timeout(within_seconds):
        while not find():  # noqa: ASYNC110 - what is waited for is not of this process
            await asyncio.sleep(0.01)


def asked(url: str, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """What an onlooker with a connection of their own is told."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql, parameters or None)
        return [] if cursor.description is None else cursor.fetchall()


def as_login(url: str, name: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.netloc.rpartition('@')[2]}"))


def with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@contextmanager
def database_of(cluster: str, owner: str) -> Iterator[tuple[str, str]]:
    """An empty database of a login, as this login and as an administrator."""
    name = f"database_{secrets.token_hex(6)}"
    asked(cluster, f"create database {name} owner {owner}")
    url = with_database(cluster, name)
    try:
        yield as_login(url, owner, PASSWORD), url
    finally:
        asked(cluster, f"drop database {name} with (force)")


@contextmanager
def without_the_roles(cluster: str) -> Iterator[None]:
    """A server on which nobody has migrated anything yet."""
    for role in ROLES:
        asked(cluster, f"alter role {role} rename to {role}_elsewhere")
    try:
        yield
    finally:
        for role in ROLES:
            asked(cluster, f"drop role if exists {role}")
            asked(cluster, f"alter role {role}_elsewhere rename to {role}")
