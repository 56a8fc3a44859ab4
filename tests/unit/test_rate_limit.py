import pytest

from support.signing import Clock
from taskward.http.errors import RateLimited
from taskward.http.rate_limit import RateLimit


def counted(limit: RateLimit, owner: str, times: int) -> list[bool]:
    """Which of so many requests were let in."""
    found = []
    for _ in range(times):
        try:
            limit.count(owner)
            found.append(True)
        except RateLimited:
            found.append(False)
    return found


def test_each_owner_has_so_many_requests_in_a_window() -> None:
    limit = RateLimit(3, clock=Clock(1000.0))

    assert counted(limit, "ann", 5) == [True, True, True, False, False]
    assert counted(limit, "bob", 4) == [True, True, True, False]


def test_a_window_begins_with_the_first_request_and_ends_a_minute_later() -> None:
    clock = Clock(1000.0)
    limit = RateLimit(2, clock=clock)
    assert counted(limit, "ann", 1) == [True]
    clock.now += 59
    assert counted(limit, "ann", 2) == [True, False]

    clock.now += 0.999
    assert counted(limit, "ann", 1) == [False]
    clock.now += 0.001
    assert counted(limit, "ann", 3) == [True, True, False]


@pytest.mark.parametrize(("seconds", "told"), [(0, "60"), (0.5, "60"), (1, "59"), (59.2, "1"), (59.9999, "1")])
def test_the_refusal_tells_when_the_window_ends(seconds: float, told: str) -> None:
    clock = Clock(1000.0)
    limit = RateLimit(1, clock=clock)
    limit.count("ann")
    clock.now += seconds

    with pytest.raises(RateLimited) as refusal:
        limit.count("ann")

    assert refusal.value.headers == {"Retry-After": told}


def test_no_limit_remembers_nobody() -> None:
    limit = RateLimit(0)

    assert all(counted(limit, "ann", 10_000))
    assert limit.windows == {}


def test_owners_who_have_gone_are_forgotten_and_the_others_are_not() -> None:
    clock = Clock(1000.0)
    limit = RateLimit(1, clock=clock)
    for number in range(10_000):
        limit.count(f"guest {number}")
    clock.now += 30
    limit.count("ann")

    clock.now += 30
    limit.count("bob")

    assert set(limit.windows) == {"ann", "bob"}
    assert counted(limit, "ann", 1) == [False]
