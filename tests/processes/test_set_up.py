"""`make setup` on machines that lack something. Its Python is a stand-in, so that nothing is downloaded."""

import subprocess
from pathlib import Path

import pytest

from support.programs import environment
from support.requirements import require_program

CHECKOUT = Path(__file__).parents[2]

# What it is asked is in `asked`; `-m venv` makes a folder in which all programs are this one.
PYTHON = """#!/bin/sh
echo "$(basename "$0") $*" >> asked
case "$*" in
  *"import ensurepip"*) exit {status_of_ensurepip} ;;
  "-m venv"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python; cp "$0" .venv/bin/uv ;;
  --version) echo "Python 3.99.1" ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        (tmp_path / name).symlink_to(CHECKOUT / name)
    return tmp_path


def set_up(place: Path, *, status_of_ensurepip: int) -> "subprocess.CompletedProcess[str]":
    make = require_program("make", "set up the project")
    python = place / "python3.99"
    python.write_text(PYTHON.format(status_of_ensurepip=status_of_ensurepip))
    python.chmod(0o755)
    # These tests may themselves be run by make, which would speak of that.
    env = {name: value for name, value in environment(LC_ALL="C").items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = [make, "setup", f"PYTHON={python}"]
    return subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, timeout=120)


def asked(place: Path) -> list[str]:
    return (place / "asked").read_text().splitlines()


def test_a_python_without_venv_is_told_with_the_package_that_has_it(place: Path) -> None:
    ended = set_up(place, status_of_ensurepip=1)

    assert ended.returncode != 0
    assert ended.stdout == f"{place}/python3.99 lacks venv and pip; on Debian and Ubuntu: apt install python3.99-venv\n"
    assert not (place / ".venv").exists()


def test_it_says_what_it_does_and_does_it_once(place: Path) -> None:
    first = set_up(place, status_of_ensurepip=0)
    second = set_up(place, status_of_ensurepip=0)

    assert [line.partition(" ")[0] for line in first.stdout.splitlines()] == ["Making", "Installing"]
    assert "Python 3.99.1" in first.stdout
    assert "minute" in first.stdout
    assert [line for line in asked(place) if "uv sync" in line or "venv --clear" in line] == [
        "python3.99 -m venv --clear .venv",
        "uv sync --frozen --quiet --all-extras --compile-bytecode --python .venv/bin/python",
    ]
    assert second.stdout.startswith("make: Nothing to be done")


def test_a_half_made_environment_without_pip_is_made_anew(place: Path) -> None:
    half_made = place / ".venv" / "bin" / "python"
    half_made.parent.mkdir(parents=True)
    half_made.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    half_made.chmod(0o755)

    assert set_up(place, status_of_ensurepip=0).returncode == 0
    assert "python3.99 -m venv --clear .venv" in asked(place)
