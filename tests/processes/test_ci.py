"""What `.ci/test` makes of tests that fail: once, twice, in crowds, and of runs that never came to a test."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.programs import environment

HERE = Path(__file__).parents[2]
PYTEST = str(Path(sys.executable).with_name("pytest"))

UNLUCKY = """
import os
from pathlib import Path
import pytest

def only_once(name):
    try:
        Path(name).touch(exist_ok=False)
    except FileExistsError:
        return
    os._exit(7) if name == "crash" else pytest.fail(f"bad luck of {name}")

@pytest.mark.parametrize("name", ["a", "of [b]\\n", "::ü", "crash"])
def test_call(name):
    only_once(name)

@pytest.fixture
def made(request):
    if request.param == "set up":
        only_once("set up")
    yield
    if request.param == "tear down":
        only_once("tear down")

@pytest.mark.parametrize("made", ["set up", "tear down"], indirect=True)
def test_of_a_fixture(made):
    pass
"""


def tried(folder: Path, tests: str, *options: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(tests)
    env = environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_PLUGINS="xdist.plugin,pytest_timeout")
    ran = subprocess.run(
        [HERE / ".ci" / "test", PYTEST, *options],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_tests_that_fail_once_are_shown_and_fail_nothing(tmp_path: Path) -> None:
    status, out = tried(tmp_path, UNLUCKY, "-c", str(HERE / "pyproject.toml"), "--rootdir=.", "-n", "1", "test_it.py")

    assert status == 0, out
    assert out.count("Failed: bad luck of a") > 0
    assert "6 failed, and run once more" in out
    assert "passed the second time" in out


ALWAYS = "import pytest\n@pytest.mark.parametrize('number', range({count}))\ndef test(number): assert False"
OF_THIS_PROCESS = """
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("process", [os.getpid()])
def test(process):
    if not Path("once").exists():
        Path("once").touch()
        pytest.fail("bad luck")
"""


@pytest.mark.parametrize(
    ("tests", "expected", "sentence"),
    [
        (ALWAYS.format(count=10), 1, "10 failed, and run once more"),
        (ALWAYS.format(count=11), 1, "11 tests failed: they are not run again"),
        (OF_THIS_PROCESS, 1, "1 that failed did not run again"),
        ("1 / 0", 2, "ZeroDivisionError"),
        ("", 5, "no tests ran"),
    ],
    ids=["fails twice", "crowd", "has another name", "not collected", "none"],
)
def test_whatever_else_is_not_well_fails(tmp_path: Path, tests: str, expected: int, sentence: str) -> None:
    status, out = tried(tmp_path, tests)

    assert status == expected, out
    assert sentence in out
    assert "passed the second time" not in out
    assert out.count("test session starts") == 1 + ("once more" in out)


def test_a_run_that_fails_without_a_test_is_not_run_again(tmp_path: Path) -> None:
    """As when less is covered than should be."""
    (tmp_path / "conftest.py").write_text("def pytest_sessionfinish(session): session.exitstatus = 1")

    status, out = tried(tmp_path, "def test(): pass")

    assert status == 1, out
    assert "0 tests failed" in out
