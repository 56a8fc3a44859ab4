"""A route's signature, compiled once into a plan that takes a request's values from where they are.

FastAPI works the same out for every request, and sends each plain dependency through a thread. The plan is made
of FastAPI's own description of the signature, so that OpenAPI cannot say anything else, and its fields validate.
"""

import inspect
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from typing import Any, get_origin

from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from starlette.requests import Request

Errors = list[dict[str, Any]]
"""As Pydantic has them, each with its location (`loc`)."""

Find = Callable[[Request], Any]

ABSENT = object()
NOTHING: frozenset[str] = frozenset()


class Plan:
    """What an endpoint, or a dependency of it, is called with.

    Understood are path, query and header parameters, one body, the request, and dependencies that are plain
    functions. What else FastAPI offers (cookies, forms, `yield`, background tasks) is refused when the route is made.
    """

    takes_request_alone: bool

    def __init__(self, dependant: Dependant) -> None:
        refuse_what_is_not_understood(dependant)
        self.request_name = dependant.request_param_name
        plans = [(sub.name, Plan(sub), sub.call) for sub in dependant.dependencies if sub.call]
        self.of_request = [(name, call) for name, plan, call in plans if name is not None and plan.takes_request_alone]
        self.dependencies = [(name, plan, call) for name, plan, call in plans if not plan.takes_request_alone]
        self.parameters = [
            (field, field.alias if location == "query" else None, find_in(field), (location, field.alias), is_required)
            for location, fields, find_in in (
                ("path", dependant.path_params, in_path),
                ("query", dependant.query_params, in_query),
                ("header", dependant.header_params, in_headers),
            )
            for field in fields
            for is_required in [field.field_info.is_required()]
        ]
        defaults = {field.name: field.get_default() for field, *_, is_required in self.parameters if not is_required}
        self.defaults = {name: value for name, value in defaults.items() if value is None or type(value) in (str, int)}
        # Nobody may change what the next request gets.
        self.made_defaults = [
            (name, list if value == [] else partial(deepcopy, value))
            for name, value in defaults.items()
            if name not in self.defaults
        ]
        self.asks_query = bool(dependant.query_params)
        self.body = dependant.body_params[0] if dependant.body_params else None
        self.takes_request_alone = self.request_name is not None and not (plans or self.parameters or self.body)

    def bind(self, request: Request, body: Any, errors: Errors) -> dict[str, Any]:
        """The arguments by name. They are of no use when something was added to `errors`."""
        values: dict[str, Any] = self.defaults.copy()
        for name, make in self.made_defaults:
            values[name] = make()
        for name, call in self.of_request:
            values[name] = call(request)
        for dependency, plan, call in self.dependencies:
            before = len(errors)
            found = plan.bind(request, body, errors)
            if dependency is not None and len(errors) == before:
                values[dependency] = call(**found)
        # Most parameters of a query are not there: to look for each by itself took a tenth of the time of a list.
        asked = frozenset(request.query_params) if self.asks_query and request.scope["query_string"] else NOTHING
        for field, in_query_as, find, loc, is_required in self.parameters:
            value = find(request) if in_query_as is None or in_query_as in asked else ABSENT
            if value is not ABSENT:
                values[field.name], wrong = field.validate(value, loc=loc)
                errors += wrong
            elif is_required:
                errors.append({"type": "missing", "loc": loc, "msg": "Field required"})
        if self.body is not None:
            values[self.body.name], wrong = self.body.validate(body, loc=("body",))
            errors += wrong
        if self.request_name is not None:
            values[self.request_name] = request
        return values


def in_path(field: ModelField) -> Find:
    name = field.alias
    return lambda request: request.scope["path_params"][name]


def in_query(field: ModelField) -> Find:
    name = field.alias
    if may_repeat(field):
        return lambda request: request.query_params.getlist(name)
    return lambda request: request.query_params[name]


def in_headers(field: ModelField) -> Find:
    wanted = field.alias.lower().encode("latin-1")

    def one(request: Request) -> Any:
        for name, value in request.scope["headers"]:
            if name == wanted:
                return value.decode("latin-1")
        return ABSENT

    return one


def query_params_of(dependant: Dependant) -> Iterator[ModelField]:
    """Also those that its dependencies take."""
    yield from dependant.query_params
    for sub in dependant.dependencies:
        yield from query_params_of(sub)


def may_repeat(field: ModelField) -> bool:
    return get_origin(field.field_info.annotation) is list


def refuse_what_is_not_understood(dependant: Dependant) -> None:
    call = dependant.call
    unknown = (
        dependant.cookie_params
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
        or dependant.websocket_param_name
        or dependant.http_connection_param_name
        or len(dependant.body_params) > 1
        or any(may_repeat(field) for field in dependant.header_params)
        or any(is_beyond_a_name(field) for field in (*dependant.query_params, *dependant.header_params))
    )
    unfit = [sub for sub in dependant.dependencies if sub.body_params or not is_plain(sub.call)]
    if unknown or unfit:
        raise TypeError(f"{getattr(call, '__name__', call)} asks for more of FastAPI than http/binding.py understands")


def is_beyond_a_name(field: ModelField) -> bool:
    return bool(field.field_info.validate_default) or (field.validation_alias or field.alias) != field.alias


def is_plain(call: Any) -> bool:
    function = call if inspect.isroutine(call) else type(call).__call__
    return not (inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function))
