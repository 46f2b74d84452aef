"""`fail`: fails with an error of the user's own."""

from tests.domain.spec import run

FAIL = "settings: {on_failure: fail}\nnodes: [{id: f, type: fail, config: %s}]"


def test_a_fail_node_fails_with_its_type_message_and_details() -> None:
    world = run(FAIL % '{type: "my.{{ input.kind }}", message: "no {{ input.v }}", details: {v: "{{ input.v }}"}}', {"kind": "own", "v": 3})
    assert world.status == "failed"
    failure = world.failure
    assert failure is not None
    assert (failure.type, failure.message, failure.details, failure.node, failure.attempt) == ("my.own", "no 3", {"v": 3}, "f", 1)


def test_a_fail_node_is_not_tried_again() -> None:
    world = run("settings: {on_failure: fail, retry: {max_attempts: 5}}\nnodes: [{id: f, type: fail, retry: {max_attempts: 3}}]")
    assert (world.status, world.took_ms) == ("failed", 0)


def test_a_fail_node_is_caught_by_its_type() -> None:
    world = run(
        """
        nodes:
          - id: t
            type: try
            config:
              body: {nodes: [{id: f, type: fail, config: {type: my.own}}]}
              catch: [{errors: [my], body: {nodes: [{id: h, type: transform, config: {operation: value, value: "{{ error.type }}"}}]}}]
        """
    )
    assert world.output == "my.own"


def test_a_fail_node_has_an_error_edge() -> None:
    world = run("nodes: [{id: f, type: fail, config: {message: oh}}, {id: h, type: merge}]\nedges: [{from: f.error, to: h}]")
    assert (world.status, world.output["message"]) == ("completed", "oh")


def test_a_message_that_cannot_be_evaluated_is_an_expression_error() -> None:
    assert run(FAIL % '{message: "{{ input.a.b }}"}', {}).error == "expression"
