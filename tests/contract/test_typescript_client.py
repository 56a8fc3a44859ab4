"""`clients/typescript`: its types are those of the API, and what it promises holds, from Node.js and in a new project.

Its behaviour is tested in TypeScript, in `clients/typescript/test`, against a `taskward dev` that is started here.
"""

import gzip
import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest
from selenium.webdriver import Chrome

from support.better_auth import running_better_auth
from support.browsers import running_browser
from support.npm import install
from support.programs import TASKWARD, environment, running
from support.requirements import require_program
from support.serving import serving
from support.settings import PATIENT, settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer, local_issuer
from taskward.settings import Settings

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "typescript"
DOCUMENT = json.loads((ROOT / "tests" / "golden" / "openapi.json").read_text())
WITHOUT_A_TOKEN = {"GET /health", "GET /ready", "GET /calendar/{secret}.ics"}  # for operators, and calendar programs

CORE = ("index", "client", "calls", "connection", "errors", "tokens", "changes", "tabs")
MAX_COMPRESSED_BYTES = 8 * 1024
STORE = ("store", "stored")
MAX_COMPRESSED_BYTES_OF_THE_STORE = 2 * 1024
PEOPLE = 30


@dataclass(frozen=True)
class Development:
    """A `taskward dev`."""

    url: str
    issuer: LocalIssuer

    def token(self, user: str | None = None, *, expires_in_seconds: int = 3600) -> str:
        user = user or f"somebody-{secrets.token_hex(8)}"
        return self.issuer.token(user, expires_in_seconds=expires_in_seconds, now=time.time())

    def settings(self) -> dict[str, str]:
        """What the tests in TypeScript read."""
        late = f"late-{secrets.token_hex(8)}"
        return {
            "API": self.url,
            "TOKENS": json.dumps([self.token() for _ in range(PEOPLE)]),
            "EXPIRED": self.token(late, expires_in_seconds=-3600),
            "RENEWED": self.token(late),
        }


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the package, packed, which builds it first, with its tests."""
    install(CLIENT, what="the tests of the TypeScript client")
    folder = tmp_path_factory.mktemp("client") / "typescript"
    made = shutil.ignore_patterns("node_modules", "dist", "build", "*.tgz")
    shutil.copytree(CLIENT, folder, ignore=made)
    (folder / "node_modules").symlink_to(CLIENT / "node_modules")
    packed = ran(program("npm"), "pack", "--json", "--pack-destination", str(folder.parent), cwd=folder)
    (folder.parent / "packed.json").write_text(packed)
    ran(*COMPILER, "--project", "test", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def development(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Development]:
    folder = tmp_path_factory.mktemp("development")
    arguments = ("dev", "--port", "0", "--data-dir", str(folder / "data"))
    with running(TASKWARD, *arguments, env=environment(RATE_LIMIT_PER_MINUTE="0", **PATIENT), cwd=folder) as taskward:
        url = taskward.said(r"^Taskward is at (http://\S+),")[1]
        taskward.said(r"^curl ")
        yield Development(url, local_issuer(folder / "data"))


COMPILER = ("node", "node_modules/typescript/bin/tsc")


def program(name: str) -> str:
    return require_program(name, "run the tests of the TypeScript client")


def ran(*command: str, cwd: Path, **env: str) -> str:
    """What a command printed, which must succeed."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", str(cwd)), **env}
    command = (program(command[0]), *command[1:])
    run = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=200)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def passes(package: Path, name: str, **env: str) -> None:
    """Runs one file of the package's tests, of which at least one must have run and none been left out."""
    out = ran("node", "--test", "--test-reporter=tap", f"build/{name}.test.js", cwd=package, **env)
    counted = dict(re.findall(r"^# (pass|skipped|todo) (\d+)$", out, re.MULTILINE))
    assert int(counted["pass"]) > 0, out
    assert (counted["skipped"], counted["todo"]) == ("0", "0"), out


