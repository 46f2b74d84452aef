"""The questions of a chain: which expressions say which way a node goes, and what each part of them was worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from contracts.commands import ReleaseExecution
from contracts.errors import ExpressionError
from domain.definition.graph import Compiled, Node, programs_in, programs_of
from domain.execution.deciding import ReadBlob
from domain.execution.history import Folded
from domain.execution.paths import is_undo
from domain.expressions.told import Part, told_or_none
from domain.replay.traced import Asked, Traced

ASKED_MAX: Final = 20
"""Of the expressions of one step so many are told, the last ones: a loop asks the same one each time."""
_WORKING: Final = frozenset({"transform", "set_variable", "end", "emit_signal", "sub_workflow", "fail"})
"""Kinds whose templates say what is done, and not which way it goes."""


class Question(NamedTuple):
    """An expression that was asked: where it stands (`when`, `config.cases[0].when`), after which event, its parts with their values."""

    place: str
    version: int
    part: Part


def telling(node: Node) -> Iterator[tuple[str, Compiled]]:
    """The expressions of a node that say which way it goes."""
    for place, compiled in programs_in(node):
        if place == "when" or (place.startswith("config") and not node.is_activity and node.type not in _WORKING):
            yield place, compiled


def questions_of(node: Node, asked: Iterable[Asked], since: int, until: int) -> tuple[Question, ...]:
    """What a run of a node asked from one event to before another."""
    places = {id(compiled): place for place, compiled in telling(node)}
    found = [one for one in asked if id(one.compiled) in places and since <= one.version < until]
    return tuple(_questions(found[-ASKED_MAX:], places))


def question_of_way(node: Node, source: str, port: str, before: int, asked: Iterable[Asked]) -> Question | None:
    """The `when` of an edge to a node, as it was asked when its source ended."""
    edges = [*node.incoming, *node.typed_incoming, *(edge for edge in node.body.back_edges if edge.target is node)]
    name = source.rpartition("/")[2].partition("#")[0]
    whens = {id(edge.when): "when" for edge in edges if edge.when is not None and edge.source.id == name and edge.port == port}
    found = [one for one in asked if id(one.compiled) in whens and one.version < before]
    return next(_questions(found[-1:], whens), None)


def _questions(found: Iterable[Asked], places: Mapping[int, str]) -> Iterator[Question]:
    for one in found:
        for program in programs_of(one.compiled):
            if (part := told_or_none(program, one.names)) is not None:
                yield Question(places[id(one.compiled)], one.version, part)


def asked_now(folded: Folded, paths: Iterable[str], read_blob: ReadBlob) -> list[Asked]:
    """What nodes that wait for a condition would ask now: that it does not hold leaves no event."""
    state = folded.state
    sight = Traced(folded.graph, state, ReleaseExecution(), state.now, read_blob)
    for path in paths:
        run = state.runs[path]
        node = folded.graph.nodes[run.node]
        if node.kind.hears_changes and not is_undo(path):
            for _, compiled in telling(node):
                with suppress(ExpressionError):
                    sight.evaluate(compiled, sight.frame_of(run))
    return sight.asked
