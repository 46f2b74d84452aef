"""Moving an engine from the command line: until an execution has ended, waits for the outside, or somebody has had enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from contracts import events as e
from contracts.events import carried_failure
from domain.execution.history import Folded
from domain.execution.memo import WaitMemo
from infra.server.engine import Engine
from projections.history import HistoryEvent, HistoryPresenter
from projections.waiting import as_value, in_words, is_moving, waiting_for
from refold.cli.commands.interrupt import Interrupt
from refold.cli.commands.output import complain
from refold.cli.commands.progress import TOLD, WAITS_FOR, Progress
from refold.cli.commands.target import Stop, Value, Waiting
from workers.partition.round import Made

TICK_S: Final = 0.1
"""How often an idle engine is looked at: for Ctrl-C, for the display, and whether anything still moves."""
IN_VIEW_MAX: Final = 200
"""Of so many open executions at most progress shows what they wait for."""


class Mover:
    """Moves an engine, knows which executions still move by themselves, and tells progress what happens.

    With a `root` only that execution and its children are looked at (a child's id begins with its parent's); the others
    move too, but nobody waits for them.
    """

    def __init__(self, engine: Engine, progress: Progress, interrupt: Interrupt) -> None:
        self._engine, self._progress, self._interrupt = engine, progress, interrupt
        self._root: str | None = None
        self._stop_hearing: Callable[[], None] = lambda: None
        self._moving: set[str] = set()
        self._in_view: dict[str, Folded] = {}
        self._presenters: dict[str, HistoryPresenter] = {}
        self._told = engine.owner.metrics.last_stand_down
        self.last: Folded | None = None
        """The root as it was after the last decision about it, also when it has ended."""
        progress.look = self._look

    def mean(self, root: str | None) -> None:
        """From here on look at this execution and its children, or at all."""
        self._root = root
        self._stop_hearing()
        self._stop_hearing = self._engine.owner.hearers.add(self._note)
        for folded in self._engine.owner.executions.open():
            if self._is_meant(folded.state.execution):
                self._moving.add(folded.state.execution)
                self._see(folded)

    def _is_meant(self, execution: str) -> bool:
        return self._root is None or execution == self._root or execution.startswith(f"{self._root}~")

    def _note(self, base: int, made: Sequence[Made]) -> None:
        for one in made:
            name = one.decision.execution
            if not self._is_meant(name):
                continue
            self._moving.add(name)
            self._see(one.folded)
            if name == self._root:
                self.last = one.folded
            if not self._progress.is_silent:
                self._progress.note(name, self._events(one) if self._progress.is_whole else _brief(one))
        self._progress.tick()

    def _events(self, made: Made) -> Iterable[HistoryEvent]:
        begun_by = made.folded.state.correlation
        return self._presenters.setdefault(made.decision.execution, HistoryPresenter(correlation=begun_by)).present(made.decision)

    def _see(self, folded: Folded) -> None:
        if folded.state.is_ended:
            self._in_view.pop(folded.state.execution, None)
        elif folded.state.execution in self._in_view or len(self._in_view) < IN_VIEW_MAX:
            self._in_view[folded.state.execution] = folded

    def _look(self) -> list[tuple[str, Value]]:
        return [(name, item) for name, folded in self._in_view.items() for item in _items(folded)]

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

    def waiting(self) -> Waiting:
        """The open executions among those looked at, and what each waits for."""
        return {folded.state.execution: _items(folded) for folded in self._open()}

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


def _items(folded: Folded) -> list[Value]:
    return [as_value(item) for item in waiting_for(folded.state, folded.graph)]


def _brief(made: Made) -> Iterator[HistoryEvent]:
    """The events of a decision that progress tells, with no more of them than it says: nobody waits for JSON to be read."""
    for event in made.decision.events:
        kind = type(event).__name__
        if kind in TOLD and (not isinstance(event, e.NodeStarted) or _is_wait(made, event)):
            yield HistoryEvent(0, kind, getattr(event, "path", ""), getattr(event, "attempt", None), "", _data(made, event))


def _is_wait(made: Made, event: e.NodeStarted) -> bool:
    return isinstance(getattr(made.folded.state.runs.get(event.path), "memo", None), WaitMemo)


def _data(made: Made, event: Any) -> dict[str, Any]:
    match event:
        case e.NodeRetried() | e.NodeFailed() | e.IncidentRaised():
            failure = event.failure or carried_failure(made.decision.command)
            data = {} if failure is None else {"failure": {"type": failure.type, "message": failure.message}}
            return data | ({"incident": event.incident} if isinstance(event, e.IncidentRaised) else {})
        case e.NodeStarted():
            items = waiting_for(made.folded.state, made.folded.graph)
            words = [in_words(item) for item in items if item["path"] == event.path]
            return {WAITS_FOR: words[0]} if words else {}
        case _:
            return {}
