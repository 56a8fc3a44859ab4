"""The application is told of every change, over HTTP, by the API under its real server."""

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from support.databases import asked
from support.people import Person
from support.programs import eventually
from support.receiver import SECRET, Receiver, in_order, parsed, receiving, state_of
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.doors.webhook import Dispatcher, Turn
from taskward.postgres.encoding import Row
from taskward.postgres.statements import Bound
from taskward.resources import deliveries
from taskward.resources.news import News

OTHER_SECRET = "whsec_" + "b3RoZXIgc2VjcmV0IG9mIDMyIGJ5dGVzLCBvciBtb3Jl"

PENDING = """
select owner_id, attempts, due_at > now() from delivery full join owner using (owner_id)
where owner_id = %s and (news_since is not null or delivery.owner_id is not null)
"""


@pytest.fixture
def url(new_database: Callable[..., str]) -> str:
    """Of its own, because a dispatcher takes whatever is to be told in its database."""
    return new_database(is_migrated=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """What fails comes again when a test says so: five seconds later would be while a crowded machine stands still."""
    with receiving() as receiver:
        receiver.retry_after = "3600"
        yield receiver


class Told:
    """An API with a webhook, and what is to be told in its database."""

    def __init__(self, url: str, receiver: Receiver, issuer: LocalIssuer) -> None:
        self.url = url
        self.receiver = receiver
        self.issuer = issuer

    @contextmanager
    def api(self, **settings: Any) -> Iterator[str]:
        here = {"webhook_url": self.receiver.url, "webhook_secret": SECRET, "request_deadline_seconds": 15}
        self.news = News()
        app = create_app(settings_for(self.url, **(here | settings)), local_issuer=self.issuer, news=self.news)
        with serving(app) as address:
            yield address

    def until_all(self, owner: str) -> None:
        eventually(lambda: not asked(self.url, PENDING, owner))

    def until_failed(self, owner: str, times: int = 1) -> None:
        eventually(lambda: asked(self.url, PENDING, owner) == [(owner, times, True)])

    def passes(self, owner: str) -> None:
        """The time until the next attempt."""
        asked(self.url, "update delivery set due_at = now() where owner_id = %s", owner)
        dispatcher = self.news.dispatcher
        assert isinstance(dispatcher, Dispatcher)
        dispatcher.loop.call_soon_threadsafe(dispatcher.scan_soon)


@pytest.fixture
def told(url: str, receiver: Receiver, issuer: LocalIssuer) -> Told:
    return Told(url, receiver, issuer)


def test_every_kind_of_change_is_told_in_order_with_what_the_api_answers(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str
) -> None:
    with told.api() as api:
        ann = person("ann", api=api)

        def next_told(count: int) -> list[str]:
            found = receiver.hears(ann.id, count)
            told.until_all(ann.id)
            return in_order(found)

        milk = ann.adds("Milk")
        assert next_told(1) == ["task.changed Milk"]
        assert receiver.of(ann.id)[0].what == milk
        errands = ann.post("/lists", json={"name": "Errands"}).json()
        assert next_told(2)[1:] == ["list.changed Errands"]
        assert receiver.of(ann.id)[1].what == errands
        ann.delete(f"/tasks/{milk['id']}")
        assert next_told(3)[2:] == [f"task.removed {milk['id']}"]
        ann.delete(f"/lists/{errands['id']}")
        assert next_told(4)[3:] == [f"list.removed {errands['id']}"]
        plants = ann.adds("Plants", due_on="2026-03-10", recurrence="FREQ=DAILY")
        next_told(5)
        answer = ann.post(f"/tasks/{plants['id']}/complete", json={"occurrence": 1}).json()
        assert next_told(7)[5:] == ["task.changed Plants", "task.completed None"]
        assert [each.what for each in receiver.of(ann.id)[5:]] == [answer["task"], answer["completion"]]
        removed = receiver.of(ann.id)[2]
        assert removed.what == {"id": milk["id"], "uid": None, "version": removed.what["version"]}
        assert removed.what["version"] > milk["version"]


def test_an_event_is_as_standard_webhooks_has_it(told: Told, person: Callable[..., Person], receiver: Receiver) -> None:
    title = 'Ünïcode 搬家 "quoted" 😀 </script>'
    with told.api(webhook_secret=f"{OTHER_SECRET}, {SECRET}") as api:
        ann = person("ann", api=api)
        task = ann.adds(title)

        [event] = receiver.hears(ann.id)

    message = parsed(event)
    assert list(message) == ["type", "timestamp", "data"]
    assert message["data"] == {"owner": ann.id, "task": task}
    at = datetime.fromisoformat(message["timestamp"])
    assert message["timestamp"].endswith("Z")
    assert round(at.timestamp() * 1000) == task["version"]
    assert event.headers["content-type"] == "application/json"
    assert event.headers["user-agent"].startswith("taskward/")
    assert [signature[:3] for signature in event.headers["webhook-signature"].split(" ")] == ["v1,", "v1,"]
    assert event.id.startswith("msg_")
    assert json.dumps(title, ensure_ascii=False).encode() in event.body
    assert receiver.refused == []


def test_only_what_is_asked_for_is_told_and_the_rest_is_passed_over(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str
) -> None:
    with told.api(webhook_events="list.changed,task.removed") as api:
        ann = person("ann", api=api)
        for number in range(120):
            ann.adds(f"{number}")
        ann.post("/lists", json={"name": "Errands"})
        receiver.hears(ann.id)
        told.until_all(ann.id)

    assert in_order(receiver.attempts_of(ann.id)) == ["list.changed Errands"]


def test_what_fails_holds_back_its_owner_alone_and_comes_again_with_the_same_bytes(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str
) -> None:
    with told.api() as api:
        ann, bob = person("ann", api=api), person("bob", api=api)
        receiver.fault = lambda each: "500" if each.owner == ann.id else None
        ann.adds("Milk")
        told.until_failed(ann.id)
        ann.adds("Eggs")
        bob.adds("Bread")
        receiver.hears(bob.id)

        assert in_order(receiver.attempts_of(ann.id)) == ["task.changed Milk"]
        told.passes(ann.id)
        told.until_failed(ann.id, 2)
        receiver.fault = None
        told.passes(ann.id)
        told.until_all(ann.id)

    first, again, last, eggs = receiver.attempts_of(ann.id)
    assert in_order(receiver.of(ann.id)) == ["task.changed Milk", "task.changed Eggs"]
    assert (first.id, first.body) == (again.id, again.body) == (last.id, last.body)
    assert eggs.id != last.id


def test_several_changes_before_a_delivery_arrive_as_the_last(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str
) -> None:
    receiver.fault = "503"
    with told.api() as api:
        ann = person("ann", api=api)
        milk = ann.adds("Milk")
        told.until_failed(ann.id)
        for number in range(5):
            ann.patch(f"/tasks/{milk['id']}", json={"title": f"Milk {number}"})
        gone = ann.adds("Gone")
        ann.delete(f"/tasks/{gone['id']}")
        receiver.fault = None
        told.passes(ann.id)
        told.until_all(ann.id)
        left = ann.tasks()

    assert in_order(receiver.of(ann.id)) == ["task.changed Milk 4", f"task.removed {gone['id']}"]
    assert list(state_of(receiver.of(ann.id)).values()) == left


def test_a_receiver_that_asks_for_time_gets_it_up_to_a_day(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str
) -> None:
    waits = (
        "select attempts, extract(epoch from due_at - now())::int from delivery "
        "where owner_id = %s and attempts > 0 and claim is null"
    )
    with told.api() as api:
        # A crowded machine that stands still for five seconds finds the second failure, whose pause is longer.
        for wish, pauses in (("3600", [3600]), ("999999", [86_400]), ("nonsense", [5, 300])):
            receiver.fault, receiver.retry_after = "429", wish
            ann = person("ann", api=api)
            ann.adds("Milk")
            [(attempts, seconds)] = eventually(lambda: asked(url, waits, ann.id))  # noqa: B023 - it is waited for here
            expected = pauses[attempts - 1]
            assert expected - 60 <= seconds <= expected * 1.2


def test_what_was_left_is_told_after_a_start(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str
) -> None:
    asked(url, "insert into owner (owner_id, version, news_since) values ('no rows', 1, 1), ('no news', 2, null)")
    asked(url, "insert into delivery (owner_id, told_version) values ('no rows', 1), ('no news', null), ('gone', 1)")
    receiver.fault = "500"
    with told.api() as api:
        ann = person("ann", api=api)
        ann.adds("Milk")
        told.until_failed(ann.id)
    receiver.fault = None
    asked(url, "update delivery set due_at = now() where owner_id = %s", ann.id)

    with told.api():
        receiver.hears(ann.id)
        eventually(lambda: asked(url, "select * from delivery") == [])
        assert asked(url, "select * from owner where news_since is not null") == []


def test_what_is_failing_for_a_month_is_given_up_and_what_follows_is_told(
    told: Told,
    person: Callable[..., Person],
    receiver: Receiver,
    url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    receiver.fault = lambda each: "500" if each.what["title"] == "Milk" else None
    with told.api() as api:
        ann = person("ann", api=api)
        ann.adds("Milk")
        told.until_failed(ann.id)
        ann.adds("Eggs")
        asked(url, "update delivery set failed_at = now() - interval '30 days' where owner_id = %s", ann.id)
        told.passes(ann.id)
        receiver.hears(ann.id)

    assert in_order(receiver.of(ann.id)) == ["task.changed Eggs"]
    [line] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.name == "taskward.webhook"
    assert ann.id not in caplog.text


def test_no_line_of_the_log_tells_what_was_written_or_the_secret(
    told: Told,
    person: Callable[..., Person],
    receiver: Receiver,
    url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    canary = secrets.token_hex(8)
    receiver.fault = "500"
    with told.api(webhook_url=f"{receiver.url}&token={canary}") as api:
        ann = person("ann", api=api)
        ann.adds(canary)
        told.until_failed(ann.id)

    [line] = [record for record in caplog.records if record.name == "taskward.webhook"]
    fields = vars(line)
    assert (fields["event"], fields["answer"], fields["attempt"]) == ("task.changed", "500", 1)
    for record in caplog.records:
        if record.name.startswith("taskward"):
            assert canary not in str(vars(record))
            assert SECRET[6:] not in str(vars(record))


def test_without_a_webhook_a_write_leaves_nothing(
    person: Callable[..., Person], database_url: str, ann: Person
) -> None:
    ann.adds("Milk")

    assert asked(database_url, PENDING, ann.id) == []


def test_who_has_lost_the_claim_notes_nothing_of_what_was_told(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str
) -> None:
    receiver.fault = "late"
    with told.api() as api:
        ann = person("ann", api=api)
        ann.adds("Milk")
        eventually(lambda: receiver.attempts_of(ann.id))
        asked(url, "update delivery set claim = 1, due_at = now() + interval '1 hour'")

        receiver.go_on.set()
        dispatcher = told.news.dispatcher
        assert isinstance(dispatcher, Dispatcher)
        eventually(lambda: not dispatcher.turns)

        assert asked(url, "select claim, told_version, attempts from delivery") == [(1, None, 0)]
        receiver.fault = None
        told.passes(ann.id)
        told.until_all(ann.id)

    first, again = receiver.attempts_of(ann.id)
    assert (first.id, first.body) == (again.id, again.body)


def test_that_the_last_was_told_is_noted_with_the_end_of_the_turn(
    told: Told, person: Callable[..., Person], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is new is read, its reminders are looked at, and it is told: three round trips."""
    groups = list[tuple[Bound, ...]]()
    with told.api() as api:
        ann = person("ann", api=api)
        dispatcher = told.news.dispatcher
        assert isinstance(dispatcher, Dispatcher)
        as_owner = dispatcher.as_owner

        async def observed(turn: Turn, *calls: Bound) -> list[list[Row]]:
            groups.append(calls)
            return await as_owner(turn, *calls)

        monkeypatch.setattr(dispatcher, "as_owner", observed)
        ann.adds("Milk")
        receiver.hears(ann.id)
        told.until_all(ann.id)

    assert len(groups) == 3
    assert groups[-1][0].statement is deliveries.HOLD_CLOCK.statement


def test_of_who_is_forgotten_meanwhile_nothing_is_left(
    told: Told, person: Callable[..., Person], receiver: Receiver, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.fault = "late"
    with told.api() as api:
        ann = person("ann", api=api)
        ann.adds("Milk")
        ann.adds("Eggs")
        eventually(lambda: receiver.attempts_of(ann.id))
        assert ann.delete("/me", params={"confirm": "everything"}).status_code == 204

        receiver.go_on.set()
        dispatcher = told.news.dispatcher
        assert isinstance(dispatcher, Dispatcher)
        eventually(lambda: not dispatcher.turns and not dispatcher.woken)

    assert asked(url, "select * from delivery") == asked(url, "select * from owner") == []
    assert [record for record in caplog.records if record.name == "taskward.webhook"] == []
    assert len(receiver.attempts_of(ann.id)) == 1
