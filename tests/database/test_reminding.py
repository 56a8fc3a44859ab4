"""Reminders in the database: armed as changes pass, due when their time has come, and told once.

Time is moved by moving what was written into the past: nothing here waits.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from support.databases import asked, database_of, using
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.migrations import migrate
from taskward.operations.retention import KEEPER_ROLE, forget
from taskward.postgres.context import NOBODY
from taskward.postgres.encoding import Row
from taskward.postgres.statements import Bound
from taskward.resources.deliveries import AS_KEEPER
from taskward.tasks import reminding
from taskward.tasks.reminding import Ask, Reminder

NOW = datetime.now(UTC).replace(microsecond=0)
AN_HOUR_AGO, IN_AN_HOUR = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
Telling = Callable[[Callable[[Ask], Coroutine[Any, Any, Any]]], Any]


@pytest.fixture(scope="module")
def database_url(cluster: str) -> Iterator[str]:
    """Of this file, because what is due is enqueued for all owners."""
    with database_of(cluster, "postgres") as (_, url):
        migrate(url)
        yield url


@pytest.fixture(scope="module")
def api(database_url: str, issuer: LocalIssuer) -> Iterator[str]:
    with serving(create_app(settings_for(database_url), local_issuer=issuer)) as address:
        yield address


def reminded_at(moment: datetime) -> list[dict[str, str]]:
    return [{"at": moment.isoformat()}]


@pytest.fixture
def telling(database_url: str, ann: Person) -> Telling:
    """Runs what is asked as Ann, as whoever tells her application does."""

    def tell(work: Callable[[Ask], Coroutine[Any, Any, Any]]) -> Any:
        async def main() -> Any:
            async with using(database_url, pool_size=1) as pool:

                async def ask(*calls: Bound) -> list[list[Row]]:
                    return await pool.run(ann.id, calls, deadline=pool.new_deadline(), is_repeatable=True)

                return await work(ask)

        return asyncio.run(main())

    return tell


def passes(telling: Telling, person: Person) -> Any:
    changes = person.get("/changes").json()["changes"]
    return telling(lambda ask: reminding.passed(ask, changes))


def due(telling: Telling) -> Reminder | None:
    found: Reminder | None = telling(reminding.due)
    return found


def settles(telling: Telling, reminder: Reminder) -> None:
    telling(lambda ask: ask(reminder.settled))


def was_written_two_days_ago(url: str, person: Person) -> None:
    moved = "set created_at = created_at - interval '2 days', updated_at = updated_at - interval '2 days'"
    asked(url, f"update tasks {moved} where owner_id = %s", person.id)


def alarms(url: str, person: Person) -> list[tuple[Any, ...]]:
    return asked(url, "select task_id, remind_at, reminder from alarms where owner_id = %s order by 1", person.id)


@pytest.fixture
def overdue(database_url: str, ann: Person, telling: Telling) -> dict[str, Any]:
    """A task with a reminder that was set two days ago for an hour ago, and is armed."""
    milk = ann.adds("Milk", reminders=reminded_at(AN_HOUR_AGO), due_on="2026-03-10", time_zone="Europe/Warsaw")
    was_written_two_days_ago(database_url, ann)
    passes(telling, ann)
    return milk


def test_a_reminder_is_told_late_and_once(overdue: dict[str, Any], telling: Telling, ann: Person) -> None:
    reminder = due(telling)

    assert reminder is not None
    assert json.loads(reminder.json) == {
        "task_id": overdue["id"],
        "uid": None,
        "title": "Milk",
        "due_on": "2026-03-10",
        "due_at": None,
        "time_zone": "Europe/Warsaw",
        "occurrence": None,
        "occurrence_date": None,
        "reminder": overdue["reminders"][0],
        "remind_at": AN_HOUR_AGO.isoformat(),
    }
    assert reminder[1:4] == (overdue["id"], None, AN_HOUR_AGO)
    settles(telling, reminder)
    assert due(telling) is None
    passes(telling, ann)
    assert due(telling) is None


def test_a_reminder_in_the_future_is_said_to_be_awaited(telling: Telling, ann: Person, database_url: str) -> None:
    ann.adds("Eggs")
    assert passes(telling, ann) is None
    milk = ann.adds("Milk", reminders=[*reminded_at(IN_AN_HOUR), {"days_before": 1, "time": "08:00"}])

    assert 0 < passes(telling, ann) <= 3600
    assert due(telling) is None
    assert alarms(database_url, ann) == [(milk["id"], IN_AN_HOUR, None)]


def test_a_reminder_that_is_set_too_late_is_not_told(telling: Telling, ann: Person, database_url: str) -> None:
    ann.adds("Milk", reminders=reminded_at(AN_HOUR_AGO))
    eggs = ann.adds("Eggs")
    ann.patch(f"/tasks/{eggs['id']}", json={"reminders": reminded_at(AN_HOUR_AGO)})

    passes(telling, ann)

    assert due(telling) is None
    assert alarms(database_url, ann) == []


def test_a_reminder_that_came_due_while_nobody_passed_the_change_is_told(
    telling: Telling, ann: Person, database_url: str
) -> None:
    milk = ann.adds("Milk")
    ann.patch(f"/tasks/{milk['id']}", json={"reminders": reminded_at(AN_HOUR_AGO)})
    since = "insert into delivery (owner_id, since) values (%s, now() - interval '2 days')"
    asked(database_url, since, ann.id)

    passes(telling, ann)

    assert due(telling) is None, "the change was made after it"
    was_written_two_days_ago(database_url, ann)
    ann.patch(f"/tasks/{milk['id']}", json={"title": "Oat milk"})
    passes(telling, ann)
    assert due(telling) is not None


def test_each_attempt_says_the_same_whatever_becomes_of_the_task(
    overdue: dict[str, Any], telling: Telling, ann: Person
) -> None:
    first = due(telling)
    ann.patch(f"/tasks/{overdue['id']}", json={"title": "Oat milk", "due_on": "2026-03-11"})
    again = due(telling)
    passes(telling, ann)

    assert first == again == due(telling)


@pytest.mark.parametrize("is_passed", [True, False])
@pytest.mark.parametrize("is_attempted", [True, False])
@pytest.mark.parametrize("what", ["done", "trashed", "cleared"])
def test_what_is_done_or_gone_meanwhile_is_not_told(
    overdue: dict[str, Any], telling: Telling, ann: Person, what: str, is_attempted: bool, is_passed: bool
) -> None:
    path = f"/tasks/{overdue['id']}"
    if is_attempted:
        assert due(telling) is not None
    match what:
        case "done":
            ann.post(f"{path}/complete").raise_for_status()
        case "trashed":
            ann.delete(path).raise_for_status()
        case _:
            ann.patch(path, json={"reminders": []}).raise_for_status()

    if is_passed:
        passes(telling, ann)

    assert due(telling) is None
    if what == "done":
        ann.post(f"{path}/reopen").raise_for_status()
        passes(telling, ann)
        assert due(telling) is None, "its time had passed when the task was opened again"


def test_nothing_is_kept_of_what_is_erased(
    overdue: dict[str, Any], telling: Telling, ann: Person, database_url: str
) -> None:
    reminder = due(telling)
    ann.delete(f"/tasks/{overdue['id']}").raise_for_status()
    assert "Milk" in alarms(database_url, ann)[0][2]

    ann.delete(f"/trash/{overdue['id']}").raise_for_status()

    assert alarms(database_url, ann) == []
    assert reminder is not None
    assert telling(lambda ask: ask(reminder.settled)) == [[(b"0",)]]


def test_an_owner_who_is_forgotten_leaves_no_alarm(overdue: dict[str, Any], ann: Person, database_url: str) -> None:
    assert forget(database_url, ann.id)["alarms"] == 1

    assert alarms(database_url, ann) == []


def test_several_reminders_are_told_in_the_order_of_their_time(
    telling: Telling, ann: Person, database_url: str
) -> None:
    moments = [NOW - timedelta(hours=hours) for hours in (1, 3, 2)]
    ann.adds("Milk", reminders=[{"at": moment.isoformat()} for moment in moments])
    ann.adds("Eggs", due_at=(NOW - timedelta(hours=2)).isoformat(), reminders=[{"minutes_before": 30}])
    was_written_two_days_ago(database_url, ann)
    passes(telling, ann)

    told = []
    while (reminder := due(telling)) is not None:
        told.append(reminder.at)
        settles(telling, reminder)

    assert told == sorted([*moments, NOW - timedelta(minutes=150)])


def test_whoever_has_lost_the_claim_changes_nothing(
    overdue: dict[str, Any], telling: Telling, ann: Person, database_url: str
) -> None:
    changes = ann.get("/changes").json()["changes"]
    reminder = due(telling)
    assert reminder is not None

    async def slow(ask: Ask) -> None:
        async def late(*calls: Bound) -> list[list[Row]]:
            answer = await ask(*calls)
            if calls[-1].statement is reminding.KNOWN:
                await ask(reminder.settled)  # by somebody else, who is quicker
            return answer

        ann.patch(f"/tasks/{overdue['id']}", json={"reminders": []})
        await reminding.passed(late, [{"kind": "task", "op": "remove", "id": overdue["id"]}])
        await reminding.passed(late, changes)

    telling(slow)

    assert due(telling) is None


def test_tasks_from_before_are_armed_once_owner_by_owner(
    telling: Telling, ann: Person, bob: Person, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "ROWS", 2)
    tasks = [ann.adds(f"Task {number}", reminders=reminded_at(IN_AN_HOUR)) for number in range(4)]
    done = ann.adds("Done", status="Done", reminders=reminded_at(IN_AN_HOUR))
    past = ann.adds("Past", reminders=reminded_at(AN_HOUR_AGO))
    was_written_two_days_ago(database_url, ann)
    asked(database_url, "insert into delivery (owner_id, arms) values (%s, true)", ann.id)

    assert due(telling) is None

    assert [row[0] for row in alarms(database_url, ann)] == [task["id"] for task in tasks]
    assert asked(database_url, "select arms from delivery where owner_id = %s", ann.id) == [(False,)]
    assert {done["id"], past["id"]} & {row[0] for row in alarms(database_url, ann)} == set()


def as_keeper(url: str, *calls: Bound) -> list[list[Row]]:
    async def main() -> list[list[Row]]:
        async with using(url, pool_size=1) as pool:
            deadline = pool.new_deadline()
            return await pool.run(NOBODY, [AS_KEEPER, *calls], deadline=deadline, is_repeatable=True)

    return asyncio.run(main())[1:]


def deliveries(url: str, *people: Person) -> list[tuple[Any, ...]]:
    found = "select owner_id, told_version, arms from delivery where owner_id = any(%s) order by 1"
    return asked(url, found, [person.id for person in people])


def test_whose_reminder_is_due_has_something_to_be_told(
    overdue: dict[str, Any], telling: Telling, ann: Person, bob: Person, database_url: str
) -> None:
    bob.adds("Milk", reminders=reminded_at(AN_HOUR_AGO))

    times = 0
    for _ in range(2):
        [noted, [[seconds]]] = as_keeper(database_url, reminding.ENQUEUE_DUE(rows=10_000), reminding.NEXT())
        times += noted.count((ann.id.encode(),))
        assert (bob.id.encode(),) not in noted

    assert deliveries(database_url, ann, bob) == [(ann.id, None, False)]
    assert times == 1
    assert seconds is None or float(seconds) > 0


def test_owners_from_before_are_noted_in_portions(ann: Person, bob: Person, database_url: str) -> None:
    ann.adds("Milk")
    bob.adds("Milk")
    asked(database_url, "insert into delivery (owner_id, told_version) values (%s, 5)", bob.id)
    first, second = sorted([ann.id, bob.id])

    [[[_, last]]] = as_keeper(database_url, reminding.ENQUEUE_UNARMED(behind=first[:-1], rows=1))
    assert last == first.encode()
    as_keeper(database_url, reminding.ENQUEUE_UNARMED(behind=second[:-1], rows=1))
    [[[_, nobody]]] = as_keeper(database_url, reminding.ENQUEUE_UNARMED(behind="\U0010ffff", rows=1))
    assert nobody is None

    assert [(owner, arms) for owner, _, arms in deliveries(database_url, ann, bob)] == [(first, True), (second, True)]
    assert asked(database_url, "select told_version from delivery where owner_id = %s", bob.id) == [(5,)]


@pytest.mark.parametrize("column", ["memory", "reminder", "task_id"])
def test_the_keeper_sees_of_whom_something_is_due_and_not_what(database_url: str, column: str) -> None:
    with psycopg.connect(database_url) as session:
        session.execute(f"set role {KEEPER_ROLE}".encode())
        session.execute("select owner_id, remind_at from alarms limit 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(f"select {column} from alarms".encode())
