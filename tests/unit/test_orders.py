"""Which positions in an ordered list there can be."""

import re

import pytest

from taskward.resources.errors import CursorInvalid
from taskward.resources.resource import id_in
from taskward.tasks.orders import order_of

PLACES = [
    *(
        "",
        "1",
        "[]",
        "{}",
        "null",
        "[1]",
        '["2026-01-01T00:00:00+00:00"]',
        "[" * 10_000,
        "[1, 2, 3]",
        "NaN",
        "[NaN, 1]",
    ),
    *('["x", 0]', '["x", -1]', '["x", 9007199254740992]', '["x", 1.0]', '["x", true]', '["x", "1"]', '["x", null]'),
    *(
        "[true, 1]",
        "[5, 1]",
        "[-1, 1]",
        "[1.5, 1]",
        "[null, 1]",
        "[[], 1]",
        "[{}, 1]",
        '["\\ud800", 1]',
        '["\\u0000", 1]',
    ),
    *('["2026-02-30T00:00:00+00:00", 1]', '["0000-01-01T00:00:00+00:00", 1]', '["10001-01-01T00:00:00+00:00", 1]'),
    *(
        '["2026-01-01", 1]',
        '["2026-01-01T25:00:00+00:00", 1]',
        '["now", 1]',
        '["nan", 1]',
        '["epoch", 1]',
        "[1e999, 1]",
    ),
    *(
        f'["{"x" * 256}", 1]',
        f"[{'9' * 5000}, 1]",
        "[1, 1]x",
        "\ufeff[1, 1]",
        '["2026-01-01T00:00:00.1234567+00:00", 1]',
    ),
]


TITLE_PLACE = re.compile(r'\["[^"\\]{1,255}", 1\]')


@pytest.mark.parametrize("sort", ["-created_at", "updated_at", "due", "-due", "priority", "title"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place[:40])
def test_a_position_that_no_task_could_have_is_refused(sort: str, place: str) -> None:
    order = order_of(sort, "UTC")  # type: ignore[arg-type]
    is_good = place == "[1]" if sort == "-created_at" else sort == "title" and TITLE_PLACE.fullmatch(place)

    if is_good:
        assert order.values_in(place)["last_id"] == 1
    else:
        with pytest.raises(CursorInvalid):
            order.values_in(place)


@pytest.mark.parametrize(
    "place",
    [
        "",
        "0",
        "-5",
        "+1",
        "01",
        "1_0",
        " 1",
        "1\n",
        "1.0",
        "１",
        "abc",
        "\0",
        "99999999999999999",
        "9" * 30,
        "9" * 5000,
        "null",
    ],
)
def test_a_position_in_the_default_list_is_an_id(place: str) -> None:
    with pytest.raises(CursorInvalid):
        id_in(place)
