"""`start`: where a body may begin."""

from tests.domain.spec import run


def test_a_start_gives_the_input_of_its_body() -> None:
    assert run("nodes: [{id: s, type: start}]", {"x": 1}).output == {"x": 1}


def test_a_start_in_an_iteration_gives_the_item() -> None:
    world = run("nodes: [{id: f, type: for_each, config: {items: [5, 6], body: {nodes: [{id: s, type: start}]}}}]")
    assert world.output == [5, 6]


def test_a_start_in_a_branch_gives_the_data_of_the_container() -> None:
    world = run(
        """
        nodes:
          - {id: v, type: transform, config: {operation: value, value: 7}}
          - {id: p, type: parallel, config: {branches: {a: {nodes: [{id: s, type: start}]}}}}
        edges: [{from: v, to: p}]
        """
    )
    assert world.output == {"a": 7}
