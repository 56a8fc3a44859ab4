import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskward.tasks.words import ONLY_WORDS, words_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, []),
        ("", []),
        (" .,;-_'\"\\%:*&|!()<->\0\n", []),
        ("Buy milk, buy MILK!", ["buy", "milk"]),
        ("x_y don't e-mail 3.14", ["14", "3", "don", "e", "mail", "t", "x", "y"]),
        ("İSTANBUL Straße ΟΔΟΣ", ["i\u0307stanbul", "straße", "οδος"]),
        ("e\u0301 \u00e9", ["e\u0301", "é"]),  # not normalized
        ("日本語、テスト 😀 ½ ² Ⅷ ٣", ["٣", "テスト", "日本語"]),
        ("नमस्ते दुनिया", ["दुनिया", "नमस्ते"]),
        ("\U00010400bc", ["\U00010428bc"]),
        ("x" * 99 + " " + "x" * 100 + " " + "x" * 150, ["x" * 99, "x" * 100]),
        ("İ" * 60, ["i\u0307" * 50]),  # lower-cased first, then cut
    ],
)
def test_words_are_runs_of_letters_marks_and_digits(text: str | None, words: list[str]) -> None:
    assert words_of(text) == words


@given(TEXTS)
def test_words_are_what_the_categories_of_unicode_say(text: str) -> None:
    runs = "".join(c if unicodedata.category(c)[0] in "LM" or unicodedata.category(c) == "Nd" else " " for c in text)

    assert words_of(text) == sorted({word.lower()[:100] for word in runs.split(" ") if word})


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_text_takes_no_other_way(text: str) -> None:
    assert words_of(text) == [word for word in words_of(f"{text} é") if word != "é"]


def test_no_text_makes_the_table_of_characters_grow_without_end() -> None:
    words_of("".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)])))

    assert len(ONLY_WORDS) <= 0x10000
