"""Servers are compared when they are warm, and the page says where the time goes when a target is missed."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks import report
from benchmarks.comparison import FAR_AWAY, LIMIT, NEAR, is_steady
from benchmarks.servers import PEERS_COMPARED, PEERS_FAR_AWAY


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ([], False),
        ([100], False),
        ([100, 106], False),
        ([100, 104], True),
        ([50, 100, 99], True),
        ([100, 100, 50], False),
    ],
)
def test_a_server_is_steady_when_two_slots_in_a_row_are_alike(rates: list[float], expected: bool) -> None:
    assert is_steady(rates) is expected


def reading(rate: float) -> dict[str, Any]:
    figures = {"p50_ms": 1.0, "p99_ms": 2.0, "server_us": 100.0, "database_us": 50.0}
    return {"per_second": rate, "per_second_of_rounds": [rate, rate], **figures}


def comparison(*, taskward: float) -> dict[str, Any]:
    """Everybody else answers 1,000 requests a second."""
    rates = {peer.name: 1000.0 for peer in PEERS_COMPARED} | {LIMIT: 1000.0, "taskward": taskward}
    near = {name: {peer: reading(rate) for peer, rate in rates.items()} for name in NEAR}
    far = {name: {peer.name: reading(rates[peer.name]) for peer in PEERS_FAR_AWAY} for name in FAR_AWAY}
    versions = {"taskward": "1", "python": "3", "postgresql": "18", "node": "20"}
    machine = {"date": "2026-01-01", "processor": "one", "cores": 2, "memory_gib": 8, "system": "Linux"}
    return {
        "machine": {**machine, "load_before": 0.0, **versions},
        "rounds": 2,
        "seconds": 3,
        "delay_ms": 2,
        "noise": {"taken": 0.01, "most_taken": 0.04, "spread": 0.05},
        "warm_up": {"loopback": {"taskward": [100, 101], "bare": [10, 20]}, "far": {}},
        "round_trips": {peer.name: dict.fromkeys(NEAR, 1.0) for peer in PEERS_COMPARED},
        "loopback": near,
        "far": far,
    }


def test_the_page_tells_where_the_time_goes_when_a_target_is_missed() -> None:
    page = report.comparison_page(comparison(taskward=1250))

    assert "| GET one: × Bare Fastify | **1.25, missed** | >= 1.5 |" in page
    assert "| POST: × Bare Fastify | 1.25 | >= 1.2 |" in page
    assert (
        "- GET one: × Bare Fastify: Taskward takes 100 µs a request, with its core 12% busy, and PostgreSQL 50 µs; "
        "Bare Fastify takes 100 µs"
    ) in page
    assert "- POST: × Bare Fastify" not in page


def test_the_page_names_who_did_not_become_steady() -> None:
    page = report.comparison_page(comparison(taskward=10_000))

    assert "until it was steady, which Bare Fastify did not become." in page
    assert "Where it falls short" not in page
