import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from support.key_server import FAULTS, KeyServer, running_key_server
from support.signing import Clock, Signer
from taskward.auth import jwks
from taskward.auth.errors import KeysUnavailable
from taskward.auth.key_set import RemoteKeySet
from taskward.settings import ALGORITHMS

pytestmark = pytest.mark.anyio

SIGNER = Signer("https://app.example.com")
EDDSA = (SIGNER.kid("EdDSA"), "EdDSA")
ES256 = (SIGNER.kid("ES256"), "ES256")
SHORT_SECONDS = 0.2
"""A deadline that a test waits for."""
LONG_SECONDS = 60
"""A deadline that no test should come near."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with running_key_server() as server:
        server.keys = SIGNER.public_keys(["EdDSA"])
        yield server


@pytest.fixture
def clock() -> Clock:
    return Clock(1000)


@pytest.fixture
async def keys(server: KeyServer, clock: Clock) -> AsyncIterator[RemoteKeySet]:
    keys = RemoteKeySet(server.url, ALGORITHMS, monotonic=clock)
    yield keys
    await keys.close()


@pytest.fixture
async def warm(keys: RemoteKeySet, clock: Clock) -> RemoteKeySet:
    """Keys that were fetched just now, with `EDDSA` alone among them."""
    assert await keys.find(EDDSA, deadline_seconds=LONG_SECONDS)
    return keys


async def refreshed(keys: RemoteKeySet) -> None:
    """Once the fetch that runs in the background has ended."""
    assert keys.fetching is not None
    await asyncio.wait_for(asyncio.shield(keys.fetching), LONG_SECONDS)


# When keys are fetched


async def test_nothing_is_fetched_before_the_first_token(keys: RemoteKeySet, server: KeyServer) -> None:
    assert server.fetches == 0

    assert keys.known(EDDSA) is None


async def test_two_hundred_requests_that_find_no_keys_share_one_fetch(keys: RemoteKeySet, server: KeyServer) -> None:
    found = await asyncio.gather(*(keys.find(EDDSA, deadline_seconds=LONG_SECONDS) for _ in range(200)))

    assert set(found) == {keys.known(EDDSA)}
    assert None not in found
    assert server.fetches == 1


async def test_keys_are_used_for_five_minutes_without_asking(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    clock.now += 300

    assert warm.known(EDDSA)
    assert await warm.find(EDDSA, deadline_seconds=LONG_SECONDS)
    assert warm.fetching is not None
    assert warm.fetching.done()
    assert server.fetches == 1


async def test_after_five_minutes_they_are_refreshed_behind_the_request(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    clock.now += 300.1
    server.fault = "wait"

    assert warm.known(EDDSA)
    assert warm.known(EDDSA)
    server.go_on.set()
    await refreshed(warm)

    assert server.fetches == 2
    clock.now += 300
    assert warm.known(EDDSA)


async def test_a_key_that_was_removed_ends_after_five_minutes_and_five_seconds_although_nobody_asked(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.keys = SIGNER.public_keys(["ES256"])
    clock.now += 305.1

    assert warm.known(EDDSA) is None
    assert await warm.find(EDDSA, deadline_seconds=LONG_SECONDS) is None


async def test_a_key_that_was_removed_ends_with_the_refresh(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.keys = SIGNER.public_keys(["ES256"])
    clock.now += 305

    assert warm.known(EDDSA)
    await refreshed(warm)
    assert warm.known(EDDSA) is None
    assert await warm.find(EDDSA, deadline_seconds=LONG_SECONDS) is None


async def test_the_age_of_keys_counts_from_the_beginning_of_their_fetch(
    keys: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.fault = "wait"
    finding = asyncio.create_task(keys.find(EDDSA, deadline_seconds=LONG_SECONDS))
    assert await asyncio.to_thread(server.arrived.wait, LONG_SECONDS)
    clock.now += 2
    server.go_on.set()
    assert await finding

    clock.now += 303.1
    assert keys.known(EDDSA) is None


# Unknown keys


async def test_a_key_that_was_rotated_in_is_found_at_the_first_try(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.keys = SIGNER.public_keys(["EdDSA", "ES256"])
    clock.now += 5

    assert await warm.find(ES256, deadline_seconds=LONG_SECONDS)
    assert server.fetches == 2


async def test_an_unknown_key_is_unknown_until_five_seconds_after_the_last_good_fetch(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.keys = SIGNER.public_keys(["EdDSA", "ES256"])
    clock.now += 4.9

    assert await warm.find(ES256, deadline_seconds=LONG_SECONDS) is None
    assert server.fetches == 1


async def test_an_empty_set_is_a_good_answer(keys: RemoteKeySet, server: KeyServer, clock: Clock) -> None:
    server.keys = []
    assert await keys.find(EDDSA, deadline_seconds=LONG_SECONDS) is None

    server.keys = SIGNER.public_keys(["EdDSA"])
    assert await keys.find(EDDSA, deadline_seconds=LONG_SECONDS) is None
    clock.now += 5
    assert await keys.find(EDDSA, deadline_seconds=LONG_SECONDS)


async def test_an_unknown_key_is_not_judged_while_the_last_fetch_failed(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.fault = "500"
    clock.now += 5
    for _ in range(2):
        with pytest.raises(KeysUnavailable):
            await warm.find(ES256, deadline_seconds=LONG_SECONDS)
    assert server.fetches == 2
    assert warm.known(EDDSA)

    server.fault = None
    clock.now += 5
    assert await warm.find(ES256, deadline_seconds=LONG_SECONDS) is None


async def test_three_thousand_unknown_keys_make_one_fetch_in_five_seconds(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    began_at = clock.now
    for wave in range(30):
        clock.now = began_at + wave * 0.5
        waves = (warm.find((f"{wave}-{n}", "EdDSA"), deadline_seconds=LONG_SECONDS) for n in range(100))
        assert set(await asyncio.gather(*waves)) == {None}

    assert server.fetches == 1 + 2  # 14.5 seconds


# A key server that fails


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "wait"])
async def test_a_failing_key_server_goes_unnoticed_while_keys_are_known(
    warm: RemoteKeySet, server: KeyServer, clock: Clock, fault: str
) -> None:
    server.fault = fault
    server.arrived.clear()
    clock.now += 1000

    assert await warm.find(EDDSA, deadline_seconds=SHORT_SECONDS)
    assert await asyncio.to_thread(server.arrived.wait, LONG_SECONDS)
    assert server.fetches == 2


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "wait"])
async def test_a_failing_key_server_is_said_when_no_keys_are_known(
    keys: RemoteKeySet, server: KeyServer, fault: str
) -> None:
    server.fault = fault

    with pytest.raises(KeysUnavailable) as refused:
        await keys.find(EDDSA, deadline_seconds=SHORT_SECONDS)

    assert await asyncio.to_thread(server.arrived.wait, LONG_SECONDS)
    assert refused.value.headers == {"Retry-After": "5"}
    assert server.paths == ["/api/auth/jwks"]


async def test_a_key_server_that_hangs_keeps_no_request_beyond_its_deadline(
    keys: RemoteKeySet, server: KeyServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fetch itself goes on: a request ends by its own deadline."""
    monkeypatch.setattr(jwks, "FETCH_SECONDS", LONG_SECONDS)
    server.fault = "hang"
    began_at = time.monotonic()
    with pytest.raises(KeysUnavailable):
        await keys.find(EDDSA, deadline_seconds=1)
    assert time.monotonic() - began_at > 0.85
    assert is_fetching(keys)
    await keys.close()

    server.fault = None
    clock.now += 5
    assert await keys.find(EDDSA, deadline_seconds=LONG_SECONDS)
    server.fault = "hang"
    clock.now += 306
    began_at = time.monotonic()
    assert await keys.find(EDDSA, deadline_seconds=1)
    assert time.monotonic() - began_at > 0.45
    assert is_fetching(keys)


