"""The shapes of bulk operations: what one asks for, how far it is, what became of each execution."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import ID, STATUS, Row, Time

ACTION = "one of `cancel`, `terminate`, `pause`, `resume`, `start`, `release`, `signal`, `retry`, `fail`, `erase`, `archive`"


class BulkRequest(BaseModel):
    """Do one thing with each execution that a filter is true for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"action": "cancel", "filter": "workflow == 'order' && status == 'running'", "reason": "recalled"}},
    )

    action: str = Field(description=ACTION)
    filter: str | None = Field(default=None, description="which executions; of `filter`, `view` and `executions` at most one is given")
    view: str | None = Field(default=None, description="the name of a saved view, whose filter is meant as it is now")
    reason: str | None = Field(default=None, description="for the histories; with `cancel`, `terminate` and `pause`")
    signal: str | None = Field(default=None, description="with `signal`: its name")
    payload: Any = Field(default=None, description="with `signal`: what it says; `null` without it")
    rate: float | None = Field(default=None, description="so many executions a second, 0.1 to 5,000; 200 without it")
    dry_run: bool = Field(default=False, description="only say how many there are, and some of them; nothing is done")
    incidents: str | None = Field(
        default=None,
        description="only those with an open incident like this, a filter of incidents; `retry` and `fail` resolve these alone",
    )
    executions: list[str] | None = Field(default=None, description="these executions, by their ids; up to 1,000")


class Skipped(BaseModel):
    """Executions that an operation would pass over."""

    why: str
    count: int
    examples: list[str] = Field(description="some of them, by their ids")


class DryRun(BaseModel):
    """How many executions an operation would be about, and the last ones created of them."""

    total: int
    will: int = Field(description="with how many of them it would do something, as they are now")
    skipped: list[Skipped] = Field(description="the others, by the reason why it would pass them over")
    is_more: bool = Field(description="whether there are more than one operation may be about; then it would be refused")
    examples: list[Row]


class BulkOperation(BaseModel):
    """A bulk operation: an execution of the engine's own workflow, to be paused, resumed and cancelled as any other."""

    operation_id: str = Field(description="the id of the execution that it is", examples=[ID])
    action: str
    filter: str
    incidents: str | None = Field(description="the filter of incidents, where it is about those")
    named: int | None = Field(description="how many executions it names by their ids, where it does")
    details: dict[str, Any] = Field(description="what else was said: `reason`, `signal`, `payload`")
    undoes: str | None = Field(description="the operation that it takes back")
    status: STATUS
    total: int | None = Field(description="how many executions it is about; null until they are found")
    done: int = Field(description="how many of them it has come to")
    ok: int
    skipped: int
    failed: int
    error: str | None = Field(description="why it goes no further, where it does not")
    created_at: Time | None
    ended_at: Time | None
    position: int


class BulkOperations(BaseModel):
    """The latest first, without their progress. `next` is the cursor of the page after."""

    operations: list[Row]
    next: str | None
    position: int


class BulkResult(BaseModel):
    """What became of one execution."""

    execution_id: str
    result: Literal["ok", "skipped", "failed"]
    why: str | None


class BulkResults(BaseModel):
    """In the order in which they were acted on; `next` is where the page after begins."""

    results: list[BulkResult]
    next: int | None
