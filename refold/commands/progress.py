"""Live progress while an engine moves: on a terminal a line per active node, elsewhere plain lines, with `--json` nothing.

It is fed by what the owner has decided (`note`) and drawn between rounds, by the engine's own thread.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from contracts.events import (
    ExecutionCompleted,
    ExecutionFailed,
    IncidentRaised,
    NodeCompleted,
    NodeFailed,
    NodeRetried,
    NodeStarted,
    SignalConsumed,
    carried_failure,
)
from contracts.journal import Decision
from domain.history import Folded
from domain.state import WaitMemo
from projections.waiting import in_words, waiting_for
from workers.round import Made

DRAW_EVERY_S: Final = 0.1
LINE_EVERY_S: Final = 2.0
NODES_SHOWN_MAX: Final = 12
EXECUTIONS_KEPT_MAX: Final = 200


class Progress:
    """Counts what happens, and shows nothing."""

    def __init__(self) -> None:
        self.completed = self.failed = self.retries = self.events = 0
        self._open: dict[str, Folded] = {}
        self._began = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def show(self, folded: Folded) -> None:
        """Have an open execution in view."""
        if folded.state.is_ended:
            self._open.pop(folded.state.execution, None)
        elif folded.state.execution in self._open or len(self._open) < EXECUTIONS_KEPT_MAX:
            self._open[folded.state.execution] = folded

    def note(self, made: list[Made]) -> None:
        """A round is durable: count its events."""
        for one in made:
            self.show(one.folded)
            for event in one.decision.events:
                self.events += 1
                self.completed += isinstance(event, NodeCompleted)
                self.failed += isinstance(event, NodeFailed)
                self.retries += isinstance(event, NodeRetried)
        self.tick()

    def tick(self) -> None:
        """Time has passed."""

    def waiting(self) -> list[tuple[str, dict[str, Any]]]:
        """What the executions in view wait for, each with its execution."""
        return [(name, item) for name, folded in self._open.items() for item in waiting_for(folded.state, folded.graph)]

    def elapsed_s(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def counts(self, waiting: list[tuple[str, dict[str, Any]]]) -> str:
        """The counts in one line."""
        timers = sum(item["for"] == "timer" for _, item in waiting)
        return (
            f"{self.completed} completed, {self.failed} failed, {self.retries} {'retry' if self.retries == 1 else 'retries'}, "
            f"{timers} {'timer' if timers == 1 else 'timers'} waiting, {self.elapsed_s():.1f} s"
        )


class PlainProgress(Progress):
    """Lines for a file or a pipe: what went wrong or waits for somebody at once, the counts now and then."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write
        self._next = LINE_EVERY_S

    def note(self, made: list[Made]) -> None:
        """Tell what is worth a line."""
        for one in made:
            for event in one.decision.events:
                if (text := _told(event, one)) is not None:
                    self._write(f"{self.elapsed_s():7.2f} s  {text}")
        super().note(made)

    def tick(self) -> None:
        """The counts, every few seconds."""
        if self.elapsed_s() >= self._next:
            self._next = self.elapsed_s() + LINE_EVERY_S
            self._write(f"{self.elapsed_s():7.2f} s  {self.counts(self.waiting())}")


def _told(event: Any, made: Made) -> str | None:
    match event:
        case NodeRetried():
            return f"{event.path} failed{_reason(event, made.decision)}; attempt {event.attempt} follows"
        case NodeFailed() | IncidentRaised():
            verb = "failed" if isinstance(event, NodeFailed) else f"needs a person (incident {event.incident})"
            return f"{event.path or made.decision.execution} {verb}{_reason(event, made.decision)}"
        case NodeStarted() if isinstance(getattr(made.folded.state.runs.get(event.path), "memo", None), WaitMemo):
            return next(
                (
                    f"{event.path} waits for {in_words(i)}"
                    for i in waiting_for(made.folded.state, made.folded.graph)
                    if i["path"] == event.path
                ),
                None,
            )
        case SignalConsumed():
            return f"{event.path} received its signal"
        case NodeCompleted() if "/" not in event.path:
            return f"{event.path} completed"
        case ExecutionCompleted() | ExecutionFailed():
            return f"execution {made.decision.execution} {'completed' if isinstance(event, ExecutionCompleted) else 'failed'}"
        case _:
            return None


def _reason(event: NodeRetried | NodeFailed | IncidentRaised, decision: Decision) -> str:
    failure = event.failure or carried_failure(decision.command)
    return "" if failure is None else f" ({failure.type}: {failure.message})"


class LiveProgress(Progress):
    """A view on a terminal that is drawn anew several times a second and gone at the end."""

    def __init__(self) -> None:
        from rich.live import Live

        super().__init__()
        self._live = Live(auto_refresh=False, transient=True)
        self._next = 0.0

    def __enter__(self) -> Progress:
        self._live.__enter__()
        return self

    def __exit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.__exit__(error_class, error, trace)

    def tick(self) -> None:
        """Draw, unless it was drawn a moment ago."""
        if self.elapsed_s() >= self._next:
            self._next = self.elapsed_s() + DRAW_EVERY_S
            self._live.update(self._view(), refresh=True)

    def _view(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        waiting = self.waiting()
        view = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for name, item in waiting[:NODES_SHOWN_MAX]:
            prefix = f"{name} " if len(self._open) > 1 else ""
            view.add_row(_mark(item), Text(prefix + (item["path"] or name), overflow="ellipsis", no_wrap=True), _doing(item))
        if len(waiting) > NODES_SHOWN_MAX:
            view.add_row("", Text(f"… and {len(waiting) - NODES_SHOWN_MAX} more", style="dim"), "")
        return Group(view, Text(self.counts(waiting), style="bold", no_wrap=True))


def _mark(item: dict[str, Any]) -> str:
    styles = {"activity": "green", "timer": "cyan", "incident": "red", "signal": "yellow", "pause": "yellow"}
    style = styles.get(item["for"], "blue")
    return f"[{style}]●[/{style}]"


def _doing(item: dict[str, Any]) -> Any:
    from rich.text import Text

    attempt = f", attempt {item['attempt']}" if item.get("attempt", 1) > 1 else ""
    progress = f", {item['progress']:.0%}" if item.get("progress") is not None else ""
    match item["for"]:
        case "activity":
            text = f"{item['kind']}{attempt}{progress}"
        case "timer":
            text = f"{item['purpose']}{attempt}, until {_clock(item['due'])}"
        case "incident":
            text = f"incident {item['incident']}: {item['type']}: {item['message']}"
        case _:
            text = in_words(item)
    return Text(text, overflow="ellipsis", no_wrap=True)


def _clock(time_ms: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(time_ms / 1000))


def make_progress(as_json: bool) -> Progress:
    """The progress that suits where stdout goes."""
    if as_json:
        return Progress()
    if sys.stdout.isatty():
        return LiveProgress()
    return PlainProgress(lambda line: print(line, flush=True))
