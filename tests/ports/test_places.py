"""The place in the queue for a quota is counted by one question to the rows, in every store."""

from __future__ import annotations

import pytest

from contracts.ports.read_models import Changes
from domain.execution.start_values import rank_of
from domain.execution.state import Execution
from projections.waits import PLACE_MAX, WAITING, WaitRecord, let_in_before, place_behind
from tests.domain.spec import Spec
from tests.ports.test_read_models import Open, open_, store  # noqa: F401  # the fixture

QUEUES = "nodes: [{id: a, type: a}]\nsettings: {quota: {open: 1, on_limit: queue}}"
MINUTE = 60_000


def one(number: int, at: int, priority: int, workflow: str = "w", waits_for: str = "quota") -> tuple[Execution, WaitRecord]:
    name = f"x{number:04}"
    state = Execution(name, workflow, priority=priority, created_at=at)
    return state, WaitRecord(number, "", waits_for, str(priority), at, name, workflow, 1, at, 0)


def test_those_before_it_are_those_that_are_let_in_before_it(open_: Open) -> None:  # noqa: F811
    graph, models, changes = Spec(QUEUES, created=False).subject.graph, open_(), Changes()
    at = 10 * MINUTE
    asked = [(at, 5), (at, 5), (at + MINUTE, 6), (at + MINUTE - 1, 6), (at + 1, 5), (at + 9 * MINUTE, 9), (at - 5 * MINUTE, 0), (at, 0)]
    found = [one(number, *each) for number, each in enumerate(asked)]
    others = [one(20, 0, 9, workflow="v")[1], one(21, 0, 9, waits_for="turn")[1]]
    for row in [*(row for _, row in found), *others]:
        changes.put(WAITING, row)
    store(models, changes)
    order = sorted((rank_of(graph, state), state.execution) for state, _ in found)
    for state, _ in found:
        place = place_behind(list(models.select(let_in_before(graph, state))))
        assert place == 1 + order.index((rank_of(graph, state), state.execution))


@pytest.mark.parametrize(("before", "place"), [(PLACE_MAX - 1, PLACE_MAX), (PLACE_MAX, None)])
def test_a_place_far_behind_is_not_told(open_: Open, before: int, place: int | None) -> None:  # noqa: F811
    graph, models, changes = Spec(QUEUES, created=False).subject.graph, open_(), Changes()
    for number in range(before):
        changes.put(WAITING, one(number, 1_000 + number, 5)[1])
    store(models, changes)
    mine, _ = one(9_999, 1_000_000, 5)
    assert place_behind(list(models.select(let_in_before(graph, mine)))) == place
