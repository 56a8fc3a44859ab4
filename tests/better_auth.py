"""A real Better Auth for tests: `examples/better-auth`, installed once, run as a process of its own."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from programs import Program
from requirements import missing, require_program

EXAMPLE = Path(__file__).parents[1] / "examples" / "better-auth"
NODE = (20, 19)
INSTALL_SECONDS = 100


@dataclass(frozen=True)
class Session:
    """Somebody who has signed in. `secret` is the opaque session token, which is for Better Auth alone."""

    http: httpx.Client
    user_id: str
    secret: str

    def token(self) -> str:
        """A new JWT."""
        token: str = self.send("GET", "/api/auth/token").json()["token"]
        return token

    def token_from_header(self) -> str:
        """A new JWT, as it comes with every look at the session."""
        return self.send("GET", "/api/auth/get-session").headers["set-auth-jwt"]

    def sign_out(self) -> None:
        self.send("POST", "/api/auth/sign-out")

    def send(self, method: str, path: str) -> httpx.Response:
        return self.http.request(method, path, headers={"authorization": f"Bearer {self.secret}"}).raise_for_status()


class BetterAuth:
    """A server that forgets its people and keys when it stops, and keeps its origin when it starts again."""

    def __init__(self, **environment: str) -> None:
        self.environment = environment
        self.origin = ""
        self.http = httpx.Client(trust_env=False, timeout=10)
        self.program: Program | None = None

    def start(self) -> None:
        """Returns when it answers."""
        port = self.origin.rpartition(":")[2] or "0"
        # Nothing of the tester's own environment: in production, for one, it would limit the rate of sign-ups.
        env = {"PATH": os.environ["PATH"], "PORT": port, **self.environment}
        self.program = Program(require_program("node", "run Better Auth"), "server.mjs", env=env, cwd=EXAMPLE)
        self.origin = self.program.said(r"^Better Auth is ready at (\S+)$")[1]
        self.http.base_url = httpx.URL(self.origin)

    def stop(self) -> None:
        if self.program is not None:
            self.program.process.kill()
            self.program.wait(within_seconds=10)
            self.program = None

    def sign_up(self, email: str) -> Session:
        person = {"name": email.partition("@")[0], "email": email, "password": "correct horse"}
        answer = self.http.post("/api/auth/sign-up/email", json=person).raise_for_status()
        self.http.cookies.clear()  # the next one to sign up is somebody else
        return Session(self.http, answer.json()["user"]["id"], answer.headers["set-auth-token"])


@contextmanager
def running_better_auth(**environment: str) -> Iterator[BetterAuth]:
    """A server on a free loopback port. `environment` is its settings, such as `ALGORITHM="ES256"`."""
    install()
    server = BetterAuth(**environment)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        server.http.close()


def install() -> None:
    """Makes `node_modules` what the lock file says, once for all processes that ask at the same time."""
    node = require_program("node", "run Better Auth")
    npm = require_program("npm", "install Better Auth")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if tuple(map(int, version.lstrip("v").split(".")[:2])) < NODE:
        missing(f"node is {version}, and Better Auth needs 20.19 or newer.")
    locked, installed = EXAMPLE / "package-lock.json", EXAMPLE / "node_modules" / ".package-lock.json"
    with locked.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # npm writes its own copy of the lock file last, so that half an installation has none.
        if installed.exists() and installed.stat().st_mtime >= locked.stat().st_mtime:
            return
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            run = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        except subprocess.TimeoutExpired:
            missing(f"npm could not install Better Auth within {INSTALL_SECONDS} s.")
        if run.returncode:
            missing(f"npm could not install Better Auth: {run.stderr.strip()[-500:]}")
