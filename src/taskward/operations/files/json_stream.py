"""A JSON document read from its beginning to its end, of which only a part is ever in memory."""

import codecs
from collections.abc import Iterator
from typing import Any

from taskward.operations.files.source import MAX_LINE_BYTES, Source
from taskward.strict_json import DECODER, TOO_DEEP, NotStrict

WHITE_SPACE = " \t\n\r"

LARGEST_VALUE = MAX_LINE_BYTES
"""In characters, of what is told as one value."""


class JsonStream:
    """
    Raises, wherever it is:
        NotStrict: it is not JSON.
    """

    def __init__(self, source: Source) -> None:
        self.chunks = source.chunks()
        self.decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self.text = ""
        self.at = 0
        self.line, self.counted_to = 1, 0
        self.is_at_end = False

    def more(self) -> bool:
        """Whether there was more."""
        if self.is_at_end:
            return False
        chunk = next(self.chunks, b"")
        self.is_at_end = not chunk
        self.count_lines()
        self.text = self.text[self.at :] + self.decoder.decode(chunk, final=not chunk)
        self.at = self.counted_to = 0
        return not self.is_at_end

    def count_lines(self) -> int:
        """In which line the next character is."""
        self.line += self.text.count("\n", self.counted_to, self.at)
        self.counted_to = self.at
        return self.line

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            while self.at < len(self.text):
                if self.text[self.at] not in WHITE_SPACE:
                    return self.text[self.at]
                self.at += 1
            if not self.more() and self.at >= len(self.text):
                return ""

    def take(self, character: str) -> None:
        if self.peek() != character:
            raise NotStrict("It is not valid JSON.")
        self.at += 1

    def value(self) -> Any:
        """The next, whole."""
        self.peek()
        while True:
            try:
                found, end = DECODER.raw_decode(self.text, self.at)
            except RecursionError:
                raise NotStrict(TOO_DEEP) from None
            except NotStrict:
                raise
            except ValueError:
                found, end = None, -1
            # A number may go on in the next chunk, and what does not end yet is no value.
            if end >= 0 and (end < len(self.text) or self.is_at_end):
                self.at = end
                return found
            if self.is_at_end or len(self.text) - self.at > LARGEST_VALUE:
                raise NotStrict("It is not valid JSON, or has a value that is too long.")
            self.more()

    def members(self) -> Iterator[str]:
        """The names of an object, each before its value, which is to be read before the next."""
        self.take("{")
        if self.peek() != "}":
            yield self.name()
            while self.peek() == ",":
                self.take(",")
                yield self.name()
        self.take("}")

    def name(self) -> str:
        if self.peek() != '"':
            raise NotStrict("It is not valid JSON.")
        name = str(self.value())
        self.take(":")
        return name

    def elements(self) -> Iterator[None]:
        """Of an array, each before it, which is to be read before the next."""
        self.take("[")
        if self.peek() != "]":
            yield
            while self.peek() == ",":
                self.take(",")
                yield
        self.take("]")
