"""The chains of executions that are sealed: without the key each digest is still proved, and what is said in plain of their ends."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from contracts.codec import read_sealed
from contracts.commands import EraseExecution
from contracts.errors import Divergence
from contracts.journal import SealedBody, chain
from contracts.key import NO_KEY
from domain.execution.evolve import initial
from domain.execution.history import Entry, Folded, GraphOf, Unreadable, graph_of_ended, graph_of_state
from domain.execution.state import Execution, parent_named

TOLD_MAX: Final = 10_000
"""So many of those that were erased are remembered by name; the others are counted."""


class Erasure(NamedTuple):
    """That an execution was erased: when (milliseconds since 1970), by whom and why."""

    execution: str
    at: int
    by: str
    reason: str


class SealedChains:
    """Takes decisions whose keys are not there, in their order. Counted are executions."""

    def __init__(self) -> None:
        self.opened = 0
        """Sealed, and read with their keys: decided again like others."""
        self.erased = 0
        self.erasures: list[Erasure] = []
        """The first of those that were erased."""
        self.decisions = 0
        """Of those that cannot be read: whose digests follow on each other."""
        self._closed: dict[str, tuple[SealedBody, bytes]] = {}
        """The last decision of each that cannot be read, and its digest."""
        self._ended: dict[str, Execution] = {}
        """Those that were read to their end: as they may still be erased."""

    @property
    def closed(self) -> int:
        """How many could not be read, and are not erased."""
        return len(self._closed)

    def begin(self, entry: Entry) -> None:
        """An execution begins that can be read."""
        self.opened += entry.key != NO_KEY

    def end(self, folded: Folded) -> None:
        """An execution has ended that can be read."""
        if folded.state.key != NO_KEY:
            self._ended[folded.state.execution] = folded.state

    def go_on(self, entry: Entry) -> None:
        """A refusal after the end."""
        if (state := self._ended.get(entry.decision.execution)) is not None:
            state.digest = entry.digest

    def take(self, found: Unreadable) -> None:
        """A decision that cannot be read. Raises Divergence where it does not follow on the one before."""
        assert found.sealed is not None
        head = read_sealed(found.sealed.body)
        if head.first == 1:
            before, version = head.definition.encode(), 1
        elif head.execution in self._closed:
            last, before = self._closed[head.execution]
            version = last.last + 1
        else:
            raise Divergence(head.execution, head.first, "", "a decision before it", "none")
        if head.first != version or chain(before, found.sealed.body) != found.sealed.digest:
            raise Divergence(head.execution, head.first, "", "a sealed decision that follows on the one before", "one that does not")
        self._closed[head.execution] = msgspec.structs.replace(head, content=b""), found.sealed.digest
        self.decisions += 1

    def before_erasure(self, entry: Entry, graph_of: GraphOf) -> Folded:
        """An execution as the decision finds it that erases it. Raises Divergence where it was not one that has ended."""
        name = entry.decision.execution
        self.erased += 1
        command = entry.decision.command
        if isinstance(command, EraseExecution) and len(self.erasures) < TOLD_MAX:
            self.erasures.append(Erasure(name, entry.decision.now, command.by, command.reason))
        known = self._ended.pop(name, None)
        if known is not None:
            self.opened -= 1
            return Folded(graph_of_state(known, graph_of), known)
        head, digest = self._closed.pop(name, (None, b""))
        if head is None or head.closing is None:
            raise Divergence(name, entry.decision.first, "", "an execution that was sealed and has ended", "another")
        state = closed_state(head, digest)
        return Folded(graph_of_ended(state.definition, graph_of), state)


def closed_state(head: SealedBody, digest: bytes) -> Execution:
    """An execution that has ended, as far as its last decision says in plain."""
    closing = head.closing
    assert closing is not None, "it has not ended"
    state = initial(head.execution)
    state.workflow, state.workflow_version, state.definition = closing.workflow, closing.version, closing.definition
    state.status = closing.status  # type: ignore[assignment]  # one of them: an execution had it
    state.version, state.digest, state.key, state.parent = head.last, digest, head.key, parent_named(closing.parent, closing.root)
    state.created_at, state.started_at, state.ended_at, state.now = (
        closing.created_at,
        closing.started_at,
        closing.ended_at,
        closing.ended_at,
    )
    return state
