"""`examples/webhook`: an application that sends a mail for each reminder, as its README runs it."""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from support.databases import database_of
from support.mailbox import Mailbox, mailbox
from support.npm import install
from support.people import Person
from support.programs import eventually, running
from support.requirements import require_program
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.migrations import migrate

EXAMPLE = Path(__file__).parents[2] / "examples" / "webhook"
WHY = "run the example that receives the webhook"
SECRET = "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cyBvZiBUYXNrd2FyZA=="
REMINDER = {
    "task_id": 7,
    "uid": None,
    "title": "Zahnarzt: 10 Uhr 🦷",
    "due_on": None,
    "due_at": "2026-03-10T09:00:00+00:00",
    "time_zone": "Europe/Berlin",
    "occurrence": None,
    "occurrence_date": None,
    "reminder": {"minutes_before": 30},
    "remind_at": "2026-03-10T08:30:00+00:00",
}


class Receiver:
    def __init__(self, url: str) -> None:
        self.url = url

    def gets(self, event: str, told: dict[str, Any], *, event_id: str = "msg_1", secret: str = SECRET) -> int:
        body = json.dumps({"type": event, "timestamp": "2026-03-10T08:30:00Z", "data": told}, ensure_ascii=False)
        now = datetime.now(UTC)
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(event_id, now, body),
        }
        return httpx.post(self.url, content=body.encode(), headers=headers, trust_env=False, timeout=30).status_code


@pytest.fixture(scope="module")
def mails() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture(scope="module")
def receiver(mails: Mailbox) -> Iterator[Receiver]:
    install(EXAMPLE, what="the example that receives the webhook")
    env = {"PATH": os.environ["PATH"], "PORT": "0", "WEBHOOK_SECRET": SECRET, "SMTP_URL": mails.url}
    with running(require_program("node", WHY), "receiver.mjs", env=env, cwd=EXAMPLE) as program:
        yield Receiver(program.said(r"http://127\.0\.0\.1:\d+")[0])


def test_a_task_with_a_reminder_becomes_a_mail(
    receiver: Receiver, mails: Mailbox, cluster: str, issuer: LocalIssuer, person: Callable[..., Person]
) -> None:
    mails.mails.clear()
    with database_of(cluster, "postgres") as (_, url):
        migrate(url)
        settings = settings_for(url, webhook_url=receiver.url, webhook_secret=SECRET, request_deadline_seconds=15)
        with serving(create_app(settings, local_issuer=issuer)) as api:
            ann = person("ann", api=api)
            seconds = 0.5
            while True:  # until it is written before its time, however busy the machine is
                moment = datetime.now(UTC) + timedelta(seconds=seconds)
                task = ann.adds("Call the dentist", reminders=[{"at": moment.isoformat()}])
                if datetime.fromisoformat(task["created_at"]) < moment:
                    break
                seconds *= 2

            eventually(lambda: mails.mails)

    [mail] = mails.mails
    assert (mail["to"], mail["subject"]) == (f"{ann.id}@example.com", "Call the dentist")
    assert mail.get_content().strip() == "Call the dentist"


def test_a_reminder_becomes_a_mail_and_its_repetition_none(receiver: Receiver, mails: Mailbox) -> None:
    mails.mails.clear()

    for _ in range(2):
        assert receiver.gets("reminder.due", {"owner": "ann", "reminder": REMINDER}) == 204

    [mail] = mails.mails
    assert (mail["to"], mail["subject"], mail["message-id"]) == (
        "ann@example.com",
        "Zahnarzt: 10 Uhr 🦷",
        "<msg_1@taskward>",
    )
    assert re.search(r"Due Tuesday.* 10 March 2026.* 10:00:00 CET\.", mail.get_content())


def test_a_title_of_several_lines_adds_no_header(receiver: Receiver, mails: Mailbox) -> None:
    mails.mails.clear()
    told = REMINDER | {"title": "Milk\r\nBcc: eve@example.com\r\n\r\nHello", "due_at": None, "due_on": "2026-03-10"}

    assert receiver.gets("reminder.due", {"owner": "ann", "reminder": told}, event_id="msg_5") == 204

    [mail] = mails.mails
    assert (mail["to"], mail["bcc"]) == ("ann@example.com", None)
    assert mail["subject"].startswith("Milk ")
    assert mail.get_content().strip().endswith("Due 2026-03-10.")


def test_what_cannot_be_mailed_comes_again(receiver: Receiver, mails: Mailbox) -> None:
    mails.mails.clear()
    told = {"owner": "ann", "reminder": REMINDER | {"time_zone": "Factory"}}

    mails.is_open = False
    assert receiver.gets("reminder.due", told, event_id="msg_2") == 500
    mails.is_open = True
    assert receiver.gets("reminder.due", told, event_id="msg_2") == 204

    [mail] = mails.mails
    assert re.search(r"Due Tuesday.* 10 March 2026.* 09:00:00 UTC\.", mail.get_content())


def test_other_events_are_taken_and_others_requests_are_not(receiver: Receiver, mails: Mailbox) -> None:
    mails.mails.clear()

    assert receiver.gets("task.changed", {"owner": "ann", "task": {"id": 7}}, event_id="msg_3") == 204
    other_secret = "whsec_" + "QUJD" * 10
    assert (
        receiver.gets("reminder.due", {"owner": "ann", "reminder": REMINDER}, event_id="msg_4", secret=other_secret)
        == 401
    )
    assert httpx.post(receiver.url, content=b"x", trust_env=False).status_code == 401

    assert mails.mails == []
