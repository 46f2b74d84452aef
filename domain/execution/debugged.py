"""Debugged: what an execution's state holds of its breakpoints, of where it halts now, and of the halts that are over.

breakpoints   name → Breakpoint     until they are taken away
steps         path → Step           what has been let go on until the next node is to begin
halts         path → Halt           nodes that stand, each until its timer `<path>:halt` fires at the latest
ended         the last halts that are over: whoever comes too late is told what has become of them
"""

from __future__ import annotations

from typing import Final

import msgspec

from contracts.debugging import Breakpoint, FailedAttempt, Halts, Release

HALT: Final = "halt"
"""What the timer of a halted node is for."""
STEP: Final = "step:"
"""What the name of a step begins with, where others have the name of their breakpoint."""
ENDED_MAX: Final = 20
"""So many halts that are over are kept."""
STEPS_MAX: Final = 100
"""So many steps may wait for their end."""


class Step(msgspec.Struct, array_like=True, gc=False):
    """A node that was let go on, until another one is to begin. `hit` is the version of the first halt it has led to: all nodes halt by
    it that would begin in the same decision.
    """

    mode: Release
    path: str
    scope: str
    node: int
    halts: Halts
    timeout_ms: int
    by: str
    hit: int = 0


class Halt(msgspec.Struct, array_like=True, gc=False):
    """A node that stands: since its version `at`, by which breakpoint or step, of whom; `seen` is the version of its last change.

    What it `failed` by leads to nothing before the halt ends, which it does by itself after `timeout_ms`.
    """

    path: str
    at: int
    since: int
    breakpoint: str
    halts: Halts
    by: str
    timeout_ms: int
    failed: FailedAttempt | None = None
    detail: str = ""
    seen: int = 0
    changed_by: str = ""


class HaltOver(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A halt that is over: which one, when, how and by whom; nobody where its time was up."""

    path: str
    at: int
    ended_at: int
    how: str
    by: str


class Debugged(msgspec.Struct, array_like=True):
    """Of an execution that is debugged. `changed` is the breakpoint at a variable that has another value, before the next node begins.

    `pauses` says that it is paused as it halts, not because a person has paused it.
    """

    breakpoints: dict[str, Breakpoint] = msgspec.field(default_factory=dict)
    steps: dict[str, Step] = msgspec.field(default_factory=dict)
    halts: dict[str, Halt] = msgspec.field(default_factory=dict)
    ended: list[HaltOver] = msgspec.field(default_factory=list)
    changed: str = ""
    pauses: bool = False

    def set(self, breakpoints: tuple[Breakpoint, ...]) -> None:
        """Let breakpoints hold, each in the place of one with the same name."""
        for one in breakpoints:
            self.breakpoints[one.name] = one

    def over(self, path: str, now: int, how: str, by: str) -> Halt | None:
        """The halt at a path is over; None where there was none."""
        halt = self.halts.pop(path, None)
        if halt is not None:
            self.ended = [*self.ended[1 - ENDED_MAX :], HaltOver(path, halt.at, now, how, by)]
        return halt
