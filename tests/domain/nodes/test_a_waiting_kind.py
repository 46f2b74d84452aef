"""A waiting kind is its file and a line in the registry: the checks, law 8, the view and the simulation read the rest from it."""

from collections.abc import Iterator
from typing import Any

import pytest

from contracts import commands as c
from contracts import values
from contracts.definitions import DurationValue, Model, TextValue
from contracts.errors import Problem
from contracts.events import NodeStarted, SignalConsumed, TimerStarted
from domain.definition.graph import Graph
from domain.definition.validate import check
from domain.execution.deciding import Deciding, Ready
from domain.execution.kind import Kind
from domain.execution.memo import DetailMemo
from domain.execution.moves.completion import complete
from domain.execution.state import Execution, NodeRun, Signal
from domain.execution.wait import Wait, until
from domain.nodes import CONTROL_KINDS
from domain.nodes.sub_workflow import duration_of
from projections.waiting import in_words, is_moving, waiting_for
from simulation.chance import Chance
from simulation.definitions import write_definition
from tests.domain.spec import World


class Approval(Kind):
    """Waits for the word of one person."""

    name = "approval"
    summary = "waits for the word of one person"
    is_inline = False
    memo = "detail"
    examples = ({"by": "ann", "timeout": "40ms"},)

    class Config(Model):
        """Whose word, and how long it is waited for."""

        by: TextValue
        timeout: DurationValue | None = None

    def ports(self, config: Any) -> tuple[str, ...]:
        """`approved`, or `timeout`."""
        return ("approved", "timeout")

    def leaves_by_one(self, config: Any) -> bool:
        """Always."""
        return True

    def problems(self, node: str, config: Any) -> Iterator[Problem]:
        """Nobody."""
        if not config.by:
            yield Problem("by", "nobody", f"`{node}` asks nobody", "name a person")

    def takes_signals(self, config: Any) -> bool:
        """Always."""
        return True

    def start(self, ctx: Deciding, ready: Ready) -> None:
        """Begin to wait."""
        by = ctx.evaluate(ready.node.fields["by"], ctx.frame(ready))
        limit = duration_of(ctx, ready.node.fields, "timeout", ctx.frame(ready))
        ctx.emit(NodeStarted(ready.path, ready.attempt, ready.recorded, values.encode(by)))
        if limit is not None:
            ctx.emit(TimerStarted(f"{ready.path}:timeout", ctx.now + limit))

    def waits_for(self, graph: Graph, state: Execution, run: NodeRun) -> Wait:
        """The person, by name."""
        assert isinstance(run.memo, DetailMemo)
        return Wait("person", run.path, {"by": values.decode(run.memo.detail), **until(state, run)}, run.path in state.waiting)

    def offers_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> bool:
        """A word of that person."""
        assert isinstance(run.memo, DetailMemo)
        return bool(signal.name == ctx.parse(run.memo.detail))

    def on_signal(self, ctx: Deciding, run: NodeRun, signal: Signal) -> None:
        """It is there."""
        ctx.emit(SignalConsumed(signal.number, run.path, "approved"))
        complete(ctx, run, signal.payload, ("approved",))

    def on_timer(self, ctx: Deciding, run: NodeRun, purpose: str) -> None:
        """Nobody has answered."""
        complete(ctx, run, ports=("timeout",))


DEFINITION = """
nodes:
  - {id: a, type: approval, config: {by: "{{ input.who }}", timeout: 5s}}
  - {id: yes, type: noop}
  - {id: late, type: noop}
edges: [{from: a.approved, to: yes}, {from: a.timeout, to: late}]
"""


@pytest.fixture(autouse=True)
def with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONTROL_KINDS, "approval", Approval())


def test_it_waits_and_goes_on() -> None:
    world = World(DEFINITION).at(1_000, c.SendSignal("1", "ann", b'"fine"')).start({"who": "ann"})
    assert ([call.input for call in world.runs], world.times_of("yes")) == (["fine"], [1_000])
    assert World(DEFINITION).start({"who": "ann"}).times_of("late") == [5_000]


def test_law_8_and_the_view_say_what_it_waits_for() -> None:
    world = World(DEFINITION.replace(", timeout: 5s", "")).start({"who": "ann"})
    subject = world.subjects["x"]
    assert world.waits == ["person a"]
    assert waiting_for(subject.state, subject.graph) == [{"for": "person", "path": "a", "by": "ann"}]
    assert (in_words({"for": "person", "path": "a"}), is_moving(subject.state, subject.graph)) == ("person a", False)


def test_the_checks_ask_it() -> None:
    node = {"id": "a", "type": "approval", "config": {"by": ""}}
    join = {"id": "j", "type": "noop", "join": {"count": 2}}
    edges = [{"from": "a.approved", "to": "j"}, {"from": "a.timeout", "to": "j"}]
    problems = check({"name": "w", "nodes": [node, join], "edges": edges}, {"noop": None}).problems
    assert [(problem.path, problem.rule) for problem in problems] == [
        ("nodes[0].config.by", "nobody"),
        ("nodes[1].join.count", "join_never"),
    ]


def test_the_simulation_draws_it() -> None:
    drawn = [str(write_definition(Chance(seed, "trial"))) for seed in range(80)]
    assert any("'type': 'approval', 'config': {'by': 'ann', 'timeout': '40ms'}" in document for document in drawn)
    assert any(".approved'" in document for document in drawn)


@pytest.mark.parametrize("kind", CONTROL_KINDS.values(), ids=lambda kind: kind.name)
def test_the_examples_of_a_kind_are_configs_of_it(kind: Kind) -> None:
    for example in kind.examples:
        assert not list(kind.problems("n", kind.Config.model_validate(example)))
