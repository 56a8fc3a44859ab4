"""Comparisons with what one would write instead, side by side, in one run on one machine.

`python -m benchmarks` runs them and writes `docs/performance.md`. They need Linux with two cores, wrk, Node.js and the
dependency group `bench`, touch nothing but loopback and a folder under the temporary one, and leave no process behind.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # what they share with the tests
