"""Taskward and a real Better Auth: its people, its tokens, its keys, and what the documentation says to paste."""

import asyncio
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from support.better_auth import EXAMPLE, BetterAuth, Session, install, running_better_auth
from support.programs import PATIENCE_SECONDS
from support.requirements import require_program
from support.serving import serving
from support.settings import settings_for
from support.signing import Signer, bearer
from taskward.app import create_app
from taskward.auth import key_set
from taskward.auth.authenticator import authenticator
from taskward.auth.demand import demand_of
from taskward.auth.errors import TokenInvalid
from taskward.settings import ALGORITHMS, SettingsError, read_settings

DOCUMENTATION = EXAMPLE.parents[1] / "docs" / "authentication.md"
NEVER_GIVEN = 2**53 - 1

Serving = Callable[..., AbstractContextManager[str]]


@pytest.fixture(scope="module")
def better_auth() -> Iterator[BetterAuth]:
    with running_better_auth() as server:
        yield server


@pytest.fixture
def taskward(database_url: str) -> Serving:
    """The address of a Taskward that accepts the tokens of one Better Auth."""

    def serve(server: BetterAuth, **others: Any) -> AbstractContextManager[str]:
        others = {"better_auth_url": server.origin, **others}
        settings = settings_for(database_url, database_pool_size=2, **others)
        return serving(create_app(settings))

    return serve


def caller(api: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=api, headers={"authorization": f"Bearer {token}"}, trust_env=False, timeout=60)


def test_two_people_live_the_whole_life_of_a_task_and_never_meet(better_auth: BetterAuth, taskward: Serving) -> None:
    with (
        taskward(better_auth) as api,
        caller(api, better_auth.sign_up("ann@example.com").token()) as ann,
        caller(api, better_auth.sign_up("bob@example.com").token()) as bob,
    ):
        lives_through_a_task(ann, stranger=bob)
        lives_through_a_task(bob, stranger=ann)


def lives_through_a_task(person: httpx.Client, *, stranger: httpx.Client) -> None:
    created = person.post("/tasks", json={"title": "Milk", "description": "two litres"})
    assert created.status_code == 201
    task, path = created.json(), created.headers["location"]
    assert path == f"/tasks/{task['id']}"
    assert (task["title"], task["description"], task["status"]) == ("Milk", "two litres", "Todo")
    does_not_exist_for(stranger, path)

    assert person.get("/tasks").json() == [task]
    found = person.get(path)
    assert (found.status_code, found.json(), found.headers["etag"]) == (200, task, created.headers["etag"])
    assert person.get(path, headers={"if-none-match": found.headers["etag"]}).status_code == 304

    replaced = person.put(path, json={"title": "Oat milk"}, headers={"if-match": found.headers["etag"]})
    assert replaced.status_code == 200
    assert (replaced.json()["title"], replaced.json()["description"]) == ("Oat milk", None)
    late = person.patch(path, json={"title": "Cream"}, headers={"if-match": found.headers["etag"]})
    assert (late.status_code, late.json()["code"]) == (412, "version_mismatch")

    changed = person.patch(path, json={"status": "Done"}, headers={"if-match": replaced.headers["etag"]})
    assert changed.status_code == 200
    told = {name: changed.json()[name] for name in ("updated_at", "completed_at", "version")}
    assert changed.json() == replaced.json() | told | {"status": "Done"}
    does_not_exist_for(stranger, path)
    assert person.get("/tasks").json() == [changed.json()]

    assert person.delete(path, headers={"if-match": replaced.headers["etag"]}).status_code == 412
    deleted = person.delete(path, headers={"if-match": changed.headers["etag"]})
    assert (deleted.status_code, deleted.content) == (204, b"")
    does_not_exist_for(person, path)
    assert person.get("/tasks").json() == []


def does_not_exist_for(person: httpx.Client, path: str) -> None:
    assert path not in [f"/tasks/{task['id']}" for task in person.get("/tasks").json()]
    bodies = {"GET": None, "HEAD": None, "PUT": {"title": "x"}, "PATCH": {"title": "x"}, "DELETE": None}
    for (method, body), condition in product(bodies.items(), ({}, {"if-match": "*"}, {"if-none-match": "*"})):
        refused = person.request(method, path, json=body, headers=condition)
        never_given = person.request(method, f"/tasks/{NEVER_GIVEN}", json=body, headers=condition)

        assert refused.status_code == 404
        assert refused.content == never_given.content
        assert comparable(refused) == comparable(never_given)


