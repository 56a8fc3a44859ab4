"""Dates as Todoist writes them in English: a day, a time, and how often it comes again.

What is not understood as a whole is not understood at all: half of "every day until the end of term" is another plan.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from taskward.tasks.recurrence import MOST, WEEKDAYS

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
NUMBERS = {"other": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
UNITS = {"day": "DAILY", "week": "WEEKLY", "month": "MONTHLY", "quarter": "MONTHLY", "year": "YEARLY"}
ADVERBS = {**{f"{unit}ly": unit for unit in UNITS}, "daily": "day", "annually": "year"}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
TIMES_OF_DAY = {"noon": time(12), "midnight": time(0)}


@dataclass(frozen=True, slots=True)
class When:
    day: date
    clock: time | None = None
    rule: str | None = None
    """As RFC 5545 writes it; it begins with `day`."""
    is_from_completion: bool = False


class NotUnderstood(Exception):
    pass


def when(text: str, today: date) -> When | None:
    """None: this is not understood."""
    words = " ".join(text.lower().replace(",", " , ").split())
    if not words or len(words) > 255:
        return None
    try:
        clock, words = time_in(words)
        if not re.match(r"(every\b|ev\b|after\b)", words) and words not in ADVERBS:
            return When(day_in(words, today), clock)
        return replace(recurring(words, today), clock=clock)
    except NotUnderstood:
        return None


TIME = re.compile(
    r"(?:^|\s)(?:at |@ ?)?(?:(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])(?::[0-5][0-9])? ?(?P<half>am|pm)?"
    r"|(?P<hour12>1[0-2]|0?[1-9]) ?(?P<half12>am|pm)|(?P<word>noon|midnight))(?=$|\s)"
)


def time_in(words: str) -> tuple[time | None, str]:
    """The one time of day, and the words without it."""
    words = re.sub(r"(?<=[0-9])t(?=[0-9]{2}:[0-9]{2})", " ", words)
    found = list(TIME.finditer(words))
    if not found:
        return None, words
    if len(found) > 1:
        raise NotUnderstood
    [match] = found
    rest = " ".join(f"{words[: match.start()]} {words[match.end() :]}".split())
    if match["word"]:
        return TIMES_OF_DAY[match["word"]], rest
    hour, half = int(match["hour"] or match["hour12"]), match["half"] or match["half12"]
    if half:
        if not 1 <= hour <= 12:
            raise NotUnderstood
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, int(match["minute"] or 0)), rest


def day_in(words: str, today: date) -> date:
    """A single day."""
    if words in ("", "today", "tod"):
        return today
    if words in ("tomorrow", "tom"):
        return today + timedelta(days=1)
    if (weekday := one_of(DAYS, words)) is not None:
        return next_weekday(today, weekday)
    if match := re.fullmatch(r"in ([0-9]{1,3}|a|one) (day|week)s?", words):
        number = 1 if match[1] in ("a", "one") else int(match[1])
        return today + timedelta(days=number * (7 if match[2] == "week" else 1))
    if match := re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", words):
        found = day_of(*map(int, match.groups()))
    else:
        found = day_of_month(words, today)
    if found is None:
        raise NotUnderstood
    return found


def day_of_month(words: str, today: date) -> date | None:
    """`27 Mar 2026`, `March 27th`: without a year the next one."""
    day_first = re.fullmatch(r"([0-9]{1,2})(?:st|nd|rd|th)? (?:of )?([a-z]+)\.?(?: ,)?(?: ([0-9]{4}))?", words)
    month_first = re.fullmatch(r"([a-z]+)\.? ([0-9]{1,2})(?:st|nd|rd|th)?(?: ,)?(?: ([0-9]{4}))?", words)
    if day_first:
        number, name, year = day_first.groups()
    elif month_first:
        name, number, year = month_first.groups()
    else:
        return None
    month = one_of(MONTHS, name)
    if month is None:
        return None
    if year:
        return day_of(int(year), month + 1, int(number))
    days = (day_of(each, month + 1, int(number)) for each in range(today.year, today.year + 9))  # 29 February
    return next((day for day in days if day is not None and day >= today), None)


def recurring(words: str, today: date) -> When:
    words, start, until = bounds_in(words, today)
    words = f"every {ADVERBS[words]}" if words in ADVERBS else words
    match = re.fullmatch(r"(every!|every|ev!|ev|after) ?(.*)", words)
    if match is None:
        raise NotUnderstood
    is_from_completion = match[1] in ("every!", "ev!", "after")
    day, rule = rule_of(match[2], start or today)
    if is_from_completion and "BY" in rule:
        raise NotUnderstood  # it counts from the day of completion, of which no weekday can be said
    if until is not None:
        rule += f";UNTIL={until:%Y%m%d}"
    return When(day, None, rule, is_from_completion)


def bounds_in(words: str, today: date) -> tuple[str, date | None, date | None]:
    """The words without `starting …` and `until …`, and these days."""
    start = until = None
    if match := re.fullmatch(r"(.+?) (?:until|ending|to) (.+)", words):
        words, until = match[1], day_in(match[2], today)
    if match := re.fullmatch(r"(.+?) (?:starting|from) (?:on )?(.+)", words):
        words, start = match[1], day_in(match[2], today)
    return words, start, until


def rule_of(words: str, today: date) -> tuple[date, str]:
    """The first day, and the rule."""
    if match := re.fullmatch(rf"(?:([0-9]{{1,3}}|{'|'.join(NUMBERS)}) )?(day|week|month|quarter|year)s?", words):
        interval = interval_of(match[1]) * (3 if match[2] == "quarter" else 1)
        return today, with_interval(f"FREQ={UNITS[match[2]]}", interval)
    if words in ("weekday", "workday", "weekdays", "workdays"):
        return weekly(range(5), 1, today)
    if words in ("weekend", "weekends"):
        return weekly((5,), 1, today)
    return on_weekdays(words, today) or on_days_of_month(words, today)


def interval_of(word: str | None) -> int:
    if word is None:
        return 1
    number = int(word) if word.isdigit() else NUMBERS.get(word, 0)
    if not 1 <= number <= MOST // 3:
        raise NotUnderstood
    return number


def with_interval(rule: str, interval: int) -> str:
    return rule if interval == 1 else f"{rule};INTERVAL={interval}"


def weekly(days: Iterable[int], interval: int, today: date) -> tuple[date, str]:
    numbers = sorted(set(days))
    first = min(next_weekday(today, weekday) for weekday in numbers)
    names = ",".join(WEEKDAYS[weekday] for weekday in numbers)
    return first, f"{with_interval('FREQ=WEEKLY', interval)};BYDAY={names}"


def on_weekdays(words: str, today: date) -> tuple[date, str] | None:
    """`mon, wed and fri`, `other tuesday`."""
    interval, rest = 1, words
    if match := re.fullmatch(r"([0-9]{1,3}|other|two|three|four) ([a-z].*)", words):
        interval, rest = interval_of(match[1]), match[2]
    days = [one_of(DAYS, part) for part in parts_of(rest)]
    known = [day for day in days if day is not None]
    return weekly(known, interval, today) if known and len(known) == len(days) else None


def parts_of(words: str) -> list[str]:
    return [part for part in re.split(r"[ ,&]+", words) if part and part != "and"]


def on_days_of_month(words: str, today: date) -> tuple[date, str]:
    """`15`, `1st and 15th`, `last day`, `3rd friday`, `27 march`."""
    words = re.sub(r"( of the month| of each month| day of the month)$", "", words)
    words = re.sub(r"^month on the ", "", words)
    if words in ("last day", "last"):
        return first_of_month_days((-1,), today)
    parts = parts_of(words)
    if parts and all(re.fullmatch(r"[0-9]{1,2}(st|nd|rd|th)?", part) for part in parts):
        return first_of_month_days(tuple(int(part.rstrip("stndrh")) for part in parts), today)
    if match := re.fullmatch(r"([1-5])(?:st|nd|rd|th) ([a-z]+)|(first|second|third|fourth|fifth|last) ([a-z]+)", words):
        weekday = one_of(DAYS, match[2] or match[4])
        if weekday is not None:
            return first_nth_weekday(int(match[1]) if match[1] else ORDINALS[match[3]], weekday, today)
    day = day_of_month(words, today)
    if day is None or re.search(r"[0-9]{4}", words):
        raise NotUnderstood
    return day, f"FREQ=YEARLY;BYMONTH={day.month};BYMONTHDAY={day.day}"


def first_of_month_days(days: tuple[int, ...], today: date) -> tuple[date, str]:
    if not all(day == -1 or 1 <= day <= 31 for day in days):
        raise NotUnderstood
    found = []
    for year, month in months_from(today):
        length = monthrange(year, month)[1]
        found += [date(year, month, length if day == -1 else day) for day in days if day <= length]
    rule = f"FREQ=MONTHLY;BYMONTHDAY={','.join(map(str, sorted(set(days))))}"
    return min((day for day in found if day >= today), default=today), rule


def first_nth_weekday(ordinal: int, weekday: int, today: date) -> tuple[date, str]:
    for year, month in months_from(today):
        days = [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]
        those = [day for day in days if day.weekday() == weekday]
        found = those[-1] if ordinal == -1 else (*those, None)[ordinal - 1]
        if found is not None and found >= today:
            return found, f"FREQ=MONTHLY;BYDAY={ordinal}{WEEKDAYS[weekday]}"
    raise NotUnderstood


def months_from(day: date) -> list[tuple[int, int]]:
    """A year of them: each has a fifth Monday in some month, and a 31st."""
    numbers = (day.year * 12 + day.month - 1 + step for step in range(13))
    return [(number // 12, number % 12 + 1) for number in numbers if number // 12 <= date.max.year]


def next_weekday(today: date, weekday: int) -> date:
    """Today too."""
    return today + timedelta(days=(weekday - today.weekday()) % 7)


def one_of(names: tuple[str, ...], word: str) -> int | None:
    """By its name or the beginning of it."""
    word = word.removesuffix("s") if word not in names and len(word) > 4 else word
    found = [index for index, name in enumerate(names) if len(word) >= 3 and name.startswith(word)]
    return found[0] if len(found) == 1 else None


def day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
