"""Mutate: the same definition decides over a history in which one thing is another."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import values
from contracts.errors import Rejected
from domain.execution.evolve import initial
from domain.replay.mutate import INPUT, Setting, mutate
from domain.replay.tape import Tape
from domain.replay.what_if import Comparison
from tests.domain.spec import Called, World, fails, gives

LOAN = """
settings: {on_failure: fail}
nodes:
  - {id: score, type: work, config: {who: "{{ input.who }}"}}
  - {id: decide, type: condition, config: {expression: "nodes.score.output.points > 50.0"}}
  - {id: grant, type: end, config: {outcome: granted}}
  - {id: tell, type: work, input: null, config: {text: no}}
  - {id: refuse, type: end, config: {outcome: refused}}
edges: [{from: score, to: decide}, {from: decide.true, to: grant}, {from: decide.false, to: tell}, {from: tell, to: refuse}]
"""
EACH = """
nodes:
  - {id: each, type: for_each, config: {items: [1, 2, 3], body: {nodes: [{id: score, type: work}]}}}
  - {id: all, type: condition, config: {expression: "nodes.each.output.all(o, o.points == 7.0)"}}
  - {id: yes, type: end, config: {outcome: yes}}
  - {id: no, type: end, config: {outcome: no}}
edges: [{from: each, to: all}, {from: all.true, to: "yes"}, {from: all.false, to: "no"}]
"""


def mutated(text: str, act: Any, *settings: Setting) -> Comparison:
    subject = World(text, None, {"work": act}).start({"who": "ada"}).subjects["x"]
    tape = Tape(subject.graph, initial("x"), subject.decisions)
    return mutate(tape, list(settings), values.decode, subject.blobs.__getitem__)


def test_another_answer_leads_another_way() -> None:
    found = mutated(LOAN, gives({"points": 40.0}), Setting("score", ("points",), 60.0))
    assert (found.verdict, str(found.before), str(found.after)) == ("outcome", "completed refused", "completed granted")
    assert found.first is not None
    assert found.first.path == "decide"
    assert [call.path for call in found.vanished] == ["tell"]


def test_what_was_recorded_set_again_changes_nothing() -> None:
    assert mutated(LOAN, gives({"points": 40.0}), Setting("score", (), {"points": 40.0})).verdict == "unchanged"


def test_what_would_be_asked_in_other_words_has_no_answer() -> None:
    found = mutated(LOAN, gives({"points": 40.0}), Setting(INPUT, ("who",), "bob"))
    assert [(one.call.path, one.why) for one in found.new] == [("score", "asked_otherwise")]


def test_a_failure_can_be_an_answer_instead() -> None:
    found = mutated(LOAN, fails("boom"), Setting("score", (), {"points": 60.0}))
    assert (found.before.status, str(found.after)) == ("failed", "completed granted")
    with pytest.raises(Rejected, match="score failed: it has no output to set a field of"):
        mutated(LOAN, fails("boom"), Setting("score", ("points",), 60.0))


def test_of_a_node_in_a_loop_all_runs_are_meant_or_one() -> None:
    def act(call: Called) -> Any:
        return {"points": 7.0 if call.path == "each[0]/score" else 1.0}

    one, other = (Setting(f"each[{number}]/score", ("points",), 7.0) for number in (1, 2))
    assert mutated(EACH, act, Setting("each[]/score", ("points",), 7.0)).verdict == "outcome"
    assert mutated(EACH, act, one, other).verdict == "outcome"
    assert mutated(EACH, act, one).verdict == "output"


@pytest.mark.parametrize(("setting", "says"), [
    (Setting("decide", (), 1), "no activity answered for node 'decide' in this execution; activities answered for score, tell"),
    (Setting("", ("a", "b"), 1), "there is no field 'a' to set in what was recorded"),
    (Setting("score", ("points", "x"), 1), "there is no field 'x' to set in what was recorded"),
])  # fmt: skip
def test_what_there_is_not_is_named(setting: Setting, says: str) -> None:
    with pytest.raises(Rejected) as refused:
        mutated(LOAN, gives({"points": 40.0}), setting)
    assert str(refused.value) == says


@pytest.mark.parametrize("place", ["2", "0000000001000", "9" * 5_000])
def test_what_is_no_place_in_a_list_is_told(place: str) -> None:
    with pytest.raises(Rejected, match="there is no field"):
        mutated(LOAN, gives({"points": 40.0, "of": [1, 2]}), Setting("score", ("of", place), 1))
