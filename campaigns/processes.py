"""PostgreSQL, the service and PgBouncer as children of this process, which end with it however it ends."""

import asyncio
import atexit
import math
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGSTOP

import jwt
import psycopg

from support.programs import TASKWARD, environment, eventually
from taskward.migrations import migrate
from taskward.operations.embedded import supervisor
from taskward.operations.embedded.cluster import make_cluster
from taskward.operations.embedded.programs import ENVIRONMENT, Account, account_for, find_programs, installations

SECRET = "thirty-two bytes or more, as HS256 wants it"  # noqa: S105 - protects nothing
START_SECONDS = 60

SERVICE_CONNECTIONS = "select count(*) from pg_stat_activity where application_name = 'taskward'"

READY = re.compile(r"worker \d+ is ready")

Process = subprocess.Popen[bytes]


def start(command: Sequence[str | Path], *, env: Mapping[str, str], log: Path, account: Account | None) -> Process:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # An interrupt is for the campaign alone, which then ends its children in their order.
            start_new_session=True,
            preexec_fn=supervisor.stop_with_parent,
            user=account and account.uid,
            group=account and account.gid,
            extra_groups=[] if account else None,
        )


def end(process: Process) -> None:
    if process.poll() is None:
        supervisor.stop(process)


@contextmanager
def temporary_folder(account: Account | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="taskward-campaign-"))
    if account:
        os.chown(folder, -1, account.gid)
        folder.chmod(0o710)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class PostgreSQL:
    """A cluster of its own. The server is a direct child, so that it can be killed and frozen."""

    def __init__(self, folder: Path, account: Account | None, *, copy_of: Path | None = None) -> None:
        self.folder = folder
        self.account = account
        self.programs, self.version = find_programs(installations(), folder, account, None)
        if copy_of is None:
            make_cluster(folder / "data", self.programs, self.version, account)
        else:
            subprocess.run(["cp", "-Rp", copy_of / "data", copy_of / "password", folder], check=True)
        self.password = (folder / "password").read_text()
        self.port = free_port()
        self.runner: Sequence[str] = ()
        """A program that runs the server, with its arguments."""
        self.process: Process

    @property
    def url(self) -> str:
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """As seen through what listens on another port."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{port}/postgres?sslmode=disable"

    def start(self) -> None:
        """Returns at once. From the main thread: the server ends with the thread that started it."""
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [*self.runner, self.programs / "postgres", "-D", self.folder / "data", *options]
        log = self.folder / "server.log"
        self.process = start(command, env=ENVIRONMENT, log=log, account=self.account)

    async def comes_back(self) -> float:
        """When it takes connections, having been started."""
        ends_at = time.monotonic() + START_SECONDS
        while not await asyncio.to_thread(self.answers):
            if time.monotonic() > ends_at:
                raise TimeoutError((self.folder / "server.log").read_text()[-2000:])
            if self.process.poll() is not None:  # what was left of the killed one stood in its way
                self.start()
            await asyncio.sleep(0.01)
        return time.monotonic()

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """SIGKILL for the postmaster and all its children, as when the machine runs out of memory."""
        self.process.send_signal(SIGSTOP)  # else it could fork while we look; nothing if it has ended
        for pid in (*children(self.process.pid), self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)
        self.process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """SIGSTOP for the postmaster and all its children. They go on even when this process is killed meanwhile."""
        program = 'kill -STOP "$@"; echo; read _; kill -CONT "$@" 2>&-'
        # The postmaster first: what it would fork while we look stays unborn.
        self.process.send_signal(SIGSTOP)
        pids = [str(pid) for pid in (self.process.pid, *children(self.process.pid))]
        freezer = subprocess.Popen(
            ["/bin/sh", "-c", program, "freezer", *pids],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        with freezer:
            assert freezer.stdout is not None  # noqa: S101 - a pipe, as asked for
            freezer.stdout.readline()
            yield  # leaving closes its standard input, on which it waits

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        """With the eyes of a superuser."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def count(self, query: str) -> int:
        [(found,)] = self.rows(query)
        return int(str(found))

    def busy(self) -> int:
        """The service's connections that are in a statement or a transaction."""
        return self.count(f"{SERVICE_CONNECTIONS} and state <> 'idle'")

    def waiting(self) -> int:
        """The service's connections that wait for a lock."""
        return self.count(f"{SERVICE_CONNECTIONS} and wait_event_type = 'Lock'")

    async def most_waiting(self, *, wanted: int, within_seconds: float) -> int:
        """The most that are seen before the time is over; at once when they are as many as wanted."""
        most = 0
        ends_at = time.monotonic() + within_seconds
        while most < wanted and time.monotonic() < ends_at:
            most = max(most, self.waiting())
            await asyncio.sleep(0.02)
        return most


