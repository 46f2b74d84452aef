"""Spans: whatever happened, they are a tree whose ids derive from what they stand for, and each ends with what it is part of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.caller import CallerInSpan
from contracts.commands import CompleteActivity, CreateExecution, FailActivity, ReportStarted
from contracts.failure import Failure
from contracts.trace import attempt_span, execution_span, trace_id, traceparent
from domain.execution.state import ENDED
from infra.server.wiring import build_engine
from projections.spans import Span, SpanFold, spans_of
from tests.histories.folders import graph_in
from tests.histories.test_histories import FOLDERS, decisions_of
from tests.workers.harness import Bench

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ASKED = CallerInSpan("ada", TRACE, SPAN)


def spans(bench: Bench, execution: str) -> dict[str, Span]:
    fold = spans_of(bench.entries(execution), bench.engine.catalog.graph)
    return {span.name: span for span in fold.spans}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_of_any_history_spans_are_a_tree(folder: Path) -> None:
    fold = SpanFold(graph_in(folder))
    for decision in decisions_of(folder):
        fold.take(decision)
    whole, *others = fold.spans
    by_id = {span.span: span for span in fold.spans}
    assert len(by_id) == len(fold.spans), "two spans have one id"
    for span in others:
        above = by_id[span.parent]
        assert span.start >= above.start
        assert span.end >= span.start or not span.end
        assert span.end or not whole.end, f"{span.name} goes on, and the execution has ended"
    assert bool(whole.end) == (whole.attributes.get("refold.execution.status") in ENDED)


def test_the_same_history_gives_the_same_spans_in_the_trace_of_its_request() -> None:
    bench = Bench()
    bench.publish({"name": "w", "nodes": [{"id": "a", "type": "noop"}]})
    bench.start("w", execution="x", caller=ASKED)
    bench.move()
    found = spans_of(bench.entries("x"), bench.engine.catalog.graph)
    assert found.trace == TRACE
    assert found.spans == spans_of(bench.entries("x"), bench.engine.catalog.graph).spans
    assert [(one.name, one.span, one.parent) for one in found.spans[:1]] == [("w", execution_span("x"), SPAN)]


def test_an_attempt_that_failed_and_the_one_that_did_it_are_two_spans_with_what_each_ended_by() -> None:
    bench = Bench()
    bench.engine = build_engine(bench.settings, bench.log, bench.blobs, bench.snapshots, bench.clock, remote=True)
    bench.engine.owner.claim()
    node: dict[str, Any] = {"id": "a", "type": "pay", "retry": {"max_attempts": 2, "initial_delay": "5s"}}
    bench.publish({"name": "w", "nodes": [node]})
    bench.start("w", execution="x")
    bench.move()
    bench.ask("x", ReportStarted("a", 1, "worker-7"))
    bench.ask("x", FailActivity("a", 1, Failure("card.declined", "no")))
    bench.clock.advance(5_000)
    bench.move()
    bench.ask("x", CompleteActivity("a", 2, b"1"))
    found = spans(bench, "x")
    first, second, node_span = found["a attempt 1"], found["a attempt 2"], found["a"]
    assert (first.error, second.error, node_span.error) == ("card.declined: no", "", "")
    assert first.parent == second.parent == node_span.span
    assert [(one.name, one.attributes) for one in first.moments] == [("begun", {"refold.worker": "worker-7"})]
    assert second.start - first.end == 5_000
    assert second.span == attempt_span("x", "a", 2)
    assert node_span.parent == execution_span("x")


def test_a_child_hangs_on_the_attempt_that_started_it() -> None:
    bench = Bench()
    bench.publish(
        {"name": "child", "nodes": [{"id": "a", "type": "noop"}]},
        {"name": "parent", "nodes": [{"id": "sub", "type": "sub_workflow", "config": {"workflow": "child"}}]},
    )
    bench.start("parent", execution="x", caller=ASKED)
    bench.move()
    above, below = spans(bench, "x")["sub attempt 1"], spans(bench, "x~sub")["child"]
    assert below.parent == above.span
    assert above.attributes["refold.child.id"] == "x~sub"
    assert spans_of(bench.entries("x~sub"), bench.engine.catalog.graph).trace == TRACE


def test_what_runs_again_in_a_container_is_a_span_of_its_own() -> None:
    bench = Bench()
    body = {
        "nodes": [{"id": "a", "type": "noop"}, {"id": "no", "type": "fail", "config": {"type": "x"}}],
        "edges": [{"from": "a", "to": "no"}],
    }
    each = {"id": "each", "type": "for_each", "retry": {"max_attempts": 2, "initial_delay": "0s"}, "config": {"items": [1], "body": body}}
    bench.publish({"name": "w", "nodes": [each], "settings": {"on_failure": "fail"}})
    bench.start("w", execution="x")
    bench.move()
    fold = spans_of(bench.entries("x"), bench.engine.catalog.graph)
    runs = [span for span in fold.spans if span.name == "a"]
    assert len(runs) == 2
    assert len({span.span for span in fold.spans}) == len(fold.spans)
    assert {span.parent for span in runs} == {next(span.span for span in fold.spans if span.name == "each")}


@pytest.mark.parametrize(
    ("correlation", "found"),
    [(TRACE, TRACE), ("0" * 32, None), (TRACE.upper(), None), ("order-7", None), ("", None), (TRACE + "\n", None)],
)
def test_a_trace_is_that_of_the_request_where_it_has_one(correlation: str, found: str | None) -> None:
    made = trace_id(correlation, "x")
    assert made == (found or made)
    assert int(made, 16) > 0
    assert len(made) == 32
    assert (found is None) == (made != correlation)
    assert traceparent(correlation, "x", "a", 1) == f"00-{made}-{attempt_span('x', 'a', 1)}-01"


def test_a_start_is_known_again_whichever_span_it_is_asked_in() -> None:
    bench = Bench()
    bench.publish({"name": "w", "nodes": [{"id": "a", "type": "wait_signal", "config": {"name": "go"}}]})
    bench.start("w", execution="x", caller=ASKED)
    bench.move()
    version, definition = bench.engine.catalog.resolve("w")
    answer = bench.ask("x", CreateExecution("w", version, definition, b"{}", span="1" * 16))
    assert answer.error is None
    assert answer.repeated
