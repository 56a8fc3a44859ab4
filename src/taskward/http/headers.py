"""What every answer carries, also one that the application does not give (`protocol.py`)."""

import random

HeaderList = tuple[tuple[bytes, bytes], ...]
"""Names in lower case, as ASGI has them."""


AT_ONCE = "taskward.at_once"
"""The extension of the ASGI scope by which our own protocol gives and takes whole bodies, in place of messages."""


def new_request_id() -> bytes:
    return b"%016x" % random.getrandbits(64)


def common_headers(request_id: bytes) -> HeaderList:
    return (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"x-request-id", request_id)
