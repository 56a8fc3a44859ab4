"""Exports and imports: nothing lost, nothing doubled, in memory that does not grow with the file."""

import asyncio
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import psycopg

from campaigns.outcome import Outcome, Row, Size, none
from campaigns.processes import postgresql, temporary_folder
from support.programs import environment

TASKS = {"short": 1_500, "long": 20_000}
KILLS = {"short": 1, "long": 5}
MOST_MEGABYTES = 40
"""More than the same command takes for a file of ten lines."""

BEGAN = datetime(2020, 1, 1, tzinfo=UTC)
NEW_HERE = ("id", "list_id", "parent_id", "task_id", "version", "updated_at", "position")

# The kernel's own figure of `getrusage` would be that of the process which started this one, if it had more.
MEASURED = """
import re, sys
from pathlib import Path
from taskward.operations.program import main
try:
    main()
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], "kB", file=sys.stderr)
"""


async def files(size: Size) -> list[Outcome]:
    """A file of tasks of every kind (subtasks, series with their completions, the trash, all out of order) is imported,
    and the import killed again and again with SIGKILL; the same command then ends what is left. The owner is exported,
    imported into another, and exported from there; and the first file is imported once more.

    A hit is an import that was killed when some of its rows were made, and not all.
    """
    count = TASKS[size]
    async with postgresql() as database:
        with temporary_folder(None) as folder:
            return await asyncio.to_thread(campaign, database.url, folder, count, KILLS[size])


def campaign(url: str, folder: Path, count: int, kills: int) -> list[Outcome]:
    made = written(folder / "made", count)
    written(folder / "small", 10)
    _, least = run(url, "import", "--owner", "small", folder / "small")
    hits = sum(killed(url, folder / "made", count, part=number / (kills + 1)) for number in range(1, kills + 1))
    began = time.monotonic()
    _, import_megabytes = run(url, "import", "--owner", "ann", folder / "made")
    _, export_megabytes = run(url, "export", "ann", "--output", folder / "ann")
    with ThreadPoolExecutor() as pool:
        repeated = pool.submit(run, url, "import", "--owner", "ann", folder / "made")
        run(url, "import", "--owner", "bob", folder / "ann")
    run(url, "export", "bob", "--output", folder / "bob")
    again, _ = repeated.result()
    seconds = time.monotonic() - began

    ann, bob = (Counter(rows_in(folder / name)) for name in ("ann", "bob"))
    uids = Counter(json.loads(row)["uid"] for row in ann if '"title"' in row)
    growth = max(import_megabytes, export_megabytes) - least
    return [
        Outcome(
            f"import of {count:,} tasks killed",
            hits,
            kills,
            [
                none("tasks of the file that are not there", len(made - uids.keys())),
                none("tasks that are there twice, or in no file", sum((uids - Counter(made)).values())),
                none("tasks that stand in another order", disorder(folder / "ann", folder / "made")),
                none(
                    "rows that differ between the export and that of the other owner",
                    sum(((ann - bob) + (bob - ann)).values()),
                ),
                none("rows made by one more import", 0 if again.startswith("made           nothing\n") else 1),
                Row(
                    f"most memory of an import and an export, {least:.0f} MB for ten tasks",
                    f"{growth:+.1f} MB",
                    f"< +{MOST_MEGABYTES} MB",
                    is_met=growth < MOST_MEGABYTES,
                ),
                Row("the rest of it, two exports and two more imports", f"{seconds:.0f} s", "measured", is_met=True),
            ],
        )
    ]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", MEASURED, *map(str, arguments)]


