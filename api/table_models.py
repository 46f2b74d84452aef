"""The shapes of answers about dead letters, the audit and cached results, for OpenAPI. They describe, as those in `api/models.py`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Time


class LetterAct(BaseModel):
    """What somebody has done about a dead letter."""

    act: str = Field(description="`sending`, then `sent` or `failed`; or `dropped`")
    at: Time
    actor: str | None
    correlation_id: str | None
    reason: str


class DeadLetter(BaseModel):
    """What nobody could read, or be given."""

    letter: int = Field(description="names it: its offset in the topic `dead-letters`")
    state: str = Field(description="`open`, `sending`, `sent` or `dropped`")
    reason: str = Field(description="why nobody could")
    origin: str = Field(description="`TOPIC/PARTITION@OFFSET`, or the message that it came of")
    topic: str | None = Field(description="the topic that it comes from; null for what never was in one")
    recorded_at: Time
    size: int = Field(description="bytes")
    form: Literal["command", "json", "text", "base64"] | None = Field(description="what `content` is; null where it is too long for a list")
    content: Any = Field(description="what is in it, as far as it can be read, else its bytes in base64")
    can_be_sent: bool
    sending: str = Field(description="what sending it again means, or why it cannot be sent")
    acts: list[LetterAct]


class DeadLetters(BaseModel):
    """The last one first."""

    dead_letters: list[DeadLetter]
    next: int | None = Field(description="the `cursor` of the next page; null at the end")
    open: int = Field(description="how many wait for somebody, in all")


class SendRequest(BaseModel):
    """Why it is sent again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "the execution is there now"}})

    reason: str = ""


class DropRequest(BaseModel):
    """Why it is dropped."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"reason": "a typing mistake"}})

    reason: str = Field(min_length=1)


class AuditRow(BaseModel):
    """What somebody did."""

    at: Time
    actor: str | None
    command: str
    execution_id: str | None
    version: int | None = Field(description="of the first event in the history of the execution that came of it")
    workflow: str | None
    about: str
    correlation_id: str | None


class AuditPage(BaseModel):
    """The latest first."""

    audit: list[AuditRow]
    next: str | None = Field(description="the `cursor` of the next page; null at the end")
    position: int
