"""Behind a proxy that passes /todo-api/… on as /…: what clients are told has the path that they know."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from support.answers import problem, task
from support.people import Person
from support.serving import serving
from support.settings import settings_for
from taskward.app import create_app, openapi_document
from taskward.auth.issuer import LocalIssuer

ROOT = "/todo-api"


@pytest.fixture(scope="module")
def behind_proxy(database_url: str, issuer: LocalIssuer) -> Iterator[str]:
    """Its address, without the proxy."""
    settings = settings_for(database_url, root_path="todo-api/", api_prefix="/api/v1")
    with serving(create_app(settings, local_issuer=issuer)) as address:
        yield address


def test_a_location_has_the_path_of_the_proxy_and_the_prefix(behind_proxy: str, person: Callable[..., Person]) -> None:
    ann = person("ann", api=behind_proxy)

    for path in ("/api/v1/tasks", "/api/v1/tasks/"):
        for _ in range(2):  # the second is a replay
            created = ann.post(path, json={"title": "Milk"}, headers={"Idempotency-Key": path})
            location = created.headers["location"]
            assert location == f"{ROOT}/api/v1/tasks/{task(created, 201)['id']}"
            assert ann.get(location.removeprefix(ROOT)).json() == created.json()
    page = ann.get("/api/v1/tasks?limit=1")
    assert page.headers["link"].startswith("<?cursor=")  # relative, so good behind any proxy
    problem(ann.get(f"{ROOT}/api/v1/tasks"), 404, "route_not_found")


def test_the_documentation_is_all_below_the_path_of_the_proxy(behind_proxy: str) -> None:
    page = httpx.get(f"{behind_proxy}/docs")
    document = httpx.get(f"{behind_proxy}/openapi.json").json()

    loaded = re.findall(r"""["'](/[^"']+)["']""", page.text)
    assert len(loaded) >= 4
    for path in loaded:
        assert path.startswith(f"{ROOT}/")
        assert httpx.get(behind_proxy + path.removeprefix(ROOT)).status_code == 200
    assert document["servers"] == [{"url": ROOT}]
    assert "/api/v1/tasks" in document["paths"]
    assert document == openapi_document(settings_for("postgresql://h/d", root_path=ROOT, api_prefix="/api/v1"))
    assert "servers" not in openapi_document(settings_for("postgresql://h/d"))


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/v1", "/todo-api/docs"])
def test_where_there_is_nothing_the_way_to_the_documentation_is_told(behind_proxy: str, path: str) -> None:
    document = problem(httpx.get(behind_proxy + path), 404, "route_not_found")

    assert document["detail"] == "There is nothing at this path; the documentation is at /todo-api/docs."
