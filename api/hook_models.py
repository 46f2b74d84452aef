"""What the last requests to a webhook look like to those who look at them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from api import models


class HookDelivery(BaseModel):
    """A request that came to a webhook, and what became of it."""

    id: str
    at: models.Time
    verdict: Literal["accepted", "repeated", "challenge", "refused", "invalid", "paused", "skipped", "failed", "test"] = Field(
        description="`repeated`: it is the same as one before; `refused`: it was not proved; `invalid`: it did not fit"
    )
    status: int = Field(description="what it was answered")
    reason: str
    message: str
    key: str | None
    execution_id: str | None
    size: int = Field(description="bytes of its body")
    sender: str = Field(description="the address that it came from")
    can_be_redelivered: bool = Field(description="whether its content is kept still")


class HookDeliveries(BaseModel):
    """The last ones first."""

    deliveries: list[HookDelivery]
    counts: dict[str, int] = Field(description="of all that came to this process since it began, by verdict")


class HookContent(HookDelivery):
    """One of them with its content; null where that is not kept."""

    method: str | None
    headers: dict[str, str] | None = Field(description="without those that prove who sends")
    query: str | None
    body: str | None
