import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from conftest import settings_for
from support.answers import problem, shaped, task
from support.people import Person
from support.serving import serving
from support.wire import ask
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.resources.paging import cursor_for
from taskward.tasks.finding import LIST_NAME

NEVER_GIVEN = 2**53 - 1

WRITES: list[tuple[str, Any]] = [
    ("PUT", {"title": "Mine"}),
    ("PATCH", {"title": "Mine"}),
    ("PATCH", {}),
    ("DELETE", None),
]


@pytest.fixture(scope="module")
def careful_api(database_url: str, issuer: LocalIssuer) -> Iterator[str]:
    """The API under REQUIRE_IF_MATCH, below a prefix."""
    settings = settings_for(database_url, require_if_match=True, api_prefix="/api/v1")
    with serving(create_app(settings, local_issuer=issuer)) as address:
        yield f"{address}/api/v1"


def path_of(found: dict[str, Any]) -> str:
    return f"/tasks/{found['id']}"


def etag_of(person: Person, found: dict[str, Any]) -> str:
    return str(person.get(path_of(found)).headers["etag"])


def given(changed: dict[str, Any]) -> dict[str, Any]:
    """What a change makes by itself."""
    return {name: changed[name] for name in ("updated_at", "completed_at", "version")}


def write(person: Person, path: str, method: str, body: Any, **headers: str) -> httpx.Response:
    options = {} if body is None else {"json": body}
    return person.send(
        method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}, **options
    )


