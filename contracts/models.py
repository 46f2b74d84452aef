"""Models: how they are named, and what a definition may say of those it uses by a name of its own."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

PROVIDERS: Final = ("openai", "anthropic", "google", "ollama")
"""Whose models can be asked. `openai` is also whoever speaks its protocol, at a `base_url`."""
REPAIR_DEFAULT: Final = 1
"""So often a model is told what is wrong with its JSON, where nobody says how often."""
PRESETS: Final = {
    "OpenAI": "openai:gpt-5-mini",
    "Claude": "anthropic:claude-haiku-4-5",
    "Gemini": "google:gemini-2.5-flash",
    "Ollama": "ollama:llama3.2",
}
"""What editors offer to begin with for each provider, by what people call it: a node that asks a model is one kind, whoever is asked."""
EMBEDDING_PRESETS: Final = {
    "On this machine": "local:multilingual-e5-small",
    "OpenAI": "openai:text-embedding-3-small",
    "Gemini": "google:gemini-embedding-001",
    "Ollama": "ollama:nomic-embed-text",
}
"""The same of models that embed."""
CHAIN_MAX: Final = 8
"""So many models one may fall back to another."""
MODEL_KINDS: Final = frozenset({"llm", "prompt", "agent"})
"""The kinds of nodes that ask a model themselves: those whose `model` may be a name of `settings.models`."""
ALIAS_PATTERN: Final = r"^[a-z][a-z0-9_]{0,62}$"
_MODEL: Final = re.compile(r"([a-z]+):(\S{1,200})")

MODELS_MAX: Final = 100
"""How many models a definition may name."""


def split_model(name: str) -> tuple[str, str]:
    """Provider and model. Raises ValueError that says what is wrong with the name."""
    found = _MODEL.fullmatch(name)
    if found is None:
        raise ValueError(f"expected `provider:model`, such as `openai:gpt-5-mini`, found {name[:100]!r}")
    if found[1] not in PROVIDERS:
        raise ValueError(f"there is no provider `{found[1]}`; there are {', '.join(PROVIDERS)}")
    return found[1], found[2]


def models_in(written: Any) -> list[str]:
    """The models of a chain, whether one or several are written."""
    return [written] if isinstance(written, str) else list(written)


def check_model(name: str) -> str:
    """A `provider:model`; for the fields of a definition. What holds a template nobody knows yet."""
    if "{{" not in name:
        try:
            split_model(name)
        except ValueError as error:
            raise PydanticCustomError("model", "{said}", {"said": str(error)}) from None
    return name


ChainedModel: TypeAlias = Annotated[str, Field(min_length=1, max_length=260), AfterValidator(check_model)]
"""A `provider:model` in a definition."""
