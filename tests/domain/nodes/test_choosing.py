"""Activities that choose a way: `rag_switch`, `ocr_switch`. Their result names the port."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commands import ResolveIncident
from contracts.events import NodeSkipped
from domain.definition.validate import check
from tests.domain.spec import World, document_of, fails, gives, run

CHOICE = """
nodes:
  - {id: look, type: rag_switch, config: {store: docs, query: "{{ input.q }}"}%s}
  - {id: yes, type: noop}
  - {id: no, type: noop}
edges: [{from: look.found, to: yes}, {from: look.not_found, to: no}]
"""


@pytest.mark.parametrize(("port", "ran", "skipped"), [("found", "yes", "no"), ("not_found", "no", "yes")])
def test_it_leaves_by_the_port_that_its_result_names(port: str, ran: str, skipped: str) -> None:
    world = run(CHOICE % "", {"q": "a"}, {"rag_switch": gives({"port": port, "n": 1})})
    assert (world.ran, world.paths(NodeSkipped), world.output) == (["look", ran], [skipped], {"port": port, "n": 1})


@pytest.mark.parametrize("result", [{}, {"port": "elsewhere"}, {"port": 1}, {"port": ["found"]}, None, "found", []])
def test_a_result_that_names_no_port_leaves_by_out_which_leads_nowhere(result: Any) -> None:
    world = run(CHOICE % "", {"q": "a"}, {"rag_switch": gives(result)})
    assert (world.status, world.paths(NodeSkipped), world.output) == ("completed", ["yes", "no"], result)


def test_a_result_that_has_become_a_blob_names_its_port_too() -> None:
    world = run(CHOICE % "", {"q": "a"}, {"rag_switch": gives({"text": "x" * 100_000, "port": "not_found"})})
    assert world.ran == ["look", "no"]


def test_a_failure_is_retried_and_another_attempt_chooses() -> None:
    retry = ", retry: {max_attempts: 2}"
    world = run(CHOICE % retry, {"q": "a"}, {"rag_switch": fails(times=1, then={"port": "found"})})
    assert world.ran == ["look", "look@2", "yes"]


def test_an_incident_is_skipped_with_the_port_that_a_person_says() -> None:
    world = World(CHOICE % "", None, {"rag_switch": fails()}).start({"q": "a"})
    assert world.status == "incident"
    world.send(ResolveIncident("1", "skip", b'{"text": "by hand"}', "not_found"))
    assert (world.status, world.ran[-1]) == ("completed", "no")


@pytest.mark.parametrize(
    ("kind", "port", "rule"),
    [
        ("rag_switch", "found", None),
        ("rag_switch", "text", "bad_port"),
        ("rag_switch", "out", "bad_port"),
        ("ocr_switch", "unreadable", None),
    ],
)
def test_its_ports_are_checked_when_published(kind: str, port: str, rule: str | None) -> None:
    text = f"nodes: [{{id: a, type: {kind}}}, {{id: b, type: noop}}]\nedges: [{{from: a.{port}, to: b}}]"
    assert [one.rule for one in check(document_of(text), {}, strict_kinds=False).problems] == ([] if rule is None else [rule])


def test_both_ways_cannot_be_waited_for() -> None:
    text = (CHOICE % "").replace(
        "edges: [", "  - {id: both, type: noop, join: {count: 2}}\nedges: [{from: yes, to: both}, {from: no, to: both}, "
    )
    assert [one.rule for one in check(document_of(text), {}, strict_kinds=False).problems] == ["join_never"]
