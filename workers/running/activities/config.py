"""Reading a node's config: from a dict with all templates filled in to the model of its kind.

The same models check a definition when it is published, before templates are filled in, so fields have plain types and
a choice lets a template through; when an attempt runs, nothing but the choices themselves passes.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError

from contracts.failure import shorten
from workers.running.activity_error import ActivityError

Model = TypeVar("Model", bound=BaseModel)


class Config(BaseModel):
    """What the configs of the built-in kinds share: no unknown fields, no changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OneOf:
    """A validator for a string that is one of a few words, or holds a template that is not filled in yet."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def __call__(self, value: str, info: ValidationInfo) -> str:
        """The value, if it is one of the words."""
        is_filled = bool(info.context) or "{{" not in value
        if is_filled and value not in self.words:
            raise ValueError(f"expected one of {', '.join(self.words)}")
        return value


class AsWritten:
    """A validator before all others that takes no text with a template: whoever starts an execution would say what stands there."""

    def __init__(self, expected: str) -> None:
        self._expected = expected

    def __call__(self, found: object) -> object:
        """What was found, as it is."""
        if isinstance(found, str) and "{{" in found:
            raise PydanticCustomError("literal", "{expected}", {"expected": self._expected})
        return found


def read_config(model: type[Model], config: Any) -> Model:
    """The config as its model. Raises ActivityError `input.invalid`: each wrong field, what was expected, what was found."""
    try:
        return model.model_validate(config, context={"is_filled": True})
    except ValidationError as error:
        problems = [
            {"field": ".".join(("config", *map(str, item["loc"]))), "expected": item["msg"], "found": shorten(repr(item["input"]), 200)}
            for item in error.errors(include_url=False)
        ]
        message = "; ".join(f"{problem['field']}: {problem['expected']}, found {problem['found']}" for problem in problems[:3])
        raise ActivityError("input.invalid", message, details=problems, retryable=False) from None
