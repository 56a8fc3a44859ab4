"""The file that is imported: read from its beginning as often as needed, a bounded piece at a time."""

import codecs
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from taskward.operations.files.temporary import temporary_file

MAX_LINE_BYTES = 1024 * 1024
"""The longest task there can be takes a fifth of it, with every character escaped."""

CHUNK_BYTES = 1024 * 1024

UNREADABLE_STARTS = {
    b"\x1f\x8b": "compressed: unpack it with gunzip first",
    b"PK\x03\x04": "a zip archive: unpack it first, and import the file in it",
    b"\xff\xfe": "UTF-16: save it as UTF-8",
    b"\xfe\xff": "UTF-16: save it as UTF-8",
}


class FileRefused(Exception):
    """Nothing of the file can be taken, as one sentence."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    text: str | None
    """None: it is longer than any line may be. A line end is part of it."""


class TooLong(ValueError):
    """A line, where there is no other way to tell it."""

    def __init__(self, line: int) -> None:
        super().__init__(f"The line is longer than {MAX_LINE_BYTES} bytes.")
        self.line = line


class Source:
    def __init__(self, file: BinaryIO, *, name: str, stem: str) -> None:
        self.file = file
        self.name = name
        """For sentences."""
        self.stem = stem
        """What Todoist calls a project by. Empty where there is no name."""
        self.size = os.fstat(file.fileno()).st_size

    @property
    def bytes_read(self) -> int:
        return self.file.tell()

    def chunks(self) -> Iterator[bytes]:
        self.file.seek(0)
        while chunk := self.file.read(CHUNK_BYTES):
            yield chunk

    def lines(self) -> Iterator[Line]:
        """Of a file that was checked, without its BOM."""
        self.file.seek(0)
        if self.file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            self.file.seek(0)
        number = 0
        while piece := self.file.readline(MAX_LINE_BYTES):
            number += 1
            if len(piece) == MAX_LINE_BYTES and not piece.endswith(b"\n"):
                while (piece := self.file.readline(MAX_LINE_BYTES)) and not piece.endswith(b"\n"):
                    pass
                yield Line(number, None)
            else:
                # If the file has changed since it was checked: half a surrogate pair is refused wherever it comes.
                yield Line(number, piece.decode(errors="surrogateescape"))

    def refuse(self, why: str) -> FileRefused:
        return FileRefused(f"{self.name} {why} Nothing was written.")

    def check(self) -> None:
        """
        Raises:
            FileRefused: it is empty, or not UTF-8.
        """
        decoder, bytes_before = codecs.getincrementaldecoder("utf-8")(), 0
        for chunk in self.chunks():
            if not bytes_before:
                for start, what in UNREADABLE_STARTS.items():
                    if chunk.startswith(start):
                        raise self.refuse(f"is {what}.")
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                raise self.not_utf8(bytes_before + max(0, error.start)) from None
            bytes_before += len(chunk)
        if not bytes_before:
            raise self.refuse("is empty.")
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise self.not_utf8(bytes_before) from None

    def not_utf8(self, place: int) -> FileRefused:
        return self.refuse(f"is not UTF-8, near byte {place}: save it as UTF-8.")


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """`-` is standard input. What cannot be read twice is first copied to a temporary file.

    Raises:
        FileRefused
    """
    if str(path) == "-":
        with spooled(sys.stdin.buffer) as copy:
            yield Source(copy, name="Standard input", stem="")
        return
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise FileRefused(f"{path} is a folder: name a file in it.")
        if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
            raise FileRefused(f"{path} is no file.")
        file = path.open("rb")
    except (OSError, ValueError) as error:
        raise FileRefused(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'no such name'}.") from None
    with file:
        if stat.S_ISREG(mode):
            yield Source(file, name=str(path), stem=path.stem)
            return
        with spooled(file) as copy:
            yield Source(copy, name=str(path), stem="")


@contextmanager
def spooled(stream: BinaryIO) -> Iterator[BinaryIO]:
    """
    Raises:
        FileRefused: there is no room for it.
    """
    with temporary_file(FileRefused) as copy:
        try:
            shutil.copyfileobj(stream, copy, CHUNK_BYTES)
            copy.flush()
        except OSError as error:
            raise FileRefused(f"What is read cannot be kept in {tempfile.gettempdir()}: {error.strerror}.") from None
        yield copy
