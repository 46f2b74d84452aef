"""Public events: CloudEvents that are made of one decision alone, and filters of them."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import commands as c
from contracts import events as e
from contracts.errors import InvalidInput
from contracts.failure import Failure
from contracts.journal import Decision, Source
from projections.event_filter import EventFilter
from projections.history import HistoryPresenter
from projections.public_event import as_written, ends_execution, public_events, public_json
from tests.workers.harness import Bench, sequence

ENVELOPE = {"specversion": "1.0", "source": "/refold", "datacontenttype": "application/json"}


def decided(command: c.Command, *events: e.Event, first: int = 1, **more: Any) -> Decision:
    """As it is read from the journal."""
    source = Source(0, 0, "c-1")
    return Decision(source=source, command=command, execution="order-1", first=first, events=events, now=1_700_000_000_000, **more)


def test_each_event_is_a_cloudevent_that_its_execution_and_version_name() -> None:
    decision = decided(c.CompleteActivity("charge", 2, b'{"ok": true}'), e.NodeCompleted("charge"), e.NodeSkipped("no"), first=7)
    one, other = public_events(decision, "order")
    assert one == ENVELOPE | {
        "id": "order-1/7", "type": "refold.NodeCompleted", "subject": "order-1", "time": "2023-11-14T22:13:20.000Z", "workflow": "order",
        "version": 7, "path": "charge", "attempt": 2, "data": {"ports": ["out"], "output": {"ok": True}},
    }  # fmt: skip
    assert (other["id"], other["data"]) == ("order-1/8", {})


def test_a_decision_that_only_refuses_has_none() -> None:
    assert list(public_events(decided(c.PauseExecution()), "order")) == []


def test_json_is_one_line_with_values_as_they_came() -> None:
    decision = decided(c.CompleteActivity("a", 1, b'[1e400,\n 12345678901234567890123, "\\ud800"]'), e.NodeCompleted("a"))
    (public,) = public_events(decision, "order", show=as_written)
    content = public_json(public)
    assert b'"output":[1e400,  12345678901234567890123, "\\ud800"]' in content
    assert b"\n" not in content


def test_an_event_says_alone_what_the_history_says_of_it() -> None:
    bench = Bench()
    bench.publish(sequence("noop", "noop"))
    bench.start(execution="a")
    bench.move()
    presenter = HistoryPresenter()
    decisions = [entry.decision for entry in bench.entries("a")]
    told = [public for decision in decisions for public in public_events(decision, "w")]
    shown = [event for decision in decisions for event in presenter.present(decision)]
    assert len(told) > 5
    for public, event in zip(told, shown, strict=True):
        assert (public["type"], public["version"], public["data"]) == (f"refold.{event.type}", event.version, event.data)
        assert (public.get("path", ""), public.get("attempt")) == (event.path, event.attempt)


@pytest.mark.parametrize(
    ("source", "takes"),
    [
        ("type == 'refold.NodeFailed'", True),
        ("workflow == 'order' && execution_id == 'order-1' && version >= 4", True),
        ("data.failure.type == 'timeout'", True),
        ("time > timestamp('2023-11-14T00:00:00Z')", True),
        ("path.startsWith('charge')", True),
        ("data.nothing == 1", False),
        ("actor == 'anonymous'", False),
        ("1 / 0 == 1", False),
        ("'yes'", False),
    ],
)
def test_a_filter_takes_those_for_which_it_is_true(source: str, takes: bool) -> None:
    decision = decided(c.FailActivity("charge", 1, Failure("timeout", "late")), e.NodeFailed("charge"), first=4)
    (public,) = public_events(decision, "order")
    assert EventFilter(source).takes(public) is takes
    assert EventFilter(source).takes_json(public_json(public)) is takes


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
