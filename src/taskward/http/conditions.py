"""Conditional requests (RFC 9110 §13) over versions: an entity tag is a version in quotes."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request

from taskward.errors import PreconditionRequired

# RFC 9110 §8.8.3 and §5.6.1: opaque tags may hold commas, and a list may have empty elements.
ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
LIST = re.compile(rf"(?:[ \t]*,)*[ \t]*{ENTITY_TAG.pattern}[ \t]*(?:,[ \t]*(?:{ENTITY_TAG.pattern}[ \t]*)?)*")
VERSION = re.compile(r"[1-9][0-9]{0,15}")


def entity_tag(version: int) -> str:
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class IfMatchCondition:
    """Judged when it is asked for, after everything else about the request was found valid."""

    value: str | None
    is_required: bool

    def versions(self) -> frozenset[int] | None:
        """The versions that may be changed; None allows any.

        The comparison is strong (§13.1.1), so a weak tag never matches, nor does what is no list of tags.

        Raises:
            PreconditionRequired: the header is missing and the settings demand it.
        """
        if self.value is None:
            if self.is_required:
                raise PreconditionRequired
            return None
        if self.value.strip(" \t") == "*":
            return None
        return frozenset(int(tag) for weak, tag in tags_in(self.value) if not weak and VERSION.fullmatch(tag))


@dataclass(frozen=True, slots=True)
class IfNoneMatchCondition:
    value: str | None

    def holds(self, version: int) -> bool:
        """False when the client already has this version. The comparison is weak (§13.1.2)."""
        if self.value is None:
            return True
        return self.value.strip(" \t") != "*" and all(tag != str(version) for _, tag in tags_in(self.value))


Sent = str | SkipJsonSchema[None]
"""A header cannot be null, only absent."""


def if_match(
    request: Request,
    _: Annotated[Sent, Header(alias="If-Match", description="The `ETag` that the change is based on.")] = None,
) -> IfMatchCondition:
    return IfMatchCondition(every_line(request, "if-match"), request.app.state.settings.require_if_match)


def if_none_match(
    request: Request,
    _: Annotated[Sent, Header(alias="If-None-Match", description="The `ETag` of what you have.")] = None,
) -> IfNoneMatchCondition:
    return IfNoneMatchCondition(every_line(request, "if-none-match"))


IfMatch = Annotated[IfMatchCondition, Depends(if_match)]
IfNoneMatch = Annotated[IfNoneMatchCondition, Depends(if_none_match)]


def every_line(request: Request, name: str) -> str | None:
    """RFC 9110 §5.3: several lines of one name are one list."""
    values = request.headers.getlist(name)
    return ", ".join(values) if values else None


def tags_in(value: str) -> list[tuple[str, str]]:
    return ENTITY_TAG.findall(value) if LIST.fullmatch(value) else []
