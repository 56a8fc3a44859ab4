"""JSON that has one meaning only: what two readers could take differently is refused (RFC 8259 §4, §8.1; RFC 7493)."""

import json
import math
from codecs import BOM_UTF8
from typing import Any, NamedTuple, NoReturn

MAX_DEPTH = 32
TOO_DEEP = f"It is nested more than {MAX_DEPTH} deep."


class NotStrict(ValueError):
    """Why the text is refused, as a sentence that repeats nothing of it."""


class Flaw(NamedTuple):
    """Why a value is refused, and the part of it that is to blame: the names and indexes that lead there."""

    reason: str
    path: tuple[str | int, ...]


def parse(raw: bytes) -> Any:
    """UTF-8 without a BOM; no duplicate names, `NaN`, numbers beyond a double, U+0000 or lone surrogates.

    Raises:
        NotStrict: it is not so, or nested more than 32 deep.
    """
    value = decoded(raw)
    flaw = flaw_in(value)
    if flaw is not None:
        raise NotStrict(flaw.reason)
    return value


def decoded(raw: bytes) -> Any:
    """What `parse` reads, before `flaw_in` has looked at it.

    Raises:
        NotStrict: no value can be made of it.
    """
    try:
        return DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotStrict("It is not UTF-8.") from None
    except RecursionError:
        raise NotStrict(TOO_DEEP) from None
    except NotStrict:
        raise
    except ValueError as error:  # a syntax error, a BOM, an integer of thousands of digits
        raise NotStrict(f"It is not valid JSON{where(error, raw)}.") from None


def where(error: ValueError, raw: bytes) -> str:
    if raw.startswith(BOM_UTF8):
        return ": it begins with a byte order mark"
    if not raw or not isinstance(error, json.JSONDecodeError):
        return ""
    return f", at line {error.lineno}, column {error.colno}"


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


def flaw_in(value: Any, depth: int = 0) -> Flaw | None:
    """The first."""
    if isinstance(value, str):
        reason = wrong_in(value)
        return None if reason is None else Flaw(reason, ())
    if not isinstance(value, (dict, list)):
        return None
    if depth == MAX_DEPTH:
        return Flaw(TOO_DEEP, ())
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(name, str) and (reason := wrong_in(name)) is not None:
            return Flaw(reason, ())
        # Thousands of numbers are not worth a call each.
        if isinstance(inner, (str, dict, list)) and (flaw := flaw_in(inner, depth + 1)) is not None:
            return Flaw(flaw.reason, (name, *flaw.path))
    return None


def wrong_in(text: str) -> str | None:
    if text.isascii():
        return "A text holds the character U+0000, which cannot be stored." if "\0" in text else None
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        return "A text holds U+0000 or half of a surrogate pair, which cannot be stored."
    return None
