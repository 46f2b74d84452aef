"""The operation that compares two executions, or two moments of one."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, Field

from api.operations.executions import VERSION_MAX, Id
from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service
from contracts import values
from projections.differences import CHANGES_MAX, STEPS_MAX, differences_value


class DifferenceSide(BaseModel):
    """One of the two, and after which event it is looked at."""

    execution_id: str
    at: int
    workflow: str
    workflow_version: int
    status: str


class DifferenceEnd(BaseModel):
    """How a run of a node ended."""

    version: int = Field(description="with which event")
    ended: Literal["completed", "failed", "skipped", "cancelled"]
    ports: list[str]
    output: Any = Field(description="of a value of 64 KiB and more, what it is")
    error: str | None = Field(description="the type of its failure")


class DifferenceStep(BaseModel):
    """A run that ended otherwise, or in one of the two alone."""

    path: str
    before: DifferenceEnd | None
    after: DifferenceEnd | None


class DifferenceChange(BaseModel):
    """A value that differs."""

    path: str = Field(description="JSON pointer in the state: `/variables/total`")
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


class Difference(BaseModel):
    """Where the two part. Times, ids of others and numbers of events are not compared between two executions."""

    before: DifferenceSide
    after: DifferenceSide
    is_equal: bool
    first: DifferenceStep | None = Field(description="the run whose end came first, of those in `steps`")
    steps: list[DifferenceStep] = Field(description=f"the first {STEPS_MAX} of `step_count`")
    step_count: int
    changes: list[DifferenceChange] = Field(description=f"the first {CHANGES_MAX} of `change_count`")
    change_count: int
    position: int


async def get_execution_diff(
    service: Service,
    execution: Id,
    other: Annotated[str | None, Query(max_length=400, description="the other execution; the same one without it")] = None,
    at: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="as it was after this event")] = None,
    other_at: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="as the other one was after this event of its own")] = None,
) -> Reply:
    """Where two executions, or two moments of one, part: in their state and variables, and on the way that they took."""
    one, two = await service.standing(execution, at), await service.standing(other or execution, other_at)
    found = differences_value(one, two, _shown)
    return Reply({**found, "position": (there := service.projected_of(execution))}, there)


def _shown(value: bytes) -> Any:
    return values.described(value) if values.is_reference(value) else values.decode(value)


DIFFERENCES: Final = (
    Operation(
        method="GET", path="/v1/executions/{execution}/diff", right="read", do=get_execution_diff, answer=Difference, problems=(404, 409),
        waits_for_position=True, client=ClientMethod("compare"),
    ),
)  # fmt: skip
