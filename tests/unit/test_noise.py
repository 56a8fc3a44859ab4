"""What others took of the machine is told, so that nobody believes the figures of a busy one."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import noise
from benchmarks.machine import TICKS_PER_SECOND
from benchmarks.noise import Noise, noise_of


def test_others_took_what_was_busy_or_stolen_but_ours() -> None:
    ticks = {"user": 6, "nice": 1, "system": 2, "idle": 90, "iowait": 50, "irq": 40, "softirq": 30, "steal": 3}
    counts = [seconds * TICKS_PER_SECOND for seconds in ticks.values()]
    stat = f"cpu  {' '.join(map(str, counts))} 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"

    assert noise.other_seconds(stat, ours=7.5) == pytest.approx(6 + 1 + 2 + 3 - 7.5)


def test_what_this_machine_says_is_read() -> None:
    assert noise.Watch().taken() >= 0


def test_the_noise_of_a_run_is_that_of_its_slots_and_of_its_rounds() -> None:
    found = noise_of([0.0, 0.03, 0.3], rates=[[100, 100, 100], [90, 110, 100], [50, 150, 100]])

    assert found == Noise(taken=0.11, most_taken=0.3, spread=0.2)


def test_one_round_has_no_spread() -> None:
    assert noise_of([0.02], rates=[[100]]).spread == 0


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Noise(taken=0.05, most_taken=0.9, spread=0.1), None),
        (Noise(taken=0.7, most_taken=1.5, spread=0.1), "took 0.70 cores on average and 1.50 at worst"),
        (Noise(taken=0.0, most_taken=0.0, spread=0.35), "lie 35% apart"),
        (Noise(taken=0.7, most_taken=1.5, spread=0.35), "where 0.1 may be taken, and the rounds"),
    ],
)
def test_a_noisy_machine_is_told_in_a_sentence(found: Noise, words: str | None) -> None:
    remark = noise.remark(found)

    assert remark is None if words is None else remark is not None and words in remark
