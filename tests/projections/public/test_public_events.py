"""What others are told of executions: every event of the journal is public or nobody's business, and each public one fits its schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from jsonschema import Draft202012Validator

from contracts import commands as c
from contracts import events as e
from contracts.codec import decode_decision
from contracts.events import EVENTS, ExecutionCreated
from contracts.failure import Failure
from contracts.journal import Decision, Source
from contracts.public_events import BY_TYPE, PUBLIC_TYPES, CloudEvent, Origin, encode_event
from contracts.public_schema import data_schema, event_schema
from contracts.trace import execution_span
from projections.public.origin import origin_of
from projections.public.present import INTERNAL, PUBLIC, public_events

HISTORIES = Path(__file__).parents[2] / "histories"
ORIGIN = Origin("order", 3, 1_000)


def decided(command: c.Command, *events: e.Event, execution: str = "order-7", correlation: str = "") -> Decision:
    return Decision(Source(0, 0), execution, 5, 2_000, command, events, correlation=correlation)


def told(decision: Decision, origin: Origin = ORIGIN) -> list[dict[str, Any]]:
    return [json.loads(encode_event(event)) for event in public_events(decision, origin, 17)]


def of_history(folder: Path) -> list[CloudEvent]:
    lines = (folder / "history.jsonl").read_text().splitlines()
    decisions = [decode_decision(bytes.fromhex(json.loads(line)["record"])) for line in lines]
    origin = origin_of(decisions[0])
    assert origin is not None
    return [event for at, decision in enumerate(decisions) for event in public_events(decision, origin, at)]


def test_every_event_is_public_or_internal() -> None:
    assert set(EVENTS) == PUBLIC | INTERNAL
    assert not PUBLIC & INTERNAL


def test_what_is_told_says_where_it_belongs() -> None:
    (event,) = told(decided(c.PauseExecution("tea"), e.ExecutionPaused("tea"), correlation="abc"))
    assert event == {
        "specversion": "1.0",
        "id": "order-7/5",
        "source": "/refold",
        "type": "refold.execution.paused",
        "subject": "order-7",
        "time": "1970-01-01T00:00:02.000Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:refold:event:execution.paused:1",
        "workflow": "order",
        "workflowversion": 3,
        "position": "17",
        "correlationid": "abc",
        "data": {
            "execution": "order-7",
            "version": 5,
            "href": "/v1/executions/order-7/history?from=5&limit=1",
            "created_at": "1970-01-01T00:00:01.000Z",
            "reason": "tea",
        },
    }


def test_what_goes_back_to_a_request_in_a_trace_says_so() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    (event,) = told(decided(c.PauseExecution("tea"), e.ExecutionPaused("tea"), correlation=trace))
    assert event["traceparent"] == f"00-{trace}-{execution_span('order-7')}-01"
    for no_trace in ("abc", "0" * 32, ""):
        (event,) = told(decided(c.PauseExecution("tea"), e.ExecutionPaused("tea"), correlation=no_trace))
        assert "traceparent" not in event


def test_no_value_of_an_execution_is_told_but_what_its_search_names() -> None:
    created = ExecutionCreated(b'{"card": "4111"}', b'{"customer": "A-1"}')
    decision = decided(c.CreateExecution("order", 3, "hash", b'{"card": "4111"}'), created, execution="a~b(0)")
    origin = origin_of(decision)
    assert origin is not None
    (event,) = told(decision, origin)
    assert event["data"]["search"] == {"customer": "A-1"}
    assert event["data"]["input"] == {"href": "/v1/executions/a~b%280%29"}
    assert (event["data"]["root"], "4111" in json.dumps(event)) == ("a", False)


def test_what_the_command_brought_is_filled_in() -> None:
    failure = Failure("http.404", "not there", {"body": "secret"}, "fetch", 2)
    (event,) = told(decided(c.FailActivity("fetch", 2, failure), e.NodeFailed("fetch")))
    assert event["data"]["failure"] == {"type": "http.404", "message": "not there", "node": "fetch", "attempt": 2}
    assert (event["data"]["attempt"], event["data"]["handled"]) == (2, False)


def test_internal_events_leave_their_versions_out() -> None:
    events = told(decided(c.FireTimer("d:due", 1), e.TimerFired("d:due", 1), e.NodeCompleted("d")))
    assert [event["id"] for event in events] == ["order-7/6"]


def test_nobody_is_told_of_the_engines_own_workflows() -> None:
    assert told(decided(c.PauseExecution(), e.ExecutionPaused()), Origin("refold.bulk", 1, 0)) == []


def test_attribute_names_are_those_that_cloud_events_allow() -> None:
    names = [field for field in CloudEvent.__struct_fields__ if field != "data"]
    assert [name for name in names if not re.fullmatch("[a-z0-9]{1,20}", name)] == []


@pytest.mark.parametrize("folder", sorted(path.parent for path in HISTORIES.glob("*/history.jsonl")), ids=lambda folder: folder.name)
def test_what_is_told_of_a_history_fits_its_schemas_and_is_read_by_the_cloud_events_sdk(folder: Path) -> None:
    events = of_history(folder)
    assert len({event.id for event in events}) == len(events)
    keeps = ("keeper", "breaker", "test_run")
    assert events or folder.name.startswith(keeps), "what the engine keeps for itself, and test runs, tell nobody"
    for event in events:
        content = encode_event(event)
        plain, one = json.loads(content), BY_TYPE[event.type]
        Draft202012Validator(event_schema(one, data_schema(one))).validate(plain)
        read = from_structured_event(HTTPMessage({"content-type": "application/cloudevents+json"}, content))
        assert (read.get_id(), read.get_type(), read.get_extension("position")) == (event.id, event.type, event.position)
        assert read.get_data() == plain["data"]


def test_no_type_is_there_twice() -> None:
    assert len(BY_TYPE) == len({one.data for one in PUBLIC_TYPES}) == len(PUBLIC_TYPES)
