"""Filters, sorts, search and cursors of GET /tasks, held against a model in plain Python.

`TASKWARD_EXAMPLES=5000 pytest tests/api/test_finding.py` asks for more, each time something else.
"""

import asyncio
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, get_args

import pytest

from support.answers import problem, shaped
from support.databases import using
from support.expected_lists import MICROSECOND, expected
from support.expected_tasks import Task
from support.pages import cursor_of, next_of, walked
from support.people import Person
from taskward.auth.issuer import LocalIssuer
from taskward.postgres.statements import Bound, Statement
from taskward.resources.paging import PageRequest, cursor_for
from taskward.resources.session import Session
from taskward.tasks import zones
from taskward.tasks.finding import EVERYTHING, THROUGH_INDEXES, TaskQuery, filtered, list_statement, list_tasks
from taskward.tasks.orders import Sort, days_in, order_of

IS_LONG = "TASKWARD_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TASKWARD_EXAMPLES", "250"))
SEED = secrets.randbelow(2**32) if IS_LONG else 7

SORTS = ("created_at", "updated_at", "completed_at", "due", "priority", "title")
ZONES = (
    "UTC",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "America/Havana",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Cairo",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Europe/Dublin",
)
DAYS = [
    date(*day)
    for day in (
        (1, 1, 1),
        (1, 1, 2),
        (1883, 11, 18),
        (1987, 10, 25),
        (2011, 12, 29),
        (2011, 12, 30),
        (2011, 12, 31),
        (2018, 11, 3),
        (2018, 11, 4),
        (2025, 11, 1),
        (2025, 11, 2),
        (2026, 3, 9),
        (2026, 3, 10),
        (2026, 3, 28),
        (2026, 3, 29),
        (2026, 10, 24),
        (2026, 10, 25),
        (2100, 2, 28),
        (2499, 12, 31),
        (2500, 3, 28),
        (9999, 10, 31),
        (9999, 12, 30),
        (9999, 12, 31),
    )
]
WORDS = [
    *(
        "milk",
        "Milch",
        "MILK",
        "İstanbul",
        "straße",
        "ΟΔΟΣ",
        "x1",
        "e\u0301",
        "é",
        "a_b",
        "don't",
        "😀\ufe0f",
        "½",
        "Ёлка",
    ),
    *(
        "日本",
        "準備搬家了",
        "搬家公司",
        "买iPhone手机壳",
        "2024年12月",
        "が",
        "か\u3099き",
        "ข้าวผัด",
        "한국",
        "नमस्ते",
        "كَتَبَ",
    ),
]
TAGS = ["home", "Home", "a b", "ü", '"', "\\", "{}", ",", "x" * 50, "'; --"]
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


# What is asked for


def instants_near(chance: Random) -> datetime:
    zone, day = chance.choice(ZONES), chance.choice(DAYS).toordinal() + chance.choice((0, 0, 1))
    at = datetime(1970, 1, 1, tzinfo=UTC)
    try:
        return at + (zones.start_of_day(day, zone) + chance.choice((-1, 0, 0, 1, 1_800_000_000))) * MICROSECOND
    except OverflowError:
        return chance.choice((FIRST, LAST))


def new_task(chance: Random) -> Task:
    task: Task = {"title": " ".join(chance.choices(WORDS, k=chance.randint(1, 3)))}
    if chance.random() < 0.3:
        task["title"] = chance.choice(
            ["a", "B", "b", "Z", "é", "\uffff", "\U00010000", "\x01", '"', "a b", "a  b", "a\\"]
        )
    if chance.random() < 0.5:
        task["description"] = chance.choice(("-", "\n")).join(chance.choices(WORDS, k=3))
    task["status"] = chance.choice(("Todo", "InProgress", "Done"))
    task["priority"] = chance.choice(("low", "medium", "high", None))
    task["tags"] = chance.sample(TAGS, chance.choice((0, 0, 1, 2, 5)))
    match chance.randrange(5):
        case 0 | 1:
            task["due_on"] = chance.choice(DAYS).isoformat()
        case 2 | 3:
            task["due_at"] = instants_near(chance).isoformat()
    if chance.random() < 0.1:
        task["due_on"], task["due_at"] = (datetime.now(UTC).date() + timedelta(chance.randint(-4, 4))).isoformat(), None
    return task


