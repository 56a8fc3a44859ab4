"""A real Better Auth for tests: `examples/better-auth`, installed once, run as a process of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from support import npm
from support.programs import Program
from support.requirements import require_program

EXAMPLE = Path(__file__).parents[2] / "examples" / "better-auth"


@dataclass(frozen=True)
class Session:
    """Somebody who has signed in. `secret` is the opaque session token, which is for Better Auth alone."""

    http: httpx.Client
    user_id: str
    secret: str
    email: str
    base_path: str = "/api/auth"

    def token(self) -> str:
        """A new JWT."""
        token: str = self.send("GET", "/token").json()["token"]
        return token

    def token_from_header(self) -> str:
        """A new JWT, as it comes with every look at the session."""
        return self.send("GET", "/get-session").headers["set-auth-jwt"]

    def sign_out(self) -> None:
        self.send("POST", "/sign-out")

    def send(self, method: str, call: str, **body: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.secret}"}
        answer = self.http.request(method, self.base_path + call, headers=headers, json=body or None)
        self.http.cookies.clear()
        return answer.raise_for_status()

    def founds(self, name: str) -> str:
        """The id of a new organization, which is the active one now."""
        organization: str = self.send("POST", "/organization/create", name=name, slug=name).json()["id"]
        return organization

    def takes_in(self, member: "Session", organization: str) -> None:
        """Makes somebody else a member, whose active organization it is then."""
        invitation = {"email": member.email, "role": "member", "organizationId": organization}
        invited = self.send("POST", "/organization/invite-member", **invitation).json()
        member.send("POST", "/organization/accept-invitation", invitationId=invited["id"])

    def enters(self, organization: str | None) -> None:
        self.send("POST", "/organization/set-active", organizationId=organization)


class BetterAuth:
    """A server that forgets its people and keys when it stops, and keeps its origin when it starts again."""

    def __init__(self, **environment: str) -> None:
        self.environment = environment
        self.base_path = environment.get("BASE_PATH", "/api/auth")
        self.origin = ""
        self.http = httpx.Client(trust_env=False, timeout=60)
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
            self.program.wait()
            self.program = None

    def sign_up(self, email: str) -> Session:
        return self.session("/sign-up/email", {"name": email.partition("@")[0], "email": email})

    def sign_in(self, email: str) -> Session:
        """Once more, as from another device."""
        return self.session("/sign-in/email", {"email": email})

    def session(self, call: str, person: dict[str, str]) -> Session:
        answer = self.http.post(self.base_path + call, json={**person, "password": "correct horse"}).raise_for_status()
        self.http.cookies.clear()  # the next one to sign up is somebody else
        user, secret = answer.json()["user"], answer.headers["set-auth-token"]
        return Session(self.http, user["id"], secret, user["email"], self.base_path)


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
    npm.install(EXAMPLE, what="Better Auth")
