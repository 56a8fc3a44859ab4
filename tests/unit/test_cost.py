"""What callgrind has counted is read right, and compared with what is recorded."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks.callgrind import Dump, read_dump
from benchmarks.cost import changes, compare

DUMP = """# callgrind format
desc: Trigger: Client Request
events: Ir
summary: 1000

ob=(1) /usr/lib/libpython3.11.so
fl=(1) Objects/dictobject.c
fn=(1) new_dict
10 400
cfn=(2) _PyObject_Malloc
calls=3 0
12 90
+2 5
fn=(3) list_append'2
cfn=(2)
calls=4 0
16 120
cfn=(4) malloc'2
calls=1 0
17 80
cfn=(1)
calls=9 0
18 200

totals: 1200
"""


def test_a_dump_tells_instructions_and_allocations() -> None:
    assert read_dump(DUMP.splitlines()) == Dump(instructions=1000, allocations=8)


def test_a_dump_without_a_sum_is_an_error() -> None:
    with pytest.raises(ValueError, match="no summary"):
        read_dump(["# callgrind format", "fn=(1) main"])


def figures(calls: dict[str, int], *, python: str = "3.11.7", uvloop: str = "0.22") -> dict[str, Any]:
    return {
        "kind": {"python": python},
        "packages": {"uvloop": uvloop},
        "calls": {name: {"instructions": count} for name, count in calls.items()},
    }


RECORDED = figures({"floor": 10_000, "GET one": 1_000_000, "POST": 2_000_000})


@pytest.mark.parametrize(
    ("get_one", "post", "dearer", "cheaper"),
    [
        (1_000_000, 2_000_000, [], []),
        (1_029_000, 1_941_000, [], []),
        (1_031_000, 2_000_000, ["GET one: 1,031,000 instructions, +3.1% of the 1,000,000 recorded."], []),
        (1_000_000, 1_500_000, [], ["POST: 1,500,000 instructions, -25.0% of the 2,000,000 recorded."]),
    ],
)
def test_a_call_that_is_dearer_beyond_the_tolerance_is_named(
    get_one: int, post: int, dearer: list[str], cheaper: list[str]
) -> None:
    found = compare(figures({"GET one": get_one, "POST": post}), RECORDED)

    assert found.dearer == dearer
    assert found.remarks[:-1] == cheaper


def test_a_few_thousand_instructions_are_no_difference() -> None:
    assert compare(figures({"floor": 14_000}), RECORDED) == ([], [])


def test_a_package_that_has_changed_is_named_beside_what_became_dearer() -> None:
    found = compare(figures({"GET one": 1_100_000}, uvloop="0.23"), RECORDED)

    assert found.remarks[0] == "Since the record: uvloop 0.22 -> 0.23."


def test_another_kind_of_machine_is_not_compared() -> None:
    found = compare(figures({"GET one": 9_000_000}, python="3.12.1"), RECORDED)

    assert found.dearer == []
    assert "python 3.11.7 -> 3.12.1" in found.remarks[0]


def test_a_call_that_is_not_recorded_yet_is_no_failure() -> None:
    assert compare(figures({"GET one": 1_000_000, "PUT": 1}), RECORDED) == ([], [])


def test_changes_are_told_with_what_was_before() -> None:
    assert changes({"a": "1", "b": "2"}, {"a": "1"}) == "b None -> 2"
