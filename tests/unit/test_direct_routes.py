"""Where requests are found past FastAPI's own routing."""

from fastapi.routing import iter_route_contexts

from taskward.app import routed
from taskward.http.direct_routes import DirectRoutes
from taskward.http.route import DirectRoute
from taskward.settings import read_settings


def test_every_direct_route_is_where_fastapi_has_it() -> None:
    api = routed(read_settings().model_copy(update={"api_prefix": "/api/v1"}))
    routes = DirectRoutes(api)

    contexts = [each for each in iter_route_contexts(api.routes) if isinstance(each.original_route, DirectRoute)]

    assert len(contexts) > 30
    assert any(str(each.path).startswith("/api/v1/tasks/{") for each in contexts)
    for each in contexts:
        for method in each.methods or ():
            path = str(each.path)
            found = routes.find(method, path) or routes.find(method, path.replace("{", "1").replace("}", ""))
            assert found is not None, f"{method} {path}"
