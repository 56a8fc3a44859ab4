"""Search finds words in every script: those of texts that are not ASCII are made anew.

The older release may serve meanwhile, but requests for tasks wait as long as this takes (`docs/database.md`). What it
writes afterwards has words as they were, which a search may miss until the next change of the text.

Revision ID: 0008
Revises: 0007
"""

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any
from unicodedata import category, combining, normalize

from alembic import context, op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Words = tuple[list[str], str | None]

PORTION = 1000
"""Tasks of which the texts are in memory at once."""

# The tasks of a portion are found by their key, or else each portion might take a look through the whole table.
WHOLE_TABLE_PLANS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")

NOT_ASCII = """
select owner_id, id, title, description
from tasks
where (owner_id, id) > (%s, %s)
    and (octet_length(title) <> char_length(title) or octet_length(description) <> char_length(description))
order by owner_id, id
limit %s
"""

# Letters, marks and digits: nothing in a word has to be quoted.
WRITTEN = """
update tasks
set title_words = made.title_words::tsvector,
    title_unspaced = made.title_unspaced,
    description_words = made.description_words::tsvector,
    description_unspaced = made.description_unspaced
from unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
    as made (owner_id, id, title_words, title_unspaced, description_words, description_unspaced)
where tasks.owner_id = made.owner_id and tasks.id = made.id
"""


def upgrade() -> None:
    op.execute("alter table tasks add column title_unspaced text, add column description_unspaced text")
    make_words(words_of)


def downgrade() -> None:
    make_words(words_before)
    op.execute("alter table tasks drop column title_unspaced, drop column description_unspaced")


def make_words(made_of: Callable[[str | None], Words]) -> None:
    if context.is_offline_mode():
        return  # the script is for an empty database
    # Forced policies hide the rows from the table's owner too.
    op.execute("alter table tasks no force row level security")
    for plan in WHOLE_TABLE_PLANS:
        op.execute(f"set local {plan} = off")
    connection = op.get_bind()
    last: tuple[Any, ...] = ("", 0)
    while rows := connection.exec_driver_sql(NOT_ASCII, (*last, PORTION)).all():
        made = [(*row[:2], *as_columns(made_of(row.title)), *as_columns(made_of(row.description))) for row in rows]
        connection.exec_driver_sql(WRITTEN, tuple(map(list, zip(*made, strict=True))))
        last = made[-1][:2]
    for plan in WHOLE_TABLE_PLANS:
        op.execute(f"set local {plan} = default")
    op.execute("alter table tasks force row level security")


def as_columns(words: Words) -> tuple[str, str | None]:
    spaced, unspaced = words
    return " ".join(f"'{word}'" for word in spaced), unspaced


def words_before(text: str | None) -> Words:
    """Lower-cased and not normalized, as the release before made them."""
    kept = "".join(character if is_of_word(character) else SEPARATOR for character in text or "")
    return distinct([word.lower() for word in kept.split()]), None


# What follows is `tasks/words.py` as it was when this was written, and stays so.


LONGEST = 100
"""Characters of a word that count: a longer one is found by its beginning."""

ASCII_WORD = re.compile("[a-z0-9]+")
SEPARATOR = " "
BEGINNING = "|"
"""Stands where a word begins that is written in another script than those without spaces."""

# Han, Hiragana and Katakana; Thai, Lao, Myanmar and Khmer: their letters, marks and digits.
WITHOUT_SPACES = (
    "\u3005-\u302d\u3031-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00016fe2\U00016fe3\U00016ff0-\U00016ff6\U0001aff0-\U0001b16f\U00020000-\U0003fffd"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\ua9e0-\ua9fe\uaa60-\uaa7f\U000116d0-\U000116e3"
)
UNSPACED = re.compile(f"[{WITHOUT_SPACES}]+")
BEGINNINGS = re.compile(f"(?<![^{WITHOUT_SPACES}])(?=[^{WITHOUT_SPACES}])")

