"""The commands on docs/files.md say what the page says, each after those before it."""

import re
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.programs import Ended

pytest_plugins = ["support.commands"]

PAGE = (Path(__file__).parents[2] / "docs" / "files.md").read_text()
PEOPLE = ("ann", "bob", "carol")


def test_the_commands_say_what_the_page_says(taskward: Callable[..., Ended], database_url: str, tmp_path: Path) -> None:
    suffix = secrets.token_hex(8)
    for name, content in re.findall(r"`([^`\n]+)`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL):
        (tmp_path / name).write_text(content)
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)

    shown = [
        example for block in blocks for example in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]
    for command, output in shown:
        program, *arguments = command.split()
        if program != "taskward":
            subprocess.run(command, shell=True, cwd=tmp_path, check=True)  # noqa: S602 - what the page says
            continue
        ended = taskward(
            *(f"{part}-{suffix}" if part in PEOPLE else part for part in arguments), DATABASE_URL=database_url
        )
        assert f"{ended.out}{ended.err}".replace(f"-{suffix}", "") == output.rstrip("\n") + "\n", command

    assert len(shown) == 7
