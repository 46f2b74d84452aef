"""`wait_until`: waits until a condition over variables and outputs holds."""

from contracts.events import ConditionMet
from tests.domain.spec import run

WAIT = """
variables: {n: 0}
nodes:
  - {id: w, type: wait_until, config: {condition: "%s"%s}}
  - {id: met, type: noop}
  - {id: late, type: noop}
  - {id: d, type: delay, config: {for: 2s}}
  - {id: s, type: set_variable, config: {name: n, value: 5}}
edges: [{from: w.met, to: met}, {from: w.timeout, to: late}, {from: d, to: s}]
"""


def test_a_condition_that_holds_at_once_is_met_at_once() -> None:
    world = run(WAIT % ("vars.n == 0", ""))
    assert (world.ran, world.events(ConditionMet)) == (["met"], [])


def test_it_is_asked_again_when_a_variable_changes() -> None:
    world = run(WAIT % ("vars.n > 3", ""))
    assert (world.ran, world.times_of("met")) == (["met"], [2_000])


def test_it_is_asked_again_when_an_output_is_there() -> None:
    world = run(WAIT % ("has(nodes.d.output)", ""))
    assert (world.ran, world.times_of("met")) == (["met"], [2_000])


def test_a_timeout_leaves_by_its_port() -> None:
    world = run(WAIT % ("vars.n > 9", ", timeout: 1s"))
    assert (world.ran, world.times_of("late")) == (["late"], [1_000])


def test_the_output_is_the_data() -> None:
    assert [call.input for call in run(WAIT % ("vars.n > 3", ""), {"x": 1}).runs] == [{"x": 1}]


def test_a_condition_that_is_no_boolean_later_is_an_expression_error() -> None:
    world = run(WAIT % ("vars.n == 0 ? false : vars.n", ""))
    assert (world.status, world.error) == ("incident", "expression")
