"""Moving an engine from the command line: until an execution has ended, waits for the outside, or somebody has had enough."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, Literal

from domain.history import Folded
from infra.engine import Engine
from projections.waiting import is_moving, waiting_for
from refold.commands.output import complain
from refold.commands.progress import Progress
from workers.round import Made

TICK_S: Final = 0.1
"""How often an idle engine is looked at: for Ctrl-C, for the display, and whether anything still moves."""

Stop = Literal["ended", "outside", "timeout", "interrupted"]


class Interrupt:
    """Whether somebody has asked to stop (Ctrl-C or SIGTERM). The second time it takes its usual effect."""

    def __init__(self) -> None:
        self.number = 0

    def __bool__(self) -> bool:
        return self.number != 0

    @property
    def exit_code(self) -> int:
        """As a shell expects it: 130 after Ctrl-C."""
        return 128 + self.number

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Remember it; what runs is let end."""
        self.number = number
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Within, Ctrl-C does not break off but asks to stop."""
    interrupt = Interrupt()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, interrupt.ask) for number in numbers]
    try:
        yield interrupt
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Mover:
    """Moves an engine and knows which executions still move by themselves.

    With a `root` only that execution and its children are looked at (a child's id begins with its parent's); the others
    move too, but nobody waits for them.
    """

    def __init__(self, engine: Engine, progress: Progress, interrupt: Interrupt, root: str | None = None) -> None:
        self._engine, self._progress, self._interrupt, self._root = engine, progress, interrupt, root
        self._moving: set[str] = set()
        self._told = engine.owner.metrics.last_stand_down
        engine.owner.on_decisions = self._note
        for folded in engine.owner.executions.open():
            if self._is_meant(folded.state.execution):
                self._moving.add(folded.state.execution)
                progress.show(folded)

    def _is_meant(self, execution: str) -> bool:
        return self._root is None or execution == self._root or execution.startswith(f"{self._root}~")

    def _note(self, made: list[Made]) -> None:
        meant = [one for one in made if self._is_meant(one.decision.execution)]
        self._moving.update(one.decision.execution for one in meant)
        self._progress.note(meant)

    def move(self, has_ended: Callable[[], bool], timeout_s: float | None, stays: Callable[[], bool] = lambda: False) -> Stop:
        """Move until it has ended, until nothing moves without the outside (unless one `stays` for it), or until the time is up."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not has_ended():
            if self._interrupt:
                return "interrupted"
            if end is not None and time.monotonic() >= end:
                return "timeout"
            if self._engine.run_until(lambda: has_ended() or bool(self._interrupt), self._pause(end)):
                continue
            self._tick()
            if self._root is not None and self._engine.owner.executions.get(self._root) is None:
                return "ended"
            if not self._still_moving() and not stays():
                return "ended" if has_ended() else "outside"
        return "ended"

    def _tick(self) -> None:
        """Draw, and say why the engine cannot store anything at the moment."""
        self._progress.tick()
        why = self._engine.owner.metrics.last_stand_down
        if why != self._told:
            self._told = why
            complain(f"nothing could be stored, trying again: {why}")

    def _pause(self, end: float | None) -> float:
        return TICK_S if end is None else max(0.0, min(TICK_S, end - time.monotonic()))

    def _still_moving(self) -> bool:
        """Whether any execution moves by itself; those that do not are looked at again when something happens to them."""
        for execution in list(self._moving):
            folded = self._engine.owner.executions.get(execution)
            if folded is not None and is_moving(folded.state, folded.graph):
                return True
            self._moving.discard(execution)
        return not self._engine.owner.is_idle

    def open(self) -> dict[str, list[dict[str, Any]]]:
        """The open executions among those looked at, and what each waits for."""
        return {folded.state.execution: waiting_for(folded.state, folded.graph) for folded in self._open()}

    def _open(self) -> Iterator[Folded]:
        executions = self._engine.owner.executions
        if self._root is None:
            yield from executions.open()
            return
        names = [self._root]
        for name in names:
            if (folded := executions.get(name)) is not None:
                names.extend(folded.state.children)
                yield folded