def same(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that can be told apart of an answer, but for when and to which request it was given."""
    headers = [(name, value) for name, value in answer.headers.items() if name not in ("date", "x-request-id")]
    return answer.status_code, answer.content, sorted(headers)


def walk(person: Person, start: str = "/tasks") -> Iterator[list[dict[str, Any]]]:
    """The pages of a list, by the links between them."""
    path = start
    while True:
        answer = person.get(path)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        if "link" not in answer.headers:
            return
        path = urljoin(path, next_of(answer))


def next_of(answer: httpx.Response) -> str:
    found = re.fullmatch(r'<(\?[!-~]+)>; rel="next"', answer.headers["link"])
    assert found is not None
    return found[1]


# One task


def test_a_task_lives_from_its_creation_to_its_end(ann: Person) -> None:
    began = datetime.now(UTC)

    answer = ann.post("/tasks", json={"title": "Buy milk"})
    created = task(answer, 201)
    assert answer.headers["location"] == path_of(created)
    assert created | {"id": 0, "created_at": ""} == {
        "id": 0,
        "title": "Buy milk",
        "description": None,
        "status": "Todo",
        "created_at": "",
        "updated_at": None,
        "priority": None,
        "due_on": None,
        "due_at": None,
        "time_zone": None,
        "tags": [],
        "completed_at": None,
        "version": int(answer.headers["etag"].strip('"')),
    }
    assert abs(datetime.fromisoformat(created["created_at"]) - began) < timedelta(minutes=1)

    found = ann.get(answer.headers["location"])
    assert (task(found), found.headers["etag"]) == (created, answer.headers["etag"])
    assert ann.tasks() == [created]

    patched = ann.patch(path_of(created), json={"status": "InProgress", "description": "Two litres"})
    assert task(patched) == created | {"status": "InProgress", "description": "Two litres"} | given(patched.json())
    assert datetime.fromisoformat(patched.json()["updated_at"]) >= datetime.fromisoformat(created["created_at"])

    replaced = ann.put(path_of(created), json={"title": "Buy oat milk"})
    assert task(replaced) == created | {"title": "Buy oat milk"} | given(replaced.json())
    assert replaced.json()["updated_at"] > patched.json()["updated_at"]
    assert len({answer.headers["etag"], patched.headers["etag"], replaced.headers["etag"]}) == 3
    assert task(ann.get(path_of(created))) == ann.tasks()[0] == replaced.json()

    deleted = ann.delete(path_of(created))
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert not {"content-type", "etag", "content-length"} & deleted.headers.keys()
    for method, body in [("GET", None), ("HEAD", None), *WRITES]:
        assert write(ann, path_of(created), method, body).status_code == 404
    assert ann.tasks() == []


@pytest.mark.parametrize("status", ["Todo", "InProgress", "Done"])
@pytest.mark.parametrize("description", [None, "", " ", "x" * 10_000, "🧀" * 10_000])
def test_a_task_is_kept_as_it_was_sent(ann: Person, status: str, description: str | None) -> None:
    sent = {"title": "Milk", "description": description, "status": status}

    created = task(ann.post("/tasks", json=sent), 201)

    assert {name: created[name] for name in sent} == sent
    assert task(ann.get(path_of(created))) == created


TITLES = [
    "x",
    "x" * 255,
    "🧀" * 255,
    "  spaces around  ",
    "\t\n a \r\n",
    "Zażółć gęślą jaźń",
    "\u200b",
    "\ufeff",
    "e\u0301 is not \u00e9",
    "\u202egnirts",
    '"\\/\b\f\x01\x7f\u2028\u2029<script>&amp;',
    "'; drop table tasks; --",
    "%s %(title)s {title} $1 :title",
    "\ufffe\uffff\U0010ffff",
    "null",
]


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_kept_to_the_letter(ann: Person, title: str) -> None:
    created = ann.adds(title)

    assert created["title"] == title
    assert task(ann.patch(path_of(created), json={"title": title}))["title"] == title
    assert task(ann.put(path_of(created), json={"title": title}))["title"] == title
    assert ann.tasks()[0]["title"] == title


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": "x" * 256}, "title"),
    ({"title": "🧀" * 256}, "title"),
    ({"title": " "}, "title"),
    ({"title": "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0"}, "title"),
    ({"title": "\u1680\u2000\u2001\u2009\u200a\u2028\u2029\u202f\u205f\u3000"}, "title"),
    ({"title": None}, "title"),
    ({"title": 1}, "title"),
    ({"title": True}, "title"),
    ({"title": ["Milk"]}, "title"),
    ({"title": {"a": "Milk"}}, "title"),
    ({"description": "x" * 10_001}, "description"),
    ({"description": 0}, "description"),
    ({"description": False}, "description"),
    ({"description": []}, "description"),
    ({"status": None}, "status"),
    ({"status": ""}, "status"),
    ({"status": "todo"}, "status"),
    ({"status": "Done "}, "status"),
    ({"status": "In Progress"}, "status"),
    ({"status": 0}, "status"),
    ({"status": ["Done"]}, "status"),
    ({"owner_id": "bob"}, "owner_id"),
    ({"user_id": "bob"}, "user_id"),
    ({"id": 1}, "id"),
    ({"created_at": "2026-01-01T00:00:00Z"}, "created_at"),
    ({"updated_at": None}, "updated_at"),
    ({"version": 1}, "version"),
    ({"completed_at": None}, "completed_at"),
    ({"deleted_at": None}, "deleted_at"),
    ({"Title": "Milk"}, "Title"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_a_wrong_field_is_refused_by_every_write_and_changes_nothing(
    ann: Person, wrong: dict[str, Any], field: str
) -> None:
    milk = ann.adds("Milk")

    for method, path, sent in [
        ("POST", "/tasks", {"title": "Milk", **wrong}),
        ("PUT", path_of(milk), {"title": "Milk", **wrong}),
        ("PATCH", path_of(milk), wrong),
    ]:
        document = problem(write(ann, path, method, sent), 422, "validation_failed")
        assert [error["loc"] for error in document["errors"]] == [["body", field]]
        assert document["detail"].startswith(f"body.{field}: ")

    assert ann.tasks() == [milk]


@pytest.mark.parametrize("body", [{}, {"status": "Done"}, {"description": "Two litres"}, {"titel": "Milk"}])
def test_a_title_is_required_and_put_points_to_patch(ann: Person, body: dict[str, Any]) -> None:
    milk = ann.adds("Milk")

    created = problem(ann.post("/tasks", json=body), 422, "validation_failed")
    replaced = problem(ann.put(path_of(milk), json=body), 422, "validation_failed")

    assert created["detail"] == "body.title: This field is required."
    assert "PATCH" in replaced["detail"]
    assert ann.tasks() == [milk]


def test_put_gives_an_omitted_field_its_default(ann: Person) -> None:
    milk = ann.adds("Milk", description="Two litres", status="Done")

    replaced = task(ann.put(path_of(milk), json={"title": "Milk"}))

    assert (replaced["description"], replaced["status"]) == (None, "Todo")
    assert (replaced["id"], replaced["created_at"]) == (milk["id"], milk["created_at"])


def test_put_never_creates(ann: Person) -> None:
    problem(ann.put(f"/tasks/{NEVER_GIVEN}", json={"title": "Milk"}), 404, "task_not_found")

    assert ann.tasks() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_to_the_same_values_is_a_change(ann: Person, method: str) -> None:
    milk = ann.adds("Milk")
    before = etag_of(ann, milk)

    first, second = (write(ann, path_of(milk), method, {"title": "Milk"}) for _ in range(2))

    assert task(first) | {"updated_at": None, "version": milk["version"]} == milk
    assert first.json()["updated_at"] is not None
    assert second.json()["updated_at"] > first.json()["updated_at"]
    assert len({before, first.headers["etag"], second.headers["etag"]}) == 3


@pytest.mark.parametrize(
    "sent",
    [
        {"title": "Cheese"},
        {"description": "Old"},
        {"description": None},
        {"description": ""},
        {"status": "Todo"},
        {"title": "Cheese", "description": None, "status": "Done"},
    ],
)
def test_patch_changes_what_is_sent_and_no_more(ann: Person, sent: dict[str, Any]) -> None:
    milk = ann.adds("Milk", description="Two litres", status="InProgress")

    patched = task(ann.patch(path_of(milk), json=sent))

    assert patched == milk | sent | given(patched)
    assert patched["updated_at"] is not None
    assert ann.tasks() == [patched]


def test_an_empty_patch_changes_nothing_at_all(ann: Person) -> None:
    milk = ann.adds("Milk")
    before = etag_of(ann, milk)

    answer = ann.patch(path_of(milk), json={})

    assert (task(answer), answer.headers["etag"]) == (milk, before)
    assert etag_of(ann, milk) == before


def test_ids_come_from_one_sequence_and_are_never_given_again(ann: Person, bob: Person) -> None:
    given = []
    for person in (ann, bob, ann):
        given.append(person.adds("Milk"))
        person.delete(path_of(given[-1]))

    assert given[0]["id"] < given[1]["id"] < given[2]["id"]


def test_only_the_token_says_whose_a_task_is(ann: Person, bob: Person) -> None:
    created = task(ann.post(f"/tasks?owner_id={bob.id}", json={"title": "Milk"}, headers={"X-User-ID": bob.id}), 201)

    assert ann.tasks() == [created]
    assert bob.tasks() == []


# Ids in paths

WRONG_IDS = (
    "0 00 01 007 -0 -1 +1 1.0 1. 1e0 1E3 1_000 1,000 0x1 1n NaN abc null true 1' 1;2 1:2 * ~ () .. %2e%2e "
    "9007199254740992 9999999999999999 10000000000000000 18446744073709551617 %20 %201 1%20 %2B1 %0A 1%0A %0A1 1%0D "
    "%00 1%00 %001 1%09 %C2%A01 %EF%BC%91 %D9%A1 %E0%A5%A7 %C2%B2 %F0%9F%A7%80 %ff 1%ff %ED%A0%80 %25%31 1%3F 1%23 "
    "1%3Fx=1 %7B%7D %22 1%5C " + "1" * 400 + " " + "9" * 5000
).split()


@pytest.mark.parametrize("task_id", WRONG_IDS)
def test_an_id_that_can_be_none_is_refused(api: str, ann: Person, task_id: str) -> None:
    for method, body in [
        (b"GET", b""),
        (b"HEAD", b""),
        (b"DELETE", b""),
        (b"PUT", b'{"title":"x"}'),
        (b"PATCH", b"{}"),
    ]:
        answer = ask(api, method, f"/tasks/{task_id}".encode(), token=ann.token, body=body, is_json=bool(body))

        assert answer.status_code == 422
        if method != b"HEAD":
            document = problem(answer, 422, "validation_failed")
            assert document["errors"][0]["loc"] == ["path", "task_id"]


@pytest.mark.parametrize("task_id", [1, 9, 10, 2**31, 2**32, 2**53 - 1])
def test_an_id_that_was_not_given_to_me_is_not_found(ann: Person, task_id: int) -> None:
    problem(ann.get(f"/tasks/{task_id}"), 404, "task_not_found")


def test_an_id_means_the_same_when_it_is_percent_encoded(api: str, ann: Person) -> None:
    milk = ann.adds("Milk")
    encoded = "".join(f"%{ord(digit):02X}" for digit in str(milk["id"])).encode()

    assert task(ask(api, b"GET", b"/tasks/" + encoded, token=ann.token)) == milk


# Lists


def test_a_list_is_in_order_of_creation_whatever_changes(ann: Person) -> None:
    first, second, third = (ann.adds(title) for title in "bca")
    ann.patch(path_of(first), json={"title": "z"})

    assert [found["id"] for found in ann.tasks()] == [first["id"], second["id"], third["id"]]


def test_a_list_has_a_hundred_unless_told_otherwise(ann: Person) -> None:
    with ThreadPoolExecutor(4) as pool:
        given = sorted(pool.map(lambda number: ann.adds(f"{number}")["id"], range(102)))

    first = ann.get("/tasks")
    assert [shaped(found)["id"] for found in first.json()] == given[:100]
    assert parse_qs(urlsplit(next_of(first)).query)["limit"] == ["100"]
    assert [len(page) for page in walk(ann)] == [100, 2]
    assert [found["id"] for found in ann.tasks(limit=500)] == given
    assert [found["id"] for found in ann.tasks(skip=100)] == given[100:]


@pytest.mark.parametrize(
    ("query", "expected", "has_more"),
    [
        ("", "abcde", False),
        ("limit=5", "abcde", False),
        ("limit=4", "abcd", True),
        ("limit=1", "a", True),
        ("limit=500", "abcde", False),
        ("skip=0", "abcde", False),
        ("skip=4", "e", False),
        ("skip=5", "", False),
        ("skip=2147483647", "", False),
        ("skip=1&limit=2", "bc", True),
        ("skip=3&limit=2", "de", False),
        ("skip=2&limit=2", "cd", True),
        ("limit=2&skip=1&_=x", "bc", True),
        ("limit=002", "ab", True),
    ],
)
def test_skip_and_limit_cut_a_page_out_of_the_list(ann: Person, query: str, expected: str, has_more: bool) -> None:
    for title in "abcde":
        ann.adds(title)

    answer = ann.get(f"/tasks?{query}")

    assert "".join(shaped(found)["title"] for found in answer.json()) == expected
    assert ("link" in answer.headers) is has_more
    assert "etag" not in answer.headers


WRONG_NUMBERS = (
    "-1 -0 %2B1 +1 1.0 1e2 1_0 0x1 x null %20 1%20 %0A1 1%0A %00 %EF%BC%91 2147483648 9223372036854775808 "
    + "9" * 400
    + " "
    + "1" * 5000
).split()


@pytest.mark.parametrize("name", ["skip", "limit"])
@pytest.mark.parametrize(
    "value",
    ["", *WRONG_NUMBERS],
)
def test_skip_and_limit_are_plain_numbers(ann: Person, name: str, value: str) -> None:
    document = problem(ann.get(f"/tasks?{name}={value}"), 422, "validation_failed")

    assert document["errors"][0]["loc"] == ["query", name]


@pytest.mark.parametrize("limit", ["0", "501", "1000"])
def test_a_page_has_one_to_five_hundred(ann: Person, limit: str) -> None:
    problem(ann.get(f"/tasks?limit={limit}"), 422, "validation_failed")


def test_an_empty_list_is_an_array(ann: Person) -> None:
    answer = ann.get("/tasks")

    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"[]", "application/json")


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7])
def test_a_walk_shows_every_task_once(ann: Person, bob: Person, limit: int) -> None:
    for number in range(7):
        ann.adds(f"{number}")
        bob.adds("of somebody else")

    pages = list(walk(ann, f"/tasks?limit={limit}"))

    assert [found for page in pages for found in page] == ann.tasks()
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def test_a_walk_is_steady_whatever_comes_and_goes(ann: Person) -> None:
    staying, going = [], []
    for number in range(6):
        staying.append(ann.adds(f"stays {number}")["id"])
        going.append(ann.adds(f"goes {number}"))

    seen = []
    for page in walk(ann, "/tasks?limit=2"):
        seen += [found["id"] for found in page]
        ann.adds("comes late")
        if going:
            ann.delete(path_of(going.pop(0)))
            ann.delete(path_of(going.pop()))
        if len(seen) > 40:
            break

    assert len(seen) == len(set(seen))
    assert [task_id for task_id in seen if task_id in staying] == staying


def test_a_walk_that_begins_with_skip_goes_on_behind_it(ann: Person) -> None:
    for title in "abcdef":
        ann.adds(title)

    pages = list(walk(ann, "/tasks?skip=1&limit=2"))

    assert ["".join(found["title"] for found in page) for page in pages] == ["bc", "de", "f"]


def test_a_link_keeps_the_other_parameters_of_the_request(ann: Person) -> None:
    for title in "abc":
        ann.adds(title)

    first = ann.get("/tasks", params={"_a": '1 &=é<>"\r\n', "skip": "0", "limit": "1", "_b": ""})
    second = ann.get(f"/tasks{next_of(first)}")

    for answer in (first, second):
        query = parse_qs(urlsplit(next_of(answer)).query, keep_blank_values=True)
        assert query.keys() == {"cursor", "limit", "_a", "_b"}
        assert (query["_a"], query["_b"], query["limit"]) == (['1 &=é<>"\r\n'], [""], ["1"])
    assert next_of(first) != next_of(second)


def test_a_link_can_be_followed_from_a_path_with_a_slash_and_with_another_limit(ann: Person) -> None:
    for title in "abc":
        ann.adds(title)

    first = ann.get("/tasks/?limit=1")
    rest = ann.get(urljoin("/tasks/", next_of(first)).replace("limit=1", "limit=500"))

    assert [found["title"] for found in rest.json()] == ["b", "c"]


def test_a_cursor_holds_after_its_task_is_gone(ann: Person) -> None:
    tasks = [ann.adds(title) for title in "abc"]
    link = next_of(ann.get("/tasks?limit=2"))

    for found in tasks[:2]:
        ann.delete(path_of(found))

    assert [found["title"] for found in ann.get(f"/tasks{link}").json()] == ["c"]


def test_a_cursor_of_somebody_else_is_refused(ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        person.adds("a")
        person.adds("b")
    link = next_of(ann.get("/tasks?limit=1"))

    problem(bob.get(f"/tasks{link}"), 422, "cursor_invalid")
    assert ann.get(f"/tasks{link}").status_code == 200


def test_an_altered_cut_or_invented_cursor_is_refused(ann: Person) -> None:
    ann.adds("a")
    ann.adds("b")
    cursor = parse_qs(urlsplit(next_of(ann.get("/tasks?limit=1"))).query)["cursor"][0]

    broken = [cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :] for at in range(len(cursor))]
    broken += [cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor + "\n", cursor * 2, cursor.swapcase()]
    broken += ["", " ", "0", "1", "é", "\0", "%", "../..", "9" * 10_000, "eyJpZCI6MX0"]
    for value in broken:
        problem(ann.get("/tasks", params={"cursor": value}), 422, "cursor_invalid")


@pytest.mark.parametrize(
    "place",
    [
        "",
        "0",
        "-5",
        "+1",
        "01",
        "1_0",
        " 1",
        "1\n",
        "1.0",
        "１",
        "abc",
        "\0",
        "99999999999999999",
        "9" * 30,
        "9" * 5000,
        "null",
    ],
)
def test_a_cursor_forged_with_knowledge_of_its_making_is_refused_too(ann: Person, place: str) -> None:
    forged = cursor_for(place, owner_id=ann.id, of=LIST_NAME)

    problem(ann.get("/tasks", params={"cursor": forged}), 422, "cursor_invalid")


def test_a_forged_cursor_shows_nothing_but_the_forgers_own(ann: Person, bob: Person) -> None:
    ann.adds("of Ann")
    mine = bob.adds("of Bob")

    forged = cursor_for("1", owner_id=bob.id, of=LIST_NAME)

    assert bob.get("/tasks", params={"cursor": forged}).json() == [mine]
    assert bob.get("/tasks", params={"cursor": cursor_for("9" * 16, owner_id=bob.id, of=LIST_NAME)}).json() == []


@pytest.mark.parametrize("query", ["cursor={}&skip=0", "skip=5&cursor={}", "cursor=&skip=0", "cursor=x&skip=1&limit=1"])
def test_a_cursor_takes_the_position_in_skip(ann: Person, query: str) -> None:
    valid = cursor_for("1", owner_id=ann.id, of=LIST_NAME)

    document = problem(ann.get(f"/tasks?{query.format(valid)}"), 422, "validation_failed")

    assert document["detail"] == "query.skip: Send skip or cursor, not both."


# Conditions


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_write_can_be_held_to_the_version_it_is_based_on(ann: Person, method: str, body: Any) -> None:
    milk = ann.adds("Milk")
    stale = etag_of(ann, milk)
    ann.patch(path_of(milk), json={"title": "Oat milk"})
    current = etag_of(ann, milk)

    for wrong in (stale, f"W/{current}", current.strip('"'), f"{stale}, W/{current}", "", '""', f"*, {current}", "x"):
        problem(write(ann, path_of(milk), method, body, if_match=wrong), 412, "version_mismatch")
    assert ann.tasks()[0]["title"] == "Oat milk"
    assert etag_of(ann, milk) == current

    assert write(ann, path_of(milk), method, body, if_match=f"{stale} ,, {current}").status_code in (200, 204)


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_star_matches_any_version_but_no_absent_task(ann: Person, method: str, body: Any) -> None:
    milk = ann.adds("Milk")

    problem(write(ann, f"/tasks/{NEVER_GIVEN}", method, body, if_match="*"), 404, "task_not_found")
    problem(write(ann, f"/tasks/{NEVER_GIVEN}", method, body, if_match='"1"'), 404, "task_not_found")
    assert write(ann, path_of(milk), method, body, if_match="*").status_code in (200, 204)


def test_several_if_match_lines_are_one_list(api: str, ann: Person) -> None:
    milk = ann.adds("Milk")
    lines = [b'If-Match: "1"', b"If-Match: " + etag_of(ann, milk).encode()]

    def patch(headers: list[bytes]) -> httpx.Response:
        body = b'{"title":"x"}'
        return ask(api, b"PATCH", path_of(milk).encode(), token=ann.token, headers=headers, body=body, is_json=True)

    problem(patch(lines[:1]), 412, "version_mismatch")
    problem(patch([*lines, b"If-Match: *"]), 412, "version_mismatch")
    task(patch(lines))


def test_of_writes_based_on_one_version_one_succeeds(ann: Person) -> None:
    milk = ann.adds("Milk")
    version = etag_of(ann, milk)

    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda n: write(ann, path_of(milk), "PATCH", {"title": f"{n}"}, if_match=version), range(16))
        )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 15
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert ann.tasks() == [winner.json()]


def test_a_reader_is_spared_what_it_has(ann: Person) -> None:
    milk = ann.adds("Milk")
    version = etag_of(ann, milk)

    for has_it in (version, f"W/{version}", f'"1", {version}', "*"):
        answer = ann.get(path_of(milk), headers={"If-None-Match": has_it})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", version)
        assert "content-type" not in answer.headers
    for has_it_not in ('"1"', "", version.strip('"'), f"*, {version}", f"{version} x"):
        assert task(ann.get(path_of(milk), headers={"If-None-Match": has_it_not})) == milk

    changed = ann.patch(path_of(milk), json={"title": "Oat milk"})
    answer = ann.get(path_of(milk), headers={"If-None-Match": version})
    assert (task(answer), answer.headers["etag"]) == (changed.json(), changed.headers["etag"])


def test_what_is_not_there_is_not_found_whatever_the_reader_has(ann: Person) -> None:
    problem(ann.get(f"/tasks/{NEVER_GIVEN}", headers={"If-None-Match": "*"}), 404, "task_not_found")


@pytest.mark.parametrize(("method", "body"), WRITES)
def test_a_version_can_be_demanded_from_every_write(
    careful_api: str, person: Callable[..., Person], method: str, body: Any
) -> None:
    ann = person("ann", api=careful_api)
    milk = ann.adds("Milk")

    for path in (path_of(milk), f"/tasks/{NEVER_GIVEN}"):
        problem(write(ann, path, method, body), 428, "precondition_required")
    problem(write(ann, f"/tasks/{NEVER_GIVEN}", method, body, if_match="*"), 404, "task_not_found")
    problem(write(ann, path_of(milk), method, body, if_match='"1"'), 412, "version_mismatch")
    assert ann.tasks() == [milk]

    assert write(ann, path_of(milk), method, body, if_match=etag_of(ann, milk)).status_code in (200, 204)


def test_a_location_leads_to_the_task_below_a_prefix(careful_api: str, person: Callable[..., Person]) -> None:
    ann = person("ann", api=careful_api)

    for path in ("/tasks", "/tasks/"):
        created = ann.post(path, json={"title": "Milk"})
        assert created.headers["location"] == f"/api/v1/tasks/{created.json()['id']}"
        assert (
            httpx.get(urljoin(careful_api, created.headers["location"]), headers=ann.http.headers).json()
            == created.json()
        )


# Strangers


@pytest.mark.parametrize(
    ("method", "body"), [("GET", None), ("HEAD", None), *WRITES, ("PUT", {"title": ""}), ("PATCH", {"title": None})]
)
@pytest.mark.parametrize(
    "condition", [{}, {"If-Match": "{}"}, {"If-Match": "*"}, {"If-Match": '"1"'}, {"If-None-Match": "{}"}]
)
def test_a_strangers_task_does_not_exist(
    ann: Person, bob: Person, method: str, body: Any, condition: dict[str, str]
) -> None:
    milk = ann.adds("Milk")
    version = etag_of(ann, milk)
    headers = {name: value.format(version) for name, value in condition.items()}
    options = {} if body is None else {"json": body}

    strangers = bob.send(method, path_of(milk), headers=headers, **options)
    never_given = bob.send(method, f"/tasks/{NEVER_GIVEN}", headers=headers, **options)

    assert same(strangers) == same(never_given)
    assert strangers.status_code in (404, 422)
    assert (ann.tasks(), etag_of(ann, milk)) == ([milk], version)
    assert bob.tasks() == []


def test_a_deleted_task_is_as_one_that_never_was(ann: Person, bob: Person) -> None:
    milk = ann.adds("Milk")
    ann.delete(path_of(milk))

    for person in (ann, bob):
        for method, body in [("GET", None), *WRITES]:
            assert same(write(person, path_of(milk), method, body)) == same(
                write(person, f"/tasks/{NEVER_GIVEN}", method, body)
            )


def test_lists_hold_ones_own_tasks_alone(ann: Person, bob: Person) -> None:
    for title in ("one", "two", "three"):
        ann.adds(f"{title} of Ann")
        bob.adds(f"{title} of Bob")

    for person, name in ((ann, "Ann"), (bob, "Bob")):
        for query in ({}, {"skip": 0}, {"limit": 500}):
            assert [found["title"] for found in person.tasks(**query)] == [
                f"{title} of {name}" for title in ("one", "two", "three")
            ]
