"""HTTP by the letter: what a well-behaved client would never send, and an attacker would."""

import socket
from collections.abc import Iterable
from http.client import HTTPResponse, parse_headers
from urllib.parse import urlsplit

import httpx


def ask(
    api: str,
    method: bytes,
    target: bytes,
    *,
    token: str | None = None,
    headers: Iterable[bytes] = (),
    body: bytes = b"",
    is_json: bool = False,
) -> httpx.Response:
    """One request on a connection of its own. `headers` are whole lines; a body brings its length along."""
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close", *headers]
    if token is not None:
        lines.append(b"Authorization: Bearer " + token.encode())
    if is_json:
        lines.append(b"Content-Type: application/json")
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    return exchange(api, b"\r\n".join(lines) + b"\r\n\r\n" + body, is_head=method == b"HEAD")


def exchange(api: str, request: bytes, *, is_head: bool = False) -> httpx.Response:
    with connected(api) as connection:
        connection.sendall(request)
        return answer_on(connection, is_head=is_head)


def answer_on(connection: socket.socket, *, is_head: bool = False) -> httpx.Response:
    answer = HTTPResponse(connection, method="HEAD" if is_head else "GET")
    answer.begin()
    return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())


def answers_on(connection: socket.socket, count: int) -> list[httpx.Response]:
    """To requests that were sent in a row; no more of them are to come."""
    answers = []
    with connection.makefile("rb") as file:
        for _ in range(count):
            status = int(file.readline().split()[1])
            headers = parse_headers(file)
            content = file.read(int(headers["content-length"]))
            answers.append(httpx.Response(status, headers=headers.items(), content=content))
    return answers


def begun(connection: socket.socket) -> None:
    """Returns when the answer has begun to arrive, and leaves it there to be read."""
    assert connection.recv(1, socket.MSG_PEEK)


def connected(api: str) -> socket.socket:
    address = urlsplit(api)
    return socket.create_connection((address.hostname, address.port), timeout=60)


def chunked(body: bytes, *, size: int) -> bytes:
    """RFC 9112 §7.1."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
