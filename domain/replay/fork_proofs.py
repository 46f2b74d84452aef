"""Proving forks: whoever has the source of one derives its past again, and compares.

That a fork is what its creation says, `Verifier` shows like of any execution; here is shown that what the creation says is what its
source was: the same chain of digests up to the event, and the same state to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from contracts.codec import pack
from contracts.commands import CreateExecution, Fork
from contracts.errors import Divergence, RefoldError, Rejected
from domain.execution.deciding import ReadBlob
from domain.execution.forked import past_in
from domain.execution.history import Entry, GraphOf
from domain.replay.edits import Edit
from domain.replay.fork import derive
from domain.replay.histories import RecordedHistories
from domain.replay.rerun import Version


class ForkProofs:
    """Collects the creations of forks, and proves them once all of them are known."""

    def __init__(self, graph_of: GraphOf, read_blob: ReadBlob) -> None:
        self._graph_of, self._read_blob = graph_of, read_blob
        self._forks: dict[str, CreateExecution] = {}
        self.proved = 0
        self.unproved: dict[str, str] = {}
        """Forks whose source is not there any more, by name, and which that was."""

    def note(self, entry: Entry) -> None:
        """A decision that counts."""
        command = entry.decision.command
        if isinstance(command, CreateExecution) and command.fork is not None and entry.decision.events:
            self._forks[entry.decision.execution] = command

    @property
    def sources(self) -> frozenset[str]:
        """The executions that the forks go on from."""
        return frozenset(one.fork.source for one in self._forks.values() if one.fork is not None)

    def prove(self, entries_of: Callable[[str], Iterable[Entry]]) -> list[Divergence]:
        """Prove all of them; those whose past is another than their source had. `entries_of` gives the decisions of a source, or none."""
        return [found for name, one in self._forks.items() if (found := self._differs(name, one, entries_of)) is not None]

    def _differs(self, name: str, command: CreateExecution, entries_of: Callable[[str], Iterable[Entry]]) -> Divergence | None:
        fork = command.fork
        assert fork is not None, "it is no fork"
        if not list(entries_of(fork.source)):
            self.unproved[name] = fork.source
            return None
        try:
            found = self._found(command, fork, entries_of)
        except Rejected as rejected:
            if rejected.reason == "erased":
                self.unproved[name] = fork.source
                return None
            found = str(rejected)
        except RefoldError as error:
            found = str(error)
        if found:
            return Divergence(name, 2, "", f"the past that {fork.source} had at its event {fork.version}", found)
        self.proved += 1
        return None

    def _found(self, command: CreateExecution, fork: Fork, entries_of: Callable[[str], Iterable[Entry]]) -> str:
        """What is otherwise; empty where nothing is."""
        histories = RecordedHistories(entries_of, self._graph_of, self._read_blob)
        source = histories.up_to(fork.source, fork.version, fork.until or None)
        if source.state.digest != fork.digest:
            return "another chain of digests"
        by = None
        if command.definition != fork.definition:
            by = Version(self._graph_of(command.definition), command.workflow, command.version, command.definition)
        derived = derive(source, by, [Edit(path, value) for path, value in fork.edits], self._read_blob)
        past = past_in(fork)
        if past is None:
            return "" if not derived.state.started_at else "a fork of what had not begun"
        return "" if pack(past) == pack(derived.state) else "another state"
