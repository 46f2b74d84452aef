"""Prompts: texts for models that are kept by name and version, and what a published workflow holds of those it uses."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from contracts.definitions import Model
from contracts.models import CHAIN_MAX, ChainedModel

NAME_PATTERN: Final = r"^[a-z][a-z0-9_-]{0,62}$"
"""What a prompt may be called."""
PROMPT_BYTES_MAX: Final = 64 * 1024
"""So long a prompt may be, as JSON: each call of a model that fills it in has it in its config."""
PROMPTS_MAX: Final = 10_000
"""So many versions of prompts are kept, of all names together."""
MESSAGES_MAX: Final = 100
"""So many messages a prompt may begin a conversation with."""
REPAIR_MAX: Final = 10
STOPS_MAX: Final = 16


class PromptMessage(Model):
    """Something that is said before the model answers; its text may hold templates."""

    role: Literal["system", "user", "assistant"]
    content: str


class Prompt(Model):
    """A prompt as it is written. `{{ input.x }}` in its texts is what a node gives it as `inputs`; what it says besides counts where the
    node does not say it.
    """

    name: str = Field(pattern=NAME_PATTERN, description="what nodes call it")
    description: str | None = Field(default=None, max_length=2_000, description="what it is for")
    inputs: dict[str, Any] = Field(default_factory=dict, description="JSON Schema of what is filled in, an object")
    system: str | None = Field(default=None, description="what the model is to know and do at all times")
    prompt: str | None = Field(default=None, description="what it is asked")
    messages: list[PromptMessage] | None = Field(
        default=None, min_length=1, max_length=MESSAGES_MAX, description="in place of `prompt`: a conversation"
    )
    model: ChainedModel | Annotated[list[ChainedModel], Field(min_length=1, max_length=CHAIN_MAX)] | None = Field(
        default=None, description="`provider:model`, or a list of them of which the next is asked where one cannot"
    )
    answer_schema: dict[str, Any] | None = Field(default=None, alias="schema", description="JSON Schema that the answer is to match")
    repair: int | None = Field(default=None, ge=0, le=REPAIR_MAX, description="how often the model is told what is wrong with its JSON")
    temperature: float | None = Field(default=None, ge=0, le=2, description="how freely it answers")
    max_tokens: int | None = Field(default=None, ge=1, le=10_000_000, description="how long the answer may be")
    seed: int | None = Field(default=None, ge=-(2**63), le=2**63 - 1, description="for models that draw the same with the same")
    stop: list[str] | None = Field(default=None, max_length=STOPS_MAX, description="texts before which the answer ends")
