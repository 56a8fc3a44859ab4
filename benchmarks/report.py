"""Figures as tables with their targets, on the terminal and in `docs/performance.md` between their markers."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.comparison import LIMIT, is_steady
from benchmarks.cost import FLOOR
from benchmarks.load import CALLS, CONNECTIONS, MIXED
from benchmarks.noise import Noise
from benchmarks.servers import PEERS_COMPARED

DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
TITLES = {peer.name: peer.title for peer in PEERS_COMPARED} | {LIMIT: "Limit (pgbench)"}

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    what: str
    figure: str
    target: str
    is_met: bool
    reason: str = ""
    """Where the time goes, when it is missed; a sentence."""

    def row(self) -> list[str]:
        return [self.what, self.figure if self.is_met else f"**{self.figure}, missed**", self.target]


def at_least(what: str, found: float, wanted: float, reason: str = "") -> Target:
    return Target(what, f"{found:.2f}", f">= {wanted:g}", found >= wanted, reason)


def at_most(what: str, found: float, wanted: float, unit: str = "") -> Target:
    return Target(what, f"{found:.2f}{unit}", f"<= {wanted:g}{unit}", found <= wanted)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] + ["--:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def target_table(targets: Iterable[Target]) -> str:
    return table(["target", "figure", "wanted"], (target.row() for target in targets))


def measured_on(machine: Figures) -> str:
    names = {"taskward": "Taskward", "python": "Python", "postgresql": "PostgreSQL", "node": "Node.js"}
    programs = ", ".join(f"{title} {machine[name]}" for name, title in names.items() if machine[name])
    return (
        f"Measured on {machine['date']}: {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gib']} GiB, {machine['system']}, with a load of "
        f"{machine['load_before']:.1f} before it began; {programs}.\n"
    )


# The comparison


def comparison_page(found: Figures) -> str:
    way = f"{found['delay_ms']} ms each way to the database"
    return "\n".join(
        [
            measured_on(found["machine"]),
            f"Means of {found['rounds']} rounds of {found['seconds']} s each; behind ± the furthest round. "
            f"{quietness(Noise(**found['noise']))}{warmth(found['warm_up'])}\n",
            "![Requests a second](performance/throughput.svg)\n",
            "Requests a second, the database on the same machine:\n",
            peers_table(found["loopback"], rate),
            f"Requests a second, {way}:\n",
            peers_table(found["far"], rate),
            f"![Requests a second, {way}](performance/far.svg)\n",
            f"Latency in ms with {CONNECTIONS} connections that always wait for the next answer, p50 / p99:\n",
            peers_table(found["loopback"], latency),
            "![Latency](performance/latency.svg)\n",
            f"The same, {way}:\n",
            peers_table(found["far"], latency),
            "CPU of the server / of PostgreSQL, µs a request:\n",
            peers_table(found["loopback"], cpu),
            "Network round trips to the database, a request:\n",
            table(
                ["", *(peer.title for peer in PEERS_COMPARED)],
                (
                    [name, *(f"{found['round_trips'][peer.name][name]:.1f}" for peer in PEERS_COMPARED)]
                    for name in found["loopback"]
                ),
            ),
            "How the figures stand to their targets:\n",
            target_table(comparison_targets(found)),
            shortfalls(comparison_targets(found)),
        ]
    )


def quietness(noise: Noise) -> str:
    return (
        f"Other programs took {noise.taken:.2f} cores meanwhile, and {noise.most_taken:.2f} at worst; the rounds of "
        f"one thing lie {noise.spread:.0%} apart in the middle. "
    )


def warmth(warm_up: Figures) -> str:
    """After how many slots of a mixed day the servers were warm."""
    slots = [(peer, rates) for by_peer in warm_up.values() for peer, rates in by_peer.items() if rates]
    if not slots:
        return "Nobody was warmed up."
    restless = sorted({TITLES[peer] for peer, rates in slots if not is_steady(rates)})
    counts = [len(rates) for _, rates in slots]
    told = f"Each server was warmed up in {min(counts)} to {max(counts)} slots, until it was steady"
    return f"{told}, which {' and '.join(restless)} did not become." if restless else f"{told}."


def shortfalls(targets: Iterable[Target]) -> str:
    reasons = [f"- {target.what}: {target.reason}\n" for target in targets if target.reason and not target.is_met]
    return "Where it falls short, where the time goes:\n\n" + "".join(reasons) if reasons else ""


def peers_table(readings: Figures, cell: Callable[[Figures], str]) -> str:
    peers = next(iter(readings.values()))
    return table(
        ["", *(TITLES[peer] for peer in peers)],
        ([name, *(cell(by_peer[peer]) for peer in peers)] for name, by_peer in readings.items()),
    )


def rate(reading: Figures) -> str:
    spread = max(abs(each - reading["per_second"]) for each in reading["per_second_of_rounds"])
    return f"{reading['per_second']:,.0f} ± {spread:,.0f}"


def latency(reading: Figures) -> str:
    return f"{reading['p50_ms']:.1f} / {reading['p99_ms']:.1f}" if reading["p50_ms"] else "-"


def cpu(reading: Figures) -> str:
    return f"{reading['server_us']:,.0f} / {reading['database_us']:,.0f}"


def comparison_targets(found: Figures) -> list[Target]:
    near, far = found["loopback"], found["far"]

    def times(readings: Figures, name: str, peer: str, wanted: float, where: str = "") -> Target:
        ours, theirs = readings[name]["taskward"], readings[name][peer]
        return at_least(
            f"{name}{where}: × {TITLES[peer]}",
            ours["per_second"] / theirs["per_second"],
            wanted,
            f"{where_time_goes('Taskward', ours)}; {where_time_goes(TITLES[peer], theirs)}.",
        )

    bare = {"GET one": 1.5, "list 50": 1.5, "POST": 1.2, "PATCH": 1.2}
    tuned = {"GET one": 0.8, "list 50": 1}
    away = {"GET one": 6, "list 50": 6, "POST": 3, "PATCH": 3}
    limits = {"GET one": 0.5, "list 50": 0.75, "POST": 0.6}
    targets = [times(near, name, "bare", wanted) for name, wanted in bare.items()]
    targets += [times(near, name, "tuned", wanted) for name, wanted in tuned.items()]
    targets += [times(near, name, "fastify", 1) for name in near]
    targets += [times(far, name, "fastify", wanted, ", far away") for name, wanted in away.items()]
    targets += [times(near, name, "tutorial", 8) for name in ("GET one", "list 50", "POST")]
    targets += [times(near, name, LIMIT, wanted) for name, wanted in limits.items()]
    for name in near:
        reading = near[name]["taskward"]
        if name != MIXED:  # long calls and short ones
            targets.append(at_most(f"{name}: p99 / p50", reading["p99_ms"] / reading["p50_ms"], 3))
    return targets


def where_time_goes(title: str, reading: Figures) -> str:
    busy = reading["per_second"] * reading["server_us"] / 1e6
    own, database = f"{reading['server_us']:,.0f} µs", f"{reading['database_us']:,.0f} µs"
    return f"{title} takes {own} a request, with its core {busy:.0%} busy, and PostgreSQL {database}"


# Growth


def growth_page(found: Figures) -> str:
    small, large = found["small"], found["large"]
    counts = [f"{size['owners'] * size['each'] + size['of_large_owner']:,} tasks" for size in (small, large)]
    pages, workers, resident = found["pages"], found["workers"], found["resident_mib"]
    rows = [
        [
            name,
            *(f"{found['calls'][name][size]['p50_ms']:.2f}" for size in ("small", "large")),
            *(f"{found['calls'][name][size]['database_us']:,.0f}" for size in ("small", "large")),
        ]
        for name in CALLS
    ]
    return "\n".join(
        [
            measured_on(found["machine"]),
            f"{counts[0]} of {small['owners']:,} owners, and {counts[1]} of {large['owners']:,} owners, of which "
            f"one has {large['of_large_owner']:,} alone. p50 with {CONNECTIONS} connections, and PostgreSQL's CPU:\n",
            table(
                ["", *(f"p50 ms, {count}" for count in counts), *(f"PostgreSQL µs, {count}" for count in counts)], rows
            ),
            f"The owner of {large['of_large_owner']:,} tasks walks {pages['pages']:,} pages of "
            f"{pages['tasks_a_page']} by cursor. p50 of one request at a time: the first page "
            f"{pages['first']['p50_ms']:.2f} ms, the last {pages['last']['p50_ms']:.2f} ms.\n",
            "The server's memory (its two processes) before and after the runs: "
            + ", ".join(
                f"{resident[size]['before']:.0f} and {resident[size]['after']:.0f} MiB with {count}"
                for size, count in zip(("small", "large"), counts, strict=True)
            )
            + ".\n",
            f"When load, PostgreSQL and server share two cores, one worker answers {workers['one']['per_second']:,.0f} "
            f"GET one a second and two workers {workers['two']['per_second']:,.0f}.\n",
            target_table(growth_targets(found)),
        ]
    )


def growth_targets(found: Figures) -> list[Target]:
    calls, pages = found["calls"], found["pages"]
    targets = [
        at_most(f"{name}: p50 large / small", by_size["large"]["p50_ms"] / by_size["small"]["p50_ms"], 1.3)
        for name, by_size in calls.items()
    ]
    return [
        *targets,
        at_most("last / first page by cursor, p50", pages["last"]["p50_ms"] / pages["first"]["p50_ms"], 1.5),
    ]


# Start-up


def startup_page(found: Figures) -> str:
    count = len(found["seconds"]["dev_cold"]["all"])
    return "\n".join(
        [
            measured_on(found["machine"]),
            f"Medians of {count}, from the command:\n",
            target_table(startup_targets(found)),
        ]
    )


def startup_targets(found: Figures) -> list[Target]:
    wanted = {
        "dev_cold": ("`taskward dev` without a database yet, to `/health`", 2),
        "dev_warm": ("`taskward dev` with its database from before, to `/health`", 0.8),
        "serve_ready": ("`taskward serve --workers 1`, to `/ready`", 0.8),
    }
    return [at_most(what, found["seconds"][name]["median"], most, " s") for name, (what, most) in wanted.items()]


# Authentication


def authentication_page(found: Figures) -> str:
    figures = found["microseconds"]
    rows = [[algorithm, *(microseconds(each[name]) for name in ("miss", "hit"))] for algorithm, each in figures.items()]
    return "\n".join([measured_on(found["machine"]), table(["", "first seen", "verified before"], rows)])


def microseconds(spread: list[float]) -> str:
    middle, best, worst = spread
    return f"{middle:.2f} ({best:.2f} to {worst:.2f})"


# Cost


def cost_page(found: Figures) -> str:
    calls, requests = found["calls"], found["requests"]
    furthest = max(reading["spread"] for reading in calls.values())
    rows = [
        [
            name,
            f"{reading['instructions']:,}",
            f"{reading['instructions'] / calls[FLOOR]['instructions']:.1f}",
            "-" if reading["allocations"] is None else f"{reading['allocations']:,}",
            "-" if reading.get("postgresql_instructions") is None else f"{reading['postgresql_instructions']:,}",
            "-" if reading["postgresql_us"] is None else f"{reading['postgresql_us']:,.0f}",
        ]
        for name, reading in calls.items()
    ]
    return "\n".join(
        [
            measured_on(found["machine"]),
            f"Medians of {found['rounds']} rounds of {requests} requests (of the floor {5 * requests}, of batches "
            f"{requests // 10}), which lie at most {furthest:.1%} apart:\n",
            table(["", "instructions", "× the floor", "allocations", "PostgreSQL: instructions", "µs"], rows),
        ]
    )


PAGES: dict[str, Callable[[Figures], str]] = {
    "comparison": comparison_page,
    "growth": growth_page,
    "startup": startup_page,
    "authentication": authentication_page,
    "cost": cost_page,
}


def write_page(name: str, page: str) -> None:
    """Between the markers of its name; what stands around them is written by hand."""
    begin, end = f"<!-- {name}: made by `python -m benchmarks` -->", f"<!-- end of {name} -->"
    document = DOCUMENT.read_text()
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(document):
        raise ValueError(f"{DOCUMENT.name} has no markers for {name}")
    DOCUMENT.write_text(pattern.sub(lambda _: f"{begin}\n{page.strip()}\n{end}", document))
