"""JSON that has one meaning only: what two readers could take differently is refused (RFC 8259 §4, §8.1; RFC 7493)."""

import json
import math
from typing import Any, NoReturn

MAX_DEPTH = 32
TOO_DEEP = f"It is nested more than {MAX_DEPTH} deep."


class NotStrict(ValueError):
    """Why the text is refused, as a sentence that repeats nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.place: list[str | int] = []
        """Where in the value, by names and indexes; empty when that is not known."""


def parse(raw: bytes) -> Any:
    """UTF-8 without a BOM; no duplicate names, `NaN`, numbers beyond a double, U+0000 or lone surrogates.

    Raises:
        NotStrict: it is not so, or nested more than 32 deep.
    """
    try:
        value = DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotStrict("It is not UTF-8.") from None
    except RecursionError:
        raise NotStrict(TOO_DEEP) from None
    except NotStrict:
        raise
    except ValueError:  # a syntax error, a BOM, an integer of thousands of digits
        raise NotStrict("It is not valid JSON.") from None
    check(value)
    return value


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrict("A name stands twice in one object.")
    return members


def refuse_constant(_: str) -> NoReturn:
    raise NotStrict("NaN and Infinity are not JSON.")


def finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotStrict("A number is too large.")
    return value


DECODER = json.JSONDecoder(object_pairs_hook=without_duplicates, parse_constant=refuse_constant, parse_float=finite)


def check(value: Any, depth: int = 0) -> None:
    if isinstance(value, str):
        check_text(value)
    if not isinstance(value, (dict, list)):
        return
    if depth == MAX_DEPTH:
        raise NotStrict(TOO_DEEP)
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(name, str):
            check_text(name)
        if isinstance(inner, (str, dict, list)):  # thousands of numbers are not worth a call each
            try:
                check(inner, depth + 1)
            except NotStrict as refusal:
                refusal.place.insert(0, name)
                raise


def check_text(text: str) -> None:
    if text.isascii():
        if "\0" in text:
            raise NotStrict("A text holds the character U+0000, which cannot be stored.")
        return
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise NotStrict("A text holds U+0000 or half of a surrogate pair, which cannot be stored.")
