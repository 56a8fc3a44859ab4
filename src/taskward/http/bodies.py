"""The body of a request: declared as JSON, not too large, not too slow, and of one meaning only."""

import asyncio
import re
from typing import Any

from starlette.requests import ClientDisconnect, Request

from taskward.http.errors import BodyTooLarge, RequestTimeout, UnsupportedMediaType
from taskward.http.headers import AT_ONCE
from taskward.http.protocol import AtOnce
from taskward.http.validation import invalid
from taskward.strict_json import NotStrict, decoded

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 10
JSON_MEDIA_TYPE = re.compile(rb"application/([A-Za-z0-9!#$&^_.+-]+\+)?json[ \t]*(;.*)?", re.IGNORECASE)  # RFC 6839 §3.1


async def body_of(request: Request, *, max_bytes: int, may_be_absent: bool = False) -> bytes | None:
    """None where it may be absent and is.

    Raises:
        UnsupportedMediaType, BodyTooLarge, RequestTimeout
        ClientDisconnect: the client has gone in the middle of it.
    """
    media_type, length = b"", b"0"
    for name, value in reversed(request.scope["headers"]):  # of several the first counts
        if name == b"content-type":
            media_type = value
        elif name == b"content-length":
            length = value
    if may_be_absent and length == b"0" and b"transfer-encoding" not in dict(request.scope["headers"]):
        return None
    if not JSON_MEDIA_TYPE.fullmatch(media_type):
        raise UnsupportedMediaType("The body must be JSON, with the header Content-Type: application/json.")
    if int(length) > max_bytes:
        raise too_large(max_bytes)
    at_once: AtOnce | None = request.scope.get("extensions", {}).get(AT_ONCE)
    whole = None if at_once is None else at_once.body()
    if whole is not None:
        if len(whole) > max_bytes:
            raise too_large(max_bytes)
        return whole
    body, has_more = b"", True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while has_more and len(body) <= max_bytes:
                part, has_more = await received(request)
                body += part
    except TimeoutError:
        raise RequestTimeout from None
    if len(body) > max_bytes:
        raise too_large(max_bytes)
    return body


def value_of(body: bytes) -> Any:
    """
    Raises:
        ValidationFailed: no value can be made of it.
    """
    try:
        return decoded(body)
    except NotStrict as reason:
        raise invalid(["body"], str(reason), "json_invalid") from None


async def received(request: Request) -> tuple[bytes, bool]:
    """A part of the body, and whether there is more."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"The body is larger than {max_bytes} bytes.")
