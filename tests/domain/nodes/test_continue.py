"""`continue`: ends this iteration of the nearest loop; it gives null."""

from tests.domain.nodes.test_break import LOOP, NESTED
from tests.domain.spec import run


def test_a_continued_iteration_gives_null_and_the_loop_goes_on() -> None:
    world = run(LOOP.replace("type: break", "type: continue") % 1)
    assert (world.output, len(world.ran)) == ([1, None, 3], 3)


def test_a_continue_leaves_tries_and_branches_and_their_clean_up_runs() -> None:
    world = run(NESTED % "continue")
    assert world.ran == ["f[0]/t.finally/z", "f[1]/t.finally/z", "after"]
    assert world.runs[-1].input == [None, None]


def test_a_continue_in_a_while_asks_the_condition_again() -> None:
    text = "nodes: [{id: w, type: while, config: {condition: 'iteration.index < 3', body: {nodes: [{id: c, type: continue}]}}}]"
    world = run(text)
    assert (world.status, world.output) == ("completed", None)


def test_a_continue_cancels_what_runs_in_its_iteration() -> None:
    text = "nodes: [{id: r, type: repeat, config: {times: 2, body: {nodes: [{id: n, type: never}, {id: c, type: continue}]}}}]"
    assert run(text).output == [None, None]
