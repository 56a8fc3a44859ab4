"""`tasks` in partitions, by the script of `docs/partitions.md`: nothing else changes. And distributed ones: refused."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import asked, database_of, using
from taskward.migrations import HEAD, current, downgrade, migrate
from taskward.operations.doctor import Finding, examine
from taskward.operations.retention import RetentionRefused, forget, purge
from taskward.owners import actions as owners
from taskward.postgres.failures import DatabaseRefused
from taskward.resources.errors import UidTaken
from taskward.resources.paging import PageRequest
from taskward.resources.session import Session
from taskward.settings import read_settings
from taskward.tasks import actions, finding
from taskward.tasks.model import TaskCreate

PAGE = Path(__file__).parents[2] / "docs" / "partitions.md"
SCRIPT, SETTING = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
PEOPLE = [f"person-{number}" for number in range(40)]


def partition(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        result = connection.pgconn.exec_(SCRIPT.encode())
        assert not result.error_message, result.error_message


async def add_for_all(url: str) -> None:
    async with using(url) as pool:
        await pool.open()
        for person in PEOPLE:
            session, new = (
                Session.begin(pool, person),
                TaskCreate.model_validate({"title": "Milk", "uid": str(uuid4())}),
            )
            made = await actions.create(session, new)
            with pytest.raises(UidTaken):
                await actions.create(session, new)
            assert await actions.find(session, UUID(str(new.uid))) == made


async def account_deleted(url: str, person: str) -> None:
    async with using(url) as pool:
        await owners.forget(Session.begin(pool, person))


async def counts(url: str) -> set[int]:
    async with using(url) as pool:
        return {
            len((await finding.list_tasks(Session.begin(pool, person), PageRequest(500))).json.split(b'"id"')) - 1
            for person in PEOPLE
        }


def failures(url: str) -> list[Finding]:
    return [found for found in examine(read_settings(), url, url, clock=lambda: 0) if found.level == "fail"]


def what_guards(url: str) -> list[list[tuple[object, ...]]]:
    return [
        asked(url, query)
        for query in (
            "select attname, atttypid::regtype::text, attnotnull, attgenerated, attidentity, attoptions "
            "from pg_attribute where attrelid = 'tasks'::regclass and attnum > 0 and not attisdropped order by attname",
            "select conname, contype::text, pg_get_constraintdef(oid) from pg_constraint "
            "where conrelid = 'tasks'::regclass and contype <> 'n' and conparentid = 0 order by conname",
            "select relname, replace(pg_get_indexdef(oid), 'ON ONLY', 'ON') from pg_index "
            "join pg_class on oid = indexrelid where indrelid = 'tasks'::regclass order by relname",
            "select policyname, permissive, roles::text, cmd, qual, with_check from pg_policies "
            "where tablename = 'tasks' order by 1",
            "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'tasks'::regclass",
            "select grantee::regrole::text, privilege_type from pg_class, aclexplode(relacl) "
            "where pg_class.oid = 'tasks'::regclass order by 1, 2",
        )
    ]


@pytest.mark.parametrize("kind", ["superuser", "ordinary"])
def test_partitioned_tasks_are_the_same_to_everybody(own_cluster: str, logins: dict[str, str], kind: str) -> None:
    with database_of(own_cluster, kind) as (url, admin):
        migrate(url)
        asyncio.run(add_for_all(url))
        before = what_guards(admin)

        partition(url)
        asked(admin, SETTING.replace("the_login", kind))

        assert what_guards(admin) == before
        assert asyncio.run(counts(url)) == {1}
        asyncio.run(add_for_all(url))
        assert asyncio.run(counts(url)) == {2}
        assert asked(admin, "select count(distinct id), count(distinct tableoid) > 8 from tasks") == [(80, True)]
        assert [found for found in failures(url) if found.about != "clock"] == []

        removed = {
            "alarms": 0,
            "completions": 0,
            "tasks": 2,
            "lists": 0,
            "idempotency_keys": 0,
            "delivery": 0,
            "calendar_links": 0,
            "owner": 1,
        }
        assert forget(url, PEOPLE[0]) == removed
        asyncio.run(account_deleted(url, PEOPLE[1]))
        assert asked(admin, "select count(*), count(distinct owner_id) from tasks") == [(76, 38)]
        asked(admin, "update tasks set deleted_at = now() - interval '40 days'")
        assert purge(url, trash_days=30)["tasks"].removed == 76
        assert migrate(url) == current(url) == HEAD
        asked(admin, f"alter role {kind} reset plan_cache_mode")


def test_a_partition_that_can_be_read_past_its_table_is_a_failure(new_database: Callable[..., str]) -> None:
    url = new_database(is_migrated=True)
    partition(url)
    assert failures(url) == []

    asked(url, "grant select on tasks_3 to taskward_app")

    assert [found.sentence for found in failures(url)] == ["The table tasks_3 has no row-level security."]


def test_migrations_of_a_later_release_work_on_partitions(new_database: Callable[..., str]) -> None:
    """Those after the first release that partitions are for; what goes back further needs the table in one."""
    url = new_database(is_migrated=True)
    partition(url)

    downgrade(url, to="0004")
    assert migrate(url) == "0004"
    asyncio.run(add_for_all(url))


def test_distributed_tables_are_refused_by_everything(new_database: Callable[..., str]) -> None:
    url = new_database(is_migrated=True)
    asyncio.run(add_for_all(url))
    asked(url, "create table pg_dist_partition (logicalrelid regclass, partmethod char)")
    asked(url, "create table somebody_elses (id int)")
    asked(url, "insert into pg_dist_partition values ('somebody_elses', 'h')")

    async def start() -> None:
        async with using(url) as pool:
            await pool.open()

    asyncio.run(start())
    assert failures(url) == []

    asked(url, "insert into pg_dist_partition values ('tasks', 'h')")

    sentence = "The tables are distributed over several servers (Citus)"
    with pytest.raises(DatabaseRefused) as refused:
        asyncio.run(start())
    assert str(refused.value).startswith(sentence)
    assert [found.sentence for found in failures(url)] == [str(refused.value)]
    for attempt in (lambda: forget(url, PEOPLE[1]), lambda: purge(url, trash_days=30)):
        with pytest.raises(RetentionRefused) as refusal:
            attempt()
        assert str(refusal.value) == str(refused.value)
    assert asked(url, "select count(*) from tasks") == [(40,)]
