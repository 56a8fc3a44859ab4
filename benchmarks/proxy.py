"""A network between server and database: `python -m benchmarks.proxy URL MILLISECONDS` delays both ways.

It prints the URL at which the database is found behind it. It is a process of its own, so that it costs the measured
ones nothing but the delay.
"""

import asyncio
import socket
import sys
import threading

import uvloop

from support.database_proxy import DatabaseProxy, Side


class DelayingProxy(DatabaseProxy):
    async def connect(self, client: socket.socket) -> None:
        await self.loop.connect_accepted_socket(lambda: ClientSide(self), client)


class ClientSide(Side):
    def data_received(self, data: bytes) -> None:
        if self.other is None:  # uvloop may read before the task that dials has begun
            self.proxy.loop.call_soon(self.data_received, data)
        else:
            super().data_received(data)


def main(url: str, milliseconds: str) -> None:
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    proxy = DelayingProxy(url)
    proxy.delay_seconds = float(milliseconds) / 1000
    print(proxy.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