def comparable(answer: httpx.Response) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in answer.headers.raw if name.lower() not in (b"date", b"x-request-id")]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_of_every_algorithm_is_accepted(algorithm: str, taskward: Serving) -> None:
    with (
        running_better_auth(ALGORITHM=algorithm) as server,
        taskward(server) as api,
        caller(api, server.sign_up("ann@example.com").token()) as ann,
    ):
        assert ann.get("/tasks").status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_better_auth_that_is_mounted_elsewhere_needs_one_setting(slash: str, taskward: Serving) -> None:
    with running_better_auth(BASE_PATH="/auth") as server:
        token = server.sign_up("ann@example.com").token()
        claims = jwt.decode(token, options={"verify_signature": False})
        mounted = f"{server.origin}/auth"

        assert (claims["iss"], claims["aud"]) == (server.origin, server.origin)
        with taskward(server, better_auth_url=mounted + slash) as api, caller(api, token) as ann:
            assert ann.get("/tasks").status_code == 200
        with taskward(server) as api, caller(api, token) as unlucky:
            assert unlucky.get("/tasks").json()["code"] == "keys_unavailable"


def test_the_token_that_comes_with_a_session_is_accepted(better_auth: BetterAuth, taskward: Serving) -> None:
    session = better_auth.sign_up("carol@example.com")

    with taskward(better_auth) as api, caller(api, session.token_from_header()) as carol:
        assert carol.get("/tasks").status_code == 200


def test_a_session_in_place_of_a_token_is_invalid(better_auth: BetterAuth, taskward: Serving) -> None:
    session = better_auth.sign_up("dan@example.com")

    with taskward(better_auth) as api:
        for secret in (session.secret, session.secret.partition(".")[0]):
            with caller(api, secret) as dan:
                refused = dan.get("/tasks")
            assert (refused.status_code, refused.json()["code"]) == (401, "token_invalid")
            assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
            assert "/token" in refused.json()["detail"]


def test_the_first_token_after_a_rotation_is_accepted_at_once(
    taskward: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_set, "COOLDOWN_SECONDS", 2)
    with running_better_auth(ROTATION_SECONDS="2") as server, taskward(server) as api:
        session = server.sign_up("ann@example.com")
        with caller(api, session.token()) as before:
            assert before.get("/tasks").status_code == 200
            # The next fetch may begin now, and the first key has stopped signing.
            time.sleep(2)
            with caller(api, session.token()) as after:
                assert after.get("/tasks").status_code == 200
            assert before.get("/tasks").status_code == 200

        assert len(server.http.get("/api/auth/jwks").json()["keys"]) > 1


def test_a_better_auth_that_is_down_matters_only_to_whoever_has_no_keys_yet(taskward: Serving) -> None:
    with running_better_auth() as server, taskward(server) as warm, taskward(server) as cold:
        ann, bob = server.sign_up("ann@example.com").token(), server.sign_up("bob@example.com").token()
        with caller(warm, ann) as one, caller(warm, bob) as another, caller(cold, bob) as unlucky:
            assert one.get("/tasks").status_code == 200
            server.stop()

            assert another.get("/tasks").status_code == 200
            unavailable = unlucky.get("/tasks")

        assert (unavailable.status_code, unavailable.json()["code"]) == (503, "keys_unavailable")
        assert int(unavailable.headers["retry-after"]) > 0


def test_a_token_outlives_the_session_it_was_given_for(better_auth: BetterAuth, taskward: Serving) -> None:
    session = better_auth.sign_up("eve@example.com")

    with taskward(better_auth) as api, caller(api, session.token()) as eve:
        session.sign_out()

        assert eve.get("/tasks").status_code == 200
        with pytest.raises(httpx.HTTPStatusError, match="401"):
            session.token()


