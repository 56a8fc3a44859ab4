"""`taskward serve` as an operator sees it: its metrics and its log."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from support.people import NO_CERTIFICATES
from support.programs import TASKWARD, Program, environment, running
from support.settings import PATIENT


class Observed:
    """A running `taskward serve` with metrics, and all that it says."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.metrics_url = program.said(r"metrics at (http://[0-9.:]+/metrics)")[1]
        self.url = program.said(r"listening at (http://[0-9.:]+)")[1]

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """On a connection of its own, so that any worker may answer."""
        headers = options.pop("headers", {}) | ({} if token is None else {"Authorization": f"Bearer {token}"})
        return httpx.request(
            method, self.url + path, headers=headers, timeout=60, trust_env=False, verify=NO_CERTIFICATES, **options
        )

    def page(self) -> str:
        answer = httpx.get(self.metrics_url, timeout=60, trust_env=False, verify=NO_CERTIFICATES)
        assert answer.status_code == 200
        return answer.text

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        return sum(
            sample.value
            for family in text_string_to_metric_families(self.page())
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.program.err]

    def workers(self) -> list[int]:
        return self.pids("is ready")

    def ended(self) -> list[int]:
        return self.pids("has ended")

    def pids(self, what: str) -> list[int]:
        return [int(line["message"].split()[1]) for line in self.lines() if line["message"].endswith(what)]


@contextmanager
def observed(*arguments: str, **settings: str) -> Iterator[Observed]:
    env = environment(METRICS_ADDRESS="127.0.0.1:0", LOG_LEVEL="debug", **(PATIENT | settings))
    with running(TASKWARD, "serve", "--host", "127.0.0.1", "--port", "0", *arguments, env=env) as program:
        yield Observed(program)
        if program.process.poll() is None:
            assert program.end() == 0
