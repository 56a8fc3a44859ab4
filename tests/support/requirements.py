"""What a test needs beyond Python and may lack: it is skipped with the reason, or fails when TASKWARD_REQUIRE_ALL=1."""

import os
import shutil
from typing import NoReturn

import pytest


def require_program(program: str, why: str) -> str:
    """The path of a program on PATH. `why` completes the sentence "npm is not on PATH, and it is needed to …"."""
    return shutil.which(program) or missing(f"{program} is not on PATH, and it is needed to {why}.")


def missing(reason: str) -> NoReturn:
    if os.environ.get("TASKWARD_REQUIRE_ALL") == "1":
        pytest.fail(f"{reason} (TASKWARD_REQUIRE_ALL=1 forbids to skip this.)")
    pytest.skip(reason)
