"""`settings.after`: an execution begins when others have completed, or fails when their time is over; each command twice is once."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.errors import Problem
from contracts.failure import Failure
from domain.definition.validate import check
from domain.execution.liveness import waits_of
from projections.waiting import in_words, waiting_for
from tests.domain.spec import START_MS, Spec, create, document_of

HOUR = 3_600_000
NODES = "nodes: [{id: a, type: a}]"
ONE = f"settings: {{after: {{workflow: import, within: 1h, key: input.day}}}}\n{NODES}"
TWO = f"settings: {{after: [{{workflow: import, within: 1h}}, {{workflow: check, within: 2h, on_timeout: start}}]}}\n{NODES}"
MONDAY = {"day": "monday"}


def awaiting(text: str = ONE, given: Any = None, **more: Any) -> Spec:
    return Spec(text, created=False).given(create(MONDAY if given is None else given, **more))


def kinds(spec: Spec) -> list[str]:
    return [type(one).__name__ for one in spec.events]


def test_it_waits_in_created_for_another_workflow_and_says_for_which_and_until_when() -> None:
    spec = Spec(ONE, created=False).when(create(MONDAY))
    assert kinds(spec) == ["ExecutionCreated", "DependenciesAwaited", "TimerStarted"]
    assert spec.state.status == "created"
    assert spec.state.awaited is not None
    (one,) = spec.state.awaited
    assert (one.key, one.since, one.due) == (b'"monday"', START_MS - HOUR, START_MS + HOUR)
    graph = spec.subject.graph
    (item,) = waiting_for(spec.state, graph)
    assert item == {"for": "dependency", "path": "", "workflow": "import", "key": "monday", "due": START_MS + HOUR}
    assert in_words(item) == 'workflow import to complete with the key "monday"'
    assert waits_of(graph, spec.state) == ["timer :after0"]
    spec.when(create(MONDAY)).then()


def test_it_begins_when_the_other_has_completed_and_that_twice_is_once() -> None:
    spec = awaiting().when(c.MeetDependency(0, "i-1", START_MS))
    assert kinds(spec)[:2] == ["DependencyMet", "ExecutionStarted"]
    assert (spec.state.status, spec.state.timers, spec.state.awaited[0].execution) == ("running", {}, "i-1")  # type: ignore[index]  # it is there
    spec.when(c.MeetDependency(0, "i-2", START_MS)).then()


def test_when_the_time_is_over_it_fails_and_says_for_what_it_waited() -> None:
    spec = awaiting().when(c.FireTimer(":after0", START_MS + HOUR), HOUR)
    said = 'no execution of import with the key "monday" has completed since 1969-12-31T23:16:40.000Z, and within 1h it was waited for'
    failed = e.ExecutionFailed(Failure("timeout.after", said, {"workflow": "import", "within": "1h"}))
    spec.then(e.TimerFired(":after0", START_MS + HOUR), failed)
    spec.when(c.MeetDependency(0, "i-1", START_MS)).then_rejected("already_ended")


def test_of_several_all_are_waited_for_and_one_may_be_done_without() -> None:
    spec = awaiting(TWO).given(c.MeetDependency(0, "i-1", START_MS))
    assert [item["workflow"] for item in waiting_for(spec.state, spec.subject.graph)] == ["check"]
    spec.when(c.FireTimer(":after1", START_MS + 2 * HOUR), 2 * HOUR)
    assert kinds(spec)[:3] == ["TimerFired", "DependencyWaived", "ExecutionStarted"]


def test_it_waits_only_from_when_it_is_to_begin_and_queues_for_its_slot_after_that() -> None:
    text = f"settings: {{after: {{workflow: import, within: 1h}}, concurrency: {{limit: 1}}}}\n{NODES}"
    spec = awaiting(text, start_at=START_MS + HOUR)
    assert spec.state.status == "scheduled"
    spec.given(HOUR, c.FireTimer(":start_at", START_MS + HOUR))
    assert (spec.state.status, spec.state.timers) == ("created", {":after0": START_MS + 2 * HOUR})
    spec.when(c.MeetDependency(0, "i-1", START_MS)).then(e.DependencyMet(0, "i-1", START_MS), e.ExecutionQueued(""))


def test_who_starts_it_does_not_wait_and_who_cancels_it_ends_it() -> None:
    spec = awaiting(TWO).when(c.StartExecution())
    assert kinds(spec)[:3] == ["DependencyWaived", "DependencyWaived", "ExecutionStarted"]
    assert spec.state.timers == {}
    awaiting().when(c.CancelExecution()).then(e.ExecutionCancelRequested(), e.ExecutionCancelled())


def test_what_comes_while_it_is_set_aside_is_kept() -> None:
    spec = awaiting().given(c.QuarantineExecution("bad bytes", True)).when(c.MeetDependency(0, "i-1", START_MS)).then(e.CommandHeld())
    spec.when(c.ReleaseExecution())
    assert kinds(spec)[:3] == ["ExecutionReleased", "DependencyMet", "ExecutionStarted"]


def test_without_a_key_it_fails_and_a_long_one_is_a_digest() -> None:
    spec = Spec(ONE, created=False).when(create({}))
    assert kinds(spec) == ["ExecutionCreated", "ExecutionFailed"]
    assert spec.state.failure is not None
    assert spec.state.failure.message.startswith("the `key` of `settings.after` cannot be evaluated: ")
    long = awaiting(given={"day": "x" * 1_000}).state.awaited
    assert long is not None
    assert long[0].key is not None
    assert (len(long[0].key), long[0].key[:8]) == (73, b'"sha256:')


@pytest.mark.parametrize(
    ("after", "path", "rule"),
    [
        ({"workflow": "import", "within": "24x"}, "settings.after.within", "duration"),
        ({"workflow": "import", "within": "0s"}, "settings.after.within", "out_of_range"),
        ([{"workflow": "import"}, {"workflow": "check", "within": "PT0S"}], "settings.after[1].within", "out_of_range"),
        ({"workflow": "import", "within": "37000d"}, "settings.after.within", "duration"),
        ({"workflow": "import", "key": "nodes.a.output"}, "settings.after.key", "name_not_here"),
        ({"workflow": "import", "key": "trigger.day"}, "settings.after.key", "name_not_here"),
        ([{"workflow": "import"}, {"workflow": "check", "key": "vars.day"}], "settings.after[1].key", "name_not_here"),
        ({"within": "1h"}, "settings.after.workflow", "missing_field"),
        ([{"workflow": "import"}] * 17, "settings.after", "out_of_range"),
    ],
)
def test_what_is_wrong_with_it_is_a_problem(after: Any, path: str, rule: str) -> None:
    found: list[Problem] = list(check(document_of({"settings": {"after": after}, "nodes": [{"id": "a", "type": "a"}]}), {}).problems)
    assert path in [one.path for one in found], found
    assert rule in [one.rule for one in found], found
