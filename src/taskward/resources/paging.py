"""Cursors: where a walk through a list goes on.

A cursor is opaque and belongs to its owner and list. It is bound to them by a digest, not by a secret:
all that a forged one could name is a place among the forger's own rows. Whoever reads a place checks its form.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from taskward.errors import CursorInvalid

DIGEST_BYTES = 12


def cursor_for(place: str, *, owner_id: str, of: str) -> str:
    """`place` is what the list sorts by, `of` names the list with everything that selects and orders it."""
    return urlsafe_b64encode(digest(place, owner_id, of) + place.encode()).rstrip(b"=").decode()


def place_of(cursor: str, *, owner_id: str, of: str) -> str:
    """
    Raises:
        CursorInvalid: given out for another owner or list, altered, cut or invented.
    """
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        place = raw[DIGEST_BYTES:].decode()
    except ValueError:  # of base64 and UTF-8 alike
        raise CursorInvalid from None
    # Spelled in exactly one way: stray bits at the end, padding and foreign characters do not come out the same.
    if cursor_for(place, owner_id=owner_id, of=of) != cursor:
        raise CursorInvalid
    return place


def digest(place: str, owner_id: str, of: str) -> bytes:
    return sha256(json.dumps((of, owner_id, place)).encode()).digest()[:DIGEST_BYTES]
