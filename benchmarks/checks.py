"""What is measured must be the work: real answers, right in status, shape and effect, before and after."""

import random
from typing import Any, Self

import httpx

from benchmarks.data import NOBODY
from benchmarks.load import CHANGES, NEW_TASK, People, WrongAnswers
from benchmarks.servers import Issuer, Server

FIELDS = {"id", "title", "description", "status", "created_at", "updated_at"}


def expect(is_right: bool, server: Server, what: str, answer: httpx.Response) -> None:
    if not is_right:
        told = f"{server.peer.title}: {what} was answered {answer.status_code} {answer.text[:300]}"
        raise WrongAnswers(f"{told}\n{server.log.read_text()[-1000:]}")


class Checker:
    """Asks one server, as any of its people."""

    def __init__(self, server: Server, people: People) -> None:
        self.server = server
        self.people = people
        self.dice = random.Random(server.address)
        self.client = httpx.Client(base_url=server.address, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def answer(self, method: str, path: str, token: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def check(self, workload: str) -> None:
        match workload:
            case "GET one":
                self.reads_one()
            case "list 50" | "list 100":
                self.lists(int(workload.removeprefix("list ")))
            case "POST":
                self.creates()
            case "PATCH":
                self.changes()
            case _:
                self.reads_one()
                self.lists(50)
                self.creates()
                self.changes()

    def reads_one(self) -> None:
        token, task_id = self.people.any_task(self.dice)
        answer = self.answer("GET", f"/tasks/{task_id}", token)
        self.is_task(answer, 200, "GET one", {"id": task_id})

    def lists(self, limit: int) -> None:
        number = self.dice.randrange(len(self.people.tokens))
        answer = self.answer("GET", f"/tasks?limit={limit}", self.people.tokens[number])
        expected = [self.people.rows.task(number, turn) for turn in range(limit)]
        is_right = answer.status_code == httpx.codes.OK and [task["id"] for task in answer.json()] == expected
        has_link = not self.server.peer.is_strict or 'rel="next"' in answer.headers.get("link", "")
        expect(is_right and has_link, self.server, f"the list of {limit}", answer)

    def creates(self) -> None:
        token, _ = self.people.any_task(self.dice)
        answer = self.answer("POST", "/tasks", token, json=NEW_TASK)
        self.is_task(answer, 201, "POST", {**NEW_TASK, "status": "Todo", "updated_at": None})
        is_refused = self.answer("POST", "/tasks", token, json={"title": ""})
        expect(is_refused.status_code in (400, 422), self.server, "an empty title", is_refused)

    def changes(self) -> None:
        token, task_id = self.people.any_task(self.dice)
        path = f"/tasks/{task_id}"
        before = self.answer("GET", path, token)
        answer = self.answer("PATCH", path, token, json=CHANGES)
        self.is_task(answer, 200, "PATCH", {"id": task_id, **CHANGES})
        expect(self.answer("GET", path, token).json() == answer.json(), self.server, "PATCH and then GET", answer)
        if self.server.peer.is_strict:
            too_late = self.answer("PATCH", path, token, json=CHANGES, headers={"If-Match": before.headers["etag"]})
            expect(too_late.status_code == 412, self.server, "an old ETag", too_late)
            in_time = self.answer("PATCH", path, token, json=CHANGES, headers={"If-Match": answer.headers["etag"]})
            expect(in_time.status_code == 200, self.server, "a current ETag", in_time)

    def is_task(self, answer: httpx.Response, status: int, what: str, values: dict[str, Any]) -> None:
        is_right = answer.status_code == status and answer.headers["content-type"].startswith("application/json")
        is_right = is_right and answer.json().keys() >= FIELDS and values.items() <= answer.json().items()
        has_etag = not self.server.peer.is_strict or "etag" in answer.headers
        expect(is_right and has_etag, self.server, what, answer)


def is_isolated(server: Server, people: People, issuer: Issuer) -> None:
    """An owner without rows sees none, a stranger's id is not there, a broken signature is nobody's.

    Raises:
        WrongAnswers: one of it does not hold.
    """
    with Checker(server, people) as checker:
        token, task_id = people.any_task(checker.dice)
        nobody = issuer.token(NOBODY)
        empty = checker.answer("GET", "/tasks", nobody)
        expect(empty.status_code == 200 and empty.json() == [], server, "an owner without rows", empty)
        for method, body in (("GET", None), ("PATCH", CHANGES)):
            strange = checker.answer(method, f"/tasks/{task_id}", nobody, json=body)
            expect(strange.status_code == 404, server, f"a stranger's {method}", strange)
        forged = checker.answer("GET", f"/tasks/{task_id}", broken(token))
        expect(forged.status_code == 401, server, "a broken signature", forged)


def broken(token: str) -> str:
    """The token with another first character of its signature."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"