ACCENT = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u2de0-\u2dff\ua66f-\ua672\ua674-\ua67d"
    "\ua69e\ua69f\ufe20-\ufe2f\U0001e08f"
)
# Latin, Greek and Cyrillic, with all of ASCII: an accent behind a digit, or behind nothing, is on no other script.
BEFORE_ACCENT = (
    "\0-\u02af\u0370-\u03e1\u03f0-\u0482\u048a-\u052f\u1c80-\u1c8f\u1d00-\u1dbf\u1e00-\u1fff\u2184\u2c60-\u2c7f"
    "\ua640-\ua66e\ua67f-\ua69d\ua720-\ua7ff\uab30-\uab6f\U00010780-\U000107bf\U0001df00-\U0001dfff"
    "\U0001e030-\U0001e08e"
)
ACCENTS = re.compile(f"(?:(?<=[{BEFORE_ACCENT}])|^)[{ACCENT}]+")

# No mark is of \w; whatever else is not, only separates.
MANY_MARKS = re.compile("[^\\w\0-\u02ff]{30,}")
HALFWIDTH_MARKS = {0xFF9E: 0x3099, 0xFF9F: 0x309A}
"""The only letters that NFKD makes marks of."""


def words_of(text: str | None) -> Words:
    if not text:
        return [], None
    if text.isascii():
        return distinct(ASCII_WORD.findall(text.lower())), None
    runs = runs_of(text)
    unspaced = [run for run in runs if UNSPACED.search(run)]
    if not unspaced:
        return distinct(runs), None
    parts = [part for run in runs for part in UNSPACED.split(run) if part]
    return distinct(parts), "".join(SEPARATOR + to_find(run) for run in sorted({*unspaced}))


def to_find(run: str) -> str:
    return BEGINNINGS.sub(BEGINNING, run)


def distinct(words: list[str]) -> list[str]:
    return sorted({word[:LONGEST] for word in words})


def runs_of(text: str) -> list[str]:
    """In NFKC, case-folded, and without accents but on letters of scripts other than Latin, Greek and Cyrillic.

    All of that before the text is split: `½` is the words 1 and 2, `℃` the word c.
    """
    if text.isascii():
        return ASCII_WORD.findall(text.lower())
    # Decomposing is a tenth of the work of composing, which then finds little to do.
    text = normalize("NFKD", normalize("NFKD", with_marks_in_order(text)).casefold())
    # Each once: what follows takes longer, and one character may have become eighteen.
    text = ACCENTS.sub("", " ".join({*text.split()}))
    if text.isascii():
        return ASCII_WORD.findall(text)
    return normalize("NFC", ACCENTS.sub("", text.translate(ONLY_WORDS))).split()


def with_marks_in_order(text: str) -> str:
    """In canonical order where there are many marks in a row, of which Python moves each past all those before it: a
    second for the 10,000 of one description.
    """
    if "\uff9e" in text or "\uff9f" in text:
        text = text.translate(HALFWIDTH_MARKS)
    return MANY_MARKS.sub(in_order, text)


def in_order(marks: re.Match[str]) -> str:
    decomposed = "".join(normalize("NFKD", mark) for mark in marks[0])
    # Unicode §3.11, D109: marks of class 0 stay where they are, and none passes them.
    return "".join(
        "".join(sorted(group, key=combining) if moves else group)
        for moves, group in groupby(decomposed, key=lambda mark: combining(mark) > 0)
    )


class OnlyWords(dict[int, str | None]):
    """For `str.translate`: what belongs to a word stays, a variation selector is nothing, anything else separates.

    A character is looked up once; those beyond the first plane each time, or the texts of others could fill memory.
    """

    def __missing__(self, code: int) -> str | None:
        kept = None if is_variation_selector(code) else chr(code) if is_of_word(chr(code)) else SEPARATOR
        if code <= 0xFFFF:
            self[code] = kept
        return kept


ONLY_WORDS = OnlyWords()


def is_of_word(character: str) -> bool:
    kind = category(character)
    return kind[0] in "LM" or kind == "Nd"


def is_variation_selector(code: int) -> bool:
    """It stands behind an emoji, a digit or a Han character, and says no more than how that is drawn."""
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
