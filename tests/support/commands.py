"""Fixtures that run a command of the program to its end, for tests that name this module in `pytest_plugins`."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.programs import Ended
from taskward.operations.program import main


@pytest.fixture
def taskward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """Runs a command to its end, in a folder of its own and in this process: to start another takes a second or two."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> Ended:
        with logging_left_alone(), pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                main(arguments)
        return Ended(int(ended.value.code or 0), *capfd.readouterr())

    return run


@contextmanager
def logging_left_alone() -> Iterator[None]:
    """`dev` and `serve` configure it for their process, which other tests have too, and write to what ends here."""
    handlers, level = logging.root.handlers, logging.root.level
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_srcfile", "logThreads", "logProcesses", "logMultiprocessing"):
            patch.setattr(logging, name, getattr(logging, name))
        patch.setattr(logging.root, "handlers", [*handlers])
        yield
    logging.root.setLevel(level)


@pytest.fixture
def refusal(taskward: Callable[..., Ended]) -> Callable[..., str]:
    """Runs a command that is refused, and gives its sentence."""

    def run(*arguments: str, **settings: str) -> str:
        status, out, err = taskward(*arguments, **settings)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert err.endswith(".\n")
        return err

    return run
