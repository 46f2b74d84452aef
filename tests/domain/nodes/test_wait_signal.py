"""`wait_signal`: waits for a message from outside."""

from contracts import commands as c
from tests.domain.spec import World, run, signal

WAIT = """
nodes:
  - {id: w, type: wait_signal, config: {name: go%s}}
  - {id: got, type: noop}
edges: [{from: w.received, to: got}]
"""
TIMED = WAIT.replace("- {id: got", "- {id: late, type: noop}\n  - {id: got").replace("edges: [", "edges: [{from: w.timeout, to: late}, ")


def test_the_payload_is_the_output() -> None:
    assert World(WAIT % "").at(5, signal("go", {"v": 1})).start().output == {"v": 1}


def test_the_name_may_be_a_template() -> None:
    assert World(WAIT.replace("name: go%s", 'name: "{{ input.n }}"')).at(5, signal("go", 4)).start({"n": "go"}).output == 4


def test_a_signal_of_another_name_stays_in_the_buffer() -> None:
    world = World(WAIT % "").at(5, signal("no", 1)).start()
    assert (world.status, [s.name for s in world.state().signals], world.waits) == ("running", ["no"], ["signal w"])


def test_a_filter_leaves_what_does_not_match_in_the_buffer() -> None:
    world = World(WAIT % ', filter: "signal.n == input.n"').at(5, signal("go", {"n": 1}), signal("go", {"n": 2})).start({"n": 2})
    assert (world.status, world.output) == ("completed", {"n": 2})


def test_a_filter_that_cannot_be_applied_to_a_signal_leaves_it_in_the_buffer() -> None:
    world = World(WAIT % ', filter: "signal.n == 1"').at(5, signal("go", "text"), signal("go", {"n": 1})).start()
    assert world.output == {"n": 1}


def test_a_signal_that_came_before_the_wait_counts() -> None:
    text = WAIT.replace("nodes:\n", "nodes:\n  - {id: d, type: delay, config: {for: 1s}}\n").replace(
        "edges: [", "edges: [{from: d, to: w}, "
    )
    assert World(text % "").at(5, signal("go", 1)).start().output == 1
    assert World(text % ", buffered: false").at(5, signal("go", 1)).at(2_000, signal("go", 2)).start().output == 2


def test_with_a_count_the_output_is_the_list() -> None:
    world = World(WAIT % ", count: 2").at(5, signal("go", 1)).at(9, signal("go", 2)).start()
    assert (world.output, world.took_ms) == ([1, 2], 9)


def test_the_first_of_several_signals_decides_the_port() -> None:
    text = """
    nodes:
      - {id: w, type: wait_signal, config: {signals: [{name: yes, port: yes}, {name: no, filter: "signal.sure", port: no}]}}
      - {id: a, type: noop}
      - {id: b, type: noop}
    edges: [{from: w.yes, to: a}, {from: w.no, to: b}]
    """
    assert World(text).at(5, signal("no", {"sure": False}), signal("yes", 1)).start().ran == ["a"]
    assert World(text).at(5, signal("no", {"sure": True}), signal("yes", 1)).start().ran == ["b"]


def test_a_timeout_leaves_by_its_port() -> None:
    world = run(TIMED % ", timeout: 5s")
    assert (world.ran, world.took_ms) == (["late"], 5_000)


def test_a_timeout_without_an_edge_fails() -> None:
    world = run(WAIT % ', timeout: "{{ input }}"', "5s")
    assert (world.status, world.error) == ("incident", "signal.timeout")


def test_a_signal_in_time_ends_the_timeout() -> None:
    world = World(TIMED % ", timeout: 5s").at(4_999, signal("go", 1)).start()
    assert (world.ran, world.took_ms) == (["got"], 4_999)


def test_a_wait_that_is_tried_again_after_its_timeout_waits_anew() -> None:
    text = WAIT.replace("}}\n  - {id: got", "}, retry: {max_attempts: 2, initial_delay: 1s}}\n  - {id: got")
    world = World(text % ", timeout: 5s").at(7_000, signal("go", 1)).start()
    assert (world.status, world.output) == ("completed", 1)


def test_one_signal_goes_to_one_wait_the_oldest_that_matches() -> None:
    text = "nodes: [{id: a, type: wait_signal, config: {name: go}}, {id: b, type: wait_signal, config: {name: go}}]"
    world = World(text).at(5, signal("go", 1)).start()
    assert world.waits == ["signal b"]
    assert world.send(signal("go", 2)).output == {"a": 1, "b": 2}


def test_the_same_signal_twice_is_one_signal() -> None:
    world = World(WAIT % ", count: 2").at(5, signal("go", 1, "s"), signal("go", 1, "s")).start()
    assert world.status == "running"


def test_signals_wait_first_in_first_out() -> None:
    text = WAIT.replace("nodes:\n", "nodes:\n  - {id: d, type: delay, config: {for: 1s}}\n").replace(
        "edges: [", "edges: [{from: d, to: w}, "
    )
    assert World(text % "").at(5, signal("go", 1), signal("go", 2)).start().output == 1


def test_signals_in_a_pause_are_kept() -> None:
    world = World(WAIT % "").at(5, c.PauseExecution(), signal("go", 1)).start()
    assert (world.status, world.send(c.ResumeExecution()).output) == ("paused", 1)


def test_a_signal_beyond_the_limit_of_the_buffer_is_refused() -> None:
    world = World(WAIT % "", signals_max=2).at(5, *(signal("no", n) for n in range(3))).start()
    assert [rejected.reason for _, rejected in world.rejections] == ["too_many_signals"]
