"""Which pages may call, and what their browsers are told (Fetch standard, CORS protocol)."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from taskward.http.errors import PreflightRefused
from taskward.http.headers import HeaderList
from taskward.http.responses import ProblemResponse

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
REQUEST_HEADERS = ("Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-ID")
RESPONSE_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
    "Idempotent-Replayed",
)
ASKED_NAMES = "access-control-request-headers"


class Cors:
    """Credentials are allowed for the listed origins. Starlette judges preflights."""

    def __init__(self, *, origins: tuple[str, ...]) -> None:
        self.judge = CORSMiddleware(
            refuse_to_be_called,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            allow_credentials=True,
            expose_headers=RESPONSE_HEADERS,
            max_age=600,
        )
        vary = (b"vary", b"Origin")
        for_pages = tuple((name.lower().encode(), value.encode()) for name, value in self.judge.simple_headers.items())
        self.without_origin: HeaderList = (vary,)
        self.for_others: HeaderList = (*for_pages, vary)
        self.for_listed: dict[bytes, HeaderList] = {
            origin.encode(): (*for_pages, (b"access-control-allow-origin", origin.encode()), vary) for origin in origins
        }

    def headers_for(self, origin: bytes | None) -> HeaderList:
        """What every answer has, errors included, or the page could not read it."""
        return self.without_origin if origin is None else self.for_listed.get(origin, self.for_others)

    def preflight(self, request: Request) -> Response:
        response = self.judge.preflight_response(without_empty_names(request.headers))
        if response.status_code < 400:
            return response
        refused = ProblemResponse(PreflightRefused("This origin, method or header is not allowed to call from a page."))
        refused.headers.update(preflight_headers(response))
        return refused

    def refused_preflight(self, request: Request, refused: Response) -> Response:
        """One that is refused for another reason: the browser may read why, as if it had been judged."""
        refused.headers.update(preflight_headers(self.judge.preflight_response(without_empty_names(request.headers))))
        return refused


def preflight_headers(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}


def without_empty_names(headers: Headers) -> Headers:
    """RFC 9110 §5.6.1: a list may have empty elements, and stand on several lines."""
    names = [name for line in headers.getlist(ASKED_NAMES) for name in line.split(",") if name.strip()]
    others = [(name, value) for name, value in headers.raw if name != ASKED_NAMES.encode()]
    asked = [(ASKED_NAMES.encode(), ",".join(names).encode("latin-1"))] if names else []
    return Headers(raw=[*others, *asked])


async def refuse_to_be_called(*_: object) -> None:
    raise AssertionError("only its judgement of preflights is used")
