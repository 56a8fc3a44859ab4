"""The API against its own OpenAPI document: every check and every phase of Schemathesis, and nothing excused.

`TASKWARD_EXAMPLES=1000 pytest tests/contract/test_schema.py` looks longer, and each time elsewhere.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.people import Person

IS_LONG = "TASKWARD_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TASKWARD_EXAMPLES", "10"))
PHASES = ("examples", "coverage", "fuzzing", "stateful")
HOOKS = Path(__file__).parents[1] / "support" / "valid_requests.py"


def examine(
    api: str, people: list[Person], *, folder: Path, examples: int, is_repeatable: bool, within_seconds: float
) -> dict[str, Any]:
    """Schemathesis's report. It asks in the name of the first, and nobody may see what is another's."""
    auth = [
        {"name": person.id, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {person.token}"}]}
        for person in people
    ]
    (folder / "people.json").write_text(json.dumps({"auth": auth}))
    (folder / "schemathesis.toml").write_text(
        "\n".join(
            [
                f"hooks = {json.dumps(str(HOOKS))}",
                "workers = 1",
                "continue-on-failure = true",
                "cache.enabled = false",
                "warnings.fail-on = true",
                "request-timeout = 30.0",
                f"generation.max-examples = {examples}",
                f"phases.stateful.generation.max-examples = {examples * 3}",
                f"generation.deterministic = {json.dumps(is_repeatable)}",
                "generation.database = 'none'",
                "auth.wfc.path = 'people.json'",
                f"auth.wfc.peers = {json.dumps([person.id for person in people])}",
                "reports.json.path = 'report.json'",
            ]
        )
    )
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{api}/openapi.json"]
    options = ["--checks=all", f"--phases={','.join(PHASES)}", "--no-color"]
    ran = subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, timeout=within_seconds, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report


@pytest.mark.long
@pytest.mark.timeout(300 + EXAMPLES)
def test_the_api_keeps_to_its_document(api: str, person: Callable[[str], Person], tmp_path: Path) -> None:
    people = [person("ann"), person("bob")]

    report = examine(
        api, people, folder=tmp_path, examples=EXAMPLES, is_repeatable=not IS_LONG, within_seconds=290 + EXAMPLES
    )

    assert not report["failures"] + report["errors"]
    assert not any(report["warnings"].values())
    assert report["complete"]
    assert {report["phases"][phase]["status"] for phase in PHASES} == {"success"}
    assert report["operations"]["tested"] == report["operations"]["total"] > 0
