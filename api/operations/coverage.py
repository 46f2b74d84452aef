"""Coverage: what recorded executions have taken of a version of a workflow."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from fastapi import Query
from pydantic import BaseModel, Field

from api.operations.definitions import Name
from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service
from api.what_if import CoverageAsked

LAST_DEFAULT: Final = 1_000
LAST_MAX: Final = 10_000


class CoveredPart(BaseModel):
    """How much there is of one sort: `nodes`, `edges`, `cases` (ports of nodes that have several), `error edges`."""

    sort: str
    there: int
    taken: int


class CoveredPlace(BaseModel):
    """Something that can be taken, and how many executions have."""

    sort: str
    name: str
    executions: int


class NeverTaken(BaseModel):
    """Something that none of them has taken."""

    sort: str
    name: str


class Coverage(BaseModel):
    """What executions have taken; what they did by another version is left out."""

    workflow: str
    version: int
    executions: int = Field(description="how many of them have gone by the version")
    parts: list[CoveredPart]
    places: list[CoveredPlace]
    never_taken: list[NeverTaken]


async def get_coverage(
    service: Service,
    name: Name,
    version: Annotated[int, Query(ge=0, le=2**31, description="a version; without it the active one")] = 0,
    last: Annotated[int, Query(ge=1, le=LAST_MAX, description="so many executions of the workflow that began last")] = LAST_DEFAULT,
) -> Reply:
    """Which nodes, edges, cases and error edges of a version recorded executions have taken, and which none has."""
    await service.know(name)
    number, hash_ = service.resolve(name, version)
    return Reply(msgspec.Raw(await service.coverage(CoverageAsked(name, number, hash_, last))))


COVERAGE: Final = (
    Operation(
        method="GET", path="/v1/workflows/{name}/coverage", tag="workflows", right="read", do=get_coverage, answer=Coverage,
        problems=(404, 409, 503), client=ClientMethod("coverage"),
    ),
)  # fmt: skip
