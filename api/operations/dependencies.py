"""The operation that tells what leads from one workflow to another: calls, event triggers, waits, and the cycles among them."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service
from domain.dependencies import Cycle, Dependency

_ONE: Final[dict[str, Any]] = {
    "source": "import", "target": "report", "by": "event", "via": "report.after_import", "types": ["execution.completed"], "certain": True
}  # fmt: skip


class DependencyShown(BaseModel):
    """Executions of `source` lead to executions of `target`."""

    source: str = Field(description="a workflow; `*` stands for all that the filter of the trigger does not name")
    target: str
    by: str = Field(
        description="`call`: a `sub_workflow`; `event`: a trigger; `after`: executions of `target` wait until one of `source` has completed"
    )
    via: str = Field(description="the path of the node, or the name of the trigger; `settings.after`")
    types: list[str] = Field(description="of a trigger the types of events that it may take")
    certain: bool = Field(description="whether that happens with each execution that ends well")


class CycleShown(BaseModel):
    """A way from a workflow to itself."""

    workflows: list[str] = Field(description="the last one is the first")
    via: list[str] = Field(description="what leads from each to the next")
    endless: bool = Field(description="whether each step is certain, and one is an event: only the depth of triggers ends it")


class DependenciesShown(BaseModel):
    """All workflows that are active, and what leads from one to another."""

    model_config = ConfigDict(json_schema_extra={"example": {"workflows": ["import", "report"], "dependencies": [_ONE], "cycles": []}})

    workflows: list[str]
    dependencies: list[DependencyShown]
    cycles: list[CycleShown]


async def get_dependencies(service: Service) -> Reply:
    """The graph of active workflows: which calls which, whose events start which, which waits for which, and the cycles, 100 at most."""
    found = service.dependencies()
    dependencies = [_shown(one) for one in found.dependencies]
    return Reply({"workflows": found.workflows, "dependencies": dependencies, "cycles": [_cycle(one) for one in found.cycles]})


def _shown(one: Dependency) -> dict[str, Any]:
    said = {"source": one.source, "target": one.target, "by": one.by, "via": one.via}
    return {**said, "types": list(one.types), "certain": one.is_certain}


def _cycle(one: Cycle) -> dict[str, Any]:
    workflows = [one.steps[0].source, *(step.target for step in one.steps)]
    return {"workflows": workflows, "via": [step.via for step in one.steps], "endless": one.is_endless}


DEPENDENCY_OPERATIONS: Final = (
    Operation(
        method="GET", path="/v1/dependencies", tag="workflows", right="read", do=get_dependencies, answer=DependenciesShown,
        client=ClientMethod("dependencies", says="What leads from one workflow to another: `{workflows, dependencies, cycles}`."),
    ),
)  # fmt: skip
