"""`.env.example` is the reference of the settings: it may not drift from them."""

import re
from pathlib import Path
from typing import Any

from taskward.settings import Settings

EXAMPLE = (Path(__file__).parents[2] / ".env.example").read_text()


def test_the_example_names_every_setting_with_its_default_and_meaning() -> None:
    introduction, *entries = re.split(r"\n\n", EXAMPLE.strip())
    told = {}
    for entry in entries:
        *meaning, assignment = [line.removeprefix("#").strip() for line in entry.splitlines()]
        name, _, default = assignment.partition("=")
        told[name] = (default, " ".join(meaning))

    assert introduction.startswith("# Every setting")
    assert told == {
        name.upper(): (as_written(field.default), field.description) for name, field in Settings.model_fields.items()
    }


def as_written(default: Any) -> str:
    match default:
        case None | ():
            return ""
        case tuple():
            return ",".join(default)
        case bool():
            return str(default).lower()
        case float():
            return f"{default:g}"
    return str(default)
