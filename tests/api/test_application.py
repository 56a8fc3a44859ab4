import json
import logging
import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from support.people import Person
from support.serving import serving
from support.settings import settings_for
from support.wire import ask
from taskward.app import create_app, services_of
from taskward.auth.issuer import LocalIssuer
from taskward.http.application import Application, plain_path
from taskward.http.cors import Cors
from taskward.logs import JsonFormatter
from taskward.settings import Settings

ORIGIN = "http://localhost:3000"


@pytest.fixture
def log_lines() -> Iterator[StringIO]:
    """What the requests of this test write, as `serve` writes it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    log = logging.getLogger("taskward.request")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield stream
    log.setLevel(level)
    log.removeHandler(handler)


def lines_of(stream: StringIO, request_id: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in lines if line["request_id"] == request_id]


async def misbehaving(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers, or fails before, within or after its answer, as Starlette does: it answers 500 and raises again."""
    match scope["path"]:
        case "/parts":
            await StreamingResponse(iter([b"one", b"two"]))(scope, receive, send)
        case "/fails":
            await PlainTextResponse("sorry", 500)(scope, receive, send)
            raise RuntimeError("a bug")
        case "/breaks-off":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("a bug")
        case path:
            await PlainTextResponse(f"{scope['method']} {path!r}")(scope, receive, send)


@pytest.fixture(scope="module")
def edge(settings: Settings) -> Iterator[str]:
    services = services_of(settings, local_issuer=None)
    with serving(Application(misbehaving, services, cors=Cors(origins=(ORIGIN,)))) as address:
        yield address


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("/", "/"),
        ("/tasks", "/tasks"),
        ("/tasks/", "/tasks"),
        ("/tasks//", "/tasks/"),
        ("//", "/"),
        ("/tasks\n", "/tasks\n\n"),
        ("/tasks\n/", "/tasks\n\n"),
        ("/tasks/\n", "/tasks/\n\n"),
        ("/tasks\n\n", "/tasks\n\n\n"),
        ("", ""),
    ],
)
def test_a_path_is_the_same_with_a_slash_at_its_end(sent: str, seen: str) -> None:
    assert plain_path(sent) == seen


def answered_id(edge: str, *values: bytes) -> bytes:
    return (
        ask(edge, b"GET", b"/whole", headers=[b"X-Request-ID: " + value for value in values])
        .headers["x-request-id"]
        .encode()
    )


@pytest.mark.parametrize("sane", [b"a", b"A-b_c.9", b"0" * 128])
def test_a_sane_request_id_is_kept(edge: str, sane: bytes) -> None:
    assert answered_id(edge, b"not sane", sane, b"second") == sane


@pytest.mark.parametrize("value", [b"", b"a b", b"\xc3\xa9", b"a" * 129, b"a/b", b"a,b", b"a:b", b"a\tb"])
def test_an_insane_request_id_is_replaced(edge: str, value: bytes) -> None:
    made = answered_id(edge, value)

    assert re.fullmatch(rb"[0-9a-f]{16}", made)
    assert answered_id(edge) != made


@pytest.mark.parametrize("path", ["/parts", "/whole"])
def test_head_is_get_without_the_body(edge: str, path: str) -> None:
    got, head = httpx.get(edge + path), httpx.head(edge + path)

    assert head.content == b""
    assert got.content
    assert without_changing(head) == without_changing(got)


def test_what_fails_is_logged_with_its_request_and_the_connection_goes_on(edge: str, log_lines: StringIO) -> None:
    with httpx.Client(base_url=edge) as client:
        answer = client.get("/fails", headers={"X-Request-ID": "failing", "Origin": ORIGIN})
        after = client.get("/whole")

    failure, summary = lines_of(log_lines, "failing")
    assert (answer.status_code, answer.text) == (500, "sorry")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert after.status_code == 200
    assert (failure["level"], summary["status"]) == ("error", 500)
    assert failure["exception"].endswith("RuntimeError: a bug")


def test_an_answer_that_breaks_off_ends_the_connection(edge: str, log_lines: StringIO) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(edge + "/breaks-off", headers={"X-Request-ID": "broken"})

    failure, summary = lines_of(log_lines, "broken")
    assert failure["exception"].endswith("RuntimeError: a bug")
    assert summary["status"] == 200


def test_a_request_is_logged_by_its_route_never_by_what_the_client_wrote(
    api: str, ann: Person, log_lines: StringIO
) -> None:
    task = ann.adds("Milk")

    for method, path in [
        ("GET", f"/tasks/{task['id']}?_=hunter2"),
        ("HEAD", "/tasks"),
        ("GET", "/hunter2"),
        ("PURGE", "/tasks"),
        ("OPTIONS", "/tasks"),
        ("GET", "/docs/"),
        ("GET", "/docs/swagger-ui.css"),
        ("GET", "/openapi.json"),
    ]:
        ann.send(method, path, headers={"X-Request-ID": "logged", "X-Other": "hunter2"})
    asks = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "GET", "X-Request-ID": "logged"}
    ann.send("OPTIONS", "/tasks/hunter2", headers=asks)

    found = lines_of(log_lines, "logged")
    assert [(line["message"], line["status"]) for line in found] == [
        ("GET /tasks/{task_id}", 200),
        ("HEAD /tasks", 200),
        ("GET unknown", 404),
        ("other /tasks", 405),
        ("OPTIONS /tasks", 405),
        ("GET /docs", 200),
        ("GET /docs/{file}", 200),
        ("GET /openapi.json", 200),
        ("OPTIONS preflight", 200),
    ]
    assert all(0 < line["ms"] < 20_000 for line in found)
    assert "hunter2" not in log_lines.getvalue()
    assert ann.token not in log_lines.getvalue()


def test_the_line_of_a_503_tells_why(issuer: LocalIssuer, person: Callable[..., Person], log_lines: StringIO) -> None:
    nowhere = settings_for("postgresql://u:sesame@127.0.0.1:1/d")
    with serving(create_app(nowhere, local_issuer=issuer)) as address:
        answer = person("ann", api=address).get("/tasks", headers={"X-Request-ID": "away"})

    [line] = lines_of(log_lines, "away")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert (line["code"], line["reason"]) == ("database_unavailable", "connect_failed")
    assert "reason" not in answer.json()


@pytest.mark.parametrize(
    "extra", [b"X-A: \xff", b"X-A:", b"x-a: b", b"Origin: \xff", b"Access-Control-Request-Method: x"]
)
def test_odd_headers_change_nothing(edge: str, extra: bytes) -> None:
    assert ask(edge, b"GET", b"/whole", headers=[extra]).text == "GET '/whole'"


def without_changing(answer: httpx.Response) -> dict[str, str]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name not in ("date", "x-request-id", "transfer-encoding")
    }
