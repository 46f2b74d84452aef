"""Keepers: who asks for a slot in the place of an execution elsewhere. Each command twice is once, and each may come late."""

import pytest

from contracts import commands as c
from contracts.events import ExecutionCompleted, ExecutionCreated, ExecutionFailed, ExecutionQueued, SlotGranted, SlotReclaimed, SlotRefused
from contracts.failure import Failure
from contracts.ids import PARTITIONS_MAX, is_execution_id, is_keeper_id, partition_of
from contracts.system import SLOT
from contracts.values import NULL, encode
from domain.execution.keeper import keeper_id, lane_named, lane_of
from domain.execution.liveness import waits_of
from tests.domain.spec import Spec, create

ONE = "nodes: [{id: a, type: a}]\nsettings: {concurrency: {key: input.v, limit: 1}}\ninput: {type: object, required: [v]}"
CLAIM = {"execution": "far", "workflow": "w", "lane": lane_named("7")}
REFUSED = c.RefuseSlot("concurrency_limit", "one runs")


def keeping() -> Spec:
    return Spec(ONE, created=False).when(c.CreateExecution(SLOT, 1, "h", encode(CLAIM)))


def test_a_keeper_queues_whatever_input_its_workflow_asks_for() -> None:
    spec = keeping().then(ExecutionCreated(), ExecutionQueued(lane_named("7")))
    assert lane_of(spec.state) == ("w", lane_named("7"))
    spec.when(c.CreateExecution(SLOT, 1, "h", encode(CLAIM))).then()


def test_a_keeper_that_is_given_a_slot_runs_nothing_and_waits_for_its_execution() -> None:
    spec = keeping().when(c.GrantSlot()).then(SlotGranted())
    assert (spec.state.status, waits_of(spec.subject.graph, spec.state)) == ("running", ["execution far"])
    spec.when(c.GrantSlot()).then()
    spec.when(c.ReturnSlot()).then(ExecutionCompleted(None, NULL))
    spec.when(c.ReturnSlot()).then_rejected("already_ended")


def test_a_place_in_the_queue_is_given_back_before_its_turn() -> None:
    keeping().when(c.ReturnSlot()).then(ExecutionCompleted(None, NULL)).when(c.GrantSlot()).then_rejected("already_ended")


def test_a_keeper_asks_its_execution_to_make_room_once_and_keeps_the_slot_until_it_has() -> None:
    spec = keeping().given(c.GrantSlot()).when(c.ReclaimSlot("replaced")).then(SlotReclaimed("replaced"))
    spec.when(c.ReclaimSlot("replaced by another")).then()
    assert waits_of(spec.subject.graph, spec.state) == ["execution far"]


def test_a_keeper_is_refused_only_as_long_as_it_waits() -> None:
    keeping().when(REFUSED).then(SlotRefused(REFUSED.reason, REFUSED.message), ExecutionCompleted(None, NULL))
    keeping().given(c.GrantSlot()).when(REFUSED).then()


def test_an_execution_that_is_refused_fails_unless_it_has_its_slot() -> None:
    spec = Spec(ONE, {"v": 7}, created=False).given(create({"v": 7}))
    failure = Failure(REFUSED.reason, REFUSED.message)
    spec.when(REFUSED).then(SlotRefused(REFUSED.reason, REFUSED.message), ExecutionFailed(failure))
    Spec(ONE, {"v": 7}, created=False).given(create({"v": 7}), c.GrantSlot()).when(REFUSED).then()


def test_what_keeps_no_slot_takes_nothing_that_a_keeper_is_told() -> None:
    for command in (c.ReturnSlot(), c.ReclaimSlot("")):
        Spec(ONE, {"v": 7}, created=False).given(create({"v": 7})).when(command).then_rejected("no_keeper")


def test_an_execution_that_queues_says_so() -> None:
    spec = Spec(ONE, {"v": 7}, created=False).given(create({"v": 7}))
    assert waits_of(spec.subject.graph, spec.state) == ["turn"]


@pytest.mark.parametrize("partition", [0, 7, 31, 32, PARTITIONS_MAX - 1])
def test_a_keeper_lies_where_slots_are_kept_under_an_id_that_no_caller_can_choose(partition: int) -> None:
    name = keeper_id("any/thing~é", partition)
    assert partition_of(name, 4) == partition
    assert is_keeper_id(name)
    assert not is_execution_id(name)
    assert name == keeper_id("any/thing~é", partition) != keeper_id("other", partition)
    assert partition_of("slot!zz!not-one", 4) < 4
