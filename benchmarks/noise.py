"""Whether the machine was quiet: what others took of it meanwhile, and how far the rounds lie apart.

What is measured is all that this process has started. The rest of the time that the processors were at work is others',
and what the hypervisor gave to another machine is nobody's here.
"""

import os
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.machine import TICKS_PER_SECOND, cpu_seconds

MOST_TAKEN = 0.1
"""Cores that others may take on average, of the two that are in use."""

MOST_SPREAD = 0.2
"""Between the fastest round and the slowest, as a part of their mean, in the middle of all that is compared."""

LOOK_SECONDS = 2


class Watch:
    """From when it is made."""

    def __init__(self) -> None:
        self.began_at = time.monotonic()
        self.before = seconds_of_others()

    def taken(self) -> float:
        """Cores that other programs and the hypervisor took until now."""
        # Ticks of many processes are rounded, so that a little less than nothing may come out.
        return max(0.0, seconds_of_others() - self.before) / (time.monotonic() - self.began_at)


def seconds_of_others() -> float:
    return other_seconds(Path("/proc/stat").read_text(), cpu_seconds(os.getpid()))


def other_seconds(stat: str, ours: float) -> float:
    """By the first line of /proc/stat (proc(5)), of all cores."""
    user, nice, system, _idle, _iowait, _irq, _softirq, stolen = map(int, stat.split(maxsplit=9)[1:9])
    # Interrupts are left out: most of them are the network's, which are those of the load itself.
    return (user + nice + system + stolen) / TICKS_PER_SECOND - ours


class Noise(NamedTuple):
    taken: float
    """Cores that others took, on average."""
    most_taken: float
    """In the worst of all slots."""
    spread: float
    """See `MOST_SPREAD`; 0 when there was one round."""


def noise_of(taken: Sequence[float], rates: Iterable[Sequence[float]] = ()) -> Noise:
    """From what others took in each slot, and what was measured in the rounds of each thing that is compared."""
    spreads = [(max(rounds) - min(rounds)) / statistics.mean(rounds) for rounds in rates]
    spread = statistics.median(spreads) if spreads else 0.0
    return Noise(round(statistics.mean(taken), 3), round(max(taken), 3), round(spread, 3))


def remark(noise: Noise) -> str | None:
    """Why the figures should not be believed; None when they may be."""
    reasons = []
    if noise.taken > MOST_TAKEN:
        reasons.append(
            f"other programs and the hypervisor took {noise.taken:.2f} cores on average and {noise.most_taken:.2f} at "
            f"worst, where {MOST_TAKEN:g} may be taken"
        )
    if noise.spread > MOST_SPREAD:
        reasons.append(f"the rounds of one thing lie {noise.spread:.0%} apart, where {MOST_SPREAD:.0%} may be")
    return f"The machine is noisy: {', and '.join(reasons)}." if reasons else None


def look() -> str | None:
    """Why it is not worth the time to begin now."""
    watch = Watch()
    time.sleep(LOOK_SECONDS)
    taken = watch.taken()
    if taken <= MOST_TAKEN:
        return None
    return (
        f"The machine is noisy: before anything began, other programs and the hypervisor took {taken:.2f} cores, where "
        f"{MOST_TAKEN:g} may be taken."
    )
