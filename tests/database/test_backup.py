"""Backup and restore as `docs/operate.md` says them, with PostgreSQL's own programs and under forced policies."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from support.backups import commands, hashes, run
from support.databases import as_login, asked, with_database
from support.people import Person
from support.programs import TASKWARD
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.migrations import migrate
from taskward.operations.doctor import examine
from taskward.operations.embedded import cluster as embedded
from taskward.settings import read_settings


@contextmanager
def api_on(url: str, issuer: LocalIssuer) -> Iterator[str]:
    with serving(create_app(settings_for(url), local_issuer=issuer)) as address:
        yield address


def test_what_was_dumped_is_restored_on_another_server(
    logins: dict[str, str], own_cluster: str, new_cluster: str, issuer: LocalIssuer, tmp_path: Path
) -> None:
    """From a login like Neon's (BYPASSRLS, no superuser) to one like it, on a server that knows no role of ours."""
    with api_on(logins["neon"], issuer) as api:
        ann, bob = Person("ann", api=api, issuer=issuer), Person("bob", api=api, issuer=issuer)
        kept = ann.adds("Milk", tags=["home"], due_on="2030-01-01", description="whole\n“fresh”")
        deleted = ann.adds("Beer")
        ann.delete(f"/tasks/{deleted['id']}")
        retried = bob.post("/tasks", json={"title": "Tea"}, headers={"Idempotency-Key": "tea"})
        ann.http.close()
    with psycopg.connect(with_database(own_cluster, "neon")) as session:
        before = hashes(session)
    dump, restore = commands()
    there = as_login(with_database(new_cluster, "restored"), "keeper", "sesame-8")
    asked(new_cluster, "create role keeper login password 'sesame-8' bypassrls createrole createdb")
    asked(new_cluster, "create database restored owner keeper")

    dumped = run(dump, logins["neon"], tmp_path)
    assert (dumped.returncode, dumped.stderr) == (0, "")
    migrate(there)
    restored = run(restore, there, tmp_path)

    assert (restored.returncode, restored.stderr) == (0, "")
    with psycopg.connect(with_database(new_cluster, "restored")) as session:
        assert hashes(session) == before
    findings = examine(read_settings(jwt_hs256_secret="x" * 32), there, there, clock=time.time)
    assert [finding for finding in findings if finding.level == "fail"] == []
    with api_on(there, issuer) as api:
        for person in (ann, bob):
            person.http = httpx.Client(base_url=api, headers=person.http.headers, trust_env=False)
        assert ann.get(f"/tasks/{kept['id']}").json() == kept
        assert [task["id"] for task in ann.get("/trash").json()] == [deleted["id"]]
        assert bob.get(f"/tasks/{kept['id']}").status_code == 404
        again = bob.post("/tasks", json={"title": "Tea"}, headers={"Idempotency-Key": "tea"})
        assert (again.content, again.headers["idempotent-replayed"]) == (retried.content, "true")
        later = ann.adds("Bread")
        assert later["id"] > deleted["id"]
        assert later["version"] > kept["version"]
        ann.close()
        bob.close()


def test_nothing_that_was_given_out_after_the_dump_comes_again(
    logins: dict[str, str], own_cluster: str, new_cluster: str, issuer: LocalIssuer, tmp_path: Path
) -> None:
    dump, restore = commands()
    told: list[dict[str, Any]] = []
    """Everything that clients may remember: an id, with a version."""
    with api_on(logins["neon"], issuer) as api:
        ann = Person("ann", api=api, issuer=issuer)
        kept = ann.adds("Kept")
        changed, removed = ann.adds("Changed"), ann.adds("Removed")
        token = ann.get("/changes").json()["next"]
        assert run(dump, logins["neon"], tmp_path).returncode == 0
        told += [kept, changed, removed, *many(ann, 1_000)]
        for _ in range(5):
            told.append(ann.patch(f"/tasks/{changed['id']}", json={"title": "Changed again"}).json())
        ann.delete(f"/tasks/{removed['id']}")
        later_token = ann.get("/changes", params={"since": token, "limit": 2000}).json()["next"]
        ann.http.close()
    there = as_login(with_database(new_cluster, "restored"), "keeper", "sesame-8")
    asked(new_cluster, "create role keeper login password 'sesame-8' bypassrls createrole createdb")
    asked(new_cluster, "create database restored owner keeper")
    migrate(there)
    assert run(restore, there, tmp_path).returncode == 0
    asked(there, "update tasks set deleted_at = now() where id = %s", removed["id"])

    done = run(f"{TASKWARD} restored", there, tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("Stamped ")
    with api_on(there, issuer) as api:
        ann.http = httpx.Client(base_url=api, headers=ann.http.headers, trust_env=False)
        new = many(ann, 1_000)
        assert {task["id"] for task in new}.isdisjoint(task["id"] for task in told)
        assert {task["version"] for task in new}.isdisjoint(task["version"] for task in told)
        assert len({task["id"] for task in new}) == 1_000
        for task in (kept, changed, *told[-5:]):
            answer = ann.patch(
                f"/tasks/{task['id']}", json={"title": "x"}, headers={"If-Match": f'"{task["version"]}"'}
            )
            assert (answer.status_code, answer.json()["code"]) == (412, "version_mismatch")
        restored = ann.post(f"/tasks/{removed['id']}/restore").json()
        assert restored["version"] > max(task["version"] for task in told)
        for since in (token, later_token):
            assert ann.get("/changes", params={"since": since}).status_code == 410
        ann.close()


def many(person: Person, count: int) -> list[dict[str, Any]]:
    """New tasks, a hundred at once."""
    batch = {"operations": [{"op": "create", "task": {"title": "x"}}] * 100}
    return [
        result["task"]
        for _ in range(count // 100)
        for result in person.post("/tasks/batch", json=batch).json()["results"]
    ]


def test_a_login_that_the_policies_hold_cannot_dump_and_says_so(logins: dict[str, str], tmp_path: Path) -> None:
    """A backup without the rows would be worse than none."""
    dump, _ = commands()

    done = run(dump, logins["ordinary"], tmp_path)

    assert done.returncode != 0
    assert "row-level security" in done.stderr


@pytest.fixture
def new_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded.start(tmp_path_factory.mktemp("another"), say=lambda _: None) as postgres:
        yield postgres.url
