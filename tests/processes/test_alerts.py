"""The alerts of `docs/operate.md`: Prometheus' own tool takes them, and each comes when it should and not before."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.observed import observed
from support.programs import eventually
from support.requirements import require_program
from support.signing import SECRET

PAGE = Path(__file__).parents[2] / "docs" / "operate.md"
MINUTES = 40

TARGET = {"job": "taskward", "instance": "127.0.0.1:9464"}

Series = dict[str, str]
"""Values by name and labels, each minute one: `a+bxn` grows by b, `_` is none."""


def labelled(name: str, **labels: str) -> str:
    said = ", ".join(f'{label}="{value}"' for label, value in {**TARGET, **labels}.items())
    return f"{name}{{{said}}}"


def steady(value: float, *, grows: float = 0) -> str:
    return f"{value}+{grows}x{MINUTES}"


PROBLEM = "taskward_problems_total"
BUCKET = {"method": "GET", "route": "/tasks", "status": "200"}
IN_HALF_A_SECOND, IN_A_SECOND, AT_ALL = (
    labelled("taskward_request_duration_seconds_bucket", **BUCKET, le=le) for le in ("0.5", "1.0", "+Inf")
)
COUNT = labelled("taskward_request_duration_seconds_count", **BUCKET)

HEALTHY: Series = {
    labelled("up"): steady(1),
    labelled("taskward_workers"): steady(2),
    labelled(PROBLEM, code="internal_error"): steady(0),
    labelled(PROBLEM, code="overloaded"): steady(0, grows=5),
    labelled(PROBLEM, code="task_not_found"): steady(0, grows=300),
    labelled(PROBLEM, code="token_invalid"): steady(0, grows=50),
    IN_HALF_A_SECOND: steady(0, grows=599),
    IN_A_SECOND: steady(0, grows=600),
    AT_ALL: steady(0, grows=600),
    COUNT: steady(0, grows=600),
    labelled("taskward_database_down"): steady(0),
    labelled("taskward_database_pending_requests"): steady(3),
    labelled("taskward_database_connections", state="idle"): steady(2),
    labelled("taskward_database_connections", state="busy"): steady(18),
    labelled("taskward_keys_failing"): steady(0),
    labelled("taskward_webhook_oldest_seconds"): steady(300),
}

SICK: dict[str, tuple[Series, dict[str, str]]] = {
    "TaskwardAnswersErrors": ({labelled(PROBLEM, code="database_unavailable"): steady(0, grows=10)}, {}),
    "TaskwardHasABug": (
        {labelled(PROBLEM, code="internal_error"): f"0x15 1x{MINUTES}"},
        {**TARGET, "code": "internal_error"},
    ),
    "TaskwardIsSlow": ({IN_HALF_A_SECOND: steady(0, grows=580)}, {}),
    "TaskwardHasNoDatabase": ({labelled("taskward_database_down"): steady(1)}, TARGET),
    "TaskwardWaitsForConnections": (
        {labelled("taskward_database_connections", state="idle"): steady(0)},
        TARGET,
    ),
    "TaskwardHasNoKeys": ({labelled("taskward_keys_failing"): steady(1)}, TARGET),
    "TaskwardIsNotHeard": ({labelled("taskward_webhook_oldest_seconds"): steady(901)}, TARGET),
    "TaskwardRefusesTokens": ({labelled(PROBLEM, code="token_invalid"): steady(0, grows=100)}, {}),
    "TaskwardIsGone": ({labelled("up"): steady(0)}, TARGET),
}

GONE: dict[str, tuple[Series, dict[str, str]]] = {
    "no worker": ({labelled("taskward_workers"): f"_x{MINUTES}"}, TARGET),
    "no target": (dict.fromkeys(HEALTHY, f"_x{MINUTES}"), {"job": "taskward"}),
}


@pytest.fixture(scope="module")
def rules() -> str:
    found = re.search(r"```yaml\n(groups:.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


def alerts_of(rules: str) -> list[str]:
    return re.findall(r"- alert: (\w+)", rules)


def promtool(folder: Path, *arguments: str) -> None:
    tool = require_program("promtool", "try the alerts of docs/operate.md")
    done = subprocess.run([tool, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_its_case(rules: str) -> None:
    assert alerts_of(rules) == list(SICK)
    assert [alert for alert in SICK if minutes_before(rules, alert) == 0] == ["TaskwardHasABug"]


def minutes_before(rules: str, alert: str) -> int:
    """How long the cause of an alert lasts before it is told."""
    _, _, rule = rules.partition(f"- alert: {alert}\n")
    found = re.search(r"for: ([0-9]+)m", rule.partition("- alert:")[0])
    return int(found[1]) if found else 0


def case(rules: str, series: Series, *, comes: str | None, labels: dict[str, str]) -> dict[str, Any]:
    """What is expected of every alert after 20 minutes, and of the one that comes a minute before its time."""
    told = [{"exp_labels": labels}]
    expected = [
        {"eval_time": "20m", "alertname": alert, "exp_alerts": told if alert == comes else []}
        for alert in alerts_of(rules)
    ]
    if comes is not None and (minutes := minutes_before(rules, comes)) > 0:
        expected.append({"eval_time": f"{minutes - 1}m", "alertname": comes, "exp_alerts": []})
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": expected,
    }


def test_each_alert_comes_when_it_should_and_no_other(tmp_path: Path, rules: str) -> None:
    cases = [case(rules, HEALTHY, comes=None, labels={})]
    for alert, (series, labels) in SICK.items():
        cases.append(case(rules, HEALTHY | series, comes=alert, labels=labels))
    for series, labels in GONE.values():
        cases.append(case(rules, HEALTHY | series, comes="TaskwardIsGone", labels=labels))
    (tmp_path / "rules.yml").write_text(rules)
    (tmp_path / "cases.json").write_text(
        json.dumps({"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": cases})
    )

    promtool(tmp_path, "check", "rules", "rules.yml")
    promtool(tmp_path, "test", "rules", "cases.json")


def test_what_the_alerts_look_at_is_there(database_url: str, rules: str) -> None:
    """In a service that has answered once."""
    asked = set(re.findall(r"taskward_\w+", rules))
    with observed(DATABASE_URL=database_url, JWT_HS256_SECRET=SECRET) as api:
        assert api.ask("GET", "/tasks").status_code == 401

        def are_shown() -> bool:
            page = api.page()
            return all(re.search(rf"^{name}[ {{]", page, re.MULTILINE) for name in asked)

        eventually(are_shown)
