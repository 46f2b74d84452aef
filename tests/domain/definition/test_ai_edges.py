"""The table of `ai_*` edges: which kind may stand at which end, as publishing checks it and the reference says it."""

from pathlib import Path

import pytest

from contracts.definitions import AI_EDGE_TYPES
from domain.definition.ai_edges import ACTIVITIES, AI_EDGES
from domain.definition.validate import check
from domain.nodes import CONTROL_KINDS, activity_of

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "definitions.md"
CONFIGS = {"agent": {"model": "openai:gpt-4o", "input": "hi"}, "sub_workflow": {"workflow": "other"}, "delay": {"for": "1s"}}
ENDS = [(type_, source, target) for type_, ends in AI_EDGES.items() for source in sorted(ends.sources) for target in sorted(ends.targets)]


def rules(type_: str, source: str, target: str) -> list[str]:
    """The rules that an edge between two kinds breaks."""
    port = (CONTROL_KINDS.get(source) or activity_of(source)).ports(None)[0]
    nodes = [{"id": id_, "type": kind, "config": CONFIGS.get(kind, {})} for id_, kind in (("a", source), ("b", target))]
    definition = {"name": "n", "nodes": nodes, "edges": [{"from": f"a.{port}", "to": "b", "type": type_}]}
    return [one.rule for one in check(definition, {}, strict_kinds=False).problems]


@pytest.mark.parametrize(("type_", "source", "target"), ENDS)
def test_each_kind_that_a_row_names_may_stand_there(type_: str, source: str, target: str) -> None:
    assert rules(type_, "an_own_one" if source == ACTIVITIES else source, target) == []


@pytest.mark.parametrize("type_", AI_EDGE_TYPES)
def test_a_control_flow_kind_may_stand_at_neither_end(type_: str) -> None:
    assert rules(type_, "delay", "own") == ["wrong_end"]
    assert rules(type_, "own", "delay") == ["wrong_end"]


@pytest.mark.parametrize(("type_", "source", "target"), [
    ("ai_embedding", "retriever", "vector_store"),
    ("ai_embedding", "embedding", "llm"),
    ("ai_vector_store", "embedding", "retriever"),
    ("ai_document", "text_splitter", "vector_store"),
    ("ai_retriever", "llm", "rag_switch"),
    ("ai_tool", "own", "llm"),
    ("ai_output_parser", "output_parser", "retriever"),
])  # fmt: skip
def test_a_part_that_no_row_names_there_is_refused_when_published(type_: str, source: str, target: str) -> None:
    assert rules(type_, source, target) == ["wrong_end"]


def test_what_is_no_part_gives_to_any_part_and_finds_whatever_activities_gave() -> None:
    assert rules("ai_document", "http_request", "text_splitter") == rules("ai_document", "sub_workflow", "vector_store") == []
    assert rules("ai_embedding", "llm", "own") == rules("ai_memory", "own", "own") == []


def test_the_reference_has_the_table() -> None:
    lines = REFERENCE.read_text().splitlines()
    for type_, ends in AI_EDGES.items():
        row = next(line for line in lines if line.startswith(f"| `{type_}` |"))
        _, _, sources, targets, _ = row.split("|")
        for kind in ends.sources:
            assert ("activities" if kind == ACTIVITIES else f"`{kind}`") in sources, (type_, kind)
        for kind in ends.targets:
            assert f"`{kind}`" in targets, (type_, kind)
