"""Fault campaigns: the real service and a real PostgreSQL, what breaks between them, and what clients saw of it.

`python -m campaigns` runs all of them, prints a table and writes `docs/reliability.md`. They need Linux, touch nothing
but loopback and a folder under the temporary one, and leave no process behind.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # what they share with the tests
