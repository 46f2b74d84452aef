"""The inbox: callers first, echoes shared out among families, and a bound for each; nobody waits for ever."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import Command, Envelope, FireTimer, GrantSlot, SendSignal
from contracts.errors import Overloaded
from tests.workers.harness import Bench, sequence
from workers.partition.inbox import Inbox, family_of, is_echo
from workers.partition.round import Answer, Item
from workers.partition.upkeep import LAST_ROUNDS_MAX

SIGNAL = SendSignal("s", "go", b"1")
LOOPS = {
    "name": "loops",
    "nodes": [
        {
            "id": "again",
            "type": "while",
            "config": {
                "condition": True,
                "max_iterations": 1_000_000,
                "body": {"nodes": [{"id": "d", "type": "delay", "config": {"for": "0s"}}]},
            },
        }
    ],
}


def caller(name: str) -> Item:
    return Item(Envelope(name, "x", SIGNAL), lambda answer: None)


def echo(name: str, sender: str) -> Item:
    return Item(Envelope(name, "x", SIGNAL, sender), None, 7, name)


def names(items: list[Item]) -> list[str]:
    return [item.envelope.id for item in items]


def inbox(*items: Item) -> Inbox:
    made = Inbox()
    for item in items:
        made.put(item)
    return made


def test_a_caller_waits_behind_callers_only() -> None:
    waiting = inbox(*(echo(f"e{number}", "runaway") for number in range(10_000)), caller("c"))
    callers, echoes = waiting.take(100)
    assert (names(callers), len(echoes)) == (["c"], 99)


def test_echoes_are_shared_out_among_families() -> None:
    waiting = inbox(*(echo(f"a{n}", f"a~c{n}") for n in range(5)), *(echo(f"b{n}", "b") for n in range(2)), echo("c", "c"))
    assert names(waiting.take(6)[1]) == ["a0", "b0", "c", "a1", "b1", "a2"]
    assert names(waiting.take(6)[1]) == ["a3", "a4"]
    assert len(waiting) == 0


def test_echoes_have_a_share_however_many_callers_there_are() -> None:
    waiting = inbox(*(caller(f"c{number}") for number in range(100)), *(echo(f"e{number}", "a") for number in range(100)))
    for _ in range(4):
        callers, echoes = waiting.take(8)
        assert (len(callers), len(echoes)) == (6, 2)
    callers, echoes = waiting.take(1)
    assert (len(callers), len(echoes)) == (1, 1)


def test_what_is_put_back_comes_first_and_in_its_order() -> None:
    waiting = inbox(*(caller(f"c{n}") for n in range(3)), *(echo(f"e{n}", "a") for n in range(3)))
    callers, echoes = waiting.take(1_000)
    waiting.put(caller("later"))
    waiting.put(echo("later", "a"))
    waiting.put_back(callers + echoes)
    assert tuple(map(names, waiting.take(1_000))) == (["c0", "c1", "c2", "later"], ["e0", "e1", "e2", "later"])


@pytest.mark.parametrize(
    ("command", "more", "expected"),
    [
        (SIGNAL, {}, False), (FireTimer("a:delay", 1), {}, True), (GrantSlot(), {}, True), (SIGNAL, {"origin": 4}, True),
        (SIGNAL, {"origin": 4, "offset": 9}, False), (FireTimer("a:delay", 1), {"offset": 9}, False),
    ],
)  # fmt: skip
def test_an_echo_is_what_executions_send_unless_it_stands_in_commands(command: Command, more: dict[str, Any], expected: bool) -> None:
    assert is_echo(Item(Envelope("", "x", command), None, **more)) is expected


def test_a_child_counts_as_its_family() -> None:
    assert family_of(echo("e", "order-1~a~b")) == "order-1"
    assert family_of(Item(Envelope("", "order-1~a", FireTimer("a:delay", 1)), None)) == "order-1"


# With an engine.

SENDER = {
    "name": "sender",
    "nodes": [
        {
            "id": "r",
            "type": "repeat",
            "config": {
                "times": 1_500,
                "body": {"nodes": [{"id": "e", "type": "emit_signal", "config": {"execution": "{{ input.to }}", "name": "go"}}]},
            },
        }
    ],
}
WAIT = {"name": "wait", "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]}


def test_what_an_execution_sends_is_no_reason_to_refuse_a_caller() -> None:
    bench = Bench(inbox_max=10)
    bench.publish(SENDER, WAIT, sequence("noop"))
    bench.start("sender", {"to": "nobody"})
    bench.engine.step()
    assert len(bench.engine.owner._inbox) > 1_000
    answers: list[Answer] = []
    bench.start("w", reply=answers.append)
    bench.engine.step()
    assert answers[0].error is None, "it was decided in the next round"


def test_callers_are_refused_for_what_callers_have_brought() -> None:
    bench = Bench(inbox_max=3)
    bench.publish(WAIT)
    for _ in range(3):
        bench.start("wait")
    with pytest.raises(Overloaded):
        bench.start("wait")


def test_a_round_ends_after_so_many_nodes_and_both_sorts_go_on() -> None:
    bench = Bench()
    heavy = {
        "name": "heavy",
        "nodes": [{"id": "r", "type": "repeat", "config": {"times": 10_000, "body": {"nodes": [{"id": "m", "type": "merge"}]}}}],
    }
    bench.publish(heavy)
    executions = [bench.start("heavy") for _ in range(10)]
    bench.engine.step()
    made = [len(bench.entries(execution)) for execution in executions]
    assert made == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0], "two decisions of a turn each fill a round"
    bench.move()
    assert {bench.status(execution) for execution in executions} == {"completed"}
    assert bench.verify().divergences == []


def test_an_engine_stops_though_an_execution_moves_by_itself() -> None:
    bench = Bench()
    bench.publish(LOOPS, sequence("noop"))
    moving = bench.start("loops")
    bench.engine.step()
    before = bench.engine.owner.metrics.rounds
    started = bench.start("w")
    bench.engine.stop(0)
    assert bench.status(moving) == "running"
    assert bench.status(started) == "running", "what a caller has brought is decided"
    assert bench.engine.owner.metrics.rounds - before <= LAST_ROUNDS_MAX + 1


RUNAWAY = {
    "name": "runaway",
    "nodes": [
        {
            "id": "each",
            "type": "repeat",
            "on_error": "continue",
            "config": {
                "times": 20,
                "concurrency": 20,
                "body": {"nodes": [{"id": "c", "type": "sub_workflow", "on_error": "continue", "config": {"workflow": "runaway"}}]},
            },
        }
    ],
}


@pytest.mark.parametrize(("open_max", "commands_max"), [(50, 10_000), (50, 100)])
def test_a_family_has_so_many_open_executions_and_commands_and_harms_nobody(open_max: int, commands_max: int) -> None:
    bench = Bench()
    bench.publish(RUNAWAY, sequence("noop"))
    owner = bench.engine.owner
    owner._decider.families.open_max, owner._decider.families.commands_max = open_max, commands_max
    runaway = bench.start("runaway")
    most_open = most_waiting = 0
    for _ in range(200):
        bench.engine.step()
        most_open, most_waiting = max(most_open, owner.executions.families[runaway]), max(most_waiting, len(owner._inbox))
        bench.clock.advance(1)
    assert open_max // 2 < most_open <= open_max
    assert most_waiting <= commands_max + open_max * 20, "those that wait, and what one round has sent"
    other = bench.start("w")
    bench.engine.step()
    assert bench.status(other) == "running"
    bench.move()
    assert bench.status(runaway) == "completed"
    assert not owner.executions.families
    assert bench.verify().divergences == []


def test_the_children_of_a_family_are_counted_again_after_a_restart() -> None:
    bench = Bench(live_max=1)
    children = {"name": "kids", "nodes": [{"id": n, "type": "sub_workflow", "config": {"workflow": "wait"}} for n in ("a", "b", "c")]}
    bench.publish(WAIT, children)
    parent = bench.start("kids")
    bench.move()
    for keeps in (False, True):
        if keeps:
            bench.engine.owner.snapshot()
        bench.restart()
        assert bench.engine.owner.executions.families == {parent: 3}
