"""Bodies as clients send them: JSON objects with known names alone."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError

from taskward.resources.clock import LARGEST_INTEGER
from taskward.resources.references import NO_REFERENCE, UID_TEXT, Reference

MAX_ERRORS = 20
"""Wrong things told in one answer: a body of 64 KiB can hold so many that the answer would be a megabyte."""

NULL = "\0null"
"""Stands for null in the example of a shape: FastAPI leaves null out, and `http/documents.py` puts it in."""

WHITE_SPACE = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""What a title may not consist of alone; constraints list the same characters, whatever the locale."""
WHITE_SPACE_ESCAPES = "".join(f"\\u{ord(character):04x}" for character in WHITE_SPACE)

# Only published, for programs that make requests by the document: here `strict_json.py` and `not_blank` check it.
ANY_TEXT = r"^[^\u0000]*$"
TEXT_NOT_BLANK = rf"^[^\u0000]*[^\u0000{WHITE_SPACE_ESCAPES}][^\u0000]*$"


def not_blank(text: str) -> str:
    if not text.strip(WHITE_SPACE):
        raise ValueError("At least one character must be one that is not white space")
    return text


def uid(value: Any) -> UUID:
    if not isinstance(value, str) or not UID_TEXT.fullmatch(value):
        raise ValueError("A uid is a UUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12, with dashes between")
    return UUID(value)


def reference(value: Any) -> Reference:
    if isinstance(value, str) and UID_TEXT.fullmatch(value):
        return UUID(value)
    # JSON knows no integers: 7.0 is the number 7 (JSON Schema: validation §6.1.1). And true is none.
    if type(value) in (int, float) and 1 <= value <= LARGEST_INTEGER and value == int(value):
        return int(value)
    raise ValueError(NO_REFERENCE)


def at_most(most: int) -> BeforeValidator:
    """For tuples, which bodies have in place of lists: Pydantic copies a default that is a list for each body anew.

    Items are counted before they are looked at: a body has room for hundreds of thousands.
    """

    def counted(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError("This must be a list")
        if len(value) > most:
            raise PydanticCustomError("too_long", "List should have at most {most} items", {"most": most})
        return value

    return BeforeValidator(counted)


Uid = Annotated[UUID, BeforeValidator(uid)]

REFERENCE: JsonSchemaValue = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": LARGEST_INTEGER},
        {"type": "string", "format": "uuid"},
    ]
}
RowId = Annotated[Reference, BeforeValidator(reference), WithJsonSchema(REFERENCE)]
"""The id of a row or its uid, in a body."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    elsewhere: ClassVar[Mapping[str, str]] = {}
    """Fields that this body cannot change, and which call does."""

    def meaning(self) -> str:
        """The same for two bodies that ask for the same, whatever defaults they spell out (`idempotency.py`)."""
        return self.model_dump_json(exclude_defaults=True)

    @model_validator(mode="before")
    @classmethod
    def without_most_unknown(cls, value: Any) -> Any:
        """A body has room for a hundred thousand unknown names, and each would be an error."""
        known = cls.model_fields
        if not isinstance(value, dict) or len(value) <= len(known) + MAX_ERRORS:
            return value
        unknown = [name for name in value if name not in known]
        return {name: value[name] for name in (*known, *unknown[:MAX_ERRORS]) if name in value}


class Patch(Body):
    """A body in which a field that is left out stays as it is, and so has no default."""

    def meaning(self) -> str:
        return self.model_dump_json(exclude_unset=True)
