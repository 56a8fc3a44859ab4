"""One event on its way, to receivers of every kind."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from support.receiver import SECRET, Receiver, receiving
from support.requirements import require_program
from taskward.doors.webhook_events import Event, event_of
from taskward.doors.webhook_retries import is_given_up, seconds_until_next, wish_in
from taskward.doors.webhook_sending import Answer, Outcome, Sender, signature
from taskward.resources.feed import Position
from taskward.settings import Settings, read_settings

EVENT = Event(
    "task.changed", "msg_1", '{"type":"task.changed","data":{"owner":"ann","task":{"title":"搬家"}}}'.encode()
)
DAY = 86_400


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def settings_of(url: str, **more: str) -> Settings:
    return read_settings(webhook_url=url, webhook_secret=SECRET, **more)


def sent(settings: Settings, *events: Event, seconds: float = 20) -> list[Answer]:
    async def main() -> list[Answer]:
        sender = Sender(settings, seconds=seconds)
        try:
            return [await sender.send(event) for event in events]
        finally:
            await sender.close()

    return asyncio.run(main())


def test_what_is_taken_is_genuine_and_comes_on_one_connection(receiver: Receiver) -> None:
    connections = []
    receiver.fault = lambda _: connections.append(1)

    answers = sent(settings_of(receiver.url), EVENT, EVENT, EVENT)

    assert answers == [Answer(Outcome.DELIVERED, "204")] * 3
    assert [told.body for told in receiver.taken] == [EVENT.body] * 3
    assert receiver.refused == []


@pytest.mark.parametrize(
    ("fault", "outcome", "said"),
    [
        ("redirect", Outcome.REJECTED, "307"),
        ("500", Outcome.REJECTED, "500"),
        ("410", Outcome.REJECTED, "410"),
        ("304", Outcome.REJECTED, "304"),
        ("huge", Outcome.REJECTED, "500"),
        ("reset", Outcome.UNREACHABLE, "ConnectionResetError"),
        ("garbage", Outcome.UNREACHABLE, "RemoteProtocolError"),
        ("cut", Outcome.UNREACHABLE, "RemoteProtocolError"),
    ],
)
def test_a_strange_receiver_has_not_taken_it(receiver: Receiver, fault: str, outcome: Outcome, said: str) -> None:
    receiver.fault = fault

    assert sent(settings_of(receiver.url), EVENT) == [Answer(outcome, said)]
    assert len(receiver.attempts) == 1


@pytest.mark.parametrize("fault", ["hang", "trickle", "199"])
def test_who_does_not_answer_in_time_has_not_taken_it(receiver: Receiver, fault: str) -> None:
    receiver.fault = fault

    assert sent(settings_of(receiver.url), EVENT, seconds=0.3) == [Answer(Outcome.TIMEOUT, "no answer within 0.3 s")]


@pytest.mark.parametrize(
    ("url", "said"), [("http://127.0.0.1:{port}", "ConnectionRefusedError"), ("https://nobody.invalid/", "gaierror")]
)
def test_who_is_not_there_has_not_taken_it(url: str, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]

    assert sent(settings_of(url.format(port=port)), EVENT) == [Answer(Outcome.UNREACHABLE, said)]


def test_nobody_is_told_whose_certificate_is_not_good(tmp_path: Path) -> None:
    require_program("openssl", "make a certificate")
    names = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost", "-days", "1"]
    making = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *names]
    subprocess.run(making, cwd=tmp_path, check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    with receiving(tls=tls) as receiver:
        answers = sent(settings_of(receiver.url), EVENT)

    assert answers == [Answer(Outcome.UNREACHABLE, "SSLCertVerificationError")]

    assert receiver.attempts == []


def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert sent(settings_of(receiver.url), EVENT) == [Answer(Outcome.DELIVERED, "204")]


def test_the_signature_is_that_of_the_specification_with_each_key() -> None:
    keys = read_settings(webhook_url="https://a.b", webhook_secret=f"{SECRET},{SECRET}").webhook_keys

    first, second = signature(keys, EVENT, at=1_700_000_000).split(" ")

    ours = Webhook(SECRET)
    assert first == second
    with pytest.raises(Exception, match="too old"):
        ours.verify(EVENT.body, {"webhook-id": "msg_1", "webhook-timestamp": "1700000000", "webhook-signature": first})


def test_an_event_is_made_of_its_row_alone() -> None:
    change = {"kind": "task", "op": "put", "task": {"id": 7, "title": "A", "version": 1773162131512}}
    position = Position(1_773_162_131_512, 2, 7)

    event, again = event_of("ann", position, change), event_of("ann", position, change)

    assert event == again
    assert event is not None
    assert event.body == (
        b'{"type":"task.changed","timestamp":"2026-03-10T17:02:11.512Z",'
        b'"data":{"owner":"ann","task":{"id":7,"title":"A","version":1773162131512}}}'
    )
    others = [
        event_of("bob", position, change),
        event_of("ann", position._replace(id=8), change),
        event_of("ann", position._replace(version=position.version + 1), change),
        event_of("ann", position, {"kind": "task", "op": "remove", "id": 7, "uid": None}),
    ]
    assert len({event.id, *(other.id for other in others if other)}) == 5


def test_a_version_beyond_all_times_is_still_an_event() -> None:
    change = {"kind": "list", "op": "remove", "id": 1, "uid": None}

    event = event_of("ann", Position(2**53 - 1, 1, 1), change)

    assert event is not None
    assert b'"timestamp":"9999-12-31T23:59:59.999Z"' in event.body


def test_a_completion_that_was_taken_back_is_told_by_its_task_alone() -> None:
    change = {"kind": "completion", "op": "remove", "task_id": 1, "occurrence": 1}

    assert event_of("ann", Position(1, 3, 1, 1), change) is None


def test_attempts_come_after_the_times_of_the_contract() -> None:
    planned = [5, 300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200, 43_200]

    for failures, seconds in enumerate(planned):
        assert seconds_until_next(failures, chance=0.5, wish_seconds=None) == pytest.approx(seconds)
        assert seconds_until_next(failures, chance=0, wish_seconds=None) == pytest.approx(seconds * 0.8)
        assert seconds_until_next(failures, chance=1, wish_seconds=None) == pytest.approx(seconds * 1.2)


def test_a_receiver_may_ask_for_more_time_and_for_a_day_at_most() -> None:
    assert seconds_until_next(0, chance=0, wish_seconds=60) == 60
    assert seconds_until_next(1, chance=0, wish_seconds=60) == 240
    assert seconds_until_next(0, chance=0, wish_seconds=10 * DAY) == DAY


@pytest.mark.parametrize(
    ("retry_after", "wish"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        (" 120 ", 120),
        ("9" * 400, 9_999_999_999),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Thu, 99 Jan 1970 00:02:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(retry_after: str | None, wish: float | None) -> None:
    assert wish_in(retry_after, now=100) == wish


def test_attempts_end_after_thirty_days_or_when_the_trash_does() -> None:
    assert not is_given_up(30 * DAY - 1, trash_days=7)
    assert is_given_up(30 * DAY, trash_days=7)
    assert not is_given_up(30 * DAY, trash_days=60)
