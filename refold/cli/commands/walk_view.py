"""What `refold walk` shows of a moment: the event on the left, the state after it on the right, and what is watched below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from contracts.values import written
from domain.execution.history import Folded
from projections.history import HistoryEvent, Show, moment
from projections.view import state_value
from projections.waiting import in_words
from refold.worker.terminal import escaped

LEFT_CHARS: Final = 52
WIDTH: Final = 110
ROWS_MAX: Final = 12
"""So many waits, and so many variables, are shown; `state` shows all."""


def lines_of(event: HistoryEvent, last: int, folded: Folded, show: Show, watched: Mapping[str, str]) -> Iterator[str]:
    """The moment after an event."""
    path = f" {event.path}" if event.path else ""
    yield f"event {event.version} of {last}  {event.type}{path}  {moment(event.recorded_at)}"
    for left, right in zip_longest(_event_lines(event), _state_lines(folded, show), fillvalue=""):
        yield f"  {_cut(left, LEFT_CHARS):<{LEFT_CHARS}} │ {_cut(right, WIDTH - LEFT_CHARS)}".rstrip()
    for text, found in watched.items():
        yield f"  watch {text} = {_cut(found, WIDTH)}"


def _event_lines(event: HistoryEvent) -> Iterator[str]:
    if event.attempt:
        yield f"attempt {event.attempt}"
    if event.actor:
        yield f"by {event.actor}"
    for name, value in event.data.items():
        yield f"{name} {_text(value)}"


def _state_lines(folded: Folded, show: Show) -> Iterator[str]:
    state = state_value(folded, show)
    ended = "".join(f" {state[name]}" for name in ("outcome",) if state[name])
    yield f"status {state['status']}{ended}"
    yield from _some([f"waits for {in_words(item)}" for item in state["waiting_for"]])
    yield from _some([f"vars.{name} {_text(value)}" for name, value in state["variables"].items()])
    if state["output"] is not None:
        yield f"output {_text(state['output'])}"
    if state["error"] is not None:
        yield f"error {state['error']['type']}: {state['error']['message']}"


def _some(lines: list[str]) -> Iterable[str]:
    return lines if len(lines) <= ROWS_MAX else [*lines[:ROWS_MAX], f"and {len(lines) - ROWS_MAX} more"]


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isidentifier() else written(value).decode()


def _cut(text: str, most: int) -> str:
    line = escaped(" ".join(text.split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"
