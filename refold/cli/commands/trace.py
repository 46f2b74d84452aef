"""`trace`: the spans of an execution as bars on one line of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from refold.cli.commands.output import OK, say, say_json, seconds, table
from refold.cli.commands.target import Value, duration_ms
from refold.cli.commands.where import target_of
from refold.cli.options import Where

BAR: Final = 32
"""How many characters the whole time takes."""


def trace(where: Where, execution: str, as_json: bool) -> int:
    """The spans of an execution."""
    found = target_of(where).trace(execution)
    if as_json:
        say_json({name: found[name] for name in ("trace_id", "spans")})
        return OK
    spans = found["spans"]
    say(f"trace {found['trace_id']}, {len(spans)} spans")
    start = spans[0]["started_at"]
    end = max((one["ended_at"] or one["started_at"] for one in spans), key=datetime.fromisoformat)
    whole = duration_ms(start, end) or 0
    lines = []
    for depth, span in _as_tree(spans):
        begun = duration_ms(start, span["started_at"]) or 0
        length = duration_ms(span["started_at"], span["ended_at"] or end) or 0
        took = seconds(length) if span["ended_at"] else "goes on"
        lines.append(("  " * depth + span["name"], seconds(begun), took, _bar(begun, length, whole), span["error"] or ""))
    table(("SPAN", "FROM", "TOOK", "", "ERROR"), lines)
    return OK


def _as_tree(spans: list[Value]) -> Iterator[tuple[int, Value]]:
    """Each span behind the one that it is part of, with its depth; what is part of none that is here stands for itself."""
    here = {span["span_id"] for span in spans}
    below = defaultdict[str | None, list[Value]](list)
    for span in spans:
        below[span["parent_span_id"] if span["parent_span_id"] in here else None].append(span)
    waiting = [(0, span) for span in reversed(below[None])]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting += [(depth + 1, one) for one in reversed(below[span["span_id"]])]


def _bar(begun: int, length: int, whole: int) -> str:
    """Where on the line of time it lies; the shortest is a tick."""
    if whole <= 0:
        return "╷".ljust(BAR)
    first = min(BAR - 1, begun * BAR // whole)
    size = max(1, min(BAR - first, round(length * BAR / whole)))
    return (" " * first + ("━" * size if length * BAR >= whole else "╷")).ljust(BAR)
