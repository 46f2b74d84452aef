"""`anthropic`: Anthropic's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx2

    from workers.running.ai.transport import Places

PLACES: Final[Places] = {"temperature": [("temperature",)], "max_tokens": [("max_tokens",)], "stop": [("stop_sequences",)]}


class Anthropic:
    """See `Provider`. Its models take no seed."""

    name = "anthropic"
    key_variables = ("ANTHROPIC_API_KEY",)
    needs_key = True
    url_variable = "ANTHROPIC_BASE_URL"
    url: str | None = "https://api.anthropic.com"
    places = PLACES

    def load(self) -> None:
        """See `Provider`."""
        import pydantic_ai.models.anthropic
        import pydantic_ai.providers.anthropic  # noqa: F401

    def model(self, name: str, client: httpx2.AsyncClient, base_url: str | None, key: str) -> Any:
        """See `Provider`."""
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        return AnthropicModel(name, provider=AnthropicProvider(api_key=key, base_url=base_url, http_client=client))
