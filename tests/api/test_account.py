"""`DELETE /me`: everything of one owner, for good."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlmodel import SQLModel

from support.answers import problem
from support.databases import asked
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from support.signing import SECRET, signed
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.owners import actions
from taskward.resources import portions
from taskward.resources.clock import owned_tables

EVERYTHING = {"confirm": "everything"}

WITH_AN_OWNER = """
    select relname from pg_class join pg_attribute on attrelid = pg_class.oid
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
        and attname = 'owner_id' and not attisdropped
"""


def rows_of(url: str, owner: str) -> dict[str, int]:
    found = [name for (name,) in asked(url, WITH_AN_OWNER)]
    return {name: asked(url, f"select count(*) from {name} where owner_id = %s", owner)[0][0] for name in found}


def lives(person: Person) -> None:
    """Leaves a row in every table: who makes a new one adds to it here."""
    assert person.post("/lists", json={"name": "Errands"}).status_code == 201
    for number in range(3):
        answer = person.post("/tasks", json={"title": "Milk"}, headers={"Idempotency-Key": str(number)})
        assert answer.status_code == 201
    person.adds("Water the plants", due_on="2026-03-10", recurrence="FREQ=DAILY")
    completed = person.post(f"/tasks/{person.tasks()[-1]['id']}/complete", json={"occurrence": 1})
    assert completed.status_code == 200
    assert person.post("/calendar").status_code == 201
    person.delete(answer.headers["location"])


def test_everything_of_one_owner_is_removed_and_nothing_of_another(ann: Person, bob: Person, database_url: str) -> None:
    for person in (ann, bob):
        lives(person)
        asked(database_url, "insert into delivery (owner_id) values (%s)", person.id)
        alarms = "insert into alarms (owner_id, task_id, memory) select owner_id, id, '' from tasks where owner_id = %s"
        asked(database_url, alarms, person.id)
    before = rows_of(database_url, bob.id)
    assert rows_of(database_url, ann.id) == before
    assert all(before.values())
    last = ann.adds("Eggs")["id"]

    answer = ann.delete("/me", params=EVERYTHING)

    assert (answer.status_code, answer.content) == (204, b"")
    assert set(rows_of(database_url, ann.id).values()) == {0}
    assert rows_of(database_url, bob.id) == before
    assert (ann.tasks(), ann.get("/trash").json(), ann.get("/tags").json()) == ([], [], [])
    # A key that was remembered is new, and no id comes again.
    again = ann.post("/tasks", json={"title": "Bread"}, headers={"Idempotency-Key": "0"})
    assert (again.status_code, "idempotent-replayed" in again.headers) == (201, False)
    assert again.json()["id"] > last


def test_nothing_is_enough_to_remove_and_twice_is_as_once(ann: Person, database_url: str) -> None:
    for _ in range(2):
        assert ann.delete("/me", params=EVERYTHING).status_code == 204
        assert set(rows_of(database_url, ann.id).values()) == {0}
    lives(ann)
    for path in ("/me/", "/me"):
        assert ann.delete(path, params=EVERYTHING).status_code == 204


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", "query.confirm: This parameter is required."),
        ("confirm=", "query.confirm: Input should be 'everything'."),
        ("confirm=Everything", "query.confirm: Input should be 'everything'."),
        ("confirm=true", "query.confirm: Input should be 'everything'."),
        ("confirm=everything&confirm=everything", "query.confirm: This parameter may stand only once."),
        ("confirm=everything&owner=bob", "query.owner: Unknown parameter; known are confirm."),
        ("confirm=everything&limit=1", "query.limit: Unknown parameter; known are confirm."),
    ],
)
def test_without_a_plain_confirmation_nothing_is_removed(ann: Person, query: str, detail: str) -> None:
    milk = ann.adds("Milk")

    assert problem(ann.delete(f"/me?{query}"), 422, "validation_failed")["detail"] == detail
    assert ann.tasks() == [milk]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH"])
def test_no_other_method_is_taken(ann: Person, method: str) -> None:
    answer = ann.send(method, "/me", params=EVERYTHING)

    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE")


def test_pages_may_call_it(ann: Person) -> None:
    origin = {"Origin": "http://localhost:3000"}
    preflight = ann.send("OPTIONS", "/me", headers={**origin, "Access-Control-Request-Method": "DELETE"})

    assert (preflight.status_code, "DELETE" in preflight.headers["access-control-allow-methods"]) == (200, True)
    answer = ann.delete("/me", params=EVERYTHING, headers=origin)
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"


def test_it_is_under_the_prefix(person: Callable[..., Person], careful_api: str) -> None:
    ann = person("ann", api=careful_api)
    ann.adds("Milk")

    assert ann.delete("/me", params=EVERYTHING).status_code == 204  # whatever REQUIRE_IF_MATCH says
    assert ann.tasks() == []
    outside = careful_api.removesuffix("/api/v1")
    problem(httpx.delete(f"{outside}/me", params=EVERYTHING, trust_env=False), 404, "route_not_found")


def test_it_needs_a_token_before_anything_else(visitor: httpx.Client) -> None:
    problem(visitor.delete("/me"), 401, "token_missing")


# Owners that are shared


@pytest.fixture(scope="module")
def shared_api(database_url: str) -> Iterator[str]:
    settings = settings_for(
        database_url,
        jwt_hs256_secret=SECRET,
        owner_claim="org,sub",
        rate_limit_per_minute=3,
    )
    with serving(create_app(settings)) as address:
        yield address


def member(api: str, sub: str, **claims: Any) -> httpx.Client:
    return httpx.Client(base_url=api, headers={"Authorization": f"Bearer {signed(sub, **claims)}"}, trust_env=False)


def test_what_an_organization_shares_is_not_one_members_to_remove(shared_api: str) -> None:
    sub, org = uuid4().hex, uuid4().hex
    with member(shared_api, sub) as alone, member(shared_api, sub, org=org) as together:
        assert together.post("/tasks", json={"title": "Milk"}).status_code == 201

        # 403 comes before 429 and 422, and is not counted.
        for query in ("confirm=everything", "confirm=no", "x=y", "", "confirm=everything"):
            document = problem(together.delete(f"/me?{query}"), 403, "forbidden")
            assert "shared" in document["detail"]
        assert [task["title"] for task in together.get("/tasks").json()] == ["Milk"]
        assert alone.delete("/me", params=EVERYTHING).status_code == 204
        assert len(together.get("/tasks").json()) == 1
        problem(together.get("/tasks"), 429, "rate_limited")
        problem(together.delete("/me", params=EVERYTHING), 403, "forbidden")
        assert "www-authenticate" not in together.delete("/me", params=EVERYTHING).headers


# Many rows


def test_much_is_removed_in_portions(ann: Person, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setattr(portions, "FIRST_ROWS", 1)
    monkeypatch.setattr(portions, "MOST_ROWS", 4)
    for _ in range(3):
        lives(ann)
    batch = [{"op": "create", "task": {"title": f"{number}"}} for number in range(50)]
    assert ann.post("/tasks/batch", json={"operations": batch}).status_code == 200

    assert ann.delete("/me", params=EVERYTHING).status_code == 204

    assert set(rows_of(database_url, ann.id).values()) == {0}


def test_writes_at_the_same_time_come_before_or_after(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "FIRST_ROWS", 1)
    monkeypatch.setattr(portions, "MOST_ROWS", 2)

    def write(number: int) -> int:
        if number % 10 == 9:
            return ann.delete("/me", params=EVERYTHING).status_code
        return ann.post("/tasks", json={"title": "x"}, headers={"Idempotency-Key": str(number)}).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(write, range(100))) == {201, 204}
    assert ann.delete("/me", params=EVERYTHING).status_code == 204
    assert ann.tasks() == []


def test_what_the_deadline_cuts_short_goes_on_with_the_same_request(
    person: Callable[..., Person], issuer: LocalIssuer, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round trip for each of so many rows takes longer than any deadline here."""
    monkeypatch.setattr(portions, "FIRST_ROWS", 1)
    monkeypatch.setattr(portions, "MOST_ROWS", 1)
    settings = settings_for(database_url, request_deadline_seconds=1.5)
    with serving(create_app(settings, local_issuer=issuer)) as api:
        ann = person("ann", api=api)
        ann.adds("Milk")
        many = "insert into tasks (owner_id, title, status, version) select %s, 'x', 'Todo', 1 from "
        asked(database_url, many + "generate_series(1, 20000)", ann.id)

        answer = ann.delete("/me", params=EVERYTHING)
        document = problem(answer, 503, "database_unavailable")
        left = rows_of(database_url, ann.id)
        monkeypatch.setattr(portions, "MOST_ROWS", 20_000)
        while answer.status_code == 503:
            answer = ann.delete("/me", params=EVERYTHING)

    assert document["detail"] == portions.UNFINISHED
    assert left["owner"] == 1
    assert 0 < left["tasks"] < 20_001
    assert answer.status_code == 204
    assert set(rows_of(database_url, ann.id).values()) == {0}


# The tables


def test_every_table_with_an_owner_is_known_and_the_order_breaks_no_reference(database_url: str) -> None:
    tables = list(actions.FORGET)

    assert sorted(tables) == sorted(name for (name,) in asked(database_url, WITH_AN_OWNER))
    assert tables == owned_tables()
    assert tables[-1] == "owner"
    for name in tables:
        for key in SQLModel.metadata.tables[name].foreign_keys:
            of = key.column.table.name
            # In a table that refers to itself a row of the next portion may refer to one that goes, and lets go of it.
            assert tables.index(name) < tables.index(of) or (of == name and key.ondelete.startswith("SET NULL"))
