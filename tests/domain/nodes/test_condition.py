"""`condition`: leaves by `true` or `false`, with its data."""

import pytest

from contracts.events import NodeSkipped
from tests.domain.spec import run

CHOICE = """
nodes:
  - {id: c, type: condition, config: {expression: %s}}
  - {id: yes, type: noop}
  - {id: no, type: noop}
edges: [{from: c.true, to: yes}, {from: c.false, to: no}]
"""


@pytest.mark.parametrize(("n", "ran", "skipped"), [(4, "yes", "no"), (3, "no", "yes")])
def test_a_condition_leaves_by_its_answer_and_skips_the_other_way(n: int, ran: str, skipped: str) -> None:
    world = run(CHOICE % '"input.n > 3"', {"n": n})
    assert (world.ran, world.paths(NodeSkipped)) == ([ran], [skipped])


def test_a_condition_gives_its_data() -> None:
    assert run(CHOICE % '"input.n > 3"', {"n": 5}).output == {"n": 5}


def test_a_boolean_is_taken_as_it_is() -> None:
    world = run("nodes: [{id: c, type: condition, config: {expression: false}}, {id: no, type: noop}]\nedges: [{from: c.false, to: no}]")
    assert world.ran == ["no"]


def test_an_answer_that_is_no_boolean_is_an_expression_error() -> None:
    world = run(CHOICE % '"input.n"', {"n": 5})
    assert (world.status, world.error) == ("incident", "expression")


def test_an_expression_error_names_the_part_that_could_not_be_evaluated() -> None:
    world = run(CHOICE % '"input.a.b > 1"', {"a": {}})
    assert world.failure is not None
    assert "input.a.b" in world.failure.message
