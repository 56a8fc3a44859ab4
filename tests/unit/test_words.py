import sys
import time
import unicodedata
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.expected_lists import is_found
from taskward.tasks.words import ONLY_WORDS, is_unspaced, to_find, words_asked_for, words_of

MIGRATION = import_module("taskward.migrations.versions.0008_words_in_every_script")
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
CHARACTERS = (
    "aeBIs iıİſßẞ\u0130ŉéÅŁøǅﬁ½²№™ℌⅧ①⑴１Ａ㎏ªʰ"  # Latin
    "αάΣσςΐᾳᾠΩϐ\u037a\u0345йёїЙЁжѣҐ\u0483"  # Greek, Cyrillic
    "日本語搬家了準備手机壳々〇\U00020000\U0002f804龍\u2f00ひらがヴァㇰｶﾞーﾟ\u3099\u309a㌀㍿"  # Han, kana
    "กำเแ็่๑ຂົ໑ກຳកម្ពុជា១မြန်မာ၁ꩠ"  # Thai, Lao, Khmer, Myanmar
    "한국\u1112\u1161\u11abㄱㅏ각ﾡनमस्तेक़\u093c२كَتَبَـ٣ﷺﷻآלוֹםაბԱև\u0f73\u0f71\u0f74ሀ"  # others
    "\u0301\u0323\u0308\u0307\u0336\u034f\u20e3\ufe0f\U000e0100\u00ad\u200d\u200c😀👩🏽❤\U0001f1e6"  # marks, emoji
    " -_'.,…、。・，´¨\u00a0\u3000\t\n|%:*1290"
)
TEXT = st.text(st.sampled_from(sorted(CHARACTERS)), max_size=25)
FORM = st.sampled_from(FORMS)


def finds(text: str, q: str) -> bool:
    """As PostgreSQL compares it (`finding.CONDITIONS`)."""
    spaced, unspaced = words_of(text)
    return all(
        to_find(word) in (unspaced or "") if is_unspaced(word) else any(one.startswith(word) for one in spaced)
        for word in words_asked_for(q)
    )


@pytest.mark.parametrize(
    ("text", "spaced", "unspaced"),
    [
        (None, [], None),
        ("", [], None),
        (" .,;-_'\"\\%:*&|!()<->\0\n", [], None),
        ("Buy milk, buy MILK!", ["buy", "milk"], None),
        ("x_y don't e-mail 3.14", ["14", "3", "don", "e", "mail", "t", "x", "y"], None),
        ("İSTANBUL Straße ΟΔΟΣ", ["istanbul", "strasse", "οδοσ"], None),
        ("e\u0301 \u00e9 E\u0301\u0323 ệ", ["e"], None),
        ("й Ё ї ŉ ø ł ı", ["ø", "ı", "ł", "ʼn", "е", "и", "і"], None),
        ("ﬁsh H₂O ½ Ⅷ ™ ٣", ["1", "2", "fish", "h2o", "tm", "viii", "٣"], None),
        ("नमस्ते दुनिया क़", ["क\u093c", "दुनिया", "नमस्ते"], None),
        ("كَتَبَ שָׁלוֹם \u1112\u1161\u11ab", ["שָׁלוֹם", "كَتَبَ", "한"], None),  # marks that are no accents
        ("\U00010400bc", ["\U00010428bc"], None),
        ("x" * 99 + " " + "x" * 100 + " " + "x" * 150, ["x" * 99, "x" * 100], None),
        ("İ" * 150, ["i" * 100], None),  # folded first, then cut
        ("日本語、テスト 😀", [], " テスト 日本語"),
        ("iPhone手机壳 2024年12月", ["12", "2024", "iphone"], " |2024年|12月 |iphone手机壳"),
        ("葛\U000e0100城 か\u3099ｶﾞ ไทย", [], " ไทย がガ 葛城"),
        ("l´amour ❤\ufe0flove 1\ufe0f\u20e3 \u0301x", ["1", "amour", "l", "love", "x"], None),  # accents of nothing
    ],
)
def test_words_are_runs_of_letters_marks_and_digits(text: str | None, spaced: list[str], unspaced: str | None) -> None:
    assert words_of(text) == (spaced, unspaced)


