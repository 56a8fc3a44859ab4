"""People who use the API: each with a token of their own, so that no test meets another's tasks."""

import secrets
import ssl
import time
from typing import Any

import httpx

from taskward.auth.issuer import LocalIssuer

# Nobody here speaks TLS, and to load the system's certificates would take 35 ms a person.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Person:
    """Speaks real HTTP in one person's name. `id` is the subject of the token."""

    def __init__(self, name: str, *, api: str, issuer: LocalIssuer) -> None:
        self.id = f"{name}-{secrets.token_hex(8)}"
        self.token = issuer.token(self.id, expires_in_seconds=3600, now=time.time())
        self.http = httpx.Client(
            base_url=api,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            trust_env=False,
            verify=NO_CERTIFICATES,
        )

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.http.request(method, path, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.send("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.send("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        return self.send("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.send("DELETE", path, **options)

    def adds(self, title: str, **fields: Any) -> dict[str, Any]:
        """A new task, as the API answers it."""
        answer = self.post("/tasks", json={"title": title, **fields})
        assert answer.status_code == 201, answer.text
        task: dict[str, Any] = answer.json()
        return task

    def tasks(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.get("/tasks", params=query)
        assert answer.status_code == 200, answer.text
        tasks: list[dict[str, Any]] = answer.json()
        return tasks

    def close(self) -> None:
        self.http.close()
