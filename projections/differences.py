"""Differences: where two executions, or two moments of one, part: in their state, in their variables, and on the way that they took.

    decisions ─Standing─► state after an event, variables, how each node ended and with what     ─┐
    decisions ─Standing─► the same of the other                                                  ─┴─► what differs, first what came first

Times, ids of others and numbers of events always differ between two executions, and are not compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from contracts import events as e
from contracts.errors import Rejected
from contracts.journal import Decision
from contracts.values import written
from domain.definition.graph import ERROR_PORT
from domain.execution.deciding import ReadBlob
from domain.execution.history import Entry, Folded, GraphOf, begin, check_follows
from domain.replay.why import Entries
from projections.history import Show
from projections.nodes import NodeTrace
from projections.run_events import ENDS
from projections.view import state_value

CHANGES_MAX: Final = 500
"""So many differences of values are told one by one; the others are counted."""
STEPS_MAX: Final = 100
"""So many differences of the way are told one by one; the others are counted."""
_FIELDS: Final = ("workflow", "version", "definition", "status", "outcome", "priority", "input", "variables", "output", "error")
_OPEN: Final = ("waiting_for", "timers", "signals", "children")
"""What is open: of two executions it is compared without the names in `_OWN`."""
_OWN: Final = frozenset({"due", "since", "execution", "incident", "place"})
_NOTHING: Final[Any] = object()


class Ended(NamedTuple):
    """How a node ended, by which ports, with which output (a stored value) or failure."""

    path: str
    how: str
    ports: tuple[str, ...] = ()
    output: bytes | None = None
    error: str | None = None


class Standing:
    """An execution after an event: its state, its variables (of one that has ended those before its end), and its way there."""

    def __init__(self, folded: Folded) -> None:
        self.folded = folded
        self.variables: Mapping[str, bytes] = folded.state.variables
        self.ended: dict[Ended, list[int]] = {}
        """How nodes ended, each with the events by which they did."""
        self._nodes = NodeTrace()

    def take(self, entry: Entry, at: int | None) -> bool:
        """Take a decision, up to an event; False where nothing is left to take. Raises LogCorrupt where it does not follow."""
        decision, state = entry.decision, self.folded.state
        if at is not None and at < decision.first:
            return False
        check_follows(self.folded, entry)
        count = len(decision.events) if at is None else at - decision.first + 1
        if decision.events:
            state.now = decision.now
        for event in decision.events[:count]:
            self._take_event(event, decision)
        if count < len(decision.events):
            return False
        state.digest = entry.digest
        return True

    def _take_event(self, event: Any, decision: Decision) -> None:
        state = self.folded.state
        self.folded.graph = self._nodes.take_event(self.folded.graph, state, event, decision)
        if (root := state.scopes.get("")) is not None:
            self.variables = root.variables
        if type(event) in ENDS:
            self.ended.setdefault(self._ended(event), []).append(state.version)

    def _ended(self, event: Any) -> Ended:
        row = self._nodes.at(event.path)
        assert row is not None, "a node that ends has a row"
        ports: tuple[str, ...] = ()
        if isinstance(event, e.NodeCompleted):
            ports = event.ports or ("out",)
        elif isinstance(event, e.NodeFailed) and event.edge:
            ports = (ERROR_PORT,)
        output = row.output if row.status == "completed" else None
        return Ended(event.path, row.status, ports, output, None if row.failure is None else row.failure.type)


def standing_at(entries: Entries, graph_of: GraphOf, read_blob: ReadBlob, at: int | None) -> Iterator[Standing | None]:
    """An execution after its event `at`, or as it is: None after each decision, so that others have their turn, and then the answer.

    Raises Rejected for an event that there is not.
    """
    standing: Standing | None = None
    for entry in entries():
        standing = standing or Standing(begin(entry, graph_of, read_blob))
        if not standing.take(entry, at):
            break
        yield None
    assert standing is not None, "an execution has a decision"
    state = standing.folded.state
    if at is not None and state.version != at:
        message = f"execution {state.execution} has the versions 1 to {state.version}, not {at}"
        raise Rejected("unknown_version", message, execution=state.execution)
    yield standing


# What differs.


def differences_value(one: Standing, other: Standing, show: Show) -> dict[str, Any]:
    """All that differs, as JSON shows it."""
    steps = list(_steps(one, other, show))
    changes = list(_changes(_shown(one, other, show), _shown(other, one, show)))
    return {
        "before": _named(one),
        "after": _named(other),
        "is_equal": not steps and not changes,
        "first": steps[0] if steps else None,
        "steps": steps[:STEPS_MAX],
        "step_count": len(steps),
        "changes": changes[:CHANGES_MAX],
        "change_count": len(changes),
    }


def _named(one: Standing) -> dict[str, Any]:
    state = one.folded.state
    return {
        "execution_id": state.execution,
        "at": state.version,
        "workflow": state.workflow,
        "workflow_version": state.workflow_version,
        "status": state.status,
    }


def _steps(one: Standing, other: Standing, show: Show) -> Iterator[dict[str, Any]]:
    """The runs that ended otherwise, or in one of the two alone: first the one whose end came first."""
    lost, added = _only(one, other), _only(other, one)
    pairs = [(lost.get(path, []), added.get(path, [])) for path in {**lost, **added}]
    found = [
        (before[n] if n < len(before) else None, after[n] if n < len(after) else None)
        for before, after in pairs
        for n in range(max(len(before), len(after)))
    ]
    for before, after in sorted(found, key=lambda pair: min(step[1] for step in pair if step is not None)):
        some = before or after
        assert some is not None
        yield {"path": some[0].path, "before": _step(before, show), "after": _step(after, show)}


def _only(one: Standing, other: Standing) -> dict[str, list[tuple[Ended, int]]]:
    """By path how runs ended in the one that did not so in the other, each with its event."""
    found: dict[str, list[tuple[Ended, int]]] = {}
    counts = Counter({ended: len(at) for ended, at in other.ended.items()})
    for ended, versions in one.ended.items():
        for version in versions[counts[ended] :]:
            found.setdefault(ended.path, []).append((ended, version))
    return {path: sorted(ends, key=lambda end: end[1]) for path, ends in found.items()}


def _step(step: tuple[Ended, int] | None, show: Show) -> dict[str, Any] | None:
    if step is None:
        return None
    ended, version = step
    return {
        "version": version,
        "ended": ended.how,
        "ports": list(ended.ports),
        "output": None if ended.output is None else show(ended.output),
        "error": ended.error,
    }


def _shown(one: Standing, other: Standing, show: Show) -> dict[str, Any]:
    """What of a state is compared with another one."""
    value = state_value(one.folded, show)
    value["variables"] = {name: show(content) for name, content in one.variables.items()}
    if one.folded.state.execution == other.folded.state.execution:
        return {name: value[name] for name in (*_FIELDS, *_OPEN)}
    value["children"] = len(value["children"])
    return {name: value[name] if name in _FIELDS else _without_own(value[name]) for name in (*_FIELDS, *_OPEN)}


def _without_own(value: Any) -> Any:
    if isinstance(value, list):
        return [{name: field for name, field in item.items() if name not in _OWN} for item in value]
    return value


def _changes(before: Any, after: Any) -> Iterator[dict[str, Any]]:
    """Where two values of JSON differ, by pointers (RFC 6901), in the order in which they stand there."""
    todo: list[tuple[str, Any, Any]] = [("", before, after)]
    while todo:
        path, one, other = todo.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            names = {**one, **other}
            inner = [(f"{path}/{_escaped(name)}", one.get(name, _NOTHING), other.get(name, _NOTHING)) for name in names]
        elif isinstance(one, list) and isinstance(other, list):
            inner = [
                (f"{path}/{n}", *(side[n] if n < len(side) else _NOTHING for side in (one, other)))
                for n in range(max(len(one), len(other)))
            ]
        else:
            if one is _NOTHING or other is _NOTHING or written(one) != written(other):
                yield _change(path, one, other)
            continue
        todo += reversed(inner)


def _change(path: str, one: Any, other: Any) -> dict[str, Any]:
    change = "added" if one is _NOTHING else "removed" if other is _NOTHING else "changed"
    return {"path": path, "change": change, "before": None if one is _NOTHING else one, "after": None if other is _NOTHING else other}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
