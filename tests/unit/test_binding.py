"""The plan binds what FastAPI binds, and finds wrong what FastAPI finds wrong, in the same words and order."""

import json
from collections.abc import Callable, Coroutine, Iterator
from datetime import date
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import BackgroundTasks, Body, Cookie, Depends, FastAPI, Header, Path, Query
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from support.serving import serving
from taskward.http.binding import Errors, Plan


class PlannedRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        plan = Plan(self.dependant)

        async def answer(request: Request) -> Response:
            raw = await request.body()
            errors: Errors = []
            values = plan.bind(request, json.loads(raw) if raw else None, errors)
            if errors:
                raise RequestValidationError(errors)
            response: Response = await self.endpoint(**values)
            return response

        return answer


class Item(BaseModel):
    name: str
    size: int = 1


def shouted(request: Request, word: Annotated[str, Header()] = "hush") -> str:
    return f"{request.method} {word.upper()}"


def measured(size: Annotated[int, Query(ge=1)], shout: Annotated[str, Depends(shouted)]) -> str:
    return f"{shout} {size}"


async def echo(
    request: Request,
    number: Annotated[int, Path(le=100), BeforeValidator(str.strip)],
    measure: Annotated[str, Depends(measured)],
    item: Item,
    kinds: Annotated[list[Literal["a", "b"]], Query(alias="kind")] = [],  # noqa: B006 - nobody changes it
    day: date | None = None,
    tags: Annotated[list[str], Query(max_length=2)] = ["none"],  # noqa: B006
    x_count: Annotated[int | None, Header(alias="X-Count")] = None,
    flag: bool = False,
) -> Response:
    kinds.append("b")  # a default belongs to one request
    return JSONResponse([request.method, number, measure, item.model_dump(), kinds, str(day), tags, x_count, flag])


def api_of(route_class: type[APIRoute]) -> FastAPI:
    api = FastAPI()
    api.router.route_class = route_class
    api.post("/items/{number}")(echo)
    return api


@pytest.fixture(scope="module")
def stock() -> Iterator[httpx.Client]:
    with serving(api_of(APIRoute)) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(scope="module")
def planned() -> Iterator[httpx.Client]:
    with serving(api_of(PlannedRoute)) as address, httpx.Client(base_url=address) as client:
        yield client


QUERY = st.lists(
    st.tuples(
        st.sampled_from(["size", "kind", "day", "tags", "flag", "unknown"]),
        st.sampled_from(["", "1", "-1", "a", "b", "2026-03-10", "yes", "no", "é", "1e3", "null"]),
    ),
    max_size=6,
)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Count", "word", "x-other"]), st.sampled_from(["1", "x", "", "-7"]), max_size=3
)
BODY = st.one_of(  # always one: without it a route has answered before
    st.just("text"),
    st.integers(),
    st.just([]),
    st.dictionaries(
        st.sampled_from(["name", "size", "other"]), st.one_of(st.text(max_size=3), st.integers(), st.none())
    ),
)


def told(response: httpx.Response) -> Any:
    if response.status_code != 422:
        return response.status_code, response.json()
    return [{name: error[name] for name in ("type", "loc", "msg")} for error in response.json()["detail"]]


@settings(max_examples=150)
@given(number=st.sampled_from(["7", " 8 ", "x", "101", "%20"]), query=QUERY, headers=HEADERS, body=BODY)
def test_it_does_what_fastapi_does(
    stock: httpx.Client,
    planned: httpx.Client,
    number: str,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    body: object,
) -> None:
    def ask(server: httpx.Client) -> Any:
        return told(server.post(f"/items/{number}", params=query, headers=headers, json=body))

    assert ask(planned) == ask(stock)


def test_what_all_is_valid_arrives(planned: httpx.Client) -> None:
    answer = planned.post(
        "/items/7?size=2&kind=a&tags=x&tags=y&day=2026-03-10&flag=true",
        headers={"word": "hear", "X-Count": "3"},
        json={"name": "Milk"},
    )
    expected = ["POST", 7, "POST HEAR 2", {"name": "Milk", "size": 1}, ["a", "b"], "2026-03-10", ["x", "y"], 3, True]
    assert answer.json() == expected


def test_a_default_is_made_anew_for_each_request(planned: httpx.Client) -> None:
    for _ in range(2):
        assert planned.post("/items/7?size=2", json={"name": "Milk"}).json()[4] == ["b"]


async def awaited() -> int:
    return 1


def yielded() -> Any:
    yield 1


async def with_awaited(one: Annotated[int, Depends(awaited)]) -> None: ...
async def with_yield(one: Annotated[int, Depends(yielded)]) -> None: ...
async def with_cookie(one: Annotated[str, Cookie()]) -> None: ...
async def with_two_bodies(one: Item, two: Annotated[Item, Body()]) -> None: ...
async def with_background(tasks: BackgroundTasks) -> None: ...
async def with_response(response: Response) -> None: ...
async def with_header_list(one: Annotated[list[str], Header()]) -> None: ...


@pytest.mark.parametrize(
    "endpoint",
    [
        with_awaited,
        with_yield,
        with_cookie,
        with_two_bodies,
        with_background,
        with_response,
        with_header_list,
    ],
)
def test_what_the_plan_does_not_understand_is_refused_when_the_route_is_made(endpoint: Any) -> None:
    with pytest.raises(TypeError, match="more of FastAPI"):
        FastAPI().router.add_api_route("/items", endpoint, route_class_override=PlannedRoute, methods=["POST"])
