"""Bodies as clients send them: JSON objects with known names alone."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from taskward.resources.clock import LARGEST_INTEGER

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


def whole(value: Any) -> Any:
    """JSON knows no integers: 7.0 is the number 7 (JSON Schema: validation §6.1.1).

    For fields that are `strict`, without which Pydantic takes true and "7" for numbers as well.
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


RowId = Annotated[int, Field(strict=True, ge=1, le=LARGEST_INTEGER), BeforeValidator(whole)]
"""The id of a row, in a body."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

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
