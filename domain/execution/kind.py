"""What a control-flow kind is: the shape of its config, its ports, and what it does when something happens to its node.

A kind never touches the state. It reads it, and emits events through the `Deciding` it is given; what an event means
for the kind's own notes (`run.memo`) is said in `evolve_*`, which must follow from the event and the state alone.

    ready ──start──► (NodeCompleted)                        inline kinds: one decision, no run
          └─start──► NodeStarted ─► on_timer / on_signal / on_child / on_scope_left ─► NodeCompleted
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from contracts.commands import ReportChild
from contracts.definitions import Body, Model
from contracts.events import Ending, NodeStarted
from contracts.failure import Failure

if TYPE_CHECKING:
    from domain.definition.graph import Node
    from domain.execution.deciding import Deciding, Ready
    from domain.execution.state import Execution, Memo, NodeRun, Scope, Signal


class Kind:
    """A control-flow kind; the defaults are those of a kind that is decided inline and holds nothing."""

    name: ClassVar[str]
    summary: ClassVar[str]
    is_container: ClassVar[bool] = False
    is_loop: ClassVar[bool] = False
    is_inline: ClassVar[bool] = True
    fails_on_purpose: ClassVar[bool] = False
    can_undo: ClassVar[bool] = False
    """Whether a node of this kind may be a compensation; `undo` is its part."""

    class Config(Model):
        """No fields."""

    # What the compiler asks.

    def ports(self, config: Any) -> tuple[str, ...]:
        """The ports a node with this config can leave by, the usual one first; without any, no edge may start here."""
        return ("out",)

    def bodies(self, config: Any) -> dict[str, Body]:
        """The bodies in the config by their label in paths (`body`, `catch[0]`, a branch's name; `[]` for iterations)."""
        return {}

    def body_path(self, label: str) -> str:
        """Where the body of a label stands in the config (`branches.left`), for messages."""
        return label

    # What the engine tells.

    def undo(self, ctx: Deciding, run: NodeRun, config: Any, filled: dict[str, Any]) -> bytes | None:
        """Undo what another node has done; `filled` is the config as it was written, with all templates filled in.

        The answer is the output where it is done at once. Raises ExpressionError where what was filled in does not fit.
        """
        raise NotImplementedError

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """The node is ready, its `when` holds and its mutex is free."""
        raise NotImplementedError

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

    def item_of(self, ctx: Deciding, run: NodeRun, scope: Scope) -> Any:
        """`iteration.item` in this body of a loop."""
        return None

    # What an event means for the kind's own notes: total, and from the event and the state alone.

    def evolve_started(self, state: Execution, run: NodeRun, node: Node, event: NodeStarted) -> Memo | None:
        """The notes of a node that has just begun."""
        return None

    def evolve_scope_entered(self, run: NodeRun, scope: Scope) -> None:
        """A body of the node has begun."""

    def input_of(self, run: NodeRun, label: str, index: int) -> bytes:
        """What a body of the node is given, where its event does not say: the node's own data."""
        return run.data

    def evolve_items_added(self, run: NodeRun, items: bytes, count: int) -> None:
        """Further items came while the loop runs."""

    def evolve_scope_left(self, run: NodeRun, scope: Scope, ending: Ending, output: bytes) -> None:
        """A body of the node has ended."""
