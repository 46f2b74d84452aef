"""The operation that tells why a node ran, was skipped, waits, failed, or has not run."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.models import Failure, Time, WaitingFor
from api.operations.executions import VERSION_MAX, Id
from api.operations.operation import ClientMethod, Operation, Reply
from api.service import Service
from projections.why import SHOWN_BYTES_MAX, why_value


class WhyValue(BaseModel):
    """What a part of an expression was worth."""

    value: Any = Field(description="null also where it is too long")
    bytes: int = Field(description="how long it is as JSON")
    beginning: str | None = Field(description=f"of what is longer than {SHOWN_BYTES_MAX:,} bytes, which stands in place of the value")


class WhyPart(BaseModel):
    """A part of an expression with what it was worth, and the parts that it is made of."""

    text: str
    values: list[WhyValue] = Field(description="one; inside of a macro the first ones of its items; none: it was not asked, or failed")
    fault: str | None = Field(description="what kind of error it failed by")
    parts: list[WhyPart] = Field(description="literals are left out")


class WhyQuestion(BaseModel):
    """An expression that was asked."""

    place: str = Field(description="where it stands in its node, or its edge", examples=["config.cases[0].when"])
    version: int = Field(description="after which event it was asked")
    expression: WhyPart


class WhyWay(BaseModel):
    """A way in to a node: an edge, as it was when the node began, or is."""

    model_config = ConfigDict(populate_by_name=True)

    source: str = Field(alias="from", description="the run that it comes from")
    port: str
    back: bool = Field(description="whether it is a back edge")
    state: Literal["taken", "untaken", "open"]
    version: int | None = Field(description="with which event its source ended; null while it is open")
    because: Literal["skipped", "failed", "cancelled", "completed", "port", "when", "pending", "running"] | None = Field(
        description="why it is not taken: so its source ended, it left by other ports, its `when` was false, it has not begun, it goes on"
    )
    left_by: list[str] = Field(description="the ports that its source left by")
    when: WhyQuestion | None = Field(description="its `when` as it was asked")


class WhyEvent(BaseModel):
    """An event of the node."""

    version: int
    type: str
    recorded_at: Time
    command: str = Field(description="the command that led to it")
    actor: str | None = Field(description="whoever asked from outside; null where the engine goes on by itself")


class WhyStep(BaseModel):
    """A link of the chain."""

    path: str = Field(description="the run; empty: the execution itself")
    node: str = Field(description="its node in the definition: `each[]/charge`")
    type: str = Field(description="its kind; `execution`, `compensation`")
    state: str = Field(description="how it ended, how it goes on, or `not_reached`")
    because: Literal[
        "edges", "back", "first", "no_edge", "when", "stopped", "cancelled", "undone", "not_yet", "next", "no_body", "body_ended",
        "started", "not_started",
    ]  # fmt: skip
    begun: int | None = Field(description="the event that it began with")
    version: int | None = Field(description="the event since which it is so")
    events: list[WhyEvent] = Field(description="its events; of more than 80 the first one and the last ones")
    ways: list[WhyWay] = Field(description="the ways in to it, as they were when it began")
    asked: list[WhyQuestion] = Field(description="the expressions by which it went the way it went; the last 20")
    error: Failure | None


class WhyWait(BaseModel):
    """Something that is waited for, and who can release it."""

    item: WaitingFor
    since: Time | None = Field(description="since when; of a pause and a release nobody knows")
    says: str = Field(description="the wait in a few words")
    released_by: Literal["worker", "clock", "sender", "execution", "person"] = Field(description="who can release it")
    how: str = Field(description="the same in words")


class WhyChain(BaseModel):
    """Why a node is as it is, back to what began it."""

    execution_id: str
    workflow: str
    workflow_version: int
    status: str
    at: int = Field(description="after which event")
    path: str = Field(description="of which run, or which node that has none, this tells")
    steps: list[WhyStep] = Field(description="the node itself first, then what lies behind; those that led to it where it ran")
    waits_for: list[WhyWait] = Field(description="what the node, and the execution as a whole, waits for; 50 at most")
    is_cut: bool = Field(description="whether there are more than 100 steps: ask about the last one to go on")
    decided_otherwise_from: int | None = Field(
        description="from this event on the expressions are not told, as this build would decide otherwise: see `refold verify`"
    )
    position: int


async def get_why(
    service: Service,
    execution: Id,
    node: Annotated[
        str,
        Query(max_length=2_000, description="`each[]/charge`: its last run; `each[3]/charge`: this one; without it the one that matters"),
    ] = "",
    at: Annotated[int | None, Query(ge=1, le=VERSION_MAX, description="as it was after this event")] = None,
) -> Reply:
    """Why a node ran, was skipped, waits, failed, or has not run: the chain that led there, with each expression and its values."""
    found = why_value(await service.why(execution, node, at))
    return Reply({**found, "position": (there := service.projected_of(execution))}, there)


WHYS: Final = (
    Operation(
        method="GET", path="/v1/executions/{execution}/why", right="read", do=get_why, answer=WhyChain, problems=(404, 409),
        waits_for_position=True, client=ClientMethod("why"),
    ),
)  # fmt: skip
