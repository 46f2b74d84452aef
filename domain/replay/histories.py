"""Histories: what is recorded of executions, as forks go on from it: a source after an event, and what is before and behind that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Final, TypeAlias

from contracts.errors import Rejected
from contracts.journal import Decision
from domain.execution.deciding import ReadBlob
from domain.execution.history import Entry, Folded, GraphOf, apply, begin, is_erasure
from domain.replay.fork import Source

VERSION_MAX: Final = 2**62
"""No history comes that far."""
Entries: TypeAlias = Callable[[str], Iterable[Entry]]
"""The decisions of an execution, in their order. Raises Rejected where there is none of that id."""
Window: TypeAlias = Callable[[str, int], "tuple[Folded | None, Iterator[Entry]]"]
"""The decisions that tell of a version, or of more, and what they follow on; None from the beginning on."""


class RecordedHistories:
    """See `domain.replay.forking.Histories`."""

    def __init__(self, entries: Entries, graph_of: GraphOf, read_blob: ReadBlob, window: Window | None = None) -> None:
        self._entries, self._graph_of, self._read_blob = entries, graph_of, read_blob
        self._window = window or (lambda execution, version: (None, iter(entries(execution))))

    def up_to(self, execution: str, version: int | None, until: int | None = None) -> Source:
        """See Histories."""
        folded, entries = self._window(execution, VERSION_MAX if version is None else version)
        for entry in entries:
            if is_erasure(entry):
                raise Rejected("erased", f"execution {execution} was erased: what it was is not known any more", execution=execution)
            folded = folded or begin(entry, self._graph_of, self._read_blob)
            apply(folded, entry)
            if version is not None and folded.state.version >= version:
                break
        there = 0 if folded is None else folded.state.version
        if folded is None or (version is not None and there < version):
            message = f"execution {execution} has the events 1 to {there}, not {version}"
            raise Rejected("unknown_version", message, execution=execution)
        following = next((entry.decision for entry in entries if entry.decision.events), None)
        if until is None:
            return self._source(execution, folded, (), following)
        return self._source(execution, folded, *self._later(execution, there, until))

    def before_time(self, execution: str, time: int | None) -> Source | None:
        """See Histories."""
        try:
            found = list(takewhile(lambda entry: time is None or entry.decision.now < time or is_erasure(entry), self._entries(execution)))
        except Rejected as rejected:
            if rejected.reason != "unknown_execution":
                raise
            return None
        last = next((entry.decision for entry in reversed(found) if entry.decision.events), None)
        return None if last is None else self.up_to(execution, last.first + len(last.events) - 1)

    def _later(self, execution: str, version: int, until: int) -> tuple[list[Decision], Decision | None]:
        """What is recorded behind an event, up to another one (0: all of it), and what follows on that."""
        later = [entry.decision for entry in self._entries(execution) if entry.decision.first > version and entry.decision.events]
        ends = [decision.first + len(decision.events) - 1 for decision in later]
        last = ends[-1] if ends else version
        if until and not version <= until <= last:
            message = (
                f"what is recorded of execution {execution} behind its event {version} goes up to event {last}, and {until} is not in it"
            )
            raise Rejected("unknown_version", message, execution=execution)
        taken = [decision for decision in later if not until or decision.first <= until]
        return taken, later[len(taken)] if len(taken) < len(later) else None

    def _source(self, execution: str, folded: Folded, later: Iterable[Decision], following: Decision | None) -> Source:
        version = folded.state.version

        def before() -> Iterator[Decision]:
            return (entry.decision for entry in self._entries(execution) if entry.decision.first <= version)

        return Source(folded.graph, folded.state, before, tuple(later), following)
