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
    credential: str | None = Field(description="the name of the credential that it was done to")
    channel: str | None = Field(description="of what was done to a task: by which channel (`web`, `email`, `slack`); else null")
    address: str | None = Field(description="of what was done to a task: the network address that the request came from, where it is known")


class AuditPage(BaseModel):
    """The latest first."""

    audit: list[AuditRow]
    next: str | None = Field(description="the `cursor` of the next page; null at the end")
    position: int


class CachedResult(BaseModel):
    """What an activity gave, to be used again."""

    key: str = Field(description="a hash of kind, config, input and the node's own key")
    kind: str
    workflow: str = Field(description="the workflow that it was computed for")
    size: int = Field(description="bytes")
    kept_at: Time
    expires_at: Time
    hits: int = Field(description="how often it was used again")


class CacheUse(BaseModel):
    """How often results of a kind in a workflow were used again."""

    kind: str
    workflow: str
    hits: int = Field(description="how often one was used again")
    kept: int = Field(description="how often one was computed and kept")
    rate: float = Field(description="hits of all that were given, 0 to 1")


class CachedResults(BaseModel):
    """By key."""

    results: list[CachedResult]
    next: str | None = Field(description="the `cursor` of the next page; null at the end")
    uses: list[CacheUse]


class InvalidateRequest(BaseModel):
    """Which results are forgotten: those that fit all that is given."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"kind": "http_request", "older_than": "10m"}})

    kind: str | None = None
    workflow: str | None = None
    key: str | None = None
    older_than: str | None = Field(default=None, description="kept longer ago than this duration: `90m`, `PT1H`")
    all: bool = Field(default=False, description="every one of them")


class Forgotten(BaseModel):
    """How many results were forgotten."""

    count: int


class WarmRequest(BaseModel):
    """Whose results are kept."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"workflow": "hello", "limit": 100}})

    workflow: str
    limit: int = Field(default=100, ge=1, le=1_000, description="the last so many executions")


class Warmed(BaseModel):
    """What was read and kept."""

    executions: int
    results: int
    unreadable: int = Field(description="executions that could not be read")
