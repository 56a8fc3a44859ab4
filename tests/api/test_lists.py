"""Lists of tasks: pages, links and cursors."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from support.answers import problem, shaped
from support.pages import cursor_of, next_of, walked
from support.people import Person
from support.writes import path_of
from taskward.auth.issuer import LocalIssuer
from taskward.resources.paging import cursor_for
from taskward.tasks.finding import LIST_NAME


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
    assert [len(page) for page in walked(ann, "/tasks")] == [100, 2]
    assert [found["id"] for found in ann.tasks(limit=500)] == given
    assert [found["id"] for found in ann.tasks(skip=100)] == given[100:]


@pytest.fixture(scope="module")
def with_five(api: str, issuer: LocalIssuer) -> Iterator[Person]:
    """Somebody with the tasks "a" to "e", for reading alone."""
    person = Person("five", api=api, issuer=issuer)
    for title in "abcde":
        person.adds(title)
    yield person
    person.close()


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
def test_skip_and_limit_cut_a_page_out_of_the_list(
    with_five: Person, query: str, expected: str, has_more: bool
) -> None:
    answer = with_five.get(f"/tasks?{query}")

    assert "".join(shaped(found)["title"] for found in answer.json()) == expected
    assert ("link" in answer.headers) is has_more
    assert "etag" not in answer.headers


@pytest.mark.parametrize("name", ["skip", "limit"])
@pytest.mark.parametrize("value", ["", "-1", "+1", "1.0", "x", "1%0A", "%00", "%EF%BC%91", "2147483648", "1" * 5000])
def test_skip_and_limit_are_plain_numbers(ann: Person, name: str, value: str) -> None:
    """`unit/test_parameters.py` has more of them."""
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

    pages = list(walked(ann, f"/tasks?limit={limit}"))

    assert [found for page in pages for found in page] == ann.tasks()
    assert all(len(page) == limit for page in pages[:-1])
    assert pages[-1]


def test_a_walk_is_steady_whatever_comes_and_goes(ann: Person) -> None:
    staying, going = [], []
    for number in range(6):
        staying.append(ann.adds(f"stays {number}")["id"])
        going.append(ann.adds(f"goes {number}"))

    seen = []
    for page in walked(ann, "/tasks?limit=2"):
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

    pages = list(walked(ann, "/tasks?skip=1&limit=2"))

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
    """`unit/test_paging.py` alters each character."""
    ann.adds("a")
    ann.adds("b")
    cursor = cursor_of(ann.get("/tasks?limit=1"))

    broken = ["_" + cursor[1:] if cursor[0] != "_" else "-" + cursor[1:], cursor[:-1] + "~", cursor.swapcase()]
    broken += [cursor[:-1], cursor[1:], cursor + "A", cursor + "=", cursor + "\n", cursor * 2]
    broken += ["", " ", "0", "1", "é", "\0", "%", "../..", "9" * 10_000, "eyJpZCI6MX0"]
    for value in broken:
        problem(ann.get("/tasks", params={"cursor": value}), 422, "cursor_invalid")


@pytest.mark.parametrize("place", ["", "0", "-5", "01", "1\n", "１", "abc", "\0", "99999999999999999", "9" * 5000])
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
