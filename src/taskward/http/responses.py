"""Answers: JSON that PostgreSQL made, problem documents, and the headers of versions, creations and pages."""

import json
from collections.abc import Iterable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from taskward.errors import Problem
from taskward.http.context import context_in, settings_of
from taskward.http.headers import HeaderList
from taskward.resources.paging import Page, PageRequest
from taskward.resources.resource import Versioned
from taskward.resources.versions import entity_tag

OF_QUERIES = "!$'()*/:?@"


class JsonResponse(Response):
    """A body that is JSON already. Header names are in lower case."""

    def __init__(self, body: bytes, *, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", b"application/json"),
            *headers,
        ]


class KeptResponse(Response):
    """One that its client may keep and ask about by its `ETag`: its Cache-Control takes the place of everybody's."""

    cache_control = b"private, no-cache, no-transform"


class ProblemResponse(Response):
    """RFC 9457."""

    media_type = "application/problem+json"

    def __init__(self, problem: Problem) -> None:
        super().__init__(json.dumps(problem.document()), status_code=problem.status, headers=problem.headers)
        self.problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where FastAPI sends it."""
        context_in(scope).problem = self.problem
        await super().__call__(scope, receive, send)


def versioned(row: Versioned, *, status: int = 200, headers: HeaderList = ()) -> Response:
    etag = (b"etag", entity_tag(row.version))
    return JsonResponse(row.json, status=status, headers=[etag, *headers, *replayed(row.is_replay)])


def created(request: Request, row: Versioned) -> Response:
    """201, with `Location`."""
    location = location_of(request, row.id).encode("latin-1")
    return versioned(row, status=201, headers=((b"location", location),))


def location_of(request: Request, row_id: int, *, collection: str | None = None) -> str:
    """Of a row in the collection that the request is for, or in another, as the client knows it."""
    return f"{settings_of(request).root_path}{collection or request.scope['path']}/{row_id}"


def not_modified(row: Versioned) -> Response:
    response = Response(status_code=304)
    response.raw_headers.append((b"etag", entity_tag(row.version)))
    return response


def no_content(*, is_replay: bool = False) -> Response:
    response = Response(status_code=204)
    response.raw_headers += replayed(is_replay)
    return response


def replayed(is_replay: bool) -> list[tuple[bytes, bytes]]:
    return [(b"idempotent-replayed", b"true")] if is_replay else []


def paged(request: Request, asked: PageRequest, page: Page) -> Response:
    headers = []
    if page.next_cursor is not None:
        headers.append((b"link", next_link(request, page.next_cursor, asked.limit)))
    if page.total is not None:
        headers.append((b"x-total-count", b"%d" % page.total))
    return JsonResponse(page.json, headers=headers)


def next_link(request: Request, cursor: str, limit: int) -> bytes:
    """RFC 8288: relative to the request, with its other parameters."""
    given = request.query_params.multi_items()
    kept = [(name, value) for name, value in given if name not in ("cursor", "limit", "skip")]
    # What may stand in a query as it is (RFC 3986 §3.4) stays so, or the link would be longer than the request.
    others = f"&{urlencode(kept, safe=OF_QUERIES)}" if kept else ""
    return f'<?cursor={cursor}&limit={limit}{others}>; rel="next"'.encode("latin-1")
