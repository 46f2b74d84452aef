# ruff: noqa: E501 - a node of a definition stands on one line
"""`repeat`: a body so many times."""

from tests.domain.spec import run, slow

LOOP = "nodes: [{id: r, type: repeat, config: {times: %s, body: {nodes: [{id: n, type: n}]}}}]"


def test_the_body_runs_so_many_times_and_gives_a_list() -> None:
    assert run(LOOP % 3, None, {"n": lambda call: call.path}).output == ["r[0]/n", "r[1]/n", "r[2]/n"]


def test_no_times_give_an_empty_list() -> None:
    assert run(LOOP % 0).output == []


def test_times_may_be_a_template() -> None:
    assert len(run(LOOP % '"{{ input.n }}"', {"n": 2.0}).ran) == 2


def test_times_that_are_no_whole_number_are_an_expression_error() -> None:
    assert run(LOOP % '"{{ input.n }}"', {"n": 1.5}).error == "expression"


def test_several_may_run_at_a_time() -> None:
    assert run(LOOP % "4, concurrency: 2", None, {"n": slow(10)}).took_ms == 20


def test_an_iteration_sees_its_index_and_the_data_of_the_loop() -> None:
    text = 'nodes: [{id: r, type: repeat, config: {times: 2, body: {nodes: [{id: t, type: transform, config: {operation: value, value: "{{ data + iteration.index }}"}}]}}}]'
    assert run(text, 5).output == [5, 6]
