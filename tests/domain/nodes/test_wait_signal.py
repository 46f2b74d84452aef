"""`wait_signal`: waits for a message from outside."""

import json
from typing import Any

import pytest

from contracts import commands as c
from domain.definition.validate import check
from tests.domain.spec import World, run, signal, slow

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


def test_a_signal_that_came_in_a_pause_before_the_deadline_wins_over_the_timer() -> None:
    world = World(TIMED % ", timeout: 5s").at(4_000, c.PauseExecution(), signal("go", 1)).at(9_000, c.ResumeExecution()).start()
    assert (world.status, world.ran) == ("completed", ["got"])


def test_a_signal_that_came_in_a_pause_after_the_deadline_loses() -> None:
    world = World(TIMED % ", timeout: 5s").at(4_000, c.PauseExecution()).at(6_000, signal("go", 1)).at(9_000, c.ResumeExecution()).start()
    assert (world.status, world.ran) == ("completed", ["late"])


def test_signals_and_results_of_a_pause_are_taken_up_in_the_order_of_arrival() -> None:
    text = """
    variables: {seen: []}
    nodes:
      - {id: a, type: a}
      - {id: w, type: wait_signal, config: {name: go}}
      - {id: x, type: wait_signal, config: {name: so}}
      - {id: one, type: set_variable, config: {name: seen, value: '{{ vars.seen + ["a"] }}'}}
      - {id: two, type: set_variable, config: {name: seen, value: '{{ vars.seen + ["w"] }}'}}
      - {id: three, type: set_variable, config: {name: seen, value: '{{ vars.seen + ["x"] }}'}}
    edges: [{from: a, to: one}, {from: w.received, to: two}, {from: x.received, to: three}]
    output: "{{ vars.seen }}"
    """
    world = World(text, acts={"a": slow(20)}).at(10, c.PauseExecution(), signal("go")).at(30, signal("so")).at(40, c.ResumeExecution())
    assert world.start().output == ["w", "a", "x"]


def test_a_signal_of_a_pause_that_nobody_waits_for_stays_in_the_buffer() -> None:
    text = WAIT.replace("nodes:\n", "nodes:\n  - {id: d, type: delay, config: {for: 1s}}\n").replace(
        "edges: [", "edges: [{from: d, to: w}, "
    )
    world = World(text % "").at(5, c.PauseExecution(), signal("no", 1), signal("go", 2)).at(9, c.ResumeExecution()).start()
    assert (world.output, world.took_ms) == (2, 1_000)


def test_cancelling_a_paused_execution_takes_up_its_signals_first() -> None:
    text = WAIT.replace("config: {name: go%s}", "config: {name: go}, compensate: {type: undo}")
    world = World(text).at(5, c.PauseExecution(), signal("go", 1)).at(9, c.CancelExecution()).start()
    assert (world.status, world.ran) == ("cancelled", ["w.compensate"])


FULL = [signal("no", number) for number in range(3)]


def test_a_signal_that_is_waited_for_needs_no_room_in_the_buffer() -> None:
    world = World(WAIT % ", count: 2", signals_max=3).at(5, *FULL, signal("go", 1), signal("no", 9), signal("go", 2)).start()
    assert (world.status, world.output, [rejected.reason for _, rejected in world.rejections]) == (
        "completed",
        [1, 2],
        ["too_many_signals"],
    )


def test_a_signal_that_the_filter_turns_away_needs_room() -> None:
    world = World(WAIT % ', filter: "signal > 1"', signals_max=3).at(5, *FULL, signal("go", 1)).start()
    assert ([rejected.reason for _, rejected in world.rejections], world.send(signal("go", 2)).output) == (["too_many_signals"], 2)


def test_in_a_pause_as_many_are_taken_as_are_waited_for() -> None:
    world = World(WAIT % ", count: 2", signals_max=3).at(5, *FULL, signal("go", 1), c.PauseExecution()).start()
    world.send(signal("go", 2), signal("go", 3))
    assert [rejected.reason for _, rejected in world.rejections] == ["too_many_signals"]
    assert world.send(c.ResumeExecution()).output == [1, 2]


def test_an_emitted_signal_that_is_waited_for_arrives_though_the_buffer_is_full() -> None:
    text = """
    nodes:
      - {id: w, type: wait_signal, config: {name: go}}
      - {id: d, type: delay, config: {for: 1s}}
      - {id: tell, type: emit_signal, config: {execution: x, name: go, payload: 7}}
    edges: [{from: d, to: tell}]
    """
    world = World(text, signals_max=3).at(5, *FULL).start()
    assert (world.status, world.rejections) == ("completed", [])


def test_what_came_of_several_signals_is_the_output_of_the_timeout() -> None:
    assert World(TIMED % ", count: 3, timeout: 5s").at(5, signal("go", 1), signal("go", 2)).start().output == [1, 2]
    assert run(TIMED % ", count: 3, timeout: 5s").output == []


def test_without_an_edge_the_failure_says_what_came() -> None:
    world = World(WAIT % ", count: 3, timeout: 5s").at(5, signal("go", 1), signal("go", "two")).start()
    assert world.failure is not None
    assert (world.failure.message, world.failure.details) == (
        "of 3 signals go 2 came in time",
        {"count": 3, "came": 2, "payloads": [1, "two"]},
    )
    big = World(WAIT % ", count: 3, timeout: 5s", blob_bytes_min=30).at(5, signal("go", "x" * 40)).start()
    assert big.failure is not None
    assert big.failure.details == {"count": 3, "came": 1}


@pytest.mark.parametrize("name", ["", "a/b", "x" * 201, "a\nb", ".", ".."])
def test_a_name_that_cannot_be_sent_is_refused_wherever_it_comes_from(name: str) -> None:
    waits = run(WAIT.replace("name: go%s", 'name: "{{ input }}"'), name)
    assert (waits.status, waits.error) == ("incident", "expression")
    emits = run("nodes: [{id: e, type: emit_signal, config: {execution: x, name: '{{ input }}'}}]", name)
    assert (emits.status, emits.error) == ("incident", "expression")
    sent = World(WAIT % "").at(5, signal(name)).start()
    assert [rejected.reason for _, rejected in sent.rejections] == ["bad_signal"]


@pytest.mark.parametrize("name", ["x" * 200, "order approved", "a.b:c~d", "übergeben", "%2F"])
def test_any_other_name_is_published_and_sent(name: str) -> None:
    assert World(WAIT.replace("name: go%s", f"name: {json.dumps(name)}")).at(5, signal(name, 1)).start().output == 1


@pytest.mark.parametrize(
    ("kind", "config", "place"),
    [
        ("wait_signal", {"name": "a/b"}, "name"),
        ("wait_signal", {"signals": [{"name": "a", "port": "p"}, {"name": "x" * 201, "port": "q"}]}, "signals[1].name"),
        ("emit_signal", {"execution": "x", "name": "a/b"}, "name"),
        ("for_each", {"items": [1], "more": {"signal": "a/b"}, "body": {"nodes": [{"id": "n", "type": "noop"}]}}, "more.signal"),
    ],
)
def test_a_name_that_cannot_be_sent_is_not_published(kind: str, config: dict[str, Any], place: str) -> None:
    [problem] = check({"name": "w", "nodes": [{"id": "n", "type": kind, "config": config}]}, {}, strict_kinds=False).problems
    assert (problem.path, problem.rule) == (f"nodes[0].config.{place}", "signal_name")
