"""What webhooks look like to those who make them."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from api import models

FILTER_LENGTH_MAX: Final = 20_000
_EXAMPLE: Final[Any] = {"url": "https://receiver.example/hook", "types": ["execution.failed", "incident.raised"], "workflow": "order"}
_SHOWN: Final[Any] = {
    "name": "alerts",
    "url": "https://receiver.example/hook",
    "types": ["refold.execution.failed"],
    "workflow": "order",
    "filter": None,
    "status": "active",
    "reason": None,
    "pending": 0,
    "revision": 1,
    "written_by": "anonymous",
    "written_at": "2026-11-21T08:00:00.000Z",
    "secret": None,
}


class WebhookRequest(BaseModel):
    """Where events are sent, and which."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _EXAMPLE})

    url: str = Field(max_length=2_000, description="where they are sent, by POST")
    types: list[str] | None = Field(default=None, max_length=100, description="their types, `refold.` before them or not; without it all")
    workflow: str | None = Field(default=None, min_length=1, max_length=200, description="only those of this workflow")
    filter: str | None = Field(default=None, max_length=FILTER_LENGTH_MAX, description="an expression over the event that has to be true")
    secret: str | None = Field(
        default=None, max_length=200, description="what requests are signed with, 24 to 64 bytes in base64; without it, it is made, or kept"
    )


class WebhookShown(BaseModel):
    """A webhook as it stands."""

    model_config = ConfigDict(json_schema_extra={"example": _SHOWN})

    name: str
    url: str
    types: list[str]
    workflow: str | None
    filter: str | None
    status: Literal["active", "failing", "disabled"] = Field(
        description="`failing`: an event waits to be sent again; `disabled`: nothing is sent"
    )
    reason: str | None = Field(description="why it is disabled")
    pending: int = Field(description="how many events wait to be sent again")
    revision: int
    written_by: str
    written_at: models.Time
    secret: str | None = Field(description="only in the answer to who has just written it")


class Webhooks(BaseModel):
    """All webhooks, by name."""

    webhooks: list[WebhookShown]


class Delivery(BaseModel):
    """An event that waits to be sent again, or a request that was made."""

    event: str = Field(description="its id", examples=["order-7/12"])
    verdict: Literal["pending", "delivered", "failed"] = Field(
        description="`pending`: it waits to be sent again; `delivered`: the receiver has taken it; `failed`: this request was not taken"
    )
    at: models.Time | None = Field(description="when the request was made; of what waits the last one, null before there was any")
    status: int | None = Field(description="the status of the answer; null without one")
    duration_ms: int | None = Field(description="how long the request took")
    error: str | None = Field(description="why it failed")
    attempts: int | None = Field(description="of what waits: how often it was tried")
    since: models.Time | None = Field(description="of what waits: since when")
    due: models.Time | None = Field(description="of what waits: when it is sent next")


class Deliveries(BaseModel):
    """What waits to be sent again to a webhook, and the last requests that were made, the latest first."""

    deliveries: list[Delivery]


class RedeliverRequest(BaseModel):
    """An event that is to be sent once more."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"event": "order-7/12"}})

    event: str = Field(max_length=500, description="the id of the event: EXECUTION/VERSION")
