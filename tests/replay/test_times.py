"""The moment of a time: all that had been recorded by then, and nothing of what came later."""

from __future__ import annotations

import pytest

from contracts.errors import Rejected
from contracts.journal import SCHEMA
from domain.execution.history import version_at
from tests.domain.spec import START_MS, World, entries_of

WAITS = """
nodes: [{id: first, type: delay, config: {for: 10ms}}, {id: second, type: delay, config: {for: 10ms}}]
edges: [{from: first, to: second}]
"""


def test_a_time_is_the_last_event_that_was_recorded_by_then() -> None:
    subject = World(WAITS).start().subjects["x"]
    entries = entries_of(subject, SCHEMA)
    ends = [(one.now, one.first + len(one.events) - 1) for one in subject.decisions]
    assert [now - START_MS for now, _ in ends] == [0, 10, 20]
    for time in range(START_MS, START_MS + 25):
        assert version_at(entries, time) == max(last for now, last in ends if now <= time)
    assert version_at(entries, 2**62) == subject.state.version


def test_before_its_first_event_there_was_none() -> None:
    entries = entries_of(World(WAITS).start().subjects["x"], SCHEMA)
    with pytest.raises(Rejected, match=r"has its first event at 1970-01-01T00:16:40.000Z, and none at 1970-01-01T00:16:39.999Z") as refused:
        version_at(entries, START_MS - 1)
    assert refused.value.reason == "unknown_version"
