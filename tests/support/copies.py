"""A copy of all that a person has, kept as docs/sync.md says."""

from typing import Any

import httpx

from support.people import Person

Change = dict[str, Any]


class Reset(Exception):
    """The server has said 410."""


class Copy:
    """`rows` are those that there are, by kind and id, and `completions` by task and occurrence."""

    def __init__(self, person: Person, *, limit: int = 500, **first: Any) -> None:
        self.person = person
        self.limit = limit
        self.first = first
        self.token: str | None = None
        self.rows: dict[tuple[str, int], dict[str, Any]] = {}
        self.completions: dict[tuple[int, int], dict[str, Any]] = {}

    def ask(self, **query: Any) -> httpx.Response:
        since = self.first if self.token is None else {"since": self.token}
        return self.person.get("/changes", params={"limit": self.limit, **since, **query})

    def step(self, **query: Any) -> tuple[list[Change], bool]:
        """The changes of one answer, which are taken in, and whether there are more."""
        answer = self.ask(**query)
        if answer.status_code == 410:
            raise Reset
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body.keys() == {"changes", "next", "more"}
        assert body["changes"] or not body["more"]
        assert len(body["changes"]) <= self.limit
        for change in body["changes"]:
            self.take(change)
        self.token = body["next"]
        return body["changes"], body["more"]

    def take(self, change: Change) -> None:
        kind = change["kind"]
        if change["op"] == "put":
            assert change.keys() == {"kind", "op", kind}
            row = change[kind]
            if kind == "completion":
                assert ("task", row["task_id"]) in self.rows
                self.completions[row["task_id"], row["occurrence"]] = row
            else:
                self.rows[kind, row["id"]] = row
            return
        assert change["op"] == "remove"
        if kind == "completion":
            assert change.keys() == {"kind", "op", "task_id", "occurrence"}
            self.completions.pop((change["task_id"], change["occurrence"]), None)
        else:
            assert change.keys() == {"kind", "op", "id", "uid"}
            self.rows.pop((kind, change["id"]), None)
            if kind == "task":
                self.completions = {key: row for key, row in self.completions.items() if key[0] != change["id"]}

    def catch_up(self) -> list[Change]:
        """All that has changed up to the moment of the last answer."""
        found, more = [], True
        while more:
            changes, more = self.step()
            found += changes
        return found

    def titles(self) -> list[str]:
        return [row["title"] for (kind, _), row in sorted(self.rows.items()) if kind == "task"]
