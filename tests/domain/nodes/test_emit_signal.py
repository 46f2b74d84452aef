# ruff: noqa: E501 - a node of a definition stands on one line
"""`emit_signal`: sends a signal to an execution."""

from tests.domain.spec import World, run

EMIT = 'nodes: [{id: e, type: emit_signal, config: {execution: "{{ input }}", name: go, payload: {from: "{{ execution.id }}"}}}%s]'


def test_a_signal_to_another_execution_is_received_there() -> None:
    text = """
    nodes:
      - {id: s, type: sub_workflow, config: {workflow: child}}
      - {id: e, type: emit_signal, config: {execution: "x~s", name: go, payload: 5}}
    """
    world = World(text, {"child": "nodes: [{id: w, type: wait_signal, config: {name: go}}]"}).start()
    assert (world.status, world.output) == ("completed", {"s": 5, "e": 5})


def test_an_execution_may_send_to_itself() -> None:
    assert run(EMIT % ", {id: w, type: wait_signal, config: {name: go}}", "x").output["w"] == {"from": "x"}


def test_the_payload_is_the_output_and_null_without_one() -> None:
    assert run("nodes: [{id: e, type: emit_signal, config: {execution: nobody, name: go}}]").output is None


def test_a_signal_to_nobody_is_no_failure() -> None:
    world = run(EMIT % "", "nobody")
    assert (world.status, len(world.undelivered)) == ("completed", 1)


def test_a_receiver_that_is_no_text_is_an_expression_error() -> None:
    assert run(EMIT % "", 5).error == "expression"


def test_each_round_of_a_loop_sends_its_own_signal() -> None:
    text = """
    nodes:
      - {id: r, type: repeat, config: {times: 3, body: {nodes: [{id: e, type: emit_signal, config: {execution: x, name: go, payload: "{{ iteration.index }}"}}]}}}
      - {id: w, type: wait_signal, config: {name: go, count: 3}}
    """
    assert run(text).output["w"] == [0, 1, 2]
