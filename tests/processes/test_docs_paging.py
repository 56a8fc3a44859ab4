"""The JavaScript of docs/tasks.md that walks through the pages, run by Node.js as it stands there."""

import json
import re
import subprocess
from pathlib import Path

from support.people import Person
from support.requirements import require_program

PAGE = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text()


def test_the_javascript_of_the_page_finds_every_task(api: str, ann: Person) -> None:
    node = require_program("node", "run the example of docs/tasks.md")
    [function] = re.findall(r"```js\n(.*?)```", PAGE, re.DOTALL)
    added = [ann.adds(f"{number}", tags=["é & <b>"]) for number in range(5)]
    ann.adds("without the tag")
    url = f"{api}/tasks?limit=2&tag=%C3%A9%20%26%20%3Cb%3E&sort=-title"
    program = f"""{function}
        const found = [];
        for await (const task of everyTask({json.dumps(url)}, {json.dumps(ann.token)})) found.push(task);
        console.log(JSON.stringify(found));"""

    done = subprocess.run(
        [node, "--input-type=module"], input=program, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == list(reversed(added))
