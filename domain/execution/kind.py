"""A kind as the engine knows it: the moves of a node when it is its turn, and when something happens that it waits for.

A kind never touches the state. It reads it, and emits events through the `Deciding` it is given; what an event means for
the node's notes (`run.memo`) is said by the memo, from the event and the state alone.

    ready ──start──► (NodeCompleted)                        inline kinds: one decision, no run
          └─start──► NodeStarted ─► on_timer / on_signal / on_child / on_scope_left ─► NodeCompleted
"""

from __future__ import annotations

from typing import Any

from contracts.commands import ReportChild
from contracts.events import Ending
from contracts.failure import Failure
from domain.definition.graph import Graph, Node
from domain.definition.kind_shape import KindShape
from domain.execution.deciding import Deciding, Ready
from domain.execution.paths import acting_shape
from domain.execution.state import Execution, NodeRun, Scope, Signal
from domain.execution.wait import Wait


class Kind(KindShape):
    """A control-flow kind, shape and moves; by default nothing that happens moves it."""

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """The node is ready, its `when` holds and its mutex is free."""
        raise NotImplementedError

    def undo(self, ctx: Deciding, run: NodeRun, config: Any, filled: dict[str, Any]) -> bytes | None:
        """Undo what another node has done; `filled` is the config as it was written, with all templates filled in.

        The answer is the output where it is done at once. Raises ExpressionError where what was filled in does not fit.
        """
        raise NotImplementedError

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait | None:
        """What a node that has begun waits for, beside its own bodies; None: for nothing but these."""
        return None

    def way_of(self, ctx: Deciding, output: bytes) -> tuple[str, ...] | None:
        """By which ports a node that a worker has done leaves with this result; None is `out`."""
        return None

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """A timer of the node other than its retry and its time limits has fired."""

    def on_scope_left(self, ctx: Deciding, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """One of the node's bodies has ended so; `scope` is what it was."""

    def on_stopped(self, ctx: Deciding, run: NodeRun, ending: Ending) -> bool:
        """All bodies of a node that is being stopped have ended; True when the kind has clean-up of its own to do first."""
        return False

    def on_cancel(self, ctx: Deciding, run: NodeRun, ending: Ending) -> bool:
        """The node is to be cancelled; True when the kind will say itself when it is done."""
        return False

    def offers_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> bool:
        """Whether the node waits for this signal."""
        return False

    def on_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> None:
        """A signal that the node waits for is its own."""

    def on_changed(self, ctx: Deciding, run: NodeRun) -> None:
        """A variable or an output has changed while the node waits."""

    def on_ended(self, ctx: Deciding, run: NodeRun, path: str) -> None:
        """Another node has ended while this one is active."""

    def on_child(self, ctx: Deciding, run: NodeRun, report: ReportChild) -> None:
        """The child of the node has ended."""

    def handles(self, ctx: Deciding, run: NodeRun, scope: Scope, failure: Failure) -> bool:
        """Whether the container takes a failure of this body itself, so that it goes no further."""
        return False


def kind_of(node: Node) -> Kind:
    """The node's kind with its moves: what graphs are compiled with has both."""
    kind = node.kind
    assert isinstance(kind, Kind)
    return kind


def acting_kind(graph: Graph, run: NodeRun) -> Kind:
    """The kind that acts in a run: the node's own, or that of its compensation."""
    kind = acting_shape(graph, run)
    assert isinstance(kind, Kind)
    return kind
