"""What PostgreSQL reads for a move, for what refers to a list or a task, and for who follows changes.

Where nearly every owner has a row or two, as here, an index by the owner alone would seem to be as good as any, and
the few with thousands would wait for all of theirs to be read (docs/decisions/0022).
"""

import asyncio
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import psycopg
import pytest

from support.database_proxy import proxied
from support.databases import asked, database_of, using
from support.pools import adds, someone
from taskward.doors.changes import FEED
from taskward.lists import actions as lists
from taskward.lists import moves as list_moves
from taskward.migrations import migrate
from taskward.postgres.statements import Bound, LazyStatement, Statement
from taskward.resources.paging import PageRequest
from taskward.resources.references import RowStatement
from taskward.resources.session import Session
from taskward.tasks import actions, batch, finding, moves
from taskward.tasks.batch import Batch
from taskward.tasks.model import TaskCreate
from taskward.tasks.moves import TaskMove
from taskward.tasks.trash import TRASH

STATEMENTS: dict[str, LazyStatement | RowStatement] = {
    "a move": moves.MOVE.plain,
    "a move under a key": moves.MOVE.once,
    "why not": moves.WHY_NOT,
    "a move in a batch": batch.STEPS.move,
    "a creation": actions.CREATE_WITHIN.plain,
    "a creation in a batch": batch.STEPS.create_within,
    "a deletion": actions.REMOVE.plain,
    "restoring": TRASH.RESTORE.plain,
}


MANY = "owner-of-many"


@pytest.fixture(scope="module")
def url(cluster: str) -> Iterator[str]:
    """A database of this file's own, where one owner has many rows and many have one."""
    [[login]] = asked(cluster, "select current_user")
    with database_of(cluster, login) as (_, url):
        migrate(url)
        fill(url)
        yield url


