"""Traces from end to end: a caller's span, a server, what activities say to those whom they ask, a collector."""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import Any

import pytest

from contracts.errors import RefoldError
from contracts.trace import attempt_span, execution_span
from infra.spans import SpanExporter
from tests.cli.collector import collecting
from tests.cli.conftest import CommandLine

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
NEXT: dict[str, Any] = {"id": "a", "type": "code", "config": {"source": "input + 1", "input": 1}}
FAILS: dict[str, Any] = {
    "id": "b",
    "type": "code",
    "config": {"source": "1 // 0"},
    "retry": {"max_attempts": 2, "initial_delay": "0s"},
}
TWO = {"name": "two", "settings": {"on_failure": "fail"}, "nodes": [NEXT, FAILS], "edges": [{"from": "a", "to": "b"}]}


def call(url: str, content: bytes | None = None, **headers: str) -> Any:
    request = urllib.request.Request(url, content, {"content-type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.parametrize("refuses", [0, 1])
def test_the_spans_of_what_has_ended_come_to_the_collector_under_the_span_of_the_request(refold: CommandLine, refuses: int) -> None:
    with collecting(refuses) as collector:
        url = refold.serve("--set", f"traces={collector.url}")
        call(f"{url}/v1/workflows", json.dumps(TWO).encode())
        body = json.dumps({"execution_id": "x"}).encode()
        call(f"{url}/v1/workflows/two/executions?wait=60", body, traceparent=f"00-{TRACE}-{SPAN}-01")
        spans = collector.spans()
        told = call(f"{url}/v1/executions/x/spans")
        shown = refold("trace", "x", "--server", url)
        refold.stop()
    assert [span.name for span in spans] == ["two", "a", "a attempt 1", "b", "b attempt 1", "b attempt 2"]
    assert {span.trace_id.hex() for span in spans} == {TRACE} == {told["trace_id"]}
    assert [span.span_id.hex() for span in spans] == [span["span_id"] for span in told["spans"]]
    assert (spans[0].span_id.hex(), spans[0].parent_span_id.hex()) == (execution_span("x"), SPAN)
    assert spans[2].span_id.hex() == attempt_span("x", "a", 1)
    assert {span.name for span in spans if span.status.code == 2} == {"two", "b", "b attempt 1", "b attempt 2"}
    assert "ZeroDivisionError" in spans[4].status.message
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano > 0 for span in spans)
    lines = shown.out.splitlines()
    assert lines[0] == f"trace {TRACE}, 6 spans"
    assert [line.split("  ")[0] or line.split()[0] for line in lines[2:3]] == ["two"]
    assert refold("trace", "x").out == shown.out


def test_an_execution_that_was_erased_has_no_trace_any_more_and_keeps_no_other_from_the_collector(refold: CommandLine) -> None:
    letter = {"name": "letter", "settings": {"erasable": True}, "nodes": [{"id": "w", "type": "wait_signal", "config": {"name": "go"}}]}
    with collecting(0) as collector:
        url = refold.serve("--set", f"traces={collector.url}")
        for definition in (letter, TWO):
            call(f"{url}/v1/workflows", json.dumps(definition).encode())
        call(f"{url}/v1/workflows/letter/executions", json.dumps({"execution_id": "x"}).encode())
        for verb in ("terminate", "erase"):
            call(f"{url}/v1/executions/x/{verb}", b"{}")
        call(f"{url}/v1/workflows/two/executions?wait=60", json.dumps({"execution_id": "y"}).encode())
        while not any(span.name == "two" for span in collector.spans()):
            pass
        refused = refold("trace", "x", "--server", url, code=None)
        refold.stop()
    here = refold("trace", "x", code=None)
    for said in (refused, here):
        assert (said.code, said.err) == (1, "refold: execution x was erased: where its time went is not known any more\n")


def test_an_execution_that_goes_on_is_told_so_far(filled: CommandLine) -> None:
    found = filled("trace", "waiting", "--json").json
    assert [span["name"] for span in found["spans"]] == ["waits", "approval"]
    assert [span["ended_at"] for span in found["spans"]] == [None, None]
    assert "goes on" in filled("trace", "waiting").out


def test_of_an_execution_that_is_not_there_nothing_is_told(filled: CommandLine) -> None:
    assert filled("trace", "nobody", code=1).complaint.startswith("refold: there is no execution nobody")


@pytest.mark.parametrize("url", ["collector:4318", "ftp://collector", "http://collector:4318/?a=1"])
def test_what_is_no_address_of_a_collector_is_refused(refold: CommandLine, url: str) -> None:
    assert "traces" in refold("serve", "--set", f"traces={url}", code=2).complaint


def test_a_collector_without_the_extra_is_refused_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry.exporter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter", None)
    with pytest.raises(RefoldError, match=r"the setting `traces` needs OpenTelemetry: pip install '\.\[traces\]'"):
        SpanExporter("http://127.0.0.1:1", "0")
