"""What versions of a workflow look like in answers, and what is different between two of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from api.models import WorkflowVersion


class ListedVersion(WorkflowVersion):
    """A version among the others of its workflow."""

    layout_only: bool = Field(description="whether it differs from the one before in nothing but where nodes stand in a picture")


class Versions(BaseModel):
    """The first one first."""

    versions: list[ListedVersion]


class WorkflowTool(BaseModel):
    """A workflow as a tool of assistants."""

    name: str
    version: int
    description: str = Field(description="what a model is told of it")
    input: dict[str, Any] = Field(description="JSON Schema of its arguments, which are the input of an execution")


class WorkflowTools(BaseModel):
    """In the order of their names."""

    tools: list[WorkflowTool]


class DefinitionChange(BaseModel):
    """One difference between two versions."""

    change: Literal["added", "removed", "changed", "reordered"]
    what: Literal["node", "edge", "workflow"]
    id: str = Field(description="of the node, or the two ends of the edge")
    path: str = Field(description="where, with nodes and edges by their ids: `nodes[greet].config.url`")
    before: Any
    after: Any


class TextDifference(BaseModel):
    """What is different between a version of a workflow and a text; no changes where they say the same."""

    name: str
    before: int
    changes: list[DefinitionChange]
    text_of: Literal["source", "definition"] = Field(description="what `text` compares: the texts as published, or the definitions as JSON")
    text: str = Field(description="a unified diff")


class Difference(TextDifference):
    """What is different between two versions of a workflow; no changes where they say the same."""

    after: int
