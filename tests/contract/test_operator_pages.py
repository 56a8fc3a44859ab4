"""The operator's pages: health, readiness, documentation."""

import re
from collections.abc import Callable

import httpx
import psycopg
import pytest

from support.answers import problem, task
from support.every_answer import OPEN_PATHS
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app
from taskward.auth.issuer import LocalIssuer
from taskward.settings import SettingsError, read_settings


def test_health_and_ready_say_so(visitor: httpx.Client) -> None:
    health, ready = visitor.get("/health"), visitor.get("/ready")

    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})
    assert health.headers["content-type"] == ready.headers["content-type"] == "application/json"


def test_ready_says_what_is_missing_when_the_schema_goes(
    new_database: Callable[..., str], issuer: LocalIssuer, person: Callable[..., Person]
) -> None:
    url = new_database(is_migrated=True)
    with serving(create_app(settings_for(url), local_issuer=issuer)) as address:
        ann = person("ann", api=address)
        ann.adds("Milk")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("drop table tasks cascade")

        ready, call = ann.get("/ready"), ann.get("/tasks")

    assert "taskward migrate" in problem(ready, 503, "database_unavailable")["detail"]
    problem(call, 503, "database_unavailable")


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_the_docs_page_loads_all_it_needs_from_here(visitor: httpx.Client, path: str) -> None:
    page = visitor.get(path)

    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"(src|href|url|action)\s*[=:]\s*[\"'](https?:)?//", page.text)
    loaded = re.findall(r"(?:src|href|url)\s*[=:]\s*[\"']([^\"']+)", page.text)
    assert len(loaded) == 4
    for found in loaded:
        assert visitor.get(str(page.url.join(found))).status_code == 200
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())


def test_what_the_docs_page_loads_has_its_type(visitor: httpx.Client) -> None:
    for path, media_type in [
        ("/docs/swagger-ui-bundle.js", "text/javascript"),
        ("/docs/swagger-ui.css", "text/css"),
        ("/docs/favicon-32x32.png", "image/png"),
        ("/openapi.json", "application/json"),
    ]:
        assert visitor.get(path).headers["content-type"].partition(";")[0] == media_type


def test_an_application_needs_a_database() -> None:
    with pytest.raises(SettingsError, match=r"^DATABASE_URL is missing: .*\.$"):
        create_app(read_settings())


def test_below_a_prefix_are_the_tasks_alone(careful_api: str, person: Callable[..., Person]) -> None:
    ann = person("ann", api=careful_api.removesuffix("/api/v1"))

    created = ann.post("/api/v1/tasks", json={"title": "Milk"})

    assert ann.get(created.headers["location"]).json() == task(created, 201)
    for path in OPEN_PATHS:
        assert ann.get(path).status_code == 200
        problem(ann.get(f"/api/v1{path}"), 404, "route_not_found")
    problem(ann.get("/tasks"), 404, "route_not_found")
    assert ann.patch("/api/v1/tasks/").headers["allow"] == "GET, HEAD, POST"
