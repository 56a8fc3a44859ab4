"""What docs/recurrence.md shows is what the API does. It counts tasks from 1, in the order in which it makes them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.people import Person

PAGE = (Path(__file__).parents[2] / "docs" / "recurrence.md").read_text()
BLOCKS = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)
EXAMPLE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*)\n(?P<body>[^→]*)→ (?P<status>[0-9]{3}) ?(?P<part>.*)\n")
USED = re.findall(r"^\| [^|`]+ \| `(FREQ=[^`]+)` \| (\S+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
REFUSED = re.findall(r"^\| `([A-Z:]+=[^`]+)` \| (?:`([^`]+)`)?[^|`]*(?:`due_at`[^|`]*)?\|$", PAGE, re.MULTILINE)


def test_the_examples_are_answered_as_the_page_says(ann: Person) -> None:
    ids: list[int] = []

    for block in BLOCKS:
        assert "".join(example[0] for example in EXAMPLE.finditer(block)).strip() == block.replace("\n\n", "\n").strip()
        for example in EXAMPLE.finditer(block):
            path = re.sub(r"(?<=/)[0-9]+", lambda number: str(ids[int(number[0]) - 1]), example["path"])
            body = {"json": json.loads(example["body"])} if example["body"] else {}
            answer = ann.send(example["method"], path, **body)

            assert answer.status_code == int(example["status"]), (example[0], answer.text)
            assert part_of(answer.json(), json.loads(example["part"])) == json.loads(example["part"]), example[0]
            if answer.status_code == 201:
                ids.append(answer.json()["id"])
    assert len(ids) == 3


def part_of(found: Any, part: Any) -> Any:
    """Those members that the part has too."""
    return {name: part_of(found[name], part[name]) for name in part} if isinstance(part, dict) else found


@pytest.mark.parametrize(("rule", "first", "days"), USED)
def test_the_rules_that_people_use_mean_what_the_page_says(ann: Person, rule: str, first: str, days: str) -> None:
    found = ann.adds("x", recurrence=rule, due_on=first)
    assert found["recurrence"] == rule
    dates = ann.get(f"/tasks/{found['id']}/occurrences?limit=2").json()
    assert ", ".join(dates) == days.strip()


@pytest.mark.parametrize(("refused", "instead"), REFUSED)
def test_what_is_refused_can_be_said_as_the_page_says(ann: Person, refused: str, instead: str) -> None:
    due = {"title": "x", "due_on": "2026-03-09"}
    assert ann.post("/tasks", json={**due, "recurrence": refused}).status_code == 422
    if instead:
        assert ann.post("/tasks", json={**due, "recurrence": instead}).status_code == 201


def test_no_row_of_the_tables_is_left_out() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| .*`[A-Z:]+=", line)]
    assert (len(USED), len(USED) + len(REFUSED)) == (16, len(rows))