@pytest.mark.parametrize(
    ("text", "q", "is_found"),
    [
        ("準備搬家了", "搬家", True),
        ("準備搬家了", "準備 了", True),
        ("準備搬家了", "備家", False),
        ("準備 搬家了", "備搬", False),
        ("ผมอยากกินข้าวผัด", "ข้าว", True),
        ("ສະບາຍດີ", "ບາຍ", True),
        ("សួស្តីពិភពលោក", "ពិភព", True),
        ("မင်္ဂလာပါ", "လာ", True),
        ("イチゴケーキ", "ケーキ", True),
        ("ｲﾁｺﾞ", "チゴ", True),
        ("イチゴ", "チコ", False),  # another letter
        # In mixed runs other words begin where those scripts end.
        ("买iPhone手机壳", "iphone", True),
        ("买iPhone手机壳", "IPHONE手", True),
        ("买iPhone手机壳", "机壳", True),
        ("买iPhone手机壳", "买i", True),
        ("买iPhone手机壳", "phone", False),
        ("买iPhone手机壳", "phone手", False),
        ("买 iPhone手机", "买i", False),
        ("2024年12月", "12月", True),
        ("2024年12月", "24年", False),
        ("한국어", "한국", True),
        ("한국어", "국어", False),
        ("नमस्ते", "मस्ते", False),
        ("的" * 10_000, "的" * 10_000, True),
        ("的" * 9_999 + "末", "的末", True),
        ("的" * 10_000, "的" * 100 + "末", True),  # by the first hundred
        ("的" * 10_000, "的" * 99 + "末", False),
        ("x" * 150 + "手机", "x" * 150 + "y", True),
        ("x" * 150 + "手机", "手机", True),
    ],
)
def test_what_is_written_without_spaces_is_found_anywhere(text: str, q: str, is_found: bool) -> None:
    assert finds(text, q) == is_found


@given(TEXT, TEXT, FORM, FORM)
def test_what_is_found_is_what_a_model_finds(text: str, q: str, form: str, other: str) -> None:
    text, q = unicodedata.normalize(form, text), unicodedata.normalize(other, q)  # type: ignore[arg-type]

    assert finds(text, q) == is_found(text, q)


@given(TEXT, TEXT, TEXT, FORM, st.integers(0, 25), st.integers(0, 25), st.booleans())
def test_a_part_of_a_text_is_found_as_a_model_finds_it(
    before: str, text: str, behind: str, form: str, first: int, last: int, is_upper: bool
) -> None:
    q = unicodedata.normalize(form, text[first:last].upper() if is_upper else text[first:last])  # type: ignore[arg-type]

    assert finds(before + text + behind, q) == is_found(before + text + behind, q)


@given(ANY_TEXT, FORM)
def test_a_text_is_found_by_itself_in_every_form(text: str, form: str) -> None:
    normalized = unicodedata.normalize(form, text)  # type: ignore[arg-type]

    assert words_of(text) == words_of(normalized)
    assert words_asked_for(text) == words_asked_for(normalized)
    assert finds(text, text)


@given(ANY_TEXT)
def test_words_stand_in_no_need_of_quotes(text: str) -> None:
    """`finding.py` writes them into patterns and queries as they are."""
    spaced, unspaced = words_of(text)
    characters = {
        *"".join(spaced),
        *(unspaced or "").replace(" ", "").replace("|", ""),
        *"".join(words_asked_for(text)),
    }

    assert {unicodedata.category(one)[0] for one in characters} <= {"L", "M", "N"}
    assert all(0 < len(word) <= 100 for word in [*spaced, *words_asked_for(text)])


@given(TEXT | ANY_TEXT)
def test_the_migration_makes_the_same_words(text: str) -> None:
    """Whoever changes the words writes a migration that makes them anew, and this test for it."""
    assert MIGRATION.words_of(text) == words_of(text)


@given(st.text(st.characters(max_codepoint=127), max_size=60))
def test_plain_text_takes_no_other_way(text: str) -> None:
    assert words_of(text)[0] == [word for word in words_of(f"{text} ø")[0] if word != "ø"]


@given(
    st.text(st.sampled_from("a\u0301\u0323\u0f73\u0f71\u0f74か\uff9eク\u3099\u05b0\u034f"), min_size=30, max_size=90)
)
def test_many_marks_in_a_row_are_the_same_in_every_order_that_is_the_same(text: str) -> None:
    assert {words_of(unicodedata.normalize(form, text)) == words_of(text) for form in FORMS} == {True}  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["a" + "\u0301\u0323" * 5_000, "\u0f73" * 10_000, "か" + "\uff9e\u0301" * 5_000])
def test_no_text_takes_long(text: str) -> None:
    """Python puts marks in order in a time that grows with the square of their number."""
    began = time.thread_time()
    unicodedata.normalize("NFKD", text)
    with_python = time.thread_time() - began

    began = time.thread_time()
    words_of(text)
    assert time.thread_time() - began < max(with_python, 0.1)


def test_one_character_may_be_four_words() -> None:
    assert words_of("\ufdfa" * 10_000) == (["الله", "صلى", "عليه", "وسلم", "وسلمصلى"], None)


def test_no_text_makes_the_table_of_characters_grow_without_end() -> None:
    words_of("".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1)])))

    assert len(ONLY_WORDS) <= 0x10000
