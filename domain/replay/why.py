"""Why a node ran, was skipped, waits or failed, or why it did not run: the chain of what led there, each link an event that precedes.

    decisions ─Story─► lives of nodes ─Asking─► steps, each with the ways in to it ─decide again─► what was asked there, with every value

Nothing of this is stored. The chain follows from the events; the values of expressions from deciding those decisions again that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from contracts.errors import Rejected
from domain.definition.findings import nearest
from domain.definition.graph import Graph
from domain.execution.deciding import ReadBlob
from domain.execution.history import Entry, Folded, GraphOf, apply, apply_up_to, begin
from domain.execution.paths import is_undo, node_in_definition, node_named
from domain.execution.state import Execution
from domain.replay.chain import Asking, Why
from domain.replay.questions import asked_now
from domain.replay.story import Life, Story
from domain.replay.traced import Asked, traced

Entries: TypeAlias = Callable[[], Iterable[Entry]]


def subject(graph: Graph, state: Execution, story: Story) -> str:
    """The node that an execution is asked about that names none: the one that failed, that a person has to look at, that it waits at,
    or that ended last. Empty where it has not begun.
    """
    if state.failure is not None and story.run(state.failure.node) is not None:
        return state.failure.node
    if state.incidents:
        return next(reversed(state.incidents.values())).path
    inner = [run for run in state.runs.values() if not run.bodies and run.status != "lingering"]
    if inner:
        return max(inner, key=lambda run: (run.path.count("/"), -graph.nodes[run.node].number)).path
    ended = [life for path in story.paths() if (life := story.run(path)) is not None and life.how != "skipped" and not is_undo(path)]
    return max(ended, key=lambda life: life.ended, default=Life("", 0)).path


def named(graph: Graph, story: Story, asked: str) -> str:
    """The path of a run, or of a node that has none, that somebody means: by its run, or by its place in the definition, whose last run
    counts. Raises Rejected for a node that there is not, with the nearest one.
    """
    if story.run(asked) is not None:
        return asked
    node = node_named(graph, asked)
    if node is None or is_undo(asked):
        known = [node_in_definition(one) for one in graph.nodes]
        names = {one.rpartition("/")[2]: one for one in reversed(known)}
        near = names.get(asked) or nearest(asked[:200], known) or names.get(nearest(asked[:200], names) or "")
        fix = f"; did you mean {near}?" if near else ""
        raise Rejected("unknown_node", f"there is no node {asked[:200]!r} in workflow {graph.name}{fix}", node=asked[:200])
    exact = "[]" not in asked and "[" in asked
    life = None if exact else story.last_of(node)
    return asked if life is None else life.path


class Tracing:
    """Folds decisions, and decides those again that are wanted."""

    def __init__(self, folded: Folded, wanted: Iterable[int], read_blob: ReadBlob) -> None:
        self._folded, self._wanted, self._read_blob = folded, list(wanted)[::-1], read_blob
        self.asked: list[Asked] = []
        self.unread = 0

    def take(self, entry: Entry) -> bool:
        """Take a decision; False where nothing is wanted behind it."""
        last = entry.decision.first + len(entry.decision.events) - 1
        if not self._wanted or self.unread:
            return False
        if last < self._wanted[-1]:
            apply(self._folded, entry)
            return True
        while self._wanted and self._wanted[-1] <= last:
            self._wanted.pop()
        found = traced(self._folded, entry, self._read_blob)
        if found is None:
            self.unread = entry.decision.first
            return False
        self.asked += found
        return bool(self._wanted)


class Explained(NamedTuple):
    """The chain, and the execution as it was after the event."""

    why: Why
    folded: Folded


def why(entries: Entries, graph_of: GraphOf, read_blob: ReadBlob, node: str = "", at: int | None = None) -> Explained:
    """Why a node of an execution is as it is, or was after an event. `entries` gives the decisions of the execution, each time anew.

    Raises Rejected for a node, or an event, that there is not.
    """
    explaining = explain(entries, graph_of, read_blob, node, at)
    while (found := next(explaining)) is None:
        pass
    return found


def explain(entries: Entries, graph_of: GraphOf, read_blob: ReadBlob, node: str = "", at: int | None = None) -> Iterator[Explained | None]:
    """The same in pieces: None after each decision, so that others have their turn, and the answer at last."""
    story: Story | None = None
    for entry in entries():
        if story is None:
            folded = begin(entry, graph_of, read_blob)
            story = Story(folded.graph, at, folded.state.version)
        more = story.take(entry.decision)
        if at is None:
            apply(folded, entry)
        else:
            apply_up_to(folded, entry, at)
        yield None
        if not more:
            break
    assert story is not None, "an execution has a decision"
    if at is not None and story.version != at:
        first = story.begins + 1
        message = f"execution {folded.state.execution} has the versions {first} to {story.version}, not {at}"
        raise Rejected("unknown_version", message, execution=folded.state.execution)
    path = named(folded.graph, story, node) if node else subject(folded.graph, folded.state, story)
    asking = Asking(folded.graph, folded.state, story, path)
    tracing: Tracing | None = None
    for entry in entries():
        tracing = tracing or Tracing(begin(entry, graph_of, read_blob), asking.wanted(), read_blob)
        if not tracing.take(entry):
            break
        yield None
    assert tracing is not None, "an execution has a decision"
    now = asked_now(folded, asking.open_runs(), read_blob)
    yield Explained(asking.answer([*tracing.asked, *now], tracing.unread), folded)
