"""What docs/tasks.md shows is what the API does. The page counts tasks from 1, in the order in which it makes them."""

import json
import re
from pathlib import Path
from typing import Any

from support.people import Person

PAGE = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text()
BLOCKS = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)
EXAMPLE = re.compile(r"(?P<method>[A-Z]+) (?P<path>/\S*)\n(?P<body>[^→]*)→ (?P<status>[0-9]{3}) ?(?P<titles>.*)\n")


def test_the_examples_are_answered_as_the_page_says(ann: Person) -> None:
    ids: list[int] = []

    for block in BLOCKS:
        assert "".join(example[0] for example in EXAMPLE.finditer(block)).strip() == block.replace("\n\n", "\n").strip()
        for example in EXAMPLE.finditer(block):
            path, body = (with_ids(text, ids) for text in (example["path"], example["body"]))
            answer = ann.send(example["method"], path, **({"json": json.loads(body)} if body else {}))

            assert answer.status_code == int(example["status"]), (example[0], answer.text)
            if example["titles"] or answer.text.startswith("["):
                assert ", ".join(titles_in(answer.json())) == example["titles"], example[0]
            if answer.status_code == 201:
                ids.append(answer.json()["id"])


def with_ids(text: str, ids: list[int]) -> str:
    named = "|".join(f'(?<="{name}": )' for name in ("id", "parent_id", "after", "before"))
    numbered = rf"(?:(?<=/)|(?<=parent=)|{named})[0-9]+"
    return re.sub(numbered, lambda number: str(ids[int(number[0]) - 1]), text)


def titles_in(found: Any) -> list[str]:
    return [task["title"] for task in (found if isinstance(found, list) else [found])]
