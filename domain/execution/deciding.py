"""Deciding: what a decision has at hand while it is made, and the one door through which facts enter: `emit`.

What is emitted is applied at once, so the next thought sees it. The agenda holds the nodes whose turn may have come,
in the order written; `advance.pump` works it off until nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any, Final, TypeAlias

import msgspec

from contracts import values
from contracts.commands import Command
from contracts.errors import OF_VALUES, ExpressionError, InvalidInput, LogCorrupt, Rejected
from contracts.events import Event, carried, carried_failure
from contracts.failure import Failure
from contracts.value_check import DEPTH_MAX, is_deep
from contracts.values import is_reference, reference_to
from domain.definition.graph import Compiled, Edge, Graph, Node
from domain.execution.debugged import Halt
from domain.execution.facts import APPLIERS
from domain.execution.limits import LIMITS, Limits
from domain.execution.names import Frame, names_for
from domain.execution.state import Execution, NodeRun, Scope
from domain.expressions import UNITS_MAX, Meter, Program, Reduction, over_units

ReadBlob: TypeAlias = Callable[[str], bytes]
"""Gives the content of a blob by its content hash: a pure look-up, since the name is the content."""

TOO_DEEP: Final = f"the value is nested deeper than {DEPTH_MAX} levels"

NODE_STOPPED: Final = 0
"""A node is being stopped: its last body may have left."""
NODE_ENDED: Final = 1
"""A node has ended: a `cancel` node may have waited for that."""
MUTEX_FREE: Final = 2
"""The mutex that a node waits for is free."""


class TooManySteps(Rejected):
    """One command led to more steps than a decision may have."""

    def __init__(self, steps_max: int) -> None:
        super().__init__("too_many_steps", f"one command led to more than {steps_max:,} steps")


class Ready(msgspec.Struct, frozen=True, gc=False):
    """A node whose turn has come: its data, and the attempt that begins."""

    scope: Scope
    node: Node
    path: str
    data: bytes
    attempt: int
    recorded: bytes | None
    """The data as the event has to say it; None where it follows from the edges."""


def no_blobs(content_hash: str) -> bytes:
    """Where no blobs are at hand."""
    raise KeyError(content_hash)


class Deciding(msgspec.Struct, eq=False, gc=False):
    """One decision in the making. Also the `Cause` of its events. A struct, as that is made in half the time of a class."""

    graph: Graph
    state: Execution
    command: Command
    now: int
    read_blob: ReadBlob = no_blobs
    limits: Limits = LIMITS
    events: list[Event] = []
    blobs: dict[str, bytes] = {}
    agenda: list[tuple[int, int, str, Node]] = []
    followups: list[tuple[int, int, str]] = []
    touched: set[str] = set()
    deepest: list[tuple[int, int, str]] = []
    changed: bool = False
    steps: int = 0
    expected: int = 0
    length: int = 0
    is_full: bool = False
    units: int = 0
    order: int = 0
    parsed: dict[bytes, Any] = {}
    released: tuple[tuple[Halt, str], ...] = ()
    """The halts that are over by this decision's command, and how."""

    def emit(self, event: Event) -> None:
        """Record a fact, and let it change the state."""
        self.events.append(event)
        state = self.state
        state.version += 1
        APPLIERS[type(event)](self.graph, state, event, self)

    # Values.

    def stash(self, value: bytes) -> bytes:
        """The value as an event may carry it: itself, or a reference to the blob that it has become."""
        length = len(value)
        if length < self.limits.blob_bytes_min or is_reference(value):
            self.length = total = self.length + length
            if total >= self.limits.turn_bytes:
                self.is_full = True
            return value
        reference = reference_to(value, self.state.key)
        self.blobs[values.blob_of(reference)] = value
        return reference

    def keep(self, value: Any) -> bytes:
        """A parsed value as bytes that an event may carry. Raises ExpressionError for one that is none, or is nested too deep."""
        try:
            content = values.encode(value)
        except OF_VALUES as error:
            raise ExpressionError(f"this is no JSON value: {error}") from None
        if is_deep(content):
            raise ExpressionError(TOO_DEEP)
        return self.stash(content)

    def load(self, value: bytes) -> bytes:
        """The JSON of a value, be it a blob or not."""
        if not is_reference(value):
            return value
        content_hash = values.blob_of(value)
        try:
            return self.blobs[content_hash] if content_hash in self.blobs else self.read_blob(content_hash)
        except KeyError:
            raise LogCorrupt(f"the blob {content_hash} is not there, which execution {self.state.execution} refers to") from None

    def parse(self, value: bytes) -> Any:
        """The parsed value; parsed once in a decision. Nobody may change it. Raises ExpressionError for what older versions let in."""
        if value in self.parsed:
            return self.parsed[value]
        try:
            parsed = self.parsed[value] = values.decode(self.load(value))
        except InvalidInput as error:
            raise ExpressionError(f"a value cannot be read: {error}") from None
        return parsed

    def unless_carried(self, value: bytes) -> bytes | None:
        """The value as an event says it: None where the decision's own command brought it."""
        return None if value == carried(self.command) else value

    def failure_unless_carried(self, failure: Failure) -> Failure | None:
        """The failure as an event says it: None where the decision's own command brought it."""
        return None if failure == carried_failure(self.command) else failure

    # Expressions.

    def evaluate(self, compiled: Compiled, frame: Frame) -> Any:
        """The value of an expression or a template. Raises ExpressionError, ExpressionLimit where it is over a bound."""
        if isinstance(compiled, Program):
            meter = self._meter(compiled)
            try:
                return compiled.evaluate(names_for(self, compiled.references, frame), meter)
            finally:
                self.units -= meter.left
        if compiled.is_static:
            return compiled.literal
        meter = self._meter(*compiled.programs)
        try:
            return compiled.render(names_for(self, compiled.references, frame), meter)
        finally:
            self.units -= meter.left

    def evaluate_into(self, whole: Meter, compiled: Compiled, frame: Frame) -> Any:
        """The value of an expression that becomes a part of something larger; the room of `whole` is for all of it."""
        if not isinstance(compiled, Program):
            return self.evaluate(compiled, frame)
        meter = self._meter(compiled)
        meter.room = whole.room
        try:
            return compiled.evaluate_measured(names_for(self, compiled.references, frame), meter)
        finally:
            self.units -= meter.left
            whole.room = meter.room

    def fold(self, reduction: Reduction, frame: Frame) -> None:
        """One step of a reduction. Raises as `evaluate` does."""
        meter = self._meter(reduction.program)
        try:
            reduction.step(names_for(self, reduction.program.references, frame), meter)
        finally:
            self.units -= meter.left

    def _meter(self, *programs: Program) -> Meter:
        """The bounds of one evaluation within those of the decision, which also pays for the length of what it asks.

        All of it is taken from the decision, which gets back what the evaluation leaves.
        """
        for program in programs:
            self.units += program.weight
        left = min(self.limits.units_max - self.units, UNITS_MAX)
        if left < 0:
            raise over_units(programs[0].source)
        self.units += left
        return Meter(left)

    def frame(self, ready: Ready) -> Frame:
        """The names a node that is about to begin can see."""
        return Frame(ready.scope, ready.node, ready.data, ready.path)

    def frame_of(self, run: NodeRun) -> Frame:
        """The names a node that has begun can see."""
        return Frame(self.state.scopes[run.scope], self.graph.nodes[run.node], run.data, run.path)

    # Turns.

    def begins_later(self) -> bool:
        """Count one more node that begins; whether it has to wait for the next turn. Raises TooManySteps."""
        self.steps = steps = self.steps + 1
        self.expected -= 1
        if steps < self.limits.turn_steps and not self.is_full:
            return False
        if steps > self.limits.steps_max:
            raise TooManySteps(self.limits.steps_max)
        return self.is_too_long

    @property
    def is_long(self) -> bool:
        """Whether the decision has done enough: loops go on in the next turn."""
        return self.is_full or self.steps + self.expected >= self.limits.turn_steps

    @property
    def is_too_long(self) -> bool:
        """Whether no node may begin in it any more that can wait."""
        return self.steps >= 2 * self.limits.turn_steps or self.length >= 2 * self.limits.turn_bytes

    # The agenda.

    def consider(self, scope: Scope, node: Node) -> None:
        """The node's turn may have come."""
        self.order = order = self.order + 1
        heappush(self.agenda, (node.number, order, scope.path, node))

    def consider_targets(self, scope: Scope, node: Node) -> None:
        """The turn of the nodes behind this one may have come; and its body may be done."""
        path = scope.path
        order = self.order
        for target in node.targets:
            order += 1
            heappush(self.agenda, (target.number, order, path, target))
        self.order = order
        if path not in self.touched:
            self.touch(path)

    def touch(self, path: str) -> None:
        """Nothing may live in this body any more: it is looked at when no turn is left to take, the innermost first."""
        if path not in self.touched:
            self.touched.add(path)
            self.order = order = self.order + 1
            heappush(self.deepest, (-path.count("/") if path else 0, order, path))

    def follow_up(self, what: int, path: str) -> None:
        """When no turn is left to take, look after this node: `NODE_STOPPED`, `NODE_ENDED` or `MUTEX_FREE`, in this order."""
        self.order = order = self.order + 1
        heappush(self.followups, (what, order, path))

    def restarted(self, scope: Scope, edge: Edge) -> None:
        """A back edge was taken: its target begins anew, whatever its other edges say."""
        self.consider(scope, edge.target)

    def release(self, node: Node) -> None:
        """The node has ended: the next one that waits for its mutex may begin."""
        if node.mutex is not None and (queue := self.state.mutexes.get(node.mutex)):
            self.follow_up(MUTEX_FREE, queue[0])

    def note_end(self, scope: Scope, node: Node, path: str) -> None:
        """The node has ended: the nodes behind it, those that wait for its mutex, and `cancel` nodes may have waited for that."""
        self.consider_targets(scope, node)
        if node.mutex is not None or self.graph.hears_ends:
            self.note_end_aside(scope, node, path)

    def note_end_aside(self, scope: Scope, node: Node, path: str) -> None:
        """The node has ended, and nothing follows on it."""
        self.touch(scope.path)
        if node.mutex is not None:
            self.release(node)
        if self.graph.hears_ends:
            self.follow_up(NODE_ENDED, path)


Handler: TypeAlias = Callable[[Deciding, Any], None]
"""Decides about one kind of command."""
