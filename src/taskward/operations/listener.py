"""The listening socket of the API."""

import errno
import os
import socket

BACKLOG = 2048


class CannotListen(Exception):
    """The address cannot be had; one sentence."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        CannotListen: the port is taken or privileged, or the host is not of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise CannotListen(
            f"The host {host} is not known: give an address of this machine with --host or HOST."
        ) from None
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = {
            errno.EADDRINUSE: f"Port {port} is in use: stop what uses it, or choose another with --port or PORT.",
            errno.EACCES: f"Port {port} is not open to this user: choose one above 1023 with --port or PORT.",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine: choose another with --host or HOST.",
        }.get(error.errno or 0, f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}.")
        raise CannotListen(reason) from None
    return listener
