"""The trash (CONTRACT: everyday tasks): deleted tasks wait there, come back, or end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from support.answers import SHAPE, problem, task
from support.database_proxy import proxied
from support.databases import asked
from support.pages import next_of, walked
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.resources import portions
from taskward.resources.paging import cursor_for
from taskward.tasks.trash import TRASH

NEVER_GIVEN = 2**53 - 1


def deleted(person: Person, title: str, **fields: Any) -> dict[str, Any]:
    found = person.adds(title, **fields)
    assert person.delete(f"/tasks/{found['id']}").status_code == 204
    return found


def trash(person: Person, query: str = "") -> list[dict[str, Any]]:
    answer = person.get(f"/trash{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def titles(found: list[dict[str, Any]]) -> str:
    return "".join(task["title"] for task in found)


def aged(url: str, person: Person, *, days: float) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            "update tasks set deleted_at = now() - %s * interval '1 day' "
            "where owner_id = %s and deleted_at is not null",
            (days, person.id),
        )


def left_of(url: str, person: Person) -> list[str]:
    """Titles of the rows, in the order of ids."""
    found = asked(url, "select title from tasks where owner_id = %s order by id", person.id)
    return [title for (title,) in found]


def rows_of(url: str, person: Person) -> list[dict[str, Any]]:
    """As PostgreSQL writes them, in the order of ids."""
    return [row for (row,) in asked(url, "select to_jsonb(t) from tasks t where owner_id = %s order by id", person.id)]


# What is in the trash


def test_a_deleted_task_lies_in_the_trash_as_it_was(ann: Person) -> None:
    began = datetime.now(UTC)
    milk = deleted(ann, "Milk", tags=["home"], due_on="2026-03-10", status="Done")

    [found] = trash(ann)

    assert found.keys() == SHAPE | {"deleted_at"}
    assert found == milk | {"version": found["version"], "deleted_at": found["deleted_at"]}
    assert found["version"] > milk["version"]
    assert abs(datetime.fromisoformat(found["deleted_at"]) - began) < timedelta(minutes=1)
    assert found["deleted_at"].endswith("+00:00")


def test_every_call_on_a_task_in_the_trash_is_not_found(ann: Person) -> None:
    path = f"/tasks/{deleted(ann, 'Milk')['id']}"

    for answer in (
        ann.get(path),
        ann.put(path, json={"title": "Milk"}),
        ann.patch(path, json={"title": "Milk"}),
        ann.patch(path, json={}),
        ann.patch(path, json={"title": "Milk"}, headers={"If-Match": '"1"'}),
        ann.delete(path),
    ):
        problem(answer, 404, "task_not_found")
    assert ann.tasks() == []
    assert len(trash(ann)) == 1


def test_deleting_is_still_guarded_by_if_match(ann: Person) -> None:
    milk = ann.adds("Milk")

    problem(ann.delete(f"/tasks/{milk['id']}", headers={"If-Match": '"1"'}), 412, "version_mismatch")

    assert trash(ann) == []
    assert ann.tasks() == [milk]


def test_what_was_deleted_last_comes_first(ann: Person) -> None:
    found = [ann.adds(title) for title in "abc"]
    for index in (1, 2, 0):
        ann.delete(f"/tasks/{found[index]['id']}")

    assert titles(trash(ann)) == "acb"
    assert titles(trash(ann, "?limit=1")) == "a"


def test_tasks_deleted_at_once_come_by_id(ann: Person, database_url: str) -> None:
    for title in "abcde":
        deleted(ann, title)
    aged(database_url, ann, days=1)

    assert titles(trash(ann)) == "edcba"
    assert titles(in_pages(ann, 2)) == "edcba"


def in_pages(person: Person, limit: int) -> list[dict[str, Any]]:
    pages = list(walked(person, f"/trash?limit={limit}"))
    assert all(0 < len(page) <= limit for page in pages)
    return [task for page in pages for task in page]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7])
def test_a_walk_shows_every_task_once(ann: Person, bob: Person, limit: int) -> None:
    for number in range(5):
        deleted(ann, f"{number}")
        deleted(bob, "of somebody else")

    assert in_pages(ann, limit) == trash(ann)
    assert titles(in_pages(ann, limit)) == "43210"


def test_a_walk_misses_nothing_that_stays(ann: Person) -> None:
    first = [deleted(ann, title) for title in "abcd"]

    page = ann.get("/trash?limit=2")
    deleted(ann, "late")
    ann.post(f"/tasks/{first[2]['id']}/restore")
    rest = ann.get(f"/trash{next_of(page)}")

    assert titles(page.json() + rest.json()) == "dcba"


def test_an_empty_trash_is_an_array(ann: Person) -> None:
    answer = ann.get("/trash/")

    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"[]", "application/json")
    assert ann.send("HEAD", "/trash").status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "limit=1&limit=1", "skip=0", "status=Done"])
def test_other_parameters_are_refused(ann: Person, query: str) -> None:
    problem(ann.get(f"/trash?{query}"), 422, "validation_failed")


@pytest.mark.parametrize(
    "place", ["", "1", "1.", ".1", "1.0", "-1.1", "1.1.1", "1.99999999999999999", "99999999999999999.1", "１.1", "a.b"]
)
def test_an_invented_cursor_is_refused(ann: Person, place: str) -> None:
    problem(ann.get(f"/trash?cursor={cursor_for(place, owner_id=ann.id, of=TRASH.list_name)}"), 422, "cursor_invalid")


@pytest.mark.parametrize("place", ["0.1", "9999999999999999.9999999999999999"])
def test_a_place_at_the_end_of_time_is_a_place(ann: Person, place: str) -> None:
    assert ann.get(f"/trash?cursor={cursor_for(place, owner_id=ann.id, of=TRASH.list_name)}").status_code == 200


def test_a_cursor_belongs_to_its_owner_and_list(ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        for title in "abcd":
            person.adds(title)
        for title in "ab":
            deleted(person, title)
    of_trash = ann.get("/trash?limit=1").headers["link"].partition(">")[0].strip("<")
    of_tasks = ann.get("/tasks?limit=1").headers["link"].partition(">")[0].strip("<")

    problem(bob.get(f"/trash{of_trash}"), 422, "cursor_invalid")
    problem(ann.get(f"/tasks{of_trash}"), 422, "cursor_invalid")
    problem(ann.get(f"/trash{of_tasks}"), 422, "cursor_invalid")
    assert titles(ann.get(f"/trash{of_trash}").json()) == "a"


# Restoring


def test_a_restored_task_is_back_under_its_id_and_counts_as_changed(ann: Person) -> None:
    milk = deleted(ann, "Milk", tags=["home"], status="Done", due_at="2026-03-10T18:00:00Z")
    [in_trash] = trash(ann)

    answer = ann.post(f"/tasks/{milk['id']}/restore")

    restored = task(answer)
    assert restored == milk | {"updated_at": restored["updated_at"], "version": restored["version"]}
    assert restored["version"] > in_trash["version"]
    assert restored["updated_at"] > in_trash["deleted_at"]
    assert answer.headers["etag"] == f'"{restored["version"]}"'
    assert ann.tasks() == [restored]
    assert trash(ann) == []
    problem(ann.post(f"/tasks/{milk['id']}/restore/"), 404, "task_not_found")


def test_if_match_is_not_looked_at_in_the_trash(ann: Person) -> None:
    milk, eggs = deleted(ann, "Milk"), deleted(ann, "Eggs")
    headers = {"If-Match": '"1"'}

    assert ann.post(f"/tasks/{milk['id']}/restore", headers=headers).status_code == 200
    assert ann.delete(f"/trash/{eggs['id']}", headers=headers).status_code == 204
    assert ann.delete("/trash", headers=headers).status_code == 204


def test_a_task_can_go_and_come_often(ann: Person) -> None:
    milk = ann.adds("Milk")
    versions = [milk["version"]]
    for _ in range(3):
        ann.delete(f"/tasks/{milk['id']}")
        versions.append(trash(ann)[0]["version"])
        versions.append(task(ann.post(f"/tasks/{milk['id']}/restore"))["version"])

    assert versions == sorted(set(versions))


# The end


def test_what_is_removed_from_the_trash_is_gone_for_good(ann: Person, database_url: str) -> None:
    milk, _ = deleted(ann, "Milk"), deleted(ann, "Eggs")

    answer = ann.delete(f"/trash/{milk['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert titles(trash(ann)) == "Eggs"
    problem(ann.delete(f"/trash/{milk['id']}/"), 404, "task_not_found")
    problem(ann.post(f"/tasks/{milk['id']}/restore"), 404, "task_not_found")
    assert left_of(database_url, ann) == ["erased", "Eggs"]


EVERYTHING: dict[str, Any] = {
    "title": "Milk",
    "description": "whole, 準備搬家了",
    "status": "Done",
    "priority": "high",
    "due_at": "2026-03-10T18:00:00Z",
    "time_zone": "Europe/Warsaw",
    "tags": ["home"],
}

LEFT = {"owner_id", "id", "uid", "version", "created_at", "position", "deleted_at", "erased_at"}


def test_an_erased_task_leaves_a_row_without_anything_that_was_in_it(
    ann: Person, bob: Person, database_url: str
) -> None:
    blank = ann.adds("erased")
    milk = deleted(ann, **EVERYTHING)
    ann.delete(f"/tasks/{blank['id']}")
    asked(database_url, "update tasks set uid = gen_random_uuid() where owner_id = %s", ann.id)
    of_blank, before = rows_of(database_url, ann)
    other = deleted(bob, **EVERYTHING)
    [of_bob] = rows_of(database_url, bob)

    assert ann.delete(f"/trash/{milk['id']}").status_code == 204

    _, after = rows_of(database_url, ann)
    assert {name for name, value in after.items() if value == before[name] and value is not None} <= LEFT | {
        "tags",
        "recurrence_anchor",
        "reminders",
    }
    assert {name: after[name] for name in ("id", "uid", "version", "created_at")} == {
        name: before[name] for name in ("id", "uid", "version", "created_at")
    }
    # As a task of which nobody ever said anything but this title, and without the words to find it by.
    kept = {name: value for name, value in after.items() if name not in LEFT | {"title_words"}}
    assert kept == {name: value for name, value in of_blank.items() if name not in LEFT | {"title_words"}}
    assert (after["title_words"], after["deleted_at"]) == ("", "-infinity")
    assert after["erased_at"] is not None
    assert rows_of(database_url, bob) == [of_bob]
    assert [task["id"] for task in trash(bob)] == [other["id"]]


def test_an_erased_task_is_found_by_no_call(ann: Person, database_url: str) -> None:
    milk = deleted(ann, **EVERYTHING)
    ann.delete(f"/trash/{milk['id']}")
    before, path = rows_of(database_url, ann), f"/tasks/{milk['id']}"

    for answer in (
        ann.get(path),
        ann.put(path, json={"title": "Milk"}),
        ann.patch(path, json={"title": "Milk"}),
        ann.patch(path, json={}),
        ann.delete(path),
        ann.post(f"{path}/restore"),
        ann.delete(f"/trash/{milk['id']}"),
    ):
        problem(answer, 404, "task_not_found")
    for operation in ({"op": "patch", "patch": {"title": "x"}}, {"op": "delete"}):
        answer = ann.post("/tasks/batch", json={"operations": [{"id": milk["id"], **operation}]})
        assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")
    for path in ("/tasks", "/tasks?q=erased", "/tasks?status=Todo", "/tasks?sort=title", "/trash", "/tags"):
        assert ann.get(path).json() == []
    assert ann.get("/tasks?count=true").headers["x-total-count"] == "0"
    assert rows_of(database_url, ann) == before


def test_the_trash_is_emptied_and_nothing_else(ann: Person, bob: Person, database_url: str) -> None:
    kept = ann.adds("Bread")
    for person in (ann, ann, bob):
        deleted(person, "Milk")

    answers = [ann.delete("/trash/"), ann.delete("/trash")]

    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
    assert trash(ann) == []
    assert ann.tasks() == [kept]
    assert len(trash(bob)) == 1
    assert left_of(database_url, ann) == ["Bread", "erased", "erased"]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/tasks/{}/restore"), ("DELETE", "/trash/{}"), ("POST", "/tasks/{}/restore/")]
)
def test_only_what_lies_in_my_trash_is_found(ann: Person, bob: Person, method: str, path: str) -> None:
    others = [ann.adds("alive")["id"], deleted(bob, "his")["id"], NEVER_GIVEN]

    first, *rest = [ann.send(method, path.format(task_id)) for task_id in others]

    problem(first, 404, "task_not_found")
    assert {answer.content for answer in rest} == {first.content}
    for wrong in ("0", "x", "01", f"{2**53}"):
        problem(ann.send(method, path.format(wrong)), 422, "validation_failed")
    problem(ann.send(method, path.format(1) + "?days=1"), 422, "validation_failed")
    assert (len(ann.tasks()), len(trash(bob))) == (1, 1)


@pytest.mark.parametrize(("method", "path"), [("GET", "/trash"), ("DELETE", "/trash"), ("DELETE", "/trash/1")])
def test_the_trash_needs_a_token(api: str, method: str, path: str) -> None:
    problem(httpx.request(method, f"{api}{path}"), 401, "token_missing")


# After a while


def test_after_thirty_days_a_task_is_gone_from_the_trash(ann: Person, database_url: str) -> None:
    milk = deleted(ann, "Milk")
    aged(database_url, ann, days=29.99)
    assert titles(trash(ann)) == "Milk"
    aged(database_url, ann, days=30.01)

    for method, path in (("POST", f"/tasks/{milk['id']}/restore"), ("DELETE", f"/trash/{milk['id']}")):
        aged(database_url, ann, days=30.01)
        problem(ann.send(method, path), 404, "task_not_found")
    assert trash(ann) == []


def test_looking_into_the_trash_changes_nothing(ann: Person, database_url: str) -> None:
    deleted(ann, "Milk")
    aged(database_url, ann, days=31)
    unchanged = "select version, (select json_agg(xmin::text) from tasks where owner_id = %s) from owner"
    before = asked(database_url, f"{unchanged} where owner_id = %s", ann.id, ann.id)

    assert trash(ann) == []

    assert asked(database_url, f"{unchanged} where owner_id = %s", ann.id, ann.id) == before


WRITES = [
    ("POST", f"/tasks/{NEVER_GIVEN}/restore", 404),
    ("DELETE", f"/trash/{NEVER_GIVEN}", 404),
    ("DELETE", "/trash", 204),
]


@pytest.mark.parametrize(("method", "path", "status"), WRITES)
def test_any_write_to_the_trash_erases_what_has_expired_there(
    ann: Person, bob: Person, database_url: str, method: str, path: str, status: int
) -> None:
    for person in (ann, bob):
        deleted(person, "Milk")
        aged(database_url, person, days=31)
    ann.adds("Bread")

    assert ann.send(method, path).status_code == status

    assert left_of(database_url, ann) == ["erased", "Bread"]
    assert left_of(database_url, bob) == ["Milk"]


def test_a_write_to_the_trash_erases_no_more_than_it_has_time_for(ann: Person, database_url: str) -> None:
    ann.adds("Milk")
    fill(database_url, ann, 250)
    aged(database_url, ann, days=31)

    for left in (150, 50, 0, 0):
        problem(ann.delete(f"/trash/{NEVER_GIVEN}"), 404, "task_not_found")
        assert left_of(database_url, ann).count("x") == left


# Many


def fill(url: str, person: Person, rows: int) -> None:
    many = "insert into tasks (owner_id, title, status, version, deleted_at) select %s, 'x', 'Todo', 1, now() from "
    asked(url, many + "generate_series(1, %s)", person.id, rows)


def test_much_is_erased_in_portions(ann: Person, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setattr(portions, "FIRST_ROWS", 1)
    monkeypatch.setattr(portions, "MOST_ROWS", 4)
    ann.adds("Milk")
    fill(database_url, ann, 30)
    key = {"Idempotency-Key": "empty"}

    assert "idempotent-replayed" not in ann.delete("/trash", headers=key).headers
    assert left_of(database_url, ann) == ["Milk"] + ["erased"] * 30
    fill(database_url, ann, 30)
    assert ann.delete("/trash", headers=key).headers["idempotent-replayed"] == "true"
    assert left_of(database_url, ann).count("x") == 30
    assert ann.delete("/trash").status_code == 204
    assert left_of(database_url, ann) == ["Milk"] + ["erased"] * 60


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "empty"}])
def test_what_the_deadline_cuts_short_goes_on_with_the_same_request(
    person: Callable[..., Person],
    issuer: LocalIssuer,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    key: dict[str, str],
) -> None:
    """A round trip for each of so many rows takes longer than any deadline here. The key is remembered at the end."""
    monkeypatch.setattr(portions, "FIRST_ROWS", 1)
    monkeypatch.setattr(portions, "MOST_ROWS", 1)
    settings = settings_for(database_url, request_deadline_seconds=1.5)
    with serving(create_app(settings, local_issuer=issuer)) as api:
        carol = person("carol", api=api)
        carol.adds("Milk")
        fill(database_url, carol, 20_000)

        answer = carol.delete("/trash", headers=key)
        document = problem(answer, 503, "database_unavailable")
        left = left_of(database_url, carol).count("x")
        monkeypatch.setattr(portions, "MOST_ROWS", 20_000)
        while answer.status_code == 503:
            answer = carol.delete("/trash", headers=key)

    assert document["detail"] == portions.UNFINISHED
    assert 0 < left < 20_000
    assert (answer.status_code, "idempotent-replayed" in answer.headers) == (204, False)
    assert left_of(database_url, carol).count("x") == 0


def test_the_days_are_a_setting(person: Callable[..., Person], issuer: LocalIssuer, database_url: str) -> None:
    settings = settings_for(database_url, trash_days=2)
    with serving(create_app(settings, local_issuer=issuer)) as address:
        carol = person("carol", api=address)
        milk = deleted(carol, "Milk")
        aged(database_url, carol, days=1.9)
        assert titles(trash(carol)) == "Milk"
        aged(database_url, carol, days=2.1)

        assert trash(carol) == []
        problem(carol.post(f"/tasks/{milk['id']}/restore"), 404, "task_not_found")


def test_every_call_is_one_round_trip(person: Callable[..., Person], issuer: LocalIssuer, database_url: str) -> None:
    with proxied(database_url) as proxy:
        settings = settings_for(proxy.url, database_pool_size=1)
        with serving(create_app(settings, local_issuer=issuer)) as address:
            carol = person("carol", api=address)
            found = deleted(carol, "Milk")["id"]
            calls = [
                ("GET", "/trash"),
                ("POST", f"/tasks/{found}/restore"),
                ("DELETE", f"/trash/{found}"),
                ("DELETE", "/trash"),
                ("GET", "/tags"),
            ]
            for method, path in calls:
                before = proxy.turns
                carol.send(method, path)
                assert proxy.turns - before == 1, (method, path)
