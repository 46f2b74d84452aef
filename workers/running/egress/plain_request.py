"""What an exchange is told of whoever asks, where that is no activity: nobody cancels it, and nobody hears of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.errors import NoCredential
from contracts.ports.credentials import Secret
from contracts.usage import ModelCall


class PlainRequest:
    """A request that the engine makes for itself. See `ActivityContext`."""

    execution = path = idempotency_key = traceparent = ""
    attempt = 1
    is_cancelled = False

    def credential(self, name: str) -> Secret:
        """Whoever makes it has what it shows. Raises NoCredential."""
        raise NoCredential(name, "a request of the engine itself takes none")

    def heartbeat(self, progress: float | None = None, detail: Any = None) -> None:
        """Nobody hears it."""

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Nobody hears it."""

    def say(self, text: str, is_new: bool = False) -> None:
        """Nobody hears it."""

    def note_call(self, call: ModelCall) -> None:
        """It asks no model."""

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Nobody cancels it."""
