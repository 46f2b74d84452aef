"""`ollama`: models on a machine of one's own, which Ollama serves by OpenAI's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workers.running.ai.providers.openai import PLACES

if TYPE_CHECKING:
    import httpx2


class Ollama:
    """See `Provider`."""

    name = "ollama"
    key_variables = ("OLLAMA_API_KEY",)
    needs_key = False
    url_variable = "OLLAMA_BASE_URL"
    url: str | None = "http://127.0.0.1:11434/v1"
    places = PLACES

    def load(self) -> None:
        """See `Provider`."""
        import pydantic_ai.models.ollama
        import pydantic_ai.providers.ollama  # noqa: F401

    def model(self, name: str, client: httpx2.AsyncClient, base_url: str | None, key: str) -> Any:
        """See `Provider`."""
        from pydantic_ai.models.ollama import OllamaModel
        from pydantic_ai.providers.ollama import OllamaProvider

        from workers.running.ai.providers.plain_openai import PlainOpenAI

        asking = PlainOpenAI(base_url=base_url, api_key=key, http_client=client)
        return OllamaModel(name, provider=OllamaProvider(openai_client=asking))
