import pytest

from taskward.operations.numbers import number_of


@pytest.mark.parametrize(("count", "told"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_one_is_told_in_the_singular(count: int, told: str) -> None:
    assert number_of(count, "row") == told
