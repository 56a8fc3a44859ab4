"""Which pages may call, and what their browsers are told (Fetch standard, CORS protocol)."""

import logging
import re
import time
from collections.abc import Callable, Iterator

from starlette.datastructures import Headers
from starlette.responses import Response

from taskward.http.errors import PreflightRefused
from taskward.http.headers import HeaderList
from taskward.http.responses import ProblemResponse

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
REQUEST_HEADERS = (
    # The standard allows the first four without asking, with values that are short and plain.
    *("Accept", "Accept-Language", "Content-Language", "Content-Type"),
    *("Authorization", "If-Match", "If-None-Match", "Idempotency-Key", "X-Request-ID"),
    # What tracing adds (W3C Trace Context and Baggage, Sentry), and what libraries and browsers' tools do.
    *("baggage", "sentry-trace", "traceparent", "tracestate"),
    *("X-Requested-With", "Cache-Control", "Pragma"),
)
RESPONSE_HEADERS = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
    "Idempotent-Replayed",
    "X-Total-Count",
)
MAX_AGE_SECONDS = 600

ASKED_METHOD, ASKED_NAMES = "access-control-request-method", "access-control-request-headers"
ASKED_NETWORK = "access-control-request-private-network"
CREDENTIALS = (b"access-control-allow-credentials", b"true")
VARY = (b"vary", b"Origin")

PLAIN_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[A-Za-z0-9._:\[\]-]{1,255}|null")
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
MAX_REFUSED_NAMES = 5
LINES_A_MINUTE = 5

log = logging.getLogger("taskward.cors")


class Cors:
    """Credentials are allowed for the listed origins. One may hold a `*`; `headers` are allowed beside ours."""

    def __init__(
        self,
        *,
        origins: tuple[str, ...],
        headers: tuple[str, ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_like_listed = pattern_of([origin for origin in origins if "*" in origin]).fullmatch
        self.allowed_names = frozenset(name.lower() for name in (*REQUEST_HEADERS, *headers))
        self.refusals = RefusalLog(clock)
        exposed = (b"access-control-expose-headers", ", ".join(RESPONSE_HEADERS).encode())
        self.without_origin: HeaderList = (VARY,)
        self.for_others: HeaderList = (CREDENTIALS, exposed, VARY)
        self.for_listed = {
            origin.encode(): (*self.for_others, allowing(origin.encode())) for origin in origins if "*" not in origin
        }
        self.of_preflights: HeaderList = (
            (b"access-control-allow-methods", ", ".join(METHODS).encode()),
            (b"access-control-allow-headers", ", ".join(dict.fromkeys((*REQUEST_HEADERS, *headers))).encode()),
            (b"access-control-max-age", b"%d" % MAX_AGE_SECONDS),
            CREDENTIALS,
            (b"vary", ", ".join(("Origin", *map(str.title, (ASKED_METHOD, ASKED_NAMES, ASKED_NETWORK)))).encode()),
        )

    def is_listed(self, origin: bytes) -> bool:
        return origin in self.for_listed or self.is_like_listed(origin) is not None

    def headers_for(self, origin: bytes | None) -> HeaderList:
        """What every answer has, errors included, or the page could not read it."""
        if origin is None:
            return self.without_origin
        listed = self.for_listed.get(origin)
        if listed is not None:
            return listed
        return (*self.for_others, allowing(origin)) if self.is_like_listed(origin) else self.for_others

    def preflight(self, asked: Headers) -> Response:
        reasons = list(self.reasons_against(asked))
        if not reasons:
            answer = Response("OK", media_type="text/plain")
        else:
            self.refusals.write(asked["origin"], reasons)
            answer = ProblemResponse(PreflightRefused(f"This page may not call so: {'; '.join(reasons)}."))
        return self.with_permissions(asked, answer)

    def with_permissions(self, asked: Headers, answer: Response) -> Response:
        """The answer to a preflight, so that the browser knows what is allowed and may read what is not."""
        origin = asked["origin"].encode("latin-1")
        answer.raw_headers += self.of_preflights
        if self.is_listed(origin):
            answer.raw_headers.append(allowing(origin))
            if asked.get(ASKED_NETWORK) == "true":
                answer.raw_headers.append((b"access-control-allow-private-network", b"true"))
        return answer

    def reasons_against(self, asked: Headers) -> Iterator[str]:
        """Each names what it is about, where that is short and plain."""
        origin, method = asked["origin"], asked[ASKED_METHOD]
        if not self.is_listed(origin.encode("latin-1")):
            yield f"{named('origin', origin, PLAIN_ORIGIN)} is not among CORS_ORIGINS"
        if method not in METHODS:
            yield f"{named('method', method, PLAIN_NAME)} is not one of {', '.join(METHODS)}"
        # RFC 9110 §5.6.1: a list may have empty elements, and stand on several lines.
        names = [name.strip(" \t") for line in asked.getlist(ASKED_NAMES) for name in line.split(",")]
        refused = dict.fromkeys(name for name in names if name and name.lower() not in self.allowed_names)
        for name in list(refused)[:MAX_REFUSED_NAMES]:
            yield f"{named('header', name, PLAIN_NAME)} is not among those that pages may send, nor in CORS_HEADERS"


def named(kind: str, value: str, plain: re.Pattern[str]) -> str:
    return f"the {kind} {value}" if plain.fullmatch(value) else f"its {kind}"


def allowing(origin: bytes) -> tuple[bytes, bytes]:
    return b"access-control-allow-origin", origin


def pattern_of(origins: list[str]) -> re.Pattern[bytes]:
    """A `*` stands for a part of one label of the name, so that no other host, port or user fits."""
    parts = [re.escape(origin).replace(r"\*", r"[^./:@]+") for origin in origins]
    return re.compile("|".join(parts).encode() or b"(?!)", re.DOTALL)


class RefusalLog:
    """What a page's developer sees in the browser alone, for the operator who can allow it.

    Anybody can invent origins: each minute has so many lines, no two of them alike, and then a count. Tokens are
    refused for few reasons, whoever sends them, and have as many lines for each (`auth/refusal_log.py`).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.minute = 0.0
        self.logged: set[str] = set()
        self.suppressed = 0

    def write(self, origin: str, reasons: list[str]) -> None:
        minute = self.clock() // 60
        if minute != self.minute:
            if self.suppressed:
                more = "preflight was" if self.suppressed == 1 else "preflights were"
                log.warning("%d more %s refused", self.suppressed, more)
            self.minute, self.logged, self.suppressed = minute, set(), 0
        line = f"a page of {ascii(origin)[:120]} may not call: {'; '.join(reasons)}"
        if line in self.logged:
            return
        if len(self.logged) < LINES_A_MINUTE:
            self.logged.add(line)
            log.warning("%s", line)
        else:
            self.suppressed += 1
