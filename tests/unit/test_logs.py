import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from taskward import logs


class Program:
    """A logger of its own behind one of the formatters, and what it wrote."""

    def __init__(self, format: str) -> None:  # noqa: A002
        self.stream = io.StringIO()
        self.log = logging.Logger("taskward.test", logging.DEBUG)
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(logs.JsonFormatter() if format == "json" else logs.ConsoleFormatter())
        self.log.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().split("\n")[:-1]

    @property
    def line(self) -> dict[str, Any]:
        (only,) = self.lines
        found: dict[str, Any] = json.loads(only, parse_constant=pytest.fail)
        return found


@pytest.fixture
def machine() -> Program:
    return Program("json")


@pytest.fixture
def person() -> Program:
    return Program("console")


@pytest.fixture
def request_named_r1() -> Iterator[None]:
    token = logs.request_id.set("r-1")
    yield
    logs.request_id.reset(token)


def test_a_json_line_tells_time_level_logger_message_and_extra_fields(machine: Program) -> None:
    machine.log.warning("moved %d tasks", 3, extra={"seconds": 0.5})

    line = machine.line
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "logger": "taskward.test", "message": "moved 3 tasks", "seconds": 0.5}


def test_the_time_is_utc_with_milliseconds() -> None:
    record = logging.makeLogRecord({"created": 1_700_000_000.25, "msecs": 250.0})

    assert logs.when(record) == "2023-11-14T22:13:20.250Z"


@pytest.mark.usefixtures("request_named_r1")
def test_the_lines_of_a_request_carry_its_id(machine: Program, person: Program) -> None:
    machine.log.info("hello")
    person.log.info("hello")

    assert machine.line["request_id"] == "r-1"
    assert person.lines[0].endswith("hello request_id=r-1")


def test_an_exception_is_one_string_field(machine: Program) -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        machine.log.exception("it broke")

    assert machine.line["exception"].startswith("Traceback")
    assert machine.line["exception"].endswith("ValueError: first\nsecond")


@pytest.mark.parametrize("value", [float("nan"), {1: object(), (2, 3): "x"}, object(), "\ud800", b"\xff"])
def test_a_field_that_json_cannot_hold_is_still_one_valid_line(machine: Program, value: Any) -> None:
    machine.log.info("odd", extra={"value": value})

    assert isinstance(machine.line["value"], (str, dict))


def test_an_extra_field_replaces_nothing_that_the_line_says_itself(machine: Program) -> None:
    machine.log.info("true", extra={"time": "0", "level": "0", "logger": "0", "request": "kept"})

    line = machine.line
    assert (line["level"], line["logger"], line["request"]) == ("info", "taskward.test", "kept")
    assert line["time"] != "0"


@pytest.mark.parametrize("forged", ["a\n2099-01-01 error b", "a\r\nb", "a\x1b[2Kb", "a\u2028b", "a\x85b", "a\u202eb"])
def test_a_value_cannot_forge_a_line_or_move_the_cursor(machine: Program, person: Program, forged: str) -> None:
    try:
        raise ValueError(forged)
    except ValueError:
        for program in machine, person:
            program.log.exception("from a client: %s", forged, extra={"value": forged})

    assert machine.line["message"] == f"from a client: {forged}"
    assert "from a client" in person.lines[0]
    assert all(line.startswith("    ") for line in person.lines[1:])
    assert all(line.isprintable() for line in person.lines)


def test_a_stack_is_shown_in_both_formats(machine: Program, person: Program) -> None:
    # Made by hand: a test before this may have configured the logging, which then looks no stack up any more.
    stack = "Stack (most recent call last):\n  here"
    for program in machine, person:
        program.log.handle(program.log.makeRecord("test", logging.INFO, "", 0, "here", (), None, sinfo=stack))

    assert machine.line["stack"].startswith("Stack (most recent call last)")
    assert person.lines[1].startswith("    Stack (most recent call last)")


def test_libraries_and_uvicorn_write_through_the_same_handler(capfd: pytest.CaptureFixture[str]) -> None:
    program = (
        "import logging, uvicorn; from taskward import logs\n"
        "logs.configure(format='json', level='debug')\n"
        "uvicorn.Config('x:y', log_config=None, access_log=False)\n"
        "logging.getLogger('taskward.x').debug('ours')\n"
        "logging.getLogger('uvicorn.error').warning('theirs', extra={'color_message': 'colored'})\n"
        "logging.getLogger('uvicorn.error').info('silent')\n"
        "logging.getLogger('uvicorn.access').info('silent')\n"
        "logging.getLogger('httpx').info('silent')\n"
        "logs.configure(format='console', level='error')\n"
        "logging.getLogger('taskward.x').warning('silent')\n"
        "logging.getLogger('other').warning('silent')\n"
        "logging.getLogger('uvicorn.error').error('last')\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)

    out, err = capfd.readouterr()
    ours, theirs, last = err.splitlines()
    assert out == ""
    assert json.loads(ours)["message"] == "ours"
    assert json.loads(theirs) | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "uvicorn.error",
        "message": "theirs",
    }
    assert last.endswith("error   last")


@pytest.mark.parametrize(
    "opened",
    [
        lambda path: path.open("w"),
        lambda path: path.open("w", buffering=1),
        lambda path: io.TextIOWrapper(io.FileIO(path, "w"), write_through=True),
        lambda path: io.TextIOWrapper(io.FileIO(path, "w")),
        lambda path: io.TextIOWrapper(io.BufferedWriter(io.FileIO(path, "w")), write_through=True),
    ],
    ids=["buffered", "by line", "unbuffered", "text buffered", "bytes buffered"],
)
def test_a_line_is_written_out_at_once(opened: Callable[[Path], io.TextIOWrapper], tmp_path: Path) -> None:
    path = tmp_path / "log"
    with opened(path) as stream:
        logs.LineHandler(stream).handle(logging.makeLogRecord({"msg": "hello"}))

        assert path.read_text() == "hello\n"
