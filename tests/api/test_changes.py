"""`GET /changes`: a copy that follows it is what the server has."""

import asyncio
import json
import string
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.answers import problem, shaped
from support.copies import Change, Copy
from support.databases import asked, using
from support.people import Person
from taskward.postgres.encoding import Row
from taskward.postgres.statements import Bound, compiled
from taskward.resources import feed
from taskward.resources.feed import MAX_BYTES, TOKENS, FeedRow
from taskward.resources.paging import cursor_for
from taskward.resources.session import Session
from taskward.tasks.feed import TASK_CHANGES

DAY = "2026-03-10"


def put(task: dict[str, Any]) -> Change:
    return {"kind": "task", "op": "put", "task": task}


def removed(task: dict[str, Any]) -> Change:
    return {"kind": "task", "op": "remove", "id": task["id"], "uid": task.get("uid")}


def read(person: Person, task: dict[str, Any]) -> dict[str, Any]:
    return shaped(person.get(f"/tasks/{task['id']}").json())


def batch(person: Person, *operations: dict[str, Any]) -> None:
    answer = person.post("/tasks/batch", json={"operations": operations})
    assert answer.status_code == 200, answer.text


def adding(*titles: str) -> list[dict[str, Any]]:
    return [{"op": "create", "task": {"title": title}} for title in titles]


def test_a_first_copy_is_every_live_row_in_the_order_of_ids_and_no_removal(ann: Person) -> None:
    milk, bread, soap = ann.adds("Milk"), ann.adds("Bread"), ann.adds("Soap")
    ann.delete(f"/tasks/{bread['id']}")
    ann.patch(f"/tasks/{milk['id']}", json={"priority": "high", "tags": ["shop"]})

    answer = ann.get("/changes")

    body = answer.json()
    assert body == {"changes": [put(read(ann, milk)), put(soap)], "next": body["next"], "more": False}
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert "etag" not in answer.headers


