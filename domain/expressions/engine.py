"""What Refold needs of an expression language: compile a source, evaluate it with names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from contracts.errors import ExpressionError


class EngineRefusal(ExpressionError):
    """What the engine says in its own words; `messages` makes it readable before anyone outside the package sees it."""


class Evaluable(Protocol):
    """A compiled expression."""

    def evaluate(self, names: Mapping[str, Any]) -> Any:
        """The plain JSON value of the expression. Raises EngineRefusal."""
        ...


class ExpressionEngine(Protocol):
    """Compiles expressions; holds no state that an evaluation could see, has no clock and no randomness."""

    def compile(self, source: str) -> Evaluable:
        """The expression ready to evaluate. Raises EngineRefusal."""
        ...
