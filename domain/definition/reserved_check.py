"""Reserved names: workflows and activity kinds that are the engine's own."""

from __future__ import annotations

from contracts.system import SYSTEM_PREFIX, is_system
from domain.definition.outline import Outline, config_of

_RULE = f"names that begin with `{SYSTEM_PREFIX}` are the engine's own"


def check_reserved(outline: Outline) -> None:
    """No definition of a user has such a name, runs such a kind, or calls such a workflow."""
    findings, name = outline.findings, outline.definition.name
    if is_system(name):
        findings.add("name", "reserved", f"`{name}`: {_RULE}", f"write `{name.removeprefix(SYSTEM_PREFIX)}`, for example")
    for node in outline.nodes:
        undo, kind = node.definition.compensate, node.definition.type
        if is_system(kind):
            findings.add(f"{node.path}.type", "reserved", f"`{kind}`: {_RULE}", "see the list of kinds")
        if undo is not None and is_system(undo.type):
            findings.add(f"{node.path}.compensate.type", "reserved", f"`{undo.type}`: {_RULE}", "see the list of kinds")
        if kind == "sub_workflow" and node.config is not None and is_system(called := config_of(node).workflow):
            findings.add(f"{node.path}.config.workflow", "reserved", f"`{called}`: {_RULE}", "call a workflow of yours")