@asynccontextmanager
async def postgresql() -> AsyncIterator[PostgreSQL]:
    """With an empty schema at head."""
    account = account_for(None)
    with temporary_folder(account) as folder:
        server = PostgreSQL(folder, account, copy_of=migrated(account))
        server.start()
        try:
            await server.comes_back()
            yield server
        finally:
            server.kill()  # nobody needs its last checkpoint


@cache
def migrated(account: Account | None) -> Path:
    """The folder of a cluster with an empty schema at head, which does not run.

    It is made once a process: to copy it takes a tenth of the time.
    """
    kept = ExitStack()
    atexit.register(kept.close)
    folder = kept.enter_context(temporary_folder(account))
    server = PostgreSQL(folder, account)
    server.start()
    try:
        eventually(server.answers, within_seconds=START_SECONDS)
        migrate(server.url)
    finally:
        server.process.send_signal(SIGINT)  # a fast shutdown, with its checkpoint
        server.process.wait()
    return folder


@dataclass(frozen=True, slots=True)
class Service:
    """A running `taskward serve`."""

    address: str
    log: Path
    process: Process

    def workers(self) -> set[int]:
        """The pids of those that run."""
        return set(children(self.process.pid))

    async def readies(self, count: int) -> float:
        """How many seconds it took until so many workers have said so, since the beginning."""
        return await until(lambda: len(READY.findall(self.log.read_text())) >= count)

    def token(self, owner: str, *, expires_in_seconds: int = 3600) -> str:
        now = int(time.time())
        return jwt.encode({"sub": owner, "iat": now, "exp": now + expires_in_seconds}, SECRET, "HS256")

    def tracebacks(self) -> int:
        """So far, in its log: what went wrong in a way that nobody expected."""
        return self.log.read_text().count("Traceback (most recent call last)")


@asynccontextmanager
async def service(database_url: str, *, workers: int = 1, **settings: str) -> AsyncIterator[Service]:
    # Not the cap on one owner's requests is to be tried here.
    fixed = {"DATABASE_URL": database_url, "JWT_HS256_SECRET": SECRET, "RATE_LIMIT_PER_MINUTE": "0"}
    with temporary_folder(None) as folder:
        log = folder / "service.log"
        command = [TASKWARD, "serve", "--host", "127.0.0.1", "--port", "0", "--workers", str(workers)]
        process = start(command, env=environment(**fixed, **settings), log=log, account=None)
        try:
            yield Service(await address_in(process, log, workers), log, process)
        finally:
            await asyncio.to_thread(end, process)


async def address_in(process: Process, log: Path, workers: int) -> str:
    """Where the service listens, once all its workers answer."""
    ends_at = time.monotonic() + START_SECONDS
    while True:
        lines = log.read_text()  # noqa: ASYNC240 - short, and on this machine
        found = re.search(r"listening at (http://[0-9.:]+)", lines)
        if found and len(READY.findall(lines)) >= workers:
            return found[1]
        if process.poll() is not None or time.monotonic() > ends_at:
            raise RuntimeError(f"taskward serve did not start: {lines[-2000:]}")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def pgbouncer(program: str, database: PostgreSQL) -> AsyncIterator[int]:
    """The port of a PgBouncer in transaction mode in front of the database."""
    port = free_port()
    with temporary_folder(database.account) as folder:
        users, settings, log = folder / "users.txt", folder / "pgbouncer.ini", folder / "pgbouncer.log"
        users.write_text(f'"postgres" "{database.password}"\n')
        settings.write_text(
            f"""[databases]
postgres = host=127.0.0.1 port={database.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 10
# Its default is 15 s: for that long after a failed login it does not look whether the server is back.
server_login_retry = 1
"""
        )
        process = start([program, settings], env=ENVIRONMENT, log=log, account=database.account)
        try:
            await wait_until_open(port, process, log)
            yield port
        finally:
            await asyncio.to_thread(end, process)


async def wait_until_open(port: int, process: Process, log: Path) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        if process.poll() is not None or time.monotonic() > ends_at:
            raise RuntimeError(f"PgBouncer did not start: {log.read_text()[-2000:]}")  # noqa: ASYNC240 - as above
        await asyncio.sleep(0.02)


async def until(is_so: Callable[[], bool], *, within_seconds: float = START_SECONDS) -> float:
    """How many seconds it took; infinity when the time was over before."""
    began_at = time.monotonic()
    while not is_so():
        waited = time.monotonic() - began_at
        if waited > within_seconds:
            return math.inf
        await asyncio.sleep(min(max(0.02, waited / 50), 0.1))  # each look may be a connection
    return time.monotonic() - began_at


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(stat.parent.name))
    return found
