"""What every resource has by being one, held against tasks, lists and a resource that lives in the tests alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.schema import CreateIndex, CreateTable

from support import notes
from support.answers import evidence, problem
from support.databases import asked, with_database
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import routed, served, services_of
from taskward.auth.issuer import LocalIssuer
from taskward.http.documents import document_of
from taskward.migrations import migrate
from taskward.migrations.roles import force_policies
from taskward.postgres.statements import DIALECT
from taskward.resources.resource import Resource
from taskward.settings import Settings
from taskward.tasks.actions import TASKS
from taskward.tasks.errors import TaskNotFound
from taskward.tasks.model import TaskPatch, TaskRead, TaskReplace

NEVER_GIVEN = 2**53 - 1


@dataclass(frozen=True)
class Kind:
    """A resource as its clients know it."""

    path: str
    noun: str
    text: str
    """The field that a row cannot be without."""
    optional: str
    """One that may be null."""
    value: str
    """Of that."""
    trash: str = ""
    """None where what is deleted is gone."""
    missing: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "missing", f"{self.noun}_not_found")

    def one(self, row: dict[str, Any]) -> str:
        return f"{self.path}/{row['id']}"

    def adds(self, person: Person, text: str = "Milk") -> dict[str, Any]:
        answer = person.post(self.path, json={self.text: text})
        assert answer.status_code == 201, answer.text
        row: dict[str, Any] = answer.json()
        return row


TASK = Kind("/tasks", "task", "title", "description", "red", trash="/trash")
NOTE = Kind("/notes", "note", "text", "color", "red", trash="/notes/trash")
LIST = Kind("/lists", "list", "name", "color", "#ff0000")


@pytest.fixture(params=[TASK, NOTE, LIST], ids=["tasks", "notes", "lists"])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(params=[TASK, NOTE], ids=["tasks", "notes"])
def kept(request: pytest.FixtureRequest) -> Kind:
    """Listed page by page, and after its deletion in a trash."""
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def with_notes(cluster: str, issuer: LocalIssuer) -> Iterator[str]:
    """The address of an API that has notes too, with a database of its own."""
    name = f"notes_{uuid4().hex}"
    asked(cluster, f"create database {name}")
    url = with_database(cluster, name)
    migrate(url)
    asked(url, str(CreateTable(notes.TABLE).compile(dialect=DIALECT)))
    for index in notes.TABLE.indexes:
        asked(url, str(CreateIndex(index).compile(dialect=DIALECT)))
    asked(url, force_policies("notes"))
    asked(url, "grant select, insert, update, delete on notes to taskward_app")
    services = services_of(settings_for(url), local_issuer=issuer)
    api = routed(services.settings, services)
    api.include_router(notes.router)
    with serving(served(api, services)) as address:
        yield address
    asked(cluster, f"drop database {name} with (force)")


@pytest.fixture
def ann(person: Callable[..., Person], with_notes: str) -> Person:
    return person("ann", api=with_notes)


@pytest.fixture
def bob(person: Callable[..., Person], with_notes: str) -> Person:
    return person("bob", api=with_notes)


def tag(row: dict[str, Any]) -> str:
    return f'"{row["version"]}"'


def test_a_row_is_created_found_and_located(kind: Kind, ann: Person) -> None:
    answer = ann.post(kind.path, json={kind.text: "Milk"})

    row = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, kind.one(row))
    assert answer.headers["etag"] == tag(row)
    assert (row[kind.text], row[kind.optional], row["updated_at"]) == ("Milk", None, None)
    found = ann.get(answer.headers["location"])
    assert (found.status_code, found.json(), found.headers["etag"]) == (200, row, tag(row))


def test_a_copy_that_is_current_is_not_sent_again(kind: Kind, ann: Person) -> None:
    row = kind.adds(ann)

    answer = ann.get(kind.one(row), headers={"If-None-Match": tag(row)})

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag(row))


def test_replace_resets_what_is_left_out_and_patch_leaves_it(kind: Kind, ann: Person) -> None:
    row = kind.adds(ann)

    patched = ann.patch(kind.one(row), json={kind.optional: kind.value}).json()
    replaced = ann.put(kind.one(row), json={kind.text: "Bread"}).json()

    assert (patched[kind.text], patched[kind.optional]) == ("Milk", kind.value)
    assert (replaced[kind.text], replaced[kind.optional]) == ("Bread", None)
    assert row["version"] < patched["version"] < replaced["version"]
    assert replaced["created_at"] == row["created_at"] < patched["updated_at"] < replaced["updated_at"]


def test_an_empty_patch_changes_nothing_and_minds_its_condition(kind: Kind, ann: Person) -> None:
    row = kind.adds(ann)

    assert ann.patch(kind.one(row), json={}, headers={"If-Match": tag(row)}).json() == row
    problem(ann.patch(kind.one(row), json={}, headers={"If-Match": '"1"'}), 412, "version_mismatch")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_write_happens_only_to_the_version_that_it_names(kind: Kind, ann: Person, method: str) -> None:
    row = kind.adds(ann)
    body = {} if method == "DELETE" else {"json": {kind.text: "Bread"}}
    newer = ann.patch(kind.one(row), json={kind.optional: kind.value}).json()

    refused = ann.send(method, kind.one(row), headers={"If-Match": tag(row)}, **body)
    document = problem(refused, 412, "version_mismatch")
    assert document["detail"].startswith(f"The {kind.noun} has changed since")
    assert ann.get(kind.one(row)).json() == newer
    done = ann.send(method, kind.one(row), headers={"If-Match": tag(newer)}, **body)
    assert done.status_code == (204 if method == "DELETE" else 200)


def test_a_strangers_row_is_like_one_that_never_was(kind: Kind, ann: Person, bob: Person) -> None:
    row = kind.adds(ann)
    trashed = kind.adds(ann)
    ann.delete(kind.one(trashed))
    calls: list[Callable[[Person, int], httpx.Response]] = [
        lambda who, i: who.get(f"{kind.path}/{i}"),
        lambda who, i: who.put(f"{kind.path}/{i}", json={kind.text: "Stolen"}),
        lambda who, i: who.patch(f"{kind.path}/{i}", json={kind.text: "Stolen"}),
        lambda who, i: who.patch(f"{kind.path}/{i}", json={}),
        lambda who, i: who.delete(f"{kind.path}/{i}"),
    ]
    if kind.trash:
        calls += [
            lambda who, i: who.post(f"{kind.path}/{i}/restore"),
            lambda who, i: who.delete(f"{kind.trash}/{i}"),
        ]
    for call in calls:
        never = problem(call(bob, NEVER_GIVEN), 404, kind.missing)
        assert never["detail"] == f"There is no such {kind.noun}."
        for theirs in (row, trashed):
            assert problem(call(bob, theirs["id"]), 404, kind.missing) == never

    assert bob.get(kind.path).json() == bob.get(kind.trash or kind.path).json() == []
    assert ann.get(kind.one(row)).json() == row


def test_a_key_makes_one_row_however_often_it_is_sent(kind: Kind, ann: Person, bob: Person) -> None:
    key = {"Idempotency-Key": str(uuid4())}

    first = ann.post(kind.path, json={kind.text: "Milk"}, headers=key)
    ann.delete(kind.one(first.json()))
    again = ann.post(kind.path, json={kind.text: "Milk", kind.optional: None}, headers=key)

    assert (again.status_code, again.content) == (201, first.content)
    for name in ("location", "etag"):
        assert again.headers[name] == first.headers[name]
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    problem(ann.post(kind.path, json={kind.text: "Bread"}, headers=key), 422, "idempotency_key_reused")
    assert bob.post(kind.path, json={kind.text: "Milk"}, headers=key).json()["id"] != first.json()["id"]
    assert ann.get(kind.path).json() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "PATCH {}", "DELETE"])
def test_a_change_is_made_once_under_a_key_and_answers_the_same_for_ever(
    kind: Kind, method: str, ann: Person, bob: Person
) -> None:
    path = kind.one(kind.adds(ann, "Milk"))
    body = {"PUT": {kind.text: "Oat milk"}, "PATCH": {kind.text: "Oat milk"}, "PATCH {}": {}, "DELETE": None}[method]

    def send(key: str, *, to: str = path, by: Person = ann, sent: dict[str, Any] | None = body) -> httpx.Response:
        return by.send(method.split()[0], to, json=sent, headers={"Idempotency-Key": key})

    key = str(uuid4())
    first = send(key)
    ann.patch(path, json={kind.text: "Bread"})
    again = send(key)
    ann.delete(path)
    when_it_is_gone = send(key)

    assert first.status_code == (204 if method == "DELETE" else 200)
    assert "idempotent-replayed" not in first.headers
    for replay in again, when_it_is_gone:
        assert (replay.status_code, replay.content) == (first.status_code, first.content)
        assert replay.headers.get("etag") == first.headers.get("etag")
        assert replay.headers["idempotent-replayed"] == "true"
    problem(send(str(uuid4())), 404, kind.missing)
    problem(send(key, to=kind.one({"id": NEVER_GIVEN})), 422, "idempotency_key_reused")
    problem(send(key, by=bob), 404, kind.missing)
    if body is not None:
        problem(send(key, sent={kind.text: "Salt"}), 422, "idempotency_key_reused")


def test_a_refused_change_is_not_remembered(kind: Kind, ann: Person) -> None:
    made = kind.adds(ann, "Milk")
    key = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}

    refused = ann.patch(kind.one(made), json={kind.text: "Oat milk"}, headers=key)
    done = ann.patch(kind.one(made), json={kind.text: "Oat milk"}, headers=key | {"If-Match": f'"{made["version"]}"'})
    # A replay answers without looking at it.
    replayed = ann.patch(kind.one(made), json={kind.text: "Oat milk"}, headers=key)

    problem(refused, 412, "version_mismatch")
    assert (done.status_code, "idempotent-replayed" in done.headers) == (200, False)
    assert (replayed.content, replayed.headers["idempotent-replayed"]) == (done.content, "true")


def test_a_row_is_erased_once_under_a_key(kept: Kind, ann: Person) -> None:
    made = kept.adds(ann, "Milk")
    ann.delete(kept.one(made))
    key = {"Idempotency-Key": str(uuid4())}

    first, again = (ann.delete(f"{kept.trash}/{made['id']}", headers=key) for _ in range(2))

    assert (first.status_code, again.status_code) == (204, 204)
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert ann.delete(f"{kept.trash}/{made['id']}").status_code == 404


def test_a_key_belongs_to_its_call(ann: Person) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    ann.post("/tasks", json={"title": "Milk"}, headers=key)

    problem(ann.post("/notes", json={"text": "Milk"}, headers=key), 422, "idempotency_key_reused")


def test_cursors_walk_through_every_row_once(kept: Kind, ann: Person) -> None:
    rows = [kept.adds(ann, text) for text in "abcde"]

    seen, url = [], f"{kept.path}?limit=2"
    while url:
        answer = ann.get(url)
        seen += answer.json()
        url = urljoin(url, answer.links["next"]["url"]) if "next" in answer.links else ""

    assert seen == rows
    assert ann.get(f"{kept.path}?skip=3").json() == rows[3:]


def test_a_cursor_is_good_for_its_list_alone(ann: Person) -> None:
    cursors = {}
    for kind in (TASK, NOTE):
        for text in "ab":
            kind.adds(ann, text)
        link = ann.get(f"{kind.path}?limit=1").links["next"]["url"]
        cursors[kind.path] = httpx.URL(link).params["cursor"]

    for path in cursors:
        for of, cursor in cursors.items():
            answer = ann.get(path, params={"cursor": cursor})
            assert answer.status_code == (200 if of == path else 422), answer.text


def test_what_is_deleted_waits_in_the_trash_and_comes_back(kept: Kind, ann: Person) -> None:
    first, second = kept.adds(ann, "a"), kept.adds(ann, "b")
    for row in (first, second):
        assert ann.delete(kept.one(row)).status_code == 204

    trashed = ann.get(f"{kept.trash}?limit=1")
    rest = ann.get(urljoin(f"{kept.trash}", trashed.links["next"]["url"]))
    restored = ann.post(f"{kept.one(first)}/restore")
    erased = ann.delete(f"{kept.trash}/{second['id']}")

    assert [row["id"] for row in (*trashed.json(), *rest.json())] == [second["id"], first["id"]]
    assert all(row["deleted_at"] for row in (*trashed.json(), *rest.json()))
    assert (restored.status_code, restored.json()["id"]) == (200, first["id"])
    assert restored.headers["etag"] == tag(restored.json())
    assert restored.json()["version"] > first["version"]
    assert erased.status_code == 204
    assert ann.get(kept.path).json() == [restored.json()]
    assert ann.get(kept.trash).json() == []


def test_a_uid_stands_wherever_the_id_may(kind: Kind, ann: Person, bob: Person) -> None:
    uid, nobodys = str(uuid4()), str(uuid4())
    new = {kind.text: "Milk", "uid": uid.upper()}

    created = ann.post(kind.path, json=new)
    row = created.json()
    assert (created.status_code, row["uid"], created.headers["location"]) == (201, uid, kind.one(row))
    path = f"{kind.path}/{uid}"
    assert ann.get(path).json() == ann.get(f"{kind.path}/{uid.upper()}/").json() == row
    assert ann.get(path, headers={"If-None-Match": tag(row)}).status_code == 304
    patched = ann.patch(path, json={kind.optional: kind.value}, headers={"If-Match": tag(row)})
    assert ann.patch(path, json={}).json() == patched.json()
    problem(ann.patch(path, json={kind.text: "x"}, headers={"If-Match": tag(row)}), 412, "version_mismatch")
    for key in ({}, {"Idempotency-Key": str(uuid4())}):
        replaced = ann.put(path, json={kind.text: "Bread"}, headers=key)
        assert (replaced.json()["id"], replaced.json()["uid"], replaced.json()[kind.text]) == (row["id"], uid, "Bread")
    problem(ann.patch(path, json={"uid": nobodys}), 422, "validation_failed")

    for method, body in (("GET", None), ("PUT", {kind.text: "x"}), ("PATCH", {kind.text: "x"}), ("PATCH", {})):
        for headers in ({}, {"If-Match": "*"}, {"If-Match": tag(replaced.json())}, {"Idempotency-Key": str(uuid4())}):
            strangers, absent = (
                bob.send(method, f"{kind.path}/{each}", headers=headers, json=body) for each in (uid, nobodys)
            )
            assert evidence(strangers) == evidence(absent)
            problem(absent, 404, kind.missing)


def test_a_uid_is_given_once_to_an_owner(kind: Kind, ann: Person, bob: Person) -> None:
    uid = str(uuid4())
    row = ann.post(kind.path, json={kind.text: "Milk", "uid": uid}).json()

    for headers in ({}, {"Idempotency-Key": str(uuid4())}):
        refused = ann.post(kind.path, json={kind.text: "Bread", "uid": uid}, headers=headers)
        assert f"a {kind.noun} with this uid" in problem(refused, 409, "uid_taken")["detail"]
        assert refused.headers["location"] == kind.one(row)
    assert bob.post(kind.path, json={kind.text: "Bread", "uid": uid}).status_code == 201
    for _ in range(2):
        assert ann.post(kind.path, json={kind.text: "Bread", "uid": None}).status_code == 201
    assert [found["uid"] for found in ann.get(kind.path).json()] == [uid, None, None]


def test_a_row_in_the_trash_has_its_uid_until_it_is_erased(kept: Kind, ann: Person, bob: Person) -> None:
    uid = str(uuid4())
    new = {kept.text: "Milk", "uid": uid}
    row = ann.post(kept.path, json=new).json()
    restore, erase = f"{kept.path}/{uid}/restore", f"{kept.trash}/{uid}"

    def key() -> dict[str, str]:
        return {"Idempotency-Key": str(uuid4())}

    for new_headers in (dict, key):
        assert ann.delete(f"{kept.path}/{uid}", headers=new_headers()).status_code == 204
        assert [found["uid"] for found in ann.get(kept.trash).json()] == [uid]
        problem(ann.get(f"{kept.path}/{uid}"), 404, kept.missing)
        assert ann.post(kept.path, json=new).headers["location"] == kept.one(row)
        problem(bob.post(restore, headers=new_headers()), 404, kept.missing)
        problem(bob.delete(erase, headers=new_headers()), 404, kept.missing)
        assert ann.post(restore, headers=new_headers()).json()["id"] == row["id"]
    ann.delete(f"{kept.path}/{uid}")
    assert ann.delete(erase).status_code == 204

    again = ann.post(kept.path, json=new)

    assert (again.status_code, again.json()["id"] > row["id"]) == (201, True)
    assert ann.get(f"{kept.path}/{uid}").json() == again.json()


def test_the_document_has_the_noun_of_each(settings: Settings) -> None:
    api = routed(settings)
    api.include_router(notes.router)

    paths = document_of(api, example=TaskNotFound(), root_path="")["paths"]

    texts = {noun: str(paths[f"/{noun}s/{{{noun}_id}}"]) for noun in ("task", "note", "list")}
    assert "The note has changed since" in texts["note"]
    assert "The task has changed since" in texts["task"]
    assert "The list has changed since" in texts["list"]
    assert "{noun}" not in str(paths)


# What fails at import


class TaskWithColor(TaskRead):
    color: str


class PatchWithColor(TaskPatch):
    color: str = ""


def test_a_field_of_an_answer_that_no_column_carries_fails_at_import() -> None:
    with pytest.raises(TypeError, match="TaskWithColor has color, which no column of tasks carries"):
        Resource(TASKS.table, read=TaskWithColor, replace=TaskReplace, patch=TaskPatch, missing=TaskNotFound)


def test_a_field_of_a_patch_that_no_statement_writes_fails_at_import() -> None:
    with pytest.raises(TypeError, match="PatchWithColor has color, which no statement writes"):
        Resource(TASKS.table, read=TaskRead, replace=TaskReplace, patch=PatchWithColor, missing=TaskNotFound)


def test_a_field_of_a_body_that_no_column_carries_fails_at_import() -> None:
    with pytest.raises(TypeError, match=r"TaskReplace has description, .* which no column of notes carries"):
        Resource(notes.TABLE, read=notes.NoteRead, replace=TaskReplace, patch=TaskPatch, missing=TaskNotFound)
