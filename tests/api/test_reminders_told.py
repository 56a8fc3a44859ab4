"""The application is told of reminders, over HTTP, by the API under its real server.

Where time has to pass, what was written is moved into the past.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support.databases import asked, database_of
from support.people import Person
from support.programs import eventually
from support.receiver import SECRET, Receiver, Told, parsed, receiving
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.doors.webhook import Dispatcher
from taskward.migrations import migrate
from taskward.resources.news import News

IN_AN_HOUR = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
AN_HOUR_AGO = IN_AN_HOUR - timedelta(hours=2)


def reminded_at(moment: datetime) -> list[dict[str, str]]:
    return [{"at": moment.isoformat()}]


class World:
    """An application that is told, and the database of the API."""

    def __init__(self, url: str, receiver: Receiver, issuer: LocalIssuer) -> None:
        self.url = url
        self.receiver = receiver
        self.issuer = issuer
        self.news = News()

    @contextmanager
    def api(self, **settings: Any) -> Iterator[str]:
        here = {"webhook_url": self.receiver.url, "webhook_secret": SECRET, "request_deadline_seconds": 15}
        self.news = News()
        app = create_app(settings_for(self.url, **(here | settings)), local_issuer=self.issuer, news=self.news)
        with serving(app) as address:
            yield address

    def is_armed(self, person: Person, count: int = 1) -> None:
        found = "select count(*) from alarms where owner_id = %s and remind_at is not null"
        eventually(lambda: asked(self.url, found, person.id) == [(count,)] and self.is_all_told(person))

    def alarms_of(self, *people: Person) -> list[tuple[Any, ...]]:
        found = "select owner_id, remind_at from alarms where owner_id = any(%s)"
        return asked(self.url, found, [person.id for person in people])

    def is_all_told(self, person: Person) -> bool:
        left = "select owner_id from delivery union select owner_id from owner where news_since is not null"
        return (person.id,) not in asked(self.url, left)

    def passes(self, person: Person) -> None:
        """An hour and more: whatever was for in an hour was for an hour ago."""
        then, past = IN_AN_HOUR.isoformat(), AN_HOUR_AGO.isoformat()
        moved = "reminders = replace(reminders::text, %s, %s)::jsonb, created_at = created_at - interval '1 day'"
        asked(self.url, f"update tasks set {moved} where owner_id = %s", then, past, person.id)
        moved = "remind_at = remind_at - interval '2 hours', memory = replace(memory, %s, %s)"
        asked(self.url, f"update alarms set {moved} where owner_id = %s", then, past, person.id)

    def looks(self) -> None:
        """As when the time of a reminder has come."""
        dispatcher = self.news.dispatcher
        assert isinstance(dispatcher, Dispatcher)

        def look() -> None:
            dispatcher.remind_in(0)
            dispatcher.scan_soon()

        dispatcher.loop.call_soon_threadsafe(look)

    def reminders_of(self, person: Person) -> list[Told]:
        return [told for told in self.receiver.of(person.id) if told.type == "reminder.due"]

    def hears(self, person: Person, count: int = 1) -> list[Told]:
        eventually(lambda: len(self.reminders_of(person)) >= count and self.is_all_told(person))
        return self.reminders_of(person)


@pytest.fixture(scope="module")
def url(cluster: str) -> Iterator[str]:
    """Of this file, because a dispatcher takes whatever is to be told in its database."""
    with database_of(cluster, "postgres") as (_, url):
        migrate(url)
        yield url


@pytest.fixture
def world(url: str, issuer: LocalIssuer) -> Iterator[World]:
    with receiving() as receiver:
        yield World(url, receiver, issuer)


def test_a_reminder_is_told_when_its_time_has_come(world: World, person: Callable[..., Person]) -> None:
    with world.api() as api:
        ann = person("ann", api=api)
        seconds = 0.5
        while True:  # until it is written before its time, however busy the machine is
            moment = datetime.now(UTC) + timedelta(seconds=seconds)
            milk = ann.adds("Milk", reminders=reminded_at(moment))
            if datetime.fromisoformat(milk["created_at"]) < moment:
                break
            seconds *= 2

        [told] = world.hears(ann)

        assert datetime.now(UTC) >= moment
        message = parsed(told)
        assert datetime.fromisoformat(message["timestamp"]) == moment.replace(
            microsecond=moment.microsecond // 1000 * 1000
        )
        assert message["data"] == {
            "owner": ann.id,
            "reminder": {
                "task_id": milk["id"],
                "uid": None,
                "title": "Milk",
                "due_on": None,
                "due_at": None,
                "time_zone": None,
                "occurrence": None,
                "occurrence_date": None,
                "reminder": milk["reminders"][0],
                "remind_at": moment.isoformat(),
            },
        }


def test_what_came_due_while_nobody_served_is_told_late_and_once(world: World, person: Callable[..., Person]) -> None:
    with world.api() as api:
        ann = person("ann", api=api)
        ann.adds("Milk", reminders=reminded_at(IN_AN_HOUR))
        world.is_armed(ann)
    world.passes(ann)

    for _ in range(2):
        with world.api():
            [told] = world.hears(ann)

    assert told.what["remind_at"] == AN_HOUR_AGO.isoformat()


def test_what_a_failed_attempt_has_said_is_said_again(world: World, person: Callable[..., Person]) -> None:
    with world.api() as api:
        ann = person("ann", api=api)
        milk = ann.adds("Milk", reminders=reminded_at(IN_AN_HOUR))
        world.is_armed(ann)
        world.passes(ann)
        world.receiver.fault = "500"

        world.looks()
        failed = "select attempts from delivery where owner_id = %s"
        eventually(lambda: asked(world.url, failed, ann.id) == [(1,)])
        ann.patch(f"/tasks/{milk['id']}", json={"title": "Oat milk"})
        world.receiver.fault = None
        asked(world.url, "update delivery set due_at = now() where owner_id = %s", ann.id)
        world.looks()

        [told] = world.hears(ann)

    first, *_ = world.receiver.attempts_of(ann.id)[1:]
    assert (first.id, first.body) == (told.id, told.body)
    assert told.what["title"] == "Milk"
    types = [each.type for each in world.receiver.of(ann.id)]
    assert types == ["task.changed", "task.changed", "reminder.due"], "the change is told before what comes after it"


def test_tasks_from_before_the_webhook_was_switched_on_are_armed(world: World, person: Callable[..., Person]) -> None:
    asked(world.url, "delete from arming")
    with world.api(webhook_url=None, webhook_secret=None) as api:
        ann, bob = person("ann", api=api), person("bob", api=api)
        ann.adds("Milk", reminders=reminded_at(IN_AN_HOUR))
        bob.adds("Milk", reminders=reminded_at(AN_HOUR_AGO))
        assert world.is_all_told(ann)
        assert world.alarms_of(ann, bob) == []

    with world.api():
        world.is_armed(ann)
        eventually(lambda: world.is_all_told(bob))
        assert world.alarms_of(ann, bob) == [(ann.id, IN_AN_HOUR)]
        world.passes(ann)
        world.looks()
        assert world.hears(ann)
    told = world.receiver.of(ann.id) + world.receiver.of(bob.id)
    assert [each.type for each in told] == ["reminder.due"], "of what was there before nobody is told"


def test_what_was_written_while_the_webhook_was_off_is_armed_when_it_is_on_again(
    world: World, person: Callable[..., Person]
) -> None:
    with world.api():
        pass
    with world.api(webhook_url=None, webhook_secret=None) as api:
        ann = person("ann", api=api)
        ann.adds("Milk", reminders=reminded_at(IN_AN_HOUR))

    with world.api():
        world.is_armed(ann)


def test_owners_who_have_not_written_since_are_not_looked_at_again(world: World, person: Callable[..., Person]) -> None:
    with world.api() as api:
        ann = person("ann", api=api)
        ann.adds("Milk", reminders=reminded_at(IN_AN_HOUR))
        world.is_armed(ann)
    asked(world.url, "update arming set armed_until = now() + interval '11 minutes'")
    asked(world.url, "delete from alarms where owner_id = %s", ann.id)

    with world.api() as api:
        bob = person("bob", api=api)
        bob.adds("Milk", reminders=reminded_at(IN_AN_HOUR))
        world.is_armed(bob)

    assert world.alarms_of(ann, bob) == [(bob.id, IN_AN_HOUR)]
    asked(world.url, "delete from arming")


def test_an_application_that_does_not_want_reminders_gets_none(world: World, person: Callable[..., Person]) -> None:
    with world.api(webhook_events=("task.changed",)) as api:
        ann = person("ann", api=api)
        ann.adds("Milk", reminders=reminded_at(IN_AN_HOUR))
        world.receiver.hears(ann.id)
        eventually(lambda: world.is_all_told(ann))

        assert world.alarms_of(ann) == []


def test_an_application_that_wants_reminders_alone_gets_them(world: World, person: Callable[..., Person]) -> None:
    with world.api(webhook_events=("reminder.due",)) as api:
        ann = person("ann", api=api)
        ann.adds("Milk", reminders=reminded_at(IN_AN_HOUR))
        world.is_armed(ann)
        world.passes(ann)
        world.looks()

        assert [told.type for told in world.hears(ann)] == ["reminder.due"]
    assert len(world.receiver.of(ann.id)) == 1


def test_each_occurrence_is_told_of_once(world: World, person: Callable[..., Person]) -> None:
    with world.api() as api:
        ann = person("ann", api=api)
        series = {"due_at": IN_AN_HOUR.isoformat(), "time_zone": "UTC", "recurrence": "FREQ=DAILY"}
        pills = ann.adds("Pills", reminders=[{"minutes_before": 0}], **series)
        path = f"/tasks/{pills['id']}"
        world.is_armed(ann)
        next_one = ann.post(f"{path}/complete", json={"occurrence": 1}).json()["task"]
        due = datetime.fromisoformat(next_one["due_at"])
        assert due == IN_AN_HOUR + timedelta(days=1)
        eventually(lambda: world.alarms_of(ann) == [(ann.id, due)])
        ann.post(f"{path}/reopen").raise_for_status()
        eventually(lambda: world.alarms_of(ann) == [(ann.id, IN_AN_HOUR)])

        moved = "due_at = due_at - interval '2 hours'"
        asked(world.url, f"update tasks set {moved} where owner_id = %s", ann.id)
        world.passes(ann)
        world.looks()
        [told] = world.hears(ann)
        ann.post(f"{path}/complete", json={"occurrence": told.what["occurrence"]}).raise_for_status()
        ann.post(f"{path}/reopen").raise_for_status()
        eventually(lambda: world.is_all_told(ann))
        world.looks()
        ann.patch(path, json={"title": "More pills"})
        eventually(lambda: world.is_all_told(ann))

    assert told.what["occurrence"] == 3
    assert len(world.reminders_of(ann)) == 1
