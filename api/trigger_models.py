"""What triggers look like to those who look at them, make them, and fire them."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import models

BACKFILL_MAX: Final = 1_000
"""So many times of a range are started by one request."""
REASON_LENGTH_MAX: Final = 1_000
KEY_LENGTH_MAX: Final = 255
_SHOWN: Final[Any] = {
    "name": "report.by_hand",
    "id": "by_hand",
    "type": "manual",
    "workflow": "report",
    "made_by": "definition",
    "status": "active",
    "paused": None,
    "since": models.AT,
    "next": [],
    "last": {"cause": "hand/7", "at": models.AT, "execution_id": models.ID},
    "skipped": [],
    "config": {"id": "by_hand", "type": "manual"},
    "jitter_ms": None,
    "drift_ms": None,
    "stand": 41,
}


class TriggerRequest(BaseModel):
    """A trigger that is made by hand: the workflow that it starts, and what a definition would say of it, without an id."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"workflow": "report", "trigger": {"type": "manual"}}})

    workflow: str = Field(min_length=1, max_length=63, description="the workflow that it starts, in the version that is active then")
    trigger: dict[str, Any] = Field(description="as in a definition, without `id`: its name stands for that")


class PauseRequest(BaseModel):
    """Why a trigger is paused."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "the bank is closed"}})

    reason: str = Field(default="", max_length=REASON_LENGTH_MAX)


class FireRequest(BaseModel):
    """What a trigger is fired with by hand; it may be left out."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"body": {"day": "2026-11-21"}, "key": "2026-11-21"}})

    body: Any = Field(default=None, description="what stands in `trigger.body`; of a `manual` its form says what it may be")
    key: str | None = Field(
        default=None, min_length=1, max_length=KEY_LENGTH_MAX, description="stands in `trigger.key`; the same key is the same execution"
    )


class BackfillRequest(BaseModel):
    """Which times of a schedule are started that have passed: from one on, before another."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"since": models.AT, "until": "2026-11-22T00:00:00Z"}})

    since: models.Time = Field(description="the first time that counts")
    until: models.Time = Field(description="the first time that does not; not in the future")
    limit: int = Field(default=BACKFILL_MAX, ge=1, le=BACKFILL_MAX, description="so many at most")
    dry_run: bool = Field(default=False, description="only say which times there are; nothing is started")


class BackfillItem(BaseModel):
    """A time at which a schedule was due, and the execution that is of it; or why there is none."""

    due: models.Time
    execution_id: str | None
    created: bool = Field(description="false where it was there already")
    problem: str | None


class Backfilled(BaseModel):
    """What was started of a range; `next` is from where to go on where there is more."""

    started: list[BackfillItem]
    next: models.Time | None
    position: int


class Pause(BaseModel):
    """Since when a trigger is paused, by whom, and why."""

    reason: str
    by: str
    at: models.Time


class LastFired(BaseModel):
    """What a trigger started last by itself."""

    cause: str
    at: models.Time
    execution_id: str


class Skipped(BaseModel):
    """What a trigger did not start, and why; `count` causes were passed over together."""

    cause: str
    at: models.Time
    reason: str
    message: str
    count: int


class TriggerShown(BaseModel):
    """A trigger as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})

    name: str = Field(description="`WORKFLOW.ID` of one that stands in a definition, else the name that it was given")
    id: str = Field(description="what expressions see as `trigger.id`")
    type: str
    workflow: str
    made_by: Literal["definition", "hand"]
    status: Literal["active", "paused", "unknown"] = Field(description="`unknown`: of a kind that this server does not have")
    paused: Pause | None
    since: models.Time = Field(description="since when it says what it says now")
    next: list[models.Time] = Field(description="when a schedule is due next")
    last: LastFired | None
    skipped: list[Skipped] = Field(description="the last ones first")
    config: dict[str, Any]
    jitter_ms: int | None = Field(description="how much later than its line says a schedule always fires, which is in `next`, too")
    drift_ms: int | None = Field(description="how much later than that a schedule fired last, as it stands now")
    stand: int = Field(description="how far the process that answers has read what is written about triggers: see `min_stand`")


class TriggerDeleted(BaseModel):
    """A trigger is no more."""

    name: str
    revision: int
    stand: int = Field(description="to be asked for as `min_stand`")


class TriggersShown(BaseModel):
    """Triggers by their names."""

    triggers: list[TriggerShown]
    stand: int = Field(description="how far the process that answers has read what is written about triggers")
    next: str | None = Field(description="`after` of the page after this one; null on the last one")
