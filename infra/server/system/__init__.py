"""The definitions of the engine's own workflows, as YAML beside this file; a version of each changes with the build."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from contracts.definitions import WorkflowDefinition
from contracts.system import SYSTEM_PREFIX
from domain.definition.document import parse_document


@cache
def system_definition(name: str) -> WorkflowDefinition:
    """The definition of one of them, by its name."""
    text = (Path(__file__).parent / f"{name.removeprefix(SYSTEM_PREFIX)}.yaml").read_text()
    return WorkflowDefinition.model_validate(parse_document(text, "yaml"))
