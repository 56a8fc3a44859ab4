"""Calendars over HTTP: whoever knows the address reads what is due, and nobody else anything."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from support.answers import problem
from support.calendars import Entry, read_by_ical_js, read_by_icalendar, read_by_vobject
from support.database_proxy import DatabaseProxy
from support.databases import asked
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.http.admission import IN_FLIGHT_PER_CONNECTION, PART_OF_STRANGERS, Admission
from taskward.http.errors import Overloaded
from taskward.logs import JsonFormatter, digest
from taskward.owners.calendar_links import SECRET_FORM, digest_of
from taskward.postgres.pool import Pool
from taskward.settings import Settings
from taskward.tasks import due
from taskward.tasks.zones import rules_of

NO_SECRET = "a" * 32


def made(person: Person) -> str:
    """The path of a new address."""
    answer = person.post("/calendar")
    assert answer.status_code == 201, answer.text
    [url] = answer.json().values()
    assert url.startswith(str(person.http.base_url).rstrip("/"))
    return str(httpx.URL(url).path)


def calendar(visitor: httpx.Client, path: str, **query: Any) -> list[Entry]:
    answer = visitor.get(path, params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8"), answer.text
    return read_by_icalendar(answer.content)


def titles(entries: list[Entry]) -> list[str]:
    return [entry.summary for entry in entries]


# The address


def test_whoever_knows_the_address_reads_what_is_due(ann: Person, bob: Person, visitor: httpx.Client) -> None:
    ann.adds("Milk", due_on="2026-03-10")
    ann.adds("Without a due")
    ann.adds("Done", due_on="2026-03-10", status="Done")
    ann.delete(f"/tasks/{ann.adds('Deleted', due_on='2026-03-10')['id']}")
    ann.adds("Call", due_at="2026-03-09T18:00:00+01:00", status="InProgress")
    bob.adds("His", due_on="2026-03-10")

    path = made(ann)

    assert re.fullmatch(rf"/calendar/{SECRET_FORM}\.ics", path)
    for form in ("todos", "events"):
        assert titles(calendar(visitor, path, **{"as": form})) == ["Call", "Milk"]
    assert calendar(visitor, path) == calendar(visitor, path, **{"as": "todos"})
    assert titles(calendar(visitor, made(bob))) == ["His"]


def test_a_second_address_takes_the_place_of_the_first_and_removing_it_leaves_none(
    ann: Person, visitor: httpx.Client
) -> None:
    first, second = made(ann), made(ann)

    assert first != second
    problem(visitor.get(first), 404, "calendar_not_found")
    assert visitor.get(second).status_code == 200
    for _ in range(2):
        answer = ann.delete("/calendar")
        assert (answer.status_code, answer.content) == (204, b"")
        problem(visitor.get(second), 404, "calendar_not_found")
    assert visitor.get(made(ann)).status_code == 200


def test_a_retry_makes_another_address_of_which_the_latest_holds(ann: Person, visitor: httpx.Client) -> None:
    """Nobody could tell the first again: only its digest is kept."""
    key = {"Idempotency-Key": "the same"}
    first, second = (ann.post("/calendar", headers=key).json()["url"] for _ in range(2))

    assert (visitor.get(first).status_code, visitor.get(second).status_code) == (404, 200)


def test_a_removal_that_is_sent_again_leaves_the_address_made_since(ann: Person, visitor: httpx.Client) -> None:
    key = {"Idempotency-Key": "removed"}
    first = made(ann)
    removed = ann.delete("/calendar", headers=key)
    second = made(ann)
    again = ann.delete("/calendar", headers=key)

    assert [(one.status_code, one.headers.get("idempotent-replayed")) for one in (removed, again)] == [
        (204, None),
        (204, "true"),
    ]
    assert (visitor.get(first).status_code, visitor.get(second).status_code) == (404, 200)
    problem(ann.post("/tasks", json={"title": "x"}, headers=key), 422, "idempotency_key_reused")
    problem(ann.delete("/calendar", headers={"Idempotency-Key": "a b"}), 422, "validation_failed")


def test_only_a_digest_of_the_secret_is_kept(ann: Person, database_url: str) -> None:
    path = made(ann)
    secret = path.removeprefix("/calendar/").removesuffix(".ics")

    tables = [name for (name,) in asked(database_url, "select tablename from pg_tables where schemaname = 'public'")]
    for table in tables:
        rows = asked(
            database_url,
            f"select to_jsonb(row)::text from {table} row where to_jsonb(row)::text like %s",
            f"%{secret}%",
        )
        assert rows == []
    [(kept,)] = asked(database_url, "select digest from calendar_links where owner_id = %s", ann.id)
    assert kept == digest_of(secret)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_making_and_removing_needs_a_token(method: str, visitor: httpx.Client) -> None:
    problem(visitor.request(method, "/calendar"), 401, "token_missing")


def test_a_token_is_no_secret_and_a_secret_no_token(ann: Person, visitor: httpx.Client) -> None:
    path = made(ann)
    secret = path[len("/calendar/") : -len(".ics")]

    problem(visitor.get("/tasks", headers={"Authorization": f"Bearer {secret}"}), 401, "token_invalid")
    problem(ann.get(f"/calendar/{NO_SECRET}.ics"), 404, "calendar_not_found")
    assert ann.get("/calendar").status_code == 405
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused = visitor.request(method, path)
        problem(refused, 405, "method_not_allowed")
        assert refused.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "name",
    [
        NO_SECRET,
        "a",
        "A" * 32,
        "a" * 33,
        "1" * 32,
        "%00" * 32,
        "é" * 32,
        "a" * 31 + "%0a",
        "..",
        "'" * 32,
        "a" * 60_000,
    ],
)
def test_what_is_no_secret_is_no_calendar(visitor: httpx.Client, name: str) -> None:
    answer = visitor.get(f"/calendar/{name}.ics")

    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers
    assert len(name) == 1 or name not in answer.text


def test_a_forgotten_owner_has_no_calendar(ann: Person, visitor: httpx.Client, database_url: str) -> None:
    path = made(ann)

    assert ann.delete("/me", params={"confirm": "everything"}).status_code == 204

    problem(visitor.get(path), 404, "calendar_not_found")
    assert asked(database_url, "select from calendar_links where owner_id = %s", ann.id) == []


# Where it is


@pytest.mark.parametrize(
    ("changed", "headers", "begins"),
    [
        ({"api_prefix": "/api/v1"}, {}, "http://{host}/api/v1/calendar/"),
        ({"root_path": "/todo-api"}, {}, "http://{host}/todo-api/calendar/"),
        ({}, {"Host": "tasks.example.com"}, "http://tasks.example.com/calendar/"),
        ({}, {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}, "http://{host}/calendar/"),
        ({}, {"Host": "a/b?c#d@e f"}, "http://{host}/calendar/"),
        (
            {"public_url": "https://example.com/todo", "api_prefix": "/v1", "root_path": "/todo"},
            {"Host": "evil.example"},
            "https://example.com/todo/v1/calendar/",
        ),
    ],
)
def test_the_address_is_the_one_by_which_clients_reach_it(
    settings: Settings,
    issuer: LocalIssuer,
    person: Callable[..., Person],
    changed: dict[str, str],
    headers: dict[str, str],
    begins: str,
) -> None:
    with serving(create_app(settings.model_copy(update=changed), local_issuer=issuer)) as api:
        ann = person("ann", api=api)
        path = f"{changed.get('api_prefix', '')}/calendar"

        for slash in ("", "/"):
            [url] = ann.post(path + slash, headers=headers).json().values()
            host = httpx.URL(api).netloc.decode()
            assert re.fullmatch(re.escape(begins.format(host=host)) + SECRET_FORM + r"\.ics", url)
            name = url.rpartition("/")[2]
            assert ann.get(f"{path}/{name}").status_code == 200


# What stands in it


def test_the_dates_to_come_are_those_that_the_api_tells(ann: Person, visitor: httpx.Client) -> None:
    """By three programs, in zones that change their clocks, and over a completion, a skip and a move."""
    for zone, rule in [
        ("America/New_York", "FREQ=WEEKLY;BYDAY=SU,WE"),
        ("Pacific/Auckland", "FREQ=DAILY;INTERVAL=9;COUNT=40"),
        ("Africa/Casablanca", "FREQ=MONTHLY;BYDAY=-1SU"),
        (None, "FREQ=MONTHLY;BYMONTHDAY=29,31"),
    ]:
        due = {"due_on": "2026-09-01"} if zone is None else {"due_at": "2026-09-01T03:15:00Z", "time_zone": zone}
        ann.adds(rule, recurrence=rule, **due)
    tasks = ann.tasks()
    ann.post(f"/tasks/{tasks[0]['id']}/complete", json={"occurrence": 1, "missed": "keep"})
    ann.post(f"/tasks/{tasks[1]['id']}/skip", json={"occurrence": 1, "missed": "keep"})
    moved = datetime.fromisoformat(tasks[2]["due_at"]) + timedelta(hours=30)
    assert ann.patch(f"/tasks/{tasks[2]['id']}", json={"due_at": moved.isoformat()}).status_code == 200
    path = made(ann)

    for form in ("todos", "events"):
        text = visitor.get(path, params={"as": form}).content
        seen: list[list[Entry]] = [read_by_icalendar(text, count=31), read_by_ical_js([text], count=31)[0]]
        seen.append(read_by_vobject(text.replace(b"\r\n", b"\n"), count=1))
        for entries in seen[:2]:
            for task in ann.tasks():
                times = [moment for entry in entries if entry.summary == task["title"] for moment in entry.times]
                dates = ann.get(f"/tasks/{task['id']}/occurrences", params={"limit": 30}).json()
                walls = [wall_time(moment, task["time_zone"]) for moment in times[1:31]]
                assert walls == dates, task["title"]
                assert times[0] == (task["due_on"] or f"{task['due_at'][:19]}.000Z")
        assert titles(seen[2]) == titles(seen[0])


def wall_time(moment: str, zone: str | None) -> str:
    if zone is None:
        return moment
    return datetime.fromisoformat(moment).astimezone(rules_of(zone)).replace(tzinfo=None).isoformat()


def test_lists_are_asked_for_as_in_lists_of_tasks(ann: Person, visitor: httpx.Client) -> None:
    home = ann.post("/lists", json={"name": "Home", "uid": "6f1d3c1e-8a4b-4c57-9d0e-2b7f5a9c1e34"}).json()
    work = ann.post("/lists", json={"name": "Work"}).json()
    ann.adds("Inbox", due_on="2026-03-09")
    ann.adds("Home", due_on="2026-03-10", list_id=home["id"])
    ann.adds("Work", due_on="2026-03-11", list_id=work["id"])
    path = made(ann)

    for asked_for, found in [
        ([], ["Inbox", "Home", "Work"]),
        (["inbox"], ["Inbox"]),
        ([home["id"]], ["Home"]),
        ([home["uid"]], ["Home"]),
        ([home["uid"], work["id"]], ["Home", "Work"]),
        (["inbox", work["id"]], ["Inbox", "Work"]),
        ([999_999_999_999], []),
    ]:
        assert titles(calendar(visitor, path, list=asked_for)) == found


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ({"as": "x"}, ["query", "as"]),
        ({"as": ["todos", "events"]}, ["query", "as"]),
        ({"list": "07"}, ["query", "list", 0]),
        ({"lists": "7"}, ["query", "lists"]),
        ({"limit": "7"}, ["query", "limit"]),
    ],
)
def test_what_is_not_asked_for_rightly_is_told_before_the_secret_is_looked_at(
    visitor: httpx.Client, query: dict[str, Any], loc: list[str]
) -> None:
    document = problem(visitor.get(f"/calendar/{NO_SECRET}.ics", params=query), 422, "validation_failed")

    assert document["errors"][0]["loc"] == loc
    assert visitor.get(f"/calendar/{NO_SECRET}.ics", params={"_": "1"}).status_code == 404


def test_of_more_than_there_is_room_for_those_nearest_to_now_are_shown(
    ann: Person, visitor: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "MOST", 5)
    now = datetime.now(UTC)
    for days in (-400, -40, -4, 5, 50, 500):
        ann.adds(f"{days} on", due_on=(now + timedelta(days=days)).date().isoformat())
        ann.adds(f"{days} at", due_at=(now + timedelta(days=days)).isoformat())
    path = made(ann)

    assert {title.split()[0] for title in titles(calendar(visitor, path))} <= {"-40", "-4", "5"}
    assert len(calendar(visitor, path)) == 5

    monkeypatch.setattr(due, "MOST", 100)
    monkeypatch.setattr(due, "MAX_BYTES", 3 * 40_000)
    for task in ann.tasks():
        ann.patch(f"/tasks/{task['id']}", json={"description": "漢" * 10_000})
    shown = calendar(visitor, path)
    assert {title.split()[0] for title in titles(shown)} == {"-4", "5"}


# What is kept of it


def test_a_calendar_that_has_not_changed_is_not_sent_again(ann: Person, bob: Person, visitor: httpx.Client) -> None:
    milk = ann.adds("Milk", due_on="2026-03-10")
    path = made(ann)
    first = visitor.get(path)
    tag = first.headers["etag"]

    assert re.fullmatch(r'"[0-9]+-[0-9]{8}"', tag)
    assert first.headers["cache-control"] == "private, no-cache, no-transform"
    assert first.headers["content-disposition"] == 'attachment; filename="tasks.ics"'
    bob.adds("His", due_on="2026-03-10")
    for condition in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        for method in ("GET", "HEAD"):
            same = visitor.request(method, path, headers={"If-None-Match": condition})
            assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
            assert same.headers["cache-control"] == first.headers["cache-control"]
    for condition in ('"1"', tag.strip('"'), '""', tag.replace("-", "-1"), '"1-20260101"'):
        assert visitor.get(path, headers={"If-None-Match": condition}).status_code == 200
    problem(visitor.get(f"/calendar/{NO_SECRET}.ics", headers={"If-None-Match": "*"}), 404, "calendar_not_found")

    ann.patch(f"/tasks/{milk['id']}", json={"title": "Oat milk"})
    changed = visitor.get(path, headers={"If-None-Match": tag})

    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    assert titles(read_by_icalendar(changed.content)) == ["Oat milk"]


def test_head_tells_what_get_would(ann: Person, visitor: httpx.Client) -> None:
    ann.adds("Milk", due_on="2026-03-10")
    path = made(ann)
    get, head = visitor.get(path), visitor.head(path)

    assert head.content == b""
    for name in ("etag", "content-length", "content-type", "content-disposition", "cache-control"):
        assert head.headers[name] == get.headers[name]


# What is told of it elsewhere


def test_no_secret_stands_in_a_log(ann: Person, visitor: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = made(ann)
    secret = path[len("/calendar/") : -len(".ics")]
    for method in ("GET", "HEAD", "POST", "OPTIONS", "PURGE"):
        for asked_for in (path, f"{path}/", f"{path}/x", path.removesuffix(".ics"), f"{path}?as=x", f"{path}?{secret}"):
            visitor.request(method, asked_for)
    ann.delete("/calendar")
    visitor.get(path)

    ours = [record for record in caplog.records if record.name.startswith("taskward")]
    lines = [JsonFormatter().format(record) for record in ours]
    assert not [line for line in lines if secret in line or ann.id in line]
    read = [json.loads(line) for line in lines if "GET /calendar/{secret}.ics" in line]
    assert {line.get("owner") for line in read if line["status"] == 200} == {digest(ann.id)}
    assert "owner" not in read[-1]
    assert read[-1]["code"] == "calendar_not_found"


# What it costs


@pytest.mark.parametrize("is_pooled", [False, True])
def test_a_wrong_secret_asks_as_much_as_a_right_one_and_what_is_none_asks_nothing(
    issuer: LocalIssuer, proxy: DatabaseProxy, person: Callable[..., Person], is_pooled: bool
) -> None:
    proxy.makes_up_pids = is_pooled
    with serving(create_app(settings_for(proxy.url, database_pool_size=1), local_issuer=issuer)) as api:
        ann = person("ann", api=api)
        right, wrong = made(ann), f"/calendar/{NO_SECRET}.ics"
        tag = ann.get(right).headers["etag"]

        def cost(path: str, status: int, **headers: str) -> int:
            before = proxy.turns
            assert ann.get(path, headers=headers).status_code == status
            return proxy.turns - before

        assert cost(right, 200) == 2
        assert cost(right, 304, **{"If-None-Match": tag}) == 2
        assert cost(wrong, 404) == 2
        assert cost(wrong, 404, **{"If-None-Match": tag}) == 2
        assert cost("/calendar/x.ics", 404) == 0
        assert cost(f"{wrong}?as=x", 422) == 0
        # On the same connection, as its owner and nobody else
        assert ann.get("/tasks").json() == []
        milk = ann.adds("Milk", due_on="2026-03-10")
        assert (cost(right, 200, **{"If-None-Match": tag}), cost(wrong, 404)) == (2, 2)
        assert ann.tasks() == [milk]


def test_a_database_that_does_not_answer_is_503(issuer: LocalIssuer, proxy: DatabaseProxy) -> None:
    with serving(create_app(settings_for(proxy.url), local_issuer=issuer)) as api:
        proxy.refuse()

        for _ in range(3):
            refused = httpx.get(f"{api}/calendar/{NO_SECRET}.ics")
            problem(refused, 503, "database_unavailable")
            assert refused.headers["retry-after"]


# Too much


def test_requests_without_a_token_leave_room_for_those_with_one(database_url: str) -> None:
    pool = Pool(database_url, pool_size=1, deadline_seconds=1, owned_tables=["tasks"])
    admission = Admission(pool, requests_per_minute=0)
    strangers = IN_FLIGHT_PER_CONNECTION // PART_OF_STRANGERS

    with ExitStack() as in_flight:
        for _ in range(strangers):
            in_flight.enter_context(admission.of_strangers())
        with pytest.raises(Overloaded), admission.of_strangers():
            pass
        for _ in range(IN_FLIGHT_PER_CONNECTION - strangers):
            in_flight.enter_context(admission.admitted())
        with pytest.raises(Overloaded), admission.admitted():
            pass
    with admission.of_strangers():
        assert (admission.in_flight, admission.strangers) == (1, 1)
    assert (admission.in_flight, admission.strangers) == (0, 0)


@pytest.fixture(scope="module")
def three_a_minute(database_url: str, issuer: LocalIssuer) -> Iterator[str]:
    settings = settings_for(database_url, rate_limit_per_minute=3, request_deadline_seconds=15)
    with serving(create_app(settings, local_issuer=issuer)) as address:
        yield address


def test_a_calendar_is_read_so_often_in_a_minute_and_takes_nothing_from_its_owners_other_requests(
    three_a_minute: str, person: Callable[..., Person]
) -> None:
    ann = person("ann", api=three_a_minute)
    path = made(ann)

    with httpx.Client(base_url=three_a_minute, trust_env=False) as visitor:
        assert [visitor.get(path).status_code for _ in range(3)] == [200] * 3
        refused = visitor.get(path)
        problem(refused, 429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert ann.get("/tasks").status_code == 200
        for _ in range(5):  # which are nobody's
            problem(visitor.get(f"/calendar/{NO_SECRET}.ics"), 404, "calendar_not_found")