@pytest.mark.parametrize("claim", ["activeOrganizationId", "org.id"])
def test_members_of_an_organization_share_its_tasks_until_they_leave(claim: str, taskward: Serving) -> None:
    with (
        running_better_auth(ORGANIZATION_CLAIM=claim) as server,
        taskward(server, owner_claim=f"{claim},sub") as api,
    ):
        ann, bob, carol, dan = (server.sign_up(f"{name}@example.com") for name in ("ann", "bob", "carol", "dan"))

        def titles(session: Session) -> list[str]:
            with caller(api, session.token()) as person, caller(api, session.token_from_header()) as the_same:
                found = person.get("/tasks")
                assert (found.status_code, found.content) == (200, the_same.get("/tasks").content)
            return [task["title"] for task in found.json()]

        def adds(session: Session, title: str) -> str:
            with caller(api, session.token()) as person:
                created = person.post("/tasks", json={"title": title})
            assert created.status_code == 201
            return created.headers["location"]

        adds(ann, "Diary")
        organization = ann.founds("acme")
        path = adds(ann, "Milk")
        ann.takes_in(bob, organization)
        ann.takes_in(carol, organization)

        assert titles(ann) == titles(bob) == titles(carol) == ["Milk"]
        adds(bob, "Eggs")
        assert titles(ann) == ["Milk", "Eggs"]
        assert titles(dan) == []
        with caller(api, dan.token()) as stranger:
            does_not_exist_for(stranger, path)

        # One looks at her own, one leaves, and one is removed by somebody else, in all sessions that he has.
        ann.enters(None)
        assert titles(ann) == ["Diary"]
        ann.enters(organization)
        assert titles(ann) == ["Milk", "Eggs"]
        bob.send("POST", "/organization/leave", organizationId=organization)
        elsewhere = server.sign_in("carol@example.com")
        elsewhere.enters(organization)
        assert titles(elsewhere) == ["Milk", "Eggs"]
        ann.send("POST", "/organization/remove-member", memberIdOrEmail=carol.email, organizationId=organization)
        assert titles(bob) == titles(carol) == titles(elsewhere) == []
        with pytest.raises(httpx.HTTPStatusError):
            bob.enters(organization)

        ann.send("POST", "/organization/delete", organizationId=organization)
        assert titles(ann) == ["Diary"]


def test_who_deletes_the_account_loses_the_tasks_too_and_none_of_the_organizations(taskward: Serving) -> None:
    claim = "activeOrganizationId"
    with running_better_auth(ORGANIZATION_CLAIM=claim) as server:
        with taskward(server, owner_claim=f"{claim},sub") as api:
            server.stop()
            server.environment["TASKWARD_URL"] = api
            server.start()
            ann, bob = server.sign_up("ann@example.com"), server.sign_up("bob@example.com")
            with caller(api, ann.token()) as alone:
                assert alone.post("/tasks", json={"title": "Diary"}).status_code == 201
                organization = ann.founds("acme")
                ann.takes_in(bob, organization)
                with caller(api, ann.token()) as together:
                    assert together.post("/tasks", json={"title": "Milk"}).status_code == 201
                    assert together.delete("/me?confirm=everything").status_code == 403
                assert [task["title"] for task in alone.get("/tasks").json()] == ["Diary"]

                ann.send("POST", "/delete-user", password="correct horse")

                assert alone.get("/tasks").json() == []
            with pytest.raises(httpx.HTTPStatusError, match="401"):
                ann.token()
            with caller(api, bob.token()) as together:
                assert [task["title"] for task in together.get("/tasks").json()] == ["Milk"]

        # Taskward is gone: the account stays, and so do the tasks.
        with pytest.raises(httpx.HTTPStatusError, match="500"):
            bob.send("POST", "/delete-user", password="correct horse")
        assert bob.token()


