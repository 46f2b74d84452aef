"""Live progress while executions move: on a terminal a line per active node, elsewhere plain lines, with `--json` nothing.

A session feeds it with events (`note`) as they become known, and lets it draw now and then (`tick`); what is waited for it
asks the session (`look`).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any, Final

from projections.history import HistoryEvent, moment, summary_of
from projections.waiting import in_words
from refold.cli.commands.output import say, say_json
from refold.worker.terminal import escaped

DRAW_EVERY_S: Final = 0.1
LINE_EVERY_S: Final = 2.0
NODES_SHOWN_MAX: Final = 12
WAITS_FOR: Final = "waits_for"
"""What a session adds to the data of a `NodeStarted` that waits for a signal: what for, in words."""
TOLD: Final = frozenset(
    (
        *("NodeStarted", "NodeCompleted", "NodeFailed", "NodeRetried", "IncidentRaised", "SignalConsumed"),
        *("ExecutionCompleted", "ExecutionFailed"),
    )
)
"""The types of events that a line may be said about."""


class Progress:
    """Shows nothing; the others count what happens, and show it."""

    is_silent = True
    """Whether nothing is shown, so that nothing need be told."""
    is_whole = False
    """Whether every event is wanted, with all its data; else only those that are `TOLD`, with their failures."""

    def __init__(self) -> None:
        self.completed = self.failed = self.retries = 0
        self.look: Callable[[], list[tuple[str, dict[str, Any]]]] = list
        """What the executions in view wait for, each with its execution."""
        self._began = time.monotonic()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, error_class: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def note(self, execution: str, events: Iterable[HistoryEvent]) -> None:
        """These events are durable."""
        for event in events:
            self.completed += event.type == "NodeCompleted"
            self.failed += event.type == "NodeFailed"
            self.retries += event.type == "NodeRetried"
            self.tell(execution, event)

    def tell(self, execution: str, event: HistoryEvent) -> None:
        """Say what is worth saying."""

    def tick(self) -> None:
        """Time has passed."""

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

    is_silent = False

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write
        self._next = LINE_EVERY_S

    def tell(self, execution: str, event: HistoryEvent) -> None:
        """A line for what is worth one."""
        text = _told(execution, event)
        if text is not None:
            self._write(f"{self.elapsed_s():7.2f} s  {text}")

    def tick(self) -> None:
        """The counts, every few seconds."""
        if self.elapsed_s() >= self._next:
            self._next = self.elapsed_s() + LINE_EVERY_S
            self._write(f"{self.elapsed_s():7.2f} s  {self.counts(self.look())}")


def _told(execution: str, event: HistoryEvent) -> str | None:
    match event.type:
        case "NodeRetried":
            return f"{event.path} failed{_reason(event)}; attempt {event.attempt} follows"
        case "NodeFailed":
            return f"{event.path or execution} failed{_reason(event)}"
        case "IncidentRaised":
            return f"{event.path or execution} needs a person (incident {event.data['incident']}){_reason(event)}"
        case "NodeStarted" if WAITS_FOR in event.data:
            return f"{event.path} waits for {event.data[WAITS_FOR]}"
        case "SignalConsumed":
            return f"{event.path} received its signal"
        case "NodeCompleted" if "/" not in event.path:
            return f"{event.path} completed"
        case "ExecutionCompleted" | "ExecutionFailed":
            return f"execution {execution} {'completed' if event.type == 'ExecutionCompleted' else 'failed'}"
        case _:
            return None


def _reason(event: HistoryEvent) -> str:
    failure = event.data.get("failure")
    return "" if failure is None else f" ({failure['type']}: {failure['message']})"


class EventLines(Progress):
    """Every event as it happens, one a line: as a history shows them, or as JSON."""

    is_silent = False
    is_whole = True

    def __init__(self, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json
        self._execution = ""

    def tell(self, execution: str, event: HistoryEvent) -> None:
        """One line; those of its children are not meant."""
        self._execution = self._execution or execution
        if execution != self._execution:
            return
        if self._as_json:
            say_json(event.as_value(), indent=False)
        else:
            words = (moment(event.recorded_at), f"{event.version:>5}", event.type, event.path, summary_of(event))
            say("  ".join(word for word in words if word))
        sys.stdout.flush()


class LiveProgress(Progress):
    """A view on a terminal that is drawn anew several times a second and gone at the end."""

    is_silent = False

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

        waiting = self.look()
        view = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for name, item in waiting[:NODES_SHOWN_MAX]:
            prefix = f"{name} " if len({name for name, _ in waiting}) > 1 else ""
            view.add_row(_mark(item), Text(escaped(prefix + (item["path"] or name)), overflow="ellipsis", no_wrap=True), _doing(item))
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
    return Text(escaped(text), overflow="ellipsis", no_wrap=True)


def _clock(due: str) -> str:
    return datetime.fromisoformat(due).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def make_progress(as_json: bool) -> Progress:
    """The progress that suits where stdout goes."""
    if as_json:
        return Progress()
    if sys.stdout.isatty():
        return LiveProgress()
    return PlainProgress(_say_now)


def _say_now(line: str) -> None:
    say(line)
    sys.stdout.flush()
