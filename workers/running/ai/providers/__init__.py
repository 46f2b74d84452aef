"""The providers of models, one file each. A further one is a file here, its line in `PROVIDERS`, and its name in `contracts/models.py`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from workers.running.ai.providers.anthropic import Anthropic
from workers.running.ai.providers.google import Google
from workers.running.ai.providers.ollama import Ollama
from workers.running.ai.providers.openai import OpenAI
from workers.running.ai.providers.provider import Provider

PROVIDERS: Final[Mapping[str, Provider]] = MappingProxyType({one.name: one for one in (OpenAI(), Anthropic(), Google(), Ollama())})
"""By the word before the colon."""
