"""What is longest fits into every index: a row of a B-tree may have 2,704 bytes, and PostgreSQL compresses no noise."""

import asyncio
import secrets
from collections.abc import Callable

import pytest
from psycopg import errors

from support.databases import asked, using
from taskward.migrations import downgrade, migrate
from taskward.resources.clock import MAX_OWNER_LENGTH
from taskward.resources.idempotency import Idempotency
from taskward.resources.paging import PageRequest
from taskward.resources.session import Session
from taskward.tasks import actions, finding
from taskward.tasks.model import TaskCreate, TaskPatch


def noise(length: int) -> str:
    """Characters of four bytes in UTF-8."""
    return "".join(chr(0x20000 + secrets.randbelow(0xA000)) for _ in range(length))


def test_the_longest_owner_has_the_longest_tasks_keys_and_trash(database_url: str) -> None:
    longest = TaskCreate(title=noise(255), description=noise(10_000), due_on="2026-03-10", tags=[noise(50)])
    idempotency = Idempotency("".join(chr(33 + secrets.randbelow(94)) for _ in range(255)), "f" * 64)

    async def main() -> None:
        async with using(database_url) as database:
            owner = noise(MAX_OWNER_LENGTH)
            session = Session.begin(database, owner)
            kept = await actions.create(session, longest, idempotency=idempotency)
            again = await actions.create(session, longest, idempotency=idempotency)
            other = await actions.create(session, longest)
            await actions.change(session, other.id, TaskPatch(due_at="2026-03-10T00:00:00Z"), expected=None)
            await actions.delete(session, other.id, expected=None)
            page = await finding.list_tasks(session, PageRequest(10))

            assert again == kept._replace(is_replay=True)
            assert page.json == b"[" + kept.json + b"]"

    asyncio.run(main())


def test_a_longer_owner_is_refused_by_the_database(database_url: str) -> None:
    for length in (0, MAX_OWNER_LENGTH + 1):
        with pytest.raises(errors.CheckViolation, match="owner_name_check"):
            asked(database_url, "insert into owner values (%s, 1)", "x" * length)


def test_a_downgrade_keeps_the_long_owners_for_the_release_that_comes_again(new_database: Callable[..., str]) -> None:
    url = new_database(is_migrated=True)
    asked(url, "insert into owner values (%s, 1)", "x" * MAX_OWNER_LENGTH)

    downgrade(url, to="0005")
    with pytest.raises(errors.CheckViolation, match="owner_id_length"):
        asked(url, "insert into owner values (%s, 1)", "y" * 256)
    migrate(url)

    assert asked(url, "select char_length(owner_id) from owner") == [(MAX_OWNER_LENGTH,)]
