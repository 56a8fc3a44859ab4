"""Two imports of one file at the same time: each row is made once, and by whom does not matter."""

import asyncio
from collections import Counter
from uuid import NAMESPACE_URL, uuid5

from support.databases import Run, using
from support.pools import someone, titles
from taskward.operations.files.records import Entries, Record
from taskward.operations.files.report import Report, reporting
from taskward.operations.importing import Import
from taskward.postgres.pool import Pool
from taskward.resources.news import News

LISTS, TASKS = 10, 300


def test_two_imports_of_one_file_make_each_row_once(run: Run, database_url: str) -> None:
    async def race() -> None:
        owner = someone()
        async with using(database_url) as pool:
            with reporting() as first, reporting() as second:
                await asyncio.gather(imported(pool, owner, first), imported(pool, owner, second))

            assert first.failed == second.failed == 0
            assert first.made + second.made == Counter(list=LISTS, task=TASKS)
            assert first.there + second.there == Counter(list=LISTS, task=TASKS)
            assert sorted(await titles(pool, owner)) == sorted(f"Task {number}" for number in range(TASKS))

    run(race())


async def imported(pool: Pool, owner: str, report: Report) -> None:
    work = Import(pool, owner, report=report, mark="one file", trash_days=30, news=News())
    await work.run(entries, lambda: None)


def entries() -> Entries:
    uids = [str(uuid5(NAMESPACE_URL, f"list {number}")) for number in range(LISTS)]
    for number, uid in enumerate(uids):
        yield Record(number, "list", {"uid": uid, "name": f"List {number}"})
    for number in range(TASKS):
        uid = str(uuid5(NAMESPACE_URL, f"task {number}"))
        yield Record(LISTS + number, "task", {"uid": uid, "title": f"Task {number}", "list_uid": uids[number % LISTS]})
