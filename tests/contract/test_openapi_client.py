"""What the document is for: a client made from it compiles, and works.

The client is that of an application: `openapi-typescript` makes the types, `openapi-fetch` makes the calls.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from support.npm import install
from support.people import Person
from support.programs import TASKWARD, environment
from support.requirements import require_program

CLIENT = Path(__file__).parent / "openapi_client"

MISTAKES = """
import createClient from "openapi-fetch";
import type { components, paths } from "./taskward.js";

type Schemas = components["schemas"];
const api = createClient<paths>();
const params = { path: { task_id: 7 } };

// openapi-fetch takes fields that are too many, so a body says what it is.
await api.POST("/tasks", { body: { title: "Milk", due_onn: "2026-03-10" } satisfies Schemas["TaskCreate"] });  // wrong
await api.PATCH("/tasks/{task_id}", { params, body: { completed_at: null } satisfies Schemas["TaskPatch"] });  // wrong
await api.POST("/tasks", { body: { description: "without a title" } });  // wrong
await api.POST("/tasks", { body: { title: null } });  // wrong
await api.POST("/tasks", { body: { title: "Milk", status: "done" } });  // wrong
await api.PATCH("/tasks/{task_id}", { params, body: { tags: null } });  // wrong
await api.POST("/tasks/batch", { body: { operations: [{ op: "remove", id: 7 }] } });  // wrong
await api.GET("/tasks", { params: { query: { sort: "-priorty" } } });  // wrong
await api.GET("/tasks", { params: { query: { tags: ["home"] } } });  // wrong
await api.GET("/trash", { params: { query: { skip: 7 } } });  // wrong
await api.GET("/task");  // wrong
export const { data, error } = await api.GET("/tasks/{task_id}", { params });
data?.owner_id;  // wrong
data?.updated_at.length;  // wrong
error?.code === "task_notfound";  // wrong
data?.updated_at?.length;
error?.code === "task_not_found";
"""


class Compiled(NamedTuple):
    folder: Path
    """With `life.js`, and the client's types in `taskward.ts`."""
    told: str
    """By the compiler, of all files."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """What uses a client as it should, and what makes mistakes, compiled together."""
    install(CLIENT, what="a client made from the OpenAPI document")
    folder = tmp_path_factory.mktemp("client")
    for name in ("package.json", "tsconfig.json", "life.ts"):
        shutil.copy(CLIENT / name, folder)
    (folder / "mistakes.ts").write_text(MISTAKES)
    (folder / "node_modules").symlink_to(CLIENT / "node_modules")
    document = subprocess.run([TASKWARD, "openapi"], env=environment(), capture_output=True, check=True, timeout=120)
    (folder / "openapi.json").write_bytes(document.stdout)
    # A field with a default may be left out of a body, and is never missing in an answer.
    made = node(
        *("node_modules/openapi-typescript/bin/cli.js", "openapi.json", "--output", "taskward.ts"),
        "--default-non-nullable=false",
        cwd=folder,
    )
    assert made.returncode == 0, made.stderr
    compiled = node("node_modules/typescript/bin/tsc", "--project", ".", "--noEmitOnError", "false", cwd=folder)
    return Compiled(folder, compiled.stdout)


def node(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [require_program("node", "run TypeScript"), *arguments]
    env = {"PATH": os.environ["PATH"], **env}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)


def test_a_client_made_from_the_document_lives_the_whole_life_of_a_task(
    client: Compiled, api: str, ann: Person
) -> None:
    elsewhere = [line for line in client.told.splitlines() if re.match(r"\S", line) and line[:12] != "mistakes.ts("]
    assert elsewhere == []

    run = node("life.js", cwd=client.folder, API=api, TOKEN=ann.token)

    assert run.returncode == 0, run.stderr
    assert [task["title"] for task in ann.tasks()] == ["Live on"]
    assert ann.get("/trash").json() == []


def test_what_the_api_would_refuse_or_never_answers_does_not_compile(client: Compiled) -> None:
    wrong = {number for number, line in enumerate(MISTAKES.splitlines(), 1) if line.endswith("// wrong")}
    told = re.findall(r"^mistakes\.ts\((\d+),", client.told, re.MULTILINE)
    assert {int(number) for number in told} == wrong, client.told
    assert "'due_onn' does not exist in type" in client.told
