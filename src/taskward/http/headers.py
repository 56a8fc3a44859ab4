"""What every answer carries, also one that the application does not give (`protocol.py`)."""

import random

HeaderList = tuple[tuple[bytes, bytes], ...]
"""Names in lower case, as ASGI has them."""


AT_ONCE = "taskward.at_once"
"""The extension of the ASGI scope by which our own protocol gives and takes whole bodies, in place of messages."""


# A proxy that compresses an answer weakens its ETag, which then matches no more, unless it is told to leave it alone.
CACHE_CONTROL = (b"cache-control", b"no-store, no-transform")
SNIFFING = (b"x-content-type-options", b"nosniff")


def new_request_id() -> bytes:
    return b"%016x" % random.getrandbits(64)


def common_headers(request_id: bytes) -> HeaderList:
    return CACHE_CONTROL, SNIFFING, (b"x-request-id", request_id)