@pytest.mark.parametrize("path", ["/changes", "/changes/"])
def test_it_answers_with_a_slash_at_the_end_and_to_head(ann: Person, path: str) -> None:
    ann.adds("Milk")

    assert len(ann.get(path).json()["changes"]) == 1
    head = ann.send("HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 100


def test_an_owner_without_rows_has_an_empty_copy_whose_token_stays_good_over_the_first_writes(ann: Person) -> None:
    copy = Copy(ann, limit=1)

    assert copy.step() == ([], False)
    empty = copy.token
    assert copy.step() == ([], False)
    assert copy.token == empty
    tasks = [ann.adds("Milk"), ann.adds("Bread")]
    assert copy.catch_up() == [put(task) for task in tasks]
    copy.token = empty
    assert copy.catch_up() == [put(task) for task in tasks]


def test_after_the_token_comes_what_has_changed_since_in_the_order_of_versions(ann: Person) -> None:
    milk, bread, soap = ann.adds("Milk"), ann.adds("Bread"), ann.adds("Soap")
    copy = Copy(ann)
    copy.catch_up()

    ann.patch(f"/tasks/{soap['id']}", json={"title": "Soap, two"})
    ann.delete(f"/tasks/{milk['id']}")
    beer = ann.adds("Beer")
    ann.put(f"/tasks/{bread['id']}", json={"title": "Rye bread"})

    assert copy.catch_up() == [put(read(ann, soap)), removed(milk), put(beer), put(read(ann, bread))]
    assert copy.titles() == ["Rye bread", "Soap, two", "Beer"]


def test_a_row_that_changed_often_appears_once_in_its_newest_state(ann: Person) -> None:
    copy = Copy(ann)
    copy.catch_up()
    milk = ann.adds("Milk")
    for number in range(5):
        ann.patch(f"/tasks/{milk['id']}", json={"title": f"Milk {number}"})

    assert copy.catch_up() == [put(read(ann, milk))]


def test_nothing_new_is_an_empty_answer_with_the_same_token(ann: Person) -> None:
    ann.adds("Milk")
    copy = Copy(ann)
    copy.catch_up()
    token = copy.token

    assert copy.step() == ([], False)
    assert copy.token == token


def test_a_write_that_was_refused_is_no_change(ann: Person) -> None:
    milk = ann.adds("Milk")
    copy = Copy(ann)
    copy.catch_up()

    assert ann.patch(f"/tasks/{milk['id']}", json={"title": "x"}, headers={"If-Match": '"1"'}).status_code == 412
    assert ann.delete("/tasks/9007199254740991").status_code == 404

    assert copy.step() == ([], False)
    assert copy.step() == ([], False)


def test_lists_are_told_as_tasks_are_and_come_before_the_tasks_of_their_version(ann: Person, database_url: str) -> None:
    task = ann.adds("Milk")
    errands, home = (
        ann.post("/lists", json={"name": name, "uid": str(uuid4())}).json() for name in ("Errands", "Home")
    )
    copy = Copy(ann, limit=1)
    assert copy.catch_up() == [*({"kind": "list", "op": "put", "list": each} for each in (errands, home)), put(task)]

    changed = ann.patch(f"/lists/{errands['id']}", json={"color": "#2e7d32"}).json()
    assert copy.catch_up() == [{"kind": "list", "op": "put", "list": changed}]
    # What deletes a list with its tasks stamps both with one version.
    version = changed["version"] + 1
    asked(database_url, "update owner set version = %s where owner_id = %s", version, ann.id)
    for table in ("tasks", "lists"):
        gone = f"update {table} set version = %s, deleted_at = now() where owner_id = %s and id = any(%s)"
        asked(database_url, gone, version, ann.id, [task["id"], home["id"]])

    remove = {"kind": "list", "op": "remove", "id": home["id"], "uid": home["uid"]}
    assert copy.catch_up() == [remove, removed(task)]
    assert [kind for kind, _ in copy.rows] == ["list"]


def test_what_comes_out_of_the_trash_is_put_again(ann: Person) -> None:
    milk = ann.adds("Milk")
    copy = Copy(ann)
    copy.catch_up()

    ann.delete(f"/tasks/{milk['id']}")
    assert copy.catch_up() == [removed(milk)]
    ann.post(f"/tasks/{milk['id']}/restore")
    assert copy.catch_up() == [put(read(ann, milk))]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 500])
def test_a_batch_whose_changes_share_a_version_is_told_as_a_whole_over_any_pages(ann: Person, limit: int) -> None:
    first, second = Copy(ann, limit=limit), Copy(ann, limit=limit)
    first.catch_up()
    batch(ann, *adding(*string.ascii_uppercase[:9]))
    tasks = ann.tasks()
    batch(
        ann,
        *adding("Z"),
        {"op": "delete", "id": tasks[1]["id"]},
        {"op": "patch", "id": tasks[7]["id"], "patch": {"status": "Done"}},
    )

    first.catch_up()
    second.catch_up()

    expected = {("task", task["id"]): task for task in ann.tasks()}
    assert first.rows == second.rows == expected
    assert len(expected) == 9


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_a_first_copy_goes_on_with_what_changed_since_it_began(ann: Person, limit: int) -> None:
    batch(ann, *adding(*string.ascii_uppercase[:10]))
    tasks = ann.tasks()
    copy = Copy(ann, limit=limit)
    _, more = copy.step()
    assert more

    ann.patch(f"/tasks/{tasks[0]['id']}", json={"title": "A, changed"})  # behind it
    ann.patch(f"/tasks/{tasks[9]['id']}", json={"title": "J, changed"})  # before it
    ann.delete(f"/tasks/{tasks[8]['id']}")
    ann.adds("K")
    copy.catch_up()

    assert copy.rows == {("task", task["id"]): task for task in ann.tasks()}
    assert copy.titles() == ["A, changed", *"BCDEFGH", "J, changed", "K"]