# What needs no Node.js


def test_every_operation_has_a_name_in_the_client() -> None:
    named = set(re.findall(r'"([A-Z]+ /[^"]*)"', "".join(file.read_text() for file in (CLIENT / "src").glob("*.ts"))))

    operations = {f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods}

    assert operations - WITHOUT_A_TOKEN - named == set(), "give them a name in clients/typescript/src/client.ts"


def test_the_package_has_the_version_and_the_license_of_the_server() -> None:
    package = json.loads((CLIENT / "package.json").read_text())
    locked = json.loads((CLIENT / "package-lock.json").read_text())

    version = DOCUMENT["info"]["version"]

    assert (package["version"], locked["version"], locked["packages"][""]["version"]) == (version, version, version)
    assert "dependencies" not in package
    assert (CLIENT / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


# The package


def test_the_types_are_those_of_the_document(package: Path, tmp_path: Path) -> None:
    ran("node", "types.mjs", str(ROOT / "tests/golden/openapi.json"), str(tmp_path / "openapi.ts"), cwd=package)

    are_current = (tmp_path / "openapi.ts").read_text() == (CLIENT / "src" / "openapi.ts").read_text()

    assert are_current, "clients/typescript/src/openapi.ts is older than the document: `make client` renews it"


@pytest.mark.parametrize(
    ("modules", "max_bytes"), [(CORE, MAX_COMPRESSED_BYTES), (STORE, MAX_COMPRESSED_BYTES_OF_THE_STORE)]
)
def test_it_is_small(package: Path, modules: tuple[str, ...], max_bytes: int) -> None:
    """The modules are all that the first of them loads."""
    code = {name: (package / "dist" / f"{name}.js").read_text() for name in modules}

    loaded = {name for text in code.values() for name in re.findall(r'from "\./(\w+)\.js"', text)}
    assert loaded == set(modules[1:])
    assert len(gzip.compress("".join(code.values()).encode(), mtime=0)) <= max_bytes


SHAPE = 1
FIELDS_OF_THE_SHAPE = "737015339fdb"


def test_a_stored_copy_of_rows_with_other_fields_is_thrown_away() -> None:
    (shape,) = re.findall(r"^const SHAPE = (\d+);$", (CLIENT / "src" / "store.ts").read_text(), re.MULTILINE)

    schemas = DOCUMENT["components"]["schemas"]
    fields = {name: sorted(schemas[name]["properties"]) for name in ("TaskRead", "ListRead")}
    digest = sha256(json.dumps(fields).encode()).hexdigest()[:12]

    assert (int(shape), digest) == (SHAPE, FIELDS_OF_THE_SHAPE), "raise SHAPE here and in src/store.ts"


@pytest.mark.parametrize("name", ["life", "errors", "faults", "changes", "places", "tanstack", "offline"])
def test_what_the_client_promises_holds(package: Path, development: Development, name: str) -> None:
    passes(package, name, **development.settings())


def test_it_works_with_the_sessions_of_a_real_better_auth(package: Path, database_url: str) -> None:
    with (
        running_better_auth() as better_auth,
        serving(create_app(settings_for(database_url, better_auth_url=better_auth.origin))) as api,
    ):
        passes(package, "better_auth", API=api, BETTER_AUTH=better_auth.origin)


# A page


class Pages(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


IN_THE_PAGE = """
const [url, token, done] = arguments;
(async () => {
  const { isTaskwardError, taskward } = await import("/dist/index.js");
  const { tasks } = taskward({ url, token: async () => token });
  const milk = await tasks.create({ title: "Milk" });
  for (const title of ["Bread", "Salt"]) await tasks.create({ title });
  await tasks.change(milk.id, { title: "Oat milk" }, { ifMatch: milk.version });
  const titles = [];
  for await (const task of tasks.all({ limit: 1 })) titles.push(task.title);
  const { total } = await tasks.page({ count: true });
  const known = await tasks.find(milk.id, { ifNoneMatch: "*" });
  const late = await tasks.delete(milk.id, { ifMatch: milk.version }).catch((error) => error);
  return [titles, total, known, isTaskwardError(late, "version_mismatch"), typeof late.requestId, isSecureContext];
})().then(done, (error) => done(String(error)));
"""


def test_it_works_in_a_page_of_another_origin(package: Path, settings: Settings, issuer: LocalIssuer) -> None:
    """A page that came by plain HTTP, as to a phone in development: it lacks what only secure contexts have."""
    page = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=package))
    Thread(target=page.serve_forever, daemon=True).start()
    origin = f"http://page.test:{page.server_port}"
    app = create_app(settings.model_copy(update={"cors_origins": (origin,)}), local_issuer=issuer)
    token = issuer.token(f"somebody-{secrets.token_hex(8)}", expires_in_seconds=3600, now=time.time())
    to_this_machine = "--host-resolver-rules=MAP *.test 127.0.0.1"
    with serving(app) as api, running_browser("open a page", to_this_machine) as browser:
        browser.get(f"{origin}/")

        told = browser.execute_async_script(IN_THE_PAGE, api.replace("127.0.0.1", "api.test"), token)

    page.shutdown()
    page.server_close()
    assert told == [["Oat milk", "Bread", "Salt"], 3, None, True, "string", False]


