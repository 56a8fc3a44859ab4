"""`python -m benchmarks`: the comparison, or what is named, as tables, and in `docs/performance.md`."""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import authentication, comparison, cost, growth, noise, report, startup
from benchmarks.machine import Missing

RESULTS = Path(__file__).parent / "results"

RUNS: dict[str, tuple[Callable[[], dict[str, Any]], Callable[[], dict[str, Any]]]] = {
    "comparison": (lambda: comparison.compare(comparison.FULL), lambda: comparison.compare(comparison.SHORT)),
    "growth": (lambda: growth.grow(growth.FULL), lambda: growth.grow(growth.SHORT)),
    "startup": (startup.start_up, lambda: startup.start_up(1)),
    "authentication": (authentication.authenticate, lambda: authentication.authenticate(rounds=1)),
    "cost": (cost.measure, lambda: cost.measure(requests=20, rounds=1)),
}
"""In full, and short."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="to see that it works; nothing is written")
    parser.add_argument(
        "--check", action="store_true", help="of cost: fail when a call became dearer; nothing is written"
    )
    parser.add_argument(
        "--even-if-noisy", action="store_true", help="to see figures all the same; nothing is written when it is noisy"
    )
    parser.add_argument("name", nargs="?", default="comparison", choices=RUNS)
    chosen = parser.parse_args(arguments)
    # Both end what was started; a shell lets its background jobs ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))

    if chosen.check and chosen.name != "cost":
        parser.error("--check is for cost alone")
    if chosen.check:
        sys.exit(check_cost())
    must_be_quiet = not (chosen.short or chosen.even_if_noisy or chosen.name == "cost")  # counts mind no noise
    if must_be_quiet and (remark := noise.look()):
        sys.exit(f"{remark} Nothing was measured: --even-if-noisy shows figures all the same.")
    began_at = time.monotonic()
    in_full, short = RUNS[chosen.name]
    found = short() if chosen.short else in_full()
    page = report.PAGES[chosen.name](found)
    print(f"{page}\n({time.monotonic() - began_at:.0f} s)")
    remark = noise.remark(noise.Noise(**found["noise"])) if "noise" in found else None
    if remark:
        print(f"{remark} Nothing was written.")
        sys.exit(1 if must_be_quiet else 0)
    if not chosen.short:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{chosen.name}.json").write_text(json.dumps(found, indent=2) + "\n")
        write(chosen.name, found, page)


def check_cost() -> int:
    """1 when a call costs more than is recorded."""
    if shutil.which("valgrind") is None and os.environ.get("TASKWARD_REQUIRE_ALL") != "1":
        print("The cost of requests is not checked: valgrind is missing.")
        return 0
    found = cost.measure()
    dearer, remarks = cost.compare(found, json.loads((RESULTS / "cost.json").read_text()))
    print("\n".join([report.cost_page(found), *([*dearer, *remarks] or ["No call became dearer."])]))
    return 1 if dearer else 0


def write(name: str, found: dict[str, Any], page: str) -> None:
    if name == "comparison":
        from benchmarks import charts  # matplotlib takes a second

        charts.draw(found)
    report.write_page(name, page)


if __name__ == "__main__":
    try:
        main()
    except Missing as missing:
        sys.exit(str(missing))
    except KeyboardInterrupt:
        sys.exit("interrupted")