def run(url: str, *arguments: object) -> tuple[str, float]:
    """What it says, and the most memory that it had, in megabytes."""
    ended = subprocess.run(
        command(*arguments), env=environment(DATABASE_URL=url), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise RuntimeError(f"{arguments}: {ended.stdout[-1000:]}{ended.stderr[-1000:]}")
    measured = re.search(r"(\d+) kB", ended.stderr)
    return ended.stdout, int(measured[1]) / 1024 if measured else float("inf")


def killed(url: str, file: Path, count: int, *, part: float) -> bool:
    """Whether it was, when that part of the rows was there. Its clock is held, so that no more come meanwhile."""
    process = subprocess.Popen(
        command("import", "--owner", "ann", file),
        env=environment(DATABASE_URL=url),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with psycopg.connect(url) as onlooker:
        while process.poll() is None:
            onlooker.execute("select from owner where owner_id = 'ann' for update")
            [(made,)] = onlooker.execute("select count(*) from tasks where owner_id = 'ann'").fetchall()
            if made > count * part:
                process.kill()
                process.wait()
                return bool(made < count)
            onlooker.rollback()
            time.sleep(0.005)
    return False


def written(file: Path, count: int) -> set[str]:
    """The uids of its tasks."""
    choose = random.Random(count)  # noqa: S311 - the same every time
    uids = [str(uuid5(NAMESPACE_URL, f"{file.name} {number}")) for number in range(count)]
    lists = [str(uuid5(NAMESPACE_URL, f"list {number}")) for number in range(50)]
    lines: list[dict[str, Any]] = [{"list": {"uid": uid, "name": f"List {uid[:4]}"}} for uid in lists]
    lines += [{"task": task(number, uids, lists, choose)} for number in range(count)]
    choose.shuffle(lines)
    lines.sort(key=lambda line: "list" not in line)
    lines += [
        {
            "completion": {
                "task_uid": uid,
                "occurrence": number,
                "occurrence_date": f"2026-01-{7 * number - 2:02}",
                **DONE,
            }
        }
        for uid in uids[4::10]
        for number in (1, 2)
    ]
    with file.open("w") as target:
        for line in ({"format": "taskward/1"}, *lines, {"lines": len(lines)}):
            target.write(f"{json.dumps(line, ensure_ascii=False)}\n")
    return set(uids)


DONE = {"kind": "done", "completed_at": "2026-02-01T08:00:00Z"}
SERIES = {
    "due_on": "2026-01-19",
    "recurrence": "FREQ=WEEKLY;BYDAY=MO",
    "occurrence": 3,
    "last_occurrence": 3,
    "occurrence_date": "2026-01-19",
    "series_start": "2026-01-05",
    "series_first": 1,
}


def task(number: int, uids: Sequence[str], lists: Sequence[str], choose: random.Random) -> dict[str, Any]:
    """Of ten one has three subtasks, one is in the trash, one is done and one comes again."""
    kinds: dict[int, dict[str, Any]] = {
        **{nth: {"parent_uid": uids[number - nth]} for nth in (1, 2, 3)},
        4: SERIES,
        5: {"status": "Done", "completed_at": "2024-05-01T10:00:00Z"},
        6: {"due_at": "2027-05-01T10:00:00Z", "time_zone": "Europe/Warsaw", "reminders": [{"minutes_before": 15}]},
        7: {"deleted_at": datetime.now(UTC).isoformat()},
    }
    own = kinds.get(number % 10, {})
    return {
        "uid": uids[number],
        "title": f"Task {number}",
        "description": "Ein Satz über süße Katzen 猫 " * choose.randrange(20),
        "tags": choose.sample(["home", "work", "errand"], choose.randrange(3)),
        "created_at": (BEGAN + timedelta(minutes=number, microseconds=number)).isoformat(),
        "place": choose.randrange(10**12),
        **({} if "parent_uid" in own else {"list_uid": choose.choice([None, *lists])}),
        **own,
    }


def rows_in(file: Path) -> Iterator[str]:
    for line in file.read_text().splitlines()[1:]:
        [(_, row)] = json.loads(line).items()
        yield json.dumps(
            {name: row[name] for name in sorted(row) if name not in NEW_HERE} if isinstance(row, dict) else row
        )


def disorder(export: Path, made: Path) -> int:
    """How many tasks of the export stand before one that comes first in the file, by the places of both."""
    first, second = ({row["uid"]: row["place"] for row in tasks_in(file)} for file in (export, made))
    order = sorted(first, key=first.__getitem__)
    return sum(second.get(one, 0) > second.get(next_one, 0) for one, next_one in pairwise(order))


def tasks_in(file: Path) -> Iterator[dict[str, Any]]:
    for line in file.read_text().splitlines():
        row = json.loads(line).get("task")
        if row is not None:
            yield row