# Tabs, and copies that outlive their page

MODULES = {
    "@taskward/client": "/dist/index.js",
    "@taskward/client/": "/dist/",
    "@tanstack/db": "/node_modules/@tanstack/db/dist/esm/index.js",
    "@tanstack/db-ivm": "/node_modules/@tanstack/db-ivm/dist/esm/index.js",
    "@tanstack/offline-transactions": "/node_modules/@tanstack/offline-transactions/dist/esm/index.js",
    "@tanstack/pacer-lite/lite-queuer": "/node_modules/@tanstack/pacer-lite/dist/lite-queuer.js",
    "fractional-indexing": "/node_modules/fractional-indexing/src/index.js",
}
MODULES |= {f"@taskward/client/{name}": f"/dist/{name}.js" for name in ("store", "tanstack")}
A_PAGE = f"""<script type="importmap">{json.dumps({"imports": MODULES})}</script>"""
A_TEST_IN_IT = """
const [file, name, given, done] = arguments;
import(`/build/${file}.js`)
  .then(({ tests }) => tests[name](given))
  .then(() => done(null), (error) => done(String(error)));
"""


@dataclass(frozen=True)
class Page:
    browser: Chrome
    origin: str
    api: str

    def passes(self, file: str, issuer: LocalIssuer) -> None:
        """Runs each test of a file in the browser, with people of its own."""
        names = re.findall(r'^  async "(.+)"\(', (CLIENT / "test" / f"{file}.ts").read_text(), re.MULTILINE)
        failures = {}
        for name in names:
            ann, bob = (f"somebody-{secrets.token_hex(8)}" for _ in range(2))
            people = {"ann": (ann, 3600), "renewed": (ann, 7200), "bob": (bob, 3600)}
            tokens = {
                each: issuer.token(user, expires_in_seconds=seconds, now=time.time())
                for each, (user, seconds) in people.items()
            }
            self.browser.get(f"{self.origin}/page.html")
            given = {"url": self.api, **tokens}
            failures[name] = self.browser.execute_async_script(A_TEST_IN_IT, file, name, given)

        assert failures == dict.fromkeys(names)
        assert len(names) > 5


@pytest.fixture(scope="module")
def page(package: Path, settings: Settings, issuer: LocalIssuer) -> Iterator[Page]:
    (package / "page.html").write_text(A_PAGE)
    pages = ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=package))
    Thread(target=pages.serve_forever, daemon=True).start()
    origin = f"http://localhost:{pages.server_port}"
    app = create_app(settings.model_copy(update={"cors_origins": (origin,)}), local_issuer=issuer)
    with serving(app) as api, running_browser("open a page") as browser:
        browser.set_script_timeout(120)
        yield Page(browser, origin, api.replace("127.0.0.1", "localhost"))
    pages.shutdown()
    pages.server_close()


