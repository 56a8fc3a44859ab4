"""What an operator sees of a running service: `/metrics`, and log lines that tell no secret."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.observed import Observed, observed
from support.programs import TASKWARD, environment, eventually, running
from support.signing import SECRET, Signer, signed
from taskward.errors import codes
from taskward.operations.exposition import own_folder

pytest_plugins = ["support.commands"]

CANARY = "hunter2"
OWNER = "ann@example.com"


@pytest.fixture(scope="module")
def service(database_url: str) -> Iterator[Observed]:
    """Two workers."""
    settings = {"DATABASE_URL": database_url, "JWT_HS256_SECRET": SECRET, "DATABASE_POOL_SIZE": "3"}
    with observed("--workers", "2", **settings) as api:
        eventually(lambda: len(api.workers()) == 2)
        yield api


def test_requests_of_all_workers_are_counted_by_route_status_and_problem(service: Observed) -> None:
    requests = "taskward_request_duration_seconds_count"
    get_one = {"method": "GET", "route": "/tasks/{task_id}", "status": "404"}
    before = service.value(requests, **get_one)
    problems = service.value("taskward_problems_total", code="task_not_found")
    in_database = service.value("taskward_request_database_duration_seconds_count")

    for number in range(1, 21):
        service.ask("GET", f"/tasks/{number}", signed(OWNER))

    # A request is counted when its answer was sent: the last one a moment later.
    eventually(lambda: service.value(requests, **get_one) == before + 20)
    eventually(lambda: service.value("taskward_problems_total", code="task_not_found") == problems + 20)
    eventually(lambda: service.value("taskward_request_database_duration_seconds_count") == in_database + 20)


def test_what_leads_nowhere_makes_no_new_series(service: Observed) -> None:
    for number in range(5):
        service.ask("GET", f"/{CANARY}/{number}")
    service.ask(CANARY.upper(), "/tasks")

    eventually(lambda: service.value("taskward_request_duration_seconds_count", route="unknown", status="404") >= 5)
    assert CANARY not in service.page().lower()


def test_the_state_of_workers_pool_and_admission_is_shown(service: Observed) -> None:
    assert service.ask("GET", "/tasks", signed(OWNER)).status_code == 200

    # Looked at once a second, it may have been while the request was in flight.
    eventually(lambda: service.value("taskward_workers") == 2)
    eventually(lambda: service.value("taskward_database_connections", state="idle") >= 1)
    eventually(lambda: service.value("taskward_requests_in_flight") == 0)
    eventually(lambda: service.value("taskward_database_pending_requests") == 0)
    assert service.value("taskward_database_connections_max") == 6
    assert service.value("taskward_requests_in_flight_max") == 300
    assert service.value("taskward_database_down") == 0


def test_every_problem_is_there_before_its_first(service: Observed) -> None:
    """What is born at 1 has not increased, and no alert would see it."""
    assert {f'taskward_problems_total{{code="{code}"}}' for code in codes()} <= {
        line.rpartition(" ")[0] for line in service.page().splitlines()
    }


def test_a_worker_without_room_for_its_numbers_serves_and_says_so(tmp_path: Path, database_url: str) -> None:
    """The folder is gone for the workers that SIGHUP makes."""
    settings = {"DATABASE_URL": database_url, "JWT_HS256_SECRET": SECRET, "TMPDIR": str(tmp_path)}
    with observed(**settings) as api:
        eventually(lambda: len(api.workers()) == 1)
        [folder] = tmp_path.glob("taskward-metrics-*")
        sizes = [file.stat().st_blocks * 512 for file in folder.glob("*.db")]
        shutil.rmtree(folder)

        api.program.send(signal.SIGHUP)
        api.program.said("this process has no metrics")
        eventually(lambda: len(api.workers()) == 2)

        assert len(sizes) == 5
        assert min(sizes) >= 1024 * 1024
        assert api.ask("GET", "/tasks", signed(OWNER)).status_code == 200


def test_folders_that_were_left_behind_are_removed(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "JWT_HS256_SECRET": SECRET, "TMPDIR": str(tmp_path)}
    with observed(**settings) as killed:
        killed.program.end(signal.SIGKILL)
    [left] = tmp_path.glob("taskward-metrics-*")

    with observed(**settings):
        [own] = tmp_path.glob("taskward-metrics-*")
        with observed(**settings):
            assert own in tmp_path.glob("taskward-metrics-*")

    assert own != left
    assert list(tmp_path.glob("taskward-metrics-*")) == []


def test_processes_that_begin_together_leave_each_other_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def begin_and_end(_: int) -> bool:
        with own_folder() as folder:
            return Path(folder).is_dir()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(begin_and_end, range(400)))
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_ends_leaves_what_it_counted_and_nothing_else(service: Observed) -> None:
    # No other test sends them.
    for _ in range(10):
        service.ask("DELETE", "/health")
    refused = {"method": "DELETE", "route": "/health", "status": "405"}
    eventually(lambda: service.value("taskward_request_duration_seconds_count", **refused) == 10)
    ready = service.workers()

    os.kill(ready[-1], signal.SIGKILL)
    eventually(lambda: len(service.workers()) == len(ready) + 1)

    eventually(lambda: service.value("taskward_workers") == 2)
    assert service.value("taskward_request_duration_seconds_count", **refused) == 10


def test_renewed_workers_go_on_in_the_files_of_those_before(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "JWT_HS256_SECRET": SECRET, "TMPDIR": str(tmp_path)}
    refused = {"method": "DELETE", "route": "/health", "status": "405"}
    with observed(**settings) as api:

        def counts_on(generation: int) -> None:
            eventually(lambda: len(api.workers()) == generation)
            eventually(lambda: len(api.ended()) == generation - 1)
            api.ask("DELETE", "/health")
            eventually(lambda: api.value("taskward_request_duration_seconds_count", **refused) == generation)

        for generation in range(1, 5):
            counts_on(generation)
            api.program.send(signal.SIGHUP)

        names = {file.stem.rpartition("_")[2] for file in tmp_path.glob("taskward-metrics-*/*.db")}
        assert names == {"0", "1"}


def test_database_and_keys_that_do_not_answer_are_shown() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    origin = f"http://127.0.0.1:{port}"
    with observed(DATABASE_URL=f"postgresql://a:b@127.0.0.1:{port}/c", BETTER_AUTH_URL=origin) as api:
        assert api.ask("GET", "/tasks", Signer(origin).token()).status_code == 503
        assert api.ask("GET", "/ready").status_code == 503

        eventually(lambda: api.value("taskward_keys_failing") == 1)
        eventually(lambda: api.value("taskward_database_down") == 1)
        assert api.value("taskward_keys_cached") == 0
        assert api.value("taskward_problems_total", code="keys_unavailable") == 1
        assert api.value("taskward_problems_total", code="database_unavailable") == 1


def test_without_an_address_the_api_has_no_metrics(api: str) -> None:
    assert httpx.get(f"{api}/metrics", trust_env=False).status_code == 404


def test_the_metrics_are_not_at_the_address_of_the_api(service: Observed) -> None:
    assert service.ask("GET", "/metrics").status_code == 404


def test_an_address_in_use_ends_the_start_with_one_sentence(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        env = environment(DATABASE_URL=database_url, JWT_HS256_SECRET=SECRET, METRICS_ADDRESS=address)
        done = subprocess.run(
            [TASKWARD, "serve", "--port", "0"], env=env, capture_output=True, text=True, timeout=120, check=False
        )

    assert (done.returncode, done.stderr) == (1, f"METRICS_ADDRESS {address} cannot be had: Address already in use.\n")


# Log lines


def line_of(service: Observed, request_id: str) -> dict[str, Any]:
    """The one line of a request."""

    def find() -> list[dict[str, Any]]:
        return [line for line in service.lines() if line.get("request_id") == request_id]

    [line] = eventually(find)
    return line


def test_a_request_is_one_line_with_its_owner_as_a_digest(service: Observed) -> None:
    service.ask("GET", "/tasks", signed(OWNER), headers={"X-Request-ID": "listed"})
    service.ask("GET", "/tasks/1", signed(OWNER), headers={"X-Request-ID": "not-found"})
    service.ask("GET", "/tasks?limit=0", signed(OWNER), headers={"X-Request-ID": "invalid"})
    service.ask("GET", "/health", headers={"X-Request-ID": "healthy"})
    digest = hashlib.sha256(OWNER.encode()).hexdigest()[:16]

    listed = line_of(service, "listed")
    assert set(listed) == {
        *("time", "level", "logger", "message", "request_id", "status", "ms", "owner", "database_ms"),
    }
    assert (listed["message"], listed["status"], listed["owner"]) == ("GET /tasks", 200, digest)
    assert 0 < listed["database_ms"] <= listed["ms"]
    not_found = line_of(service, "not-found")
    assert (not_found["status"], not_found["code"], not_found["owner"]) == (404, "task_not_found", digest)
    invalid = line_of(service, "invalid")
    assert (invalid["code"], invalid["owner"], "database_ms" in invalid) == ("validation_failed", digest, False)
    assert "owner" not in line_of(service, "healthy")


def test_no_line_and_no_metric_tells_what_a_client_wrote(service: Observed) -> None:
    """The canary goes everywhere that a client can write to, with tokens good and bad, at the level debug.

    But for issuer, audience, algorithm and key of a refused token, which its line tells so that they can be set right.
    """
    token = signed(f"owner-{CANARY}", email=f"{CANARY}@example.com")
    task = {"title": CANARY, "description": CANARY, "tags": [CANARY]}

    def ask(method: str, path: str, token: str | None = token, **options: Any) -> int:
        return service.ask(method, path, token, **options).status_code

    created = service.ask("POST", "/tasks", token, json=task, headers={"Idempotency-Key": CANARY})
    path = f"/tasks/{created.json()['id']}"
    operations = [{"op": "create", "task": task}, {"op": "delete", "id": 2**53 - 1, "if_match": CANARY}]
    statuses = [
        created.status_code,
        ask("POST", "/tasks", json={"title": CANARY + "!"}, headers={"Idempotency-Key": CANARY}),
        ask("PUT", path, json=task, headers={"If-Match": f'"{CANARY}"'}),
        ask("PATCH", path, json={CANARY: CANARY}),
        ask("PATCH", path, json={"title": CANARY * 100}),
        ask("PATCH", path, content=f'{{"title": "{CANARY}'.encode(), headers={"Content-Type": "application/json"}),
        ask("PATCH", path, json={"title": CANARY}, headers={"X-Request-ID": f"{CANARY} {CANARY}"}),
        ask("POST", "/tasks/batch", json={"operations": operations}),
        ask("GET", f"/tasks?q={CANARY}&tag={CANARY}"),
        ask("GET", f"/tasks?cursor={CANARY}&{CANARY}={CANARY}"),
        ask("GET", f"/tasks?sort={CANARY}"),
        ask("GET", f"/{CANARY}"),
        ask("GET", "/tasks", CANARY),
        ask("GET", "/tasks", signed(CANARY, secret=CANARY * 8)),
        ask("GET", "/tasks", signed(CANARY, exp=1)),
        ask("GET", "/tasks", headers={"Cookie": CANARY, "Origin": f"https://{CANARY}.example", "User-Agent": CANARY}),
        ask("DELETE", path),
        ask("GET", "/trash"),
    ]

    assert statuses == [201, 422, 412, 422, 422, 422, 200, 404, 200, 422, 422, 404, 401, 401, 401, 200, 204, 200]
    calendar = service.ask("POST", "/calendar", token).json()["url"].removeprefix(service.url)
    ways = ("", "/", "/x", "?as=x", "?as=events", "%0a")
    statuses = [ask(method, calendar + way, None) for method in ("GET", "DELETE", "BREW") for way in ways]
    assert statuses == [200, 200, 404, 422, 200, 404, *([405, 405, 404, 405, 405, 404] * 2)]
    secret = calendar.removeprefix("/calendar/").removesuffix(".ics")
    service.ask("GET", "/health", headers={"X-Request-ID": "the-last"})
    line_of(service, "the-last")
    said = "\n".join([*service.program.out, *service.program.err, service.page()])
    assert CANARY not in said.lower()
    assert SECRET not in said
    assert secret not in said
    assert not any(part in said for part in token.split("."))


@pytest.mark.parametrize("address", ["9464", "localhost", ":9464", "http://localhost:9464", "a@b:1", "a:70000", "a:b"])
def test_an_address_is_host_and_port(refusal: Callable[..., str], address: str) -> None:
    sentence = refusal("serve", JWT_HS256_SECRET=SECRET, METRICS_ADDRESS=address)

    assert sentence == "METRICS_ADDRESS must be host:port, such as 127.0.0.1:9464.\n"


def test_dev_counts_too(tmp_path: Path, database_url: str) -> None:
    env = environment(METRICS_ADDRESS="127.0.0.1:0", DATABASE_URL=database_url)
    with running(TASKWARD, "dev", "--port", "0", "--data-dir", str(tmp_path), env=env, cwd=tmp_path) as program:
        at = program.said(r"metrics at (http://[0-9.:]+/metrics)")[1]
        base = program.said(r"Taskward is at (http://[0-9.:]+)")[1]
        assert httpx.get(f"{base}/health", trust_env=False).status_code == 200

        counted = 'taskward_request_duration_seconds_count{method="GET",route="/health",status="200"} 1.0'
        eventually(lambda: counted in httpx.get(at, trust_env=False).text)
