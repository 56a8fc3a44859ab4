"""Bodies as clients send them: JSON objects with known names alone."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

MAX_TOLD = 20
"""Wrong things told in one answer: a body of 64 KiB can hold so many that the answer would be a megabyte."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def without_most_unknown(cls, value: Any) -> Any:
        """A body has room for a hundred thousand unknown names, and each would be an error."""
        known = cls.model_fields
        if not isinstance(value, dict) or len(value) <= len(known) + MAX_TOLD:
            return value
        unknown = [name for name in value if name not in known]
        return {name: value[name] for name in (*known, *unknown[:MAX_TOLD]) if name in value}
