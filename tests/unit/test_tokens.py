import contextlib

from hypothesis import given
from hypothesis import strategies as st

from support.signing import base64url
from taskward.auth.tokens import canonical_base64url


@given(st.binary())
def test_any_bytes_have_one_spelling_in_base64url_that_is_read(data: bytes) -> None:
    spelled = base64url(data).encode()

    assert canonical_base64url(spelled) == data
    for other in (spelled + b"=", spelled + b"A", spelled[:-1] + b"_", spelled + b"\n"):
        with contextlib.suppress(ValueError):
            assert canonical_base64url(other) != data or other == spelled
