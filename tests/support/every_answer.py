"""An answer of every kind, for tests of what all of them have in common."""

import httpx

from support.people import Person

ORIGIN = "http://localhost:3000"
"""One that may read answers, as the settings are."""
TOO_LARGE = b'{"title":"Milk"}'.ljust(64 * 1024 + 1)
OPEN_PATHS = ["/health", "/ready", "/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"]
"""What needs no token."""


def answers_of_every_kind(ann: Person) -> list[httpx.Response]:
    milk = f"/tasks/{ann.adds('Milk')['id']}"
    stranger = {"Authorization": ""}
    return [
        ann.get("/tasks"),
        ann.post("/tasks", json={"title": "Milk"}),
        ann.get(milk),
        ann.send("HEAD", milk),
        ann.get(milk, headers={"If-None-Match": "*"}),
        ann.put(milk, json={"title": "Milk"}),
        ann.patch(milk, json={}),
        ann.patch(milk, json={"title": "Milk"}, headers={"If-Match": "x"}),
        ann.delete(milk),
        ann.get(milk),
        ann.get(milk, headers=stranger),
        ann.patch("/tasks"),
        ann.post("/tasks", content=b"{}"),
        ann.post("/tasks", json={}),
        ann.post("/tasks", content=TOO_LARGE, headers={"Content-Type": "application/json"}),
        ann.get("/nowhere", headers=stranger),
        *(ann.get(path, headers=stranger) for path in OPEN_PATHS),
        ann.send("OPTIONS", "/tasks", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}),
        ann.send("OPTIONS", "/tasks", headers={"Origin": "http://evil", "Access-Control-Request-Method": "GET"}),
    ]
