"""A provider of models: what is asked of a file here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import httpx2

    from workers.running.ai.transport import Places


class Provider(Protocol):
    """How the models of one provider are asked. Only the AI process makes models: their libraries take seconds to import."""

    @property
    def name(self) -> str:
        """The word before the colon."""

    @property
    def key_variables(self) -> tuple[str, ...]:
        """Where its users keep the key in the environment; the first one that is set counts."""

    @property
    def needs_key(self) -> bool:
        """Whether its own place takes nobody without one."""

    @property
    def url_variable(self) -> str:
        """What says in the environment that it is asked elsewhere."""

    @property
    def url(self) -> str | None:
        """Where it is asked else; None: where its library says."""

    @property
    def places(self) -> Places:
        """Where in the body of a request an option stands, as its models take it."""

    def load(self) -> None:
        """Import what it takes, which is slow: a thread does it, and nobody who waits for an answer waits for that."""

    def model(self, name: str, client: httpx2.AsyncClient, base_url: str | None, key: str) -> Any:
        """A `pydantic_ai.models.Model`, which asks over this client."""
