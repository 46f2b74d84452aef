"""Texts: every expression and template of an outline, with its path and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from contracts.definitions import After, Body, Settings, has_output
from domain.definition.fields import marked_fields
from domain.definition.outline import Outline, OutlineBody, OutlineEdge, OutlineNode

Names = frozenset[str]
_NONE: Final[Names] = frozenset()
_SIGNAL: Final[Names] = frozenset({"signal"})
_ITEM: Final[Names] = frozenset({"item", "index"})
_ACC: Final[Names] = frozenset({"item", "index", "acc"})
_ARGS: Final[Names] = frozenset({"args"})
_ITERATION: Final[Names] = frozenset({"iteration"})
_ERROR: Final[Names] = frozenset({"error"})


class Text(NamedTuple):
    """An expression, or a text with templates: where it is written, the body it sees, its node, and what else it may name."""

    path: str
    source: str
    is_expression: bool
    body: OutlineBody
    node: OutlineNode | None = None
    extra: Names = _NONE
    without: Names = _NONE
    """Names that have no value here, though they have in the body."""
    is_compared: bool = False
    """Whether its value is compared with that of other executions; a sealed value is that of one alone."""


AT_CREATION: Final[Names] = frozenset({"nodes", "vars", "iteration", "error", "data"})
"""What an expression cannot name that is asked before anything runs."""
BUT_INPUT: Final[Names] = AT_CREATION | {"execution", "trigger"}
"""What an expression cannot name that is asked of the input of an execution alone."""


def texts_of(outline: Outline) -> Iterator[Text]:
    """All of them."""
    yield from _settings(outline)
    for body in outline.bodies:
        prefix = f"{body.path}." if body.path else ""
        for name, initial in body.definition.variables.items():
            yield from texts_in(f"{prefix}variables.{name}", initial, body)
        if has_output(body.definition):
            yield from texts_in(f"{prefix}output", body.definition.output, body)
        for edge in body.edges:
            yield from _in_edge(edge)
        for node in body.nodes:
            yield from _in_node(node)


def _settings(outline: Outline) -> Iterator[Text]:
    settings = outline.definition.settings
    for name, source in settings.search.items():
        yield Text(f"settings.search.{name}", source, True, outline.root, is_compared=True)
    if settings.concurrency is not None and settings.concurrency.key is not None:
        yield Text("settings.concurrency.key", settings.concurrency.key, True, outline.root, without=AT_CREATION, is_compared=True)
    for path, one in afters_in(settings):
        if one.key is not None:
            yield Text(f"{path}.key", one.key, True, outline.root, without=BUT_INPUT, is_compared=True)


def afters_in(settings: Settings) -> Iterator[tuple[str, After]]:
    """The workflows of `settings.after`, each with its path; a single one is most often written without a list."""
    for index, one in enumerate(settings.after):
        yield "settings.after" if len(settings.after) == 1 else f"settings.after[{index}]", one


def _in_edge(edge: OutlineEdge) -> Iterator[Text]:
    if isinstance(edge.definition.when, str):
        extra = _ERROR if edge.port == "error" else _NONE
        yield Text(f"{edge.path}.when", edge.definition.when, True, edge.source.body, edge.source, extra)


def _in_node(node: OutlineNode) -> Iterator[Text]:
    definition = node.definition
    if isinstance(definition.when, str):
        yield Text(f"{node.path}.when", definition.when, True, node.body, node)
    if definition.cache is not None and definition.cache.key is not None:
        yield from texts_in(f"{node.path}.cache.key", definition.cache.key, node.body, node)
    if node.is_activity and "input" in definition.model_fields_set:
        yield from texts_in(f"{node.path}.input", definition.input, node.body, node)
    if definition.compensate is not None:
        yield from texts_in(f"{node.path}.compensate.config", definition.compensate.config, node.body, node)
    if node.config is not None:
        yield from _in_config(node, node.config, f"{node.path}.config")
    elif node.is_activity:
        yield from texts_in(f"{node.path}.config", definition.config, node.body, node)


def _in_config(node: OutlineNode, config: BaseModel, path: str) -> Iterator[Text]:
    for attribute, name, role, _ in marked_fields(type(config)):
        raw = getattr(config, attribute)
        if raw is None:
            continue
        if not role:
            yield from _in_models(node, raw, f"{path}.{name}")
        elif role != "value" and isinstance(raw, str):
            body, extra = _view(node, attribute, config)
            yield Text(f"{path}.{name}", raw, True, body, node, extra)
        elif type(raw) in _HOLDING:
            yield from texts_in(f"{path}.{name}", raw, node.body, node)


def _in_models(node: OutlineNode, raw: Any, path: str) -> Iterator[Text]:
    if isinstance(raw, BaseModel) and not isinstance(raw, Body):
        yield from _in_config(node, raw, path)
    elif isinstance(raw, list):
        for index, item in enumerate(raw):
            if isinstance(item, BaseModel):
                yield from _in_config(node, item, f"{path}[{index}]")


def _view(node: OutlineNode, field: str, config: BaseModel) -> tuple[OutlineBody, Names]:
    """Which body an expression of a config sees, and the names that only hold there."""
    if field == "until" and "[]" in node.bodies:
        return node.bodies["[]"], _NONE
    if field == "condition" and node.definition.type == "while":
        return node.body, _ITERATION
    return node.body, _extra_names(node.definition.type, field, getattr(config, "operation", ""))


@cache
def _extra_names(kind: str, field: str, operation: str) -> Names:
    if kind == "wait_signal" and field == "filter":
        return _SIGNAL
    if kind == "transform" and field in ("expression", "when"):
        return _ACC if operation == "reduce" else _ITEM
    if kind == "agent" and field == "when":
        return _ARGS
    return _NONE


_HOLDING: Final = frozenset({str, list, dict})


def texts_in(path: str, value: Any, body: OutlineBody, node: OutlineNode | None = None) -> Iterator[Text]:
    """The strings with a template in a value; a deep one is looked through without recursion."""
    waiting = [(path, value)]
    while waiting:
        here, one = waiting.pop()
        if isinstance(one, str):
            if "{{" in one:
                yield Text(here, one, False, body, node)
        elif isinstance(one, dict):
            waiting.extend((f"{here}.{key}", item) for key, item in reversed(one.items()) if type(item) in _HOLDING)
        elif isinstance(one, list):
            waiting.extend((f"{here}[{index}]", item) for index, item in enumerate(one) if type(item) in _HOLDING)
