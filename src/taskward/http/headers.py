"""What every answer carries, also one that the application does not give (`protocol.py`)."""

import random


def new_request_id() -> bytes:
    return b"%016x" % random.getrandbits(64)


def common_headers(identity: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """Of an answer to the request of that id."""
    return (b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), (b"x-request-id", identity)
