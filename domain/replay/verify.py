"""Replay: decide everything again, and compare. Whether a history is what the engine decides can be proved by anyone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from contracts.codec import pack
from contracts.commands import ArchiveExecution, CreateExecution, RollHistory
from contracts.errors import SHORTAGES, Divergence, RefoldError, Rejected
from contracts.events import Event
from contracts.journal import Filing, Retired, chain
from domain.definition.graph import Graph, all_programs
from domain.execution.decide import decide
from domain.execution.deciding import ReadBlob, no_blobs
from domain.execution.history import Entry, Folded, GraphOf, Unreadable, begin, check_follows, is_erasure, rolled_state
from domain.execution.limits import limits_of
from domain.execution.state import Execution
from domain.replay.sealed import SealedChains

_decoder: Final = msgspec.msgpack.Decoder(Execution)


class Verifier:
    """Takes the decisions of a journal in their order, decides each again, and collects what differs."""

    def __init__(self, graph_of: GraphOf, read_blob: ReadBlob = no_blobs, only: str | None = None) -> None:
        self.divergences: list[Divergence] = []
        self.decided_earlier: list[Divergence] = []
        """Of executions of language 1: what its expressions decided, and would not decide now."""
        self.decisions = 0
        self.events = 0
        self.executions = 0
        self._graph_of = graph_of
        self._read_blob = read_blob
        self._only = only
        self._open: dict[str, Folded] = {}
        self._ended: dict[str, tuple[int, bytes]] = {}
        self._given_up: set[str] = set()
        self._beheaded: dict[str, Divergence] = {}
        """Executions whose beginning is not there: it was cut off, if they are retired behind that."""
        self.forks: list[str] = []
        """Those that are forks: what they go on from is proved apart (`domain/replay/fork_proofs.py`)."""
        self.sealed = SealedChains()
        """Of executions that are sealed: whose chain of digests was checked, and who was erased."""

    def run(self, entries: Iterable[Entry | Unreadable]) -> None:
        """Verify all entries; after its first divergence an execution is left alone."""
        for entry in entries:
            execution = entry.execution if isinstance(entry, Unreadable) else entry.decision.execution
            if (self._only is not None and execution != self._only) or execution in self._given_up:
                continue
            if isinstance(entry, Unreadable) and entry.sealed is None:
                self._give_up(Divergence(execution, entry.first, "", "a record of a known schema", entry.reason))
                continue
            try:
                if isinstance(entry, Unreadable):
                    self.sealed.take(entry)
                else:
                    self._verify(entry)
            except Divergence as divergence:
                self._give_up(divergence)

    def file(self, record: Filing) -> None:
        """What the journal notes of its archive: executions that it retires may begin anew."""
        if isinstance(record, Retired):
            for name, _ in record.executions:
                self._ended.pop(name, None)
                if (beheaded := self._beheaded.pop(name, None)) is not None:
                    self.divergences.remove(beheaded)
                    self._given_up.discard(name)

    def state_of(self, execution: str) -> Execution | None:
        """What deciding again has led to, of an execution that has not ended."""
        folded = self._open.get(execution)
        return None if folded is None else folded.state

    def has_ended(self, execution: str) -> bool:
        """Whether deciding again has led an execution to its end."""
        return execution in self._ended

    def _give_up(self, divergence: Divergence, is_earlier: bool = False) -> None:
        (self.decided_earlier if is_earlier else self.divergences).append(divergence)
        self._given_up.add(divergence.execution)
        self._open.pop(divergence.execution, None)

    def _verify(self, entry: Entry) -> None:
        decision = entry.decision
        try:
            folded = self._open.get(decision.execution)
            if is_erasure(entry):
                folded = self._open[decision.execution] = self.sealed.before_erasure(entry, self._graph_of)
                self._ended.pop(decision.execution, None)
            if folded is None and decision.execution in self._ended:
                self._verify_after_the_end(entry)
                return
            if folded is None:
                folded = self._open[decision.execution] = begin(entry, self._graph_of)
                self.executions += 1
                self.sealed.begin(entry)
                self._note_fork(entry)
            _compare(entry, self._decide_again(folded, entry))
        except Divergence as divergence:
            if folded is None or not _is_of_expressions_before(folded.graph):
                raise
            self._give_up(divergence, is_earlier=True)
            return
        except SHORTAGES:
            raise
        except Exception as error:  # whatever a history holds, the others are verified
            unfollowed = Divergence(decision.execution, decision.first, "", "a history that can be followed", f"{error!r}")
            if folded is None and decision.first > 1:
                self._beheaded[decision.execution] = unfollowed
            raise unfollowed from None
        self.decisions += 1
        self.events += len(decision.events)
        if folded.state.is_ended:
            del self._open[decision.execution]
            self._ended[decision.execution] = folded.state.version, entry.digest
            self.sealed.end(folded)

    def _note_fork(self, entry: Entry) -> None:
        command = entry.decision.command
        if isinstance(command, CreateExecution) and command.fork is not None:
            self.forks.append(entry.decision.execution)

    def _verify_after_the_end(self, entry: Entry) -> None:
        """Only what was refused because it came too late may follow on an end, and that the execution is to be archived."""
        decision = entry.decision
        version, digest = self._ended[decision.execution]
        follows = decision.first == version + 1 and chain(digest, entry.body) == entry.digest
        is_told = decision.rejection is not None or isinstance(decision.command, ArchiveExecution)
        if not follows or decision.events or not is_told:
            found = "a decision that does not follow on it" if not follows else f"{type(decision.command).__name__} with events"
            raise Divergence(decision.execution, decision.first, "", "nothing but refusals after the end", found)
        self._ended[decision.execution] = version, entry.digest
        self.sealed.go_on(entry)
        self.decisions += 1

    def _decide_again(self, folded: Folded, entry: Entry) -> tuple[Event, ...]:
        """What the command leads to now. Deciding moves the state on as folding would: where the events are equal, so is the state."""
        decision, state = entry.decision, folded.state
        if isinstance(decision.command, RollHistory):
            self._check_rolled(folded, decision.command, decision.execution, decision.first)
        check_follows(folded, entry)
        try:
            decided = decide(folded.graph, state, decision.command, decision.now, self._read_blob, limits_of(decision.schema))
            folded.graph = decided.graph
            return tuple(decided.events)
        except Rejected as rejected:
            if decision.rejection is None:
                raise Divergence(decision.execution, decision.first, "", "events", f"a rejection: {rejected.message}") from None
            return ()
        except RefoldError as error:
            if decision.rejection is not None:
                return ()
            raise Divergence(decision.execution, decision.first, "", "events", str(error)) from None
        finally:
            state.digest = entry.digest

    def _check_rolled(self, folded: Folded, command: RollHistory, execution: str, version: int) -> None:
        try:
            kept = pack(rolled_state(command, self._read_blob))  # a build that knew fewer fields kept fewer
        except msgspec.MsgspecError:
            kept = b""
        if kept != pack(folded.state):
            raise Divergence(execution, version, "", "the state that was rolled up", "another state")


def _is_of_expressions_before(graph: Graph) -> bool:
    """Whether the definition has expressions, and was published when another evaluator asked them."""
    return (graph.definition.language or 1) == 1 and any(True for _ in all_programs(graph))


def _compare(entry: Entry, redecided: tuple[Event, ...]) -> None:
    recorded = entry.decision.events
    if recorded == redecided:
        return
    for index in range(max(len(recorded), len(redecided))):
        expected = redecided[index] if index < len(redecided) else None
        found = recorded[index] if index < len(recorded) else None
        if expected != found:
            event: Any = found if found is not None else expected
            node = getattr(event, "path", getattr(event, "scope", ""))
            raise Divergence(entry.decision.execution, entry.decision.first + index, str(node), _show(expected), _show(found))


def _show(event: Event | None) -> str:
    return "no event" if event is None else repr(event)[:500]