def test_of_many_tabs_one_waits_for_all(page: Page, issuer: LocalIssuer) -> None:
    page.passes("tabs", issuer)


def test_a_copy_outlives_its_page(page: Page, issuer: LocalIssuer) -> None:
    page.passes("store", issuer)


# A new project


@pytest.fixture(scope="module")
def project(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty one, into which the packed package was installed, and nothing else."""
    folder = tmp_path_factory.mktemp("project")
    (packed,) = json.loads((package.parent / "packed.json").read_text())
    names = {file["path"] for file in packed["files"]}
    entries = {f"dist/{name}.{kind}" for name in ("index", "store", "tanstack") for kind in ("js", "d.ts")}
    assert {"LICENSE", "README.md", "package.json", *entries} <= names
    assert {name.split("/")[0] for name in names} == {"LICENSE", "README.md", "package.json", "dist"}
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    ran("npm", "install", "--offline", "--no-audit", "--no-fund", str(package.parent / packed["filename"]), cwd=folder)
    return folder


def test_the_readme_runs_in_a_new_project(project: Path, development: Development) -> None:
    (example,) = re.findall(r"```ts\n(.*?)```", (CLIENT / "README.md").read_text().partition("## ")[0], re.DOTALL)
    answer = quote(json.dumps({"token": development.token()}))
    for address, ours in {
        "https://tasks.example.com": development.url,
        "/api/auth/token": f"data:application/json,{answer}",
    }.items():
        assert address in example
        example = example.replace(address, ours)
    (project / "readme.mjs").write_text(example)

    assert ran("node", "readme.mjs", cwd=project).splitlines() == ["Buy milk"]


def test_what_the_readme_says_compiles(package: Path) -> None:
    blocks = re.findall(r"```ts\n(.*?)```", (CLIENT / "README.md").read_text(), re.DOTALL)
    given = (
        "declare const saved: { token?: string; clear(): void; apply(changes: Change[], next: string): void };\n"
        "declare const signal: AbortSignal;\ndeclare const userId: string;\n"
        'import type { Change } from "@taskward/client";\n'
    )
    folder = package / "readme"
    folder.mkdir()
    (folder / "readme.ts").write_text(given + "\n".join(blocks))
    (folder / "tsconfig.json").write_text(
        '{"extends": "../tsconfig.json", "include": ["."], "compilerOptions": {"rootDir": "."}}'
    )

    ran(*COMPILER, "--project", "readme", "--noEmit", cwd=package)


@pytest.mark.parametrize(("module", "resolution"), [("nodenext", "nodenext"), ("esnext", "bundler")])
def test_its_types_are_found_in_a_new_project(package: Path, project: Path, module: str, resolution: str) -> None:
    (project / "main.ts").write_text(
        """
        import { isTaskwardError, taskward, type Task } from "@taskward/client";
        import { indexedDbStore, type Store } from "@taskward/client/store";
        export const store: Store = indexedDbStore("taskward-ann");
        const { tasks } = taskward({ url: "http://127.0.0.1", token: async () => "" });
        export const [milk]: Task[] = await tasks.list({ status: ["Todo"] });
        // @ts-expect-error
        export const wrong: number = milk?.title;
        export const late = (error: unknown) => isTaskwardError(error, "version_mismatch");
        """
    )
    options = ("--noEmit", "--strict", "--skipDefaultLibCheck", "--lib", "es2022,dom", "--target", "es2022")

    compiler = ("node", str(package / "node_modules/typescript/bin/tsc"))
    ran(*compiler, *options, "--module", module, "--moduleResolution", resolution, "main.ts", cwd=project)
