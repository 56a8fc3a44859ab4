"""The program `taskward`. What takes longest in `serve` begins before the command line is read, which takes a tenth of
a second."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext

from taskward.operations.supervisor import Supervisor


def main(arguments: Sequence[str] | None = None) -> None:
    given = sys.argv[1:] if arguments is None else arguments
    # A worker imports the application meanwhile.
    with Supervisor() if "serve" in given else nullcontext() as supervisor:
        from taskward.operations import cli

        cli.run(given, supervisor)