def part_of(word: str, chance: Random) -> str:
    first = chance.choice((0, 0, 1, 2))
    return unicodedata.normalize(chance.choice(("NFC", "NFD")), word[first : first + chance.randint(1, 9)])


def new_query(chance: Random) -> dict[str, Any]:
    query: dict[str, Any] = {}
    often = chance.choice((0.1, 0.3, 0.5))

    def bound() -> str:
        if chance.random() < 0.5:
            return chance.choice(DAYS).isoformat()
        instant = instants_near(chance)
        if FIRST + timedelta(2) < instant < LAST - timedelta(2):
            instant = instant.astimezone(chance.choice((UTC, datetime.now().astimezone().tzinfo, EAST)))
        return instant.isoformat()

    for name, make in {
        "status": lambda: chance.choices(("Todo", "InProgress", "Done"), k=chance.randint(1, 3)),
        "priority": lambda: chance.choices(("low", "medium", "high", "none"), k=chance.randint(1, 3)),
        "tag": lambda: chance.choices(TAGS, k=chance.choice((1, 1, 2))),
        "due_before": bound,
        "due_after": bound,
        "overdue": lambda: "true",
        "q": lambda: " ".join(part_of(word, chance) for word in chance.choices(WORDS, k=chance.choice((1, 1, 2)))),
    }.items():
        if chance.random() < often:
            query[name] = make()
    if chance.random() < 0.6:
        query["time_zone"] = chance.choice(ZONES)
    if chance.random() < 0.8:
        query["sort"] = chance.choice(("", "-")) + chance.choice(SORTS)
    return query


EAST = datetime.fromisoformat("2026-01-01T00:00:00+14:00").tzinfo


@pytest.fixture(scope="module")
def busy(api: str, issuer: LocalIssuer) -> Iterator[Person]:
    """Somebody with a hundred and twenty tasks of all kinds, of which some have changed and some are gone."""
    person, chance = Person("busy", api=api, issuer=issuer), Random(SEED)  # noqa: S311
    added = []
    for number in range(140):
        body = new_task(chance)
        if "due_on" in body and "due_at" in body:
            del body["due_at"]
        added.append(person.adds(**body))
        if number % 7 == 0:
            assert person.delete(f"/tasks/{added.pop()['id']}").status_code == 204
    for task in chance.sample(added, 60):
        change = chance.choice(({"status": "Done"}, {"status": "Todo"}, {"priority": "high"}, {"tags": ["home"]}))
        assert person.patch(f"/tasks/{task['id']}", json=change).status_code == 200
    yield person
    person.close()


def test_what_is_found_is_what_a_model_in_plain_python_finds(busy: Person) -> None:
    chance = Random(SEED)  # noqa: S311
    tasks = busy.tasks(limit=500)
    assert len(tasks) == 120

    for _ in range(EXAMPLES):
        query = new_query(chance)
        found = expected(tasks, query)
        limit = chance.choice((1 if len(found) < 9 else 7, 10, 40, 500))

        pages = list(walked(busy, "/tasks", query | {"limit": limit}))
        if found != expected(tasks, query):  # a day ended meanwhile
            continue

        assert [task["id"] for page in pages for task in page] == [task["id"] for task in found], (SEED, query)
        assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
        assert pages[-1] or len(pages) == 1
        for task in pages[0]:
            assert shaped(task) in tasks


