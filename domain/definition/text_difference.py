"""Two texts as a unified diff, which `patch` and `git apply` take; what it costs is bounded whatever stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff
from typing import Final

LINES_MAX: Final = 2_000
"""Of texts that differ over more lines the whole middle is told as removed and added: right, and not the shortest."""
CONTEXT_LINES: Final = 3


def text_difference(before: str, after: str, before_name: str, after_name: str) -> str:
    """The diff; empty where the texts are the same, byte for byte."""
    old, new = _lines(before), _lines(after)
    first = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    middle = len(old) - first - last, len(new) - first - last
    if max(middle) <= LINES_MAX:
        found = unified_diff(old, new, before_name, after_name, n=CONTEXT_LINES) if max(middle) else iter(())
    else:
        found = _whole(old, new, first, last, (before_name, after_name))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found)


def _lines(text: str) -> list[str]:
    """The lines, each with its end; a carriage return is part of the line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _whole(old: list[str], new: list[str], first: int, last: int, names: tuple[str, str]) -> Iterator[str]:
    """One hunk, with all that stands between what both begin and end with."""
    start = max(0, first - CONTEXT_LINES)
    behind = min(last, CONTEXT_LINES)
    old_end, new_end = len(old) - last, len(new) - last
    yield f"--- {names[0]}\n"
    yield f"+++ {names[1]}\n"
    yield f"@@ -{_range(start, old_end + behind)} +{_range(start, new_end + behind)} @@\n"
    yield from (f" {line}" for line in old[start:first])
    yield from (f"-{line}" for line in old[first:old_end])
    yield from (f"+{line}" for line in new[first:new_end])
    yield from (f" {line}" for line in old[old_end : old_end + behind])


def _range(start: int, end: int) -> str:
    return f"{start + 1 if end > start else start},{end - start}"
