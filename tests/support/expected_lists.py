"""Which tasks a list must hold, in which order: filters and sorts of GET /tasks in plain Python."""

import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Any

from support.expected_tasks import Task
from taskward.tasks import zones

MICROSECOND = timedelta(microseconds=1)


def micro(instant: str) -> int:
    return (datetime.fromisoformat(instant) - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND


def end_of(day: str, zone: str) -> int:
    """The last microsecond before the next day."""
    return zones.start_of_day(date.fromisoformat(day).toordinal() + 1, zone) - 1


def due_of(task: Task, zone: str) -> int | None:
    if task["due_on"] is not None:
        return end_of(task["due_on"], zone)
    return None if task["due_at"] is None else micro(task["due_at"])


def is_due_before(task: Task, bound: str, zone: str) -> bool:
    if len(bound) > 10:
        due = due_of(task, zone)
        return due is not None and due < micro(bound)
    if task["due_on"] is not None:
        return bool(task["due_on"] < bound)
    return task["due_at"] is not None and micro(task["due_at"]) < zones.start_of_day(
        date.fromisoformat(bound).toordinal(), zone
    )


def is_due_after(task: Task, bound: str, zone: str) -> bool:
    if len(bound) > 10:
        due = due_of(task, zone)
        return due is not None and due > micro(bound)
    if task["due_on"] is not None:
        return bool(task["due_on"] > bound)
    return task["due_at"] is not None and micro(task["due_at"]) > end_of(bound, zone)


# Words, by the names that Unicode gives its characters

WRITTEN_WITHOUT_SPACES = (
    *(
        "CJK UNIFIED IDEOGRAPH",
        "CJK COMPATIBILITY IDEOGRAPH",
        "IDEOGRAPHIC",
        "VERTICAL KANA",
        "VERTICAL IDEO",
        "MASU MARK",
    ),
    *("HIRAGANA", "HENTAIGANA", "KATAKANA", "COMBINING KATAKANA", "OLD CHINESE", "VIETNAMESE ALTERNATE"),
    *("THAI", "LAO", "KHMER", "MYANMAR"),
)
LOSE_THEIR_ACCENTS = (
    "LATIN",
    "GREEK",
    "CYRILLIC",
    *(f"MODIFIER LETTER {kind}" for kind in ("CAPITAL", "SMALL", "LOW CIRC")),
)
MARKS_OF_OTHERS = (
    *(f"COMBINING {script}" for script in ("KATAKANA", "DEVANAGARI", "GRANTHA", "BINDU", "ANUSVARA", "OLD PERMIC")),
    *("COMBINING GLAGOLITIC", "COMBINING GREEK MUSICAL"),
)


def name(character: str) -> str:
    return unicodedata.name(character, "")


def is_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM" or unicodedata.category(character) == "Nd"


def is_accent(character: str) -> bool:
    called = name(character)
    is_combining = unicodedata.category(character)[0] == "M" and called.startswith("COMBINING")
    return is_combining and not called.startswith(MARKS_OF_OTHERS)


def words_in(text: str) -> list[str]:
    """Whole, however long."""
    kept = ""
    # Unicode §3.13, D146: a caseless compatibility match.
    for character in unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()):
        if name(character).startswith("VARIATION SELECTOR"):
            continue
        # On a digit or on nothing it is the accent of no letter.
        if is_accent(character) and (not kept or name(kept[-1]).startswith((*LOSE_THEIR_ACCENTS, "DIGIT", "SPACE"))):
            continue
        kept += character if is_of_word(character) else " "
    return unicodedata.normalize("NFC", kept).split()


def is_without_spaces(character: str) -> bool:
    return name(character).startswith(WRITTEN_WITHOUT_SPACES)


def is_in(word: str, asked: str) -> bool:
    """As its beginning, or where a character of a script without spaces stands behind or before the place."""
    return any(
        word.startswith(asked, place)
        and (place == 0 or is_without_spaces(word[place]) or is_without_spaces(word[place - 1]))
        for place in range(len(word))
    )


def is_found(text: str, q: str) -> bool:
    return all(any(is_in(word, asked[:100]) for word in words_in(text)) for asked in words_in(q))


def is_wanted(task: Task, query: dict[str, Any]) -> bool:
    zone = query.get("time_zone", "UTC")
    return (
        ("status" not in query or task["status"] in query["status"])
        and ("priority" not in query or (task["priority"] or "none") in query["priority"])
        and all(tag in task["tags"] for tag in query.get("tag", ()))
        and ("due_before" not in query or is_due_before(task, query["due_before"], zone))
        and ("due_after" not in query or is_due_after(task, query["due_after"], zone))
        and (
            "overdue" not in query
            or (task["status"] != "Done" and is_due_before(task, datetime.now(UTC).isoformat(), zone))
        )
        and is_found(f"{task['title']} {task['description'] or ''}", query.get("q", ""))
    )


def in_order(tasks: list[Task], query: dict[str, Any]) -> list[Task]:
    sort = query.get("sort", "created_at")
    by, is_descending = sort.removeprefix("-"), sort.startswith("-")

    def key(task: Task) -> Any:
        match by:
            case "due":
                return due_of(task, query.get("time_zone", "UTC"))
            case "priority":
                return {"high": 1, "medium": 2, "low": 3, None: None}[task["priority"]]
            case "created_at" | "title":
                return task["id"] if by == "created_at" else task["title"]
        return None if task[by] is None else micro(task[by])

    by_id = sorted(tasks, key=lambda task: int(task["id"]), reverse=is_descending)
    with_key = sorted((task for task in by_id if key(task) is not None), key=key)
    if is_descending:
        with_key = sorted((task for task in by_id if key(task) is not None), key=key, reverse=True)
    return with_key + [task for task in by_id if key(task) is None]


def expected(tasks: list[Task], query: dict[str, Any]) -> list[Task]:
    return in_order([task for task in tasks if is_wanted(task, query)], query)
