"""Taskward with a real Better Auth: its people, its tokens, its keys."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from better_auth import BetterAuth, running_better_auth

from taskward.core.auth import authenticator
from taskward.core.errors import KeysUnavailable, TokenInvalid
from taskward.core.keys import COOLDOWN_SECONDS
from taskward.settings import ALGORITHMS, read_settings


@pytest.fixture(scope="module")
def better_auth() -> Iterator[BetterAuth]:
    with running_better_auth() as server:
        yield server


def caller(token, verifier):
    return asyncio.run(verifier.caller([(b"authorization", f"Bearer {token}".encode())], deadline_seconds=2)).owner


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_verifies_with_every_algorithm(algorithm):
    with running_better_auth(ALGORITHM=algorithm) as server:
        ann = server.sign_up("ann@example.com")
        verifier = authenticator(read_settings(better_auth_url=server.origin))
        assert caller(ann.token(), verifier) == ann.user_id
        assert caller(ann.token_from_header(), verifier) == ann.user_id
        with pytest.raises(TokenInvalid):
            caller(ann.secret, verifier)
        ann.sign_out()


def test_rotation():
    with running_better_auth(ROTATION_SECONDS=str(COOLDOWN_SECONDS)) as server:
        ann = server.sign_up("ann@example.com")
        verifier = authenticator(read_settings(better_auth_url=server.origin))
        assert caller(ann.token(), verifier) == ann.user_id
        time.sleep(COOLDOWN_SECONDS)
        assert caller(ann.token(), verifier) == ann.user_id
        port = server.origin
        server.stop()
        server.start()
        assert server.origin == port
        server.stop()
        with pytest.raises(KeysUnavailable):
            caller(ann.token, authenticator(read_settings(better_auth_url=server.origin)))
