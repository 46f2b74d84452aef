"""Leaving: what of a definition cannot go into a graph of LangGraph, each with its place and why, and what has no meaning there.

A graph of LangGraph runs in supersteps in somebody's process: there is no clock beside it, nobody to ask, no other execution.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from contracts.definitions import NodeDefinition, WorkflowDefinition
from contracts.errors import Problem
from domain.definition.findings import Findings, joined
from domain.definition.outline import OutlineNode, outline_of
from domain.definition.secret_places import secret_places
from domain.nodes import CONTROL_KINDS

RULE: Final = "stays"
"""The rule of what cannot go."""
LEFT_OUT: Final = "left_out"
"""The rule of what goes, and is not heeded there."""
_NO_CLOCK: Final = "a graph of LangGraph waits for no time while it runs"
_OUTSIDE: Final = "a graph of LangGraph reaches no other execution"
_MODELS: Final = "the engine asks models itself, under limits and budgets that a graph of LangGraph has not"
_KINDS: Final = {
    "human_task": ("it asks people, and keeps what they were asked", "keep it in Refold, or call `interrupt()` in an activity of your own"),
    "wait_signal": ("signals come to executions of Refold only", "keep it in Refold, or call `interrupt()` in an activity of your own"),
    "delay": (_NO_CLOCK, "keep it in Refold"),
    "sub_workflow": (_OUTSIDE, "put the nodes of the workflow here, or keep it in Refold"),
    "emit_signal": (_OUTSIDE, "keep it in Refold"),
    **dict.fromkeys(
        ("agent", "llm", "prompt", "mcp"), (_MODELS, "keep it in Refold, or ask the model in an activity of your own")
    ),
}  # fmt: skip
_SETTINGS: Final = ("retention", "erasable", "search", "quota", "concurrency", "priority", "budget", "while_paused")
"""Settings that are about the engine, and that a graph runs without."""
_ASIDE: Final = ("cache", "priority", "queue")
"""Fields of nodes that are about the engine's workers."""


class Leaving(NamedTuple):
    """What cannot go, what goes and is not heeded there, and the kinds of activities with the path of the first node of each."""

    stays: list[Problem]
    left_out: list[Problem]
    kinds: dict[str, str]


def leaving(definition: WorkflowDefinition) -> Leaving:
    """What happens to a valid definition, in the order written."""
    findings, aside = Findings(), Findings()
    kinds: dict[str, str] = {}
    for node in outline_of(definition, {}, Findings(), strict_kinds=False).nodes:
        _check_node(node, findings)
        if node.is_activity:
            kinds.setdefault(node.definition.type, f"{node.path}.type")
        undo = node.definition.compensate
        if undo is not None and undo.type not in CONTROL_KINDS:
            kinds.setdefault(undo.type, f"{node.path}.compensate.type")
        for name in _ASIDE:
            if getattr(node.definition, name) is not None:
                aside.add(f"{node.path}.{name}", LEFT_OUT, f"`{name}` of `{node.id}` is about the engine's workers", "")
    _check_whole(definition, findings, aside)
    return Leaving(findings.told(), aside.told(), kinds)


def _check_node(node: OutlineNode, findings: Findings) -> None:
    definition = node.definition
    if definition.type in _KINDS:
        why, way = _KINDS[definition.type]
        findings.add(node.path, RULE, f"`{node.id}`, of the kind `{definition.type}`, cannot go: {why}", way)
        return
    for path, why in _fields(definition, definition.config):
        findings.add(joined(node.path, path), RULE, f"`{path}` of `{node.id}` cannot go: {why}", "remove it, or keep the node in Refold")


def _fields(definition: NodeDefinition, config: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a node that cannot go, and why."""
    if definition.timeouts is not None:
        yield "timeouts", _NO_CLOCK
    if definition.timeout is not None:
        yield "timeout", _NO_CLOCK
    if definition.type == "wait_until" and config.get("timeout") is not None:
        yield "config.timeout", _NO_CLOCK
    if definition.type == "for_each" and config.get("more") is not None:
        yield "config.more", "signals come to executions of Refold only"
    if isinstance(config.get("credential"), str):
        yield "config.credential", "credentials are opened in the engine's own workers alone"
    undo = definition.compensate
    if undo is not None and undo.type in _KINDS:
        yield "compensate", _KINDS[undo.type][0]
    if undo is not None and undo.timeout is not None:
        yield "compensate.timeout", _NO_CLOCK


def _check_whole(definition: WorkflowDefinition, findings: Findings, aside: Findings) -> None:
    settings = definition.settings
    if settings.timeout is not None:
        findings.add("settings.timeout", RULE, f"a limit of time for the whole cannot go: {_NO_CLOCK}", "remove it, or keep it in Refold")
    if settings.after:
        findings.add("settings.after", RULE, f"to wait for other workflows cannot go: {_OUTSIDE}", "remove it, or keep it in Refold")
    if secret_places(definition.input) is not None:
        why = "what is marked secret in `input` would stand open in the state of the graph, and in its checkpoints"
        findings.add("input", RULE, why, "take the mark away, or keep it in Refold")
    for index, trigger in enumerate(definition.triggers):
        name = trigger.get("id") or trigger.get("type")
        aside.add(f"triggers[{index}]", LEFT_OUT, f"trigger `{name}` starts executions of Refold; a graph is invoked", "")
    for name in _SETTINGS:
        if name in settings.model_fields_set and getattr(settings, name) not in (None, {}, False):
            aside.add(f"settings.{name}", LEFT_OUT, f"`settings.{name}` is about the engine", "")