def test_the_commands_of_the_example_can_be_pasted(taskward: Serving) -> None:
    shell = require_program("sh", "run the commands of the example")
    require_program("curl", "run the commands of the example")
    blocks = re.findall(r"```sh\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)
    commands = "".join(block for block in blocks if "curl" in block)

    with running_better_auth() as server, taskward(server) as api:
        script = commands.replace("http://localhost:4000", server.origin).replace("http://localhost:8000", api)
        run = subprocess.run([shell, "-eu"], input=script, capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    created, listed = re.findall(r"HTTP/1.1 (.*?)\r?\n.*?\r?\n\r?\n(.*?)(?=HTTP/1.1|\Z)", run.stdout, re.DOTALL)
    assert (created[0], listed[0]) == ("201 Created", "200 OK")
    assert json.loads(listed[1]) == [json.loads(created[1])]


@pytest.fixture
def documented(tmp_path: Path) -> Path:
    """The TypeScript of the documentation, file by file, with Better Auth beside it."""
    install()
    for page in (DOCUMENTATION, DOCUMENTATION.with_name("agents.md")):
        for name, code in re.findall(r"```ts\n// lib/(\S+)\n(.*?)```", page.read_text(), re.DOTALL):
            (tmp_path / name).write_text(code)
    # What stands for Next.js and Node.js.
    (tmp_path / "ambient.d.ts").write_text(
        'declare module "next/headers" { export function headers(): Promise<Headers>; }\n'
        "declare const process: { env: Record<string, string | undefined> };\n"
    )
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(EXAMPLE / "node_modules")
    options = ["--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom"]
    modules = ["--module", "esnext", "--moduleResolution", "bundler"]
    run = node("node_modules/typescript/bin/tsc", *options, *modules, *sorted(tmp_path.glob("*.ts")), cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    return tmp_path


def test_the_documented_fetch_renews_an_expired_token_once(documented: Path, taskward: Serving) -> None:
    (documented / "auth-client.js").write_text(AUTH_CLIENT)
    (documented / "page.js").write_text(PAGE)
    wrapper = documented / "taskward.js"
    wrapper.write_text(wrapper.read_text().replace('"./auth-client"', '"./auth-client.js"'))  # as bundlers do

    with running_better_auth(TOKEN_SECONDS="3") as server, taskward(server, better_auth_leeway_seconds=0) as api:
        secret = server.sign_up("ann@example.com").secret
        run = node("page.js", cwd=documented, NEXT_PUBLIC_TASKWARD_URL=api, ORIGIN=server.origin, SESSION=secret)

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {"first": 201, "expired": "token_expired", "later": [200, 200, 200], "renewed": 1}


# The client of the documentation, but with the session in a header, because Node.js keeps no cookies.
AUTH_CLIENT = """
import { createAuthClient } from "better-auth/client";
import { jwtClient } from "better-auth/client/plugins";

export const tokens = [];
export const authClient = createAuthClient({
  baseURL: process.env.ORIGIN,
  plugins: [jwtClient()],
  fetchOptions: {
    headers: { Authorization: `Bearer ${process.env.SESSION}` },
    onSuccess: ({ data }) => tokens.push(data.token),
  },
});
"""
PAGE = """
import { setTimeout } from "node:timers/promises";
import { tokens } from "./auth-client.js";
import { taskward } from "./taskward.js";

const { status: first } = await taskward("/tasks", { method: "POST", body: JSON.stringify({ title: "Milk" }) });
const url = `${process.env.NEXT_PUBLIC_TASKWARD_URL}/tasks`;
const hasExpired = () => Date.now() / 1000 >= JSON.parse(atob(tokens.at(-1).split(".")[1])).exp;
let response, later, renewed;
do {
  do {
    await setTimeout(50);
    response = await fetch(url, { headers: { Authorization: `Bearer ${tokens.at(-1)}` } });
  } while (response.ok);
  const before = tokens.length;
  later = (await Promise.all(["", "", ""].map(() => taskward("/tasks")))).map(({ status }) => status);
  renewed = tokens.length - before;
} while (hasExpired()); // a crowded machine may need the whole life of a token for three calls
console.log(JSON.stringify({ first, expired: (await response.json()).code, later, renewed }));
"""


def node(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [require_program("node", "run TypeScript"), *arguments]
    env = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


def test_the_documented_settings_are_accepted_but_for_the_secret_that_everybody_knows() -> None:
    example = "at-least-32-bytes-from-a-random-source"
    with pytest.raises(SettingsError, match="is an example that everybody can know"):
        read_settings(jwt_hs256_secret=example)
    documentation = DOCUMENTATION.read_text().replace(example, "x" * 32)
    for block in re.findall(r"```sh\n(.*?)```", documentation, re.DOTALL):
        settings = read_settings(**{n.lower(): v for n, _, v in (line.partition("=") for line in block.splitlines())})

        assert settings.model_fields_set
        authenticator(settings)


def test_the_documented_line_of_the_log_is_written(caplog: pytest.LogCaptureFixture) -> None:
    line = re.findall(r"```\n(token_invalid: .*?)\n```", DOCUMENTATION.read_text(), re.DOTALL)[0].replace("\n", " ")
    kid = re.findall(r"kid '(\w+)'", line)[0]
    token = Signer("http://127.0.0.1:3000").token(header={"kid": kid})

    accepting = authenticator(read_settings(better_auth_url="http://localhost:3000"))
    with pytest.raises(TokenInvalid):
        asyncio.run(accepting.caller(bearer(token), demand=demand_of(accepting.trusts), deadline_seconds=2))

    assert caplog.messages == [line]


def test_an_auth_url_of_neon_is_the_issuer_by_its_origin() -> None:
    neon = "https://ep-example-123456.neonauth.us-east-1.aws.neon.tech"
    assert f"BETTER_AUTH_URL={neon}/neondb/auth\n" in DOCUMENTATION.read_text()

    settings = read_settings(better_auth_url=f"{neon}/neondb/auth")

    assert settings.issuers == settings.audiences == (neon,)
