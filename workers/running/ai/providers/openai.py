"""`openai`: OpenAI's chat completions, and whoever speaks that protocol at another `base_url`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx2

    from workers.running.ai.transport import Places

PLACES: Final[Places] = {
    "temperature": [("temperature",)],
    "max_tokens": [("max_completion_tokens",), ("max_tokens",)],
    "seed": [("seed",)],
    "stop": [("stop",)],
}


class OpenAI:
    """See `Provider`."""

    name = "openai"
    key_variables = ("OPENAI_API_KEY",)
    needs_key = True
    url_variable = "OPENAI_BASE_URL"
    url: str | None = "https://api.openai.com/v1"
    places = PLACES

    def load(self) -> None:
        """See `Provider`."""
        import pydantic_ai.models.openai
        import pydantic_ai.providers.openai  # noqa: F401

    def model(self, name: str, client: httpx2.AsyncClient, base_url: str | None, key: str) -> Any:
        """See `Provider`."""
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        from workers.running.ai.providers.plain_openai import PlainOpenAI

        asking = PlainOpenAI(base_url=base_url, api_key=key, http_client=client)
        return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=asking))
