"""Who tells people by one channel, as a protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from contracts.ports.activities import ActivityContext

UNKNOWN: Final = "notice.unknown"
"""The type of the failure where nobody knows whether it was sent; it is not tried again by itself."""


class Sender(Protocol):
    """Tells people by one channel."""

    @property
    def name(self) -> str:
        """The channel."""

    def send(self, context: ActivityContext, message: Mapping[str, Any]) -> Any:
        """Tell people what the message says (`domain/execution/moves/notices.py`), as it is at `message["target"]`.

        What it gives back, JSON, stands as `sent` in the next message about the task: the id of what is to be changed, say.
        Raises whatever says that nothing was sent, an ActivityError that is not `retryable` where it is of no use to try again.
        """
