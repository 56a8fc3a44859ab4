"""A real Better Auth server for tests: `examples/better-auth`, installed once and run as a process of its own."""

import fcntl
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from requirements import missing, require_program

EXAMPLE = Path(__file__).parents[1] / "examples" / "better-auth"
START_SECONDS = 30
INSTALL_SECONDS = 100


@dataclass(frozen=True)
class Session:
    """Somebody who is signed in. `secret` is the opaque session token, which no API but Better Auth's own takes."""

    http: httpx.Client
    user_id: str
    secret: str

    def token(self) -> str:
        """A new JWT."""
        answer = self._get("/api/auth/token")
        token: str = answer.json()["token"]
        return token

    def token_from_header(self) -> str:
        """A new JWT, from the header that comes with every look at the session."""
        return self._get("/api/auth/get-session").headers["set-auth-jwt"]

    def sign_out(self) -> None:
        headers = {"authorization": f"Bearer {self.secret}"}
        self.http.post("/api/auth/sign-out", headers=headers, json={}).raise_for_status()

    def _get(self, path: str) -> httpx.Response:
        return self.http.get(path, headers={"authorization": f"Bearer {self.secret}"}).raise_for_status()


class BetterAuth:
    """The server, which forgets its users and keys whenever it stops. `origin` stays the same after a restart."""

    def __init__(self, **environment: str) -> None:
        self.environment = environment
        self.origin = ""
        self.http = httpx.Client(trust_env=False, timeout=10)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when the server answers.

        Raises:
            RuntimeError: it ended or was not ready in time; the message holds what it printed.
        """
        port = self.origin.rpartition(":")[2] or "0"
        environment = {"PATH": os.environ["PATH"], "PORT": port, **self.environment}
        with tempfile.TemporaryFile() as output:
            self.process = subprocess.Popen(
                [require_program("node", "run Better Auth"), "server.mjs"],
                cwd=EXAMPLE,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            self.origin = self._ready_at(output.fileno())
        self.http.base_url = httpx.URL(self.origin)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def sign_up(self, email: str) -> Session:
        person = {"name": email.partition("@")[0], "email": email, "password": "correct horse battery"}
        answer = self.http.post("/api/auth/sign-up/email", json=person).raise_for_status()
        self.http.cookies.clear()  # every session of this server speaks through the same client
        return Session(self.http, answer.json()["user"]["id"], answer.headers["set-auth-token"])

    def _ready_at(self, output: int) -> str:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            printed = os.pread(output, 1 << 16, 0).decode()
            first, newline, _ = printed.partition("\n")
            if newline and first.startswith("Better Auth is ready at "):
                return first.removeprefix("Better Auth is ready at ")
            if ended:
                raise RuntimeError(f"Better Auth ended with {self.process.returncode}: {printed}")
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"Better Auth was not ready after {START_SECONDS} s: {printed}")


@contextmanager
def running_better_auth(**environment: str) -> Iterator[BetterAuth]:
    """A server on a free loopback port. Keywords are its environment, such as `ALGORITHM="ES256"`."""
    install()
    server = BetterAuth(**environment)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        server.http.close()


def install() -> None:
    """Make `node_modules` what the lock file says, once for all processes that ask at the same time."""
    require_program("node", "run Better Auth")
    npm = require_program("npm", "install Better Auth")
    lock_file, installed = EXAMPLE / "package-lock.json", EXAMPLE / "node_modules" / ".package-lock.json"
    with lock_file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        # npm writes its own copy last, so that a broken installation has none.
        if installed.exists() and installed.stat().st_mtime >= lock_file.stat().st_mtime:
            return
        try:
            run = subprocess.run(
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=EXAMPLE,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
            )
        except subprocess.TimeoutExpired:
            missing(f"npm ci in {EXAMPLE} took longer than {INSTALL_SECONDS} s.")
        if run.returncode:
            missing(f"npm ci in {EXAMPLE} failed: {run.stderr.strip()[-500:]}")
