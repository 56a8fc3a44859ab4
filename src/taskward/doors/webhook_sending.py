"""One event on its way to the application: signed (Standard Webhooks 1.0), and what came of it."""

import asyncio
import hmac
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version

import httpx2

from taskward.auth.jwks import tls_context
from taskward.doors.webhook_events import Event
from taskward.doors.webhook_retries import wish_in
from taskward.settings import Settings

SEND_SECONDS = 15
"""For name, connection, request and answer together."""

MOST_BYTES = 64 * 1024
"""Of an answer's body, which says nothing here: it is read to its end so that the connection can be used again, unless
it is longer, or its end does not come in `READ_SECONDS`."""
READ_SECONDS = 1

MOST_AT_ONCE = 32
"""Requests of a process."""

KEPT_SECONDS = 2
"""For which an idle connection is used again: less than the 5 s after which Node.js closes it, perhaps just then."""


class Outcome(StrEnum):
    DELIVERED = "delivered"
    REJECTED = "rejected"
    """Another status than 2xx, redirects among them."""
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    """No connection, or one that broke, or an answer that is not HTTP."""


@dataclass(frozen=True, slots=True)
class Answer:
    outcome: Outcome
    said: str
    """The status, or the class of the error: nothing that the other side wrote."""
    wish_seconds: float | None = None
    """How long the receiver asks not to be asked again."""


def signature(keys: Sequence[bytes], event: Event, *, at: int) -> str:
    signed = b"%b.%d.%b" % (event.id.encode(), at, event.body)
    return " ".join(f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}" for key in keys)


class Sender:
    """`clock` gives seconds since 1970."""

    def __init__(
        self, settings: Settings, *, seconds: float = SEND_SECONDS, clock: Callable[[], float] = time.time
    ) -> None:
        if settings.webhook_url is None:
            raise ValueError("there is no WEBHOOK_URL")
        self.url = httpx2.URL(settings.webhook_url)
        self.keys = settings.webhook_keys
        self.seconds = seconds
        self.clock = clock
        self.headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"taskward/{version('taskward')}",
        }
        # Without a client around it: nothing follows redirects, keeps cookies, or adds a header.
        self.http = httpx2.AsyncHTTPTransport(
            verify=tls_context(settings.webhook_url),
            trust_env=False,
            limits=httpx2.Limits(
                max_connections=MOST_AT_ONCE, max_keepalive_connections=MOST_AT_ONCE, keepalive_expiry=KEPT_SECONDS
            ),
        )

    async def close(self) -> None:
        await self.http.aclose()

    async def send(self, event: Event) -> Answer:
        """Never raises but when it is cancelled."""
        at = int(self.clock())
        signed = {
            "webhook-id": event.id,
            "webhook-timestamp": str(at),
            "webhook-signature": signature(self.keys, event, at=at),
        }
        try:
            async with asyncio.timeout(self.seconds):
                request = httpx2.Request("POST", self.url, headers=self.headers | signed, content=event.body)
                answer = await self.http.handle_async_request(request)
        except TimeoutError:
            return Answer(Outcome.TIMEOUT, f"no answer within {self.seconds:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            return Answer(Outcome.UNREACHABLE, type(reason_of(error)).__name__)
        await end(answer)
        if answer.is_success:
            return Answer(Outcome.DELIVERED, str(answer.status_code))
        wish = wish_in(answer.headers.get("Retry-After"), now=self.clock())
        return Answer(Outcome.REJECTED, str(answer.status_code), wish)


def reason_of(error: Exception) -> BaseException:
    """What the system said, such as that a certificate is not good; else the error itself."""
    found: BaseException = error
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and type(cause) is not OSError:
            found = cause
        cause = cause.__cause__ or cause.__context__
    return found


async def end(answer: httpx2.Response) -> None:
    """Whatever happens to its body, the answer is known."""
    with suppress(httpx2.HTTPError, TimeoutError):
        try:
            async with asyncio.timeout(READ_SECONDS):
                length = 0
                async for chunk in answer.aiter_raw():
                    length += len(chunk)
                    if length > MOST_BYTES:
                        break
        finally:
            await answer.aclose()
