"""Differences between two executions, or two moments of one: all that parts them, and nothing that always does."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contracts import values
from contracts.errors import Rejected
from contracts.journal import SCHEMA
from domain.definition.validate import check
from projections.differences import Standing, differences_value, standing_at
from projections.run_events import ENDS
from tests.domain.spec import After, Subject, World, entries_of, fails, gives
from tests.laws.test_laws import Walk, definitions

EXAMPLES = 1_000 if settings.get_current_profile_name() == "long" else 40
ORDER = """
variables: {total: null, note: {a: 1, b: [1, 2]}}
nodes:
  - {id: check, type: condition, config: {expression: "input.amount > 100.0"}}
  - {id: sum, type: set_variable, config: {values: {total: "{{ input.amount }}"}}}
  - {id: score, type: work, config: {who: "{{ input.who }}"}}
  - {id: done, type: end, config: {outcome: paid, output: {points: "{{ nodes.score.output.points }}"}}}
  - {id: refuse, type: end, config: {outcome: refused}}
edges: [{from: check.true, to: refuse}, {from: check.false, to: sum}, {from: sum, to: score}, {from: score, to: done}]
"""


def ran(given: Any, act: Any = None) -> Subject:
    return World(ORDER, None, {"work": act or gives({"points": 3})}).start(given).subjects["x"]


def standing(subject: Subject, at: int | None = None) -> Standing:
    entries = entries_of(subject, SCHEMA)
    found = standing_at(lambda: entries, lambda _: subject.graph, subject.blobs.__getitem__, at)
    return next(one for one in found if one is not None)


def compared(one: Standing, other: Standing) -> dict[str, Any]:
    return differences_value(one, other, values.decode)


def changes(found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {one["path"]: (one["before"], one["after"]) for one in found["changes"]}


def test_an_execution_that_was_given_the_same_is_no_other_whenever_it_ran() -> None:
    one, other = ran({"amount": 5.0, "who": "ada"}), ran({"amount": 5.0, "who": "ada"}, lambda call: After(90_000, {"points": 3}))
    assert compared(standing(one), standing(other))["is_equal"]


def test_the_first_difference_is_the_run_that_ended_otherwise_first() -> None:
    found = compared(standing(ran({"amount": 5.0, "who": "ada"})), standing(ran({"amount": 500.0, "who": "ada"})))
    assert found["first"]["path"] == "check"
    assert (found["first"]["before"]["ports"], found["first"]["after"]["ports"]) == (["false"], ["true"])
    assert [step["path"] for step in found["steps"]] == ["check", "sum", "score", "done", "refuse"]
    assert changes(found)["/outcome"] == ("paid", "refused")


def test_the_same_way_with_another_answer_differs_from_that_answer_on() -> None:
    given_ = {"amount": 5.0, "who": "ada"}
    found = compared(standing(ran(given_)), standing(ran(given_, gives({"points": 9}))))
    assert (found["first"]["path"], found["first"]["before"]["output"], found["first"]["after"]["output"]) == (
        "score", {"points": 3}, {"points": 9},
    )  # fmt: skip
    assert changes(found) == {"/output/points": (3, 9)}
    failed = compared(standing(ran(given_)), standing(ran(given_, fails("boom"))))
    assert failed["first"]["path"] == "score"


def test_two_moments_of_one_differ_by_what_happened_between_them() -> None:
    subject = ran({"amount": 5.0, "who": "ada"})
    found = compared(standing(subject, 3), standing(subject))
    assert sorted(step["path"] for step in found["steps"]) == ["check", "done", "refuse", "score", "sum"]
    assert all(step["before"] is None for step in found["steps"])
    assert changes(found)["/variables/total"] == (None, 5.0)


def test_variables_of_one_that_has_ended_are_those_before_its_end() -> None:
    assert {name: values.decode(value) for name, value in standing(ran({"amount": 5.0, "who": "a"})).variables.items()} == {
        "total": 5.0, "note": {"a": 1, "b": [1, 2]},
    }  # fmt: skip


def test_pointers_name_odd_places() -> None:
    one, other = standing(ran({"amount": 5.0, "who": {"a/b": [1], "~": None}})), standing(ran({"amount": 5.0, "who": {"a/b": [1, 2]}}))
    found = [(one["path"], one["change"]) for one in compared(one, other)["changes"]]
    assert found == [("/input/who/a~1b/1", "added"), ("/input/who/~0", "removed")]


def test_null_is_not_the_same_as_nothing() -> None:
    one, other = standing(ran({"amount": 500.0, "who": None})), standing(ran({"amount": 500.0}))
    assert ("/input/who", "removed") in [(one["path"], one["change"]) for one in compared(one, other)["changes"]]


@pytest.mark.parametrize("at", [99, 2**40])
def test_an_event_that_is_not_there_is_named(at: int) -> None:
    with pytest.raises(Rejected, match=rf"execution x has the versions 1 to \d+, not {at}"):
        standing(ran({"amount": 5.0, "who": "ada"}), at)


def test_many_differences_are_counted() -> None:
    one, other = (standing(ran({"amount": 5.0, "who": {str(n): [side] for n in range(700)}})) for side in (1, 2))
    found = compared(one, other)
    assert (len(found["changes"]), found["change_count"]) == (500, 700)


@settings(max_examples=EXAMPLES, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(definitions(), st.randoms(use_true_random=False))
def test_between_any_two_moments_lie_the_ends_that_the_history_has_there(definition: dict[str, Any], chance: random.Random) -> None:
    assume(not check(definition, {}, strict_kinds=False).problems)
    subject = Walk(definition, chance).run().subjects["x"]
    last = subject.state.version
    early, late = sorted(chance.choices(range(1, last + 1), k=2))
    found = compared(standing(subject, early), standing(subject, late))
    ended = [
        version
        for decision in subject.decisions
        for version, event in enumerate(decision.events, decision.first)
        if type(event) in ENDS and early < version <= late
    ]
    assert found["step_count"] == len(ended)
    assert all(step["before"] is None for step in found["steps"])
    assert compared(standing(subject, early), standing(subject, early))["is_equal"]
