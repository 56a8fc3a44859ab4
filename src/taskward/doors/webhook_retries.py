"""When what was not told is attempted again."""

from datetime import UTC
from email.utils import parsedate_to_datetime

FIRST_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000)
THEN_SECONDS = 43_200
SPREAD = 0.2
"""More or less, so that what has failed at one moment does not come again at one."""

LONGEST_WISH_SECONDS = 86_400
"""That a receiver can ask for."""

LEAST_DAYS = 30
"""Until which it is attempted, or for as long as the trash keeps what was deleted, if that is longer."""


def seconds_until_next(failures: int, *, chance: float, wish_seconds: float | None) -> float:
    """After so many failures before this one. `chance` is from 0 to 1; `wish_seconds` is how long the receiver has
    asked for at least."""
    planned = FIRST_SECONDS[failures] if failures < len(FIRST_SECONDS) else THEN_SECONDS
    spread = planned * (1 - SPREAD + 2 * SPREAD * chance)
    return max(spread, min(wish_seconds or 0, LONGEST_WISH_SECONDS))


def is_given_up(failing_seconds: float, *, trash_days: int) -> bool:
    return failing_seconds >= max(trash_days, LEAST_DAYS) * 86_400


def wish_in(retry_after: str | None, *, now: float) -> float | None:
    """The seconds that Retry-After asks for (RFC 9110 §10.2.3), None when it says nothing."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:10])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now)
