"""Every group in flight has its own deadline, however many share the timer."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.stepping import SteppingLoop, stepping
from taskward.postgres.deadlines import Deadlines


@pytest.fixture
def loop() -> Iterator[SteppingLoop]:
    with stepping() as loop:
        yield loop


class Missed(Deadlines):
    """Of groups that are known by name here."""

    def __init__(self, loop: SteppingLoop) -> None:
        self.loop = loop
        self.names: list[Any] = []
        super().__init__(lambda _, pending: self.names.append(pending))

    def begin(self, name: Any, seconds: float) -> None:
        self.loop.call_soon(self.add, name, self.loop.time() + seconds, None)
        self.loop.step()


def test_each_group_is_missed_at_its_own_deadline(loop: SteppingLoop) -> None:
    deadlines = Missed(loop)
    deadlines.begin("first", 10)
    loop.step(4)
    deadlines.begin("second", 10)

    loop.step(5.9)
    assert deadlines.names == []
    loop.step(0.2)
    assert deadlines.names == ["first"]
    loop.step(3.8)
    assert deadlines.names == ["first"]
    loop.step(0.2)
    assert deadlines.names == ["first", "second"]
    assert deadlines.timer is None


def test_a_deadline_that_is_earlier_than_those_before_is_kept(loop: SteppingLoop) -> None:
    deadlines = Missed(loop)
    deadlines.begin("later", 10)
    deadlines.begin("sooner", 3)
    deadlines.begin("past", -1)

    assert deadlines.names == ["past"]
    loop.step(3)
    assert deadlines.names == ["past", "sooner"]
    loop.step(7)
    assert deadlines.names == ["past", "sooner", "later"]


def test_a_group_that_was_answered_is_not_missed_and_its_timer_serves_the_next(loop: SteppingLoop) -> None:
    deadlines = Missed(loop)
    deadlines.begin("answered", 10)
    timer = deadlines.timer
    deadlines.remove("answered")  # type: ignore[arg-type]
    loop.step(1)
    deadlines.begin("next", 10)

    assert deadlines.timer is timer
    loop.step(9)
    assert deadlines.names == []
    loop.step(1)
    assert deadlines.names == ["next"]
    assert deadlines.timer is None
