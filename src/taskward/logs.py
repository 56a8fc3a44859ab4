"""Log lines on standard error: JSON for machines, a plain line for people.

`request_id` is set for the length of a request and stands in each of its lines. Whatever a client can
get into a message, it stays inside its own line.
"""

import json
import logging
import logging.config
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from io import FileIO
from itertools import islice
from json.encoder import encode_basestring_ascii
from typing import Any, Literal, TextIO

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# `color_message` is uvicorn's second copy of its message; `taskName` is there from Python 3.12 on.
STANDARD = vars(logging.makeLogRecord({}))
NOT_EXTRA = frozenset(STANDARD) | {"asctime", "color_message", "message", "taskName"}

ENCODER = json.JSONEncoder(default=str, allow_nan=False)


def configure(*, format: Literal["json", "console"], level: str) -> None:  # noqa: A002 - the setting's own word
    """For the whole process; uvicorn, told to leave logging alone, writes through the same handler."""
    level = level.upper()
    quiet = "ERROR" if level == "ERROR" else "WARNING"
    # No line tells its place in the code, thread or process, so nobody needs to find it (logging HOWTO, Optimization).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"default": {"()": JsonFormatter if format == "json" else ConsoleFormatter}},
            "handlers": {"default": {"()": LineHandler, "formatter": "default", "stream": "ext://sys.stderr"}},
            # Libraries stay at warning: at debug an HTTP client writes headers and URLs, and so secrets.
            "root": {"handlers": ["default"], "level": quiet},
            # The default, spelled out: uvicorn looks at the level itself and traces every connection when it is unset.
            "loggers": {"taskward": {"level": level}, "uvicorn.error": {"level": quiet}},
        }
    )


class LineHandler(logging.StreamHandler[TextIO]):
    """Standard error writes each line out by itself: to flush it once more takes longer than to write it."""

    def flush(self) -> None:
        if not (getattr(self.stream, "line_buffering", False) or is_unbuffered(self.stream)):
            super().flush()


def is_unbuffered(stream: TextIO) -> bool:
    """As standard error is with PYTHONUNBUFFERED, which many images set."""
    return getattr(stream, "write_through", False) and isinstance(stream.buffer, FileIO)


OF_A_REQUEST = {**STANDARD, "levelno": logging.INFO, "levelname": "INFO", "fields": {}}


class RequestRecord(logging.LogRecord):
    """The record of a request that has ended: one for each, so it has little of what a record can have.

    `fields` stand in its line behind the message.
    """

    fields: dict[str, Any]

    def __init__(self, name: str, message: str, fields: dict[str, Any]) -> None:
        now = time.time()
        own = {"name": name, "msg": message, "fields": fields, "created": now, "msecs": now % 1 * 1000}
        self.__dict__ = {**OF_A_REQUEST, **own}


class JsonFormatter(logging.Formatter):
    """One JSON object a record; an exception is one string in it, newlines and all."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record, RequestRecord):
            return request_line(record)
        line = {"time": when(record), "level": record.levelname.lower(), "logger": record.name}
        line["message"] = record.getMessage()
        if (request := request_id.get()) is not None:
            line["request_id"] = request
        extra = {name: value for name, value in extra_of(record).items() if name not in line}
        if record.exc_info:
            extra["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            extra["stack"] = record.stack_info
        try:
            return ENCODER.encode(line | extra)
        except (TypeError, ValueError):  # NaN, a cycle, a key that is no string
            return json.dumps(line | {name: str(value) for name, value in extra.items()})


def request_line(record: RequestRecord) -> str:
    """What the encoder would make of it, in a tenth of the time. Of the fields those that are no text are numbers."""
    fields = [
        f', "{name}": {encode_basestring_ascii(value) if isinstance(value, str) else value}'
        for name, value in record.fields.items()
    ]
    return (
        f'{{"time": "{when(record)}", "level": "info", "logger": "{record.name}", '
        f'"message": {encode_basestring_ascii(record.msg)}, "request_id": "{request_id.get()}"{"".join(fields)}}}'
    )


class ConsoleFormatter(logging.Formatter):
    """A line for a terminal, without its control characters; a traceback follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        request = request_id.get()
        fields = extra_of(record) | ({"request_id": request} if request is not None else {})
        words = [when(record), f"{record.levelname.lower():<7}", visible(record.getMessage())]
        words += [f"{name}={visible(str(value))}" for name, value in fields.items()]
        below = [self.formatException(record.exc_info)] if record.exc_info else []
        below += [record.stack_info] if record.stack_info else []
        return "\n".join([" ".join(words), *(f"    {visible(line)}" for text in below for line in text.splitlines())])


def when(record: logging.LogRecord) -> str:
    """RFC 3339, UTC, with milliseconds."""
    return f"{second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(maxsize=1)
def second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def extra_of(record: logging.LogRecord) -> dict[str, Any]:
    if isinstance(record, RequestRecord):
        return record.fields
    added = islice(vars(record).items(), len(STANDARD), None)  # a record begins with what each has
    return {name: value for name, value in added if name not in NOT_EXTRA}


@lru_cache(maxsize=1024)
def digest(owner_id: str) -> str:
    """An owner in a log line: the first 16 digits of the SHA-256, as `printf %s ID | sha256sum` tells them."""
    return sha256(owner_id.encode()).hexdigest()[:16]


def visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
