"""`google`: Gemini's generateContent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx2

    from workers.running.ai.transport import Places

PLACES: Final[Places] = {
    "temperature": [("generationConfig", "temperature")],
    "max_tokens": [("generationConfig", "maxOutputTokens")],
    "seed": [("generationConfig", "seed")],
    "stop": [("generationConfig", "stopSequences")],
}


class Google:
    """See `Provider`."""

    name = "google"
    key_variables = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
    needs_key = True
    url_variable = "GOOGLE_GEMINI_BASE_URL"
    url: str | None = "https://generativelanguage.googleapis.com"
    places = PLACES

    def load(self) -> None:
        """See `Provider`."""
        import pydantic_ai.models.google
        import pydantic_ai.providers.google  # noqa: F401

    def model(self, name: str, client: httpx2.AsyncClient, base_url: str | None, key: str) -> Any:
        """See `Provider`."""
        from pydantic_ai.models.google import GoogleModel
        from pydantic_ai.providers.google import GoogleProvider

        return GoogleModel(name, provider=GoogleProvider(api_key=key, base_url=base_url, http_client=client))
