"""Lists of more than one page, as a client walks through them: by the links between the pages."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import httpx

from support.people import Person


def walked(person: Person, path: str, query: dict[str, Any] | None = None) -> Iterator[list[dict[str, Any]]]:
    """The pages of the list at a path, which may have a query in it in place of `query`."""
    answer = person.get(path, params=query)
    while True:
        assert answer.status_code == 200, (path, query, answer.text)
        yield answer.json()
        if "link" not in answer.headers:
            return
        answer = person.get(urljoin(path, next_of(answer)))


def next_of(answer: httpx.Response) -> str:
    """The query of the next page, with its question mark."""
    found = re.fullmatch(r'<(\?[!-~]+)>; rel="next"', answer.headers["link"])
    assert found is not None
    return found[1]


def cursor_of(answer: httpx.Response) -> str:
    return httpx.QueryParams(next_of(answer).removeprefix("?"))["cursor"]
