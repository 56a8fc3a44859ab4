"""What docs/sync.md shows is what the API does. The page counts tasks from 1, in the order in which it makes them."""

import json
import re
from pathlib import Path
from typing import Any

from support.people import Person

PAGE = (Path(__file__).parents[2] / "docs" / "sync.md").read_text()
BLOCKS = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)
TOKEN = re.compile(r"\bT[0-9]")


def test_the_examples_are_answered_as_the_page_says(ann: Person) -> None:
    ids: list[int] = []
    tokens: dict[str, str] = {}

    for block in BLOCKS:
        for request, answer in examples_in(block):
            method, path, body = re.fullmatch(r"([A-Z]+) (/\S*) ?(.*)", request).groups()  # type: ignore[union-attr]
            path = re.sub(r"(?<=/)[0-9]+", lambda number: str(ids[int(number[0]) - 1]), path)
            path = TOKEN.sub(lambda name: tokens[name[0]], path)
            found = ann.send(method, path, **({"json": json.loads(body)} if body else {}))

            if method == "POST":
                ids.append(found.json()["id"])
            if answer is None:
                assert found.is_success, (request, found.text)
                continue
            assert str(found.status_code) == answer[:3], (request, found.text)
            shown = json.loads(answer[3:].replace(", …", ', "…": null'))
            if "next" in shown:
                tokens.setdefault(shown["next"], found.json()["next"])
                shown["next"] = tokens[shown["next"]]
            assert as_shown(found.json(), shown, ids) == shown, request


def examples_in(block: str) -> list[tuple[str, str | None]]:
    """Requests, and what is shown of their answers."""
    found: list[tuple[str, str | None]] = []
    for line in block.splitlines():
        if line.startswith("→ "):
            found[-1] = (found[-1][0], line[2:])
        elif line.startswith(" "):
            request, answer = found[-1]
            found[-1] = (request, f"{answer}{line}")
        elif line:
            found.append((line, None))
    return found


def as_shown(told: Any, shown: Any, ids: list[int]) -> Any:
    """What was answered, without what the page leaves out."""
    if isinstance(shown, list):
        assert len(told) == len(shown)
        return [as_shown(each, of_page, ids) for each, of_page in zip(told, shown, strict=True)]
    if not isinstance(shown, dict):
        return told
    left_out = {"…": None} if "…" in shown else {}
    found = {name: as_shown(each, shown.get(name), ids) for name, each in told.items() if name in shown or not left_out}
    if "id" in found:
        found["id"] = ids.index(found["id"]) + 1
    return found | left_out
