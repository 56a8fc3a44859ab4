"""What is wrong with a request, in the words of the answer: where, one sentence, and never what was sent."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import QueryParams

from taskward.http.errors import ValidationFailed
from taskward.resources.shapes import MAX_ERRORS

PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def wrong_in_query(query: QueryParams, parameters: Mapping[str, bool]) -> Iterable[dict[str, Any]]:
    """As Pydantic has errors: every parameter is known, and stands once unless it is one that may repeat (true).

    One that begins with `_` belongs to somebody else and is ignored.
    """
    wrong: dict[str, dict[str, Any]] = {}
    seen: set[str] = set()
    for name, _ in query.multi_items():
        if name.startswith("_"):
            continue
        if name not in parameters:
            known = f"known are {', '.join(sorted(parameters))}" if parameters else "this call takes none"
            named = [name] if is_plain(name) else []
            wrong["".join(named)] = error_at(["query", *named], f"Unknown parameter; {known}.", "unknown_parameter")
        elif name in seen and not parameters[name]:
            wrong[name] = error_at(["query", name], "This parameter may stand only once.", "repeated_parameter")
        seen.add(name)
        if len(wrong) == MAX_ERRORS:
            break
    if "skip" in seen and "cursor" in seen and "skip" in parameters:
        wrong.setdefault("skip", error_at(["query", "skip"], "Send skip or cursor, not both.", "skip_and_cursor"))
    return wrong.values()


def error_at(loc: list[str], message: str, kind: str) -> dict[str, Any]:
    return {"loc": loc, "msg": message, "type": kind}


def invalid(loc: list[str], message: str, kind: str) -> ValidationFailed:
    return validation_failed([error_at(loc, message, kind)])


def validation_failed(
    errors: Sequence[Any],
    *,
    body: type[BaseModel] | None = None,
    shown: Iterable[str] = (),
    replaces: bool = False,
) -> ValidationFailed:
    """Pydantic's errors without what they repeat of the input.

    `body` is the shape that was sent, `shown` are the fields of the answer; `replaces` says that the call is a PUT.
    """
    told = [error for error in errors if error["type"] != NULL_ALLOWED]
    return validation_problem([described(error, body, shown, replaces) for error in told[:MAX_ERRORS]])


def validation_problem(errors: list[dict[str, Any]], **members: Any) -> ValidationFailed:
    """The first of the errors is its sentence; `members` as in `Problem`."""
    loc, message = errors[0]["loc"], errors[0]["message"]
    return ValidationFailed(f"{'.'.join(map(str, loc))}: {message}", errors=errors, **members)


def described(
    error: Any, body: type[BaseModel] | None = None, shown: Iterable[str] = (), replaces: bool = False
) -> dict[str, Any]:
    kind, loc = error["type"], list(error["loc"])
    fields, elsewhere = getattr(body, "model_fields", {}), getattr(body, "elsewhere", {})
    if loc[0] == "body":  # whose names the client may have made up
        loc = list(takewhile(is_plain, loc))
    else:  # behind the name stand indexes, and what Pydantic calls the branches of a union
        loc = [*loc[:2], *(part for part in loc[2:] if isinstance(part, int))]
    message = FOUND.sub("", error["msg"].removeprefix("Value error, ")).rstrip(".") + "."
    if kind == "extra_forbidden":
        read_only = [name for name in shown if name not in fields and name not in elsewhere]
        kind_of_field = "Unknown field"
        if loc[-1] in elsewhere:
            kind_of_field = elsewhere[loc[-1]]
        elif loc[-1] in read_only:
            kind_of_field = f"This field is read only: leave out {', '.join(read_only)}"
        message = f"{kind_of_field}; allowed are {', '.join(fields)}."
    elif kind in NOT_AN_OBJECT:
        message = "The body must be a JSON object."
    elif kind == "missing" and replaces:
        message = "This field is required, because PUT replaces the whole; PATCH changes only what it is sent."
    elif kind == "missing":
        message = f"This {'parameter' if loc[0] == 'query' else 'field'} is required."
    return {"loc": loc, "message": message, "type": kind}


FOUND = re.compile(r" after validation, not [0-9]+$")
"""What Pydantic says of a list behind what it may have."""

NULL_ALLOWED = "none_required"
"""Of a parameter that may be left out Pydantic says too that its value is not null, which nobody can send."""

NOT_AN_OBJECT = ("model_attributes_type", "model_type", "dict_type")


def is_plain(part: str | int) -> bool:
    return isinstance(part, int) or bool(PLAIN_NAME.fullmatch(part))
