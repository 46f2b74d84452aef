"""`end`: ends its path; with `terminate` its body."""

from contracts.events import NodeCancelled, ScopeStopped
from tests.domain.spec import never, run


def test_an_end_gives_outcome_and_output_of_the_execution() -> None:
    world = run('nodes: [{id: e, type: end, config: {outcome: shipped, output: {order: "{{ input.id }}"}}}]', {"id": 4})
    assert (world.status, world.outcome, world.output) == ("completed", "shipped", {"order": 4})


def test_an_end_without_output_gives_what_came_in() -> None:
    assert run("nodes: [{id: e, type: end}]", [1]).output == [1]


def test_the_last_end_reached_wins() -> None:
    world = run(
        """
        nodes:
          - {id: slow, type: delay, config: {for: 1s}}
          - {id: late, type: end, config: {outcome: late, output: 2}}
          - {id: early, type: end, config: {outcome: early, output: 1}}
        edges: [{from: slow, to: late}]
        """
    )
    assert (world.outcome, world.output) == ("late", 2)


def test_an_end_only_ends_its_own_path() -> None:
    world = run("nodes: [{id: e, type: end}, {id: d, type: delay, config: {for: 1s}}, {id: a, type: noop}]\nedges: [{from: d, to: a}]")
    assert world.ran == ["a"]


def test_a_terminating_end_completes_its_body_at_once_and_cancels_what_runs() -> None:
    world = run("nodes: [{id: n, type: never}, {id: e, type: end, config: {terminate: true, output: 1}}]")
    assert (world.status, world.output) == ("completed", 1)
    assert world.paths(NodeCancelled) == ["n"]


def test_a_terminating_end_in_a_branch_ends_only_that_branch() -> None:
    world = run(
        """
        nodes:
          - id: p
            type: parallel
            config:
              branches:
                a: {nodes: [{id: n, type: never}, {id: e, type: end, config: {terminate: true, output: 1}}]}
                b: {nodes: [{id: d, type: delay, config: {for: 1s}}, {id: m, type: merge}], edges: [{from: d, to: m}]}
        """
    )
    assert world.output == {"a": 1, "b": {"waited": 1.0}}
    assert [event.scope for event in world.events(ScopeStopped)] == ["p.a"]


def test_a_terminating_end_waits_for_the_clean_up_of_what_it_cancels() -> None:
    world = run(
        """
        nodes:
          - {id: t, type: try, config: {body: {nodes: [{id: n, type: never}]}, finally: {nodes: [{id: z, type: noop}]}}}
          - {id: d, type: delay, config: {for: 1s}}
          - {id: e, type: end, config: {terminate: true, output: 1}}
        edges: [{from: d, to: e}]
        """
    )
    assert world.ran == ["t.body/n", "t.finally/z"]
    assert (world.status, world.output) == ("completed", 1)


def test_the_outcome_comes_from_ends_of_the_outermost_body_only() -> None:
    world = run(
        """
        nodes:
          - {id: t, type: try, config: {body: {nodes: [{id: e, type: end, config: {outcome: inner, output: 1}}]}}}
        """
    )
    assert (world.outcome, world.output) == (None, 1)


def test_an_output_that_cannot_be_evaluated_is_a_failure_of_the_end() -> None:
    world = run('nodes: [{id: e, type: end, config: {output: "{{ input.a.b }}"}}]', {}, {"never": never})
    assert (world.status, world.error) == ("incident", "expression")
