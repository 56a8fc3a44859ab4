"""What docs/tasks.md and docs/lists.md show is what the API does. They count tasks and lists as they make them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.people import Person

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*)\n(?P<body>[^→]*)→ (?P<status>[0-9]{3}) ?(?P<titles>.*)\n")
LIST_NUMBER = r'(?:(?<=/lists/)|(?<=list=)|(?<="list_id": ))[0-9]+'
NAMES = "|".join(f'(?<="{name}": )' for name in ("id", "parent_id", "after", "before"))
TASK_NUMBER = rf"(?:(?<=/tasks/)|(?<=/trash/)|(?<=parent=)|{NAMES})[0-9]+"


@pytest.mark.parametrize("page", ["tasks.md", "lists.md"])
def test_the_examples_are_answered_as_the_page_says(ann: Person, page: str) -> None:
    tasks: list[int] = []
    lists: list[int] = []

    for block in re.findall(r"```http\n(.*?)```", (DOCS / page).read_text(), re.DOTALL):
        assert "".join(example[0] for example in EXAMPLE.finditer(block)).strip() == block.replace("\n\n", "\n").strip()
        for example in EXAMPLE.finditer(block):
            path, body = (with_ids(text, tasks, lists) for text in (example["path"], example["body"]))
            answer = ann.send(example["method"], path, **({"json": json.loads(body)} if body else {}))

            assert answer.status_code == int(example["status"]), (example[0], answer.text)
            if example["titles"] or answer.text.startswith("["):
                assert ", ".join(titles_in(answer.json())) == example["titles"], example[0]
            if answer.status_code == 201:
                (lists if path == "/lists" else tasks).append(answer.json()["id"])


def with_ids(text: str, tasks: list[int], lists: list[int]) -> str:
    # Those of lists are found first: an id that was put in is behind nothing that a number of a task is behind.
    found = re.sub(LIST_NUMBER, lambda number: str(lists[int(number[0]) - 1]), text)
    return re.sub(TASK_NUMBER, lambda number: str(tasks[int(number[0]) - 1]), found)


def titles_in(found: Any) -> list[str]:
    rows = found if isinstance(found, list) else [found]
    return [row["title"] if "title" in row else row["name"] for row in rows]
