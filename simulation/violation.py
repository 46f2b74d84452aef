"""What a simulation may find: a rule that does not hold, and the death of a process that is part of the play."""

from __future__ import annotations


class Violation(AssertionError):
    """A rule does not hold. `rule` is the same for every way in which it may be broken."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(f"{rule}: {message}")
        self.rule = rule


class Crash(BaseException):
    """A process dies here, as by `kill -9`. No handler of the engine may catch it and go on."""


def require(holds: object, rule: str, message: str) -> None:
    """Raise Violation unless it holds."""
    if not holds:
        raise Violation(rule, message)
