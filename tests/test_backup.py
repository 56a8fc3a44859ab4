"""Backup and restore as `docs/operate.md` says them, with PostgreSQL's own programs and under forced policies."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from conftest import settings_for
from databases import as_login, asked, with_database
from people import Person
from serving import serving
from taskward.app import create_app
from taskward.core import embedded
from taskward.core.issuer import LocalIssuer
from taskward.doctor import examine
from taskward.migrations import migrate
from taskward.settings import read_settings

PAGE = Path(__file__).parents[1] / "docs" / "operate.md"
TABLES = ("owner", "tasks", "idempotency_keys")


@contextmanager
def api_on(url: str, issuer: LocalIssuer) -> Iterator[str]:
    with serving(create_app(settings_for(url), local_issuer=issuer)) as address:
        yield address


def steps() -> list[list[str]]:
    """The command lines of the page's section on backups, each block a list."""
    section = PAGE.read_text().partition("## Backup and restore\n")[2].partition("\n## ")[0]
    return [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)]


def run(line: str, folder: Path, **urls: str) -> subprocess.CompletedProcess[str]:
    """As a shell runs it, with the programs of the PostgreSQL that the tests use."""
    programs, _ = next(iter(embedded.installations()))
    env = {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C", **urls}
    return subprocess.run(
        ["/bin/sh", "-c", line], env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def hashes(url: str) -> dict[str, str]:
    """Of all rows of each table, with the eyes of a superuser."""
    return {
        table: asked(url, f"select md5(string_agg(t::text, e'\\n' order by t::text)) from {table} t")[0][0]
        for table in TABLES
    }


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
    before = hashes(with_database(own_cluster, "neon"))
    [dump], [restore] = steps()[0], steps()[1][-1:]
    there = as_login(with_database(new_cluster, "restored"), "keeper", "sesame-8")
    asked(new_cluster, "create role keeper login password 'sesame-8' bypassrls createrole createdb")
    asked(new_cluster, "create database restored owner keeper")

    dumped = run(dump, tmp_path, DATABASE_DIRECT_URL=logins["neon"])
    assert (dumped.returncode, dumped.stderr) == (0, "")
    assert steps()[1][:-1] == ["taskward migrate"]
    migrate(there)
    restored = run(restore, tmp_path, DATABASE_DIRECT_URL=there)

    assert (restored.returncode, restored.stderr) == (0, "")
    assert hashes(with_database(new_cluster, "restored")) == before
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


def test_a_login_that_the_policies_hold_cannot_dump_and_says_so(logins: dict[str, str], tmp_path: Path) -> None:
    """A backup without the rows would be worse than none."""
    [dump] = steps()[0]

    done = run(dump, tmp_path, DATABASE_DIRECT_URL=logins["ordinary"])

    assert done.returncode != 0
    assert "row-level security" in done.stderr


@pytest.fixture
def new_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded.start(tmp_path_factory.mktemp("another"), say=lambda _: None) as postgres:
        yield postgres.url