def test_skip_cuts_from_any_list(busy: Person) -> None:
    chance = Random(SEED)  # noqa: S311
    tasks = busy.tasks(limit=500)

    for _ in range(EXAMPLES // 10):
        query, skip = new_query(chance), chance.randrange(30)
        found = expected(tasks, query)
        pages = list(walked(busy, "/tasks", query | {"skip": skip, "limit": 20}))
        if found == expected(tasks, query):  # else a day ended meanwhile
            assert [task["id"] for page in pages for task in page] == [task["id"] for task in found][skip:]


def test_every_page_tells_how_many_tasks_are_found_when_it_is_asked_to(busy: Person) -> None:
    chance = Random(SEED)  # noqa: S311
    tasks = busy.tasks(limit=500)
    for query in [{}, *(new_query(chance) for _ in range(EXAMPLES // 8))]:
        found = expected(tasks, query)

        first = busy.get("/tasks", params=query | {"limit": 1, "count": "true"})
        later = busy.get("/tasks", params=query | {"skip": 7, "limit": 3, "count": "true"})
        not_asked = busy.get("/tasks", params=query | {"limit": 1})
        if found != expected(tasks, query):  # a day ended meanwhile
            continue

        assert (first.headers["x-total-count"], later.headers["x-total-count"]) == (str(len(found)),) * 2
        assert "x-total-count" not in not_asked.headers
        if len(found) > 1:
            assert "count=true" in first.headers["link"]
            assert busy.get("/tasks" + next_of(first)).headers["x-total-count"] == str(len(found))


def test_a_count_is_of_ones_own_tasks_that_are_not_in_the_trash(ann: Person, bob: Person) -> None:
    ids = [ann.adds(title)["id"] for title in ("Milk", "Bread", "Eggs")]
    bob.adds("Salt")
    ann.delete(f"/tasks/{ids[0]}")

    assert ann.get("/tasks?count=true").headers["x-total-count"] == "2"
    assert ann.get("/tasks?count=true&q=milk").headers["x-total-count"] == "0"


@pytest.mark.parametrize("count", ["false", "1", "", "True", "true&count=true"])
def test_a_count_is_asked_for_in_one_way(ann: Person, count: str) -> None:
    problem(ann.get(f"/tasks?count={count}"), 422, "validation_failed")


def test_a_default_list_leaves_out_what_was_deleted(ann: Person) -> None:
    milk, bread = ann.adds("Milk"), ann.adds("Bread")
    ann.delete(f"/tasks/{milk['id']}")

    assert ann.tasks() == ann.tasks(sort="created_at", time_zone="Asia/Tokyo") == ann.tasks(q="bread") == [bread]


# What is no query


WRONG = [
    *("status=todo", "status=Todo&status=x", "priority=High", "tag=", "tag=a%00b", "tag=" + "x" * 51, "overdue=false"),
    *("sort=due_on", "sort=due&sort=due", "time_zone=europe/berlin", "time_zone=+02:00", "q=a&q=a", "unknown=1"),
    *("limit=0", "skip=-1", "due_after=x", "due_before=", "due_before=2026-02-30", "due_before=2026-03-10T12:00:00"),
    *("due_before=2026-03-10T12:00:00%2B0200", "due_before=9999-12-31T23:59:59-00:01", "due_before=2026-03-10%00"),
]
"""One of each type; `unit/test_parameters.py` has the others."""


@pytest.mark.parametrize("query", WRONG)
def test_an_unknown_parameter_value_or_sort_is_refused(ann: Person, query: str) -> None:
    document = problem(ann.get(f"/tasks?{query}"), 422, "validation_failed")

    assert document["errors"][0]["loc"][0] == "query"


def test_a_bound_may_stand_once(ann: Person) -> None:
    for name in ("due_before", "due_after"):
        problem(ann.get(f"/tasks?{name}=2026-03-10&{name}=2026-03-10"), 422, "validation_failed")


@pytest.fixture(scope="module")
def at_the_ends_of_time(api: str, issuer: LocalIssuer) -> Iterator[Person]:
    """Somebody with a task for the first day and one for the last, for reading alone."""
    person = Person("patient", api=api, issuer=issuer)
    person.adds("First", due_on="0001-01-01")
    person.adds("Last", due_on="9999-12-31")
    yield person
    person.close()


@pytest.mark.parametrize(
    "bound",
    [
        *("0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        *("2026-03-10t12:00:00z", "2026-03-10T12:00:00.123456789Z", "2026-03-10T12:00:00%2B02:00"),
        *("2026-03-10T12:00:00+02:00", "2026-03-10T12:00:00-23:59"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Etc/GMT%2B12", "Factory"])
def test_bounds_at_the_ends_of_time_and_in_every_spelling_are_answered(
    at_the_ends_of_time: Person, bound: str, zone: str
) -> None:
    first, last = at_the_ends_of_time.tasks()

    found = [
        at_the_ends_of_time.get(f"/tasks?{name}={bound}&time_zone={zone}&sort=due&limit=1")
        for name in ("due_before", "due_after")
    ]

    assert [answer.status_code for answer in found] == [200, 200], found[0].text
    assert [task for answer in found for task in answer.json()] in ([first], [last], [first, last], [])


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("UTC", "2026-03-11", "2026-03-11T00:00:00Z"),
        ("Europe/Warsaw", "2026-03-29", "2026-03-28T23:00:00Z"),
        ("Europe/Warsaw", "2026-03-30", "2026-03-29T22:00:00Z"),  # after 23 hours
        ("Europe/Warsaw", "2026-10-25", "2026-10-24T22:00:00Z"),
        ("Europe/Warsaw", "2026-10-26", "2026-10-25T23:00:00Z"),  # after 25 hours
        ("America/New_York", "2026-03-09", "2026-03-09T04:00:00Z"),
        ("America/New_York", "2026-11-02", "2026-11-02T05:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-06", "2026-04-05T13:30:00Z"),  # after 24.5 hours
        ("Asia/Kolkata", "2026-03-10", "2026-03-09T18:30:00Z"),
        ("Pacific/Kiritimati", "2026-03-10", "2026-03-09T10:00:00Z"),
        ("Etc/GMT+12", "2026-03-10", "2026-03-10T12:00:00Z"),
        ("America/Havana", "2025-11-02", "2025-11-02T04:00:00Z"),  # with the first of two midnights
        ("Atlantic/Azores", "2025-10-26", "2025-10-26T00:00:00Z"),  # the same
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),  # at one o'clock
        ("Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z"),  # the same
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z"),  # after a day that was left out
        ("Europe/Dublin", "9999-07-01", "9999-06-30T23:00:00Z"),
    ],
)
def test_the_bound_of_a_day_finds_the_same_as_an_instant(ann: Person, zone: str, day: str, begins: str) -> None:
    eve = (date.fromisoformat(day) - timedelta(1)).isoformat()
    last_moment = (datetime.fromisoformat(begins) - timedelta(microseconds=1)).isoformat()
    ann.adds("that day", due_on=day)
    ann.adds("its beginning", due_at=begins)
    ann.adds("the last moment before", due_at=last_moment)
    ann.adds("the day before", due_on=eve)

    def found(**query: Any) -> list[str]:
        return [task["title"] for task in ann.tasks(time_zone=zone, sort="due", **query)]

    before, after = ["the last moment before", "the day before"], ["its beginning", "that day"]
    assert found() == [*before, *after]
    assert found(due_before=day) == found(due_before=begins) == before
    assert found(due_after=eve) == found(due_after=last_moment) == after
    assert found(due_after=begins) == ["that day"]
    assert found(due_before=last_moment) == []
    backwards = walked(ann, "/tasks", {"time_zone": zone, "sort": "-due", "limit": "1"})
    assert [task["title"] for page in backwards for task in page] == [*reversed([*before, *after])]


def test_a_plus_that_became_a_space_is_taken_for_a_plus(ann: Person) -> None:
    ann.adds("Milk", due_at="2026-03-10T10:30:00Z")

    assert ann.get("/tasks?due_before=2026-03-10T12:00:00+01:00").json()
    assert not ann.get("/tasks?due_before=2026-03-10T12:00:00+02:00").json()
    assert not ann.get("/tasks?due_before=2026-03-10T12:00:00%2B02:00").json()


# Search


@pytest.fixture(scope="module")
def with_milk(api: str, issuer: LocalIssuer) -> Iterator[Person]:
    """Somebody with one task, for reading alone."""
    person = Person("with-milk", api=api, issuer=issuer)
    person.adds(
        "Fresh milk, 12 bottles", description=f"Straße/İstanbul\n\u00e9!{'x' * 300} 準備搬家了、买iPhone手机壳 ข้างหน้า"
    )
    yield person
    person.close()


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("milk", True),
        ("MILK fresh", True),
        ("mil fre", True),
        ("ilk", False),
        ("milk bread", False),
        ("milk & !fresh | (z:*)'", False),
        ("'milk':*", True),
        ("milk\0fresh", True),
        ("\0", True),
        ("", True),
        (" .,;-_'\"\\%:*&|!()<->😀", True),
        ("stra", True),
        ("STRASSE", True),
        ("i\u0307st", True),
        ("istanbul", True),
        ("é", True),
        ("e\u0301", True),
        ("E", True),
        ("搬家", True),
        ("備搬家了", True),
        ("準備 家了", True),
        ("備家", False),
        ("手机", True),
        ("iphone", True),
        ("iphone手", True),
        ("phone手", False),
        ("%家", True),
        ("搬_", True),
        ("搬|家", True),
        ("搬家" * 60, False),
        ("หน้า", True),
        ("\u0301", True),
        ("x" * 100, True),
        ("x" * 300, True),
        ("x" * 99 + "y", False),
        ("12", True),
        ("１２", True),
        ("½", False),
        ("\\", True),
    ],
)
def test_search_finds_words_and_their_starts(with_milk: Person, q: str, is_found: bool) -> None:
    assert bool(with_milk.tasks(q=q)) == is_found


@pytest.mark.parametrize(
    ("text", "q"),
    [
        ("的" * 10_000, "的" * 200),
        ("手a" * 5_000, "a手a"),
        ("".join(map(chr, range(0x4E00, 0x4E00 + 10_000))), "\u4f00\u4f01\u4f02"),
        ("\ufdfa" * 10_000, "الله"),
        ("\u3316" * 10_000, "メートル"),  # one character, which is six
        ("Z" + "\u0323\u0301" * 4_999, "z"),
        ("\u0f73" * 10_000, "\u0f71" * 100),
        ("👩\u200d👩\u200d👧🏽\ufe0fmilk" * 500, "MILK"),
        ("\u1112\u1161\u11ab국 " * 2_000, "한"),
        ("\ud7a3" * 10_000, "\u1112\u1175\u11c2"),
        (" ".join(f"{number:x}é" for number in range(2_000)), "7cfé"),
        ("ı İ ς ß \u037a \u0345", "ı i σ SS ι"),
    ],
)
def test_the_worst_of_texts_are_kept_and_found(ann: Person, text: str, q: str) -> None:
    ann.adds("Worst", description=text)

    assert [task["description"] for task in ann.tasks(q=q)] == [text]


@pytest.mark.parametrize(
    "q", ["%FF", "%ED%A0%80", "milk%FFmilk", "%C3", "\u00e9".encode().decode("latin-1"), "+", "%2B"]
)
def test_nothing_in_a_search_is_an_error(ann: Person, q: str) -> None:
    assert ann.get(f"/tasks?q={q}").status_code == 200


def test_a_search_for_thousands_of_words_is_answered(ann: Person) -> None:
    ann.adds("Milk", description=" ".join(f"{number:x}" for number in range(0x400)))

    most = " ".join(f"{number:x}" for number in range(0x400))
    assert len(ann.tasks(q=most)) == 1
    assert ann.tasks(q=f"{most} bread") == []
    assert ann.get("/tasks", params={"q": " ".join(f"{number:x}" for number in range(10_000))}).status_code in (
        200,
        431,
    )


# Cursors


LISTS = [
    {},
    {"sort": "-created_at"},
    {"sort": "title"},
    {"sort": "due"},
    {"sort": "due", "time_zone": "Asia/Tokyo"},
    {"time_zone": "Asia/Tokyo"},
    {"status": "Todo"},
    {"status": ["Todo", "Done"]},
    {"priority": "none"},
    {"tag": "home"},
    {"tag": ["home", "work"]},
    {"q": "milk"},
    {"due_before": "2027-01-01"},
    {"due_after": "2025-01-01"},
    {"due_before": "2027-01-01T00:00:00Z"},
    {"overdue": "true"},
]


def test_a_cursor_belongs_to_its_list_and_owner(ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        for _ in range(2):
            person.adds("Milk", tags=["home", "work"], due_on="2026-01-01")

    cursors = [cursor_of(ann.get("/tasks", params=query | {"limit": 1})) for query in LISTS]

    assert len(set(cursors)) == len(cursors)
    for index, query in enumerate(LISTS):
        for other, cursor in enumerate(cursors):
            answer = ann.get("/tasks", params=query | {"cursor": cursor})
            if index == other:
                assert [len(answer.json()), "link" in answer.headers] == [1, False]
            else:
                problem(answer, 422, "cursor_invalid")
        problem(bob.get("/tasks", params=query | {"cursor": cursors[index]}), 422, "cursor_invalid")


def test_a_cursor_does_not_mind_how_the_same_list_is_spelled(ann: Person) -> None:
    for _ in range(3):
        ann.adds("Milk", tags=["home", "work"])

    cursor = cursor_of(ann.get("/tasks?status=Todo&status=Done&tag=home&tag=work&q=Milk&limit=1"))
    for query in (
        "tag=work&tag=home&status=Done&status=Todo&q=milk&limit=2",
        "tag=work&tag=home&tag=home&status=Done&status=Todo&q=milk!&sort=created_at&time_zone=UTC&_=7",
    ):
        assert len(ann.get(f"/tasks?{query}&cursor={cursor}").json()) == 2


def test_an_altered_cut_or_invented_cursor_of_any_list_is_refused(ann: Person) -> None:
    """`unit/test_paging.py` alters each character."""
    for number in range(2):
        ann.adds(f"Milk {number}")

    for query in ({"sort": "title"}, {"sort": "-due"}, {"q": "milk"}):
        cursor = cursor_of(ann.get("/tasks", params=query | {"limit": 1}))
        altered = ("_" if cursor[0] != "_" else "-") + cursor[1:]
        for value in (altered, cursor[:-1], cursor[:9], "", cursor + "A", cursor + "=", "é", "\0", cursor * 2):
            problem(ann.get("/tasks", params=query | {"cursor": value}), 422, "cursor_invalid")


@pytest.mark.parametrize("sort", ["-created_at", "updated_at", "due", "-due", "priority", "title"])
def test_a_cursor_forged_with_knowledge_of_its_making_is_refused(ann: Person, sort: str) -> None:
    """`unit/test_orders.py` has more of them."""
    wanted = TaskQuery(sort=sort)  # type: ignore[arg-type]
    for place in ("", "{}", "[1, 2, 3]", "[NaN, 1]", '["x", 0]', '["\\u0000", 1]', "[1e999, 1]", f'["{"x" * 256}", 1]'):
        forged = cursor_for(place, owner_id=ann.id, of=wanted.name())
        problem(ann.get("/tasks", params={"sort": sort, "cursor": forged}), 422, "cursor_invalid")


@pytest.mark.parametrize(
    ("sort", "place"),
    [
        ("title", '["", 1]'),
        ("-title", '["\\uffff", 1]'),
        ("due", '["10000-01-01T12:00:00+00:00", 1]'),
        ("due", '["infinity", 9007199254740991]'),
        ("-due", '["-infinity", 1]'),
        ("updated_at", '["0001-01-01T00:00:00.000001+00:00", 1]'),
        ("priority", "[4, 1]"),
    ],
)
def test_a_forged_cursor_shows_the_forgers_own_alone(ann: Person, bob: Person, sort: str, place: str) -> None:
    bob.adds("Bread")
    mine = ann.adds("Milk")

    forged = cursor_for(place, owner_id=ann.id, of=TaskQuery(sort=sort).name())  # type: ignore[arg-type]
    assert ann.tasks(sort=sort, cursor=forged) in ([], [mine])


def test_the_position_in_a_default_list_is_an_id(ann: Person) -> None:
    for place in ("0", "x", "", "01", "9" * 17, "1 ", "[1]"):
        forged = cursor_for(place, owner_id=ann.id, of=EVERYTHING.name())
        problem(ann.get("/tasks", params={"cursor": forged}), 422, "cursor_invalid")


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "due", "-due", "priority", "-title", "completed_at"])
def test_a_walk_shows_what_stays_exactly_once_whatever_comes_and_goes(ann: Person, sort: str) -> None:
    chance = Random(SEED)  # noqa: S311
    stays = [ann.adds(**without_both(new_task(chance)))["id"] for _ in range(30)]
    goes = [ann.adds(**without_both(new_task(chance)))["id"] for _ in range(10)]

    seen: list[int] = []
    for page in walked(ann, "/tasks", {"sort": sort, "limit": 4, "time_zone": "America/Havana"}):
        seen += [task["id"] for task in page]
        ann.adds(**without_both(new_task(chance)))
        if goes:
            gone = goes.pop()
            ann.delete(f"/tasks/{gone}")
        if goes:
            ann.patch(f"/tasks/{goes[-1]}", json={"title": "~", "status": "Done", "priority": None, "due_on": None})
        # A change that leaves the key of every order as it is, but for the last change.
        assert ann.patch(f"/tasks/{chance.choice(stays)}", json={"time_zone": "Asia/Tokyo"}).status_code == 200

    assert [seen.count(task_id) for task_id in stays] == [1] * len(stays)


def without_both(task: Task) -> Task:
    return {name: value for name, value in task.items() if name != "due_at" or "due_on" not in task}


# Overdue


def test_overdue_is_what_is_due_before_now_and_not_done(database_url: str, ann: Person) -> None:
    noon = datetime(2026, 3, 10, 12, tzinfo=UTC)
    for fields in (
        {"title": "a moment ago", "due_at": "2026-03-10T11:59:59.999999Z"},
        {"title": "now", "due_at": "2026-03-10T12:00:00Z"},
        {"title": "yesterday", "due_on": "2026-03-09"},
        {"title": "today", "due_on": "2026-03-10"},
        {"title": "yesterday, but done", "due_on": "2026-03-09", "status": "Done"},
        {"title": "never"},
    ):
        ann.adds(**fields)

    async def overdue(session: Session, **wanted: Any) -> list[str]:
        page = await list_tasks(session, PageRequest(9), query=TaskQuery(is_overdue=True, sort="title", **wanted))
        return [task["title"] for task in json.loads(page.json)]

    async def main() -> None:
        async with using(database_url, clock=noon.timestamp) as database:
            owner = Session.begin(database, ann.id)
            assert await overdue(owner) == ["a moment ago", "yesterday"]
            # There today is over, and there it has just begun.
            assert await overdue(owner, time_zone="Pacific/Kiritimati") == ["a moment ago", "today", "yesterday"]
            assert await overdue(owner, time_zone="Etc/GMT+12") == ["a moment ago", "yesterday"]
            assert await overdue(owner, due_before=date(2026, 3, 10)) == ["yesterday"]
            assert await overdue(owner, due_after=date(2026, 3, 9)) == ["a moment ago"]

    asyncio.run(main())


# Whose rows are read


ASKED = [
    TaskQuery(sort="-created_at"),
    *(TaskQuery(sort=sort) for sort in get_args(Sort) if sort != "created_at"),
    TaskQuery(sort="-due", time_zone="Asia/Kolkata"),
    TaskQuery(
        statuses=frozenset({"Todo"}),
        priorities=frozenset({"none"}),
        tags=frozenset({"home"}),
        due_before=date(2027, 1, 1),
        due_after=date(2025, 1, 1),
        is_overdue=True,
        words=frozenset({"milk"}),
        sort="due",
        time_zone="America/Havana",
    ),
]
PLACE_OF = {"title": '["", 1]', "priority": "[0, 1]", "created_at": "[1]"}
"""The place of a cursor; of the others it is an instant."""


def statement_for(query: TaskQuery, *, goes_on: bool) -> Bound:
    filters, values = filtered(query, now=datetime.now(UTC))
    order = order_of(query.sort, query.time_zone)
    values |= days_in(query.time_zone) if order.is_in_zone else {}
    place = PLACE_OF.get(query.sort.removeprefix("-"), '["2026-01-01T00:00:00+00:00", 1]')
    values |= order.values_in(place) if goes_on else {}
    return list_statement(filters, order, goes_on=goes_on)(skip=0, limit=9, **values)


def test_no_list_reads_through_the_rows_of_others(database_url: str, ann: Person) -> None:
    async def main() -> None:
        async with using(database_url) as database:
            for wanted in ASKED:
                for goes_on in (False, True):
                    call = statement_for(wanted, goes_on=goes_on)
                    explained = Bound(Statement(b"explain " + call.statement.sql, call.statement.order), call.values)
                    _, plan = await database.run(
                        ann.id, [THROUGH_INDEXES, explained], deadline=database.new_deadline(), is_repeatable=True
                    )
                    told = b"\n".join(line for (line,) in plan if line is not None).decode()
                    assert "Seq Scan on tasks" not in told, told
                    assert "owner_id = " in told

    asyncio.run(main())


def test_a_list_that_forgets_the_owner_still_shows_nothing_of_a_stranger(
    database_url: str, ann: Person, bob: Person
) -> None:
    for person in (ann, bob):
        person.adds("Milk", tags=["home"], due_on="2026-01-01", priority=None)

    async def main() -> None:
        async with using(database_url) as database:
            for wanted in ASKED:
                for goes_on in (False, True):
                    call = statement_for(wanted, goes_on=goes_on)
                    sql, count = re.subn(rb"\b\w+\.owner_id = (\$\d+::\w+)", rb"(\1 is not null)", call.statement.sql)
                    assert count == 1
                    assert b"owner_id =" not in sql
                    [[(found, _, _)]] = await database.run(
                        bob.id,
                        [Bound(Statement(sql, call.statement.order), call.values)],
                        deadline=database.new_deadline(),
                        is_repeatable=True,
                    )
                    assert found is not None
                    assert {task["id"] for task in json.loads(found)} <= {task["id"] for task in bob.tasks()}
                    assert goes_on or json.loads(found)

    asyncio.run(main())
