"""The chain: from a run of a node back to what began it, by the ways that were taken; of one that did not run by those that were not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from contracts.failure import Failure
from domain.definition.graph import Edge, Graph, Node
from domain.execution.paths import HANDLER, is_undo, node_in_definition, node_named, owner_of, undone_node
from domain.execution.state import Execution
from domain.replay.questions import Question, question_of_way, questions_of
from domain.replay.story import Life, Story, Told
from domain.replay.traced import Asked

STEPS_MAX: Final = 100
"""A chain of so many steps is told; what lies behind them is asked for with the node of the last one."""
WAYS_MAX: Final = 100
"""Of a join of thousands of edges so many ways are told."""


class Way(NamedTuple):
    """A way in to a node: from where, by which port, whether that was taken, and since which event (0 where that is open).

    `because` says why it was not: `skipped`, `failed` or `cancelled` (so the source ended), `port` (it left by others), `when` (that
    was false), `pending` (it has not begun), `running`.
    """

    source: str
    port: str
    state: str
    version: int
    because: str
    left_by: tuple[str, ...]
    asked: Question | None
    is_back: bool = False


class Step(NamedTuple):
    """A link of the chain: a run of a node, or the execution itself (an empty path), and why it is so.

    `because` is a word of `docs/reference/http-api.md`. `version` is the event since which it is so, `begun` the one it began with;
    0 where there is none.
    """

    path: str
    node: str
    kind: str
    state: str
    because: str
    begun: int
    version: int
    events: tuple[Told, ...]
    ways: tuple[Way, ...]
    asked: tuple[Question, ...]
    failure: Failure | None


class Why(NamedTuple):
    """The chain, the nearest step first; `is_cut` says that more lies behind. `at` is the event that it was asked after.

    `unread` is the decision from which on this build would decide otherwise, so that no expression is told; 0: there is none.
    """

    at: int
    steps: tuple[Step, ...]
    is_cut: bool
    unread: int


class _Plan(NamedTuple):
    """A step before its expressions are asked: of which node, in which body, by which life, and seen from before which event."""

    step: Step
    node: Node | None
    scope: str
    life: Life | None
    until: int


class Asking:
    """Finds the chain that leads to a node, and then what was asked on the way."""

    def __init__(self, graph: Graph, state: Execution, story: Story, path: str) -> None:
        self._graph, self._state, self._story = graph, state, story
        self._plans: list[_Plan] = []
        self._cut = False
        self._follow(path)

    def wanted(self) -> list[int]:
        """The events whose decisions are to be decided again, in their order."""
        found = {version for plan in self._plans for version in (plan.step.begun, plan.step.version)}
        found |= {way.version for plan in self._plans for way in plan.step.ways if way.state != "open"}
        return sorted(found - {0})

    def open_runs(self) -> list[str]:
        """The paths of the steps that go on."""
        return [plan.step.path for plan in self._plans if plan.step.path in self._state.runs and plan.life and not plan.life.ended]

    def answer(self, asked: Iterable[Asked], unread: int = 0) -> Why:
        """The chain with what was asked."""
        by_path: dict[str, list[Asked]] = {}
        for one in asked:
            by_path.setdefault(one.path, []).append(one)
        steps = tuple(_with_questions(plan, by_path) for plan in self._plans)
        return Why(self._story.version, steps, self._cut, unread)

    # The chain.

    def _follow(self, path: str) -> None:
        wave, seen = [(path, self._story.version + 1)], {path}
        while wave:
            following: list[tuple[str, int]] = []
            for one, until in wave:
                if len(self._plans) >= STEPS_MAX:
                    self._cut = True
                    return
                plan = self._plan(one, until)
                self._plans.append(plan)
                for further in self._behind(plan):
                    if further[0] not in seen:
                        seen.add(further[0])
                        following.append(further)
            wave = following

    def _plan(self, path: str, until: int) -> _Plan:
        if not path:
            return _Plan(self._of_execution(until), None, "", None, until)
        scope, _, _ = path.rpartition("/")
        node = node_named(self._graph, path)
        life = self._story.run(path)
        if life is not None and life.begun >= until:  # the one before, of a body that was entered again
            life = None if node is None else self._story.before(scope, node, until)
        return _Plan(self._of_node(path, node, scope, life, until), node, scope, life, until)

    def _of_execution(self, until: int) -> Step:
        events = tuple(one for one in self._story.overall if one.version < until)
        state = self._state
        began = next((one.version for one in events if one.type == "ExecutionStarted"), 0)
        because = "started" if began else "not_started"
        since = events[-1].version if events else 0
        failure = state.failure if state.is_ended and self._story.version < until else None
        status = state.status if self._story.version < until else "running" if began else "created"
        return Step("", "", "execution", status, because, began, since, events, (), (), failure)

    def _of_node(self, path: str, node: Node | None, scope: str, life: Life | None, until: int) -> Step:
        name, kind = ("", "") if node is None else (node_in_definition(node), node.type)
        if node is not None and is_undo(path):
            name, kind = f"{name}.compensate", "compensation"
        begun = 0 if life is None else life.begun
        moment = begun or until
        ways = () if node is None or is_undo(path) else tuple(self._ways(scope, node, moment))
        state, version = self._state_of(path, life, until)
        because = self._because(path, node, scope, life, ways, moment)
        events = () if life is None else tuple(one for one in life.events if one.version < until)
        failure = None if life is None or state in ("completed", "skipped") else life.failure
        return Step(path, name, kind, state, because, begun, version, events, ways, (), failure)

    def _state_of(self, path: str, life: Life | None, until: int) -> tuple[str, int]:
        if life is None:
            return "not_reached", 0
        if life.ended and life.ended < until:
            return life.how, life.ended
        run = self._state.runs.get(path)
        status = "active" if run is None or self._story.version >= until else run.status
        before = [one.version for one in life.events if one.version < until]
        return status, before[-1] if status != "active" and before else life.begun

    def _ways(self, scope: str, node: Node, moment: int) -> Iterator[Way]:
        """The ways in to a node as they were before an event."""
        back = self._story.back(scope, node, moment)
        if back is not None and back[0] > self._story.entered(scope, moment):
            edge = back[1]
            life = self._story.before(scope, edge.source, back[0])
            yield Way(_path(scope, edge.source, life), edge.port, "taken", 0 if life is None else life.ended, "", (edge.port,), None, True)
            return
        for edge in [*node.incoming, *node.typed_incoming][:WAYS_MAX]:
            yield self._way(scope, edge, moment)

    def _way(self, scope: str, edge: Edge, moment: int) -> Way:
        life = self._story.before(scope, edge.source, moment)
        path = _path(scope, edge.source, life)
        if life is None or not life.ended or life.ended >= moment:
            return Way(path, edge.port, "open", 0, "pending" if life is None else "running", (), None)
        if life.leaves_by(edge):
            return Way(path, edge.port, "taken", life.ended, "", life.ports, None)
        because = "when" if edge.port in life.ports else "port" if life.ports else life.how
        return Way(path, edge.port, "untaken", life.ended, because, life.ports, None)

    def _because(self, path: str, node: Node | None, scope: str, life: Life | None, ways: tuple[Way, ...], moment: int) -> str:
        """Why a node has begun, was skipped, or has not begun."""
        if is_undo(path):
            return "undone"
        taken = any(way.state == "taken" for way in ways)
        if life is not None and life.how == "skipped" and life.begun == life.ended:
            if ways and not taken:
                return "no_edge"
            return "when" if node is not None and node.when is not None else "stopped"
        if life is not None and life.how == "cancelled" and life.begun == life.ended:
            return "cancelled"
        if life is not None:
            return "back" if any(way.is_back for way in ways) else "edges" if ways else "first"
        return self._because_not(scope, ways)

    def _because_not(self, scope: str, ways: tuple[Way, ...]) -> str:
        stay = self._story.stay(scope)
        if stay is None or (not scope and not stay.entered and not self._story.begins):
            return "no_body" if scope else "not_started"
        if stay.left or (not scope and self._state.is_ended):
            return "body_ended"
        return "not_yet" if any(way.state == "open" for way in ways) else "next"

    def _behind(self, plan: _Plan) -> Iterator[tuple[str, int]]:
        """The steps behind a step: what it failed by, where it came from, or the body around it."""
        step, until = plan.step, plan.step.begun or self._story.version + 1
        if not step.path:
            return
        inner = "" if step.failure is None or step.state not in ("failed", "incident", "retrying") else step.failure.node
        if inner not in ("", step.path) and self._story.run(inner) is not None:
            yield inner, step.version + 1
        if step.because == "undone":
            yield undone_node(step.path), until
            return
        if step.because == "body_ended":
            yield owner_of(plan.scope) if plan.scope not in ("", HANDLER) else "", self._story.version + 1
        ways = _leading(step)
        for way in ways:
            yield way.source, until
        if not ways:
            yield owner_of(plan.scope) if plan.scope not in ("", HANDLER) else "", until


def _path(scope: str, node: Node, life: Life | None) -> str:
    return life.path if life is not None else f"{scope}/{node.id}" if scope else node.id


def _leading(step: Step) -> list[Way]:
    """The ways that explain a step: of one that began those that were taken, of others those that are open, or were not taken."""
    for state in ("taken",) if step.because in ("edges", "back") else ("open", "untaken", "taken"):
        found = [way for way in step.ways if way.state == state]
        if found:
            return found
    return []


def _with_questions(plan: _Plan, asked: dict[str, list[Asked]]) -> Step:
    step, node, life = plan.step, plan.node, plan.life
    if node is None:
        return step
    mine = () if life is None else questions_of(node, asked.get(step.path, ()), step.begun - 1, min(life.ended or plan.until, plan.until))
    return step._replace(asked=mine, ways=tuple(_with_question(node, way, asked.get(way.source, ())) for way in step.ways))


def _with_question(node: Node, way: Way, asked: Iterable[Asked]) -> Way:
    """With the `when` of its edge, where that was asked. Equal texts are one expression: its source may have asked it for itself."""
    is_asked = way.state == "taken" or way.because == "when"
    return way._replace(asked=question_of_way(node, way.source, way.port, way.version, asked)) if is_asked else way
