"""What makes a request valid and an OpenAPI document cannot say, for Schemathesis, which loads this file itself.

A request that it means to be valid then names the current version in If-Match, a cursor that was given out, without
`skip` beside it, and an Idempotency-Key that is new. What it means to be invalid stays as it is.
"""

import re
from itertools import count
from typing import Any

import schemathesis
from schemathesis import Case, HookContext, Response

numbers = count()
etags: dict[str, str] = {}
cursors: list[str] = []
"""The latest, or none so far."""
idempotency_keys: set[str] = set()


@schemathesis.hook
def before_call(_: HookContext, case: Case[Any], __: dict[str, Any]) -> None:
    if case.meta is None or case.meta.generation.mode.is_negative:
        return
    if "If-Match" in case.headers:
        case.headers["If-Match"] = etags.get(case.formatted_path, "*")
    if case.headers.get("Idempotency-Key") in idempotency_keys:
        case.headers["Idempotency-Key"] = f"another-{next(numbers)}"
    idempotency_keys.add(case.headers.get("Idempotency-Key", ""))
    if "cursor" in case.query:
        del case.query["cursor"]
        if cursors:
            case.query.pop("skip", None)
            case.query["cursor"] = cursors[0]


@schemathesis.hook
def after_call(_: HookContext, case: Case[Any], response: Response) -> None:
    for etag in response.headers.get("etag", ()):
        [path] = response.headers.get("location", [case.formatted_path])
        etags[path] = etag
    for link in response.headers.get("link", ()):
        cursors[:] = re.findall(r"cursor=([^&>]+)", link)
