"""Backup and restore by the commands of `docs/operate.md`, with PostgreSQL's own programs."""

import re
import subprocess
from pathlib import Path

import psycopg

from taskward.operations.embedded.programs import installations

PAGE = Path(__file__).parents[2] / "docs" / "operate.md"
TABLES = ("owner", "tasks", "lists", "idempotency_keys")


def commands() -> tuple[str, str]:
    """The page's command for a dump, and the one for a restore. Before that `taskward migrate` has made the roles, and
    after it `taskward restored` stamps the rows.
    """
    section = PAGE.read_text().partition("## Backup and restore\n")[2].partition("\n## ")[0]
    [dump], [migrate, restore, restored] = (
        block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    )
    assert (migrate, restored) == ("taskward migrate", "taskward restored")
    return dump, restore


def run(line: str, url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a shell runs it, with the programs of the PostgreSQL that the tests use."""
    programs, _ = next(iter(installations()))
    env = {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C", "DATABASE_DIRECT_URL": url}
    return subprocess.run(
        ["/bin/sh", "-c", line], env=env, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def hashes(session: psycopg.Connection) -> dict[str, str]:
    """Of all rows of each table, for somebody who sees them all."""
    found = {}
    for table in TABLES:
        query = f"select md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) from {table} t"
        [(found[table],)] = session.execute(query.encode()).fetchall()
    return found
