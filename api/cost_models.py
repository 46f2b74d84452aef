"""Shapes of answers about what asking models took."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.models import Time
from api.server_models import Spread


class TokenCounts(BaseModel):
    """Tokens. `cached` and `cache_written` are among the input, `reasoning` among the output, `unmeasured` among both."""

    input: int
    output: int
    cached: int = Field(description="read from the provider's cache")
    cache_written: int = Field(description="written into it")
    reasoning: int
    unmeasured: int = Field(description="estimated, as the provider has not said")


class LostCalls(BaseModel):
    """Attempts that have told nothing: what was set aside for them, by which a budget counts them."""

    attempts: int
    calls: int
    tokens: int
    usd: float


class CostWindow(BaseModel):
    """What asking models took on a day, or in all of the time."""

    at: Time | None = Field(description="when the day begins; null where all is one window")
    workflow: str | None
    version: int | None
    node: str | None
    model: str | None = Field(description="`provider:model`")
    prompt: str | None = Field(description="`reply@4`; empty for what was asked without a prompt that is kept")
    calls: int
    errors: int = Field(description="of the calls, those without an answer")
    repairs: int = Field(description="of the calls, those that say back an answer that did not match")
    unmeasured: int = Field(description="of the calls, those whose tokens are an estimate")
    unpriced: int = Field(description="of the calls, those that nobody knows a price of")
    tokens: TokenCounts
    usd: float = Field(description="of the calls with a price, in US dollars")
    lost: LostCalls
    first_token: Spread | None = Field(description="how long the first token took, of the calls that say it")


class Costs(BaseModel):
    """In the order of time."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Time = Field(alias="from")
    to: Time
    by: Literal["day", "all"]
    windows: list[CostWindow]
    position: int
