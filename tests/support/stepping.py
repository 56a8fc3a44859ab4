"""An event loop whose time stands still until a test moves it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class SteppingLoop(asyncio.SelectorEventLoop):
    now = 1000.0

    def time(self) -> float:
        return self.now

    def step(self, seconds: float = 0) -> None:
        """Time has gone by; all that is due then is done, and what follows from it."""
        self.now += seconds
        for _ in range(5):
            self.call_soon(self.stop)
            self.run_forever()


@contextmanager
def stepping() -> Iterator[SteppingLoop]:
    loop = SteppingLoop()
    try:
        yield loop
    finally:
        loop.close()
