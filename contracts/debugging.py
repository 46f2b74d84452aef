"""What an execution is debugged by: its breakpoints, and what a failure leads to that it halts at.

This is a storage format: breakpoints ride in commands, so their shape is kept like a command's.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from contracts.failure import Failure

On: TypeAlias = Literal["begin", "failure", "change"]
"""What a breakpoint halts at: that a node is to begin, that an attempt of one has failed, that a variable has another value."""
Halts: TypeAlias = Literal["branch", "all"]
"""What halts: the branch of the node alone, or the whole execution."""
Release: TypeAlias = Literal["continue", "into", "over", "out", "to", "complete", "fail", "retry"]
"""How a halt ends: the node goes on, until another one is to begin (`into`, `over`, `out`, `to`), or ends as it is told."""

STEPS: Final[tuple[Release, ...]] = ("into", "over", "out")
HALT_MS_DEFAULT: Final = 60 * 60 * 1000
"""So long a halt lasts where nobody says otherwise: an hour."""
HALT_MS_MAX: Final = 7 * 24 * 60 * 60 * 1000
"""So long it may last at most: a week."""
BREAKPOINTS_MAX: Final = 100
"""So many breakpoints may one execution have."""


class Breakpoint(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where an execution halts. `target` is a node as the definition or a run calls it (empty: every one), or the name of a variable.

    `condition` is an expression that is asked where the node stands. A halt lasts `timeout_ms` at most. One that holds `once` is gone when
    it has. `by` is who set it.
    """

    on: On = "begin"
    target: str = ""
    condition: str = ""
    halts: Halts = "branch"
    timeout_ms: int = HALT_MS_DEFAULT
    once: bool = False
    by: str = ""

    @property
    def name(self) -> str:
        """What it is called: of two with the same name the later one counts."""
        prefix = ("to:" if self.once else "") if self.on == "begin" else f"{self.on}:"
        return f"{prefix}{self.target or '*'}"


class FailedAttempt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A failure whose consequences wait for the end of a halt: whether another attempt may follow, and not before when."""

    failure: Failure
    retryable: bool = True
    final: bool = False
    continues: bool = True
    not_before: int = 0
