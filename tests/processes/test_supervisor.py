import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from support.programs import Program, environment, eventually, is_running, running
from taskward.operations.lines import Lines
from taskward.operations.listener import CannotListen, listen
from taskward.operations.supervisor import STOP_SECONDS, Supervisor, Worker
from taskward.operations.worker import DRAIN_SECONDS, GRACE_SECONDS

SERVE = """
import sys
from taskward import logs
from taskward.operations import supervisor
from taskward.operations.listener import listen
from taskward.operations.supervisor import StartRefused, Supervisor

supervisor.STOP_SECONDS = float(sys.argv[3])
logs.configure(format="json", level="info")
listener = listen("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
with Supervisor(f"support.applications:{sys.argv[1]}") as supervisor:
    try:
        sys.exit(supervisor.run(listener, workers=int(sys.argv[2])))
    except StartRefused as refusal:
        sys.exit(str(refusal))
"""


class Service:
    """A supervisor and its workers."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.port = int(program.said(r"^\d+$")[0])
        self.connections: list[http.client.HTTPConnection] = []

    def log(self) -> list[str]:
        return [json.loads(line)["message"] for line in self.program.err]

    def ready(self) -> list[int]:
        """The process ids of the workers that have ever been ready, in that order."""
        return [int(line.split()[1]) for line in self.log() if line.endswith("is ready")]

    def readies(self, count: int) -> list[int]:
        return eventually(lambda: self.ready() if len(self.ready()) >= count else [])

    def connection(self, *, seconds: float = 120) -> http.client.HTTPConnection:
        self.connections.append(http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds))
        return self.connections[-1]

    def get(self, *, seconds: float = 120) -> int:
        """The process that answered, on a connection of its own."""
        return get(self.connection(seconds=seconds))

    def refuses(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except ConnectionError:
            return True
        return False


def get(connection: http.client.HTTPConnection) -> int:
    connection.request("GET", "/")
    return int(connection.getresponse().read())


@contextmanager
def service(
    application: str, *, workers: int = 1, data_dir: Path = Path("none"), stop_seconds: float = STOP_SECONDS
) -> Iterator[Service]:
    env = environment(PYTHONPATH=str(Path(__file__).parents[1]), DATA_DIR=str(data_dir))
    with running(sys.executable, "-c", SERVE, application, str(workers), str(stop_seconds), env=env) as program:
        api = Service(program)
        try:
            yield api
        finally:
            for connection in api.connections:
                connection.close()
        if program.process.poll() is None:
            program.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_success_and_leaves_no_process_and_no_port(number: signal.Signals) -> None:
    with service("tells_its_process") as api:
        idle = api.connection()
        worker = get(idle)

        assert api.program.end(number) == 0

        assert not is_running(worker)
        assert api.refuses()
        assert "Traceback" not in "".join(api.program.err)


def test_work_in_progress_is_finished_before_the_end() -> None:
    with service("tells_its_process") as api:
        (worker,) = api.readies(1)
        connection = api.connection()
        connection.request("GET", "/after/1")
        api.program.said("^/after/1$")

        api.program.send(signal.SIGTERM)

        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection"), int(answer.read())) == (200, "close", worker)
        assert api.program.wait() == 0


def test_the_end_comes_within_ten_seconds() -> None:
    """By these limits, which the two tests below see at work: how long anything took tells of the machine too."""
    assert GRACE_SECONDS < STOP_SECONDS < 9
    assert DRAIN_SECONDS < GRACE_SECONDS


def test_clients_cannot_hold_the_end_up() -> None:
    takes_long = b"GET /after/600 HTTP/1.1\r\nHost: x\r\n\r\n"
    half_a_body = b"POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    half_a_header = b"GET / HT"
    with service("tells_its_process") as api, ExitStack() as clients:
        api.readies(1)
        for sent in half_a_header, takes_long, half_a_body:
            clients.enter_context(socket.create_connection(("127.0.0.1", api.port))).sendall(sent)
        api.program.said("^/after/600$")
        api.program.said("^/half$")

        assert api.program.end() == 0


def test_a_worker_that_does_not_end_is_killed() -> None:
    with service("tells_its_process", stop_seconds=1) as api:
        (worker,) = api.readies(1)
        api.connection().request("GET", "/hang")
        api.program.said("^/hang$")

        assert api.program.end() == 0

        assert not is_running(worker)


def test_a_worker_that_dies_is_replaced_and_no_connection_is_refused() -> None:
    """How soon is judged by `make campaign`, which has the machine to itself."""
    with service("tells_its_process") as api:
        (first,) = api.readies(1)

        os.kill(first, signal.SIGKILL)

        assert api.get() != first
        assert f"worker {first} died (status -9), another takes its place" in api.log()


def test_workers_end_when_their_supervisor_is_killed() -> None:
    with service("tells_its_process", workers=2) as api:
        workers = api.readies(2)
        connection = api.connection()
        connection.request("GET", "/after/0.7")
        api.program.said("^/after/0.7$")

        api.program.send(signal.SIGKILL)

        assert int(connection.getresponse().read()) in workers
        eventually(lambda: not any(map(is_running, workers)))
        assert api.refuses()


def test_a_hanging_worker_ends_too_when_its_supervisor_is_killed() -> None:
    with service("tells_its_process") as api:
        (worker,) = api.readies(1)
        api.connection().request("GET", "/hang")
        api.program.said("^/hang$")

        api.program.send(signal.SIGKILL)

        eventually(lambda: not is_running(worker))


def test_sighup_renews_every_worker_without_a_lost_request() -> None:
    with service("tells_its_process", workers=2) as api:
        old = api.readies(2)
        seen: list[int] = []
        failures: list[Exception] = []
        stop = threading.Event()

        def client(*, kept_alive: bool) -> None:
            connection = api.connection()
            try:
                while not stop.is_set():
                    seen.append(get(connection))
                    if not kept_alive:
                        connection.close()
                    stop.wait(0.01)
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)

        clients = [threading.Thread(target=client, kwargs={"kept_alive": n % 2 == 0}) for n in range(4)]
        for thread in clients:
            thread.start()

        api.program.send(signal.SIGHUP)
        new = api.readies(4)[2:]
        eventually(lambda: not any(map(is_running, old)))
        since = len(seen)
        eventually(lambda: len(seen) > since + 20)
        stop.set()
        for thread in clients:
            thread.join(timeout=120)

        assert failures == []
        assert set(old) <= set(seen)
        assert set(seen[since + 10 :]) <= set(new)


def test_a_client_on_a_retiring_worker_is_told_to_reconnect_before_its_connection_closes() -> None:
    with service("tells_its_process") as api:
        (old,) = api.readies(1)
        connection = api.connection()
        assert get(connection) == old

        api.program.send(signal.SIGHUP)
        api.readies(2)

        def is_told_to_reconnect() -> bool:
            connection.request("GET", "/")
            answer = connection.getresponse()
            assert int(answer.read()) == old
            return answer.getheader("connection") == "close"

        eventually(is_told_to_reconnect)
        eventually(lambda: not is_running(old))


def test_sigterm_during_a_renewal_ends_everything_in_time() -> None:
    with service("tells_its_process") as api:
        (old,) = api.readies(1)
        get(api.connection())  # whose connection the retiring worker waits for
        api.program.send(signal.SIGHUP)
        new = api.readies(2)[1]

        assert api.program.end() == 0

        assert not any(map(is_running, (old, new)))


def test_a_renewal_that_fails_leaves_the_old_workers_at_work(tmp_path: Path) -> None:
    with service("breaks_later", data_dir=tmp_path) as api:
        (old,) = api.readies(1)
        (tmp_path / "broken").touch()

        api.program.send(signal.SIGHUP)
        eventually(lambda: any(line.endswith("during its start") for line in api.log()))
        time.sleep(0.7)  # longer than between two looks of the supervisor at its workers: nothing comes of it

        assert api.get() == old
        assert len(api.ready()) == 1
        (tmp_path / "broken").unlink()
        api.program.send(signal.SIGHUP)
        assert api.readies(2)[1] != old


def test_a_worker_that_fails_later_is_tried_again_until_it_starts(tmp_path: Path) -> None:
    with service("breaks_later", data_dir=tmp_path) as api:
        (worker,) = api.readies(1)
        (tmp_path / "broken").touch()
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: any(line.endswith("during its start") for line in api.log()))

        (tmp_path / "broken").unlink()

        assert api.get() != worker


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux changes the limits of a running process")
def test_a_service_that_cannot_start_a_worker_tries_again() -> None:
    with service("tells_its_process") as api:
        (worker,) = api.readies(1)
        before = resource.prlimit(api.program.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(api.program.pid, resource.RLIMIT_NOFILE, (3, before[1]))

        os.kill(worker, signal.SIGKILL)
        eventually(lambda: "no worker could be started: Too many open files" in api.log())

        resource.prlimit(api.program.pid, resource.RLIMIT_NOFILE, before)
        assert api.get() != worker


def test_a_worker_is_hung_when_it_gives_no_sign_of_life_for_long() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process, socket.socket() as channel:

        def worker(*, silent_seconds: float = 0, is_ready: bool = False) -> Worker:
            last = time.monotonic() - silent_seconds
            return Worker(0, process, channel, generation=0, last_heartbeat_at=last, is_ready=is_ready)

        assert not worker(silent_seconds=50).is_hung()
        assert worker(silent_seconds=70).is_hung()
        assert worker(silent_seconds=40, is_ready=True).is_hung()
        assert not worker(is_ready=True).is_hung()


def test_a_worker_that_waited_long_for_the_database_of_serve_is_not_hung_when_it_begins() -> None:
    supervisor = Supervisor()
    ours, theirs = socket.socketpair()
    with subprocess.Popen([sys.executable, "-c", ""]) as process, ours, theirs, listen("127.0.0.1", 0) as listener:
        supervisor.listener = listener
        worker = Worker(0, process, Lines(ours), generation=0, last_heartbeat_at=time.monotonic() - 70)

        supervisor.begin(worker)

        assert not worker.is_hung()


def test_a_worker_may_open_as_many_files_as_the_machine_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with service("tells_its_process") as api:
            [worker] = api.readies(1)
            allowed = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert allowed == (min(65_536, hard) if hard != resource.RLIM_INFINITY else 65_536, hard)


def test_sigterm_ends_a_service_that_is_still_starting(tmp_path: Path) -> None:
    with service("is_slow_to_start", data_dir=tmp_path) as api:
        eventually((tmp_path / "waiting").exists)

        assert api.program.end() == 0


def test_a_refusal_to_start_ends_it_with_one_sentence() -> None:
    with service("is_refused") as api:
        assert api.program.wait() == 1

        assert api.program.err == ["The database does not let anyone in."]


def test_a_bug_at_the_start_is_loud_and_ends_it() -> None:
    with running(
        sys.executable, "-c", SERVE, "is_broken", "2", "9", env=environment(PYTHONPATH=str(Path(__file__).parents[1]))
    ) as program:
        assert program.wait() == 1

        assert any("RuntimeError: a bug" in line for line in program.err)


def test_a_port_in_use_is_told_in_one_sentence() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(CannotListen, match=rf"^Port {port} is in use: .* --port or PORT\.$"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no such host", "host.invalid", "." * 70, "192.0.2.1"])
def test_a_host_of_another_machine_is_told_in_one_sentence(host: str) -> None:
    with pytest.raises(CannotListen, match=r"this machine.*--host or HOST\.$"):
        listen(host, 0)


def test_a_name_listens_on_ipv4_before_ipv6() -> None:
    with listen("localhost", 0) as listener:
        assert listener.family == socket.AF_INET
