"""A comparison is not made on a busy machine, and what was recorded stays."""

import sys
from pathlib import Path

from support.programs import environment, running

ROOT = Path(__file__).parents[2]
RECORDED = (ROOT / "benchmarks/results/authentication.json", ROOT / "docs/performance.md")


def test_a_busy_machine_is_told_and_nothing_is_measured() -> None:
    before = [file.read_bytes() for file in RECORDED]

    with running(sys.executable, "-c", "print('busy', flush=True)\nwhile True: pass") as other:
        other.said("busy")
        with running(sys.executable, "-m", "benchmarks", "authentication", env=environment(), cwd=ROOT) as run:
            status = run.wait()

    assert status == 1
    assert run.err[-1].startswith("The machine is noisy: before anything began, other programs")
    assert run.err[-1].endswith("--even-if-noisy shows figures all the same.")
    assert [file.read_bytes() for file in RECORDED] == before
