"""What another evaluator decided is gone on with, and told apart: a journal of language 1, written by the build before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.codec import decode_decision, pack
from contracts.events import ExecutionCompleted
from contracts.journal import Decision, chain
from domain.definition.canonical import load_canonical
from domain.definition.compile import compile_definition
from domain.definition.graph import Graph
from domain.execution.evolve import fold, initial
from domain.execution.history import Entry
from domain.replay.verify import Verifier
from tests.domain.spec import Subject, signal

FOLDER = Path(__file__).parent / "language_1"


def graph_of(language: int | None = None, is_asked: bool = True) -> Graph:
    definition = load_canonical((FOLDER / "definition.json").read_bytes())
    if not is_asked:
        definition = definition.model_copy(update={"nodes": definition.nodes[1:2], "edges": []})
    return compile_definition(definition.model_copy(update={"language": language}), "hash of w", 1)


def decisions() -> list[Decision]:
    lines = (FOLDER / "history.jsonl").read_text().splitlines()
    return [decode_decision(bytes.fromhex(json.loads(line)["record"])) for line in lines]


def entries(made: list[Decision], digest: bytes) -> Iterator[Entry]:
    for offset, decision in enumerate(made):
        body = pack(decision)
        digest = chain(digest, body)
        yield Entry(offset, decision, body, digest)


def verified(graph: Graph, begun_with: bytes = b"hash of w") -> Verifier:
    verifier = Verifier(lambda _: graph)
    verifier.run(entries(decisions(), begun_with))
    return verifier


def test_an_execution_that_another_evaluator_began_goes_on() -> None:
    graph, made = graph_of(), decisions()
    subject = Subject(graph, made[0].execution)
    subject.state, subject.shadow = (fold(graph, initial(made[0].execution), made) for _ in range(2))
    decision = subject.ask(signal("go", {"n": 2}), 2_000_000)
    assert decision is not None
    assert isinstance(decision.events[-1], ExecutionCompleted)
    assert b'{"a":{"c":2,"d":3},"b":1}' in pack(decision)


def test_what_would_be_decided_otherwise_now_is_decided_under_language_1_and_no_difference() -> None:
    verifier = verified(graph_of())
    assert verifier.divergences == []
    (earlier,) = verifier.decided_earlier
    assert earlier.node == "made"
    assert '{"b":1,"a":{"d":3,"c":2}}' in earlier.expected


@pytest.mark.parametrize("language", [2])
def test_of_a_later_language_it_is_a_difference(language: int) -> None:
    verifier = verified(graph_of(language))
    assert len(verifier.divergences) == 1
    assert verifier.decided_earlier == []


def test_a_definition_without_expressions_has_no_excuse() -> None:
    verifier = verified(graph_of(is_asked=False))
    assert len(verifier.divergences) == 1
    assert verifier.decided_earlier == []


def test_a_history_that_cannot_be_followed_is_a_difference_under_any_language() -> None:
    verifier = verified(graph_of(), begun_with=b"hash of another")
    assert len(verifier.divergences) == 1
    assert verifier.decided_earlier == []
