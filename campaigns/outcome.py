"""What a campaign has to tell: what was injected, how often it really hit, and figures with their targets."""

import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Size = Literal["short", "long"]
"""Short takes seconds, for CI; long is what the documentation reports."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    figure: str
    target: str
    is_met: bool
    tells_speed: bool = False
    """Of the machine too: one that is busy with other things may miss it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`hits` counts the faults that were seen to have had an effect, not those that were attempted."""

    injected: str
    hits: int
    hits_wanted: int
    rows: Sequence[Row]

    def is_met(self, *, judges_speed: bool = True) -> bool:
        judged = [row for row in self.rows if judges_speed or not row.tells_speed]
        return 0 < self.hits_wanted <= self.hits and all(row.is_met for row in judged)


Campaign = Callable[[Size], Coroutine[Any, Any, list[Outcome]]]


def exactly(name: str, found: int, wanted: int) -> Row:
    return Row(name, f"{found:,}", f"{wanted:,}", is_met=found == wanted)


def none(name: str, found: int) -> Row:
    return exactly(name, found, 0)


def slowest(name: str, seconds: Sequence[float], *, below: float) -> Row:
    return time_row(name, max(seconds, default=math.inf), below)


def p99(name: str, seconds: Sequence[float], *, below: float) -> Row:
    return time_row(name, quantile(seconds, 0.99), below)


def p50(name: str, seconds: Sequence[float], *, below: float) -> Row:
    return time_row(name, quantile(seconds, 0.5), below)


def quantile(seconds: Sequence[float], share: float) -> float:
    return sorted(seconds)[math.ceil(len(seconds) * share) - 1] if seconds else math.inf


def time_row(name: str, seconds: float, below: float) -> Row:
    """Nothing measured is infinitely slow: it meets no target, on no machine."""
    is_measured = not math.isinf(seconds)
    return Row(name, in_words(seconds), f"< {in_words(below)}", is_met=seconds < below, tells_speed=is_measured)


def in_words(seconds: float) -> str:
    if math.isinf(seconds):
        return "none measured"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
