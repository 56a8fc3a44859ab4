"""The comparison as pictures: small, and legible where they are shown."""

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.ticker import LogLocator, NullLocator

from benchmarks.report import TITLES

FOLDER = Path(__file__).parent.parent / "docs" / "performance"
COLOURS = {"taskward": "#1b7f5c", "tuned": "#8a5aa8", "fastify": "#5b7db1", "bare": "#9cb8dc"}
COLOURS |= {"tutorial": "#c98b3c", "limit": "#b8b8b8"}
STYLE: Any = {
    "font.size": 9,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "white",
    "svg.hashsalt": "taskward",  # the same figures make the same file
}


def draw(found: dict[str, Any]) -> None:
    FOLDER.mkdir(exist_ok=True)
    with plt.rc_context(STYLE):
        draw_rates("throughput", found["loopback"], "Requests a second, one server process on one core")
        away = f"Requests a second, {found['delay_ms']} ms each way to the database"
        draw_rates("far", found["far"], away)
        draw_latencies("latency", found["loopback"])


def draw_rates(name: str, readings: dict[str, Any], title: str) -> None:
    figure, axes = plt.subplots(figsize=(7.2, 3.0), layout="constrained")
    peers = list(next(iter(readings.values())))
    width = 0.8 / len(peers)
    for place, peer in enumerate(peers):
        rates = [by_peer[peer]["per_second"] for by_peer in readings.values()]
        spots = [each + (place - (len(peers) - 1) / 2) * width for each in range(len(rates))]
        bars = axes.bar(spots, rates, width, color=COLOURS[peer], label=TITLES[peer])
        axes.bar_label(bars, [thousands(rate) for rate in rates], fontsize=5, padding=1)
    axes.set_xticks(range(len(readings)), list(readings))
    axes.set_title(title, loc="left", fontsize=10)
    figure.legend(loc="outside lower center", ncols=len(peers), frameon=False, fontsize=8, columnspacing=1.2)
    save(figure, name)


def draw_latencies(name: str, readings: dict[str, Any]) -> None:
    """p50 as a dot and p99 as the end of its line, on a scale on which a factor is a distance."""
    figure, axes = plt.subplots(figsize=(7.2, 3.0), layout="constrained")
    peers = [peer for peer in next(iter(readings.values())) if peer != "limit"]
    for place, peer in enumerate(peers):
        spots = [each + (place - (len(peers) - 1) / 2) * 0.8 / len(peers) for each in range(len(readings))]
        medians = [by_peer[peer]["p50_ms"] for by_peer in readings.values()]
        tails = [by_peer[peer]["p99_ms"] for by_peer in readings.values()]
        axes.vlines(spots, medians, tails, color=COLOURS[peer], linewidth=2)
        axes.plot(spots, medians, "o", color=COLOURS[peer], markersize=5, label=TITLES[peer])
        axes.plot(spots, tails, "_", color=COLOURS[peer], markersize=9, markeredgewidth=2)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color="#eeeeee")
    axes.set_axisbelow(True)
    axes.set_xticks(range(len(readings)), list(readings))
    axes.set_title("Latency in ms with 32 connections: p50 (dot) to p99 (bar)", loc="left", fontsize=10)
    figure.legend(loc="outside lower center", ncols=len(peers), frameon=False, fontsize=8, columnspacing=1.2)
    save(figure, name)


def thousands(rate: float) -> str:
    return f"{rate / 1000:.1f}k" if rate >= 1000 else f"{rate:.0f}"


def save(figure: Any, name: str) -> None:
    figure.savefig(FOLDER / f"{name}.svg", metadata={"Date": None})
    plt.close(figure)
