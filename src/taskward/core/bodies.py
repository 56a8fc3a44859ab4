"""Bodies as clients send them: JSON objects with known names alone."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

MAX_UNKNOWN = 20
"""Unknown names in an object that are looked at: a body has room for a hundred thousand, and each would be an error."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def without_most_unknown(cls, value: Any) -> Any:
        known = cls.model_fields
        if not isinstance(value, dict) or len(value) <= len(known) + MAX_UNKNOWN:
            return value
        unknown = [name for name in value if name not in known]
        return {name: value[name] for name in (*known, *unknown[:MAX_UNKNOWN]) if name in value}
