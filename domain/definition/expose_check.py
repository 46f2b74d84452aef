"""What a definition is exposed as: as a tool of assistants, a workflow needs an input that is an object, and words for what it does."""

from __future__ import annotations

from typing import Any, Final

from contracts.definitions import WorkflowDefinition
from domain.definition.findings import Findings, shown

OBJECT: Final[dict[str, Any]] = {"type": "object"}
"""The schema of a tool's arguments where the workflow says nothing of its input."""


def check_expose(definition: WorkflowDefinition, findings: Findings) -> None:
    """A tool's arguments are an object, and nobody can choose a tool without a description."""
    if definition.expose is None or definition.expose.mcp is None:
        return
    if not definition.expose.mcp.description.strip():
        fix = "write what the workflow does, and when it is of use: that is all that a model knows of it"
        findings.add("expose.mcp.description", "empty", "expected a description, found an empty text", fix)
    schema = definition.input
    if schema is False or (isinstance(schema, dict) and schema.get("type", "object") != "object"):
        found = "false" if schema is False else shown(schema["type"])
        message = f"the arguments of a tool are an object, and the input is of the type {found}"
        place = "input.type" if isinstance(schema, dict) else "input"
        findings.add(place, "no_tool", message, "write `type: object`, or remove `expose.mcp`")


def schema_of_tool(definition: dict[str, Any]) -> dict[str, Any]:
    """The schema of the arguments of a definition that is exposed, as it is stored."""
    schema = definition.get("input")
    return {**schema, **OBJECT} if isinstance(schema, dict) else dict(OBJECT)
