"""What the README tells a stranger to paste works when it is pasted."""

import re
import subprocess
from pathlib import Path

from support.programs import TASKWARD, environment, running
from support.requirements import require_program

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_curl_lines_work_when_pasted(tmp_path: Path) -> None:
    require_program("curl", "run the README's lines")
    lines = next(block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "TOKEN=$(" in block)

    with running(TASKWARD, "dev", "--port", "0", "--data-dir", str(tmp_path), cwd=tmp_path) as dev:
        address = dev.said(r"Taskward is at http://(\S+),")[1]
        pasted = lines.replace("127.0.0.1:8000", address)
        pasted = pasted.replace(".venv/bin/taskward token", f"{TASKWARD} token --data-dir '{tmp_path}'")
        run = subprocess.run(
            ["/bin/sh", "-eu"], input=pasted, capture_output=True, text=True, timeout=120, env=environment()
        )

    assert [answer.split()[0] for answer in run.stdout.split("HTTP/1.1 ")[1:]] == ["201", "200", "200"], run
    assert run.stdout.count("Buy milk") == 2  # bob's list, the last, is empty
    assert run.stdout.rstrip().endswith("[]")
