"""The application under a real server, on a real port, in a thread of the test's own process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from taskward.http.protocol import Protocol


class Server(uvicorn.Server):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                log_config=None,
                access_log=False,
                ws="none",
                proxy_headers=False,
                timeout_graceful_shutdown=3,
            )
        )
        self.is_up = threading.Event()
        self.failure: BaseException | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()

    def run_until_stopped(self, listener: socket.socket) -> None:
        try:
            self.run([listener])
        except BaseException as failure:
            self.failure = failure
        finally:
            self.is_up.set()


@contextmanager
def serving(app: ASGIApp, *, listener: socket.socket | None = None) -> Iterator[str]:
    """The address at which the application answers. A start that fails raises here."""
    listener = listener or socket.create_server(("127.0.0.1", 0))
    server = Server(app)
    thread = threading.Thread(target=server.run_until_stopped, args=[listener], daemon=True)
    thread.start()
    try:
        server.is_up.wait(timeout=120)
        if server.failure is not None:
            raise server.failure
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        listener.close()
