"""What a request says of a breakpoint, as the document describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class BreakpointRequest(BaseModel):
    """Where an execution is to halt: before a node begins or as it has failed, or before whatever begins after a variable has changed."""

    model_config = ConfigDict(
        extra="forbid", populate_by_name=True, json_schema_extra={"example": {"node": "charge", "if": "data.amount > 100"}}
    )

    node: str | None = Field(
        default=None, max_length=2_000, description="as the definition or a run calls it: `each[]/charge`; `*` is every one"
    )
    variable: str | None = Field(default=None, max_length=200, description="or the name of a variable whose change halts")
    on: Literal["begin", "failure"] = Field(default="begin", description="halt before the node begins, or as an attempt of it has failed")
    condition: str | None = Field(
        default=None, alias="if", max_length=20_000, description="an expression that is asked where the node stands"
    )
    halts: Literal["branch", "all"] = Field(default="branch", description="the branch of the node alone, or the whole execution")
    timeout: str | None = Field(default=None, description="when the halt ends by itself, such as `10m`; an hour without it, a week at most")
