"""An execution goes on by another version of its workflow from where it is; what cannot is said, and it can go back."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.codec import pack
from domain.execution.evolve import initial
from domain.execution.state import Execution
from domain.replay.forking import Wish, fork
from domain.replay.rerun import Version
from domain.replay.tape import Tape
from domain.replay.what_if import what_if
from tests.domain.spec import World, gives, never, signal
from tests.domain.versions import Versions, back_from, to
from tests.laws.test_forks import Recorded

LINE = """
nodes:
- {id: a, type: work}
- {id: wait, type: wait_signal, config: {name: go}}
- {id: z, type: work}
edges: [{from: a, to: wait}, {from: wait.received, to: z}]
"""
LATER = """
nodes:
- {id: a, type: work}
- {id: wait, type: wait_signal, config: {name: go}}
- {id: z, type: work}
- {id: bill, type: work}
edges: [{from: a, to: wait}, {from: wait.received, to: z}, {from: z, to: bill}]
"""
BETWEEN = """
nodes:
- {id: a, type: work}
- {id: check, type: work}
- {id: wait, type: wait_signal, config: {name: go}}
- {id: z, type: work}
edges: [{from: a, to: check}, {from: check, to: wait}, {from: wait.received, to: z}]
"""
BESIDE = """
nodes:
- {id: a, type: work}
- {id: aside, type: work}
- {id: wait, type: wait_signal, config: {name: go}}
- {id: z, type: work}
edges: [{from: a, to: wait}, {from: a, to: aside}, {from: wait.received, to: z}]
"""


def waiting(*definitions: str, acts: dict[str, Any] | None = None, until: int = 50, given: Any = None) -> World:
    """An execution by the first of these versions, as far as it gets by itself."""
    return Versions(*definitions).world(definitions[0], {}, acts or {"work": gives({"n": 1})}).start_paused_in_time(until, given)


def refused(world: World) -> str:
    (command, rejected), *_ = reversed(world.rejections)
    assert isinstance(command, c.ChangeDefinition | c.RevertDefinition)
    return f"{rejected.reason}: {rejected}"


def check(world: World) -> Execution:
    """It is decided again alike, and folds to what it is."""
    subject = world.subjects["x"]
    subject.verify()
    return subject.state


def test_what_waits_goes_on_under_the_new_version_and_what_comes_later_there_runs() -> None:
    world = waiting(LINE, LATER).send(to(2))
    state = check(world)
    assert (state.workflow_version, state.definition) == (2, "hash of w 2")
    assert world.send(signal("go")).status == "completed"
    assert world.ran[-2:] == ["z", "bill"]
    check(world)


def test_the_same_twice_is_once_and_who_was_told_otherwise_meanwhile_is_refused() -> None:
    world = waiting(LINE, LATER, BETWEEN).send(to(2), to(2))
    assert len(world.events(e.DefinitionChanged)) == 1
    world.send(to(3))
    assert "other_version" in refused(world)
    assert "goes by version 2 now" in refused(world)


def test_a_node_that_would_lie_behind_is_passed_by_and_one_that_nobody_would_ever_run_is_in_the_way() -> None:
    between = waiting(LINE, BETWEEN).send(to(2), signal("go"))
    assert between.status == "completed"
    assert between.paths(e.NodeSkipped) == ["check"]
    check(between)
    beside = waiting(LINE, BESIDE)
    before = pack(beside.state())
    beside.send(to(2))
    assert "aside: it follows on a, which has ended" in refused(beside)
    assert pack(beside.state()) == before


def test_a_new_beginning_is_passed_by_where_all_behind_it_has_begun_and_else_in_the_way() -> None:
    first = LINE.replace("nodes:", "nodes:\n- {id: first, type: work}").replace("edges: [", "edges: [{from: first, to: a}, ")
    world = waiting(LINE, first).send(to(2), signal("go"))
    assert world.status == "completed"
    assert world.paths(e.NodeSkipped) == ["first"]
    alone = waiting(LINE, LINE.replace("nodes:", "nodes:\n- {id: first, type: work}")).send(to(2))
    assert "first: it begins with its body, which has begun without it" in refused(alone)


def test_an_open_activity_answers_under_the_new_version_and_a_timer_fires_in_it() -> None:
    definition = "nodes:\n- {id: a, type: work}\n- {id: d, type: delay, config: {for: 1m}}\nedges: []"
    after = definition.replace("edges: []", "- {id: z, type: work}\nedges: [{from: a, to: z}, {from: d, to: z}]")
    world = waiting(definition, after, acts={"work": never})
    world.at(50, to(2), c.CompleteActivity("a", 1, b'{"n":2}')).go_on(60)
    assert world.status == "running"
    assert world.state().timers == {"d:delay": 1_060_000}
    world.go_on()
    assert world.paths(e.NodeScheduled) == ["a", "z"]
    check(world)


def test_a_loop_in_its_middle_goes_on_with_what_its_body_is_now() -> None:
    body = "{id: each, type: for_each, config: {items: [1, 2, 3], concurrency: 1, body: {nodes: [%s], edges: [%s]}}}"
    before = f"nodes: [{body % ('{id: n, type: wait_signal, config: {name: go}}', '')}]"
    more = body % ("{id: n, type: wait_signal, config: {name: go}}, {id: m, type: work}", "{from: n.received, to: m}")
    world = waiting(before, f"nodes: [{more}]")
    world.send(signal("go", 1), to(2), signal("go", 2), signal("go", 3))
    assert world.status == "completed"
    assert [path for path in world.ran if path.endswith("/m")] == ["each[1]/m", "each[2]/m"]
    check(world)


def test_what_is_called_otherwise_goes_on_by_a_mapping_and_says_so_without() -> None:
    renamed = LINE.replace("wait", "hold").replace("hold_signal", "wait_signal")
    world = waiting(LINE, renamed).send(to(2))
    assert "wait: it is open, and version 2 has no node of this name; say what it is called there: --map wait=NAME" in refused(world)
    world.send(to(2, wait="hold"))
    assert list(world.state().runs) == ["hold"]
    assert world.state().waiting == ["hold"]
    world.send(signal("go"))
    assert world.status == "completed"
    check(world)


def test_a_renamed_timer_is_due_when_it_was_and_its_old_name_does_nothing() -> None:
    before, after = (f"nodes: [{{id: {name}, type: delay, config: {{for: 1m}}}}]" for name in ("d", "pause"))
    world = waiting(before, after).at(50, to(2, d="pause")).go_on(60)
    assert world.state().timers == {"pause:delay": 1_060_000}
    world.go_on()
    assert world.took_ms == 60_000
    check(world)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"nothing": "hold"}, "version 1 has no node of this name, which is to be called hold"),
        ({"wait": "gone"}, "version 2 has no node gone"),
        ({"wait": "each[]/hold"}, "expected a name in the same body, hold, found each[]/hold"),
        ({"wait": "hold", "z": "hold"}, "two nodes are to be called so"),
    ],
)
def test_a_mapping_that_does_not_fit_is_told(names: dict[str, str], said: str) -> None:
    world = waiting(LINE, LINE.replace("wait", "hold").replace("hold_signal", "wait_signal")).send(to(2, **names))
    assert said in refused(world)


def test_a_node_that_a_worker_has_keeps_its_name_or_ends_first_and_no_other_kind_takes_its_place() -> None:
    before, named, other = (f"nodes: [{node}]" for node in ("{id: a, type: work}", "{id: b, type: work}", "{id: a, type: other}"))
    world = waiting(before, named, other, acts={"work": never}).send(to(2, a="b"))
    assert "a worker was asked for it under this name" in refused(world)
    world.send(to(3))
    assert "it is open as work, and is other there" in refused(world)
    world.send(c.HoldActivity("a", 1, "shop"), to(2, a="b"))
    assert "a circuit breaker was asked for it under this name" in refused(world)


def test_a_variable_that_is_new_has_its_first_value_or_is_said_to_have_none() -> None:
    world = waiting(LINE, "variables: {limit: '{{ input.max + 1 }}'}\n" + LINE, given={"max": 4}).send(to(2))
    assert world.state().scopes[""].variables == {"limit": b"5"}
    check(world)
    without = waiting(LINE, "variables: {limit: '{{ input.max + 1 }}'}\n" + LINE, given={}).send(to(2))
    assert "vars.limit: it has no value yet, and its first one cannot be told" in refused(without)


def test_an_output_that_was_not_kept_and_is_to_be_read_is_in_the_way() -> None:
    reads = LINE.replace("{id: z, type: work}", "{id: z, type: work, config: {n: '{{ nodes.a.output.n }}'}}")
    world = waiting(LINE, reads).send(to(2))
    assert "a: z reads its output, which was not kept" in refused(world)
    kept = waiting(reads, LINE, reads).send(to(2), to(3, 2), signal("go"))
    assert kept.status == "completed"


def test_what_is_to_be_undone_keeps_what_undoes_it() -> None:
    undone = LINE.replace("{id: a, type: work}", "{id: a, type: work, compensate: {type: undo}}")
    acts = {"work": gives(1), "undo": gives(None)}
    assert "a: it has completed, and is to be undone by its undo" in refused(waiting(undone, LINE, acts=acts).send(to(2)))
    later = LATER.replace("{id: a, type: work}", "{id: a, type: work, compensate: {type: undo}}").replace(
        "bill, type: work", "b, type: compensate"
    )
    world = waiting(undone, later.replace("to: bill", "to: b"), acts=acts).send(to(2), signal("go"))
    assert (world.status, world.paths(e.NodeScheduled)) == ("completed", ["a", "z", "a.compensate"])
    check(world)


def test_a_mutex_and_the_branches_of_a_parallel_stay_while_they_are_held() -> None:
    locked = LINE.replace("config: {name: go}", "mutex: m, config: {name: go}")
    assert "it holds or awaits the mutex None, and has m there" in refused(waiting(LINE, locked).send(to(2)))
    branch = "{nodes: [{id: n, type: wait_signal, config: {name: go}}]}"
    two, three = (
        f"nodes: [{{id: p, type: parallel, config: {{branches: {{{', '.join(f'{name}: {branch}' for name in names)}}}}}}}]"
        for names in ("lr", "lmr")
    )
    assert "p: it is open with the bodies l, r, and has l, m, r there" in refused(waiting(two, three).send(to(2)))


def test_in_a_pause_it_is_changed_and_what_may_begin_does_so_when_it_goes_on() -> None:
    world = waiting(LINE, BETWEEN).send(c.PauseExecution(), to(2))
    assert world.state().workflow_version == 2
    world.send(c.ResumeExecution(), signal("go"))
    assert world.status == "completed"
    check(world)


def test_what_has_ended_or_ends_or_was_never_started_says_so_or_begins_by_the_new_version() -> None:
    ended = waiting(LINE, LATER).send(signal("go")).send(to(2))
    assert "already_ended" in refused(ended)
    new = Versions(LINE, LATER).world(LINE, {}, {"work": gives(1)}).start_paused_in_time(10, autostart=False)
    new.send(to(2), c.StartExecution(), signal("go"))
    assert new.ran[-1] == "bill"
    check(new)


def test_what_has_not_begun_is_let_in_by_the_settings_it_asked_by() -> None:
    limited = "settings: {concurrency: {key: execution.id, limit: 1}}\n" + LATER
    new = Versions(LINE, limited).world(LINE, {}, {"work": gives(1)}).start_paused_in_time(10, autostart=False)
    assert "lets executions in otherwise" in refused(new.send(to(2)))
    assert waiting(LINE, limited).send(to(2)).state().workflow_version == 2


def test_it_goes_back_as_long_as_nothing_has_run_that_only_the_new_version_has() -> None:
    world = waiting(LINE, LATER)
    before = world.state().scopes
    was = pack(before)
    world.send(to(2), back_from(2))
    assert pack(world.state().scopes) == was
    assert world.state().workflow_version == 1
    assert [event.is_undone for event in world.events(e.DefinitionChanged)] == [False, True]
    world.send(back_from(2))
    assert len(world.events(e.DefinitionChanged)) == 2
    assert world.send(signal("go")).status == "completed"
    assert world.ran[-1] == "z"
    check(world)


def test_it_does_not_go_back_when_a_new_node_has_begun_nor_from_where_it_began() -> None:
    world = (
        waiting(LINE, LATER, acts={"work": lambda call: 1 if call.path != "bill" else never(call)})
        .send(to(2), signal("go"))
        .send(back_from(2))
    )
    assert "has_run: execution x cannot go back to version 1: bill has begun in it" in refused(world)
    never_changed = waiting(LINE, LATER).send(back_from(1))
    assert "not_migrated" in refused(never_changed)


def test_a_definition_that_is_not_known_is_no_way_to_go() -> None:
    assert "unknown_definition" in refused(waiting(LINE).send(to(7)))


def test_a_fork_across_it_goes_on_by_either_version_and_ends_as_its_source_did() -> None:
    world = waiting(LINE, LATER).send(to(2), signal("go"))
    versions = {version: made(world, version) for version in range(1, world.state().version + 1)}
    assert {creation.version for creation in versions.values()} == {2}
    changed = next(number for number, event in enumerate(world.events(), 1) if isinstance(event, e.DefinitionChanged))
    before = fork(Recorded(world), Wish("x", changed - 1), world.blobs.__getitem__).creation
    assert before.version == 1
    world.send(before, execution="f")
    world.send(signal("go"), execution="f")
    assert world.state("f").status == "completed"
    assert "bill" not in world.paths(e.NodeScheduled, execution="f")


def made(world: World, version: int) -> c.CreateExecution:
    return fork(Recorded(world), Wish("x", version, until=0), world.blobs.__getitem__).creation


def test_what_if_asks_what_a_version_would_have_made_of_all_of_it() -> None:
    world = waiting(LINE, LATER).send(to(2), signal("go"))
    subject = world.subjects["x"]

    def verdict(version: Version) -> tuple[str, list[str]]:
        found = what_if(Tape(subject.begun_by, initial("x"), subject.decisions), version, world.blobs.__getitem__)
        return found.verdict, [call.path for call in found.vanished]

    first, second = subject.begun_by, subject.graph
    assert verdict(Version(second, "w", 2, "hash of w 2")) == ("unchanged", [])
    assert verdict(Version(first, "w", 1, "hash of w")) == ("path", ["bill"])
    assert verdict(Version(first, "w", 1, "hash of w", follows=True)) == ("unchanged", [])
