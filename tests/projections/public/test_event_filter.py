"""Filters of public events: a condition over their attributes and their data."""

from __future__ import annotations

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.errors import InvalidInput
from contracts.failure import Failure
from contracts.journal import Decision, Source
from contracts.public_events import Origin, encode_event
from domain.event_filter import EventFilter
from projections.public.present import ends_execution, public_events

ORIGIN = Origin("order", 3, 1_000, b'{"customer": "A-1"}')


def decided(command: c.Command, event: e.Event) -> Decision:
    return Decision(Source(0, 0), "order-1", 4, 1_700_000_000_000, command, (event,))


@pytest.mark.parametrize(
    ("source", "takes"),
    [
        ("type == 'refold.node.failed'", True),
        ("workflow == 'order' && execution_id == 'order-1' && data.version >= 4 && workflowversion == 3", True),
        ("data.failure.type == 'timeout'", True),
        ("time > timestamp('2023-11-14T00:00:00Z')", True),
        ("data.path.startsWith('charge')", True),
        ("data.nothing == 1", False),
        ("correlationid == 'x'", False),
        ("search.customer == 'A-1'", False),
        ("1 / 0 == 1", False),
        ("'yes'", False),
    ],
)
def test_a_filter_takes_those_for_which_it_is_true(source: str, takes: bool) -> None:
    decision = decided(c.FailActivity("charge", 1, Failure("timeout", "late")), e.NodeFailed("charge"))
    (event,) = public_events(decision, ORIGIN, 1)
    assert EventFilter(source).takes(event) is takes
    assert EventFilter(source).takes_json(encode_event(event)) is takes


def test_search_values_are_asked_for_as_in_lists() -> None:
    (event,) = public_events(decided(c.PauseExecution(), e.ExecutionPaused()), ORIGIN, 1)
    assert EventFilter("search.customer == 'A-1'").takes(event)


@pytest.mark.parametrize(
    ("source", "of_it", "of_others"),
    [
        ("type == 'refold.node.failed'", True, False),
        ("event.type == 'node.failed' && event.workflow == 'order'", True, False),
        ("event.type == 'node.failed' && event.workflow != 'order'", False, False),
        ("event.type == 'node.failed' && has(event.correlationid)", None, False),
        ("event.type == 'node.failed' || has(event.correlationid)", True, None),
        ("event.type == 'node.failed' && 'data' in event", None, False),
        ("event.type == 'node.failed' && event.?correlationid.orValue('') != ''", None, False),
        ("!has(event.data)", None, None),
        ("event.exists(name, name == 'data')", None, None),
        ("size(event) > 3", None, None),
        ("event['type'] == 'node.failed'", True, False),
        ("event.?type.orValue('') == 'node.failed'", None, None),
        ("[{'type': 'x'}].all(event, event.type == 'x')", True, True),
        ("[{'workflow': 'x'}].exists(event, event.type == 'node.failed')", None, None),
    ],
)
def test_before_there_is_an_event_only_its_type_and_workflow_are_known(source: str, of_it: bool | None, of_others: bool | None) -> None:
    found = EventFilter(source)
    assert found.verdict("node.failed", "order") is of_it
    assert found.verdict("node.skipped", "order") is of_others


@pytest.mark.parametrize("source", ["status == 'failed'", "type ==", "", "nodes.a == 1"])
def test_a_filter_that_cannot_be_asked_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput):
        EventFilter(source)


@pytest.mark.parametrize(
    ("event", "ends"),
    [
        (e.ExecutionCompleted(), True),
        (e.ExecutionQuarantined("bad"), True),
        (e.ExecutionQuarantined("bad", keeps=True), False),
        (e.NodeSkipped("a"), False),
    ],
)
def test_only_what_is_final_ends_an_execution(event: e.Event, ends: bool) -> None:
    assert ends_execution(event) is ends