def test_a_first_copy_whose_rest_has_gone_meanwhile_goes_on_in_the_same_answer(ann: Person) -> None:
    batch(ann, *adding("A", "B", "C"))
    tasks = ann.tasks()
    copy = Copy(ann, limit=2)
    assert [len(found) for found in copy.step()[:1]] == [2]

    ann.delete(f"/tasks/{tasks[2]['id']}")

    assert copy.step() == ([removed(tasks[2])], False)


def test_rows_that_change_during_a_walk_come_once_more(ann: Person) -> None:
    copy = Copy(ann, limit=2)
    copy.catch_up()
    tasks = [ann.adds(title) for title in "ABCD"]
    assert copy.step() == ([put(tasks[0]), put(tasks[1])], True)

    ann.patch(f"/tasks/{tasks[0]['id']}", json={"title": "A, again"})

    assert copy.catch_up() == [put(tasks[2]), put(tasks[3]), put(read(ann, tasks[0]))]


def test_changes_may_be_taken_in_twice(ann: Person) -> None:
    copy = Copy(ann)
    copy.catch_up()
    milk = ann.adds("Milk")
    ann.adds("Bread")
    ann.delete(f"/tasks/{milk['id']}")

    found = copy.catch_up()
    for change in found:
        copy.take(change)

    assert copy.titles() == ["Bread"]


# How much an answer holds


@pytest.mark.parametrize("limit", ["1", "2000"])
def test_limit_goes_from_1_to_2000(ann: Person, limit: str) -> None:
    assert ann.get("/changes", params={"limit": limit}).status_code == 200


