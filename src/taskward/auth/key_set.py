"""Where the keys come from that verify tokens: given once, or fetched from a key server, cached and refreshed."""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from taskward.auth.errors import KeysUnavailable
from taskward.auth.jwks import (
    JwksUnusable,
    Key,
    KeyId,
    counted,
    fetch_jwks,
    load_client,
    parse_jwks,
    tls_context,
    without_query,
)

FRESH_SECONDS = 300
"""So long after a good fetch its keys are used without asking again."""
COOLDOWN_SECONDS = 5
"""Between the beginnings of two fetches, whatever arrives and however the first one ended."""
STALE_IF_ERROR_SECONDS = 3600
"""So long after a good fetch its keys are used while the key server fails (RFC 5861 §4 calls it so)."""

log = logging.getLogger("taskward.keys")


class KeySet(Protocol):
    """The keys of one issuer."""

    def open(self) -> None:
        """Called when serving begins."""

    def known(self, key_id: KeyId) -> Key | None:
        """The key if it may be used at once; None may also mean that a fetch has to tell."""

    async def find(self, key_id: KeyId, *, deadline_seconds: float) -> Key | None:
        """The key, fetched if need be; None when the last fetch went well and did not bring it.

        Raises:
            KeysUnavailable: the key is not known, and the last fetch failed or did not end within the deadline.
        """

    async def close(self) -> None: ...


class StaticKeySet:
    """Keys that this process was given and that never change."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self.keys = {key.id: key for key in keys}

    def open(self) -> None:
        pass

    def known(self, key_id: KeyId) -> Key | None:
        return self.keys.get(key_id)

    async def find(self, key_id: KeyId, *, deadline_seconds: float) -> Key | None:
        return self.keys.get(key_id)

    async def close(self) -> None:
        pass


class RemoteKeySet:
    """The JWK set of a key server. Nothing is fetched before the first token asks.

    For 300 s after a good fetch its keys are used as they are, and after that while a refresh runs in the background
    (RFC 5861 §3, stale-while-revalidate). Only when no fetch has ended for 305 s, because no token came, does a request
    wait for the refresh: so a key that the server removed ends within 305 s. When the refresh fails, the keys of the
    last good fetch are used for an hour (§4, stale-if-error).

    An unknown key makes one fetch, unless one began in the last 5 s: then the last answer stands. So a key that was
    rotated in less than 5 s after a fetch is unknown until those 5 s are over. To wait for their end would help it
    only when less than the deadline of the request is left, and would let anyone hang requests by the thousand.
    """

    def __init__(
        self, url: str, algorithms: Collection[str], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.url = url
        self.algorithms = tuple(algorithms)
        self.monotonic = monotonic
        self.tls = tls_context(url)
        self.keys: Mapping[KeyId, Key] = MappingProxyType({})
        # The beginnings of the last fetch, of the last one that ended, and of the last one that ended well. Not their
        # ends, because what a fetch brings may be as old as its beginning.
        self.attempted_at = self.ended_at = self.succeeded_at = -math.inf
        self.fetching: asyncio.Task[None] | None = None
        self.loading: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Loads the client beside the start, for the first fetch."""
        self.loading = asyncio.create_task(asyncio.to_thread(load_client))

    def known(self, key_id: KeyId) -> Key | None:
        now = self.monotonic()
        if now - self.succeeded_at > FRESH_SECONDS:
            self.refresh()
        if now - self.ended_at > FRESH_SECONDS + COOLDOWN_SECONDS or now - self.succeeded_at > STALE_IF_ERROR_SECONDS:
            return None
        return self.keys.get(key_id)

    async def find(self, key_id: KeyId, *, deadline_seconds: float) -> Key | None:
        if (key := self.known(key_id)) is not None:
            return key
        if (fetching := self.refresh()) is not None:
            # With a stale key at hand the request can still be served when the key server turns out to hang, so half of
            # its time is left for that. Without one a little is left, in order that the refusal itself is in time.
            share = 0.5 if self.stale(key_id) is not None else 0.9
            # Unlike awaiting it, this neither cancels the fetch with the request nor raises what the fetch raised.
            await asyncio.wait({fetching}, timeout=deadline_seconds * share)
        if self.succeeded_at == self.attempted_at:
            return self.keys.get(key_id)
        if (key := self.stale(key_id)) is not None:
            return key
        raise KeysUnavailable

    def stale(self, key_id: KeyId) -> Key | None:
        """The key as the last good fetch brought it, if that is not too long ago to be used while the server fails."""
        return self.keys.get(key_id) if self.monotonic() - self.succeeded_at <= STALE_IF_ERROR_SECONDS else None

    def refresh(self) -> asyncio.Task[None] | None:
        """The one fetch under way, begun now if need be; None while another may not yet begin."""
        if self.fetching is not None and not self.fetching.done():
            return self.fetching
        now = self.monotonic()
        if now - self.attempted_at < COOLDOWN_SECONDS:
            return None
        self.attempted_at = now
        self.fetching = asyncio.create_task(self.fetch())
        return self.fetching

    async def fetch(self) -> None:
        began_at = self.attempted_at
        try:
            if self.loading is not None:
                await asyncio.wait({self.loading})  # else the event loop stood still until it is loaded
            body = await fetch_jwks(self.url, tls=self.tls)
            keys = parse_jwks(body, self.algorithms, known=self.keys)
        except JwksUnusable as reason:
            log.warning("the keys at %s cannot be had: %s", without_query(self.url), reason)
        else:
            if self.ended_at != self.succeeded_at or keys.keys() != self.keys.keys():
                log.info("%s in use from %s", counted(keys.values()), without_query(self.url))
            self.keys, self.succeeded_at = keys, began_at
        self.ended_at = began_at

    async def close(self) -> None:
        if self.loading is not None:
            await self.loading
        if self.fetching is not None and not self.fetching.done():
            self.fetching.cancel()
            await asyncio.wait({self.fetching})
