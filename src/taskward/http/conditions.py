"""Conditional requests (RFC 9110 §13)."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from pydantic.json_schema import SkipJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from taskward.http.context import settings_of
from taskward.http.responses import not_modified, versioned
from taskward.resources.errors import PreconditionRequired
from taskward.resources.resource import Versioned
from taskward.resources.versions import expected_versions, is_other_version


@dataclass(frozen=True, slots=True)
class IfMatchCondition:
    """Judged when it is asked for, after everything else about the request was found valid."""

    value: str | None
    is_required: bool

    def versions(self) -> list[int] | None:
        """The versions that may be changed; None allows any.

        Raises:
            PreconditionRequired: the header is missing and the settings demand it.
        """
        if self.value is None and self.is_required:
            raise PreconditionRequired
        return self.versions_if_sent()

    def versions_if_sent(self) -> list[int] | None:
        """The same of a call that goes without the header, whatever the settings demand."""
        return None if self.value is None else expected_versions(self.value)


@dataclass(frozen=True, slots=True)
class IfNoneMatchCondition:
    value: str | None

    def holds(self, version: int) -> bool:
        """False when the client already has this version."""
        return self.value is None or is_other_version(self.value, version)

    def answer(self, row: Versioned) -> Response:
        """The row, or 304 when the client already has it."""
        return versioned(row) if self.holds(row.version) else not_modified(row)


Sent = str | SkipJsonSchema[None]
"""A header cannot be null, only absent."""


def if_match(
    request: Request,
    _: Annotated[Sent, Header(alias="If-Match", description="The `ETag` that the change is based on.")] = None,
) -> IfMatchCondition:
    return IfMatchCondition(every_line(request, b"if-match"), settings_of(request).require_if_match)


def if_none_match(
    request: Request,
    _: Annotated[Sent, Header(alias="If-None-Match", description="The `ETag` of what you have.")] = None,
) -> IfNoneMatchCondition:
    return IfNoneMatchCondition(every_line(request, b"if-none-match"))


IfMatch = Annotated[IfMatchCondition, Depends(if_match)]
IfNoneMatch = Annotated[IfNoneMatchCondition, Depends(if_none_match)]


def every_line(request: Request, wanted: bytes) -> str | None:
    """RFC 9110 §5.3: several lines of one name are one list."""
    values = [value for name, value in request.scope["headers"] if name == wanted]
    return b", ".join(values).decode("latin-1") if values else None