def fill(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        for sql in (
            "insert into lists (owner_id, name, version, uid) select %s, 'x', 1, gen_random_uuid() "
            "from generate_series(1, 500)",
            "insert into tasks (owner_id, title, status, version, uid, position) "
            "select %s, 'x', 'Todo', 1, gen_random_uuid(), '5' || lpad(i::text, 16, '0') "
            "from generate_series(1, 5000) i",
            "with numbered as (select id, row_number() over (order by id) as n from tasks where owner_id = %s) "
            "update tasks set parent_id = parent.id from numbered join numbered parent on parent.n = numbered.n / 10 "
            "where tasks.id = numbered.id and numbered.n > 1000",
        ):
            admin.execute(sql, [MANY])
        admin.execute(
            "insert into tasks (owner_id, title, status, version, uid, position) "
            "select 'owner-' || i, 'x', 'Todo', 1, gen_random_uuid(), '5' || lpad(i::text, 16, '0') "
            "from generate_series(1, 20000) i"
        )
        admin.execute("analyze tasks, lists")


# By an index, also if PostgreSQL plans without values


@pytest.mark.parametrize("name", STATEMENTS)
def test_every_look_goes_by_an_index_and_by_more_than_the_owner(url: str, name: str) -> None:
    statement = STATEMENTS[name]
    for each in [statement.by_id, statement.by_uid] if isinstance(statement, RowStatement) else [statement.statement]:
        with psycopg.connect(url) as session:
            session.execute(
                "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off"
            )
            session.execute(
                "select set_config('role', 'taskward_app', true), set_config('app.user_id', %s, true), "
                "set_config('app.version', '1799999999999', true)",
                [someone()],
            )
            session.execute(b"prepare looking as " + each.sql)
            nothing = ", ".join(["null"] * len(each.order))
            plan = [line for (line,) in session.execute(f"explain execute looking({nothing})").fetchall()]
        assert not [line for line in plan if "Seq Scan" in line]
        looks = [condition for scan, condition in pairwise(plan) if " on tasks" in scan and "Index Cond" in condition]
        assert looks
        assert all(" AND " in look for look in looks), "\n".join(plan)


@pytest.mark.parametrize("is_pooled", [False, True])
def test_a_named_move_is_planned_once_and_behind_a_pooler_nothing_changes(url: str, *, is_pooled: bool) -> None:
    """A plan with values seems to be cheaper, and PostgreSQL would make it for each move: four times the statement."""
    plans = Statement(
        b"select current_setting('plan_cache_mode'), coalesce(sum(custom_plans), 0), coalesce(sum(generic_plans), 0) "
        b"from pg_prepared_statements where statement like '%judged%'",
        (),
        is_prepared=False,
    )
    found: list[tuple[bytes | None, ...]] = []
    ids = [number for (number,) in asked(url, "select id from tasks where owner_id = %s order by id limit 9", MANY)]

    async def main(url: str) -> None:
        async with using(url, pool_size=1) as pool:
            session = Session.begin(pool, MANY)
            for row_id in ids[1:]:
                await moves.move(session, row_id, TaskMove(after=ids[0]), expected=None)
                operation = {"op": "move", "id": row_id, "move": {"to": "last"}}
                await batch.apply(session, Batch.model_validate({"operations": [operation]}), requires_if_match=False)
            found.extend(*await session.read(plans()))

    with proxied(url) as pooler:
        pooler.makes_up_pids = is_pooled
        asyncio.run(main(pooler.url))

    assert found == [(b"auto", b"0", b"0" if is_pooled else b"%d" % (3 * len(ids[1:])))]


def test_a_named_list_is_planned_once(url: str) -> None:
    """As a move: to plan it with how many rows are asked for takes twice as long as to read them."""
    plans = Statement(
        b"select current_setting('plan_cache_mode'), sum(custom_plans), sum(generic_plans) from pg_prepared_statements "
        b"where statement like 'WITH ahead%'",
        (),
        is_prepared=False,
    )
    found: list[tuple[bytes | None, ...]] = []

    async def main() -> None:
        async with using(url, pool_size=1) as pool:
            session = Session.begin(pool, MANY)
            for limit in range(1, 9):
                await finding.list_tasks(session, PageRequest(limit))
            found.extend(*await session.read(plans()))

    asyncio.run(main())

    assert found == [(b"auto", b"0", b"8")]


def test_a_way_of_planning_that_the_operator_has_chosen_stays(url: str) -> None:
    plans = Statement(
        b"select sum(generic_plans), sum(custom_plans) from pg_prepared_statements "
        b"where statement ~ 'judged|^WITH ahead'",
        (),
        is_prepared=False,
    )
    found: list[tuple[bytes | None, ...]] = []
    more = "&" if "?" in url else "?"

    async def main() -> None:
        async with using(f"{url}{more}options=-c%20plan_cache_mode%3Dforce_custom_plan", pool_size=1) as pool:
            session = Session.begin(pool, MANY)
            made = await actions.create(session, TaskCreate(title="Milk"))
            await moves.move(session, made.id, TaskMove(), expected=None)
            await finding.list_tasks(session, PageRequest(1))
            found.extend(*await session.read(plans()))

    asyncio.run(main())

    assert found == [(b"0", b"3")]


def test_a_list_that_is_planned_once_goes_along_the_key(url: str) -> None:
    with psycopg.connect(url) as session:
        session.execute("set plan_cache_mode = force_generic_plan")
        session.execute("select set_config('role', 'taskward_app', true), set_config('app.user_id', %s, true)", [MANY])
        session.execute(b"prepare listing as " + finding.LIST.statement.sql)
        values = {"owner": MANY, "after": 0, "skip": 0, "limit": 50}
        given = ", ".join(repr(values[name]) for name in finding.LIST.statement.order)
        explained = session.execute(f"explain (analyze, timing off, costs off) execute listing({given})").fetchall()
    plan = "\n".join(line for (line,) in explained)

    [read] = re.findall(r"Index Scan using tasks_pkey on tasks \(actual rows=(\d+)", plan)
    assert int(read) == 50 + 1


LISTS_THAT_LIVE: dict[str, Callable[[], Bound]] = {
    "all": lists.EVERY,
    "another": lambda: lists.CREATE.unnamed.plain(name="x", color=None),
    "a move": lambda: list_moves.MOVE.plain(id=1, goes="after", expected=None, anchor_id=2, anchor_uid=None),
}


@pytest.mark.parametrize("name", LISTS_THAT_LIVE)
def test_lists_that_were_deleted_are_not_read(url: str, name: str) -> None:
    ann = someone()
    asked(
        url,
        "insert into lists (owner_id, name, version, deleted_at) select %s, 'x', 1, now() "
        "from generate_series(1, 3000)",
        ann,
    )
    asked(url, "analyze lists")

    plan = explained(url, ann, LISTS_THAT_LIVE[name](), how="costs off")

    assert "lists_by_position" in plan


# Who follows changes


def explained(url: str, owner: str, call: Bound, *, how: str = "analyze, timing off, costs off") -> str:
    explain = Statement(f"explain ({how}) ".encode() + call.statement.sql, call.statement.order)
    told: list[bytes] = []

    async def main() -> None:
        async with using(url) as pool:
            [lines] = await Session.begin(pool, owner).read(Bound(explain, call.values))
            told.extend(line for (line,) in lines if line is not None)

    asyncio.run(main())
    return b"\n".join(told).decode()


def test_of_nothing_new_the_clock_alone_is_read(url: str) -> None:
    ann = someone()

    async def main() -> None:
        async with using(url) as pool:
            await adds(pool, ann)

    asyncio.run(main())
    [[version]] = asked(url, "select version from owner where owner_id = %s", ann)

    plan = explained(url, ann, FEED.FOLLOWING(limit=500, version=version + 1, kind=0, id=0, part=0))
    others = explained(url, ann, FEED.FOLLOWING(limit=500, version=version, kind=0, id=0, part=0))

    scans = re.compile(r"Scan (?:using \w+ )?on (?:tasks|lists|tasks_\w+)\b.*?\((never executed|actual)")
    assert set(scans.findall(plan)) == {"never executed"}
    assert "One-Time Filter" in plan
    assert "actual" in scans.findall(others)


def test_a_first_copy_goes_along_the_key(url: str) -> None:
    call = FEED.COPYING(
        limit=3,
        done_since="-infinity",
        **{f"{name}_{kind.name}": 0 for kind in FEED.kinds for name in ("after", "part_of")},
    )

    plan = explained(url, MANY, call)

    [read] = re.findall(r"Index Scan using tasks_pkey on tasks(?: \w+)? \(actual rows=(\d+)", plan)
    assert int(read) == 3 + 1  # by which it knows that there are more
