"""What docs/calendar.md shows is what the API does."""

import json
import re
from pathlib import Path

import httpx

from support.people import Person
from taskward.tasks import due

PAGE = (Path(__file__).parents[2] / "docs" / "calendar.md").read_text()
[BLOCK] = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)
EXAMPLE = re.compile(
    r"(?P<method>[A-Z]+) (?P<path>/\S*)\n(?P<body>[^→]*)→ (?P<status>[0-9]{3}) ?(?P<shown>.*)", re.DOTALL
)


def test_the_examples_are_answered_as_the_page_says(ann: Person, visitor: httpx.Client) -> None:
    address = ""
    for text in BLOCK.strip().split("\n\n"):
        example = EXAMPLE.fullmatch(text)
        assert example is not None, text
        who = visitor if "SECRET" in example["path"] else ann.http
        sent = {"json": json.loads(example["body"])} if example["body"] else {}

        answer = who.request(example["method"], example["path"].replace("SECRET", address), **sent)

        assert str(answer.status_code) == example["status"], answer.text
        if example["path"] == "/calendar":
            found = re.fullmatch(r"http://[^/]+/calendar/(\w{32})\.ics", answer.json()["url"])
            assert found is not None
            address = found[1]
        elif example["shown"]:
            lines = answer.text.split("\r\n")
            shown = example["shown"].strip().splitlines()
            begins, ends = lines.index(shown[0]), lines.index(shown[-1])
            assert [line for line in lines[begins : ends + 1] if line in shown] == shown


def test_the_bounds_are_those_of_the_page() -> None:
    assert f"more than {due.MOST:,} tasks, or more than {due.MAX_BYTES >> 20} MiB" in PAGE