def is_fetching(keys: RemoteKeySet) -> bool:
    return keys.fetching is not None and not keys.fetching.done()


async def test_a_failing_key_server_is_asked_once_in_five_seconds(
    keys: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.fault = "500"
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            await keys.find(EDDSA, deadline_seconds=LONG_SECONDS)
    assert server.fetches == 1

    clock.now += 5
    server.fault = None
    assert await keys.find(EDDSA, deadline_seconds=LONG_SECONDS)
    assert server.fetches == 2


async def test_known_keys_outlive_a_dead_server_for_an_hour_and_no_longer(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.shutdown()
    server.server_close()
    for _ in range(5):
        clock.now += 720
        assert await warm.find(EDDSA, deadline_seconds=LONG_SECONDS)
        assert warm.known(EDDSA)

    clock.now += 0.1
    assert warm.known(EDDSA) is None
    with pytest.raises(KeysUnavailable):
        await warm.find(EDDSA, deadline_seconds=LONG_SECONDS)


async def test_once_a_refresh_has_failed_no_request_waits_for_the_next(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.fault = "500"
    clock.now += 400
    assert await warm.find(EDDSA, deadline_seconds=LONG_SECONDS)

    server.fault = "hang"
    clock.now += 5
    server.arrived.clear()
    assert warm.known(EDDSA)
    assert await asyncio.to_thread(server.arrived.wait, LONG_SECONDS)


async def test_old_keys_are_good_again_once_the_server_answers(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.fault = "500"
    clock.now += 400
    assert await warm.find(EDDSA, deadline_seconds=LONG_SECONDS)
    server.fault = None
    clock.now += 5
    assert warm.known(EDDSA)
    await refreshed(warm)

    clock.now += 306
    assert warm.known(EDDSA) is None  # waits again, because the server is not known to fail


async def test_after_a_failure_that_is_long_past_a_request_waits_again(
    warm: RemoteKeySet, server: KeyServer, clock: Clock
) -> None:
    server.fault = "500"
    clock.now += 306
    assert await warm.find(EDDSA, deadline_seconds=LONG_SECONDS)
    clock.now += 305
    assert warm.known(EDDSA)
    await refreshed(warm)

    server.fault = "wait"
    server.keys = SIGNER.public_keys(["ES256"])
    clock.now += 305.1
    first, second = (asyncio.create_task(warm.find(EDDSA, deadline_seconds=LONG_SECONDS)) for _ in range(2))
    await asyncio.sleep(0)
    assert warm.known(EDDSA) is None
    server.go_on.set()
    assert await first is await second is None


async def test_a_request_that_is_cancelled_leaves_the_fetch_to_the_others(
    keys: RemoteKeySet, server: KeyServer
) -> None:
    server.fault = "wait"
    first = asyncio.create_task(keys.find(EDDSA, deadline_seconds=LONG_SECONDS))
    assert await asyncio.to_thread(server.arrived.wait, LONG_SECONDS)
    second = asyncio.create_task(keys.find(EDDSA, deadline_seconds=LONG_SECONDS))
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    server.go_on.set()
    assert await second
    assert server.fetches == 1


async def test_a_fetch_that_outlasts_a_request_serves_the_next_one(keys: RemoteKeySet, server: KeyServer) -> None:
    server.fault = "wait"
    with pytest.raises(KeysUnavailable):
        await keys.find(EDDSA, deadline_seconds=SHORT_SECONDS)

    server.go_on.set()
    assert await keys.find(EDDSA, deadline_seconds=LONG_SECONDS)
    assert server.fetches == 1


async def test_closing_ends_a_fetch(keys: RemoteKeySet, server: KeyServer) -> None:
    server.fault = "hang"
    fetching = keys.refresh()
    assert fetching is not None
    assert await asyncio.to_thread(server.arrived.wait, LONG_SECONDS)

    await keys.close()
    assert fetching.cancelled()
    await keys.close()


# The log


async def test_the_log_says_why_keys_cannot_be_had_and_leaves_the_query_out(
    server: KeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "taskward.keys")
    server.fault = "500"
    clock = Clock(1000)
    keys = RemoteKeySet(server.url + "?secret=hunter2?", ALGORITHMS, monotonic=clock)
    failed = ("WARNING", f"the keys at {server.url} cannot be had: the answer is 500 in place of 200")

    async def logged(number_of_keys: int | None) -> list[tuple[str, str]]:
        """The lines of one more fetch, of so many keys or none at all."""
        caplog.clear()
        clock.now += 400
        server.fault = None if number_of_keys else "500"
        server.keys = SIGNER.public_keys()[:number_of_keys]
        with contextlib.suppress(KeysUnavailable):
            await keys.find(EDDSA, deadline_seconds=LONG_SECONDS)
        return [(line.levelname, line.getMessage()) for line in caplog.records if line.name == "taskward.keys"]

    assert await logged(None) == [failed]
    assert await logged(1) == [("INFO", f"1 key is in use from {server.url}")]
    assert await logged(1) == []
    assert await logged(2) == [("INFO", f"2 keys are in use from {server.url}")]
    assert await logged(None) == [failed]
    assert await logged(2) == [("INFO", f"2 keys are in use from {server.url}")]
    assert server.paths == ["/api/auth/jwks?secret=hunter2?"] * 6