@pytest.mark.parametrize("character", ["é", '"', "\x01"], ids=["long", "escaped", "control"])
def test_an_answer_has_about_4_mib_at_most(ann: Person, character: str) -> None:
    rendered = len(json.dumps(character, ensure_ascii=False).encode()) - 2
    each = 10_000 * rendered
    tasks = 5 * 1024 * 1024 // each
    for _ in range(tasks // 16 + 1):
        batch(ann, *({"op": "create", "task": {"title": "T", "description": character * 10_000}} for _ in range(16)))
    copy = Copy(ann, limit=2000)
    first = copy.ask()

    found = copy.catch_up()

    assert len(found) == len(copy.rows) == (tasks // 16 + 1) * 16
    assert MAX_BYTES - each - 1000 < len(first.content) < MAX_BYTES + 100
    assert first.json()["more"]


def test_an_answer_has_one_change_at_least_however_large(
    ann: Person, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row is as large as an answer may be: the statement is made for answers of a hundred bytes."""
    monkeypatch.setattr(feed, "MAX_BYTES", 100)
    ann.adds("Milk")
    ann.adds("Bread")

    copying = compiled(feed.copying([TASK_CHANGES]))
    [found] = rows_of(ann, database_url, copying(limit=5, done_since="-infinity", after_task=0))

    row = FeedRow._make(found)
    assert json.loads(row.changes or b"")["task"]["title"] == "Milk"
    assert row.has_more == b"t"


# Tokens


def rows_of(person: Person, url: str, *calls: Bound) -> list[Row]:
    """What the last of the calls answers, as the person."""
    found: list[list[Row]] = []

    async def main() -> None:
        async with using(url) as pool:
            found.extend(await Session.begin(pool, person.id).read(*calls))

    asyncio.run(main())
    return found[-1]


def forged(person: Person, text: str) -> str:
    return cursor_for(text, owner_id=person.id, of=TOKENS)


def altered(token: str, place: int) -> str:
    other = "B" if token[place] == "A" else "A"
    return token[:place] + other + token[place + 1 :]


def test_a_token_that_was_not_given_out_to_this_owner_is_refused(ann: Person, bob: Person) -> None:
    ann.adds("Milk")
    batch(bob, *adding("A", "B"))
    given = {ann.get("/changes").json()["next"], bob.get("/changes?limit=1").json()["next"]}
    other_list = ann.get("/trash").headers.get("link", "") or cursor_for("7", owner_id=ann.id, of="tasks by id")
    token = ann.get("/changes").json()["next"]
    wrong = ["", "x", "0", "=", "é", "A" * 5000, other_list, *(given - {token})]
    wrong += [token + "A", token[:-1], token + "=", *(altered(token, place) for place in range(len(token)))]
    wrong += [forged(ann, text) for text in FORGED]

    for since in wrong:
        document = problem(ann.get("/changes", params={"since": since}), 422, "cursor_invalid")
        assert document["detail"] == "This token was not given out here for this owner; start without since."
    assert ann.get("/changes", params={"since": token}).status_code == 200


FORGED = (
    *("", "-1", "1.5", "01", "99999999999999999", "1.2.3", "1.2.3.4", "1.2.3.4.5.6", "1.2.30.4.5", "1/2", "1.2.3/"),
    *("1.2.3.4/x", "1.2.3.4/9.9", "0.1.1.0/999999999999999999", "0.1.1.0/-999999999999999999"),
    *("1.2.3.4/1234567890123456789", "٣"),
)


@pytest.mark.parametrize(
    "text", ["5.9.9.9.9", "5.9.9.9/", "5.0.0.0/0", "0.0.0.0/", "5", "9999999999999999.9999999999999999.9.1.1"]
)
def test_a_forged_token_that_is_well_formed_shows_at_most_ones_own_rows(ann: Person, text: str) -> None:
    milk = ann.adds("Milk")

    answer = ann.get("/changes", params={"since": forged(ann, text)})

    if answer.status_code == 200:
        assert answer.json()["changes"] in ([], [put(milk)])
    else:
        problem(answer, 410, "sync_reset")


def test_nobody_sees_a_strangers_changes(ann: Person, bob: Person) -> None:
    copy = Copy(bob)
    copy.catch_up()
    ann.adds("Milk")

    assert copy.catch_up() == []
    assert Copy(bob).catch_up() == []


@pytest.fixture
def mid_copy(ann: Person) -> Copy:
    batch(ann, *adding("A", "B", "C"))
    copy = Copy(ann, limit=1)
    copy.step()
    return copy


@pytest.fixture
def mid_walk(ann: Person) -> Copy:
    ann.adds("First")
    copy = Copy(ann, limit=1)
    copy.catch_up()
    batch(ann, *adding("A", "B", "C"))
    copy.step()
    return copy


@pytest.fixture
def whole(ann: Person) -> Copy:
    ann.adds("First")
    copy = Copy(ann, limit=1)
    copy.catch_up()
    return copy


@pytest.fixture(params=["mid_copy", "mid_walk", "whole"])
def copy(request: pytest.FixtureRequest) -> Copy:
    """One at each place where a token can be."""
    found: Copy = request.getfixturevalue(request.param)
    return found


def test_a_token_below_the_floor_is_told_to_begin_anew(ann: Person, copy: Copy, database_url: str) -> None:
    """As purging leaves it, which removes rows and lifts the floor to the version of the last that it removed."""
    removed = ann.adds("Removed")
    version = 1 + removed["version"]
    asked(database_url, "delete from tasks where id = %s and owner_id = %s", removed["id"], ann.id)
    asked(database_url, "update owner set version = %s, feed_floor = %s where owner_id = %s", version, version, ann.id)

    document = problem(copy.ask(), 410, "sync_reset")

    assert "start without since" in document["detail"]
    again = Copy(ann, limit=1)
    again.catch_up()
    assert again.rows == {("task", task["id"]): task for task in ann.tasks()}


def test_a_token_lives_as_long_as_the_beginning_of_its_walk(ann: Person, database_url: str) -> None:
    first = ann.adds("First")
    copy = Copy(ann, limit=1)
    copy.catch_up()
    a, b = ann.adds("A"), ann.adds("B")
    copy.step()

    set_floor(database_url, ann, first["version"])
    assert copy.ask().status_code == 200
    set_floor(database_url, ann, a["version"])  # which the walk has passed, but not from its beginning
    problem(copy.ask(), 410, "sync_reset")

    copy = Copy(ann)
    copy.catch_up()
    set_floor(database_url, ann, b["version"])
    assert copy.ask().status_code == 200


def set_floor(url: str, person: Person, version: int) -> None:
    asked(url, "update owner set feed_floor = %s where owner_id = %s", version, person.id)


def test_a_token_of_a_future_that_a_restored_backup_has_not_is_told_to_begin_anew(
    ann: Person, copy: Copy, database_url: str
) -> None:
    asked(database_url, "update owner set version = version - 1000000, feed_floor = 0 where owner_id = %s", ann.id)

    problem(copy.ask(), 410, "sync_reset")


@pytest.mark.parametrize("returns", [False, True])
def test_a_token_of_an_owner_who_was_forgotten_is_told_to_begin_anew(ann: Person, copy: Copy, returns: bool) -> None:
    assert ann.delete("/me", params={"confirm": "everything"}).status_code == 204
    if returns:
        ann.adds("Again")

    problem(copy.ask(), 410, "sync_reset")
    assert [change["op"] for change in Copy(ann).catch_up()] == ["put"] * returns


def test_a_token_of_an_owner_without_rows_is_good_for_one_life_only_once_it_holds_something(ann: Person) -> None:
    copy = Copy(ann, limit=2)
    copy.catch_up()
    empty = copy.token
    batch(ann, *adding("A", "B", "C"))
    _, more = copy.step()
    assert more
    ann.delete("/me", params={"confirm": "everything"})
    again = ann.adds("Again")

    problem(copy.ask(), 410, "sync_reset")
    assert ann.get("/changes", params={"since": empty}).json()["changes"] == [put(again)]


# What was done before


@pytest.fixture
def done_long_ago(ann: Person) -> list[dict[str, Any]]:
    """Tasks that were done on three days, and one that is not."""
    instants = [f"{DAY}T00:00:00Z", "2026-03-09T23:59:59.999999Z", "2026-03-11T08:30:00+01:00"]
    done = [ann.adds(instant[:10], status="Done", completed_at=instant) for instant in instants]
    return [*done, ann.adds("Open")]


@pytest.mark.parametrize(
    ("done_since", "titles"),
    [
        (DAY, [DAY, "2026-03-11", "Open"]),
        (f"{DAY}T00:00:00Z", [DAY, "2026-03-11", "Open"]),
        (f"{DAY}T00:00:00.000001Z", ["2026-03-11", "Open"]),
        (f"{DAY}T02:00:00+02:00", [DAY, "2026-03-11", "Open"]),
        (f"{DAY}T02:00:00%2B02:00", [DAY, "2026-03-11", "Open"]),
        ("2026-03-12", ["Open"]),
        ("0001-01-01", [DAY, "2026-03-09", "2026-03-11", "Open"]),
        ("9999-12-31", ["Open"]),
    ],
)
@pytest.mark.parametrize("limit", [1, 500])
@pytest.mark.usefixtures("done_long_ago")
def test_done_since_leaves_out_what_was_done_before(
    ann: Person, done_since: str, titles: list[str], limit: int
) -> None:
    copy = Copy(ann, limit=limit, done_since=done_since.replace("%2B", "+"))

    copy.catch_up()

    assert copy.titles() == titles


def test_what_done_since_left_out_comes_as_a_whole_when_it_changes(
    ann: Person, done_long_ago: list[dict[str, Any]]
) -> None:
    copy = Copy(ann, done_since="2026-03-12", limit=1)
    copy.catch_up()
    left_out = done_long_ago[0]
    ann.patch(f"/tasks/{left_out['id']}", json={"priority": "low"})

    assert copy.catch_up() == [put(read(ann, left_out))]


def test_done_since_is_for_the_beginning_alone(ann: Person) -> None:
    token = ann.get("/changes").json()["next"]

    document = problem(ann.get("/changes", params={"since": token, "done_since": DAY}), 422, "validation_failed")

    assert document["errors"][0]["loc"] == ["query", "done_since"]


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=2001", "limit=+5", "limit=", "limit=5&limit=6"),
        *("done_since=", "done_since=yesterday", "done_since=2026-02-30", "done_since=2026-03-10T00:00:00"),
        *("skip=0", "cursor=x", "since=x&since=y", "Since=x"),
    ],
)
def test_a_parameter_that_is_wrong_or_unknown_is_refused(ann: Person, query: str) -> None:
    problem(ann.get(f"/changes?{query}"), 422, "validation_failed")


def test_a_parameter_of_somebody_else_is_ignored(ann: Person) -> None:
    assert ann.get("/changes?_=5").status_code == 200


# What holds of every call


def test_it_is_below_the_prefix(careful_api: str, person: Callable[..., Person], visitor: httpx.Client) -> None:
    ann = person("ann", api=careful_api)
    ann.adds("Milk")

    assert len(ann.get("/changes").json()["changes"]) == 1
    problem(visitor.get(f"{careful_api.removesuffix('/api/v1')}/changes"), 404, "route_not_found")
    problem(visitor.get(f"{careful_api}/changes"), 401, "token_missing")
    problem(visitor.post(f"{careful_api}/changes"), 405, "method_not_allowed")


# Completions


def daily(person: Person) -> dict[str, Any]:
    return person.adds("Water the plants", recurrence="FREQ=DAILY", due_on="2025-03-01")


def completes(person: Person, task: dict[str, Any], occurrence: int) -> Change:
    body = {"occurrence": occurrence, "missed": "keep"}
    answer = person.post(f"/tasks/{task['id']}/complete", json=body)
    assert answer.status_code == 200, answer.text
    return {"kind": "completion", "op": "put", "completion": answer.json()["completion"]}


def test_what_is_completed_is_told_behind_its_task_and_what_is_taken_back_is_a_removal(ann: Person) -> None:
    task = daily(ann)
    copy = Copy(ann)
    copy.catch_up()

    first = completes(ann, task, 1)
    assert copy.catch_up() == [put(read(ann, task)), first]
    second = completes(ann, task, 2)
    assert copy.catch_up() == [put(read(ann, task)), second]
    assert ann.post(f"/tasks/{task['id']}/reopen").status_code == 200
    gone = {"kind": "completion", "op": "remove", "task_id": task["id"], "occurrence": 2}
    assert copy.catch_up() == [put(read(ann, task)), gone]


def test_a_task_takes_its_completions_along_and_brings_them_again(ann: Person) -> None:
    task = daily(ann)
    completed = [completes(ann, task, number) for number in (1, 2, 3)]
    copy = Copy(ann)
    assert copy.catch_up() == [put(read(ann, task)), *completed]

    ann.delete(f"/tasks/{task['id']}")
    assert copy.catch_up() == [removed(task)]
    assert Copy(ann).catch_up() == []
    assert ann.post(f"/tasks/{task['id']}/restore").status_code == 200

    assert copy.catch_up() == [put(read(ann, task)), *completed]


def test_pages_may_end_between_completions_of_one_task_and_one_version(ann: Person) -> None:
    tasks = [daily(ann), daily(ann)]
    completed = [completes(ann, task, number) for task in tasks for number in (1, 2, 3)]
    copy = Copy(ann, limit=1)

    assert copy.catch_up() == [*(put(read(ann, task)) for task in tasks), *completed]
    for task in tasks:
        ann.delete(f"/tasks/{task['id']}")
        copy.catch_up()
        ann.post(f"/tasks/{task['id']}/restore")  # with one version for all of them
    assert copy.catch_up()[-4:] == [put(read(ann, tasks[1])), *completed[3:]]


def test_completions_of_tasks_that_a_first_copy_leaves_out_are_left_out(ann: Person) -> None:
    finished = ann.adds("Once and again", recurrence="FREQ=DAILY;COUNT=2", due_on="2025-03-01")
    for number in (1, 2):
        completes(ann, finished, number)
    going_on = daily(ann)
    completed = completes(ann, going_on, 1)

    found = ann.get("/changes", params={"done_since": "2999-01-01"}).json()["changes"]

    assert found == [put(read(ann, going_on)), completed]
