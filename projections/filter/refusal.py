"""What is told of a filter that cannot be compiled: the part, where it stands, and what to write instead."""

from __future__ import annotations

from typing import NoReturn

from contracts.errors import InvalidInput
from domain.expressions.condition import problem_at
from domain.expressions.faults import Fault
from domain.expressions.messages import of_fault
from domain.expressions.tree import Node
from domain.expressions.words import Comparisons

SHOWN_CHARS_MAX = 160


class Refusal(Exception):
    """A part of a filter that no database can be asked: which rule, what it is, what to write instead."""

    def __init__(self, node: Node, rule: str, said: str, fix: str = "", fault: Fault | None = None) -> None:
        super().__init__(said)
        self.node = node
        self.rule = rule
        self.said = said
        self.fix = fix
        self.fault = fault
        """What our language says itself of a constant that has no value."""


def refuse(node: Node, rule: str, said: str, fix: str = "") -> NoReturn:
    """Raise a Refusal."""
    raise Refusal(node, rule, said, fix)


def as_problem(source: str, refusal: Refusal) -> InvalidInput:
    """The refusal with the part of the source and its line and column."""
    start = refusal.node.start
    if refusal.fault is not None:
        return problem_at(source, start, refusal.rule, of_fault(source, refusal.fault, Comparisons()), refusal.fix)
    part = " ".join(source[start : refusal.node.end].split())
    shown = part if len(part) <= SHOWN_CHARS_MAX else f"{part[:SHOWN_CHARS_MAX]}…"
    return problem_at(source, start, refusal.rule, f"`{shown}`: {refusal.said}", refusal.fix)
