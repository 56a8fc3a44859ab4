"""The words of a text, as search knows them: in a task when it is written, and in what is looked for."""

import re
from unicodedata import category

LONGEST = 100
"""Characters of a word that count: a longer one is found by its beginning."""

ASCII_WORD = re.compile("[a-z0-9]+")
SEPARATOR = 0x20


def words_of(text: str | None) -> list[str]:
    """Sorted, each once: the longest runs of letters, marks and digits, lower-cased, not normalized."""
    if not text:
        return []
    if text.isascii():
        words = ASCII_WORD.findall(text.lower())
    else:
        words = [word.lower() for word in text.translate(ONLY_WORDS).split(chr(SEPARATOR)) if word]
    return sorted({word[:LONGEST] for word in words})


class OnlyWords(dict[int, int]):
    """For `str.translate`: what belongs to a word stays, anything else separates.

    A character is looked up once; those beyond the first plane each time, or the texts of others could fill memory.
    """

    def __missing__(self, code: int) -> int:
        kind = category(chr(code))
        kept = code if kind[0] in "LM" or kind == "Nd" else SEPARATOR
        if code <= 0xFFFF:
            self[code] = kept
        return kept


ONLY_WORDS = OnlyWords()
