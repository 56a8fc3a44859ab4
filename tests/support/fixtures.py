"""What most tests share: one embedded PostgreSQL for the whole run, one server a worker, two people a test."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import hypothesis
import psycopg
import pytest
import uvloop

from support.database_proxy import DatabaseProxy, proxied
from support.databases import Run, as_login, asked, with_database
from support.people import NO_CERTIFICATES, Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer, local_issuer
from taskward.migrations import migrate
from taskward.operations.embedded import cluster as embedded
from taskward.settings import Settings

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The same for every worker of one run."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def cluster(shared_folder: Path) -> Iterator[str]:
    """The URL of a superuser in a PostgreSQL that all workers share."""
    with embedded.start(shared_folder / "cluster", say=lambda _: None) as postgres:
        is_careless(postgres.url)
        yield postgres.url


@pytest.fixture(scope="session")
def own_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same for one worker alone: roles belong to a whole cluster, and here a test may change them."""
    with embedded.start(tmp_path_factory.mktemp("own"), say=lambda _: None) as postgres:
        is_careless(postgres.url)
        yield postgres.url


def is_careless(url: str) -> None:
    """Makes a server wait for no disk. What it has written outlives its processes, and nobody cuts the power."""
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        asked(url, f"alter system set {setting} = off")
    asked(url, "select pg_reload_conf()")


@pytest.fixture(scope="session")
def logins(own_cluster: str) -> dict[str, str]:
    """A migrated database of each kind of login that works, in `own_cluster`.

    `neon` makes the roles that work is done as, `ordinary` was granted them by an administrator.
    """
    urls = {}
    for kind, rights in (("neon", "bypassrls createrole createdb"), ("superuser", "superuser"), ("ordinary", "")):
        asked(own_cluster, f"create role {kind} login password 'sesame-7' {rights}")
        asked(own_cluster, f"create database {kind} owner {kind}")
        if kind == "ordinary":
            asked(own_cluster, "grant taskward_app, taskward_keeper to ordinary")
        urls[kind] = as_login(with_database(own_cluster, kind), kind, "sesame-7")
        migrate(urls[kind])
    return urls


@pytest.fixture(scope="session")
def database_url(cluster: str) -> str:
    """A migrated database."""
    migrate(cluster)
    return cluster


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> LocalIssuer:
    return local_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    return settings_for(database_url)


@pytest.fixture(scope="session")
def api(settings: Settings, issuer: LocalIssuer) -> Iterator[str]:
    """The address of the API with its default settings, but for the deadline."""
    with serving(create_app(settings, local_issuer=issuer)) as address:
        yield address


@pytest.fixture(scope="session")
def careful_api(settings: Settings, issuer: LocalIssuer) -> Iterator[str]:
    """The API under REQUIRE_IF_MATCH, below a prefix, which is part of this address."""
    careful = settings.model_copy(update={"require_if_match": True, "api_prefix": "/api/v1"})
    with serving(create_app(careful, local_issuer=issuer)) as address:
        yield f"{address}/api/v1"


@pytest.fixture
def person(api: str, issuer: LocalIssuer) -> Iterator[Callable[..., Person]]:
    """Makes people; `api` is the address of another server when it is given."""
    people: list[Person] = []

    def make(name: str, *, api: str = api) -> Person:
        people.append(Person(name, api=api, issuer=issuer))
        return people[-1]

    yield make
    for someone in people:
        someone.close()


@pytest.fixture
def ann(person: Callable[..., Person]) -> Person:
    return person("ann")


@pytest.fixture
def bob(person: Callable[..., Person]) -> Person:
    return person("bob")


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """With each event loop that the server may have."""
    chosen: Run = request.param
    return chosen


@pytest.fixture
def proxy(database_url: str) -> Iterator[DatabaseProxy]:
    with proxied(database_url) as proxy:
        yield proxy


@pytest.fixture
def visitor(api: str) -> Iterator[httpx.Client]:
    """Somebody without a token."""
    with httpx.Client(base_url=api, trust_env=False, verify=NO_CERTIFICATES) as client:
        yield client


@pytest.fixture(scope="session")
def migrated_template(cluster: str, worker_id: str) -> str:
    """The name of a migrated database, to be copied: nobody connects to it."""
    name = f"migrated_{worker_id}"
    asked(cluster, f"create database {name}")
    migrate(with_database(cluster, name))
    return name


@pytest.fixture
def new_database(cluster: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Makes databases, each gone after the test, empty or migrated. `owner` is a role that then owns an empty one."""
    made: list[str] = []

    def make(*, owner: str = "postgres", is_migrated: bool = False) -> str:
        template = request.getfixturevalue("migrated_template") if is_migrated else "template1"
        with psycopg.connect(cluster, autocommit=True) as admin:
            name = f"test_{len(made)}_{id(made):x}_{admin.info.backend_pid}"
            admin.execute(f'create database "{name}" owner "{owner}" template {template}')
        made.append(name)
        return with_database(cluster, name)

    yield make
    with psycopg.connect(cluster, autocommit=True) as admin:
        for name in made:
            admin.execute(f'drop database "{name}" with (force)')
